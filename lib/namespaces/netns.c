/*
 * ip-netns(8) makes its directory a shared mount where it is none, with a copy of what is mounted in there already: such a
 * name would be mounted twice, and `ip netns delete` lets go of it once. So it is prepared as ip does.
 */
#include "namespaces/netns.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namespaces/steps.h"

bool netns_file(const char *name, char file[NETNS_FILE_SIZE])
{
    bool is_file =
        *name && strlen(name) <= NAME_MAX && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;

    snprintf(file, NETNS_FILE_SIZE, "%s%s", is_file ? NETNS "/" : "", is_file ? name : "");
    return is_file;
}

const char *netns_name(const char *file)
{
    return file + strlen(NETNS "/");
}

/* 1: it is the root of a mount, or a filter does not let statx(2) tell; 0: it is not; -1 and errno. */
static int is_mount(void)
{
    struct statx status;

    if (statx(AT_FDCWD, NETNS, 0, 0, &status) < 0)
        return errno == EPERM || errno == ENOSYS ? 1 : -1;
    return !!(status.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* 1: the mount there is shared; 0: it is not; -1 and errno. The last that the table has is the topmost. */
static int is_shared(void)
{
    char *line = NULL, place[sizeof NETNS + 1];
    size_t size = 0;
    int shared = 1;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");

    if (!mounts)
        return errno == ENOENT ? 1 : -1; /* without a /proc there will be nothing to hold, which persist() tells */
    while (getline(&line, &size, mounts) > 0)
        if (sscanf(line, "%*s %*s %*s %*s %11s", place) == 1 && strcmp(place, NETNS) == 0)
            shared = strstr(line, " shared:") != NULL;
    if (!feof(mounts))
        shared = -1;
    int err = errno;
    free(line);
    fclose(mounts);
    errno = err;
    return shared;
}

/* 1: the file's directory is that of ip-netns(8); 0: it is not, or not there; -1 and errno. */
static int is_in_netns(const char *file)
{
    char directory[PATH_MAX];
    struct stat its, netns;

    snprintf(directory, sizeof directory, "%s", file);
    *(strrchr(directory, '/') + 1) = '\0';
    if (stat(directory, &its) < 0 || stat(NETNS, &netns) < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    return its.st_dev == netns.st_dev && its.st_ino == netns.st_ino;
}

static int mount_netns(struct netns_prepared *prepared)
{
    if (mount(NETNS, NETNS, NULL, MS_BIND | MS_REC, NULL) < 0)
        return -1;
    prepared->mounted = true;
    return mount(NULL, NETNS, NULL, MS_REC | MS_SHARED, NULL);
}

static int share_netns(struct netns_prepared *prepared)
{
    if (mount(NULL, NETNS, NULL, MS_SHARED, NULL) < 0)
        return -1;
    prepared->shared = true;
    return 0;
}

static int prepare(const char *file, struct netns_prepared *prepared)
{
    static const char *const names[] = {NETNS "/", "/var" NETNS "/"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(file, names[i], strlen(names[i])) == 0 && mkdir(NETNS, 0755) == 0)
            prepared->made = true;
    int status = is_in_netns(file);
    if (status <= 0)
        return status;
    status = is_mount();
    if (status == 0)
        return mount_netns(prepared);
    if (status > 0)
        status = is_shared();
    return status == 0 ? share_netns(prepared) : status < 0 ? -1 : 0;
}

int netns_prepare(const struct plan *plan, struct netns_prepared *prepared, struct failure *why)
{
    const char *file = plan->persist[nstype_of_flag(CLONE_NEWNET) - nstypes];

    *prepared = (struct netns_prepared){0};
    /* What is looked up from the working directory may come out below the new mount. */
    if (!file || *file != '/' || prepare(file, prepared) == 0)
        return 0;
    fail_about(why, &step_persist, "network namespace in %s", file);
    netns_undo(prepared);
    return -1;
}

/* Of a mount that is shared with nobody, MS_SLAVE makes what it was before: private, or a slave of the same master. */
void netns_undo(const struct netns_prepared *prepared)
{
    if (prepared->shared)
        (void)!mount(NULL, NETNS, NULL, MS_SLAVE, NULL);
    if (prepared->mounted)
        umount2(NETNS, 0);
    if (prepared->made)
        rmdir(NETNS);
}
