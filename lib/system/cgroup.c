#include "system/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "system/proc.h"

/* Where version 2 is mounted: alone, or beside the version 1 hierarchies (as systemd has both). NULL: nowhere. */
static const char *unified_hierarchy(void)
{
    static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    struct statfs fs;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (statfs(places[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
            return places[i];
    return NULL;
}

/* Its line is "0::/path". The path is seen from the caller's cgroup namespace, as is what is mounted. */
int cgroup_open(int proc)
{
    char text[PATH_MAX + 1024], path[PATH_MAX + 64];
    const char *hierarchy = unified_hierarchy();

    if (proc_read(proc, "cgroup", text, sizeof text) < 0)
        return -1;
    const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    line = line ? strchr(line, '/') : NULL;
    if (!line || !hierarchy) {
        errno = ENOTSUP;
        return -1;
    }
    snprintf(path, sizeof path, "%s%.*s/cgroup.procs", hierarchy, (int)strcspn(line, "\n"), line);
    return open(path, O_WRONLY | O_CLOEXEC);
}
