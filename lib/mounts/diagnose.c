#include "mounts/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "mounts/calls.h"
#include "mounts/idmapped.h"
#include "mounts/place.h"
#include "mounts/plan.h"
#include "mounts/table.h"
#include "namespaces/nsref.h"
#include "sentence.h"
#include "system/caps.h"
#include "system/descriptors.h"
#include "system/surroundings.h"

/* Whether the user namespace in which the shell's capabilities are is the one that owns its mount namespace. */
static bool may_mount(void)
{
    int mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    int owner = mounts < 0 ? -1 : nsref_owner(mounts);
    bool own = mounts < 0 || (owner >= 0 && nsref_is_own(owner, nstype_of_flag(CLONE_NEWUSER)));

    descriptor_close(owner);
    descriptor_close(mounts);
    return own && caps_have(CAP_SYS_ADMIN);
}

/* What binds who has the right to mount, too. landlock(7): who is in such a domain changes no mount. */
static const char *why_forbidden(void)
{
    if (refuses_mount())
        return "a seccomp filter refuses mount(2): allow it where this container is started";
    return is_forbidden_to_mount()
               ? "a Landlock domain that restricts files forbids it, or a seccomp filter: mount before setpriv_ns"
               : NULL;
}

/* fsopen(2), open_tree(2) and mount(2) want CAP_SYS_ADMIN in the user namespace of the mount namespace. */
static const char *why_not_allowed(void)
{
    return may_mount() ? why_forbidden()
                       : "one mounts in a mount namespace of one's own: unshare_ns -m, or -rm without privilege, first";
}

/* Where mount(2) cannot do it either. */
static const char too_old[] =
    "it takes calls that this kernel, or a seccomp filter, does not have (mount_setattr(2), Linux 5.12)";

static const char *remedy_allowed(struct diagnosis *of)
{
    return of->failure->err == EPERM ? why_not_allowed() : NULL;
}

/* --- file systems ----------------------------------------------------------------------------------------------- */

/* What a file system shows belongs to a namespace, which must be the mounter's own; or it was not always for everybody. */
static const struct {
    const char *type, *cure;
} in_user_namespace[] = {
    {"proc", "a new procfs needs a PID namespace of one's own: unshare_ns -p first"},
    {"sysfs", "a new sysfs needs a network namespace of one's own: unshare_ns -n first"},
    {"mqueue", "a new mqueue needs an IPC namespace of one's own: unshare_ns -i first"},
    {"cgroup2", "a new cgroup2 needs a cgroup namespace of one's own: unshare_ns -C first"},
    {"cgroup", "a new cgroup needs a cgroup namespace of one's own: unshare_ns -C first"},
    {"overlay", "in a user namespace, an overlay takes Linux 5.11"},
};

static const char *why_not_in_user_namespace(const char *type, struct diagnosis *of)
{
    char covered[CURE_SIZE / 2];

    if (strcmp(type, "proc") == 0 && proc_is_covered(covered, sizeof covered))
        return sentence_cure(of,
                             "the present /proc is partly covered (%s), and a new one would show what is below; "
                             "bind it with --rbind",
                             covered);
    for (size_t i = 0; i < sizeof in_user_namespace / sizeof *in_user_namespace; i++)
        if (strcmp(type, in_user_namespace[i].type) == 0)
            return in_user_namespace[i].cure;
    return sentence_cure(of, "%s may not be mounted in a user namespace: its data is not checked against who made it",
                         type);
}

/* "overlay: option=PATH" that is no directory; NULL: all are. */
static const char *missing_layer(const struct mount_plan *plan, struct diagnosis *of)
{
    static const char *const keys[] = {"upperdir", "workdir"};
    struct stat status;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *path = mount_option(plan, keys[i]);
        if (path && (stat(path, &status) < 0 || !S_ISDIR(status.st_mode)))
            return sentence_cure(of, "%s=%s is no directory", keys[i], path);
    }
    return NULL;
}

static const char *missing_lower(const struct mount_plan *plan, struct diagnosis *of)
{
    const char *at = mount_option(plan, "lowerdir");
    struct stat status;

    for (size_t length; at && *at; at += length + (at[length] == ':')) {
        char path[CURE_SIZE / 2];
        length = strcspn(at, ":");
        snprintf(path, sizeof path, "%.*s", (int)length, at);
        if (length > 0 && !strchr(path, '\\') && (stat(path, &status) < 0 || !S_ISDIR(status.st_mode)))
            return sentence_cure(of, "lowerdir=%s is no directory", path);
    }
    return NULL;
}

static bool is_on_overlay(const char *path)
{
    struct statfs fs;

    return statfs(path, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

/* A lower directory of which a part is covered by a mount that the user namespace may not look under. */
static const char *mounted_below_lower(const struct mount_plan *plan, struct diagnosis *of)
{
    struct mount_table table;
    struct failure ignored;
    const char *cure = NULL;
    char *lower = mount_option(plan, "lowerdir") ? realpath(mount_option(plan, "lowerdir"), NULL) : NULL;

    if (lower && idmapped_is_user_namespace() && mount_table_read(&table, &ignored) == 0) {
        size_t length = strcmp(lower, "/") == 0 ? 0 : strlen(lower);
        for (size_t i = 0; !cure && i < table.count; i++)
            if (strncmp(table.entries[i].target, lower, length) == 0 && table.entries[i].target[length] == '/'
                && table.entries[i].target[length + 1])
                cure = sentence_cure(of, "%s is mounted below lowerdir=%s, and came from outside of the user namespace",
                                     table.entries[i].target, lower);
        mount_table_free(&table);
    }
    free(lower);
    return cure;
}

/* The kernel tells its log what an overlay fails for, and nobody else. */
static const char *why_no_overlay(const struct mount_plan *plan, struct diagnosis *of)
{
    const char *upper = mount_option(plan, "upperdir"), *work = mount_option(plan, "workdir");
    struct stat a, b;
    const char *cure = missing_lower(plan, of);

    if (!cure)
        cure = missing_layer(plan, of);
    if (cure)
        return cure;
    if (!mount_option_given(plan, "lowerdir") && !mount_option_given(plan, "lowerdir+"))
        return "an overlay needs at least one lowerdir=";
    if (upper && !work)
        return "with upperdir= goes workdir=, an empty directory of the same file system";
    if (upper && stat(upper, &a) == 0 && stat(work, &b) == 0 && a.st_dev != b.st_dev)
        return "upperdir and workdir must be on one mount of one file system";
    if (mount_option_given(plan, "userxattr")
        && (mount_option_given(plan, "metacopy") || mount_option_given(plan, "redirect_dir")))
        return "userxattr goes with neither metacopy nor redirect_dir";
    if (upper && is_on_overlay(upper))
        return "upperdir must not be on an overlay itself: a tmpfs will do";
    return of->failure->err == EINVAL ? mounted_below_lower(plan, of) : NULL;
}

/* The attributes are looked at before the descriptor. */
static const char *unknown_attribute(const struct mount_plan *plan)
{
    return plan && plan->own.set & MOUNT_ATTR_NOSYMFOLLOW && call_fsmount(-1, MOUNT_ATTR_NOSYMFOLLOW) < 0
                   && errno == EINVAL
               ? "nosymfollow takes Linux 5.14"
               : NULL;
}

static const char *remedy_create(struct diagnosis *of)
{
    const struct mount_plan *plan = of->wanted;
    int err = of->failure->err;
    const char *type = of->failure->about;
    char helper[80];

    snprintf(helper, sizeof helper, "/sbin/mount.%.60s", type);
    if (access(helper, X_OK) == 0)
        return sentence_cure(of, "it has a program of its own, %s: run mount(8)", helper);
    if (err == ENODEV && !*of->failure->said)
        return "the kernel knows no such type: see /proc/filesystems";
    if (err == EPERM && (!may_mount() || refuses_mount()))
        return why_not_allowed();
    if (err == EPERM && idmapped_is_user_namespace())
        return why_not_in_user_namespace(type, of);
    if (err == EROFS || err == EACCES)
        return "what it is on may be read-only: say -r";
    if (err == EBUSY && plan && plan->exclusive)
        return "it is mounted already, which --exclusive refuses";
    if (err == EOPNOTSUPP && plan && plan->exclusive)
        return "--exclusive takes Linux 6.6";
    const char *unknown = err == EINVAL ? unknown_attribute(plan) : NULL;
    if (unknown)
        return unknown;
    return plan && strcmp(type, "overlay") == 0 ? why_no_overlay(plan, of) : NULL;
}

/* --- what is bound, moved, changed --------------------------------------------------------------------------------- */

static const char *remedy_bind(struct diagnosis *of)
{
    const struct mount_plan *plan = of->wanted;
    int err = of->failure->err;

    if (err == ENOSYS)
        return too_old;
    if (err == EPERM)
        return why_not_allowed();
    if (err == EINVAL && plan && !plan->recursive && idmapped_is_user_namespace())
        return "what came from outside of the user namespace is bound with all that is mounted below it: say --rbind";
    return err == EINVAL
               ? "it may be unbindable, of another mount namespace, or have locked mounts below it (say --rbind)"
               : NULL;
}

static const char *remedy_move(struct diagnosis *of)
{
    int err = of->failure->err;

    if (err == EPERM)
        return why_not_allowed();
    return err == EINVAL
               ? "only a mount point can be moved, off a mount that is not shared, and none that came from outside "
                 "of the user namespace"
               : NULL;
}

static const char *not_a_mount_point(const struct mount_plan *plan, const char *otherwise)
{
    struct made *none = NULL;
    struct failure ignored;
    int target = plan ? place_open(plan, false, &none, &ignored) : -1;
    bool is = target >= 0 && mount_is_root(target);

    descriptor_close(target);
    return is ? otherwise : "it must be a mount point";
}

static const char *remedy_attributes(struct diagnosis *of)
{
    int err = of->failure->err;

    if (err == EPERM && may_mount())
        return "a mount that came from outside of the user namespace keeps its ro, nosuid, nodev, noexec and atime: none of "
               "them is cleared";
    if (err == EINVAL)
        return not_a_mount_point(of->wanted, unknown_attribute(of->wanted));
    if (err == EBUSY)
        return "a file is open there for writing";
    if (err == ENOSYS)
        return too_old;
    return remedy_allowed(of);
}

static const char *remedy_idmap(struct diagnosis *of)
{
    if (of->failure->err == EINVAL)
        return "the file system may not support it, is mapped already, or the user namespace is the first one";
    return of->failure->err == EPERM
               ? "only a file system that was mounted in this user namespace is mapped by a child of it"
               : NULL;
}

/* --- the target ------------------------------------------------------------------------------------------------- */

static const char *remedy_target(struct diagnosis *of)
{
    const struct mount_plan *plan = of->wanted;
    int err = of->failure->err;

    if (err == ENOENT && plan && plan->make)
        return "a symbolic link on the way leads to nothing";
    if (err == ENOENT && plan && plan->kind < MOUNT_REMOUNT)
        return "say -m (--mkdir) to make it";
    if (err == EXDEV)
        return "what leads out of --root is not followed";
    return NULL;
}

/* The flags are looked at first. */
static bool knows_beneath(void)
{
    return call_move_mount(-1, -1, MOVE_MOUNT_BENEATH) == 0 || errno != EINVAL;
}

static const char *remedy_attach(struct diagnosis *of)
{
    const struct mount_plan *plan = of->wanted;
    int err = of->failure->err;

    if (err == EPERM)
        return why_not_allowed();
    if (plan && plan->beneath && !knows_beneath())
        return "--beneath takes Linux 6.5";
    if (plan && plan->beneath)
        return "beneath needs a mount point that is not the root, and whose parent does not pass the mount on";
    if (err == ENOTDIR || err == EINVAL)
        return "a directory goes on a directory and a file on a file, in this mount namespace";
    return NULL;
}

static const char *remedy_remount(struct diagnosis *of)
{
    const struct mount_plan *plan = of->wanted;
    const char *forbidden = of->failure->err == EPERM ? why_forbidden() : NULL;

    if (forbidden)
        return forbidden;
    if (of->failure->err == EPERM && may_mount())
        return "its file system belongs to another user namespace; the mount itself is changed by -o bind,remount";
    if (of->failure->err == EINVAL && plan && !*of->failure->said)
        return not_a_mount_point(plan, "its file system refuses an option: dmesg(1) may tell why");
    return remedy_allowed(of);
}

static const char *remedy_unmount(struct diagnosis *of)
{
    int err = of->failure->err;

    if (err == EBUSY && strstr(of->failure->said, "mounted"))
        return "say -R to unmount that too";
    if (err == EBUSY)
        return "say -l to take it away now; it ends when it is free";
    if (err == EINVAL && idmapped_is_user_namespace())
        return "what came from outside of the user namespace is not taken apart: its topmost mount goes as a whole";
    return remedy_allowed(of);
}

/* --- a new root -------------------------------------------------------------------------------------------------- */

static const char *remedy_root_target(struct diagnosis *of)
{
    int err = of->failure->err;

    if (err == EROFS)
        return "it must be there already where the root, or a mount in it, is read-only: bind that first, without ro";
    if (err == EEXIST)
        return "it is there already: --bind-data or --ro-bind-data covers a file";
    return err == EXDEV ? "a link of procfs to elsewhere is not followed" : NULL;
}

static const char *remedy_pivot(struct diagnosis *of)
{
    if (refuses_setns())
        return "a seccomp filter refuses setns(2): allow it where this container is started";
    return of->failure->err == EPERM ? why_not_allowed() : NULL;
}

static const char *remedy_apart(struct diagnosis *of)
{
    return of->failure->err == ECHILD ? "it was killed; with --namespace, look whether it had done it" : NULL;
}

/* --- a network namespace by its name ------------------------------------------------------------------------------ */

static const char *remedy_show_sys(struct diagnosis *of)
{
    if (of->failure->err != EPERM)
        return NULL;
    return may_mount() ? "the present /sys may be partly covered, and a new one would show what is below; "
                         "--net=/run/netns/NAME does without"
                       : why_not_allowed();
}

static const char *remedy_show_etc(struct diagnosis *of)
{
    const char *name = strrchr(of->failure->about, '/');
    int err = of->failure->err;

    if (err == ENOENT && name)
        return sentence_cure(of, "make /etc%s, which it is to cover, or remove the file", name);
    return err == ENOTDIR || err == EINVAL ? "a directory goes on a directory and a file on a file" : NULL;
}

/* --- the steps --------------------------------------------------------------------------------------------------- */

const struct step step_fs_create = {.phrase = "mount a file system of type %s", .remedy = remedy_create};
const struct step step_fs_option = {.phrase = "give the file system the option %s"};
const struct step step_remount = {.phrase = "remount %s", .remedy = remedy_remount};
const struct step step_bind = {.phrase = "bind %s", .remedy = remedy_bind};
const struct step step_move = {.phrase = "move %s", .remedy = remedy_move};
const struct step step_subdir = {.phrase = "find the directory %s in the file system"};
const struct step step_attributes = {.phrase = "set the attributes of %s", .remedy = remedy_attributes};
const struct step step_idmap = {.phrase = "map the owners of files by %s", .remedy = remedy_idmap};
const struct step step_target_root = {.phrase = "open the root %s"};
const struct step step_target = {.phrase = "mount on %s", .remedy = remedy_target};
const struct step step_make_target = {.phrase = "make %s to mount on it", .remedy = remedy_target};
const struct step step_once = {.phrase = "mount on %s",
                               .cure = "it is mounted there already, which --onlyonce refuses"};
const struct step step_attach = {.phrase = "mount on %s", .remedy = remedy_attach};
const struct step step_mount_propagation = {.phrase = "change the propagation of %s", .remedy = remedy_attributes};
const struct step step_device = {.phrase = "make %s in the new /dev"};
const struct step step_unmount = {.phrase = "unmount %s", .remedy = remedy_unmount};
const struct step step_not_mounted = {.phrase = "cannot unmount %s: it is not mounted", .whole = true};
const struct step step_mount_table = {.phrase = "read the mount table", .cure = "mount a procfs on /proc"};
const struct step step_apart = {.phrase = "do a part of it in a child process", .remedy = remedy_apart};
const struct step step_mount_namespace = {.phrase = "go to the mount namespace of %s"};
const struct step step_show_sys = {.phrase = "mount the network namespace's sysfs on /sys", .remedy = remedy_show_sys};
const struct step step_read_etc = {.phrase = "read %s"};
const struct step step_show_etc = {.phrase = "bind %s on its file in /etc", .remedy = remedy_show_etc};
const struct step step_operation = {.remedy = remedy_allowed};
const struct step step_root_target = {.phrase = "make or open %s in the new root", .remedy = remedy_root_target};
const struct step step_root_mode = {.phrase = "set the mode of %s"};
const struct step step_root_file = {.phrase = "write %s"};
const struct step step_root_data = {.phrase = "read descriptor %s"};
const struct step step_pivot = {.phrase = "make it the root", .remedy = remedy_pivot};
const struct step step_old_root = {.phrase = "let go of the old root"};
