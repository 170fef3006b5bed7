#include "mounts/contents.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "mounts/calls.h"
#include "mounts/classic.h"
#include "mounts/data.h"
#include "mounts/devices.h"
#include "mounts/sources.h"
#include "mounts/steps.h"
#include "mounts/table.h"
#include "system/descriptors.h"

/* --- in its place ----------------------------------------------------------------------------------------------- */

/* Directories on the way. As bwrap(1) has it, what --perms keeps from others is in directories that are kept from them, too. */
static int make_parents(struct building *building, const struct root_operation *operation, mode_t mode)
{
    char parent[PATH_MAX];
    const char *path = root_target(operation), *last = strrchr(path, '/');
    mode_t closed = operation->has_mode ? (mode & 0070 ? 0u : 0050u) | (mode & 0007 ? 0u : 0005u) : 0u;

    snprintf(parent, sizeof parent, "%.*s", last ? (int)(last - path) : 0, path);
    return inside_make(building->root, parent, false, 0755 & ~closed, &building->made);
}

/* And what is at its end, where it is missing. */
static int make_way(struct building *building, const struct root_operation *operation, bool is_file, mode_t mode,
                    struct failure *why)
{
    const char *path = root_target(operation);

    if (make_parents(building, operation, mode) < 0
        || inside_make(building->root, path, is_file, mode, &building->made) < 0)
        return fail_about(why, &step_root_target, "%s", path);
    return 0;
}

/* Opens (O_PATH) what is to be mounted on. */
static int open_target(struct building *building, const struct root_operation *operation, bool is_file,
                       struct failure *why)
{
    const char *path = root_target(operation);
    int target = inside_open(building->root, path, O_PATH);

    if (target < 0 && errno == ENOENT) {
        if (make_way(building, operation, is_file, is_file ? 0444 : 0755, why) < 0)
            return -1;
        target = inside_open(building->root, path, O_PATH);
    }
    return target < 0 ? fail_about(why, &step_root_target, "%s", path) : target;
}

/* What is mounted on the root is the root from then on. */
static int become_root(struct building *building, int mount)
{
    int root = fcntl(mount, F_DUPFD_CLOEXEC, 0);

    building->stacked++;
    if (root < 0)
        return -1;
    close(building->root);
    building->root = root;
    return 0;
}

/* However its path is written: "/", "/.", or a symbolic link. */
static bool is_root(const struct building *building, int target)
{
    return mount_is_root(target) && mount_id(target) == mount_id(building->root);
}

/* Of a mount in its place. */
static int set_attributes(int mount, bool recursive, uint64_t set)
{
    const struct mount_change change = {.set = set};
    int status = call_mount_setattr(mount, recursive, &change);

    return status < 0 && errno == ENOSYS ? classic_set(mount, recursive, &(struct attributes){.set = set}) : status;
}

int contents_set_late(const struct root_operation *operation, int mount, struct failure *why)
{
    if (operation->late == 0 || set_attributes(mount, true, operation->late) == 0)
        return 0;
    return fail_about(why, &step_attributes, "%s", root_target(operation));
}

static int put_mount(struct building *building, struct root_operation *operation, struct failure *why)
{
    struct stat status;

    if (operation->mount < 0)
        return 0;
    bool is_file = fstat(operation->mount, &status) == 0 && !S_ISDIR(status.st_mode);
    int target = open_target(building, operation, is_file, why);
    if (target < 0)
        return -1;
    bool covers_root = is_root(building, target);
    int result =
        call_move_mount(operation->mount, target, 0) < 0 || (covers_root && become_root(building, operation->mount) < 0)
            ? fail_about(why, &step_attach, "%s", root_target(operation))
            : contents_set_late(operation, operation->mount, why);
    close(target);
    return result;
}

/* A read-only mount of a directory or file of procfs on itself. */
static int cover(int proc, const char *name)
{
    int target = openat(proc, name, O_PATH | O_CLOEXEC);
    int copy = target < 0 ? -1 : call_open_tree(proc, name, false);
    int status = copy < 0 || call_move_mount(copy, target, 0) < 0 ? -1 : set_attributes(copy, false, MOUNT_ATTR_RDONLY);

    descriptor_close(copy);
    descriptor_close(target);
    return status;
}

/* As bwrap(1) has it: what of procfs is about the whole machine is read-only to root as well. */
static int put_proc(struct building *building, struct root_operation *operation, struct failure *why)
{
    static const char *const names[] = {"sys", "sysrq-trigger", "irq", "bus"};

    if (put_mount(building, operation, why) < 0)
        return -1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (faccessat(operation->mount, names[i], W_OK, AT_EACCESS) == 0 && cover(operation->mount, names[i]) < 0)
            return fail_about(why, &step_attributes, "%s/%s", root_target(operation), names[i]);
    return 0;
}

/* It is filled where it stands: before Linux 6.15, nothing is mounted into what is detached. */
static int put_devices(struct building *building, struct root_operation *operation, struct failure *why)
{
    operation->mount = devices_make_directory(why);
    if (operation->mount < 0 || put_mount(building, operation, why) < 0)
        return -1;
    return devices_fill(operation->mount, why);
}

static int put_read_only(struct building *building, struct root_operation *operation, struct failure *why)
{
    int target = inside_open(building->root, root_target(operation), O_PATH);

    if (target < 0)
        return fail_about(why, &step_root_target, "%s", root_target(operation));
    int status = set_attributes(target, false, MOUNT_ATTR_RDONLY) < 0
                     ? fail_about(why, &step_attributes, "%s", root_target(operation))
                     : 0;
    close(target);
    return status;
}

static int put_directory(struct building *building, struct root_operation *operation, struct failure *why)
{
    if (make_way(building, operation, false, operation->has_mode ? operation->mode : 0755, why) < 0)
        return -1;
    int directory = inside_open(building->root, root_target(operation), O_PATH | O_DIRECTORY);
    if (directory < 0)
        return fail_about(why, &step_root_target, "%s", root_target(operation));
    close(directory);
    return 0;
}

static int put_symlink(struct building *building, struct root_operation *operation, struct failure *why)
{
    if (inside_link(building->root, root_target(operation), operation->words[0], &building->made) < 0)
        return fail_about(why, &step_root_target, "%s", root_target(operation));
    return 0;
}

static int put_chmod(struct building *building, struct root_operation *operation, struct failure *why)
{
    struct stat status;
    int file = inside_open(building->root, root_target(operation), O_RDONLY | O_NONBLOCK);

    if (file < 0)
        return fail_about(why, &step_root_target, "%s", root_target(operation));
    operation->mount = file;
    if (fstat(file, &status) < 0 || fchmod(file, operation->mode) < 0)
        return fail_about(why, &step_root_mode, "%s", root_target(operation));
    operation->mode = status.st_mode & 07777; /* for contents_undo() */
    operation->has_mode = true;
    return 0;
}

/* A file that is there already stays as it is, since it could not be brought back. */
static int put_file(struct building *building, struct root_operation *operation, struct failure *why)
{
    mode_t mode = operation->has_mode ? operation->mode : 0600;
    int file = make_parents(building, operation, mode) < 0
                   ? -1
                   : inside_new_file(building->root, root_target(operation), mode & 0666, &building->made);

    if (file < 0)
        return fail_about(why, &step_root_target, "%s", root_target(operation));
    int status = data_fill(file, operation, operation->has_mode ? operation->mode : 0666, building->awake, why);
    close(file);
    return status;
}

static int put_data(struct building *building, struct root_operation *operation, struct failure *why)
{
    operation->mount = data_make_mount(building, operation, why);
    operation->late =
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (root_flags(operation->kind) & ROOT_READ_ONLY ? MOUNT_ATTR_RDONLY : 0u);
    if (operation->mount < 0 || put_mount(building, operation, why) < 0)
        return -1;
    data_let_go(building);
    return 0;
}

/* --- the table -------------------------------------------------------------------------------------------------- */

typedef int make(struct root_operation *operation, struct failure *why);
typedef int put(struct building *building, struct root_operation *operation, struct failure *why);

static const struct {
    make *make; /* NULL: there is nothing to do */
    put *put;
} operations[] = {
#define ROW(ID, WORD, FORM, COUNT, WORDS, FLAGS, MAKE, PUT, HELP) [ROOT_##ID] = {MAKE, PUT},
    ROOT_OPERATIONS(ROW)
#undef ROW
};

int contents_make(struct root_operation *operation, struct failure *why)
{
    return operations[operation->kind].make ? operations[operation->kind].make(operation, why) : 0;
}

int contents_put(struct building *building, struct root_operation *operation, struct failure *why)
{
    return operations[operation->kind].put ? operations[operation->kind].put(building, operation, why) : 0;
}

void contents_undo(struct root_operation *operation)
{
    int err = errno;
    bool changed = operation->kind == ROOT_CHMOD && operation->has_mode;

    for (int tries = 0; changed && tries < TRIES; tries++)
        changed = fchmod(operation->mount, operation->mode) < 0;
    data_undo(operation);
    errno = err;
}

void contents_close(struct root_operation *operation)
{
    if (operation->mount >= 0)
        close(operation->mount);
    operation->mount = -1;
}
