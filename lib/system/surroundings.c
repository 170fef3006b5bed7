#include "system/surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/caps.h"

long sysctl_number(const char *file)
{
    char path[80], text[32];
    ssize_t got = -1;

    snprintf(path, sizeof path, "/proc/sys/%s", file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        got = read(fd, text, sizeof text - 1);
        close(fd);
    }
    if (got <= 0)
        return -1;
    text[got] = '\0';
    return strtol(text, NULL, 10);
}

/*
 * Looks for a place in mountinfo: the first mount at `where`, or below it ("/proc/"), goes into found. The file tells
 * places as they are named from the process's root, and leaves out what is not below it.
 */
static bool find_mount(const char *where, bool below, char *found, size_t size)
{
    char line[4096], place[1024];
    bool is_there = false;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");

    if (!mounts)
        return false;
    while (!is_there && fgets(line, sizeof line, mounts))
        is_there = sscanf(line, "%*s %*s %*s %*s %1023s", place) == 1
                   && (below ? strncmp(place, where, strlen(where)) : strcmp(place, where)) == 0;
    fclose(mounts);
    if (is_there)
        snprintf(found, size, "%s", place);
    return is_there;
}

bool is_chrooted(void)
{
    char root[8];

    return access("/proc/self/mountinfo", R_OK) == 0 && !find_mount("/", false, root, sizeof root);
}

/* A filesystem for configuration on an empty directory of its own hides nothing, and the kernel lets it pass. */
bool proc_is_covered(char *text, size_t size)
{
    return find_mount("/proc/", true, text, size) && strcmp(text, "/proc/sys/fs/binfmt_misc") != 0;
}

/* Whether the text of uid_map or gid_map has a line with this ID among the inner ones. */
static bool is_mapped(const char *file, unsigned id)
{
    unsigned inner, outer, count;
    bool mapped = false;
    FILE *map = fopen(file, "re");

    if (!map)
        return true; /* that cannot be told */
    while (!mapped && fscanf(map, "%u %u %u", &inner, &outer, &count) == 3)
        mapped = id >= inner && id - inner < count;
    fclose(map);
    return mapped;
}

bool is_unmapped(void)
{
    return !is_mapped("/proc/self/uid_map", geteuid()) || !is_mapped("/proc/self/gid_map", getegid());
}

/*
 * Asks for two things that can never be, but are looked at late: without the right to mount, already fsopen(2) is EPERM
 * (Linux 5.2; it knows no Landlock); with it, a mount that is moved from nowhere is, where it is forbidden.
 */
bool is_forbidden_to_mount(void)
{
    bool may = syscall(__NR_fsopen, NULL, 0) < 0 && errno == EFAULT;

    return may && mount(NULL, "/", NULL, MS_MOVE, NULL) < 0 && errno == EPERM;
}

bool is_without_maps(void)
{
    char line[4];
    FILE *map = fopen("/proc/self/uid_map", "re");
    bool empty = map && !fgets(line, sizeof line, map);

    if (map)
        fclose(map);
    return empty;
}

bool is_filtered(void)
{
    return prctl(PR_GET_SECCOMP) == 2;
}

/* Without a filter, a call that asks for nothing succeeds. */
bool refuses_unshare(void)
{
    return is_filtered() && unshare(0) < 0;
}

/* Without a filter, it is the descriptor that is wrong. */
bool refuses_setns(void)
{
    return is_filtered() && setns(-1, 0) < 0 && errno != EBADF;
}

/* Without a filter, it is the missing path that is wrong, which is looked at before all rights. */
bool refuses_mount(void)
{
    return is_filtered() && syscall(SYS_mount, NULL, NULL, NULL, 0, NULL) < 0 && errno != EFAULT;
}

bool apparmor_restricts(void)
{
    return sysctl_number("kernel/apparmor_restrict_unprivileged_userns") == 1 && !caps_have(CAP_SYS_ADMIN);
}
