#include "privileges/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "privileges/steps.h"
#include "system/number.h"

/* --- the program ------------------------------------------------------------------------------------------------ */

enum { LONGEST = BPF_MAXINSNS * sizeof(struct sock_filter) };

/* Reads all that is left, up to one byte more than there can be. */
static ssize_t read_to_end(int fd, char *text)
{
    size_t used = 0;
    ssize_t got = 0;

    while (used <= LONGEST && (got = read(fd, text + used, LONGEST + 1 - used)) > 0)
        used += (size_t)got;
    return got < 0 ? -1 : (ssize_t)used;
}

/* The user's own descriptor stands afterwards where it stood. */
static ssize_t read_descriptor(int fd, char *text)
{
    off_t place = lseek(fd, 0, SEEK_CUR);
    ssize_t size = read_to_end(fd, text);
    int err = errno;

    if (place >= 0)
        lseek(fd, place, SEEK_SET);
    errno = err;
    return size;
}

static ssize_t read_file(const char *name, char *text)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read_to_end(fd, text);
    int err = errno;

    if (fd >= 0)
        close(fd);
    errno = err;
    return size;
}

int filter_read(const char *name, struct filter *filter, struct failure *why)
{
    uint64_t fd;
    char *text = calloc(1, LONGEST + 1);

    *filter = (struct filter){.name = name, .program = (struct sock_filter *)text};
    if (!text)
        return fail_about(why, &step_filter_read, "%s", name);
    ssize_t size = number_parse(name, INT32_MAX, &fd) ? read_descriptor((int)fd, text) : read_file(name, text);
    if (size < 0)
        return fail_about(why, &step_filter_read, "%s", name);
    filter->length = (size_t)size / sizeof(struct sock_filter);
    if (size == 0 || (size_t)size % sizeof(struct sock_filter) != 0) /* as it is of one that is too long: a byte more */
        return fail_about(why, &step_filter_size, "%s", name);
    return 0;
}

void filter_free(struct filter *filter)
{
    free(filter->program);
    filter->program = NULL;
}

int filter_set(const struct filter *filter)
{
    const struct sock_fprog program = {.len = (unsigned short)filter->length, .filter = filter->program};

    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -1 : 0;
}

/* --- under it --------------------------------------------------------------------------------------------------- */

static int probe_pipe[2];
static volatile sig_atomic_t handled;

static void handle(int number)
{
    (void)number;
    handled = true;
}

int filter_prepare_probe(void)
{
    return pipe2(probe_pipe, O_CLOEXEC) < 0 || write(probe_pipe[1], "", 1) < 0 ? -1 : 0;
}

static int probe_read(void)
{
    char byte;

    return read(probe_pipe[0], &byte, sizeof byte) == sizeof byte ? 0 : -1;
}

static int probe_write(void)
{
    return write(probe_pipe[1], "", 1) == 1 ? 0 : -1;
}

/* A path only, which Landlock lets pass. */
static int probe_open(void)
{
    return open("/", O_PATH | O_CLOEXEC);
}

static int probe_dup(void)
{
    return fcntl(probe_pipe[0], F_DUPFD, 10);
}

static int probe_dup2(void)
{
    return dup2(probe_pipe[0], probe_pipe[1]);
}

static int probe_close(void)
{
    return close(probe_pipe[0]);
}

static int probe_action(void)
{
    return sigaction(SIGCHLD, &(struct sigaction){.sa_handler = handle}, NULL);
}

static int mask_child(int how)
{
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    return sigprocmask(how, &child, NULL);
}

static int probe_mask(void)
{
    return mask_child(SIG_BLOCK);
}

static pid_t probe_child;

static int probe_fork(void)
{
    probe_child = fork();
    if (probe_child == 0)
        _exit(EXIT_SUCCESS);
    return probe_child;
}

static int probe_wait(void)
{
    pid_t ended;

    while ((ended = waitpid(probe_child, NULL, 0)) < 0 && errno == EINTR)
        ;
    return ended;
}

/* The child's end is pending by now. */
static int probe_handler(void)
{
    errno = ENOSYS;
    return mask_child(SIG_UNBLOCK) == 0 && handled ? 0 : -1;
}

/* A program of no name is not found, where one may be executed. */
static int probe_execve(void)
{
    char *none[] = {NULL};

    return execve("", none, none) < 0 && errno == ENOENT ? 0 : -1;
}

struct probe {
    const char *call;
    int (*try)(void);
};

static const struct probe shell_probes[] = {
    {"read", probe_read},  {"write", probe_write}, {"openat", probe_open},          {"fcntl", probe_dup},
    {"dup2", probe_dup2},  {"close", probe_close}, {"rt_sigaction", probe_action},  {"rt_sigprocmask", probe_mask},
    {"clone", probe_fork}, {"wait4", probe_wait},  {"rt_sigreturn", probe_handler}, {"exit_group", NULL},
};
static const struct probe exec_probes[] = {{"execve", probe_execve}, {"exit_group", NULL}};

/* The last of them is for the caller to do. */
static const char *probe(const struct probe *probes, const char *volatile *doing)
{
    for (; probes->try; probes++) {
        *doing = probes->call;
        if (probes->try() < 0)
            return probes->call;
    }
    *doing = probes->call;
    return NULL;
}

const char *filter_probe_shell(const char *volatile *doing)
{
    return probe(shell_probes, doing);
}

const char *filter_probe_exec(const char *volatile *doing)
{
    return probe(exec_probes, doing);
}
