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
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mounts/calls.h"
#include "mounts/classic.h"
#include "mounts/devices.h"
#include "mounts/idmapped.h"
#include "mounts/inside.h"
#include "mounts/steps.h"

static void close_quietly(int fd)
{
    int err = errno;

    if (fd >= 0)
        close(fd);
    errno = err;
}

/* --- a file system ---------------------------------------------------------------------------------------------- */

/*
 * The kernel's own words, one message for each read(2): "e tmpfs: Unknown parameter 'x'". The last error is what counts.
 * errno stays.
 */
static void hear(int context, struct failure *why)
{
    int err = errno;
    char text[SAID_SIZE];
    ssize_t got;

    while ((got = read(context, text, sizeof text - 1)) > 0) {
        text[got] = '\0';
        text[strcspn(text, "\n")] = '\0';
        if (strncmp(text, "e ", 2) == 0)
            snprintf(why->said, sizeof why->said, "%s", text + 2);
    }
    errno = err;
}

static int option_failed(const struct fs_option *option, int context, struct failure *why)
{
    fail_about(why, &step_fs_option, "%s%s%s", option->key, option->value ? "=" : "",
               option->value ? option->value : "");
    hear(context, why);
    return -1;
}

/* The length of an overlay's layer: up to a colon that is not after a backslash. */
static size_t layer_length(const char *layers)
{
    size_t i = 0;

    while (layers[i] && layers[i] != ':')
        i += layers[i] == '\\' && layers[i + 1] ? 2 : 1;
    return i;
}

/* fsconfig(2) takes 255 bytes, and an overlay may have many layers: "lowerdir+" takes one (Linux 6.7). */
static int add_layers(int context, const char *layers)
{
    int status = 0;

    while (status == 0 && *layers) {
        bool is_data = *layers == ':'; /* after a second colon */
        char layer[256];
        layers += is_data;
        size_t length = layer_length(layers), used = 0;
        for (size_t i = 0; i < length && used < sizeof layer - 1; i++) {
            if (layers[i] == '\\' && i + 1 < length)
                i++;
            layer[used++] = layers[i];
        }
        layer[used] = '\0';
        status = call_fsconfig(context, FSCONFIG_SET_STRING, is_data ? "datadir+" : "lowerdir+", layer, 0);
        layers += length;
        layers += *layers == ':';
    }
    return status;
}

static int set_option(const struct mount_plan *plan, int context, const struct fs_option *option)
{
    if (!option->value)
        return call_fsconfig(context, FSCONFIG_SET_FLAG, option->key, NULL, 0);
    if (strlen(option->value) > 255 && strcmp(option->key, "lowerdir") == 0 && strcmp(plan->type, "overlay") == 0)
        return add_layers(context, option->value);
    return call_fsconfig(context, FSCONFIG_SET_STRING, option->key, option->value, 0);
}

/* What the file system itself is told, new or not. */
static int configure(const struct mount_plan *plan, int context, struct failure *why)
{
    const char *access = plan->read_only ? "ro" : plan->read_write ? "rw" : NULL;

    for (size_t i = 0; i < plan->options; i++)
        if (set_option(plan, context, &plan->option[i]) < 0)
            return option_failed(&plan->option[i], context, why);
    if (access && call_fsconfig(context, FSCONFIG_SET_FLAG, access, NULL, 0) < 0)
        return option_failed(&(struct fs_option){(char *)access, NULL}, context, why);
    return 0;
}

/* An overlay in a user namespace without this could not remove a directory of a lower layer (EIO). */
static bool wants_userxattr(const struct mount_plan *plan)
{
    return strcmp(plan->type, "overlay") == 0 && !mount_option_given(plan, "userxattr")
           && !mount_option_given(plan, "metacopy") && !mount_option_given(plan, "redirect_dir")
           && idmapped_is_user_namespace();
}

static int create(const struct mount_plan *plan, int context, struct failure *why)
{
    const char *source = plan->source ? plan->source : "none";
    const struct fs_option userxattr = {(char *)"userxattr", NULL};

    if (call_fsconfig(context, FSCONFIG_SET_STRING, "source", source, 0) < 0)
        return option_failed(&(struct fs_option){(char *)"source", source}, context, why);
    if (wants_userxattr(plan) && set_option(plan, context, &userxattr) < 0)
        return option_failed(&userxattr, context, why);
    if (configure(plan, context, why) < 0)
        return -1;
    if (call_fsconfig(context, plan->exclusive ? FSCONFIG_CMD_CREATE_EXCL : FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        return 0;
    fail_about(why, &step_fs_create, "%s", plan->type);
    hear(context, why);
    return -1;
}

static int make_new(const struct mount_plan *plan, struct failure *why)
{
    int context = call_fsopen(plan->type);

    if (context < 0)
        return fail_about(why, &step_fs_create, "%s", plan->type);
    int status = create(plan, context, why);
    int mount = status < 0 ? -1 : call_fsmount(context, plan->own.set);
    if (status == 0 && mount < 0) {
        fail_about(why, &step_fs_create, "%s", plan->type);
        hear(context, why);
    }
    close_quietly(context);
    return mount;
}

/* --- a detached mount ------------------------------------------------------------------------------------------- */

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

/* Only a directory of the file system in place of all of it. Takes the mount. */
static int narrow(const struct mount_plan *plan, int mount, struct failure *why)
{
    int directory = inside_open(mount, plan->subdir, O_PATH | O_DIRECTORY);
    int part = directory < 0 ? -1 : call_open_tree(directory, "", false);

    if (part < 0)
        fail_about(why, &step_subdir, "%s", plan->subdir);
    close_quietly(directory);
    close_quietly(mount);
    return part;
}

static int set(int mount, bool recursive, const struct attributes *attributes)
{
    const struct mount_change change = {.set = attributes->set, .clear = attributes->clear};

    return attributes->set == 0 && attributes->clear == 0 ? 0 : call_mount_setattr(mount, recursive, &change);
}

int mount_set_attributes(const struct mount_plan *plan, int mount, struct failure *why)
{
    /* A new file system has its attributes from the start: whether a procfs may be mounted depends on them. */
    if ((plan->kind != MOUNT_NEW && set(mount, false, &plan->own) < 0) || set(mount, true, &plan->whole) < 0)
        return fail_about(why, &step_attributes, "%s", plan->target ? plan->target : source_name(plan));
    return plan->idmap ? idmapped_set(plan->idmap, mount, plan->recursive, why) : 0;
}

int mount_make(const struct mount_plan *plan, struct failure *why)
{
    int mount = plan->kind == MOUNT_BIND      ? make_bind(plan, why)
                : plan->kind == MOUNT_DEVICES ? devices_make(why)
                                              : make_new(plan, why);

    if (mount >= 0 && plan->subdir)
        mount = narrow(plan, mount, why);
    if (mount >= 0 && mount_set_attributes(plan, mount, why) < 0) {
        close_quietly(mount);
        return -1;
    }
    return mount;
}

/* --- in its place ----------------------------------------------------------------------------------------------- */

static int propagate(const struct mount_plan *plan, int mount, struct failure *why)
{
    for (size_t i = 0; i < plan->propagations; i++) {
        const struct mount_change change = {.propagation = plan->propagation[i] & ~(unsigned long)MS_REC};
        if (call_mount_setattr(mount, plan->propagation[i] & MS_REC, &change) < 0)
            return fail_about(why, &step_mount_propagation, "%s", plan->target);
    }
    return 0;
}

int mount_detach(int mount)
{
    char path[40];
    int err = errno;

    snprintf(path, sizeof path, "/proc/self/fd/%d", mount);
    int status = umount2(path, MNT_DETACH);
    int here = status < 0 ? open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (here >= 0 && fchdir(mount) == 0) { /* there is no /proc */
        status = umount2(".", MNT_DETACH);
        status = fchdir(here) < 0 ? -1 : status;
    }
    if (here >= 0)
        close(here);
    errno = err;
    return status;
}

int mount_attach(const struct mount_plan *plan, int mount, int target, struct failure *why)
{
    if (call_move_mount(mount, target, plan->beneath ? MOVE_MOUNT_BENEATH : 0) < 0)
        return fail_about(why, &step_attach, "%s", plan->target);
    if (propagate(plan, mount, why) == 0)
        return 0;
    mount_detach(mount);
    return -1;
}

/* --- the target ------------------------------------------------------------------------------------------------- */

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

static bool is_file(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode);
}

int mount_open_target(const struct mount_plan *plan, bool file, struct made *made, struct failure *why)
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
    close_quietly(root);
    return target;
}

/* --- the kinds of plans ----------------------------------------------------------------------------------------- */

static int attach_new(const struct mount_plan *plan, struct failure *why)
{
    struct made made = {0};
    int mount = mount_make(plan, why);

    if (mount < 0)
        return -1;
    int target = mount_open_target(plan, is_file(mount), &made, why);
    int status = target < 0 ? -1 : plan->check ? 0 : mount_attach(plan, mount, target, why);
    close_quietly(target);
    close_quietly(mount);
    if (status < 0 || plan->check)
        inside_unmake(&made);
    else
        inside_keep(&made);
    return status;
}

static int move(const struct mount_plan *plan, struct failure *why)
{
    struct made made = {0};
    int source = open(plan->source, O_PATH | O_CLOEXEC);

    if (source < 0)
        return fail_about(why, &step_move, "%s", plan->source);
    int target = mount_open_target(plan, is_file(source), &made, why);
    int status = target < 0 || plan->check ? target : call_move_mount(source, target, plan->beneath ? MOVE_MOUNT_BENEATH : 0);
    if (target >= 0 && status < 0)
        fail_about(why, &step_move, "%s", plan->source);
    if (target >= 0 && status == 0)
        status = propagate(plan, source, why);
    close_quietly(target);
    close_quietly(source);
    if (status < 0 || plan->check)
        inside_unmake(&made);
    else
        inside_keep(&made);
    return status < 0 ? -1 : 0;
}

/* Attributes can be taken back, what a file system was told cannot: so that comes last. */
static int reconfigure(const struct mount_plan *plan, int target, struct failure *why)
{
    int context = call_fspick(target);

    if (context < 0)
        return fail_about(why, &step_remount, "%s", plan->target);
    int status = configure(plan, context, why);
    if (status == 0 && !plan->check && call_fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0) {
        status = fail_about(why, &step_remount, "%s", plan->target);
        hear(context, why);
    }
    close_quietly(context);
    return status;
}

/* A remount tells the file system only what was said for it. */
static int change_there(const struct mount_plan *plan, struct failure *why)
{
    int target = mount_open_target(plan, false, NULL, why);
    bool tells = plan->kind == MOUNT_REMOUNT && (plan->options > 0 || plan->read_only || plan->read_write);
    int status = target < 0 ? -1 : 0;

    if (status == 0 && tells)
        status = reconfigure(plan, target, why);
    if (status == 0 && !plan->check)
        status = mount_set_attributes(plan, target, why);
    if (status == 0 && !plan->check)
        status = propagate(plan, target, why);
    close_quietly(target);
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
