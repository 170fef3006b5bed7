#include "namespaces/persist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
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
    bool must_be_new = plan->new_name && nstypes[i].flag == CLONE_NEWNET;
    int made = make_file(plan->persist[i]);

    errno = made == 0 && must_be_new ? EEXIST : errno;
    if (made < 0 || (made == 0 && must_be_new))
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
    errno = err;
}

bool persist_may_work_elsewhere(const struct failure *why)
{
    return why->step == &step_persist_mount && why->err == EINVAL;
}
