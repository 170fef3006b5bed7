#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "proc.h"

/* Its line is "0::/path". The path is seen from the caller's cgroup namespace, as is what is mounted on /sys/fs/cgroup. */
int cgroup_open(int proc)
{
    char text[PATH_MAX + 1024], path[PATH_MAX + 64];

    if (proc_read(proc, "cgroup", text, sizeof text) < 0)
        return -1;
    const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    line = line ? strchr(line, '/') : NULL;
    if (!line) {
        errno = ENOTSUP;
        return -1;
    }
    snprintf(path, sizeof path, "/sys/fs/cgroup%.*s/cgroup.procs", (int)strcspn(line, "\n"), line);
    return open(path, O_WRONLY | O_CLOEXEC);
}
