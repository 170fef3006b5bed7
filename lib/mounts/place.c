#include "mounts/place.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "mounts/calls.h"
#include "mounts/steps.h"
#include "system/descriptors.h"

/* The directory that targets are found in; NO_ROOT: none is wanted; -2 and *why. */
static int open_root(const struct mount_plan *plan, struct failure *why)
{
    int root = plan->root ? open(plan->root, O_PATH | O_DIRECTORY | O_CLOEXEC) : NO_ROOT;

    if (plan->root && root < 0) {
        fail_about(why, &step_target_root, "%s", plan->root);
        return -2;
    }
    return root;
}

bool place_is_file(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode);
}

int place_open(const struct mount_plan *plan, bool file, struct made **made, struct failure *why)
{
    int root = open_root(plan, why);
    int target = root < NO_ROOT ? -1 : inside_open(root, plan->target, O_PATH);

    if (root >= NO_ROOT && target < 0) {
        const struct step *step = &step_target;
        if (errno == ENOENT && plan->make) {
            step = &step_make_target;
            if (inside_make(root, plan->target, file, plan->mode, made) == 0)
                target = inside_open(root, plan->target, O_PATH);
        }
        if (target < 0)
            fail_about(why, step, "%s", plan->target);
    }
    descriptor_close(root);
    return target;
}

int place_propagate(const struct mount_plan *plan, int mount, struct failure *why)
{
    for (size_t i = 0; i < plan->propagations; i++) {
        const struct mount_change change = {.propagation = plan->propagation[i] & ~(unsigned long)MS_REC};
        if (call_mount_setattr(mount, plan->propagation[i] & MS_REC, &change) < 0)
            return fail_about(why, &step_mount_propagation, "%s", plan->target);
    }
    return 0;
}

void place_take_away(int mount)
{
    char path[40];

    snprintf(path, sizeof path, "/proc/self/fd/%d", mount);
    if (umount2(path, MNT_DETACH) == 0)
        return;
    int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (here >= 0 && fchdir(mount) == 0) { /* there is no /proc */
        umount2(".", MNT_DETACH);
        (void)!fchdir(here);
    }
    descriptor_close(here);
}

int place_attach(const struct mount_plan *plan, int mount, int target, struct failure *why)
{
    if (call_move_mount(mount, target, plan->beneath ? MOVE_MOUNT_BENEATH : 0) < 0)
        return fail_about(why, &step_attach, "%s", plan->target);
    if (place_propagate(plan, mount, why) == 0)
        return 0;
    place_take_away(mount);
    return -1;
}
