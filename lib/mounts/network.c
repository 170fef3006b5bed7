#include "mounts/network.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "mounts/calls.h"
#include "mounts/mount.h"
#include "mounts/steps.h"
#include "namespaces/netns.h"
#include "system/descriptors.h"

/* The same failure, in the words of what is done here: who asked for a name has said nothing of mounts. */
static int fail_with(struct failure *why, const struct step *step, const char *about)
{
    why->step = step;
    snprintf(why->about, sizeof why->about, "%.*s", ABOUT_SIZE - 1, about);
    return -1;
}

/* Over the present one, which in a user namespace cannot be taken away. One that is read-only stays so. */
static int show_sys(const char *name, struct failure *why)
{
    struct mount_plan plan;
    struct statvfs present;

    mount_plan_init(&plan);
    plan.type = "sysfs";
    plan.source = name;
    plan.target = "/sys";
    plan.own.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    if (statvfs(plan.target, &present) == 0 && (present.f_flag & ST_RDONLY))
        plan.own.set |= MOUNT_ATTR_RDONLY;
    return mount_carry_out(&plan, why) < 0 ? fail_with(why, &step_show_sys, "") : 0;
}

static bool is_gone(int directory, const char *name)
{
    struct stat status;

    return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

/*
 * Whatever it is, it is not opened for reading. It is bound by its descriptor, since one of these files may come to cover
 * /etc/netns. One that has gone since the directory was read is none of them.
 */
static int show_file(int directory, const char *path, const char *name, struct failure *why)
{
    char source[sizeof "/etc/netns//" + NAME_MAX + NAME_MAX], target[sizeof "/etc/" + NAME_MAX];
    struct mount_plan plan;

    snprintf(source, sizeof source, "%s/%s", path, name);
    snprintf(target, sizeof target, "/etc/%s", name);
    mount_plan_init(&plan);
    plan.kind = MOUNT_BIND;
    plan.source = source;
    plan.target = target;
    plan.source_fd = openat(directory, name, O_PATH | O_CLOEXEC);
    if (plan.source_fd < 0)
        return errno == ENOENT && is_gone(directory, name) ? 0 : fail_about(why, &step_read_etc, "%s", source);
    int status = mount_carry_out(&plan, why) < 0 ? fail_with(why, &step_show_etc, source) : 0;
    descriptor_close(plan.source_fd);
    return status;
}

static int show_files(DIR *directory, const char *path, struct failure *why)
{
    const struct dirent *entry;
    int status = 0;

    while (status == 0 && (errno = 0, entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = show_file(dirfd(directory), path, entry->d_name, why);
    return status == 0 && errno != 0 ? fail_about(why, &step_read_etc, "%s", path) : status;
}

static int show_etc(const char *name, struct failure *why)
{
    char path[sizeof "/etc/netns/" + NAME_MAX];

    snprintf(path, sizeof path, "/etc/netns/%s", name);
    DIR *directory = opendir(path);
    if (!directory)
        return errno == ENOENT ? 0 : fail_about(why, &step_read_etc, "%s", path);
    int status = show_files(directory, path, why);
    closedir(directory);
    return status;
}

int network_show(const struct plan *plan, void *file, const sigset_t *awake, struct failure *why)
{
    const char *name = netns_name(file);

    (void)plan;
    (void)awake;
    return show_sys(name, why) < 0 ? -1 : show_etc(name, why);
}
