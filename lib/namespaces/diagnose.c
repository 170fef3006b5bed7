#include "namespaces/diagnose.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "system/caps.h"
#include "system/program.h"
#include "namespaces/surroundings.h"

/* --- causes and remedies: NULL where none is found --------------------------------------------------------------- */

enum { CURE = 512 };

static const char *word(char cure[CURE], const char *format, ...) __attribute__((format(printf, 2, 3)));

static const char *word(char cure[CURE], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(cure, CURE, format, arguments);
    va_end(arguments);
    return cure;
}

static const char apparmor[] =
    "AppArmor restricts unprivileged user namespaces: give bash a profile with userns, or ask for "
    "kernel.apparmor_restrict_unprivileged_userns=0";

/* namespaces(7): a limit for each type, of which that of a namespace around this one may be the one that is reached. */
static const char *why_no_more(int flags, char cure[CURE])
{
    int off = type_switched_off(flags);
    char titles[96];

    if (off)
        return word(cure, "%s namespaces are switched off: ask for user.max_%s_namespaces above 0",
                    ns_titles(off, titles, sizeof titles), nstype_of_flag(off)->file);
    return flags & CLONE_NEWUSER
               ? "a limit below /proc/sys/user/ is reached, here or in a namespace around this one, or 32 "
                 "user namespaces are nested"
               : "a limit below /proc/sys/user/ is reached, here or in a namespace around this one";
}

/* What the kernel refuses with EPERM: user_namespaces(7), unshare(2). */
static const char *why_no_user_namespace(void)
{
    if (sysctl_number("kernel/unprivileged_userns_clone") == 0 && !caps_have(CAP_SYS_ADMIN))
        return "unprivileged user namespaces are switched off: ask for kernel.unprivileged_userns_clone=1";
    if (is_chrooted())
        return "the shell is chrooted, and the kernel makes no user namespace there: use pivot_root(8) instead of chroot";
    if (is_unmapped())
        return "the shell's own user or group has no ID in the user namespace that it is in: map it there first (nsmap)";
    if (apparmor_restricts())
        return apparmor;
    return is_filtered() ? "a seccomp filter is in force and may refuse it (is this a container? allow unshare there)"
                         : NULL;
}

static const char *remedy_unshare(const struct plan *plan, int err, char cure[CURE])
{
    char titles[96];
    int missing = err == EINVAL ? type_missing(plan->create) : 0;

    if (refuses_unshare())
        return "a seccomp filter refuses unshare(2): allow it where this container is started";
    if (err == ENOSPC || err == EUSERS)
        return why_no_more(plan->create, cure);
    if (missing)
        return word(cure, "this kernel has no %s namespaces", ns_titles(missing, titles, sizeof titles));
    if (err != EPERM)
        return NULL;
    if (plan->create & CLONE_NEWUSER)
        return why_no_user_namespace();
    return caps_have(CAP_SYS_ADMIN)
               ? NULL
               : "without privilege, make a user namespace first or with it: say -r (--map-root-user)";
}

static const char *remedy_map(int err)
{
    if (err == EPERM && apparmor_restricts())
        return apparmor;
    if (err == EPERM && geteuid() == 0 && !caps_have(CAP_SETFCAP))
        return "to map user 0, root itself needs CAP_SETFCAP (Linux 5.12)";
    if (err == EPERM && !caps_have(CAP_SETUID))
        return "without privilege, only one's own ID can be mapped, once";
    if (err == EINVAL)
        return "an ID of the map is not valid here";
    return NULL;
}

/* A set-user-ID bit or file capabilities are a program's privilege. */
static bool is_privileged(const char *program)
{
    char path[PATH_MAX];
    struct stat status;

    if (!find_program(program, path, sizeof path) || stat(path, &status) < 0)
        return true; /* it was found a moment ago: no hint is better than a wrong one */
    return (status.st_mode & S_ISUID) || getxattr(path, "security.capability", NULL, 0) > 0;
}

static const char *remedy_program(const char *program, int err)
{
    if (err == ENOENT)
        return "more than one's own ID is mapped by newuidmap and newgidmap: install the package uidmap";
    if (err != ECANCELED)
        return NULL;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return "no_new_privs is set for this shell, which disables set-user-ID programs";
    if (!is_privileged(program))
        return "the program has lost its set-user-ID bit: install the package uidmap again";
    return "it maps one's own ID and those that /etc/subuid and /etc/subgid give: see getsubids(1)";
}

static const char *remedy_persist(const struct failure *failure)
{
    if (failure->err == EPERM && !caps_have(CAP_SYS_ADMIN))
        return "only who may mount can do that: join a user and mount namespace of one's own first (-rm)";
    if (failure->err == ENOENT)
        return "its directory must be there";
    return NULL;
}

static const char *remedy_join(const struct plan *plan, int err)
{
    if (refuses_setns())
        return "a seccomp filter refuses setns(2): allow it where this container is started";
    if (err == ESRCH)
        return "the target has ended";
    if (err == EPERM && !caps_have(CAP_SYS_ADMIN) && !(plan->join & CLONE_NEWUSER))
        return "without privilege, join the user namespace that owns it too: say -U (--user)";
    if (err == EPERM && (plan->join & CLONE_NEWUSER))
        return "that is for who made the user namespace, or a namespace around it, and for privileged users";
    if (err == EINVAL && (plan->join & CLONE_NEWUSER))
        return "the shell may be in this user namespace already: leave out -U (--user)";
    return NULL;
}

/* The kernel shows in a new procfs what its reader may see already: mount_too_revealing() in fs/namespace.c. */
static const char *remedy_mount_proc(const struct plan *plan, int err, char cure[CURE])
{
    char covered[CURE / 2];

    if (err == EINVAL && plan_mounts_outside(plan))
        return "it would be mounted outside, too: leave out --propagation, or name a directory that is a mount of its own";
    if (err != EPERM && err != EACCES)
        return NULL;
    if (!(plan_flags(plan) & CLONE_NEWPID) && (plan->create & CLONE_NEWUSER))
        return "a new procfs in a new user namespace needs a PID namespace with it: say -p (--pid)";
    if (proc_is_covered(covered, sizeof covered))
        return word(cure, "the present /proc is partly covered (%s), and a new one would show what is below", covered);
    return apparmor_restricts() && (plan->create & CLONE_NEWUSER) ? apparmor : NULL;
}

/* user_namespaces(7): there are no groups to set before gid_map is written. */
static const char *remedy_setgroups(const struct plan *plan)
{
    bool unmapped = (plan->create & CLONE_NEWUSER) && plan->maps.groups.ranges == 0;

    return unmapped ? "no group is mapped: say --map-group or --map-groups, or leave out --setgid"
                    : "the user namespace denies setgroups(2): leave out --setgid";
}

/* What takes a capability that a process has in a user namespace of its own. */
static const char *remedy_inside(const struct plan *plan, int err)
{
    bool refused = err == EPERM || err == EACCES;

    return refused && (plan->create & CLONE_NEWUSER) && apparmor_restricts() ? apparmor : NULL;
}

/* pid_namespaces(7): fork(2) fails like this in a namespace that has ended; where there is one, memory is rarely short. */
static const char *remedy_fork(const struct plan *plan, int err)
{
    if (err == ENOMEM && (plan->join & CLONE_NEWPID))
        return "the init of that PID namespace has ended, and with it the namespace";
    if (err == ENOMEM && children_are_elsewhere())
        return "the init of the PID namespace for this shell's children has ended, and with it the namespace";
    if (err == EAGAIN)
        return "a limit on processes is reached: see ulimit -u, or pids.max of the cgroup";
    return NULL;
}

/* The helper has just done the like, so what is refused is the way by a pidfd. */
static const char *remedy_land(int err)
{
    if (refuses_setns())
        return "a seccomp filter refuses setns(2): allow it where this container is started";
    return err == ENOSYS || err == EINVAL ? "it needs pidfd_open(2), and setns(2) with a pidfd: Linux 5.8 or newer"
                                          : NULL;
}

static const char *remedy(const struct plan *plan, const struct failure *failure, char cure[CURE])
{
    int err = failure->err;

    switch (failure->step) {
    case STEP_UNSHARE:
        return remedy_unshare(plan, err, cure);
    case STEP_UID_MAP:
    case STEP_GID_MAP:
        return remedy_map(err);
    case STEP_NEWUIDMAP:
        return remedy_program("newuidmap", err);
    case STEP_NEWGIDMAP:
        return remedy_program("newgidmap", err);
    case STEP_TIME_OFFSETS:
        return err == ERANGE ? "the clock would be before 0, or beyond what it can count" : NULL;
    case STEP_PERSIST:
        return remedy_persist(failure);
    case STEP_JOIN:
        return remedy_join(plan, err);
    case STEP_LAND:
        return remedy_land(err);
    case STEP_MOUNT_PROC:
        return remedy_mount_proc(plan, err, cure);
    case STEP_PROPAGATION:
    case STEP_HOSTNAME:
    case STEP_LOOPBACK:
    case STEP_MOUNT_BINFMT:
    case STEP_ROOT:
        return remedy_inside(plan, err);
    case STEP_FORK:
        return remedy_fork(plan, err);
    case STEP_PROC:
        return err == EMFILE ? NULL : "mount a procfs on /proc, of this PID namespace";
    case STEP_ADOPT:
        return "this shell's children are born in another PID namespace (--no-fork): move one of them, ( ) or a COMMAND";
    case STEP_OWNER:
        return err == EPERM ? "only a privileged user can make a user namespace for another" : NULL;
    case STEP_SETGROUPS:
        return err == EPERM ? remedy_setgroups(plan) : NULL;
    case STEP_KEEP_WD:
        return "go to a directory that stays accessible (cd /) first";
    default:
        return NULL;
    }
}

/* --- what failed ------------------------------------------------------------------------------------------------ */

static const char *id_text(bool follows, unsigned id, char number[16])
{
    snprintf(number, 16, "%u", id);
    return follows ? "(the target's)" : number;
}

/* "cannot ...", with the plan's own word for it where there is one. */
static void name_step(const struct plan *plan, const struct failure *failure, char *text, size_t size)
{
    static const char *const phrases[] = {
        [STEP_SOCKET] = "talk to the helper process",
        [STEP_FORK] = "fork a helper process",
        [STEP_HELPER] = "go on: the helper process was killed",
        [STEP_INTERRUPTED] = "go on: interrupted",
        [STEP_PROC] = "use /proc",
        [STEP_UID_MAP] = "write the user namespace's uid_map",
        [STEP_GID_MAP] = "write the user namespace's gid_map",
        [STEP_NEWUIDMAP] = "write the user namespace's uid_map with newuidmap",
        [STEP_NEWGIDMAP] = "write the user namespace's gid_map with newgidmap",
        [STEP_TIME_OFFSETS] = "set the clocks of the time namespace",
        [STEP_KEEP_CAPS] = "make the capabilities ambient",
        [STEP_CGROUP] = "join the target's cgroup",
        [STEP_EXEC_CONTEXT] = "set the target's SELinux context for programs",
        [STEP_FOLLOW] = "follow the target's user and group",
        [STEP_SETGROUPS_FILE] = "write the user namespace's setgroups file",
        [STEP_PROPAGATION] = "change the mount propagation of /",
        [STEP_LOOPBACK] = "bring up the loopback interface",
        [STEP_KEEP_WD] = "keep the working directory in the new namespaces",
        [STEP_KEEP_ROOT] = "keep the root directory in the new namespaces",
        [STEP_SETGROUPS] = "drop the supplementary groups",
        [STEP_ADOPT] = "supervise a shell inside",
        [STEP_LAND] = "follow the helper process into the namespaces",
    };
    char titles[96], number[16];

    switch (failure->step) {
    case STEP_UNSHARE:
        snprintf(text, size, "make a new %s namespace", ns_titles(plan->create, titles, sizeof titles));
        break;
    case STEP_JOIN:
        snprintf(text, size, "join the %s namespace", ns_titles(plan->join, titles, sizeof titles));
        break;
    case STEP_HOSTNAME:
        snprintf(text, size, "set the hostname \"%s\"", plan->hostname);
        break;
    case STEP_ROOT:
        snprintf(text, size, "change the root directory to %s", plan->root ? plan->root : "the target's");
        break;
    case STEP_WD:
        snprintf(text, size, "change the working directory to %s", plan->wd ? plan->wd : "the target's");
        break;
    case STEP_MOUNT_PROC:
        snprintf(text, size, "mount a procfs on %s", plan->mount_proc);
        break;
    case STEP_MOUNT_BINFMT:
        snprintf(text, size, "mount a binfmt_misc on %s", plan->mount_binfmt);
        break;
    case STEP_LOAD_INTERP:
        snprintf(text, size, "register the binary format \"%s\"", plan->load_interp);
        break;
    case STEP_OWNER:
        snprintf(text, size, "become user %u and group %u", (unsigned)plan->owner_uid, (unsigned)plan->owner_gid);
        break;
    case STEP_PERSIST:
        snprintf(text, size, "hold the new %s namespace in %s", ns_titles(failure->flag, titles, sizeof titles),
                 plan->persist[nstype_of_flag(failure->flag) - nstypes]);
        break;
    case STEP_SETGID:
        snprintf(text, size, "become group %s", id_text(plan->follow_gid, plan->credentials.gid, number));
        break;
    case STEP_SETUID:
        snprintf(text, size, "become user %s", id_text(plan->follow_uid, plan->credentials.uid, number));
        break;
    default:
        snprintf(text, size, "%s", phrases[failure->step]);
    }
}

/* What setns(2) refuses with EINVAL may be the user's own mistake, and then there is no more to say. */
static bool is_wrong_file(const struct plan *plan, const struct failure *failure, char *text, size_t size)
{
    int wrong = failure->step == STEP_JOIN && failure->err == EINVAL ? plan_wrong_file(plan) : -1;

    if (wrong >= 0)
        snprintf(text, size, "%s: expected a %s namespace file", plan->names[wrong], nstypes[wrong].title);
    return wrong >= 0;
}

char *diagnose(const struct plan *plan, const struct failure *failure, char *text, size_t size)
{
    char what[1024];
    char text_of_cure[CURE];

    if (is_wrong_file(plan, failure, text, size))
        return text;
    const char *cure = remedy(plan, failure, text_of_cure);
    name_step(plan, failure, what, sizeof what);
    if (failure->step == STEP_HELPER || failure->step == STEP_INTERRUPTED)
        snprintf(text, size, "cannot %s; nothing has changed", what);
    else
        snprintf(text, size, "cannot %s: %s%s%s", what,
                 failure->err == ECANCELED ? "the program failed" : strerror(failure->err), cure ? "; " : "",
                 cure ? cure : "");
    return text;
}
