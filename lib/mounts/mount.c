/*
 * Theory of operation. A new file system is configured and made by fsopen(2), fsconfig(2) and fsmount(2); a bind is a
 * copy that open_tree(2) makes. Either is a detached mount, of which nobody but this process knows, and which is gone
 * when it is closed. Attributes are set on it there. One move_mount(2) puts it in place, on a target that was opened
 * before, so that what was found is what is mounted on. Its propagation comes last, since the parent's overrides what was
 * set before; where that fails, the mount is detached again.
 *
 * Where the kernel, or a filter around it, has not these calls, they fail with ENOSYS, and mount(2) does what it can
 * (classic.c). Any other errno is an answer.
 */
#include "mounts/mount.h"

#include <errno.h>
#include <string.h>

#include "mounts/calls.h"
#include "mounts/classic.h"
#include "mounts/detached.h"
#include "mounts/devices.h"
#include "mounts/filesystem.h"
#include "mounts/place.h"
#include "mounts/steps.h"
#include "mounts/table.h"
#include "system/descriptors.h"

int mount_make(const struct mount_plan *plan, struct failure *why)
{
    if (plan->kind != MOUNT_DEVICES)
        return detached_make(plan, why);
    int mount = devices_make(why);
    if (mount >= 0 && detached_set_attributes(plan, mount, why) < 0) {
        descriptor_close(mount);
        return -1;
    }
    return mount;
}

/* What is mounted at the target, where that is to be so once only. 0, or -1 and *why: it is the same. */
static int check_once(const struct mount_plan *plan, int target, struct failure *why)
{
    struct mount_table table;

    if (!plan->once || !mount_is_root(target))
        return 0;
    if (mount_table_read(&table, why) < 0)
        return -1;
    const struct mount_entry *entry = mount_table_find(&table, mount_id(target));
    bool same = entry && plan->source && strcmp(entry->source, plan->source) == 0 && plan->type
                && strcmp(entry->type, plan->type) == 0;
    mount_table_free(&table);
    errno = EBUSY;
    return same ? fail_about(why, &step_once, "%s", plan->target) : 0;
}

static int attach_new(const struct mount_plan *plan, struct failure *why)
{
    struct made *made = NULL;
    int mount = mount_make(plan, why);

    if (mount < 0)
        return -1;
    int target = place_open(plan, place_is_file(mount), &made, why);
    int status = target < 0 ? -1 : check_once(plan, target, why);
    if (status == 0 && !plan->check)
        status = place_attach(plan, mount, target, why);
    descriptor_close(target);
    descriptor_close(mount);
    (status < 0 || plan->check ? inside_unmake : inside_keep)(&made);
    return status;
}

/* To where it was: what is found there now is what it was mounted on. */
static void move_back(const struct mount_plan *plan, int mount)
{
    int place = open(plan->source, O_PATH | O_CLOEXEC);

    if (place >= 0)
        call_move_mount(mount, place, 0);
    descriptor_close(place);
}

static int move_open(const struct mount_plan *plan, int source, int target, struct failure *why)
{
    errno = EINVAL;
    if (mount_is_inner(source)
        || (!plan->check && call_move_mount(source, target, plan->beneath ? MOVE_MOUNT_BENEATH : 0) < 0))
        return fail_about(why, &step_move, "%s", plan->source);
    if (plan->check || place_propagate(plan, source, why) == 0)
        return 0;
    move_back(plan, source);
    return -1;
}

static int move(const struct mount_plan *plan, struct failure *why)
{
    struct made *made = NULL;
    int source = open(plan->source, O_PATH | O_CLOEXEC);

    if (source < 0)
        return fail_about(why, &step_move, "%s", plan->source);
    int target = place_open(plan, place_is_file(source), &made, why);
    int status = target < 0 ? -1 : move_open(plan, source, target, why);
    descriptor_close(target);
    descriptor_close(source);
    (status < 0 || plan->check ? inside_unmake : inside_keep)(&made);
    return status;
}

/* The file system last: attributes can be taken back, what it was told cannot. context: to tell it; -1: there is nothing. */
static int change_several(const struct mount_plan *plan, int target, int context, struct failure *why)
{
    struct attributes before;

    if (mount_attributes(target, &before, why) < 0)
        return -1;
    if (detached_set_attributes(plan, target, why) == 0 && (context < 0 || fs_reconfigure(plan, context, why) == 0))
        return 0;
    (void)detached_set(target, &before); /* it was so a moment ago */
    return -1;
}

/* A remount tells the file system only what was said for it. */
static bool tells_file_system(const struct mount_plan *plan)
{
    return plan->kind == MOUNT_REMOUNT && (plan->options || plan->read_only || plan->read_write);
}

/* Of the mount and of all below it: two calls */
static bool sets_both(const struct mount_plan *plan)
{
    return (plan->own.set | plan->own.clear) != 0 && (plan->whole.set | plan->whole.clear) != 0;
}

static int change(const struct mount_plan *plan, int target, struct failure *why)
{
    const struct step *step = plan->kind == MOUNT_REMOUNT      ? &step_remount
                              : mount_changes_attributes(plan) ? &step_attributes
                                                               : &step_mount_propagation;
    int context = -1;

    errno = EINVAL;
    if (mount_is_inner(target))
        return fail_about(why, step, "%s", plan->target);
    if (tells_file_system(plan) && (context = fs_pick(plan, target, why)) < 0)
        return -1;
    int status = plan->check                       ? 0
                 : context >= 0 || sets_both(plan) ? change_several(plan, target, context, why)
                                                   : detached_set_attributes(plan, target, why);
    descriptor_close(context);
    return status < 0 || plan->check ? status : place_propagate(plan, target, why);
}

static int change_there(const struct mount_plan *plan, struct failure *why)
{
    struct made *none = NULL;
    int target = place_open(plan, false, &none, why);
    int status = target < 0 ? -1 : change(plan, target, why);

    descriptor_close(target);
    return status;
}

int mount_carry_out(const struct mount_plan *plan, struct failure *why)
{
    int status = plan->kind == MOUNT_MOVE  ? move(plan, why)
                 : plan->kind < MOUNT_MOVE ? attach_new(plan, why)
                                           : change_there(plan, why);

    if (status < 0 && why->err == ENOSYS)
        status = classic_carry_out(plan, why);
    return status;
}
