/*
 * What a list of all namespaces reads, and nothing else: of each process the namespaces, and what its children are born
 * into, and its descriptors; of each new namespace the owner and the parent, and of each new mount namespace its mounts; of
 * each process that is the first in one, its command line. Nothing is kept but what has been seen.
 */
#include "raw.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static ino_t seen[1 << 16];

static bool is_new(ino_t inode)
{
    size_t at = inode % (sizeof seen / sizeof *seen);

    while (seen[at] != 0 && seen[at] != inode)
        at = (at + 1) % (sizeof seen / sizeof *seen);
    bool new = seen[at] == 0;
    seen[at] = inode;
    return new;
}

static void read_all(int proc, const char *name)
{
    static char text[1 << 16];
    int fd = openat(proc, name, O_RDONLY | O_CLOEXEC);

    while (fd >= 0 && read(fd, text, sizeof text) > 0)
        ;
    close(fd);
}

static void look_at(int fd)
{
    struct stat status;

    if (fd >= 0)
        fstat(fd, &status);
    close(fd);
}

static void relate(int proc, const char *name)
{
    int fd = openat(proc, name, O_RDONLY | O_CLOEXEC);

    look_at(ioctl(fd, NS_GET_USERNS));
    if (strncmp(name, "ns/pid", 6) == 0)
        look_at(ioctl(fd, NS_GET_PARENT));
    close(fd);
}

static void read_namespaces(int proc)
{
    static const char *const names[] = {"ns/user",
                                        "ns/mnt",
                                        "ns/uts",
                                        "ns/ipc",
                                        "ns/net",
                                        "ns/pid",
                                        "ns/pid_for_children",
                                        "ns/cgroup",
                                        "ns/time",
                                        "ns/time_for_children"};
    bool is_first = false;
    char link[64];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ssize_t length = readlinkat(proc, names[i], link, sizeof link - 1);
        if (length < 0)
            continue;
        link[length] = '\0';
        if (!is_new(strtoul(strchr(link, '[') + 1, NULL, 10)))
            continue;
        is_first = true;
        relate(proc, names[i]);
        if (strcmp(names[i], "ns/mnt") == 0)
            read_all(proc, "mountinfo");
    }
    if (is_first)
        read_all(proc, "cmdline");
}

static void read_descriptors(int proc)
{
    char link[64];
    int fd = openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    while (list && (entry = readdir(list)))
        if (entry->d_name[0] != '.')
            (void)!readlinkat(fd, entry->d_name, link, sizeof link);
    if (list)
        closedir(list);
}

void raw_list(const char *unused)
{
    DIR *list = opendir("/proc");
    struct dirent *entry;

    (void)unused;
    memset(seen, 0, sizeof seen);
    raw_need(list ? 0 : -1, "/proc");
    while (list && (entry = readdir(list))) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        int proc = openat(dirfd(list), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (proc < 0)
            continue;
        read_namespaces(proc);
        read_descriptors(proc);
        close(proc);
    }
    if (list)
        closedir(list);
}
