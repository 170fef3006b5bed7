#include "mounts/contents.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mounts/calls.h"
#include "mounts/classic.h"
#include "mounts/data.h"
#include "mounts/devices.h"
#include "mounts/detached.h"
#include "mounts/place.h"
#include "mounts/steps.h"
#include "sentence.h"
#include "system/descriptors.h"

/* --- what is mounted -------------------------------------------------------------------------------------------- */

static int done(struct root_operation *operation, struct mount_plan *plan, struct failure *why)
{
    operation->mount = detached_make(plan, why);
    if (operation->mount < 0)
        sentence_explain(why, plan);
    mount_plan_free(plan);
    return operation->mount < 0 ? -1 : 0;
}

/* As bwrap(1) has it: no bind has set-user-ID programs, and device files only where that is asked for. */
static void plan_bind(struct mount_plan *plan, const struct root_operation *operation)
{
    int flags = root_flags(operation->kind);

    mount_plan_init(plan);
    plan->kind = MOUNT_BIND;
    plan->recursive = true;
    plan->source = operation->words[0];
    plan->whole.set = MOUNT_ATTR_NOSUID | (flags & ROOT_DEVICES ? 0u : MOUNT_ATTR_NODEV)
                      | (flags & ROOT_READ_ONLY ? MOUNT_ATTR_RDONLY : 0u);
}

/* Before mount_setattr(2) (Linux 5.12), only what is in its place can be told its attributes. */
static int done_bind(struct root_operation *operation, struct mount_plan *plan, struct failure *why)
{
    struct mount_plan again = *plan;

    if (done(operation, plan, why) == 0)
        return 0;
    if (why->step != &step_attributes || why->err != ENOSYS)
        return -1;
    operation->late = again.whole.set;
    again.whole.set = 0;
    return done(operation, &again, why);
}

static int make_bind(struct root_operation *operation, struct failure *why)
{
    struct mount_plan plan;

    plan_bind(&plan, operation);
    if (done_bind(operation, &plan, why) == 0)
        return 0;
    if (why->step == &step_bind && why->err == ENOENT) {
        if (root_flags(operation->kind) & ROOT_TRY)
            return 0;
        why->step = &step_operation;
    }
    return -1;
}

/*
 * A descriptor that was opened in another mount namespace, as all of the shell's were, is no source there: its file is
 * opened again by its name, and must be the same.
 */
static int open_again(int fd)
{
    char link[32], path[PATH_MAX];
    struct stat before, now;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0 || fstat(fd, &before) < 0)
        return -1;
    path[length] = '\0';
    int again = open(path, O_PATH | O_CLOEXEC);
    if (again >= 0 && fstat(again, &now) == 0 && now.st_dev == before.st_dev && now.st_ino == before.st_ino)
        return again;
    descriptor_close(again);
    errno = ESTALE;
    return -1;
}

static int make_bind_fd(struct root_operation *operation, struct failure *why)
{
    struct mount_plan plan;

    plan_bind(&plan, operation);
    plan.source_fd = open_again(operation->fd);
    if (plan.source_fd < 0)
        return fail(why, &step_operation);
    int source = plan.source_fd;
    int status = done_bind(operation, &plan, why);
    close(source);
    return status;
}

/* A new file system. */
static void plan_new(struct mount_plan *plan, const char *type, uint64_t attributes)
{
    mount_plan_init(plan);
    plan->type = plan->source = type;
    plan->own.set = attributes;
}

static int add_option(struct mount_plan *plan, const char *key, const char *value, struct failure *why)
{
    if (mount_options_add(plan, key, value))
        return 0;
    errno = ENOMEM;
    mount_plan_free(plan);
    return fail_about(why, &step_fs_option, "%s", key);
}

static int make_plain(struct root_operation *operation, const char *type, uint64_t attributes, struct failure *why)
{
    struct mount_plan plan;

    plan_new(&plan, type, attributes);
    return done(operation, &plan, why);
}

static int make_proc(struct root_operation *operation, struct failure *why)
{
    return make_plain(operation, "proc", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, why);
}

static int make_sysfs(struct root_operation *operation, struct failure *why)
{
    return make_plain(operation, "sysfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, why);
}

static int make_mqueue(struct root_operation *operation, struct failure *why)
{
    return make_plain(operation, "mqueue", 0, why);
}

static int make_tmpfs(struct root_operation *operation, struct failure *why)
{
    struct mount_plan plan;
    char text[24];

    plan_new(&plan, "tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    snprintf(text, sizeof text, "%o", operation->has_mode ? (unsigned)operation->mode : 0755u);
    if (add_option(&plan, "mode", text, why) < 0)
        return -1;
    snprintf(text, sizeof text, "%llu", (unsigned long long)operation->size);
    if (operation->size > 0 && add_option(&plan, "size", text, why) < 0)
        return -1;
    return done(operation, &plan, why);
}

int contents_make_root(struct failure *why)
{
    struct root_operation root = {.kind = ROOT_TMPFS, .mount = -1};

    return make_tmpfs(&root, why) < 0 ? -1 : root.mount;
}

/* --- overlays --------------------------------------------------------------------------------------------------- */

/* "TOP:...:LOWEST", where a colon or backslash of a name has a backslash before it. Memory of the caller's, or NULL. */
static char *join_layers(const struct root_operation *operation)
{
    const struct root_operation *first = operation - operation->layers;
    size_t size = 1;

    for (const struct root_operation *layer = first; layer < operation; layer++)
        size += 2 * strlen(layer->words[0]) + 1;
    char *text = malloc(size), *end = text;
    for (const struct root_operation *layer = operation; text && layer-- > first;) {
        if (end != text)
            *end++ = ':';
        for (const char *at = layer->words[0]; *at; *end++ = *at++)
            if (*at == ':' || *at == '\\')
                *end++ = '\\';
    }
    if (text)
        *end = '\0';
    return text;
}

/* upper, work: NULL: changes are not possible. */
static int make_layers(struct root_operation *operation, const char *upper, const char *work, struct failure *why)
{
    struct mount_plan plan;
    char *lower = join_layers(operation);

    plan_new(&plan, "overlay", 0);
    if (!lower) {
        errno = ENOMEM;
        return fail(why, &step_operation);
    }
    int status = add_option(&plan, "lowerdir", lower, why);
    free(lower);
    if (status == 0 && upper)
        status = add_option(&plan, "upperdir", upper, why);
    if (status == 0 && upper)
        status = add_option(&plan, "workdir", work, why);
    return status < 0 ? -1 : done(operation, &plan, why);
}

static int make_overlay(struct root_operation *operation, struct failure *why)
{
    bool writes = operation->kind == ROOT_OVERLAY;

    return make_layers(operation, writes ? operation->words[0] : NULL, operation->words[1], why);
}

/* The layer for changes is on a tmpfs that nobody sees, and that ends with the overlay. */
static int make_tmp_overlay(struct root_operation *operation, struct failure *why)
{
    char upper[40], work[40];
    int hidden = contents_make_root(why);

    if (hidden < 0)
        return -1;
    snprintf(upper, sizeof upper, "/proc/self/fd/%d/upper", hidden);
    snprintf(work, sizeof work, "/proc/self/fd/%d/work", hidden);
    int status = mkdirat(hidden, "upper", 0755) < 0 || mkdirat(hidden, "work", 0755) < 0
                     ? fail(why, &step_operation)
                     : make_layers(operation, upper, work, why);
    close(hidden);
    return status;
}

/* --- in its place ----------------------------------------------------------------------------------------------- */

/*
 * Directories on the way, and what is at its end, where it is missing. As bwrap(1) has it, what --perms keeps from others
 * is in directories that are kept from them, too.
 */
static int make_way(struct building *building, const struct root_operation *operation, bool is_file, mode_t mode,
                    struct failure *why)
{
    char parent[PATH_MAX];
    const char *path = root_target(operation), *last = strrchr(path, '/');
    mode_t closed = operation->has_mode ? (mode & 0070 ? 0 : 0050) | (mode & 0007 ? 0 : 0005) : 0;

    snprintf(parent, sizeof parent, "%.*s", last ? (int)(last - path) : 0, path);
    if (inside_make(building->root, parent, false, 0755 & ~closed, &building->made) < 0
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

    if (root < 0)
        return -1;
    close(building->root);
    building->root = root;
    return 0;
}

static bool is_root(const char *path)
{
    return path[strspn(path, "/")] == '\0';
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
    int result = call_move_mount(operation->mount, target, 0) < 0
                         || (is_root(root_target(operation)) && become_root(building, operation->mount) < 0)
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
    int status = copy < 0 || call_move_mount(copy, target, 0) < 0
                     ? -1
                     : set_attributes(copy, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);

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
    const char *path = root_target(operation);
    int file = inside_open(building->root, path, O_PATH | O_NOFOLLOW);

    if (file >= 0) {
        close(file);
        errno = EEXIST;
        return fail_about(why, &step_root_target, "%s", path);
    }
    if (make_way(building, operation, true, operation->has_mode ? operation->mode : 0600, why) < 0)
        return -1;
    file = inside_open(building->root, path, O_WRONLY);
    if (file < 0)
        return fail_about(why, &step_root_target, "%s", path);
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
    const char *word;
    enum root_form form;
    int flags;
    make *make; /* NULL: there is nothing to do */
    put *put;
} operations[] = {
#define ROW(ID, WORD, FORM, COUNT, WORDS, FLAGS, MAKE, PUT, HELP) [ROOT_##ID] = {WORD, FORM, FLAGS, MAKE, PUT},
    ROOT_OPERATIONS(ROW)
#undef ROW
};

const char *root_word(enum root_kind kind)
{
    return operations[kind].word;
}

enum root_form root_form(enum root_kind kind)
{
    return operations[kind].form;
}

int root_flags(enum root_kind kind)
{
    return operations[kind].flags;
}

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

    if (operation->kind == ROOT_CHMOD && operation->has_mode)
        (void)!fchmod(operation->mount, operation->mode);
    else if (operation->mount >= 0)
        place_take_away(operation->mount); /* or what it is on could not be removed */
    data_undo(operation);
    errno = err;
}

void contents_close(struct root_operation *operation)
{
    if (operation->mount >= 0)
        close(operation->mount);
    operation->mount = -1;
}
