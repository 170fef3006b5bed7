/*
 * No step here can be taken back, and what a step needs may be what an earlier one gives up. So, in this order:
 *
 *   labels               while the process is who it was
 *   groups, GIDs, UIDs   groups need setgid, and all of these what the user may lose; capabilities are kept meanwhile
 *   raise                the effective set to what is permitted: the steps below need setpcap
 *   bounding             before inheritable, which can be raised within it
 *   inheritable, ambient since ambient must be inheritable and permitted
 *   securebits           last of those that need setpcap: one may forbid to raise ambient ones
 *   death signal         which a change of IDs has cleared
 *   permitted, effective to what an exec would have left
 *   no_new_privs         then no capability is needed for Landlock and seccomp
 *   Landlock, seccomp    the filter last: what comes before it may be what it refuses
 *
 * A child of the shell takes all steps first. What worked there works in the shell, which is the same in all that the
 * kernel goes by; a failure there is told, and the shell has not changed.
 */
#include "privileges/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "privileges/seccomp.h"
#include "privileges/steps.h"
#include "system/apparmor.h"
#include "system/process.h"
#include "system/program.h"
#include "system/selinux.h"
#include "system/signals.h"
#include "system/surroundings.h"

void privileges_init(struct privileges *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->death_signal = DEATH_SIGNAL_KEPT;
}

bool privileges_change_ids(const struct privileges *plan)
{
    return plan->set_uid || plan->set_euid || plan->set_gid || plan->set_egid || plan->set_groups;
}

/* --- what it comes to ------------------------------------------------------------------------------------------- */

/* What the steps go by: all found out, opened and read before them. */
struct work {
    const struct privileges *plan;
    struct standing before, after;
    int ruleset; /* of Landlock; -1: none */
    struct filter filter[FILTERS_MAX];
    size_t filters_set;
};

/* capabilities(7), "Effect of user ID changes on capabilities" */
static bool leaves_root(const struct standing *before, const struct standing *after)
{
    bool was = before->uid == 0 || before->euid == 0 || before->suid == 0;
    bool is = after->uid == 0 || after->euid == 0 || after->suid == 0;

    return was && !is && !(before->securebits & SECBIT_NO_SETUID_FIXUP);
}

static void foresee_ids(const struct privileges *plan, struct standing *after)
{
    if (plan->set_uid)
        after->uid = plan->uid;
    if (plan->set_euid)
        after->euid = plan->euid;
    if (plan->set_gid)
        after->gid = plan->gid;
    if (plan->set_egid)
        after->egid = plan->egid;
    if (plan->set_uid || plan->set_euid)
        after->suid = after->euid;
    if (plan->set_gid || plan->set_egid)
        after->sgid = after->egid;
}

/* Only what is permitted can take a capability out of the bounding set. */
static bool can_drop_bounding(const struct standing *before)
{
    return before->permitted & CAPABILITY(CAP_SETPCAP);
}

static void drop(uint64_t set, bool bounding, struct standing *after)
{
    after->permitted &= ~set;
    after->effective &= ~set;
    after->inheritable &= ~set;
    after->ambient &= ~set;
    if (bounding)
        after->bounding &= ~set;
}

static void foresee(const struct privileges *plan, const struct standing *before, struct standing *after)
{
    *after = *before;
    foresee_ids(plan, after);
    if (leaves_root(before, after))
        after->ambient = 0;
    after->bounding &= change_apply(before->bounding, plan->bounding);
    after->inheritable = change_apply(before->inheritable, plan->inheritable) & before->known;
    after->ambient = change_apply(after->ambient & after->inheritable, plan->ambient) & before->known;
    after->securebits = (unsigned)change_apply(before->securebits, plan->securebits);
    after->no_new_privs |= plan->no_new_privs || landlock_wanted(&plan->landlock) || plan->filters > 0;
    if (plan->death_signal != DEATH_SIGNAL_KEPT)
        after->death_signal = plan->death_signal;
    drop(plan->drop, can_drop_bounding(before), after);
    if (!plan->keep_caps)
        standing_after_exec(after);
    drop(plan->drop, can_drop_bounding(before), after);
}

/* --- refused without --force ------------------------------------------------------------------------------------- */

static int fail_set(struct failure *why, const struct step *step, uint64_t set)
{
    int err = errno;
    char text[CAPABILITIES_TEXT];

    capabilities_write(set, text);
    errno = err;
    return fail_about(why, step, "%s", text);
}

/* What user 0 is given by an exec, although it was dropped, or what a set-user-ID program would give. */
static int check_drop(const struct work *work, struct failure *why)
{
    const struct standing *after = &work->after;
    uint64_t left = work->plan->drop & (after->bounding | after->inheritable);

    if (left == 0 || after->no_new_privs)
        return 0;
    return fail_set(why, standing_is_root(after) ? &step_regained : &step_not_held, left);
}

/* Maps of the process's own user namespace are written by who has these. */
static int check_maps(const struct work *work, struct failure *why)
{
    const uint64_t needed = CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID);

    return (work->plan->drop & work->before.permitted & needed) && is_without_maps()
               ? fail_set(why, &step_unmappable, work->plan->drop & work->before.permitted & needed)
               : 0;
}

/* --- the steps -------------------------------------------------------------------------------------------------- */

static int set_labels(struct work *work, struct failure *why)
{
    const struct privileges *plan = work->plan;

    if (plan->selinux_label && (!selinux_is_in_force() || selinux_set_exec(plan->selinux_label) < 0))
        return fail_about(why, &step_selinux, "%s", plan->selinux_label);
    if (plan->apparmor_profile && apparmor_set_exec(plan->apparmor_profile) < 0)
        return fail_about(why, &step_apparmor, "%s", plan->apparmor_profile);
    return 0;
}

static int set_groups(struct work *work, struct failure *why)
{
    const struct privileges *plan = work->plan;

    return plan->set_groups && setgroups(plan->group_count, plan->groups) < 0 ? fail(why, &step_groups) : 0;
}

static int fail_ids(struct failure *why, const struct step *step, unsigned real, unsigned effective)
{
    return real == effective ? fail_about(why, step, "%u", real) : fail_about(why, step, "%u and %u", real, effective);
}

static int set_gids(struct work *work, struct failure *why)
{
    const struct standing *after = &work->after;

    if (!work->plan->set_gid && !work->plan->set_egid)
        return 0;
    return setresgid(after->gid, after->egid, after->sgid) < 0 ? fail_ids(why, &step_gids, after->gid, after->egid) : 0;
}

static int set_uids(struct work *work, struct failure *why)
{
    const struct standing *after = &work->after;

    if (!work->plan->set_uid && !work->plan->set_euid)
        return 0;
    if (work->before.permitted != 0 && prctl(PR_SET_KEEPCAPS, 1) < 0)
        return fail(why, &step_keep);
    return setresuid(after->uid, after->euid, after->suid) < 0 ? fail_ids(why, &step_uids, after->uid, after->euid) : 0;
}

static int raise_effective(struct work *work, struct failure *why)
{
    const struct standing *before = &work->before;

    return capabilities_set(before->permitted, before->permitted, before->inheritable) < 0 ? fail(why, &step_raise) : 0;
}

static int drop_bounding(struct work *work, struct failure *why)
{
    return capabilities_drop_bounding(work->before.bounding & ~work->after.bounding, why);
}

static int set_inheritable(struct work *work, struct failure *why)
{
    const struct standing *before = &work->before, *after = &work->after;

    if (before->inheritable == after->inheritable)
        return 0;
    return capabilities_set(before->permitted, before->permitted, after->inheritable) < 0
               ? fail_set(why, &step_inheritable, after->inheritable & ~before->inheritable)
               : 0;
}

static int set_ambient(struct work *work, struct failure *why)
{
    return capabilities_set_ambient(work->after.ambient, work->before.permitted & work->after.inheritable, why);
}

/* Without a change, what is left is to take back that capabilities are kept. */
static int set_securebits(struct work *work, struct failure *why)
{
    const struct privileges *plan = work->plan;
    char text[CAPABILITIES_TEXT];
    unsigned now = (unsigned)prctl(PR_GET_SECUREBITS);

    if (now == work->after.securebits)
        return 0;
    int status = plan->securebits.on | plan->securebits.off ? prctl(PR_SET_SECUREBITS, work->after.securebits)
                                                            : prctl(PR_SET_KEEPCAPS, 0);
    return status < 0 ? fail_about(why, &step_securebits, "%s", securebits_write(work->after.securebits, text)) : 0;
}

static int set_death_signal(struct work *work, struct failure *why)
{
    int now = 0;

    if (prctl(PR_GET_PDEATHSIG, &now) == 0 && now == work->after.death_signal)
        return 0;
    return prctl(PR_SET_PDEATHSIG, work->after.death_signal) < 0 ? fail(why, &step_death_signal) : 0;
}

static int set_ptracer(struct work *work, struct failure *why)
{
    return work->plan->set_ptracer && prctl(PR_SET_PTRACER, work->plan->ptracer) < 0 ? fail(why, &step_ptracer) : 0;
}

static int set_sets(struct work *work, struct failure *why)
{
    const struct standing *after = &work->after;

    return capabilities_set(after->permitted, after->effective, after->inheritable) < 0 ? fail(why, &step_sets) : 0;
}

static int set_no_new_privs(struct work *work, struct failure *why)
{
    return work->after.no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fail(why, &step_no_new_privs) : 0;
}

static int enter_landlock(struct work *work, struct failure *why)
{
    return work->ruleset >= 0 && landlock_enter(work->ruleset) < 0 ? fail(why, &step_landlock_domain) : 0;
}

static int set_filters(struct work *work, struct failure *why)
{
    for (; work->filters_set < work->plan->filters; work->filters_set++)
        if (filter_set(&work->filter[work->filters_set]) < 0)
            return fail_about(why, &step_filter, "%s", work->filter[work->filters_set].name);
    return 0;
}

/* As often as that: each step can be taken again, to the same end. */
static int take_steps(struct work *work, int tries, struct failure *why)
{
    static int (*const steps[])(struct work * work, struct failure * why) = {
        set_labels,    set_groups,      set_gids,         set_uids,       raise_effective,
        drop_bounding, set_inheritable, set_ambient,      set_securebits, set_death_signal,
        set_ptracer,   set_sets,        set_no_new_privs, enter_landlock, set_filters,
    };

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int status = -1;
        for (int n = 0; n < tries && status < 0; n++)
            status = steps[i](work, why);
        if (status < 0)
            return -1;
    }
    return 0;
}

/* --- tried first ------------------------------------------------------------------------------------------------ */

/* What the child tells, in memory that both see: a filter may leave it no other way. */
struct trial {
    bool taken; /* all steps */
    struct failure why;
    const char *volatile doing; /* under the filter */
};

static void probe_filters(const struct work *work, struct trial *trial)
{
    const char *refused = work->plan->runs_only ? filter_probe_exec(&trial->doing) : filter_probe_shell(&trial->doing);

    if (refused)
        fail_about(&trial->why, &step_filter_refuses, "%s", refused);
}

/*
 * True where all is given up and nothing changed: steps that only a filter could refuse, and that leave no trace in memory,
 * nor in what the kernel knows of it, as a change of effective IDs would, which makes it undumpable. (To set what is there
 * is no change; but where there are threads, the C library would look for them.) Under a filter, the child then only ends,
 * if need be by it. What is probed could leave traces: where rt_sigreturn is refused, the child goes on anywhere.
 */
static bool gives_up_only(const struct work *work)
{
    const struct privileges *plan = work->plan;
    const struct standing *before = &work->before, *after = &work->after;

    return after->euid == before->euid && after->egid == before->egid && !plan->selinux_label && !plan->apparmor_profile
           && (!privileges_change_ids(plan) || process_can_copy())
           && (plan->filters == 0 || (plan->force && process_dies_alone()))
           && (after->inheritable & ~before->inheritable) == 0 && (after->ambient & ~before->ambient) == 0
           && after->securebits == before->securebits
           && (after->bounding == before->bounding || can_drop_bounding(before));
}

/* The child may share the shell's memory: what it changes there is its own. */
static _Noreturn void try_in_child(const struct work *planned, struct trial *trial)
{
    struct work copy = *planned, *work = &copy;
    bool probes = work->plan->filters > 0 && !work->plan->force;

    (void)!setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (probes && filter_prepare_probe() < 0)
        fail(&trial->why, &step_try);
    else if (take_steps(work, 1, &trial->why) == 0)
        trial->taken = true;
    if (trial->taken && probes)
        probe_filters(work, trial);
    _exit(EXIT_SUCCESS);
}

/* How the child has ended, in a failure's words. */
static int judge(const struct work *work, const struct trial *trial, int status, struct failure *why)
{
    if (trial->why.step) {
        *why = trial->why;
        return -1;
    }
    if (trial->taken && (status == 0 || work->plan->force))
        return 0;
    if (trial->taken && trial->doing && WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        return fail_about(why, &step_filter_kills, "%s", trial->doing);
    return fail(why, &step_killed);
}

/* A child that has the shell's memory while the shell stands still takes a third of the time of one that has a copy. */
static int try(const struct work *work, struct failure *why)
{
    struct trial *trial = mmap(NULL, sizeof *trial, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (trial == MAP_FAILED)
        return fail(why, &step_try);
    pid_t child = gives_up_only(work) ? vfork() : fork();
    if (child == 0)
        try_in_child(work, trial);
    int status = child < 0 ? fail(why, &step_try) : judge(work, trial, await_child(child), why);
    munmap(trial, sizeof *trial);
    return status;
}

/* --- all of it -------------------------------------------------------------------------------------------------- */

static int prepare(struct work *work, struct failure *why)
{
    const struct privileges *plan = work->plan;

    if (standing_look(&work->before, why) < 0)
        return -1;
    foresee(plan, &work->before, &work->after);
    if (!plan->force && (check_drop(work, why) < 0 || check_maps(work, why) < 0))
        return -1;
    if (landlock_wanted(&plan->landlock) && (work->ruleset = landlock_build(&plan->landlock, why)) < 0)
        return -1;
    for (size_t i = 0; i < plan->filters; i++)
        if (filter_read(plan->filter[i], &work->filter[i], why) < 0)
            return -1;
    return 0;
}

static void release(struct work *work)
{
    if (work->ruleset >= 0)
        close(work->ruleset);
    for (size_t i = 0; i < work->plan->filters; i++)
        filter_free(&work->filter[i]);
}

/* A parent that died while its death signal was cleared has sent none. */
static void catch_up(const struct work *work, pid_t parent)
{
    if (work->after.death_signal != 0 && getppid() != parent)
        kill(getpid(), work->after.death_signal);
}

int privileges_carry_out(const struct privileges *plan, struct failure *why)
{
    struct work work = {.plan = plan, .ruleset = -1};
    struct signals_held held;
    pid_t parent = getppid();

    fail_not(why);
    int status = prepare(&work, why);
    if (status == 0) {
        signals_hold(&held);
        status = try(&work, why) < 0 ? -1 : take_steps(&work, TRIES, why);
        if (status == 0)
            catch_up(&work, parent);
        signals_release(&held);
    }
    release(&work);
    return status;
}
