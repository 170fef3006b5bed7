#include "namespaces/nstype.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The user namespace stands first: it is joined first, since it gives the capabilities for the others. */
const struct nstype nstypes[NS_TYPES] = {
    {'U', CLONE_NEWUSER, "user", "user", NULL, "user", 9, 9},
    {'m', CLONE_NEWNS, "mount", "mnt", NULL, "mount", 3, 3},
    {'u', CLONE_NEWUTS, "uts", "uts", NULL, "UTS", 10, 10},
    {'i', CLONE_NEWIPC, "ipc", "ipc", NULL, "IPC", 2, 2},
    {'n', CLONE_NEWNET, "net", "net", NULL, "network", 4, 4},
    {'p', CLONE_NEWPID, "pid", "pid", "pid_for_children", "PID", 5, 6},
    {'C', CLONE_NEWCGROUP, "cgroup", "cgroup", NULL, "cgroup", 1, 1},
    {'T', CLONE_NEWTIME, "time", "time", "time_for_children", "time", 7, 8},
};

const struct nstype *nstype_of_letter(int letter)
{
    for (size_t i = 0; i < NS_TYPES; i++)
        if (nstypes[i].letter == letter)
            return &nstypes[i];
    return NULL;
}

const struct nstype *nstype_of_flag(int flag)
{
    for (size_t i = 0; i < NS_TYPES; i++)
        if (nstypes[i].flag == flag)
            return &nstypes[i];
    return NULL;
}

const struct nstype *nstype_of_name(const char *name)
{
    for (size_t i = 0; i < NS_TYPES; i++)
        if (strcmp(name, nstypes[i].name) == 0 || strcmp(name, nstypes[i].file) == 0)
            return &nstypes[i];
    return NULL;
}

const struct nstype *nstype_of_link(const char *text, ino_t *inode)
{
    for (size_t i = 0; i < NS_TYPES; i++) {
        size_t length = strlen(nstypes[i].file);
        if (strncmp(text, nstypes[i].file, length) != 0 || strncmp(text + length, ":[", 2) != 0)
            continue;
        char *end;
        *inode = strtoul(text + length + 2, &end, 10);
        return strcmp(end, "]") == 0 ? &nstypes[i] : NULL;
    }
    return NULL;
}

char *ns_titles(int flags, char *text, size_t size)
{
    size_t used = 0;
    int rest = flags;

    text[0] = '\0';
    for (size_t i = 0; i < NS_TYPES && used < size; i++) {
        if (!(rest & nstypes[i].flag))
            continue;
        rest &= ~nstypes[i].flag;
        const char *between = used == 0 ? "" : rest ? ", " : " and ";
        used += (size_t)snprintf(text + used, size - used, "%s%s", between, nstypes[i].title);
    }
    return text;
}
