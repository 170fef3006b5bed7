#include "system/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "system/number.h"

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

/* "self" names the reader by its number in the PID namespace that this procfs was mounted for, if it has one there. */
int proc_check_own(int directory, const char *link)
{
    char self[16];
    ssize_t length = readlinkat(directory, link, self, sizeof self - 1);

    if (length < 0 && errno != ENOENT)
        return -1;
    self[length < 0 ? 0 : length] = '\0';
    errno = EXDEV;
    return atoi(self) == getpid() ? 0 : -1;
}

bool proc_is_own(void)
{
    int procfs = procfs_open();
    bool own = procfs >= 0 && proc_check_own(procfs, "self") == 0;
    int err = errno;

    if (procfs >= 0)
        close(procfs);
    errno = err;
    return own;
}

static int open_number(int procfs, pid_t pid)
{
    char name[16];

    if (proc_check_own(procfs, "self") < 0)
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

/* A look at one line of a file, a byte after the other. */
struct search {
    const char *key;
    size_t matched; /* of the key, in this line */
    bool passes;    /* this line is another */
    char *text;
    size_t used, size;
};

/* True: that was all of it. */
static bool take_byte(struct search *search, char byte)
{
    bool is_it = search->key[search->matched] == '\0';

    if (byte == '\n') {
        search->matched = 0;
        search->passes = false;
        return is_it;
    }
    if (is_it && search->used + 1 < search->size)
        search->text[search->used++] = byte;
    else if (!is_it && !search->passes && byte == search->key[search->matched])
        search->matched++;
    else
        search->passes = true;
    return false;
}

bool proc_status(int proc, const char *key, char *text, size_t size)
{
    struct search search = {.key = key, .text = text, .size = size};
    int fd = openat(proc, "status", O_RDONLY | O_CLOEXEC);
    char part[1024];
    bool found = false;
    ssize_t got;

    while (fd >= 0 && !found && (got = read(fd, part, sizeof part)) > 0)
        for (ssize_t i = 0; i < got && !found; i++)
            found = take_byte(&search, part[i]);
    text[search.used] = '\0';
    if (fd >= 0)
        close(fd);
    return found;
}

enum { LEVELS = 33, DIGITS = 11 }; /* PID namespaces nest up to 32 deep: pid_namespaces(7) */

/* A process's number in each PID namespace, from that of the procfs inwards; returns how many there are. */
static size_t read_numbers(int proc, pid_t numbers[LEVELS])
{
    char text[LEVELS * DIGITS + 1];
    const char *at = proc_status(proc, "NSpid:", text, sizeof text) ? text : "";
    size_t count = 0;
    uint64_t number;

    while (count < LEVELS && *at == '\t' && (at = number_read(at + 1, INT32_MAX, &number)))
        numbers[count++] = (pid_t)number;
    return count;
}

/* A number of the procfs's PID namespace, which has number `pid` some levels further in. */
static int open_if_it_is(int procfs, const char *number, size_t level, pid_t pid)
{
    pid_t numbers[LEVELS];
    int proc = openat(procfs, number, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (proc >= 0 && read_numbers(proc, numbers) > level && numbers[level] == pid)
        return proc;
    if (proc >= 0)
        close(proc);
    return -1;
}

/* "4711 4712 " */
static int find_child(int procfs, int self, pid_t child)
{
    pid_t own[LEVELS];
    size_t depth = read_numbers(self, own), used = 0;
    int children = depth == 0 ? -1 : openat(self, "children", O_RDONLY | O_CLOEXEC);
    char part[4096], number[DIGITS + 1];
    int proc = -1;
    ssize_t got;

    while (children >= 0 && proc < 0 && (got = read(children, part, sizeof part)) > 0)
        for (ssize_t i = 0; i < got && proc < 0; i++) {
            bool ends = part[i] == ' ';
            number[used] = part[i];
            if (ends) {
                number[used] = '\0';
                proc = open_if_it_is(procfs, number, depth - 1, child);
            }
            used = ends || used == DIGITS ? 0 : used + 1;
        }
    if (children >= 0)
        close(children);
    errno = ENOENT;
    return proc;
}

/* Closes procfs and thread. errno stays. */
static int open_child(int procfs, int thread, pid_t child)
{
    int proc = thread < 0 ? -1 : find_child(procfs, thread, child);
    int err = errno;

    if (thread >= 0)
        close(thread);
    if (procfs >= 0)
        close(procfs);
    errno = err;
    return proc;
}

int proc_open_child(pid_t child)
{
    int procfs = procfs_open();

    return open_child(procfs, procfs < 0 ? -1 : openat(procfs, "thread-self", O_PATH | O_DIRECTORY | O_CLOEXEC), child);
}

int proc_open_child_of(int proc, pid_t pid, pid_t child)
{
    char thread[32];
    int procfs = openat(proc, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

    snprintf(thread, sizeof thread, "task/%d", (int)pid);
    return open_child(procfs, procfs < 0 ? -1 : openat(proc, thread, O_PATH | O_DIRECTORY | O_CLOEXEC), child);
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
