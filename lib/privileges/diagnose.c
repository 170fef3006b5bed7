#include "privileges/steps.h"

#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "privileges/capabilities.h"
#include "privileges/privileges.h"
#include "sentence.h"
#include "system/apparmor.h"
#include "system/caps.h"
#include "system/proc.h"
#include "system/selinux.h"
#include "system/surroundings.h"

static const char no_landlock[] =
    "this kernel has no Landlock: it came with Linux 5.13, and is told of by lsm= on the kernel's command line";

static const char *remedy_selinux(struct diagnosis *of)
{
    (void)of;
    return selinux_is_in_force() ? NULL : "SELinux is not in force here: leave out --selinux-label";
}

static const char *remedy_apparmor(struct diagnosis *of)
{
    if (!apparmor_is_there())
        return "AppArmor is not in force here: leave out --apparmor-profile";
    return of->failure->err == ENOENT ? "no such profile is loaded" : NULL;
}

/* user_namespaces(7): a namespace may deny setgroups(2), and has none before its gid_map is written. */
static const char *remedy_groups(struct diagnosis *of)
{
    char setgroups[8] = "";
    int self = proc_open(0);

    if (self >= 0) {
        proc_read(self, "setgroups", setgroups, sizeof setgroups);
        close(self);
    }
    if (of->failure->err == EINVAL)
        return "a group has no number in this user namespace";
    if (of->failure->err != EPERM)
        return NULL;
    return strncmp(setgroups, "deny", 4) == 0 ? "the user namespace denies setgroups(2): say --keep-groups"
                                              : "that takes cap_setgid, and a user namespace that has its maps";
}

static const char *remedy_gids(struct diagnosis *of)
{
    if (of->failure->err == EINVAL)
        return "it has no number in this user namespace: map it first (nsmap)";
    return of->failure->err == EPERM ? "that takes cap_setgid, but for the GIDs that the shell has" : NULL;
}

static const char *remedy_uids(struct diagnosis *of)
{
    if (of->failure->err == EINVAL)
        return "it has no number in this user namespace: map it first (nsmap)";
    return of->failure->err == EPERM ? "that takes cap_setuid, but for the UIDs that the shell has" : NULL;
}

static const char *remedy_keep(struct diagnosis *of)
{
    return of->failure->err == EPERM ? "the securebit keep_caps_locked forbids it" : NULL;
}

static const char *remedy_bounding(struct diagnosis *of)
{
    return of->failure->err == EPERM ? "that takes cap_setpcap: give up capabilities before that one" : NULL;
}

static const char *remedy_inheritable(struct diagnosis *of)
{
    return of->failure->err == EPERM ? "what is inheritable must be permitted, or with cap_setpcap in the bounding set"
                                     : NULL;
}

static const char *remedy_ambient(struct diagnosis *of)
{
    if (of->failure->err != EPERM)
        return NULL;
    return prctl(PR_GET_SECUREBITS) & 1 << 6 ? "the securebit no_cap_ambient_raise forbids it"
                                             : "what is ambient must be permitted and inheritable: say --inh-caps too";
}

static const char *remedy_securebits(struct diagnosis *of)
{
    if (of->failure->err != EPERM)
        return NULL;
    return caps_have(CAP_SETPCAP) ? "a locked one stays as it is" : "that takes cap_setpcap";
}

static const char *remedy_ptracer(struct diagnosis *of)
{
    return of->failure->err == EINVAL ? "there is no such process, or this kernel has no Yama, which asks for it"
                                      : NULL;
}

static const char *remedy_landlock(struct diagnosis *of)
{
    switch (of->failure->err) {
    case ENOSYS:
        return is_filtered() ? "this kernel has no Landlock, or a seccomp filter hides it" : no_landlock;
    case EOPNOTSUPP:
        return no_landlock;
    case E2BIG:
        return "no process can be in more than 16 domains, one in the other";
    default:
        return NULL;
    }
}

static const char *remedy_landlock_rule(struct diagnosis *of)
{
    return of->failure->err == EINVAL
               ? "a rule gives rights that --landlock-access has restricted, and a file has none of a directory's"
               : NULL;
}

static const char *remedy_filter(struct diagnosis *of)
{
    switch (of->failure->err) {
    case ENOSYS:
        return is_filtered() ? "this kernel has no seccomp filters, or another filter hides them"
                             : "this kernel has no seccomp filters";
    case EINVAL:
        return "it is no valid program: a check of seccomp(2) failed";
    default:
        return is_filtered() ? "another filter may refuse it: give this one first" : NULL;
    }
}

const struct step step_look = {.phrase = "look at the privileges of the shell"};
const struct step step_try = {.phrase = "try it in a child process first"};
const struct step step_killed = {.phrase = "the child process that tried it first was killed; nothing has changed",
                                 .whole = true};
const struct step step_selinux = {.phrase = "set the SELinux label %s", .remedy = remedy_selinux};
const struct step step_apparmor = {.phrase = "set the AppArmor profile %s", .remedy = remedy_apparmor};
const struct step step_groups = {.phrase = "set the supplementary groups", .remedy = remedy_groups};
const struct step step_gids = {.phrase = "become group %s", .remedy = remedy_gids};
const struct step step_uids = {.phrase = "become user %s", .remedy = remedy_uids};
const struct step step_keep = {.phrase = "keep capabilities while the user changes", .remedy = remedy_keep};
const struct step step_raise = {.phrase = "make the permitted capabilities effective"};
const struct step step_bounding = {.phrase = "drop %s from the bounding set", .remedy = remedy_bounding};
const struct step step_inheritable = {.phrase = "make %s inheritable", .remedy = remedy_inheritable};
const struct step step_ambient = {.phrase = "change the ambient capability %s", .remedy = remedy_ambient};
const struct step step_securebits = {.phrase = "set the securebits to %s", .remedy = remedy_securebits};
const struct step step_death_signal = {.phrase = "set the signal for the death of the parent"};
const struct step step_ptracer = {.phrase = "allow to be traced", .remedy = remedy_ptracer};
const struct step step_sets = {.phrase = "set the capabilities"};
const struct step step_no_new_privs = {.phrase = "set no_new_privs"};
const struct step step_landlock_look = {.phrase = "ask the kernel about Landlock", .remedy = remedy_landlock};
const struct step step_landlock = {.phrase = "make a Landlock ruleset", .remedy = remedy_landlock};
const struct step step_landlock_right = {
    .phrase = "this kernel's Landlock has no %s: --landlock-support tells what it has", .whole = true};
const struct step step_landlock_path = {.phrase = "open %s for a Landlock rule"};
const struct step step_landlock_rule = {.phrase = "make a Landlock rule for %s", .remedy = remedy_landlock_rule};
const struct step step_landlock_domain = {.phrase = "enter the Landlock domain", .remedy = remedy_landlock};
const struct step step_filter_read = {.phrase = "read the seccomp filter %s"};
const struct step step_filter_size = {
    .phrase = "the seccomp filter %s is no BPF program: expected 1 to 4096 instructions of 8 bytes", .whole = true};
const struct step step_filter = {.phrase = "set the seccomp filter %s", .remedy = remedy_filter};
const struct step step_filter_refuses = {.phrase = "go on under the seccomp filter, which refuses %s",
                                         .cure = "allow it, or say --force"};
const struct step step_filter_kills = {
    .phrase = "the shell could not go on under the seccomp filter, which kills it at %s: allow that, or say --force",
    .whole = true};
const struct step step_regained = {
    .phrase =
        "the next program of user 0 would have %s again: say --no-new-privs too, or --securebits +noroot, or --force",
    .whole = true};
const struct step step_not_held = {
    .phrase =
        "without cap_setpcap, the bounding set keeps %s for set-user-ID programs: say --no-new-privs too, or --force",
    .whole = true};
const struct step step_unmappable = {
    .phrase = "the user namespace has no maps yet, which take %s: write them first (nsmap), or say --force",
    .whole = true};
