#include "nsref.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc.h"

int target_open(struct target *target, pid_t pid)
{
    *target = (struct target){.pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0)};
    return target->pidfd < 0 ? -1 : 0;
}

/* A look into /proc/PID counts only if the held process was still there after it. */
static int still_there(const struct target *target)
{
    return syscall(SYS_pidfd_send_signal, target->pidfd, 0, NULL, 0) == 0 || errno == EPERM ? 0 : -1;
}

bool nsref_same(int proc, int other_proc, const struct nstype *type)
{
    char file[16];
    struct stat here, there;

    snprintf(file, sizeof file, "ns/%s", type->file);
    return fstatat(proc, file, &here, 0) == 0 && fstatat(other_proc, file, &there, 0) == 0
           && here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

/* A file below ns/ that is missing is a namespace type that the kernel lacks. */
static int differing(int self, int other)
{
    int flags = 0;

    for (size_t i = 0; i < NS_TYPES; i++) {
        char file[16];
        snprintf(file, sizeof file, "ns/%s", nstypes[i].file);
        ino_t there = proc_inode(other, file);
        if (there == 0 && errno != ENOENT)
            return -1;
        if (there != 0 && !nsref_same(self, other, &nstypes[i]))
            flags |= nstypes[i].flag;
    }
    return flags;
}

int target_differs(const struct target *target)
{
    int self = proc_open(0);
    int other = self < 0 ? -1 : proc_open(target->pid);
    int flags = other < 0 ? -1 : differing(self, other);
    int err = errno;

    if (other >= 0)
        close(other);
    if (self >= 0)
        close(self);
    errno = err;
    return still_there(target) < 0 ? -1 : flags;
}

int target_directory(const struct target *target, const char *name)
{
    int proc = proc_open(target->pid);
    int fd = proc < 0 ? -1 : openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int err = errno;

    if (proc >= 0)
        close(proc);
    if (fd >= 0 && still_there(target) < 0) {
        err = errno;
        close(fd);
        fd = -1;
    }
    errno = err;
    return fd;
}

int nsref_open(const char *path, const struct nstype *type)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return -1;
    int flag = ioctl(fd, NS_GET_NSTYPE); /* Linux 4.11; ENOTTY on all that is no namespace */
    if (flag == type->flag)
        return fd;
    close(fd);
    errno = flag < 0 ? EINVAL : EBADF;
    return -1;
}
