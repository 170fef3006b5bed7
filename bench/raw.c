#include "raw.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

void raw_need(int result, const char *what)
{
    if (result >= 0)
        return;
    perror(what);
    exit(EXIT_FAILURE);
}

void raw_join(const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    raw_need(fd, file);
    raw_need(setns(fd, CLONE_NEWNET), "setns");
    close(fd);
}

void raw_make_uts(void)
{
    raw_need(unshare(CLONE_NEWUTS), "unshare");
}

static void put(const char *file, const char *text)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC);

    raw_need(fd, file);
    raw_need(write(fd, text, strlen(text)) < 0 ? -1 : 0, file);
    close(fd);
}

void raw_become_root(int others)
{
    char map[32];
    unsigned user = getuid(), group = getgid();

    raw_need(unshare(CLONE_NEWUSER | CLONE_NEWNS | others), "unshare");
    snprintf(map, sizeof map, "0 %u 1", user);
    put("/proc/self/uid_map", map);
    put("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %u 1", group);
    put("/proc/self/gid_map", map);
    raw_need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount");
}
