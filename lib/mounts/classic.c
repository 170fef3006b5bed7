#include "mounts/classic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "mounts/calls.h"
#include "mounts/filesystem.h"
#include "mounts/place.h"
#include "mounts/steps.h"
#include "mounts/table.h"
#include "system/descriptors.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256 /* Linux 5.10 */
#endif

static const struct {
    uint64_t attribute;
    unsigned long flag; /* mount(2)'s; statvfs(3) has the same numbers, but for the last */
} flags[] = {
    {MOUNT_ATTR_RDONLY, MS_RDONLY},         {MOUNT_ATTR_NOSUID, MS_NOSUID},
    {MOUNT_ATTR_NODEV, MS_NODEV},           {MOUNT_ATTR_NOEXEC, MS_NOEXEC},
    {MOUNT_ATTR_NOATIME, MS_NOATIME},       {MOUNT_ATTR_STRICTATIME, MS_STRICTATIME},
    {MOUNT_ATTR_NODIRATIME, MS_NODIRATIME}, {MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW},
};

enum { ATIME = MS_NOATIME | MS_STRICTATIME | MS_RELATIME };

/* What is there, with what the plan sets and clears: mount(2) clears all that is not said, or refuses to where it is locked. */
static unsigned long with_attributes(const struct attributes *attributes, unsigned long there)
{
    unsigned long all = there;

    if (attributes->clear & MOUNT_ATTR__ATIME) {
        all &= ~(unsigned long)ATIME;
        if (!(attributes->set & MOUNT_ATTR__ATIME))
            all |= MS_RELATIME; /* without a word, a remount keeps what is there */
    }
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (attributes->clear & flags[i].attribute)
            all &= ~flags[i].flag;
        if (attributes->set & flags[i].attribute)
            all |= flags[i].flag;
    }
    return all;
}

/* The attributes that a mount has now. */
static unsigned long present_flags(const char *path)
{
    enum { SAME = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME };
    const unsigned long relatime = 4096, nosymfollow = 8192; /* the kernel's ST_RELATIME and ST_NOSYMFOLLOW */
    struct statvfs status;

    if (statvfs(path, &status) < 0)
        return 0;
    unsigned long present = status.f_flag & SAME;
    if (status.f_flag & nosymfollow)
        present |= MS_NOSYMFOLLOW;
    if (present & MS_NOATIME)
        return present;
    return present | (status.f_flag & relatime ? MS_RELATIME : MS_STRICTATIME);
}

/* "size=1M,mode=700"; NULL: no memory. The caller frees it. */
static char *data_of(const struct mount_plan *plan)
{
    static const char userxattr[] = ",userxattr";
    size_t size = sizeof userxattr;

    for (const struct fs_option *option = plan->options; option; option = option->next)
        size += strlen(option->key) + (option->value ? strlen(option->value) : 0) + 2;
    char *data = malloc(size), *at = data;
    if (data)
        *data = '\0';
    for (const struct fs_option *option = plan->options; data && option; option = option->next)
        at += sprintf(at, "%s%s%s%s", at > data ? "," : "", option->key, option->value ? "=" : "",
                      option->value ? option->value : "");
    if (data && plan->kind == MOUNT_NEW && fs_wants_userxattr(plan))
        strcpy(at, userxattr + (at == data));
    return data;
}

/* What can be said to mount(2) by a path only. */
static bool is_possible(const struct mount_plan *plan)
{
    return plan->kind != MOUNT_DEVICES && !plan->beneath && !plan->exclusive && !plan->idmap && !plan->subdir
           && plan->whole.set == 0 && plan->whole.clear == 0;
}

/* A target that is open, as a path: whatever is mounted on it later is not what this names. */
struct place {
    int fd;
    char path[40];
};

static int find_place(const struct mount_plan *plan, bool file, struct place *place, struct made **made,
                      struct failure *why)
{
    place->fd = place_open(plan, file, made, why);
    snprintf(place->path, sizeof place->path, "/proc/self/fd/%d", place->fd);
    return place->fd < 0 ? -1 : 0;
}

static int propagate(const struct mount_plan *plan, const char *path, struct failure *why)
{
    for (size_t i = 0; i < plan->propagations; i++)
        if (mount(NULL, path, NULL, plan->propagation[i], NULL) < 0)
            return fail_about(why, &step_mount_propagation, "%s", plan->target);
    return 0;
}

/* Attributes and propagation of what is there now: a bind by mount(2) has none of its own at first. */
static int change_top(const struct mount_plan *plan, struct failure *why)
{
    struct made *none = NULL;
    struct place place;
    bool attributes = plan->kind != MOUNT_NEW && mount_changes_attributes(plan);

    if (find_place(plan, false, &place, &none, why) < 0)
        return -1;
    unsigned long all = MS_REMOUNT | MS_BIND | with_attributes(&plan->own, present_flags(place.path));
    int status = attributes ? mount(NULL, place.path, NULL, all, NULL) : 0;
    if (status < 0)
        fail_about(why, &step_attributes, "%s", plan->target);
    if (status == 0)
        status = propagate(plan, place.path, why);
    close(place.fd);
    return status;
}

/* Takes away what was put there a moment ago. */
static void take_away(const struct mount_plan *plan)
{
    struct made *none = NULL;
    struct failure ignored;
    int target = place_open(plan, false, &none, &ignored);

    if (target >= 0) {
        place_take_away(target);
        close(target);
    }
}

static bool is_file(const char *path)
{
    struct stat status;

    return path && stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

static int mount_once(const struct mount_plan *plan, const char *path, const char *data)
{
    char open_source[40];
    const char *source = plan->source ? plan->source : "none";
    unsigned long access = plan->read_only ? MS_RDONLY : 0;

    snprintf(open_source, sizeof open_source, "/proc/self/fd/%d", plan->source_fd);
    if (plan->source_fd >= 0)
        source = open_source;
    if (plan->kind == MOUNT_BIND)
        return mount(source, path, NULL, MS_BIND | (plan->recursive ? MS_REC : 0), NULL);
    if (plan->kind == MOUNT_MOVE)
        return mount(source, path, NULL, MS_MOVE, NULL);
    return mount(source, path, plan->type, with_attributes(&plan->own, access), data);
}

static int put(const struct mount_plan *plan, const char *data, struct failure *why)
{
    const struct step *step = plan->kind == MOUNT_NEW    ? &step_fs_create
                              : plan->kind == MOUNT_BIND ? &step_bind
                                                         : &step_move;
    struct made *made = NULL;
    struct place place;
    bool file = plan->kind != MOUNT_NEW && is_file(plan->source);

    if (find_place(plan, file, &place, &made, why) < 0)
        return -1;
    int status = plan->check ? 0 : mount_once(plan, place.path, data);
    if (status < 0)
        fail_about(why, step, "%s", plan->kind == MOUNT_NEW ? plan->type : plan->source);
    close(place.fd);
    if (status == 0 && !plan->check && (status = change_top(plan, why)) < 0)
        take_away(plan);
    (status < 0 || plan->check ? inside_unmake : inside_keep)(&made);
    return status;
}

static int remount(const struct mount_plan *plan, const char *data, struct failure *why)
{
    struct made *none = NULL;
    struct place place;

    if (find_place(plan, false, &place, &none, why) < 0)
        return -1;
    unsigned long present = present_flags(place.path);
    if (plan->read_only)
        present |= MS_RDONLY;
    if (plan->read_write)
        present &= ~(unsigned long)MS_RDONLY;
    int status =
        plan->check ? 0 : mount(NULL, place.path, NULL, MS_REMOUNT | with_attributes(&plan->own, present), data);
    if (status < 0)
        fail_about(why, &step_remount, "%s", plan->target);
    close(place.fd);
    return status;
}

int classic_carry_out(const struct mount_plan *plan, struct failure *why)
{
    if (!is_possible(plan))
        return -1;
    if (plan->kind == MOUNT_CHANGE)
        return plan->check ? 0 : change_top(plan, why);
    char *data = data_of(plan);
    if (!data)
        return fail_about(why, &step_target, "%s", plan->target);
    int status = plan->kind == MOUNT_REMOUNT ? remount(plan, data, why) : put(plan, data, why);
    free(data);
    return status;
}

/* --- a mount and those below it -------------------------------------------------------------------------------- */

static int set_one(int mount_fd, const struct attributes *attributes)
{
    char path[40];

    snprintf(path, sizeof path, "/proc/self/fd/%d", mount_fd);
    return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | with_attributes(attributes, present_flags(path)), NULL);
}

/* Its number is among its parents. */
static bool is_below(const struct mount_table *table, const struct mount_entry *entry, const struct mount_entry *top)
{
    while (entry && entry != top)
        entry = entry->parent == entry->id ? NULL : mount_table_find(table, entry->parent);
    return entry;
}

/* A mount is found by its way from the topmost: that the new root stands on top of the old one, no path tells. */
static int set_below(int mount_fd, const struct mount_entry *top, const struct mount_entry *entry,
                     const struct attributes *attributes)
{
    const char *way = entry->target + strlen(top->target);
    int fd = openat(mount_fd, way + strspn(way, "/"), O_PATH | O_CLOEXEC);
    int status = fd < 0 ? -1 : set_one(fd, attributes);

    descriptor_close(fd);
    return status;
}

int classic_set(int mount, bool recursive, const struct attributes *attributes)
{
    struct mount_table table;
    struct failure why;

    if (set_one(mount, attributes) < 0)
        return -1;
    if (!recursive)
        return 0;
    if (mount_table_read(&table, &why) < 0) {
        errno = why.err;
        return -1;
    }
    const struct mount_entry *top = mount_table_find(&table, mount_id(mount));
    int status = top ? 0 : -1;
    for (size_t i = 0; status == 0 && i < table.count; i++)
        if (&table.entries[i] != top && is_below(&table, &table.entries[i], top))
            status = set_below(mount, top, &table.entries[i], attributes);
    mount_table_free(&table);
    return status;
}
