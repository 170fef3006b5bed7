#include "namespaces/persist.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namespaces/steps.h"

/* As `ip netns` makes them: without permissions, since the file itself is not for reading. */
static int make_file(const char *file)
{
    int fd = open(file, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);

    if (fd < 0)
        return errno == EEXIST ? 0 : -1;
    close(fd);
    return 1;
}

/*
 * Where the mount that FILE is on is shared, the kernel would have to copy the new mount to its peers, and refuses to do
 * so with a mount namespace. A private mount of FILE on itself has no peers.
 */
static int mount_on_private(const char *source, const char *file)
{
    if (mount(file, file, NULL, MS_BIND, NULL) < 0)
        return -1;
    if (mount(NULL, file, NULL, MS_PRIVATE, NULL) == 0 && mount(source, file, NULL, MS_BIND, NULL) == 0)
        return 0;
    int err = errno;
    umount2(file, MNT_DETACH);
    errno = err;
    return -1;
}

/*
 * ip-netns(8) makes its directory a shared mount where it is none, with a copy of what is mounted in there already: such a
 * name would be mounted twice, and `ip netns delete` lets go of it once. So it is prepared as ip does.
 */
#define NETNS "/run/netns"

/* What cannot be told (a filter may refuse statx(2)) is left as it is. */
static bool is_no_mount(const char *directory)
{
    struct statx status;

    return statx(AT_FDCWD, directory, 0, 0, &status) == 0 && !(status.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static bool is_in_netns(const char *file)
{
    char directory[PATH_MAX];
    struct stat its, netns;

    snprintf(directory, sizeof directory, "%s", file);
    *(strrchr(directory, '/') + 1) = '\0';
    return stat(directory, &its) == 0 && stat(NETNS, &netns) == 0 && its.st_dev == netns.st_dev
           && its.st_ino == netns.st_ino;
}

static int mount_netns(struct persisted *held)
{
    if (mount(NETNS, NETNS, NULL, MS_BIND | MS_REC, NULL) < 0)
        return -1;
    held->mounted_netns = true;
    return mount(NULL, NETNS, NULL, MS_REC | MS_SHARED, NULL);
}

static int prepare_netns(const char *file, struct persisted *held)
{
    static const char *const names[] = {NETNS "/", "/var" NETNS "/"};

    if (*file != '/')
        return 0; /* what is looked up from the working directory may come out below the new mount */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(file, names[i], strlen(names[i])) == 0 && mkdir(NETNS, 0755) == 0)
            held->made_netns = true;
    return is_in_netns(file) && is_no_mount(NETNS) ? mount_netns(held) : 0;
}

/* Others may have come to use them meanwhile: then they stay. */
static void undo_netns(const struct persisted *held)
{
    if (held->mounted_netns)
        umount2(NETNS, 0);
    if (held->made_netns)
        rmdir(NETNS);
}

static int mount_type(const struct plan *plan, size_t i, int proc, struct persisted *held)
{
    char source[48];
    const struct nstype *type = &nstypes[i];

    snprintf(source, sizeof source, "/proc/self/fd/%d/ns/%s", proc, type->file);
    if (mount(source, plan->persist[i], NULL, MS_BIND, NULL) == 0)
        return 0;
    if (errno != EINVAL || type->flag != CLONE_NEWNS || mount_on_private(source, plan->persist[i]) < 0)
        return -1;
    held->twice |= type->flag;
    return 0;
}

static int persist_type(const struct plan *plan, size_t i, int proc, struct persisted *held)
{
    if (nstypes[i].flag == CLONE_NEWNET && prepare_netns(plan->persist[i], held) < 0)
        return -1;
    int made = make_file(plan->persist[i]);
    if (made < 0)
        return -1;
    if (made)
        held->made |= nstypes[i].flag;
    if (mount_type(plan, i, proc, held) < 0)
        return -1;
    held->mounted |= nstypes[i].flag;
    return 0;
}

int persist(const struct plan *plan, int proc, struct persisted *held, struct failure *why)
{
    *held = (struct persisted){0};
    if (plan_persists(plan) && proc < 0) {
        errno = -proc;
        return fail(why, &step_proc);
    }
    for (size_t i = 0; i < NS_TYPES; i++) {
        if (!plan->persist[i] || persist_type(plan, i, proc, held) == 0)
            continue;
        fail_about(why, nstypes[i].flag == CLONE_NEWNS ? &step_persist_mount : &step_persist, "%s namespace in %s",
                   nstypes[i].title, plan->persist[i]);
        persist_undo(plan, held);
        return -1;
    }
    return 0;
}

void persist_undo(const struct plan *plan, const struct persisted *held)
{
    int err = errno;

    for (size_t i = NS_TYPES; i-- > 0;) { /* the last first: two may be in one file */
        if (!plan->persist[i])
            continue;
        if (held->mounted & nstypes[i].flag)
            umount2(plan->persist[i], MNT_DETACH);
        if (held->twice & nstypes[i].flag)
            umount2(plan->persist[i], MNT_DETACH);
        if (held->made & nstypes[i].flag)
            unlink(plan->persist[i]);
    }
    undo_netns(held);
    errno = err;
}

bool persist_may_work_elsewhere(const struct failure *why)
{
    return why->step == &step_persist_mount && why->err == EINVAL;
}
