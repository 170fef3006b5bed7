#include "mounts/filesystem.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "mounts/calls.h"
#include "mounts/idmapped.h"
#include "mounts/steps.h"
#include "system/descriptors.h"

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

/* The length of an overlay's layer: up to a colon that is not after a backslash. */
static size_t layer_length(const char *layers)
{
    size_t i = 0;

    while (layers[i] && layers[i] != ':')
        i += layers[i] == '\\' && layers[i + 1] ? 2 : 1;
    return i;
}

enum { VALUE_MAX = 255 }; /* what fsconfig(2) takes */

/* A directory of an overlay, of which `length` bytes are the name. A long one is told by a descriptor (Linux 6.13). */
static int set_directory(int context, const char *key, const char *name, size_t length)
{
    char plain[PATH_MAX];
    size_t used = 0;

    for (size_t i = 0; i < length && used < sizeof plain - 1; i++) {
        if (name[i] == '\\' && i + 1 < length)
            i++;
        plain[used++] = name[i];
    }
    plain[used] = '\0';
    if (used <= VALUE_MAX)
        return call_fsconfig(context, FSCONFIG_SET_STRING, key, plain, 0);
    errno = ENAMETOOLONG;
    int directory = used < sizeof plain - 1 ? open(plain, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    int status = directory < 0 ? -1 : call_fsconfig(context, FSCONFIG_SET_FD, key, NULL, directory);
    descriptor_close(directory);
    return status;
}

/* An overlay may have many layers: "lowerdir+" takes one (Linux 6.7). */
static int add_layers(int context, const char *layers)
{
    int status = 0;

    while (status == 0 && *layers) {
        bool is_data = *layers == ':'; /* after a second colon */
        layers += is_data;
        size_t length = layer_length(layers);
        status = set_directory(context, is_data ? "datadir+" : "lowerdir+", layers, length);
        layers += length;
        layers += *layers == ':';
    }
    return status;
}

static bool is_overlay(const struct mount_plan *plan)
{
    return plan->type && strcmp(plan->type, "overlay") == 0;
}

static int set(const struct mount_plan *plan, int context, const char *key, const char *value)
{
    if (!value)
        return call_fsconfig(context, FSCONFIG_SET_FLAG, key, NULL, 0);
    if (is_overlay(plan) && strlen(value) > VALUE_MAX && strcmp(key, "lowerdir") == 0)
        return add_layers(context, value);
    if (is_overlay(plan) && strlen(value) > VALUE_MAX && (strcmp(key, "upperdir") == 0 || strcmp(key, "workdir") == 0))
        return set_directory(context, key, value, strlen(value));
    return call_fsconfig(context, FSCONFIG_SET_STRING, key, value, 0);
}

static int set_option(const struct mount_plan *plan, int context, const char *key, const char *value,
                      struct failure *why)
{
    if (set(plan, context, key, value) == 0)
        return 0;
    fail_about(why, &step_fs_option, "%s%s%s", key, value ? "=" : "", value ? value : "");
    hear(context, why);
    /* Before Linux 6.7: mount(2) takes a page. Before 6.5, it alone takes a comma, which is after a backslash there. */
    if (strstr(why->said, "'lowerdir+'") || (is_overlay(plan) && value && strstr(value, "\\,")))
        why->err = ENOSYS;
    return -1;
}

/* Before Linux 6.5, an overlay looks at its options when it is made, and says nothing of what it does not know. */
static bool takes_mount(const struct mount_plan *plan)
{
    const char *lower = is_overlay(plan) ? mount_option(plan, "lowerdir") : NULL;

    return lower && strlen(lower) > VALUE_MAX;
}

/* What the file system itself is told, new or not. */
static int configure(const struct mount_plan *plan, int context, struct failure *why)
{
    const char *access = plan->read_only ? "ro" : plan->read_write ? "rw" : NULL;

    for (const struct fs_option *option = plan->options; option; option = option->next)
        if (set_option(plan, context, option->key, option->value, why) < 0)
            return -1;
    return access ? set_option(plan, context, access, NULL, why) : 0;
}

bool fs_wants_userxattr(const struct mount_plan *plan)
{
    return strcmp(plan->type, "overlay") == 0 && !mount_option_given(plan, "userxattr")
           && !mount_option_given(plan, "metacopy") && !mount_option_given(plan, "redirect_dir")
           && idmapped_is_user_namespace();
}

static int create(const struct mount_plan *plan, int context, struct failure *why)
{
    if (set_option(plan, context, "source", plan->source ? plan->source : "none", why) < 0
        || (fs_wants_userxattr(plan) && set_option(plan, context, "userxattr", NULL, why) < 0)
        || configure(plan, context, why) < 0)
        return -1;
    if (call_fsconfig(context, plan->exclusive ? FSCONFIG_CMD_CREATE_EXCL : FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        return 0;
    fail_about(why, &step_fs_create, "%s", plan->type);
    hear(context, why);
    if (why->err == EINVAL && !*why->said && takes_mount(plan))
        why->err = ENOSYS;
    return -1;
}

int fs_make(const struct mount_plan *plan, struct failure *why)
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
    descriptor_close(context);
    return mount;
}

int fs_pick(const struct mount_plan *plan, int target, struct failure *why)
{
    int context = call_fspick(target);

    if (context < 0)
        return fail_about(why, &step_remount, "%s", plan->target);
    if (configure(plan, context, why) == 0)
        return context;
    descriptor_close(context);
    return -1;
}

int fs_reconfigure(const struct mount_plan *plan, int context, struct failure *why)
{
    if (call_fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) == 0)
        return 0;
    fail_about(why, &step_remount, "%s", plan->target);
    hear(context, why);
    return -1;
}
