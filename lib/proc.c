#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

bool proc_is_procfs(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

int procfs_open(void)
{
    int procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (procfs < 0 || proc_is_procfs(procfs))
        return procfs;
    close(procfs);
    errno = ENODEV;
    return -1;
}

int proc_open_self(int procfs)
{
    return openat(procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/*
 * /proc/self names the reader by its number in the PID namespace that this procfs was mounted for, if it has one there.
 * 0, or -1 and errno.
 */
static int check_own(int procfs)
{
    char self[16];
    ssize_t length = readlinkat(procfs, "self", self, sizeof self - 1);

    if (length < 0 && errno != ENOENT)
        return -1;
    self[length < 0 ? 0 : length] = '\0';
    errno = EXDEV;
    return atoi(self) == getpid() ? 0 : -1;
}

static int open_number(int procfs, pid_t pid)
{
    char name[16];

    if (check_own(procfs) < 0)
        return -1;
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

/* Fills text; returns how much that is, or -1. */
static ssize_t read_to_end(int fd, char *text, size_t size)
{
    size_t used = 0;
    ssize_t got = 0;

    while (used < size && (got = read(fd, text + used, size - used)) > 0)
        used += (size_t)got;
    return got < 0 ? -1 : (ssize_t)used;
}

enum { LEVELS = 33 }; /* PID namespaces nest up to 32 deep: pid_namespaces(7) */

/* A process's number in each PID namespace, from that of the procfs inwards; returns how many there are. */
static size_t read_numbers(int proc, pid_t numbers[LEVELS])
{
    static const char key[] = "\nNSpid:";
    char status[4096];
    size_t count = 0;
    char *at = proc_read(proc, "status", status, sizeof status) > 0 ? strstr(status, key) : NULL;

    if (!at)
        return 0;
    for (at += strlen(key); *at == '\t' && count < LEVELS;)
        numbers[count++] = (pid_t)strtol(at, &at, 10);
    return count;
}

/* A number of the procfs's PID namespace, which has number `pid` some levels further in. */
static int open_if_it_is(int procfs, pid_t number, size_t level, pid_t pid)
{
    pid_t numbers[LEVELS];
    char name[16];

    snprintf(name, sizeof name, "%d", (int)number);
    int proc = openat(procfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (proc >= 0 && read_numbers(proc, numbers) > level && numbers[level] == pid)
        return proc;
    if (proc >= 0)
        close(proc);
    errno = ENOENT;
    return -1;
}

static int find_child(int procfs, int self, pid_t child)
{
    pid_t own[LEVELS];
    char list[4096], *end;
    size_t depth = read_numbers(self, own);
    int proc = -1;

    errno = ENOENT;
    if (depth == 0 || proc_read(self, "children", list, sizeof list) < 0)
        return -1;
    for (char *at = list; proc < 0; at = end) {
        pid_t number = (pid_t)strtol(at, &end, 10);
        if (end == at)
            break;
        proc = open_if_it_is(procfs, number, depth - 1, child);
    }
    return proc;
}

int proc_open_child(pid_t child)
{
    int procfs = procfs_open();
    int self = procfs < 0 ? -1 : openat(procfs, "thread-self", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int proc = self < 0 ? -1 : find_child(procfs, self, child);
    int err = errno;

    if (self >= 0)
        close(self);
    if (procfs >= 0)
        close(procfs);
    errno = err;
    return proc;
}

ssize_t proc_read(int proc, const char *file, char *text, size_t size)
{
    int fd = openat(proc, file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -1;
    ssize_t got = read_to_end(fd, text, size - 1);
    int err = errno;
    close(fd);
    errno = err;
    text[got < 0 ? 0 : got] = '\0';
    return got;
}

/* Grows with what is there: /proc does not tell sizes. */
static char *read_growing(int fd, size_t limit, size_t *size)
{
    char *text = NULL;

    *size = 0;
    for (size_t room = 4096; room <= 2 * limit; room *= 2) {
        char *more = realloc(text, room);
        ssize_t got = more ? read_to_end(fd, more + *size, room - *size) : -1;
        text = more ? more : text;
        if (got < 0)
            break;
        *size += (size_t)got;
        if (*size < room) {
            text[*size] = '\0';
            return text;
        }
        errno = EFBIG;
    }
    free(text);
    return NULL;
}

char *proc_read_all(int proc, const char *file, size_t limit, size_t *size)
{
    int fd = openat(proc, file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    char *text = read_growing(fd, limit, size);
    int err = errno;
    close(fd);
    errno = err;
    return text;
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
