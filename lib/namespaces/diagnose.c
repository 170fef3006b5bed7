#include "namespaces/steps.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "namespaces/limits.h"
#include "namespaces/plan.h"
#include "sentence.h"
#include "system/caps.h"
#include "system/descriptors.h"
#include "system/program.h"
#include "system/surroundings.h"

static const char apparmor[] =
    "AppArmor restricts unprivileged user namespaces: give bash a profile with userns, or ask for "
    "kernel.apparmor_restrict_unprivileged_userns=0";

/* namespaces(7): a limit for each type, of which that of a namespace around this one may be the one that is reached. */
static const char *why_no_more(int flags, struct diagnosis *of)
{
    int off = type_switched_off(flags);
    char titles[96];

    if (off)
        return sentence_cure(of, "%s namespaces are switched off: ask for user.max_%s_namespaces above 0",
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

static const char *remedy_unshare(struct diagnosis *of)
{
    const struct plan *plan = of->wanted;
    int err = of->failure->err;
    char titles[96];
    int missing = err == EINVAL ? type_missing(plan->create) : 0;

    if (refuses_unshare())
        return "a seccomp filter refuses unshare(2): allow it where this container is started";
    if (err == ENOSPC || err == EUSERS)
        return why_no_more(plan->create, of);
    if (missing)
        return sentence_cure(of, "this kernel has no %s namespaces", ns_titles(missing, titles, sizeof titles));
    if (err != EPERM)
        return NULL;
    if (plan->create & CLONE_NEWUSER)
        return why_no_user_namespace();
    return caps_have(CAP_SYS_ADMIN)
               ? NULL
               : "without privilege, make a user namespace first or with it: say -r (--map-root-user)";
}

static const char *remedy_map(struct diagnosis *of)
{
    int err = of->failure->err;

    if (err == EPERM && apparmor_restricts())
        return apparmor;
    if (err == EPERM && geteuid() == 0 && !caps_have(CAP_SETFCAP))
        return "to map user 0, root itself needs CAP_SETFCAP (Linux 5.12)";
    if (err == EPERM && !caps_have(CAP_SETUID))
        return "without privilege, only one's own ID can be mapped, once";
    if (err == EINVAL)
        return "an ID of the map is not valid here";
    if (err == EACCES && prctl(PR_GET_DUMPABLE) != 1)
        return "the shell has changed its user, whose processes may not look into it since: make the user namespace before "
               "that, or in a new shell";
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

static const char *remedy_program(struct diagnosis *of)
{
    const char *program = of->failure->step == &step_newuidmap ? "newuidmap" : "newgidmap";
    int err = of->failure->err;

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

/* A file is made where there is none, but not through a symbolic link, behind which it may be anywhere. */
static bool is_link_to_nothing(const char *file)
{
    struct stat status;

    return file && lstat(file, &status) == 0 && S_ISLNK(status.st_mode) && stat(file, &status) < 0;
}

static const char *remedy_persist(struct diagnosis *of)
{
    const struct plan *plan = of->wanted;

    if (of->failure->err == EPERM && !caps_have(CAP_SYS_ADMIN))
        return "only who may mount there can do that: say unshare_ns -rm first, in a call of its own";
    if (of->failure->err == EEXIST && plan->new_name)
        return "nsenter_ns --netns enters what has that name; ip netns delete takes it away";
    if (of->failure->err != ENOENT)
        return NULL;
    for (size_t i = 0; i < NS_TYPES; i++)
        if (is_link_to_nothing(plan->persist[i]))
            return sentence_cure(of, "%s is a symbolic link to nothing: make the file, or remove the link",
                                 plan->persist[i]);
    return "its directory must be there";
}

/* What is to be joined of a type, for the caller to close; -1: that cannot be told. */
static int open_to_join(const struct plan *plan, const struct nstype *type)
{
    int file = plan->files[type - nstypes];

    return file >= 0 ? nsref_open_fd(file) : target_namespace(&plan->target, type);
}

static bool joins_own(const struct plan *plan, const struct nstype *type)
{
    int fd = open_to_join(plan, type);
    bool own = fd >= 0 && nsref_is_own(fd, type);

    descriptor_close(fd);
    return own;
}

static const char outside[] =
    "it belongs to a user namespace around this one, or beside it: join it first, and then enter this one";

/* The number that the kernel gives the user namespace of the machine: PROC_USER_INIT_INO. */
static bool is_of_machine(int user_namespace)
{
    struct stat status;

    return fstat(user_namespace, &status) == 0 && status.st_ino == 0xEFFFFFFD;
}

static const char *name_maker(int user_namespace, struct diagnosis *of)
{
    unsigned user;

    if (nsref_maker(user_namespace, &user) < 0 || user == geteuid())
        return NULL;
    return sentence_cure(of, "that is for user %u, who made its user namespace, and for root", user);
}

/* Of a user namespace below the one in which the shell is. */
static const char *why_not_below(int user_namespace, struct diagnosis *of)
{
    const struct plan *plan = of->wanted;
    const char *why = name_maker(user_namespace, of);

    if (why || (plan->join & CLONE_NEWUSER))
        return why;
    return plan->target.pid == 0 ? "without privilege, join the user namespace that owns it too: say --user-parent"
                                 : "without privilege, join the user namespace that owns it too: say -U (--user)";
}

/*
 * Each may be joined by who has CAP_SYS_ADMIN in the user namespace that owns it, a user namespace by who made it, too. Whose
 * it is, the kernel tells of what is in the asker's user namespace, or below: ioctl_ns(2).
 */
static const char *why_not_type(int fd, const struct nstype *type, struct diagnosis *of)
{
    int owner = nsref_owner(fd);
    bool own = owner >= 0 && nsref_is_own(owner, nstype_of_flag(CLONE_NEWUSER));
    const char *why = NULL;

    if (owner < 0 && errno != EPERM)
        return NULL;
    if (type->flag == CLONE_NEWUSER)
        why = owner < 0 ? "it is a user namespace around this one, or beside it, where nothing leads from inside"
                        : name_maker(fd, of);
    else if ((owner < 0 || !caps_have(CAP_SYS_ADMIN)) && nsref_is_own(fd, type))
        why = sentence_cure(of, "the shell is in this %s namespace already: leave out -%c (--%s)", type->title,
                            type->letter, type->name);
    else if (owner < 0)
        why = outside;
    else if (own && !caps_have(CAP_SYS_ADMIN))
        why = is_of_machine(owner) ? "it is the machine's: that takes root"
                                   : "the shell is in the user namespace that owns it, without privilege there: be its "
                                     "root, or enter it with --keep-caps";
    else if (!own && !caps_have(CAP_SYS_ADMIN))
        why = why_not_below(owner, of);
    descriptor_close(owner);
    return why;
}

static const char *why_not_allowed(struct diagnosis *of)
{
    const struct plan *plan = of->wanted;
    const char *why = NULL;

    for (size_t i = 0; !why && i < NS_TYPES; i++) {
        if (!(plan->join & nstypes[i].flag))
            continue;
        int fd = open_to_join(plan, &nstypes[i]);
        if (fd < 0 && errno == EACCES)
            return caps_have(CAP_SYS_ADMIN)
                       ? outside
                       : "its process is not for this user to look into: that takes its user, or root";
        why = fd < 0 ? NULL : why_not_type(fd, &nstypes[i], of);
        descriptor_close(fd);
    }
    return why;
}

/* The kernel lets nobody gain capabilities by joining again the user namespace that he is in: setns(2). */
static const char *why_not_valid(const struct plan *plan)
{
    if (!(plan->join & CLONE_NEWUSER) || !joins_own(plan, nstype_of_flag(CLONE_NEWUSER)))
        return NULL;
    return plan->join == CLONE_NEWUSER ? "the shell is in this user namespace already, and cannot join it again"
                                       : "the shell is in this user namespace already: leave out -U (--user)";
}

static const char *remedy_join(struct diagnosis *of)
{
    const struct plan *plan = of->wanted;
    int err = of->failure->err;

    if (refuses_setns())
        return "a seccomp filter refuses setns(2): allow it where this container is started";
    if (err == ESRCH)
        return "the target has ended";
    return err == EPERM ? why_not_allowed(of) : err == EINVAL ? why_not_valid(plan) : NULL;
}

/* Engines filter it for all of a container, whatever namespaces are made in there. */
static const char *why_no_mount(void)
{
    return refuses_mount() ? "a seccomp filter refuses mount(2): allow it where this container is started" : NULL;
}

/* The kernel shows in a new procfs what its reader may see already: mount_too_revealing() in fs/namespace.c. */
static const char *remedy_mount_proc(struct diagnosis *of)
{
    const struct plan *plan = of->wanted;
    int err = of->failure->err;
    char covered[CURE_SIZE / 2];
    const char *why = why_no_mount();

    if (why)
        return why;
    if (err == EINVAL && plan_mounts_outside(plan))
        return "it would be mounted outside, too: leave out --propagation, or name a directory that is a mount of its own";
    if (err != EPERM && err != EACCES)
        return NULL;
    if (!(plan_flags(plan) & CLONE_NEWPID) && (plan->create & CLONE_NEWUSER))
        return "a new procfs in a new user namespace needs a PID namespace with it: say -p (--pid)";
    if (proc_is_covered(covered, sizeof covered))
        return sentence_cure(of, "the present /proc is partly covered (%s), and a new one would show what is below",
                             covered);
    return apparmor_restricts() && (plan->create & CLONE_NEWUSER) ? apparmor : NULL;
}

/* What takes a capability that a process has in a user namespace of its own. */
static const char *remedy_inside(struct diagnosis *of)
{
    const struct plan *plan = of->wanted;
    int err = of->failure->err;
    bool refused = err == EPERM || err == EACCES;

    return refused && (plan->create & CLONE_NEWUSER) && apparmor_restricts() ? apparmor : NULL;
}

static const char *remedy_mount_binfmt(struct diagnosis *of)
{
    const char *why = why_no_mount();

    return why ? why : remedy_inside(of);
}

/* Who has a mount namespace of his own may do that in it, unless he is in such a domain: landlock(7). */
static const char *remedy_propagation(struct diagnosis *of)
{
    const char *why = why_no_mount();

    if (!why)
        why = remedy_inside(of);
    return of->failure->err == EPERM && !why
               ? "a Landlock domain that restricts files forbids it, or a seccomp filter: do it before setpriv_ns"
               : why;
}

/* The kernel's answers to setgroups(2) and setuid(2) are about the user namespace that the helper has gone to. */
static const char *why_not_privileged(const struct plan *plan, bool users)
{
    if ((plan_flags(plan) & CLONE_NEWUSER) || caps_have(users ? CAP_SETUID : CAP_SETGID))
        return NULL;
    return users ? "only who has the capability CAP_SETUID may become another user"
                 : "only who has the capability CAP_SETGID may become another group";
}

/* user_namespaces(7): there are no groups to set before gid_map is written. */
static const char *remedy_setgroups(struct diagnosis *of)
{
    const struct plan *plan = of->wanted;
    bool unmapped = (plan->create & CLONE_NEWUSER) && plan->maps.groups.ranges == 0;
    const char *why = remedy_inside(of);

    if (of->failure->err != EPERM || why || (why = why_not_privileged(plan, false)))
        return why;
    return unmapped ? "no group is mapped: say --map-group or --map-groups, or leave out --setgid"
                    : "the user namespace denies setgroups(2): leave out --setgid";
}

/* setuid(2): EINVAL is an ID that is not mapped. In a user namespace that is joined, 0 is what nobody may have asked for. */
static const char *remedy_become(struct diagnosis *of)
{
    const struct plan *plan = of->wanted;
    bool users = of->failure->step == &step_setuid;

    if (of->failure->err == EPERM)
        return why_not_privileged(plan, users);
    if (of->failure->err != EINVAL)
        return NULL;
    if (plan->join & CLONE_NEWUSER)
        return plan->target.pid == 0
                   ? "it is not mapped there: say --preserve-credentials, or name those that are by -S and -G"
                   : "it is not mapped there: say -S follow -G follow, or --preserve-credentials";
    return plan->create & CLONE_NEWUSER
               ? "it is not mapped inside: say --map-auto, map it with --map-users or --map-groups, or leave out -S and -G"
               : "it is not mapped in this user namespace, which --map-auto would have done when it was made";
}

/* pid_namespaces(7): fork(2) fails like this in a namespace that has ended; where there is one, memory is rarely short. */
static const char *remedy_fork(struct diagnosis *of)
{
    const struct plan *plan = of->wanted;
    int err = of->failure->err;

    if (err == ENOMEM && (plan->join & CLONE_NEWPID))
        return "the init of that PID namespace has ended, and with it the namespace";
    if (err == ENOMEM && children_are_elsewhere())
        return "the init of the PID namespace for this shell's children has ended, and with it the namespace";
    if (err == EAGAIN)
        return "a limit on processes is reached: see ulimit -u, or pids.max of the cgroup";
    return NULL;
}

/* The helper has just done the like, so what is refused is the way by a pidfd. */
static const char *remedy_land(struct diagnosis *of)
{
    int err = of->failure->err;

    if (refuses_setns())
        return "a seccomp filter refuses setns(2): allow it where this container is started";
    return err == ENOSYS || err == EINVAL ? "it needs pidfd_open(2), and setns(2) with a pidfd: Linux 5.8 or newer"
                                          : NULL;
}

static const char *remedy_time_offsets(struct diagnosis *of)
{
    return of->failure->err == ERANGE ? "the clock would be before 0, or beyond what it can count" : NULL;
}

/* Where the system is short of something, it is not the place that is to blame. */
static bool is_shortage(int err)
{
    return err == ENOMEM || err == EMFILE || err == ENFILE || err == EINTR;
}

static const char *remedy_proc(struct diagnosis *of)
{
    return is_shortage(of->failure->err) ? NULL : "mount a procfs on /proc, of this PID namespace";
}

static const char *remedy_keep_wd(struct diagnosis *of)
{
    return is_shortage(of->failure->err) ? NULL : "go to a directory that stays accessible (cd /) first";
}

static const char *remedy_owner(struct diagnosis *of)
{
    return of->failure->err == EPERM ? "only a privileged user can make a user namespace for another" : NULL;
}

/* setns(2): CAP_SYS_ADMIN in the user namespace that owns what is joined; it is there for what was joined before, too. */
static const char *remedy_home(struct diagnosis *of)
{
    if (refuses_setns())
        return "a seccomp filter refuses setns(2): allow it where this container is started";
    return of->failure->err == EPERM ? "it belongs to a user namespace in which the shell has no CAP_SYS_ADMIN" : NULL;
}

/* --- the steps: each has a phrase, and a remedy where there is one ----------------------------------------------- */

const struct step step_socket = {.phrase = "talk to the helper process"};
const struct step step_fork = {.phrase = "fork a helper process", .remedy = remedy_fork};
const struct step step_helper = {.phrase = "cannot go on: the helper process was killed; nothing has changed",
                                 .whole = true};
const struct step step_interrupted = {.phrase = "cannot go on: interrupted; nothing has changed", .whole = true};
const struct step step_proc = {.phrase = "use /proc", .remedy = remedy_proc};
const struct step step_unshare = {.phrase = "make a new %s namespace", .remedy = remedy_unshare};
const struct step step_join = {.phrase = "join the %s namespace", .remedy = remedy_join};
const struct step step_wrong_file = {.phrase = "%s namespace file", .whole = true};
const struct step step_uid_map = {.phrase = "write the user namespace's uid_map", .remedy = remedy_map};
const struct step step_gid_map = {.phrase = "write the user namespace's gid_map", .remedy = remedy_map};
const struct step step_newuidmap = {.phrase = "write the user namespace's uid_map with newuidmap",
                                    .remedy = remedy_program};
const struct step step_newgidmap = {.phrase = "write the user namespace's gid_map with newgidmap",
                                    .remedy = remedy_program};
const struct step step_setgroups_file = {.phrase = "write the user namespace's setgroups file"};
const struct step step_owner = {.phrase = "become %s", .remedy = remedy_owner};
const struct step step_time_offsets = {.phrase = "set the clocks of the time namespace", .remedy = remedy_time_offsets};
const struct step step_propagation = {.phrase = "change the mount propagation of /", .remedy = remedy_propagation};
const struct step step_mount_proc = {.phrase = "mount a procfs on %s", .remedy = remedy_mount_proc};
const struct step step_mount_binfmt = {.phrase = "mount a binfmt_misc on %s", .remedy = remedy_mount_binfmt};
const struct step step_load_interp = {.phrase = "register the binary format \"%s\""};
const struct step step_hostname = {.phrase = "set the hostname \"%s\"", .remedy = remedy_inside};
const struct step step_loopback = {.phrase = "bring up the loopback interface", .remedy = remedy_inside};
const struct step step_root = {.phrase = "change the root directory to %s", .remedy = remedy_inside};
const struct step step_wd = {.phrase = "change the working directory to %s"};
const struct step step_keep_wd = {.phrase = "keep the working directory in the new namespaces",
                                  .remedy = remedy_keep_wd};
const struct step step_keep_root = {.phrase = "keep the root directory in the new namespaces"};
const struct step step_follow = {.phrase = "follow the target's user and group"};
const struct step step_setgroups = {.phrase = "drop the supplementary groups", .remedy = remedy_setgroups};
const struct step step_setgid = {.phrase = "become group %s", .remedy = remedy_become};
const struct step step_setuid = {.phrase = "become user %s", .remedy = remedy_become};
const struct step step_keep_caps = {.phrase = "make the capabilities ambient"};
const struct step step_cgroup = {.phrase = "join the target's cgroup"};
const struct step step_exec_context = {.phrase = "set the target's SELinux context for programs"};
const struct step step_persist = {.phrase = "hold the new %s", .remedy = remedy_persist};
const struct step step_persist_mount = {.phrase = "hold the new %s", .remedy = remedy_persist};
const struct step step_adopt = {
    .phrase = "supervise a shell inside",
    .cure = "this shell's children are born in another PID namespace (--no-fork): move one of them, ( ) or a COMMAND"};
const struct step step_land = {.phrase = "follow the helper process into the namespaces", .remedy = remedy_land};
const struct step step_home = {.phrase = "come back to this %s namespace", .remedy = remedy_home};
const struct step step_home_place = {.phrase = "come back to this %s"};
