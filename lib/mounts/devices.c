#include "mounts/devices.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mounts/apart.h"
#include "mounts/calls.h"
#include "mounts/detached.h"
#include "mounts/steps.h"
#include "system/descriptors.h"

static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};

static const struct {
    const char *name, *target;
} links[] = {
    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},      {"ptmx", "pts/ptmx"},
};

static const char *const directories[] = {"pts", "shm"};

static int failed(struct failure *why, const char *name)
{
    return fail_about(why, &step_device, "%s", name);
}

/* Puts a mount on an entry of the directory, and closes it. */
static int put(int dev, int mount, const char *name)
{
    int status = mount < 0 ? -1 : call_move_mount_on_entry(mount, dev, name);

    descriptor_close(mount);
    return status;
}

/* As bwrap(1) has them: nosuid, and not nodev. */
static int bind_device(const char *path)
{
    const struct attributes nosuid = {.set = MOUNT_ATTR_NOSUID};
    int mount = call_open_tree(AT_FDCWD, path, false);

    if (mount < 0 || detached_set(mount, &nosuid) == 0 || errno == ENOSYS) /* before Linux 5.12 it goes without */
        return mount;
    descriptor_close(mount);
    return -1;
}

static int put_device(int dev, const char *path, const char *name, struct failure *why)
{
    return mknodat(dev, name, S_IFREG | 0666, 0) < 0 || put(dev, bind_device(path), name) < 0 ? failed(why, name) : 0;
}

static int put_devices(int dev, struct failure *why)
{
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        char path[24];
        snprintf(path, sizeof path, "/dev/%s", devices[i]);
        if (put_device(dev, path, devices[i], why) < 0)
            return -1;
    }
    return 0;
}

/* As bwrap(1) has it: where standard output is a terminal. */
static int put_console(int dev, struct failure *why)
{
    char terminal[64];

    if (!isatty(STDOUT_FILENO) || ttyname_r(STDOUT_FILENO, terminal, sizeof terminal) != 0)
        return 0;
    return put_device(dev, terminal, "console", why);
}

static int make_entries(int dev, struct failure *why)
{
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        if (mkdirat(dev, directories[i], 0755) < 0)
            return failed(why, directories[i]);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (symlinkat(links[i].target, dev, links[i].name) < 0)
            return failed(why, links[i].name);
    return 0;
}

/* A file system with these options ("mode", "755", ..., NULL). Detached; -1 and *why. */
static int make(const char *type, const char *const options[], uint64_t attributes, struct failure *why)
{
    struct mount_plan plan;
    int mount = -1;
    bool added = true;

    mount_plan_init(&plan);
    plan.type = plan.source = type;
    plan.own.set = attributes;
    for (size_t i = 0; added && options[i]; i += 2)
        added = mount_options_add(&plan, options[i], options[i + 1]);
    if (added)
        mount = detached_make(&plan, why);
    else
        failed(why, type);
    mount_plan_free(&plan);
    return mount;
}

static int put_terminals(int dev, struct failure *why)
{
    static const char *const options[] = {"ptmxmode", "666", "mode", "620", NULL};
    int pts = make("devpts", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, why);

    if (pts < 0)
        return -1;
    return put(dev, pts, "pts") < 0 ? failed(why, "pts") : 0;
}

int devices_fill(int dev, struct failure *why)
{
    return make_entries(dev, why) < 0 || put_devices(dev, why) < 0 || put_console(dev, why) < 0
                   || put_terminals(dev, why) < 0
               ? -1
               : 0;
}

int devices_make_directory(struct failure *why)
{
    static const char *const options[] = {"mode", "755", NULL};

    return make("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, why);
}

static int make_detached(struct failure *why)
{
    int dev = devices_make_directory(why);

    if (dev < 0 || devices_fill(dev, why) == 0)
        return dev;
    close(dev);
    return -1;
}

/* In a child: on top of the root of a mount namespace that ends with it, of which a copy is taken. */
static int make_attached(void *nothing, int *tree, struct failure *why)
{
    (void)nothing;
    int dev = devices_make_directory(why);

    if (dev < 0)
        return -1;
    if (apart_attach(dev) < 0)
        return failed(why, "its own mount namespace");
    if (devices_fill(dev, why) < 0)
        return -1;
    *tree = call_open_tree(dev, "", true);
    return *tree < 0 ? failed(why, "its own mount namespace") : 0;
}

/* Before Linux 6.15, nothing is mounted into what is detached (EINVAL). */
int devices_make(struct failure *why)
{
    int dev = make_detached(why);

    if (dev < 0 && why->step == &step_device && why->err == EINVAL && apart(make_attached, NULL, &dev, why) < 0)
        return -1;
    return dev;
}
