/*
 * with-seccomp ERROR CALL... -- COMMAND [ARG...]: runs COMMAND where these system calls fail with ERROR ("EPERM"), or where
 * they kill ("KILL").
 * with-seccomp ERROR CALL...: prints that filter, as a program.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CALLS = 20, FAILED = 125 };

static const struct {
    const char *name;
    unsigned number;
} calls[] = {
    {"chroot", SYS_chroot},
    {"clone", SYS_clone},
    {"clone3", SYS_clone3},
    {"close_range", __NR_close_range},
    {"close", SYS_close},
    {"execve", SYS_execve},
    {"exit_group", SYS_exit_group},
    {"fchdir", SYS_fchdir},
    {"fsconfig", 431},
    {"fsmount", 432},
    {"fsopen", 430},
    {"fspick", 433},
    {"landlock_create_ruleset", 444}, /* from 424 on, the same everywhere; old headers have no names for some */
    {"listmount", 458},
    {"mount", SYS_mount},
    {"mount_setattr", 442},
    {"move_mount", 429},
    {"open_tree", 428},
    {"openat", SYS_openat},
    {"openat2", 437},
    {"pidfd_open", SYS_pidfd_open},
    {"pivot_root", SYS_pivot_root},
    {"read", SYS_read},
    {"rt_sigprocmask", SYS_rt_sigprocmask},
    {"rt_sigreturn", SYS_rt_sigreturn},
    {"seccomp", SYS_seccomp},
    {"sethostname", SYS_sethostname},
    {"setns", SYS_setns},
    {"socketpair", SYS_socketpair},
    {"statmount", 457},
    {"statx", SYS_statx},
    {"unshare", SYS_unshare},
    {"wait4", SYS_wait4},
    {"write", SYS_write},
};

static const struct {
    const char *name;
    unsigned answer;
} errors[] = {
    {"EINVAL", SECCOMP_RET_ERRNO | EINVAL},
    {"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS},
    {"EPERM", SECCOMP_RET_ERRNO | EPERM},
    {"KILL", SECCOMP_RET_KILL_PROCESS},
};

static int wrong(const char *word)
{
    fprintf(stderr, "with-seccomp: %s: unknown\n", word);
    return FAILED;
}

/* A program that loads the number of the call, and then for each of ours compares and returns. */
static size_t add(struct sock_filter *program, size_t length, unsigned call, unsigned answer)
{
    program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1);
    program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
    return length;
}

int main(int argc, char **argv)
{
    struct sock_filter program[2 + 2 * CALLS] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    size_t length = 1, found = sizeof errors / sizeof *errors;
    int at = 2;

    for (size_t i = 0; argc > 2 && i < sizeof errors / sizeof *errors; i++)
        if (strcmp(argv[1], errors[i].name) == 0)
            found = i;
    if (found == sizeof errors / sizeof *errors)
        return wrong(argc > 2 ? argv[1] : "no error");
    for (; at < argc && strcmp(argv[at], "--") != 0 && at < CALLS; at++) {
        size_t before = length;
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
            if (strcmp(argv[at], calls[i].name) == 0)
                length = add(program, length, calls[i].number, errors[found].answer);
        if (length == before)
            return wrong(argv[at]);
    }
    program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    if (at == argc)
        return fwrite(program, sizeof *program, length, stdout) == length && fflush(stdout) == 0 ? 0 : FAILED;
    const struct sock_fprog filter = {.len = (unsigned short)length, .filter = program};
    if (at + 1 >= argc)
        return wrong("no command");
    /* Without no_new_privs this takes CAP_SYS_ADMIN, which keeps newuidmap(1) of use. */
    if ((prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0
         && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0))
        || execvp(argv[at + 1], argv + at + 1) < 0)
        perror("with-seccomp");
    return FAILED;
}
