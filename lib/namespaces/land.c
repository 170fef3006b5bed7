#include "namespaces/land.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "namespaces/enter.h"
#include "namespaces/persist.h"
#include "namespaces/prepare.h"
#include "namespaces/stage.h"
#include "namespaces/steps.h"
#include "system/signals.h"

/* --- a shell that enters: it follows its helper ------------------------------------------------------------------- */

/* What the shell needs for it, all of it opened before the one step that cannot be taken back. */
struct way {
    int pidfd, root, cwd; /* -1: not open or not needed */
};

static void way_close(struct way *way)
{
    if (way->pidfd >= 0)
        close(way->pidfd);
    if (way->root >= 0)
        close(way->root);
    if (way->cwd >= 0)
        close(way->cwd);
}

static int way_open_directories(struct way *way, const struct plan *plan, int proc, struct failure *why)
{
    if (proc < 0) {
        errno = -proc;
        return fail(why, &step_proc);
    }
    if (plan_carries_root(plan) && (way->root = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
        return fail(why, &step_land);
    way->cwd = openat(proc, "cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return way->cwd < 0 ? fail(why, &step_land) : 0;
}

static int way_open(struct way *way, const struct plan *plan, const struct stage *stage, struct failure *why)
{
    *way = (struct way){-1, -1, -1};
    if (plan_flags(plan) != 0 && (way->pidfd = (int)syscall(SYS_pidfd_open, stage_process(stage), 0)) < 0)
        return fail(why, &step_land);
    return plan_carries_directories(plan) ? way_open_directories(way, plan, stage->proc, why) : 0;
}

static int try_to_go_in(const struct plan *plan, const struct stage *stage, struct way *way, struct failure *why)
{
    return way_open(way, plan, stage, why) < 0 ? -1 : enter_behind(plan, way->pidfd, why);
}

/* Whether a way into a helper is closed to who is not privileged: ENOENT, where /proc hides what is another's (hidepid=2). */
static bool is_closed(const struct failure *why)
{
    return why->step == &step_land && (why->err == EPERM || why->err == EACCES || why->err == ENOENT);
}

/* Both ways into a helper, its /proc/PID/root and its pidfd, are closed to an ordinary user where it hides from others. */
static int go_in(const struct plan *plan, struct stage *stage, struct way *way, struct failure *why)
{
    int status = try_to_go_in(plan, stage, way, why);

    if (status == 0 || plan->join == 0 || !is_closed(why))
        return status;
    way_close(way);
    *way = (struct way){-1, -1, -1};
    return stage_be_let_in(stage, why) < 0 ? -1 : try_to_go_in(plan, stage, way, why);
}

/*
 * Steps after a helper. What follows setns(2) cannot fail: the helper has done the same as the same user in the same
 * namespaces. setns(2) has reset root and working directory to those of the mount namespace.
 */
static int follow(const struct plan *plan, struct stage *stage, struct way *way, struct failure *why)
{
    if (go_in(plan, stage, way, why) < 0)
        return -1;
    if (way->cwd >= 0 && prepare_return(way->root, way->cwd, why) < 0)
        return -1;
    return prepare_credentials(plan, &stage->chosen, why);
}

/* Other credentials end what ties a shell that moved before to its supervisor: prctl(2). */
static enum landing land_enter(const struct plan *plan, struct stage *stage, struct failure *why)
{
    struct way way;
    int death_signal = 0;

    prctl(PR_GET_PDEATHSIG, &death_signal);
    int status = follow(plan, stage, &way, why);
    (void)!prctl(PR_SET_PDEATHSIG, death_signal);
    way_close(&way);
    if (status == 0 && plan_leaves_reaper(plan))
        stage_leave_reaper(stage);
    else
        stage_end(stage);
    return status < 0 ? LANDING_FAILED : LANDING_ENTERED;
}

static enum landing land_nowhere(struct stage *stage)
{
    stage_end(stage);
    return LANDING_CHECKED;
}

static enum landing land_move(struct stage *stage, pid_t *moved, struct failure *why)
{
    if (stage_release(stage, why) < 0) {
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

    if (persist(plan, stage->proc, &held, why) < 0) {
        stage_end(stage);
        return LANDING_FAILED;
    }
    landing = plan->check        ? land_nowhere(stage)
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
static enum landing land_staged(const struct plan *plan, const sigset_t *awake, pid_t *moved, struct failure *why)
{
    enum landing landing = land_staged_on(-1, plan, awake, moved, why);

    for (int cpu = 0; landing == LANDING_FAILED && persist_may_work_elsewhere(why) && cpu < get_nprocs_conf(); cpu++)
        landing = land_staged_on(cpu, plan, awake, moved, why);
    return landing;
}

enum landing land(const struct plan *plan, pid_t *moved, struct failure *why)
{
    struct signals_held held;

    fail_not(why);
    if (plan_is_single_call(plan))
        return enter(plan, why) < 0 ? LANDING_FAILED : LANDING_ENTERED;

    signals_hold(&held);
    enum landing landing = land_staged(plan, &held.awake, moved, why);
    if (landing != LANDING_LEFT)
        signals_release(&held);
    return landing;
}
