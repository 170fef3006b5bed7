/*
 * The floor of the benchmarks: the same jobs by raw system calls, as fast as a program written for nothing else does
 * them.
 *
 * floor join COUNT FILE      open, setns, close
 * floor unshare COUNT        unshare of a UTS namespace
 * floor subshell COUNT       fork; unshare, ID maps, private mounts; exit and wait
 * floor bind COUNT           in a directory that has from and to: open_tree, move_mount
 * floor tmpfs COUNT          fsopen, fsconfig, fsmount, move_mount
 * floor overlay COUNT        the same, of the layers from and lower
 * floor container COUNT      fork; a whole container, to the end of /bin/true in it; wait
 * floor list COUNT           reads what a list of all namespaces is made of
 *
 * Prints the nanoseconds that one of COUNT takes.
 */
#include "raw.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mounts/calls.h"

static void await(pid_t child)
{
    int status;

    raw_need(child, "fork");
    raw_need(waitpid(child, &status, 0), "wait");
    if (status != 0)
        exit(EXIT_FAILURE);
}

static void make_uts(const char *unused)
{
    (void)unused;
    raw_make_uts();
}

static void subshell(const char *unused)
{
    pid_t child = fork();

    (void)unused;
    if (child == 0) {
        raw_become_root(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC);
        _exit(EXIT_SUCCESS);
    }
    await(child);
}

/* Puts a detached mount on the directory "to", and closes it. */
static void put(int mount)
{
    int to = open("to", O_PATH | O_CLOEXEC);

    raw_need(mount, "mount");
    raw_need(to, "to");
    raw_need(call_move_mount(mount, to, 0), "move_mount");
    close(to);
    close(mount);
}

static void mount_bind(const char *unused)
{
    (void)unused;
    put(call_open_tree(AT_FDCWD, "from", false));
}

static void mount_new(const char *type, const char *key, const char *value)
{
    int context = call_fsopen(type);

    raw_need(context, type);
    raw_need(call_fsconfig(context, FSCONFIG_SET_STRING, "source", "none", 0), "source");
    if (strcmp(type, "overlay") == 0)
        raw_need(call_fsconfig(context, FSCONFIG_SET_FLAG, "userxattr", NULL, 0), "userxattr");
    raw_need(call_fsconfig(context, FSCONFIG_SET_STRING, key, value, 0), key);
    raw_need(call_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
    int mount = call_fsmount(context, 0);
    put(mount);
    close(context);
}

static void mount_tmpfs(const char *unused)
{
    (void)unused;
    mount_new("tmpfs", "size", "1M");
}

static void mount_overlay(const char *unused)
{
    (void)unused;
    mount_new("overlay", "lowerdir", "from:lower");
}

static void raise_loopback(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    raw_need(fd, "socket");
    raw_need(ioctl(fd, SIOCSIFFLAGS, &lo), "lo");
    close(fd);
}

static void bind_device(const char *name)
{
    char from[32], to[32];

    snprintf(from, sizeof from, "/dev/%s", name);
    snprintf(to, sizeof to, "dev/%s", name);
    int fd = open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    raw_need(fd, to);
    close(fd);
    raw_need(mount(from, to, NULL, MS_BIND, NULL), to);
}

/* The steps are those of container_by_hand in bench/measure. */
static void build_root(void)
{
    static const char *const directories[] = {"usr", "proc", "dev", "tmp", "old", "dev/pts", "dev/shm"};
    static const char *const links[] = {"bin", "sbin", "lib", "lib64"};
    static const char *const files[][2] = {{"/proc/self/fd", "dev/fd"},       {"/proc/self/fd/0", "dev/stdin"},
                                           {"/proc/self/fd/1", "dev/stdout"}, {"/proc/self/fd/2", "dev/stderr"},
                                           {"/proc/kcore", "dev/core"},       {"pts/ptmx", "dev/ptmx"}};
    static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
    char to[16];

    raw_need(mount("box", "/mnt", "tmpfs", 0, "mode=755"), "tmpfs");
    raw_need(chdir("/mnt"), "/mnt");
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        raw_need(mkdir(directories[i], 0755), directories[i]);
    raw_need(mount("/usr", "usr", NULL, MS_BIND | MS_REC, NULL), "usr");
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        snprintf(to, sizeof to, "usr/%s", links[i]);
        raw_need(symlink(to, links[i]), links[i]);
    }
    raw_need(mount("proc", "proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL), "proc");
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        bind_device(devices[i]);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        raw_need(symlink(files[i][0], files[i][1]), files[i][1]);
    raw_need(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "ptmxmode=666,mode=620"), "devpts");
    raw_need(mount("tmpfs", "tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"), "tmp");
    raw_need((int)syscall(SYS_pivot_root, ".", "old"), "pivot_root");
    raw_need(chdir("/"), "/");
    raw_need(umount2("old", MNT_DETACH), "umount");
    raw_need(rmdir("old"), "rmdir");
}

static _Noreturn void contain(void)
{
    raw_become_root(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP | CLONE_NEWPID);
    raw_need(sethostname("box", 3), "sethostname");
    raise_loopback();
    pid_t init = fork();
    if (init == 0) {
        build_root();
        execl("/bin/true", "true", (char *)NULL);
        _exit(EXIT_FAILURE);
    }
    await(init);
    _exit(EXIT_SUCCESS);
}

static void container(const char *unused)
{
    pid_t child = fork();

    (void)unused;
    if (child == 0)
        contain();
    await(child);
}

static long long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (long long)time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(const char *file);
    } jobs[] = {{"list", raw_list},       {"join", raw_join},   {"unshare", make_uts},  {"subshell", subshell},
                {"container", container}, {"bind", mount_bind}, {"tmpfs", mount_tmpfs}, {"overlay", mount_overlay}};
    int count = argc < 3 ? 0 : atoi(argv[2]);

    for (size_t i = 0; count > 0 && i < sizeof jobs / sizeof *jobs; i++) {
        if (strcmp(argv[1], jobs[i].name) != 0)
            continue;
        long long start = now();
        for (int n = 0; n < count; n++)
            jobs[i].run(argc > 3 ? argv[3] : "/proc/self/ns/net");
        printf("%lld\n", (now() - start) / count);
        return EXIT_SUCCESS;
    }
    fprintf(stderr, "usage: floor join|list|unshare|subshell|bind|tmpfs|overlay|container COUNT [FILE]\n");
    return 2;
}
