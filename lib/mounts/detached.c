#include "mounts/detached.h"

#include <errno.h>

#include "mounts/apart.h"
#include "mounts/calls.h"
#include "mounts/filesystem.h"
#include "mounts/idmapped.h"
#include "mounts/inside.h"
#include "mounts/steps.h"
#include "system/descriptors.h"

static const char *source_name(const struct mount_plan *plan)
{
    return plan->source ? plan->source : "a descriptor";
}

static int make_bind(const struct mount_plan *plan, struct failure *why)
{
    int mount = plan->source_fd >= 0 ? call_open_tree(plan->source_fd, "", plan->recursive)
                                     : call_open_tree(AT_FDCWD, plan->source, plan->recursive);

    return mount < 0 ? fail_about(why, &step_bind, "%s", source_name(plan)) : mount;
}

struct narrowed {
    int mount;
    const char *subdir;
};

/* A copy of a mount from this directory on. */
static int part_of(const struct narrowed *narrowed)
{
    int directory = inside_open(narrowed->mount, narrowed->subdir, O_PATH | O_DIRECTORY);
    int part = directory < 0 ? -1 : call_open_tree(directory, "", false);

    descriptor_close(directory);
    return part;
}

/* Before Linux 6.15, of what is detached no copy is taken (EINVAL): in a child, it is not. */
static int take_part(void *place, int *part, struct failure *why)
{
    const struct narrowed *narrowed = place;

    if (apart_attach(narrowed->mount) == 0)
        *part = part_of(narrowed);
    return *part < 0 ? fail_about(why, &step_subdir, "%s", narrowed->subdir) : 0;
}

/* Only a directory of the file system in place of all of it. Takes the mount. */
static int narrow(const struct mount_plan *plan, int mount, struct failure *why)
{
    struct narrowed narrowed = {mount, plan->subdir};
    int part = part_of(&narrowed);

    if (part < 0)
        fail_about(why, &step_subdir, "%s", plan->subdir);
    if (part < 0 && why->err == EINVAL)
        (void)apart(take_part, &narrowed, &part, why);
    descriptor_close(mount);
    return part;
}

static int set(int mount, bool recursive, const struct attributes *attributes)
{
    const struct mount_change change = {.set = attributes->set, .clear = attributes->clear};

    return attributes->set == 0 && attributes->clear == 0 ? 0 : call_mount_setattr(mount, recursive, &change);
}

int detached_set(int mount, const struct attributes *attributes)
{
    return set(mount, false, attributes);
}

int detached_set_attributes(const struct mount_plan *plan, int mount, struct failure *why)
{
    /* A new file system has its attributes from the start: whether a procfs may be mounted depends on them. */
    if ((plan->kind != MOUNT_NEW && set(mount, false, &plan->own) < 0) || set(mount, true, &plan->whole) < 0)
        return fail_about(why, &step_attributes, "%s", plan->target ? plan->target : source_name(plan));
    return plan->idmap ? idmapped_set(plan->idmap, mount, plan->recursive, why) : 0;
}

int detached_make(const struct mount_plan *plan, struct failure *why)
{
    int mount = plan->kind == MOUNT_BIND ? make_bind(plan, why) : fs_make(plan, why);

    if (mount >= 0 && plan->subdir)
        mount = narrow(plan, mount, why);
    if (mount >= 0 && detached_set_attributes(plan, mount, why) < 0) {
        descriptor_close(mount);
        return -1;
    }
    return mount;
}
