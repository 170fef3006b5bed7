#include "namespaces/land.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "namespaces/enter.h"
#include "namespaces/home.h"
#include "namespaces/inside.h"
#include "namespaces/netns.h"
#include "namespaces/persist.h"
#include "namespaces/prepare.h"
#include "namespaces/stage.h"
#include "namespaces/steps.h"
#include "system/descriptors.h"
#include "system/program.h"
#include "system/signals.h"

/* --- a shell that enters: it follows its helper ------------------------------------------------------------------- */

static int try_to_go_in(const struct plan *plan, const struct stage *stage, struct failure *why)
{
    bool goes = plan_flags(plan) != 0;
    int pidfd = goes ? (int)syscall(SYS_pidfd_open, stage_process(stage), 0) : -1;
    int status = goes && pidfd < 0 ? fail(why, &step_land) : enter_behind(plan, pidfd, why);

    descriptor_close(pidfd);
    return status;
}

/* The way into a helper by its pidfd is closed to an ordinary user where the helper hides from others. */
static int go_in(const struct plan *plan, struct stage *stage, struct failure *why)
{
    int status = try_to_go_in(plan, stage, why);
    bool is_closed = status < 0 && why->step == &step_land && why->err == EPERM;

    if (!is_closed || plan->join == 0)
        return status;
    return stage_be_let_in(stage, why) < 0 ? -1 : try_to_go_in(plan, stage, why);
}

/* What the shell will return to has been passed, unless it had no number left for it. */
static int check_places(const struct plan *plan, const struct stage *stage, struct failure *why)
{
    if (!plan_carries_directories(plan) || stage->places[AT_CWD] >= 0)
        return 0;
    errno = -stage->places[AT_CWD];
    return fail(why, &step_land);
}

/*
 * Steps after a helper. What follows setns(2) cannot fail: the helper has done the same as the same user in the same
 * namespaces. setns(2) has reset root and working directory to those of the mount namespace.
 */
static int follow(const struct plan *plan, struct stage *stage, struct failure *why)
{
    if (check_places(plan, stage, why) < 0 || go_in(plan, stage, why) < 0)
        return -1;
    if (stage->places[AT_CWD] >= 0 && prepare_return(stage->places[AT_ROOT], stage->places[AT_CWD], why) < 0)
        return -1;
    return prepare_credentials(plan, &stage->chosen, why);
}

/* Other credentials end what ties a shell that moved before to its supervisor: prctl(2). */
static enum landing land_enter(const struct plan *plan, struct stage *stage, struct failure *why)
{
    int death_signal = 0;

    prctl(PR_GET_PDEATHSIG, &death_signal);
    int status = follow(plan, stage, why);
    (void)!prctl(PR_SET_PDEATHSIG, death_signal);
    if (status == 0 && plan_leaves_reaper(plan))
        stage_leave_reaper(stage);
    else
        stage_end(stage);
    return status < 0 ? LANDING_FAILED : LANDING_ENTERED;
}

static _Noreturn void follow_and_tell(const struct plan *plan, struct stage *stage, int pipe)
{
    struct failure what;

    fail_not(&what);
    (void)follow(plan, stage, &what);
    (void)!write(pipe, &what, sizeof what);
    _exit(EXIT_SUCCESS);
}

/* Waits for a child's word about how it went. One that a filter has killed has none. */
static int hear_how(pid_t child, int pipe, struct failure *why)
{
    struct failure what;

    await_child(child);
    ssize_t got = read(pipe, &what, sizeof what);
    errno = ECHILD;
    if (got != sizeof what)
        return fail(why, &step_helper);
    if (what.step)
        *why = what;
    return what.step ? -1 : 0;
}

/* A child of the shell goes where the shell would, and ends there. */
static int try_to_follow(const struct plan *plan, struct stage *stage, struct failure *why)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(why, &step_fork);
    pid_t child = fork();
    if (child == 0)
        follow_and_tell(plan, stage, ends[1]);
    int status = child < 0 ? fail(why, &step_fork) : 0;
    close(ends[1]);
    if (child > 0)
        status = hear_how(child, ends[0], why);
    close(ends[0]);
    return status;
}

/* What takes one call only, the helper has just done as the shell would do it. A copy that moves is in place already. */
static enum landing land_nowhere(const struct plan *plan, struct stage *stage, struct failure *why)
{
    bool follows = !plan_is_single_call(plan) && !plan_moves(plan);
    int status = follows ? try_to_follow(plan, stage, why) : 0;

    stage_end(stage);
    return status < 0 ? LANDING_FAILED : LANDING_CHECKED;
}

static enum landing land_move(struct stage *stage, pid_t *moved, struct failure *why)
{
    char name[16];

    prctl(PR_GET_NAME, name);
    inside_say(stage->inner);
    if (stage_release(stage, why) < 0) {
        prctl(PR_SET_NAME, name);
        stage_end(stage);
        return LANDING_FAILED;
    }
    *moved = stage->inner;
    return LANDING_LEFT;
}

/* With all staged: what the shell itself does. A failure takes back what it has left behind. */
static enum landing land_ready(const struct plan *plan, struct stage *stage, pid_t *moved, struct failure *why)
{
    struct persisted held;
    enum landing landing;

    if (persist(plan, stage->places[AT_PROC], &held, why) < 0) {
        stage_end(stage);
        return LANDING_FAILED;
    }
    landing = plan->check        ? land_nowhere(plan, stage, why)
              : plan_moves(plan) ? land_move(stage, moved, why)
                                 : land_enter(plan, stage, why);
    if (landing == LANDING_FAILED || landing == LANDING_CHECKED)
        persist_undo(plan, &held);
    return landing;
}

static enum landing land_staged_on(int cpu, const struct plan *plan, const sigset_t *awake, pid_t *moved,
                                   struct failure *why)
{
    struct stage stage;

    switch (stage_begin(&stage, plan, cpu, awake, why)) {
    case STAGE_INSIDE:
        return LANDING_MOVED;
    case STAGE_READY:
        return land_ready(plan, &stage, moved, why);
    default:
        return LANDING_FAILED;
    }
}

/*
 * A mount namespace's file can be bound only in a mount namespace with a lower number, lest they hold each other; and
 * each CPU hands out numbers of its own (Linux 6.18). One made where the shell's own was made is higher: so try them all.
 */
static enum landing land_on_some_cpu(const struct plan *plan, const sigset_t *awake, pid_t *moved, struct failure *why)
{
    enum landing landing = land_staged_on(-1, plan, awake, moved, why);

    for (int cpu = 0; landing == LANDING_FAILED && persist_may_work_elsewhere(why) && cpu < get_nprocs_conf(); cpu++)
        landing = land_staged_on(cpu, plan, awake, moved, why);
    return landing;
}

static enum landing land_staged(const struct plan *plan, const sigset_t *awake, pid_t *moved, struct failure *why)
{
    struct netns_prepared prepared;

    if (netns_prepare(plan, &prepared, why) < 0)
        return LANDING_FAILED;
    enum landing landing = land_on_some_cpu(plan, awake, moved, why);
    if (landing == LANDING_FAILED || landing == LANDING_CHECKED)
        netns_undo(&prepared);
    return landing;
}

/* --- a shell that can come back: it needs no helper --------------------------------------------------------------- */

/* The shell itself goes, and comes back where something fails. */
static enum landing land_here(const struct plan *plan, const struct home *home, const sigset_t *awake,
                              struct failure *why)
{
    struct failure lost;
    enum landing landing = enter(plan, why) < 0 || prepare(plan, awake, why) < 0 ? LANDING_FAILED
                           : plan->check                                         ? LANDING_CHECKED
                                                                                 : LANDING_ENTERED;

    if (landing == LANDING_ENTERED || home_return(home, &lost) == 0)
        return landing;
    *why = lost;
    return LANDING_LOST;
}

/* A visit comes back, or is not made. What is done in a mount namespace of one's own is gone with it. */
static enum landing land_somehow(const struct plan *plan, const sigset_t *awake, pid_t *moved, struct failure *why)
{
    struct home own;

    home_init(&own);
    struct home *home = plan->visit ? plan->visit : &own;
    if (!plan->visit && (!plan_only_mounts(plan) || home_hold(home, plan, why) < 0))
        return land_staged(plan, awake, moved, why);
    if (plan->visit && home_hold(home, plan, why) < 0)
        return LANDING_FAILED;
    enum landing landing = land_here(plan, home, awake, why);
    if (home == &own)
        home_close(home);
    return landing;
}

/* --- a shell that is alone ---------------------------------------------------------------------------------------- */

static bool
    came_with_mounts; /* the mount namespace is that which was made with the PID namespace, for this user namespace */

/* All that have been born in there are its descendants, or have become its children. Asking for each takes longer: kill(2). */
static bool has_children(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 || errno != ECHILD;
}

bool land_is_alone_with_mounts(void)
{
    return came_with_mounts && getpid() == 1 && !has_children();
}

/* What is made with a user namespace has no mount that is shared with others: mount_namespaces(7). */
static void note_mounts(const struct plan *plan, enum landing landing)
{
    const int all = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS;

    if (landing == LANDING_MOVED)
        came_with_mounts = (plan->create & all) == all && !plan_persists(plan);
    else if (landing == LANDING_ENTERED && (plan_flags(plan) & CLONE_NEWNS))
        came_with_mounts = false;
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static enum landing land_at_once(const struct plan *plan, struct failure *why)
{
    return enter(plan, why) < 0 ? LANDING_FAILED : LANDING_ENTERED;
}

static enum landing land_held(const struct plan *plan, pid_t *moved, struct failure *why)
{
    struct signals_held held;

    signals_hold(&held);
    enum landing landing = land_somehow(plan, &held.awake, moved, why);
    if (landing != LANDING_LEFT)
        signals_release(&held);
    return landing;
}

enum landing land(const struct plan *plan, pid_t *moved, struct failure *why)
{
    fail_not(why);
    enum landing landing =
        !plan->check && plan_is_single_call(plan) ? land_at_once(plan, why) : land_held(plan, moved, why);
    note_mounts(plan, landing);
    return landing;
}
