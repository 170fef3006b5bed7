/*
 * One umount2(2) either does it or fails. Where there are several, a copy of each mount is taken before it goes (a detached
 * one, which does not make it busy), so that those that went can be put back when one of them cannot go. What may not be
 * copied (unbindable mounts) goes all the same, and comes back no more.
 */
#include "mounts/unmount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mounts/calls.h"
#include "mounts/holders.h"
#include "mounts/mount.h"
#include "mounts/plan.h"
#include "mounts/steps.h"
#include "mounts/table.h"
#include "system/descriptors.h"

struct goner {
    struct goner *next;
    uint64_t id;          /* of the mount; 0: it was not looked up */
    int copy;             /* -1: none */
    bool stays;           /* it has been made read-only instead: */
    bool is_mount, is_fs; /* the mount, its file system; what was so already is not meant */
    char target[];
};

/* What is to go, in this order; and what went, the last first. */
struct going {
    struct goner *first, *last, *gone;
};

static bool add(struct going *going, const char *target, uint64_t id)
{
    size_t size = strlen(target) + 1;
    struct goner *goner = malloc(sizeof *goner + size);

    if (!goner)
        return false;
    *goner = (struct goner){.id = id, .copy = -1};
    memcpy(goner->target, target, size);
    if (going->last)
        going->last->next = goner;
    else
        going->first = goner;
    going->last = goner;
    return true;
}

/* --- which mounts ----------------------------------------------------------------------------------------------- */

/* "tmpfs,ext4", or "notmpfs,ext4": as mount(8) has it, one "no" for all. */
static bool is_wanted_type(const char *types, const char *type)
{
    bool negated = types && strncmp(types, "no", 2) == 0;
    size_t length = strlen(type);

    if (!types)
        return true;
    for (const char *at = types + (negated ? 2 : 0); *at; at += strcspn(at, ",")) {
        at += *at == ',';
        if (strncmp(at, type, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return !negated;
    }
    return negated;
}

/* Where it is just this mount point that goes, nothing has to be looked up. */
static bool is_mount_point(const struct unmount_plan *plan, const char *path)
{
    int fd = plan->recursive || plan->all_targets || plan->types ? -1 : open(path, O_PATH | O_CLOEXEC);
    bool is = fd >= 0 && mount_is_root(fd);

    descriptor_close(fd);
    return is;
}

/* The mount at a target, or the last one of a source; NULL: it is not mounted. */
static const struct mount_entry *find(const struct mount_table *table, const char *target, const char *path)
{
    const struct mount_entry *found = mount_table_at(table, path);

    for (size_t i = table->count; !found && i-- > 0;)
        if (strcmp(table->entries[i].source, target) == 0)
            found = &table->entries[i];
    return found;
}

static bool is_going(const struct going *going, const struct mount_entry *entry)
{
    for (const struct goner *goner = going->first; goner; goner = goner->next)
        if (goner->id == entry->id)
            return true;
    return false;
}

/* A mount, and before it all that is mounted below it, the last first. */
static bool add_tree(const struct unmount_plan *plan, struct going *going, const struct mount_table *table,
                     const struct mount_entry *top)
{
    bool added = true;

    if (plan->all_targets && is_going(going, top)) /* one of the places where it is mounted may be below another */
        return true;
    for (size_t i = table->count; added && i-- > 0;)
        if (table->entries[i].parent == top->id && table->entries[i].id != top->id)
            added = add_tree(plan, going, table, &table->entries[i]);
    return added && add(going, top->target, top->id);
}

static bool add_mount(const struct unmount_plan *plan, struct going *going, const struct mount_table *table,
                      const struct mount_entry *entry)
{
    if (!is_wanted_type(plan->types, entry->type))
        return true;
    return plan->recursive ? add_tree(plan, going, table, entry) : add(going, entry->target, entry->id);
}

/* The mounts that a target stands for. path: the target without symbolic links. */
static int find_in_table(const struct unmount_plan *plan, struct going *going, const struct mount_table *table,
                         const char *target, const char *path, struct failure *why)
{
    const struct mount_entry *entry = find(table, target, path);
    bool added = true;

    errno = EINVAL;
    if (!entry)
        return fail_about(why, &step_not_mounted, "%s", target);
    for (size_t i = table->count; added && plan->all_targets && i-- > 0;) {
        const struct mount_entry *other = &table->entries[i];
        if (other->major == entry->major && other->minor == entry->minor)
            added = add_mount(plan, going, table, other);
    }
    if (!plan->all_targets)
        added = add_mount(plan, going, table, entry);
    return added ? 0 : fail_about(why, &step_unmount, "%s", target);
}

/* The table is read when it is first needed. */
static int find_one(const struct unmount_plan *plan, struct going *going, struct mount_table *table, const char *target,
                    struct failure *why)
{
    char *real = realpath(target, NULL);
    const char *path = real ? real : target;
    int status = -1;

    if (is_mount_point(plan, path))
        status = add(going, path, 0) ? 0 : fail_about(why, &step_unmount, "%s", target);
    else if (table->text || mount_table_read(table, why) == 0)
        status = find_in_table(plan, going, table, target, path, why);
    free(real);
    return status;
}

/* --- there and back --------------------------------------------------------------------------------------------- */

/* Which of the two is not read-only yet. False: that cannot be told; then errno is EBUSY, as before. */
static bool look_for_writable(struct goner *goner)
{
    struct mount_table table = {0};
    struct failure ignored;
    int fd = open(goner->target, O_PATH | O_CLOEXEC);
    bool read = fd >= 0 && mount_table_read(&table, &ignored) == 0;
    const struct mount_entry *entry = read ? mount_table_find(&table, mount_id(fd)) : NULL;
    bool found = entry;

    goner->is_mount = found && !mount_list_has(entry->attributes, "ro");
    goner->is_fs = found && !mount_list_has(entry->options, "ro");
    mount_table_free(&table);
    descriptor_close(fd);
    errno = EBUSY;
    return found;
}

/* Makes what was found writable read-only; or, after that, writable. */
static int change_access(const struct goner *goner, bool read_only)
{
    struct mount_plan plan;
    struct failure why;

    mount_plan_init(&plan);
    plan.kind = MOUNT_REMOUNT;
    plan.target = goner->target;
    plan.read_only = goner->is_fs && read_only;
    plan.read_write = goner->is_fs && !read_only;
    *(read_only ? &plan.own.set : &plan.own.clear) = goner->is_mount ? MOUNT_ATTR_RDONLY : 0;
    int status = mount_carry_out(&plan, &why);
    if (status < 0)
        errno = why.err;
    return status;
}

static int unmount(const struct unmount_plan *plan, struct goner *goner)
{
    int flags = UMOUNT_NOFOLLOW | (plan->lazy ? MNT_DETACH : 0) | (plan->force ? MNT_FORCE : 0);

    if (umount2(goner->target, flags) == 0)
        return 0;
    if (errno != EBUSY || !plan->read_only)
        return -1;
    goner->stays = look_for_writable(goner) && change_access(goner, true) == 0;
    return goner->stays ? 0 : -1;
}

static int failed(const char *target, struct failure *why)
{
    fail_about(why, &step_unmount, "%s", target);
    if (why->err == EBUSY)
        holders_tell(target, why->said, sizeof why->said);
    return -1;
}

/* Takes them away. Where there is one only, it goes or does not, and needs no copy. */
static int unmount_all(const struct unmount_plan *plan, struct going *going, struct failure *why)
{
    bool many = going->first != going->last;

    while (going->first) {
        struct goner *goner = going->first;
        if (many)
            goner->copy = call_open_tree(AT_FDCWD, goner->target, false);
        if (unmount(plan, goner) < 0)
            return failed(goner->target, why);
        going->first = goner->next;
        goner->next = going->gone;
        going->gone = goner;
    }
    return 0;
}

static void put_back(const struct going *going)
{
    for (const struct goner *goner = going->gone; goner; goner = goner->next) {
        if (goner->stays) {
            (void)change_access(goner, false);
            continue;
        }
        int target = goner->copy < 0 ? -1 : open(goner->target, O_PATH | O_CLOEXEC);
        if (target >= 0)
            call_move_mount(goner->copy, target, 0);
        descriptor_close(target);
    }
}

static void forget(struct goner *first)
{
    while (first) {
        struct goner *goner = first;
        first = goner->next;
        descriptor_close(goner->copy);
        free(goner);
    }
}

int unmount_carry_out(const struct unmount_plan *plan, const char *const *targets, size_t count, struct failure *why)
{
    struct mount_table table = {0};
    struct going going = {0};
    int status = 0;

    for (size_t i = 0; status == 0 && i < count; i++)
        status = find_one(plan, &going, &table, targets[i], why);
    mount_table_free(&table);
    if (status == 0 && !plan->check && (status = unmount_all(plan, &going, why)) < 0)
        put_back(&going);
    forget(going.first);
    forget(going.gone);
    return status;
}
