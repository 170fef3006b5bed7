#include "inject_calls.h"

#ifdef __x86_64__

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/user.h>

static const struct call calls[] = {
    {SYS_access, "access", {EACCES}},
    {SYS_brk, "brk", {0}}, /* without more of the heap, malloc(3) maps memory */
    {SYS_capget, "capget", {0}},
    {SYS_capset, "capset", {EPERM}},
    {SYS_chdir, "chdir", {EACCES, ENOMEM}},
    {SYS_chroot, "chroot", {EPERM, ENOMEM}},
    {SYS_clone, "clone", {ENOMEM, EAGAIN}},
    {SYS_clone3, "clone3", {ENOMEM, EAGAIN, ENOSYS}},
    {SYS_close, "close", {EINTR, EIO}},
    {__NR_close_range, "close_range", {ENOSYS}},
    {SYS_connect, "connect", {ECONNREFUSED}},
    {SYS_dup, "dup", {EMFILE}},
    {SYS_dup2, "dup2", {EMFILE, EINTR}},
    {SYS_execve, "execve", {ENOMEM, EACCES}},
    {SYS_exit, "exit", {0}},
    {SYS_exit_group, "exit_group", {0}},
    {__NR_faccessat2, "faccessat2", {EACCES}},
    {SYS_fchdir, "fchdir", {EACCES, EIO}},
    {SYS_fchmod, "fchmod", {EPERM, EIO}},
    {SYS_fchmodat, "fchmodat", {EROFS}},
    {SYS_fcntl, "fcntl", {EMFILE}},
    {431, "fsconfig", {EINVAL, ENOMEM}},
    {432, "fsmount", {EPERM, ENOMEM}},
    {430, "fsopen", {EPERM, ENOMEM, ENOSYS}},
    {433, "fspick", {EPERM, ENOMEM, ENOSYS}},
    {SYS_fstat, "fstat", {EIO}},
    {SYS_fstatfs, "fstatfs", {EIO}},
    {SYS_futex, "futex", {0}},
    {SYS_getcwd, "getcwd", {ENOENT, ENOMEM}},
    {SYS_getdents64, "getdents64", {EIO}},
    {SYS_getegid, "getegid", {0}},
    {SYS_geteuid, "geteuid", {0}},
    {SYS_getgid, "getgid", {0}},
    {SYS_getgroups, "getgroups", {0}},
    {SYS_getpgid, "getpgid", {0}},
    {SYS_getpgrp, "getpgrp", {0}},
    {SYS_getpid, "getpid", {0}},
    {SYS_getppid, "getppid", {0}},
    {SYS_getpriority, "getpriority", {0}},
    {SYS_getrandom, "getrandom", {0}},
    {SYS_getresgid, "getresgid", {0}},
    {SYS_getresuid, "getresuid", {0}},
    {SYS_gettid, "gettid", {0}},
    {SYS_getuid, "getuid", {0}},
    {SYS_ioctl, "ioctl", {EPERM, ENOMEM}},
    {SYS_kill, "kill", {EPERM}},
    {444, "landlock_create_ruleset", {ENOSYS, EOPNOTSUPP, ENOMEM}},
    {445, "landlock_add_rule", {ENOMEM, EINVAL}},
    {446, "landlock_restrict_self", {EPERM, ENOMEM, E2BIG}},
    {458, "listmount", {ENOMEM}},
    {SYS_lseek, "lseek", {0}}, /* bash's own, in the script it reads */
    {SYS_madvise, "madvise", {ENOMEM}},
    {SYS_mkdir, "mkdir", {EACCES, ENOSPC}},
    {SYS_mkdirat, "mkdirat", {ENOSPC, EROFS}},
    {SYS_mknodat, "mknodat", {ENOSPC, EPERM}},
    {SYS_mmap, "mmap", {ENOMEM}},
    {SYS_mount, "mount", {EPERM, ENOMEM, ENOSPC}},
    {442, "mount_setattr", {EPERM, ENOMEM, ENOSYS}},
    {429, "move_mount", {EPERM, ENOMEM, EINVAL}},
    {SYS_mprotect, "mprotect", {ENOMEM}},
    {SYS_mremap, "mremap", {ENOMEM}},
    {SYS_munmap, "munmap", {ENOMEM}},
    {SYS_newfstatat, "newfstatat", {EACCES, ENOMEM}},
    {SYS_open, "open", {EMFILE, ENOMEM}},
    {428, "open_tree", {EPERM, ENOMEM, ENOSYS}},
    {SYS_openat, "openat", {EMFILE, ENOMEM, EINTR}},
    {437, "openat2", {EMFILE, ENOMEM, EAGAIN}},
    {SYS_pause, "pause", {0}},
    {SYS_pidfd_open, "pidfd_open", {EMFILE, ENOMEM, ENOSYS}},
    {SYS_pidfd_send_signal, "pidfd_send_signal", {EPERM}},
    {SYS_pipe2, "pipe2", {EMFILE}},
    {SYS_pivot_root, "pivot_root", {EPERM, EINVAL, EBUSY}},
    {SYS_poll, "poll", {EINTR, ENOMEM}},
    {SYS_ppoll, "ppoll", {EINTR, ENOMEM}},
    {SYS_prctl, "prctl", {EPERM}},
    {SYS_pread64, "pread64", {EIO}},
    {SYS_prlimit64, "prlimit64", {EPERM}},
    {SYS_read, "read", {EIO, EINTR, ENOMEM}},
    {SYS_readlink, "readlink", {EACCES, ENOMEM}},
    {SYS_readlinkat, "readlinkat", {EACCES, ENOMEM}},
    {SYS_recvfrom, "recvfrom", {ENOMEM, EINTR}},
    {SYS_recvmsg, "recvmsg", {ENOMEM, EINTR}},
    {SYS_restart_syscall, "restart_syscall", {0}},
    {SYS_rmdir, "rmdir", {EBUSY}},
    {334, "rseq", {EINVAL, ENOMEM}},
    {SYS_rt_sigaction, "rt_sigaction", {0}},
    {SYS_rt_sigpending, "rt_sigpending", {0}},
    {SYS_rt_sigprocmask, "rt_sigprocmask", {0}},
    {SYS_rt_sigreturn, "rt_sigreturn", {0}},
    {SYS_rt_sigtimedwait, "rt_sigtimedwait", {EINTR, EAGAIN}},
    {SYS_sched_getaffinity, "sched_getaffinity", {EINVAL}},
    {SYS_sched_setaffinity, "sched_setaffinity", {EINVAL}},
    {SYS_seccomp, "seccomp", {EINVAL, ENOSYS, ENOMEM}},
    {SYS_sendmsg, "sendmsg", {ENOBUFS, EINTR, EPERM}},
    {SYS_sendto, "sendto", {ENOBUFS, EINTR}},
    {SYS_setgid, "setgid", {EPERM}},
    {SYS_setgroups, "setgroups", {EPERM, ENOMEM}},
    {SYS_sethostname, "sethostname", {EPERM}},
    {SYS_setns, "setns", {EPERM, ENOMEM, EINVAL}},
    {SYS_setpgid, "setpgid", {EPERM}},
    {SYS_set_robust_list, "set_robust_list", {0}},
    {SYS_setresgid, "setresgid", {EPERM}},
    {SYS_setresuid, "setresuid", {EPERM, EAGAIN}},
    {SYS_setrlimit, "setrlimit", {EPERM}},
    {SYS_setsockopt, "setsockopt", {ENOMEM}},
    {SYS_setuid, "setuid", {EPERM, EAGAIN}},
    {SYS_sigaltstack, "sigaltstack", {ENOMEM}},
    {SYS_socket, "socket", {EMFILE, ENOMEM, EPERM}},
    {SYS_socketpair, "socketpair", {EMFILE, ENOMEM}},
    {SYS_stat, "stat", {EACCES}},
    {SYS_statfs, "statfs", {EIO}},
    {457, "statmount", {ENOMEM}},
    {SYS_statx, "statx", {ENOSYS, EACCES}},
    {SYS_symlinkat, "symlinkat", {ENOSPC}},
    {SYS_sysinfo, "sysinfo", {0}},
    {SYS_umask, "umask", {0}},
    {SYS_umount2, "umount2", {EBUSY}},
    {SYS_uname, "uname", {0}},
    {SYS_unlink, "unlink", {EROFS}},
    {SYS_unlinkat, "unlinkat", {EROFS}},
    {SYS_unshare, "unshare", {ENOSPC, EPERM, ENOMEM}},
    {SYS_vfork, "vfork", {ENOMEM}},
    {SYS_wait4, "wait4", {EINTR}},
    {SYS_waitid, "waitid", {EINTR, ECHILD}},
    {SYS_write, "write", {ENOSPC, EIO, EINTR}},
};

/* strerrorname_np(3) is of glibc 2.32. */
static const struct {
    int number;
    const char *name;
} errors[] = {{EACCES, "EACCES"},   {EAGAIN, "EAGAIN"},        {EBUSY, "EBUSY"},   {ECHILD, "ECHILD"},
              {EINTR, "EINTR"},     {EINVAL, "EINVAL"},        {EIO, "EIO"},       {EMFILE, "EMFILE"},
              {ENOBUFS, "ENOBUFS"}, {ENOENT, "ENOENT"},        {ENOMEM, "ENOMEM"}, {ENOSPC, "ENOSPC"},
              {ENOSYS, "ENOSYS"},   {EPERM, "EPERM"},          {EROFS, "EROFS"},   {ECONNREFUSED, "ECONNREFUSED"},
              {E2BIG, "E2BIG"},     {EOPNOTSUPP, "EOPNOTSUPP"}};

const struct call *call_of(long number)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i].number == number)
            return &calls[i];
    return NULL;
}

size_t call_index(const struct call *call)
{
    return (size_t)(call - calls);
}

/* Some operations cannot fail when they are known at all. */
static bool prctl_can_fail(int option)
{
    static const int options[] = {PR_SET_KEEPCAPS,   PR_CAP_AMBIENT,      PR_CAPBSET_READ,  PR_CAPBSET_DROP,
                                  PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS, PR_GET_SECUREBITS};

    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i] == option)
            return true;
    return false;
}

bool call_can_fail(const struct call *call, const struct user_regs_struct *registers)
{
    return call->errors[0] != 0 && (call->number != SYS_prctl || prctl_can_fail((int)registers->rdi))
           && (call->number != SYS_fcntl || registers->rsi == F_DUPFD || registers->rsi == F_DUPFD_CLOEXEC);
}

bool call_has_child(const struct call *call)
{
    return call->number == SYS_clone || call->number == SYS_clone3 || call->number == SYS_vfork;
}

bool call_is_mark(const struct call *call, const struct user_regs_struct *registers)
{
    return call->number == SYS_kill && ((int)registers->rsi == SIGRTMAX || (int)registers->rsi == SIGRTMAX - 1);
}

const char *error_name(int number)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i].number == number)
            return errors[i].name;
    return "unnamed"; /* which error_number() does not know */
}

int error_number(const char *name)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(errors[i].name, name) == 0)
            return errors[i].number;
    return 0;
}

#endif
