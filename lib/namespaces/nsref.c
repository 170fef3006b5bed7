#include "namespaces/nsref.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "system/descriptors.h"
#include "system/proc.h"

#ifndef NS_GET_TGID_FROM_PIDNS
#define NS_GET_TGID_FROM_PIDNS _IOR(NSIO, 0x7, int) /* Linux 6.11 */
#endif

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438 /* Linux 5.6; the same number on every architecture */
#endif

enum { PIDFS = 0x50494446 }; /* Linux 6.9: linux/magic.h */

/* --- a process -------------------------------------------------------------------------------------------------- */

int target_open(struct target *target, pid_t pid)
{
    *target = (struct target){.pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0)};
    return target->pidfd < 0 ? -1 : 0;
}

/* The number behind a key in a text of "Key:\tNUMBER" lines. False: there is none. */
static bool number_after(const char *text, const char *key, pid_t *number)
{
    const char *at = strstr(text, key);

    if (at)
        *number = (pid_t)strtol(at + strlen(key), NULL, 10);
    return at;
}

/*
 * The number is that of the process in the PID namespace of /proc: -1 when it has ended, 0 when it is none of there. False:
 * no pidfd.
 */
static bool is_pidfd(int fd, pid_t *pid)
{
    char file[32], text[1024];
    int self = proc_open(0);

    snprintf(file, sizeof file, "fdinfo/%d", fd);
    ssize_t got = self < 0 ? -1 : proc_read(self, file, text, sizeof text);
    descriptor_close(self);
    return got >= 0 && number_after(text, "\nPid:", pid);
}

/*
 * A pidfd is held as it is: where /proc is of another PID namespace, the number there is another process here. One that has
 * no number there is not found there either, as is no process of number -1.
 */
static int hold_pidfd(struct target *target, int fd, pid_t pid)
{
    if (pid < 0) {
        errno = ESRCH;
        return -1;
    }
    *target = (struct target){.pid = pid == 0 ? -1 : pid, .pidfd = fcntl(fd, F_DUPFD_CLOEXEC, 0)};
    return target->pidfd < 0 ? -1 : 0;
}

/* A process's directory in /proc is its own as long as it can be read there. 0, or -1 and errno. */
static int read_directory(int fd, pid_t *pid)
{
    char text[4096];

    if (proc_read(fd, "status", text, sizeof text) < 0)
        return -1;
    errno = EINVAL;
    return number_after(text, "\nPid:", pid) ? 0 : -1;
}

/* The number in the directory is that of the procfs that it is in, which must be one of the caller's PID namespace. */
static int hold_directory(struct target *target, int fd)
{
    pid_t pid, again;

    errno = EINVAL;
    if (!proc_is_procfs(fd) || read_directory(fd, &pid) < 0)
        return -1;
    if (proc_check_own(fd, "../self") < 0 || target_open(target, pid) < 0)
        return -1;
    if (read_directory(fd, &again) == 0) /* now that it is held, still the same */
        return 0;
    descriptor_close(target->pidfd);
    *target = (struct target){.pidfd = -1};
    return -1;
}

int target_open_fd(struct target *target, int fd)
{
    pid_t pid;

    *target = (struct target){.pidfd = -1};
    if (fcntl(fd, F_GETFD) < 0)
        return -1;
    return is_pidfd(fd, &pid) ? hold_pidfd(target, fd, pid) : hold_directory(target, fd);
}

/* Before pidfs, all pidfds had one inode. */
ino_t target_inode(const struct target *target)
{
    struct statfs fs;
    struct stat status;

    if (fstatfs(target->pidfd, &fs) < 0 || fs.f_type != PIDFS || fstat(target->pidfd, &status) < 0)
        return 0;
    return status.st_ino;
}

/* A look into /proc/PID counts only if the held process was still there after it. */
int target_is_there(const struct target *target)
{
    return syscall(SYS_pidfd_send_signal, target->pidfd, 0, NULL, 0) == 0 || errno == EPERM ? 0 : -1;
}

int target_why_missing(const struct target *target)
{
    struct pollfd ended = {.fd = target->pidfd, .events = POLLIN};

    return poll(&ended, 1, 0) > 0 ? ESRCH : EACCES;
}

/* Gives a descriptor that was found in /proc/PID, or closes it where the process has gone meanwhile. */
static int if_still_there(const struct target *target, int fd)
{
    if (fd < 0 || target_is_there(target) == 0)
        return fd;
    descriptor_close(fd);
    return -1;
}

int target_proc(const struct target *target)
{
    return if_still_there(target, proc_open(target->pid));
}

/* Opens a file below /proc/PID. */
static int open_below(const struct target *target, const char *file, int flags)
{
    int proc = proc_open(target->pid);
    int fd = proc < 0 ? -1 : openat(proc, file, flags | O_CLOEXEC);

    descriptor_close(proc);
    return if_still_there(target, fd);
}

int target_directory(const struct target *target, const char *name)
{
    return open_below(target, name, O_PATH | O_DIRECTORY);
}

/* Without a /proc of use, a pidfd gives a namespace, if the kernel knows how; else errno is left as /proc had it. */
static int namespace_by_pidfd(const struct target *target, unsigned which)
{
    enum { PIDFS_IOCTL = 0xFF }; /* linux/pidfd.h */
    int err = errno;
    int fd = ioctl(target->pidfd, _IO(PIDFS_IOCTL, which), 0);

    if (fd < 0 && errno == ENOTTY)
        errno = err;
    return fd;
}

/* As in /proc, there is no PID namespace for children before the first of them: ENOENT. */
static int children_by_pidfd(const struct target *target, const struct nstype *type)
{
    int fd = namespace_by_pidfd(target, type->pidfd_get_children);

    if (fd < 0 || type->flag != CLONE_NEWPID || ioctl(fd, NS_GET_TGID_FROM_PIDNS, 1) >= 0 || errno != ESRCH)
        return fd;
    close(fd);
    errno = ENOENT;
    return -1;
}

int target_namespace(const struct target *target, const struct nstype *type)
{
    char file[16];

    if (!proc_is_own())
        return namespace_by_pidfd(target, type->pidfd_get);
    snprintf(file, sizeof file, "ns/%s", type->file);
    return open_below(target, file, O_RDONLY);
}

static ino_t inode_of(int fd)
{
    struct stat status;

    return fstat(fd, &status) < 0 ? 0 : status.st_ino;
}

/* As birthplace(): 0 and errno, EOPNOTSUPP where the kernel lacks the type. */
static ino_t birthplace_by_pidfd(const struct target *target, const struct nstype *type)
{
    int fd = type->children ? children_by_pidfd(target, type) : -1;

    if (fd < 0 && (!type->children || errno == ENOENT))
        fd = namespace_by_pidfd(target, type->pidfd_get);
    ino_t inode = fd < 0 ? 0 : inode_of(fd);
    descriptor_close(fd);
    return inode;
}

static int differing_by_pidfd(const struct target *target)
{
    struct target self;
    int flags = 0;

    if (target_open(&self, getpid()) < 0)
        return -1;
    for (size_t i = 0; i < NS_TYPES && flags >= 0; i++) {
        ino_t here = birthplace_by_pidfd(&self, &nstypes[i]);
        ino_t there = birthplace_by_pidfd(target, &nstypes[i]);
        if (there == 0 && (here != 0 || errno != EOPNOTSUPP))
            flags = -1;
        else if (here != there)
            flags |= nstypes[i].flag;
    }
    descriptor_close(self.pidfd);
    return flags;
}

/* Where a process's children are born, or would be: 0 and errno, ENOENT also where the kernel lacks the type. */
static ino_t birthplace(int proc, const struct nstype *type)
{
    char file[32];

    snprintf(file, sizeof file, "ns/%s", type->children ? type->children : type->file);
    ino_t inode = proc_inode(proc, file);
    if (inode != 0 || errno != ENOENT || !type->children)
        return inode;
    snprintf(file, sizeof file, "ns/%s", type->file); /* there is nothing for children before the first of them */
    return proc_inode(proc, file);
}

static int children_apart_by_pidfd(const struct target *target, const struct nstype *type)
{
    int own = namespace_by_pidfd(target, type->pidfd_get);
    int fd = own < 0 ? -1 : children_by_pidfd(target, type);

    if (fd >= 0 && inode_of(fd) == inode_of(own)) {
        close(fd);
        fd = -1;
        errno = ENOENT;
    }
    descriptor_close(own);
    return fd;
}

int target_children(const struct target *target, const struct nstype *type)
{
    char own[32], file[32];

    if (!proc_is_own())
        return children_apart_by_pidfd(target, type);
    int proc = proc_open(target->pid);
    if (proc < 0)
        return -1;
    snprintf(own, sizeof own, "ns/%s", type->file);
    snprintf(file, sizeof file, "ns/%s", type->children);
    bool apart = birthplace(proc, type) != proc_inode(proc, own);
    errno = ENOENT;
    int fd = apart ? openat(proc, file, O_RDONLY | O_CLOEXEC) : -1;
    descriptor_close(proc);
    return if_still_there(target, fd);
}

static int differing(int self, int other)
{
    int flags = 0;

    for (size_t i = 0; i < NS_TYPES; i++) {
        ino_t here = birthplace(self, &nstypes[i]);
        ino_t there = birthplace(other, &nstypes[i]);
        if (there == 0 && (here != 0 || errno != ENOENT))
            return -1;
        if (here != there)
            flags |= nstypes[i].flag;
    }
    return flags;
}

int target_differs(const struct target *target)
{
    if (!proc_is_own())
        return differing_by_pidfd(target);
    int self = proc_open(0);
    int other = self < 0 ? -1 : proc_open(target->pid);
    int flags = other < 0 ? -1 : differing(self, other);

    if (flags < 0 && other >= 0 && errno == ENOENT)
        errno = target_why_missing(target);
    descriptor_close(other);
    descriptor_close(self);
    return flags < 0 || target_is_there(target) < 0 ? -1 : flags;
}

int target_socket_namespace(const struct target *target, int fd)
{
    int copy = (int)syscall(SYS_pidfd_getfd, target->pidfd, fd, 0);
    int namespace = copy < 0 ? -1 : ioctl(copy, SIOCGSKNS);

    descriptor_close(copy);
    return namespace;
}

/* --- a namespace ------------------------------------------------------------------------------------------------ */

int nsref_open(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

int nsref_open_fd(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

int nsref_open_own(const struct nstype *type)
{
    char file[16];
    struct target self;
    int namespace = target_open(&self, getpid()) < 0 ? -1 : namespace_by_pidfd(&self, type->pidfd_get);

    descriptor_close(self.pidfd);
    if (namespace >= 0)
        return namespace;
    snprintf(file, sizeof file, "ns/%s", type->file);
    int proc = proc_open(0);
    namespace = proc < 0 ? -1 : openat(proc, file, O_RDONLY | O_CLOEXEC);
    descriptor_close(proc);
    return namespace;
}

bool nsref_is(int fd, const struct nstype *type)
{
    return ioctl(fd, NS_GET_NSTYPE) == type->flag;
}

bool nsref_is_own(int fd, const struct nstype *type)
{
    int own = nsref_open_own(type);
    bool same = own >= 0 && inode_of(own) == inode_of(fd) && nsref_is(fd, type);

    descriptor_close(own);
    return same;
}

int nsref_open_id(uint64_t id, const struct nstype *type)
{
    enum { NSFS_ROOT = -10003, FILEID_NSFS = 0xf1 }; /* Linux 6.18: fcntl.h, exportfs.h */
    struct {
        struct file_handle head;
        uint64_t id;
        uint32_t type, inode; /* an inode of 0 is any */
    } handle = {{.handle_bytes = 16, .handle_type = FILEID_NSFS}, id, (uint32_t)type->flag, 0};

    return open_by_handle_at(NSFS_ROOT, &handle.head, O_RDONLY | O_CLOEXEC);
}

int nsref_owner(int fd)
{
    return ioctl(fd, NS_GET_USERNS);
}

int nsref_maker(int fd, unsigned *user)
{
    uid_t uid;

    if (ioctl(fd, NS_GET_OWNER_UID, &uid) < 0)
        return -1;
    *user = uid;
    return 0;
}
