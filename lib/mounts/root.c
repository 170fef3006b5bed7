/*
 * Theory of operation. All that is to be mounted is made detached, from where the process stands; then the new root is
 * put on top of the old one, where paths of the process do not see it yet, and the operations are carried out in it, in the
 * order given, each path resolved below it (inside.h). pivot_root(2) with the new root as both of its arguments makes it
 * the root, with the old one on top of it, which is then unmounted: no directory is needed to put it. The mount namespace
 * is the caller's own, so whatever fails goes with it, but for files, which are taken back one by one.
 */
#include "mounts/root.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "mounts/calls.h"
#include "mounts/contents.h"
#include "mounts/sources.h"
#include "mounts/statmount.h"
#include "mounts/steps.h"
#include "mounts/table.h"
#include "namespaces/land.h"
#include "namespaces/steps.h"
#include "sentence.h"
#include "system/descriptors.h"

/* --- building --------------------------------------------------------------------------------------------------- */

/* Which of the operations it was, as it was given. */
static int fail_during(const struct root_operation *operation, struct failure *why)
{
    size_t size = sizeof why->during;

    strncat(why->during, "--", size - 1);
    strncat(why->during, root_word(operation->kind), size - 1 - strlen(why->during));
    for (int i = 0; i < 3 && operation->words[i]; i++) {
        strncat(why->during, " ", size - 1 - strlen(why->during));
        strncat(why->during, operation->words[i], size - 1 - strlen(why->during));
    }
    return -1;
}

static int make_all(struct root_plan *plan, struct failure *why)
{
    for (size_t i = 0; i < plan->count; i++)
        if (contents_make(&plan->operation[i], why) < 0)
            return fail_during(&plan->operation[i], why);
    return 0;
}

/* The first operation may make something that is there the root: --bind DIR /. NULL: it does not. */
static struct root_operation *root_maker(struct root_plan *plan)
{
    struct root_operation *first = plan->operation;

    while (first->kind == ROOT_OVERLAY_SRC)
        first++;
    const char *target = root_target(first);
    return first->mount < 0 || target[strspn(target, "/")] != '\0' ? NULL : first;
}

/* On top of the old root, below which the process goes on looking up what it names. */
static int stack(struct building *building, int mount, struct failure *why)
{
    int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int status = old < 0 || call_move_mount(mount, old, 0) < 0 ? fail(why, &step_pivot) : 0;

    building->stacked += status == 0;
    descriptor_close(old);
    return status;
}

/* Below the new root, and gone with the old one: of what is detached, nothing can be bound before Linux 6.15. */
static int make_place_for_data(struct building *building, const struct root_plan *plan, struct failure *why)
{
    size_t i = 0;

    while (i < plan->count && plan->operation[i].kind != ROOT_BIND_DATA && plan->operation[i].kind != ROOT_RO_BIND_DATA)
        i++;
    if (i == plan->count)
        return 0;
    building->data = source_root(why);
    return building->data < 0 ? -1 : stack(building, building->data, why);
}

static int begin(struct building *building, struct root_plan *plan, struct failure *why)
{
    struct root_operation *maker = root_maker(plan);

    building->root = maker ? maker->mount : source_root(why);
    if (maker)
        maker->mount = -1;
    if (building->root < 0 || make_place_for_data(building, plan, why) < 0 || stack(building, building->root, why) < 0)
        return -1;
    return maker && contents_set_late(maker, building->root, why) < 0 ? fail_during(maker, why) : 0;
}

static int put_all(struct building *building, struct root_plan *plan, struct failure *why)
{
    for (size_t i = 0; i < plan->count; i++)
        if (contents_put(building, &plan->operation[i], why) < 0)
            return fail_during(&plan->operation[i], why);
    return 0;
}

/* --- entering --------------------------------------------------------------------------------------------------- */

/* The first root of all, as in an initramfs, cannot be moved: there chroot(2) is all there is. */
static bool is_rootfs(void)
{
    struct statfs status;

    return statfs("/", &status) == 0 && ((unsigned)status.f_type == RAMFS_MAGIC || status.f_type == TMPFS_MAGIC);
}

/* From "/", ".." leads to the topmost of the mounts that are on it. */
#define TOP "/.."

static int open_top(void)
{
    return open(TOP, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* -1: that cannot be told, and one too many would be ours. */
static int is_covered(const struct building *building)
{
    int top = open_top();
    uint64_t id = top < 0 ? 0 : mount_id(top);

    descriptor_close(top);
    return id == 0 ? -1 : id != mount_id(building->root);
}

/* It is on top of the new one, with all on itself that was mounted on "/" since: a place for data, roots before the last. */
static int let_go_of_old(const struct building *building, struct failure *why)
{
    int covered;

    do
        covered = umount2(TOP, MNT_DETACH) < 0 ? -1 : is_covered(building);
    while (covered > 0);
    return covered < 0 ? fail(why, &step_old_root) : 0;
}

/* What is refused for a moment is no reason to stop half way. The script may have shared it, with others whom nobody is in. */
static bool take_off_top(void)
{
    bool done = false;

    for (int tries = 0; tries < TRIES && !done; tries++)
        done = mount(NULL, TOP, NULL, MS_REC | MS_SLAVE, NULL) == 0 && umount2(TOP, MNT_DETACH) == 0;
    return done;
}

/* What has been put on the old root, but for the lowest so many. */
static bool take_off(struct building *building, int rest)
{
    while (building->stacked > rest && take_off_top())
        building->stacked--;
    return building->stacked <= rest;
}

/* Where the shell stays in its mount namespace, an old root that is off cannot be come back to: nothing comes after that. */
static int let_go_of_own(struct building *building, struct failure *why)
{
    return take_off(building, 1) && take_off_top() ? 0 : fail(why, &step_old_root);
}

/* To the old root, which is on top of the new one. */
static bool pivot_back(void)
{
    int old = open_top();
    bool done = false;

    for (int tries = 0; tries < TRIES && !done; tries++)
        done = old >= 0 && fchdir(old) == 0 && syscall(SYS_pivot_root, ".", ".") == 0;
    descriptor_close(old);
    return done;
}

/* What cannot be taken off covers nothing for who goes back to the old root. */
static void take_back(struct building *building)
{
    if (!building->pivoted || (take_off(building, 1) && pivot_back()))
        (void)take_off(building, 0);
}

/* What is outside of the chroot has not been made slave yet, and would be unmounted in other mount namespaces, too. */
static int put_on_top(const struct building *building, int top)
{
    return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ? -1 : call_move_mount(building->root, top, 0);
}

/* Puts the new root on top of what setns(2) has led to, or goes back to the old root where that is the new one already. */
static int find_old(const struct building *building, int before)
{
    int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    uint64_t id = top < 0 ? 0 : mount_id(top);
    int status = id == 0                          ? -1
                 : id != mount_id(building->root) ? put_on_top(building, top)
                 : fchdir(before) < 0             ? -1
                                                  : chroot(".");

    descriptor_close(top);
    return status;
}

/*
 * A chroot(2) leads to a directory that cannot be pivoted, or to a mount with others below it, which would stay. setns(2)
 * to one's own mount namespace leads out of it, to the topmost mount on its root.
 */
static int leave_chroot(const struct building *building)
{
    int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
    int before = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int status = self < 0 || before < 0 || setns(self, CLONE_NEWNS) < 0 ? -1 : find_old(building, before);

    descriptor_close(self);
    descriptor_close(before);
    return status;
}

static int pivot(struct building *building, bool stays, struct failure *why)
{
    if ((!stays && leave_chroot(building) < 0) || fchdir(building->root) < 0)
        return fail(why, &step_pivot);
    building->pivoted = syscall(SYS_pivot_root, ".", ".") == 0;
    if (!building->pivoted && (errno != EINVAL || !is_rootfs() || chroot(".") < 0))
        return fail(why, &step_pivot);
    return 0;
}

/* False: it is not there, or nowhere to go to. What is refused for a moment is no reason to go elsewhere. */
static bool try_directory(struct building *building, const char *path)
{
    bool done = false;

    errno = 0;
    for (int tries = 0; tries < TRIES && !done && errno != ENOENT; tries++) {
        descriptor_close(building->directory);
        building->directory = inside_open(building->root, path, O_PATH | O_DIRECTORY);
        done = building->directory >= 0 && fchdir(building->directory) == 0;
    }
    return done;
}

/* As bwrap(1) does it; while the old root is not on top of the new one, where ".." could lead to it. */
static int choose_directory(struct building *building, const struct root_plan *plan, const char *before,
                            struct failure *why)
{
    if (plan->directory)
        return try_directory(building, plan->directory) ? 0 : fail_about(why, &step_wd, "%s", plan->directory);
    if ((*before == '/' && try_directory(building, before)) || (plan->home && try_directory(building, plan->home))
        || try_directory(building, "/"))
        return 0;
    return fail_about(why, &step_wd, "/");
}

/* The old root is let go of last, since there is no way back then. */
static int enter(struct building *building, bool stays, struct failure *why)
{
    if (pivot(building, stays, why) < 0)
        return -1;
    if (fchdir(building->directory) < 0)
        return fail(why, &step_wd);
    return stays ? let_go_of_own(building, why) : building->pivoted ? let_go_of_old(building, why) : 0;
}

static int build(struct root_plan *plan, struct building *building, struct failure *why)
{
    char before[PATH_MAX] = "";

    for (int tries = 0; tries < TRIES && !getcwd(before, sizeof before); tries++)
        *before = '\0';
    return make_all(plan, why) < 0 || begin(building, plan, why) < 0 || put_all(building, plan, why) < 0
                   || choose_directory(building, plan, before, why) < 0 || enter(building, plan->stays, why) < 0
               ? -1
               : 0;
}

/* Backwards, since the same file may be meant twice. */
static void finish(struct root_plan *plan, struct building *building, bool keep)
{
    for (size_t i = plan->count; i-- > 0;) {
        if (!keep)
            contents_undo(&plan->operation[i]);
        contents_close(&plan->operation[i]);
    }
    if (keep) {
        inside_keep(&building->made);
    } else {
        inside_uncover(building->made);
        inside_unmake(&building->made);
    }
    if (!keep && plan->stays)
        take_back(building);
    descriptor_close(building->directory);
    descriptor_close(building->root);
    descriptor_close(building->data);
}

bool root_may_stay(void)
{
    return land_is_alone_with_mounts() && statmount_is_plain_root();
}

int root_build(struct root_plan *plan, bool check, const sigset_t *awake, struct failure *why)
{
    struct building building = {.root = -1, .data = -1, .directory = -1, .awake = awake};
    mode_t mask = umask(0); /* the modes are those that were given */
    int status = build(plan, &building, why);

    umask(mask);
    if (status < 0 && !why->explained)
        sentence_explain(why, NULL);
    finish(plan, &building, status == 0 && !check);
    return status;
}
