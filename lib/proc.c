#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

int procfs_open(void)
{
    struct statfs fs;
    int procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (procfs < 0 || (fstatfs(procfs, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC))
        return procfs;
    close(procfs);
    errno = ENODEV;
    return -1;
}

int proc_open_self(int procfs)
{
    return openat(procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* /proc/self names the reader by its number in the PID namespace that this procfs was mounted for. */
static bool is_own(int procfs)
{
    char self[16];
    ssize_t length = readlinkat(procfs, "self", self, sizeof self - 1);

    if (length <= 0)
        return false;
    self[length] = '\0';
    return atoi(self) == getpid();
}

static int open_number(int procfs, pid_t pid)
{
    char name[16];

    if (!is_own(procfs)) {
        errno = EXDEV;
        return -1;
    }
    snprintf(name, sizeof name, "%d", (int)pid);
    return openat(procfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int proc_open(pid_t pid)
{
    int procfs = procfs_open();

    if (procfs < 0)
        return -1;
    int fd = pid == 0 ? proc_open_self(procfs) : open_number(procfs, pid);
    int err = errno;
    close(procfs);
    errno = err;
    return fd;
}

ssize_t proc_read(int proc, const char *file, char *text, size_t size)
{
    size_t used = 0;
    ssize_t got = -1;
    int fd = openat(proc, file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    while (used < size - 1 && (got = read(fd, text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    int err = errno;
    close(fd);
    errno = err;
    text[used] = '\0';
    return got < 0 ? -1 : (ssize_t)used;
}

int proc_write(int proc, const char *file, const char *text)
{
    int fd = openat(proc, file, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    ssize_t put = write(fd, text, strlen(text));
    int err = put < 0 ? errno : EIO;
    close(fd);
    errno = err;
    return put == (ssize_t)strlen(text) ? 0 : -1;
}

ino_t proc_inode(int proc, const char *file)
{
    struct stat status;

    return fstatat(proc, file, &status, 0) < 0 ? 0 : status.st_ino;
}
