#include "mounts/holders.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mounts/table.h"
#include "system/descriptors.h"

/* A file that a link of /proc leads to, if it is on this mount. */
static bool is_on(uint64_t mount, const char *link)
{
    int fd = open(link, O_PATH | O_CLOEXEC);
    bool on = fd >= 0 && mount_id(fd) == mount;

    descriptor_close(fd);
    return on;
}

/* What a process has open there: a descriptor's number; -1: nothing. */
static int open_there(uint64_t mount, const char *process)
{
    char path[48];
    int found = -1;

    snprintf(path, sizeof path, "%s/fd", process);
    DIR *descriptors = opendir(path);
    for (const struct dirent *entry; found < 0 && descriptors && (entry = readdir(descriptors));) {
        if (*entry->d_name == '.' || strlen(entry->d_name) > 10)
            continue;
        snprintf(path, sizeof path, "%s/fd/%.10s", process, entry->d_name);
        if (is_on(mount, path))
            found = atoi(entry->d_name);
    }
    if (descriptors)
        closedir(descriptors);
    return found;
}

static bool tell_own(uint64_t mount, char *text, size_t size)
{
    int fd = open_there(mount, "/proc/self");

    if (is_on(mount, "/proc/self/cwd"))
        snprintf(text, size, "busy: the shell's own directory is in it");
    else if (fd >= 0)
        snprintf(text, size, "busy: the shell's own descriptor %d is open in it", fd);
    return *text;
}

static bool holds(uint64_t mount, const char *process)
{
    static const char *const links[] = {"cwd", "root", "exe"};
    bool found = false;

    for (size_t i = 0; !found && i < sizeof links / sizeof *links; i++) {
        char path[48];
        snprintf(path, sizeof path, "%s/%s", process, links[i]);
        found = is_on(mount, path);
    }
    return found || open_there(mount, process) >= 0;
}

static void tell_process(const char *pid, char *text, size_t size)
{
    char path[48], name[17] = "?";

    snprintf(path, sizeof path, "/proc/%.10s/comm", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, name, sizeof name - 1);
    if (got > 0)
        name[got] = '\0';
    name[strcspn(name, "\n")] = '\0';
    descriptor_close(fd);
    snprintf(text, size, "busy: process %.10s (%s) works in it", pid, name);
}

static void tell_others(uint64_t mount, char *text, size_t size)
{
    DIR *processes = opendir("/proc");

    for (const struct dirent *entry; !*text && processes && (entry = readdir(processes));) {
        char process[24];
        if (*entry->d_name < '1' || *entry->d_name > '9')
            continue;
        snprintf(process, sizeof process, "/proc/%.10s", entry->d_name);
        if (holds(mount, process))
            tell_process(entry->d_name, text, size);
    }
    if (processes)
        closedir(processes);
}

static void tell_mounts(uint64_t mount, char *text, size_t size)
{
    struct mount_table table;
    struct failure ignored;

    if (mount_table_read(&table, &ignored) < 0)
        return;
    for (size_t i = 0; !*text && i < table.count; i++)
        if (table.entries[i].parent == mount && table.entries[i].id != mount)
            snprintf(text, size, "busy: %s is mounted in it", table.entries[i].target);
    mount_table_free(&table);
}

void holders_tell(const char *target, char *text, size_t size)
{
    int fd = open(target, O_PATH | O_CLOEXEC);
    uint64_t mount = fd < 0 ? 0 : mount_id(fd);

    descriptor_close(fd); /* or it would hold it too */
    *text = '\0';
    if (mount == 0)
        return;
    tell_mounts(mount, text, size);
    if (!*text && !tell_own(mount, text, size))
        tell_others(mount, text, size);
}
