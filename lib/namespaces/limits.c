#include "namespaces/limits.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namespaces/nstype.h"
#include "system/surroundings.h"

int type_switched_off(int flags)
{
    char file[40];

    for (size_t i = 0; i < NS_TYPES; i++) {
        snprintf(file, sizeof file, "user/max_%s_namespaces", nstypes[i].file);
        if ((flags & nstypes[i].flag) && sysctl_number(file) == 0)
            return nstypes[i].flag;
    }
    return 0;
}

int type_missing(int flags)
{
    char file[40];

    if (access("/proc/self/ns", X_OK) < 0)
        return 0;
    for (size_t i = 0; i < NS_TYPES; i++) {
        snprintf(file, sizeof file, "/proc/self/ns/%s", nstypes[i].file);
        if ((flags & nstypes[i].flag) && access(file, F_OK) < 0 && errno == ENOENT)
            return nstypes[i].flag;
    }
    return 0;
}

bool children_are_elsewhere(void)
{
    struct stat own, children;

    return stat("/proc/self/ns/pid", &own) == 0
           && (stat("/proc/self/ns/pid_for_children", &children) < 0 || own.st_ino != children.st_ino);
}
