#include "mounts/sources.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mounts/apart.h"
#include "mounts/calls.h"
#include "mounts/detached.h"
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

int source_bind(struct root_operation *operation, struct failure *why)
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

int source_bind_fd(struct root_operation *operation, struct failure *why)
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

int source_proc(struct root_operation *operation, struct failure *why)
{
    return make_plain(operation, "proc", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, why);
}

int source_sysfs(struct root_operation *operation, struct failure *why)
{
    return make_plain(operation, "sysfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, why);
}

int source_mqueue(struct root_operation *operation, struct failure *why)
{
    return make_plain(operation, "mqueue", 0, why);
}

int source_tmpfs(struct root_operation *operation, struct failure *why)
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

int source_root(struct failure *why)
{
    struct root_operation root = {.kind = ROOT_TMPFS, .mount = -1};

    return source_tmpfs(&root, why) < 0 ? -1 : root.mount;
}

/* --- overlays --------------------------------------------------------------------------------------------------- */

/* The kernel takes a backslash off what is after it: in a layer's name that is a colon, too. Returns the end. */
static char *put_name(char *end, const char *name)
{
    for (const char *at = name; *at; *end++ = *at++)
        if (*at == ':' || *at == '\\')
            *end++ = '\\';
    *end = '\0';
    return end;
}

/* "TOP:...:LOWEST". Memory of the caller's, or NULL. */
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
        end = put_name(end, layer->words[0]);
    }
    return text;
}

/* A directory for changes. */
static int add_directory(struct mount_plan *plan, const char *key, const char *name, struct failure *why)
{
    char *text = malloc(2 * strlen(name) + 1);

    if (!text) {
        mount_plan_free(plan);
        errno = ENOMEM;
        return fail_about(why, &step_fs_option, "%s", key);
    }
    put_name(text, name);
    int status = add_option(plan, key, text, why);
    free(text);
    return status;
}

/* upper, work: NULL: changes are not possible. */
static int make_layers(struct root_operation *operation, const char *upper, const char *work, struct failure *why)
{
    struct mount_plan plan;
    char *lower = join_layers(operation);

    plan_new(&plan, "overlay", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (!lower) {
        errno = ENOMEM;
        return fail(why, &step_operation);
    }
    int status = add_option(&plan, "lowerdir", lower, why);
    free(lower);
    if (status == 0 && upper)
        status = add_directory(&plan, "upperdir", upper, why);
    if (status == 0 && upper)
        status = add_directory(&plan, "workdir", work, why);
    return status < 0 ? -1 : done(operation, &plan, why);
}

int source_overlay(struct root_operation *operation, struct failure *why)
{
    bool writes = operation->kind == ROOT_OVERLAY;

    return make_layers(operation, writes ? operation->words[0] : NULL, operation->words[1], why);
}

/* The layer for changes is on a tmpfs that nobody sees, and that ends with the overlay. */
struct hidden {
    struct root_operation *operation;
    int tmpfs;
};

static int make_on_hidden(const struct hidden *hidden, struct failure *why)
{
    char upper[40], work[40];

    snprintf(upper, sizeof upper, "/proc/self/fd/%d/upper", hidden->tmpfs);
    snprintf(work, sizeof work, "/proc/self/fd/%d/work", hidden->tmpfs);
    return make_layers(hidden->operation, upper, work, why);
}

/* Before Linux 6.15, an overlay takes nothing that is detached (EINVAL): in a child, it is not. */
static int make_apart(void *place, int *mount, struct failure *why)
{
    const struct hidden *hidden = place;

    if (apart_attach(hidden->tmpfs) < 0)
        return fail(why, &step_operation);
    int status = make_on_hidden(hidden, why);
    *mount = hidden->operation->mount;
    return status;
}

int source_tmp_overlay(struct root_operation *operation, struct failure *why)
{
    struct hidden hidden = {operation, source_root(why)};

    if (hidden.tmpfs < 0)
        return -1;
    int status = mkdirat(hidden.tmpfs, "upper", 0755) < 0 || mkdirat(hidden.tmpfs, "work", 0755) < 0
                     ? fail(why, &step_operation)
                     : make_on_hidden(&hidden, why);
    if (status < 0 && why->err == EINVAL)
        status = apart(make_apart, &hidden, &operation->mount, why);
    close(hidden.tmpfs);
    return status;
}
