#include "diagnose.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "caps.h"
#include "proc.h"
#include "program.h"

/* The value of a numeric sysctl, or -1 where there is none. */
static long sysctl_number(const char *file)
{
    char path[80], text[32];
    ssize_t got = -1;

    snprintf(path, sizeof path, "/proc/sys/%s", file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        got = read(fd, text, sizeof text - 1);
        close(fd);
    }
    if (got <= 0)
        return -1;
    text[got] = '\0';
    return strtol(text, NULL, 10);
}

static bool is_filtered(void)
{
    return prctl(PR_GET_SECCOMP) == 2;
}

/* A process whose root is not that of its mount namespace may make no user namespace: unshare(2), EPERM. */
static bool is_chrooted(void)
{
    char line[512];
    bool rooted = false;
    FILE *mounts = fopen("/proc/self/mountinfo", "re");

    if (!mounts)
        return false;
    while (!rooted && fgets(line, sizeof line, mounts)) {
        char where[256];
        rooted = sscanf(line, "%*s %*s %*s %*s %255s", where) == 1 && strcmp(where, "/") == 0;
    }
    fclose(mounts);
    return !rooted;
}

/* Why a user namespace is refused; NULL where no cause is found. */
static const char *why_no_user_namespace(int err)
{
    if (err == ENOSPC || err == EUSERS)
        return sysctl_number("user/max_user_namespaces") == 0
                   ? "user namespaces are switched off: ask for user.max_user_namespaces above 0"
                   : "a limit below /proc/sys/user/ is reached, or 32 user namespaces are nested";
    if (err != EPERM)
        return NULL;
    if (sysctl_number("kernel/unprivileged_userns_clone") == 0)
        return "unprivileged user namespaces are switched off: ask for kernel.unprivileged_userns_clone=1";
    if (is_chrooted())
        return "the shell is chrooted, and the kernel makes no user namespace there";
    if (is_filtered())
        return "a seccomp filter is in force (is this a container? allow unshare there)";
    return NULL;
}

static const char *remedy_unshare(const struct plan *plan, int err)
{
    if (plan->create & CLONE_NEWUSER)
        return why_no_user_namespace(err);
    if (err == EPERM && !caps_have(CAP_SYS_ADMIN))
        return "without privilege, make a user namespace first or with it: say -r (--map-root-user)";
    if (err == EPERM && is_filtered())
        return why_no_user_namespace(err);
    if (err == EINVAL)
        return "the kernel may lack this type: see which /proc/self/ns has";
    return NULL;
}

static const char *remedy_map(int err)
{
    if (err == EPERM && sysctl_number("kernel/apparmor_restrict_unprivileged_userns") == 1)
        return "AppArmor restricts user namespaces: ask for kernel.apparmor_restrict_unprivileged_userns=0 or a profile";
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
    if (err == EPERM && !caps_have(CAP_SYS_ADMIN) && !(plan->join & CLONE_NEWUSER))
        return "without privilege, join the user namespace that owns it too: say -U (--user)";
    if (err == EINVAL && (plan->join & CLONE_NEWUSER))
        return "the shell may be in this user namespace already: leave out -U (--user)";
    return NULL;
}

static const char *remedy_mount_proc(int err)
{
    if (err == EPERM)
        return "the kernel grants a new procfs only with a PID namespace of its own, and where the present /proc is not "
               "partly covered";
    return NULL;
}

static const char *remedy(const struct plan *plan, const struct failure *failure)
{
    switch (failure->step) {
    case STEP_UNSHARE:
        return remedy_unshare(plan, failure->err);
    case STEP_UID_MAP:
    case STEP_GID_MAP:
        return remedy_map(failure->err);
    case STEP_NEWUIDMAP:
        return remedy_program("newuidmap", failure->err);
    case STEP_NEWGIDMAP:
        return remedy_program("newgidmap", failure->err);
    case STEP_TIME_OFFSETS:
        return failure->err == ERANGE ? "the clock would be before 0, or beyond what it can count" : NULL;
    case STEP_PERSIST:
        return remedy_persist(failure);
    case STEP_JOIN:
        return remedy_join(plan, failure->err);
    case STEP_MOUNT_PROC:
        return remedy_mount_proc(failure->err);
    case STEP_FORK:
        return failure->err == ENOMEM ? "the init of the PID namespace for children may have ended" : NULL;
    case STEP_ADOPT:
        return "this shell's children are born in another PID namespace (--no-fork): move one of them, ( ) or a COMMAND";
    case STEP_PROC:
        return failure->err == EMFILE ? NULL : "mount a procfs on /proc, of this PID namespace";
    case STEP_OWNER:
        return failure->err == EPERM ? "only a privileged user can make a user namespace for another" : NULL;
    case STEP_SETGROUPS:
        return failure->err == EPERM ? "the user namespace denies setgroups(2): leave out --setgid" : NULL;
    case STEP_KEEP_WD:
        return "go to a directory that stays accessible (cd /) first";
    default:
        return NULL;
    }
}

static const char *id_text(bool follows, unsigned id, char number[16])
{
    snprintf(number, 16, "%u", id);
    return follows ? "(the target's)" : number;
}

/* "cannot ...", with the plan's own word for it where there is one. */
static void name_step(const struct plan *plan, const struct failure *failure, char *text, size_t size)
{
    static const char *const phrases[] = {
        [STEP_SOCKET] = "make a socket for the helper process",
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

char *diagnose(const struct plan *plan, const struct failure *failure, char *text, size_t size)
{
    char what[1024];
    const char *cure = remedy(plan, failure);

    name_step(plan, failure, what, sizeof what);
    if (failure->step == STEP_HELPER || failure->step == STEP_INTERRUPTED)
        snprintf(text, size, "cannot %s; nothing has changed", what);
    else
        snprintf(text, size, "cannot %s: %s%s%s", what,
                 failure->err == ECANCELED ? "the program failed" : strerror(failure->err), cure ? "; " : "",
                 cure ? cure : "");
    return text;
}
