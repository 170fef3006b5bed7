#include "namespaces/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "namespaces/persist.h"
#include "namespaces/prepare.h"
#include "namespaces/steps.h"
#include "system/selinux.h"
#include "system/signals.h"
#include "namespaces/stage.h"

/* --- joining ---------------------------------------------------------------------------------------------------- */

static int join_file(const struct plan *plan, size_t i)
{
    return plan->files[i] < 0 ? 0 : setns(plan->files[i], nstypes[i].flag);
}

/* The types that come from the target itself. */
static int from_target(const struct plan *plan)
{
    int types = plan->join;

    for (size_t i = 0; i < NS_TYPES; i++)
        if (plan->files[i] >= 0)
            types &= ~nstypes[i].flag;
    return types;
}

/* Joins what is left to join but the user namespace of nstypes[0], and takes it off *left. EPERM leaves it there. */
static int join_others(const struct plan *plan, int *left)
{
    int types = from_target(plan) & *left;

    for (size_t i = 1; i < NS_TYPES; i++) {
        if (plan->files[i] < 0 || !(*left & nstypes[i].flag))
            continue;
        if (join_file(plan, i) == 0)
            *left &= ~nstypes[i].flag;
        else if (errno != EPERM)
            return -1;
    }
    if (types != 0 && setns(plan->target.pidfd, types) == 0)
        *left &= ~types;
    else if (types != 0 && errno != EPERM)
        return -1;
    return 0;
}

/*
 * A user namespace gives the capabilities for the namespaces that it owns, and takes those for all others: so what can
 * be joined without it is joined before, and the rest after. From the target, the kernel takes all in one.
 */
static int join(const struct plan *plan)
{
    int left = plan->join;
    bool user_from_file = plan->files[0] >= 0;

    if (!user_from_file)
        left &= ~from_target(plan);
    if ((plan->join & CLONE_NEWUSER) && join_others(plan, &left) < 0)
        return -1;
    if (user_from_file && join_file(plan, 0) < 0)
        return -1;
    if (!user_from_file && from_target(plan) != 0 && setns(plan->target.pidfd, from_target(plan)) < 0)
        return -1;
    left &= ~CLONE_NEWUSER;
    if (join_others(plan, &left) < 0)
        return -1;
    errno = EPERM;
    return left == 0 ? 0 : -1;
}

/* --- what changes outside --------------------------------------------------------------------------------------- */

/* In a version 2 hierarchy, "0" is the writer: cgroups(7). */
static int join_cgroup(int cgroup)
{
    return write(cgroup, "0", 1) == 1 ? 0 : -1;
}

/* What changes before the namespaces do, and comes back where they cannot be entered. */
struct taken {
    bool cgroup, exec_context;
    int groups; /* -1: not dropped */
    gid_t list[NGROUPS_MAX];
};

/*
 * Supplementary groups are dropped outside where the process may, since the namespace may deny setgroups(2); where it may
 * not, prepare_credentials() sees to it.
 */
static int take(struct taken *taken, const struct plan *plan, struct failure *why)
{
    bool drop = plan->set_groups && (plan->join & CLONE_NEWUSER);

    taken->cgroup = taken->exec_context = false;
    taken->groups = drop ? getgroups(NGROUPS_MAX, taken->list) : -1;
    if (taken->groups >= 0 && setgroups(0, NULL) < 0)
        taken->groups = -1;
    if (plan->cgroup_fd >= 0 && join_cgroup(plan->cgroup_fd) < 0)
        return fail(why, &step_cgroup);
    taken->cgroup = plan->cgroup_fd >= 0;
    if (*plan->exec_context && selinux_set_exec(plan->exec_context) < 0)
        return fail(why, &step_exec_context);
    taken->exec_context = *plan->exec_context;
    return 0;
}

/* What was allowed a moment ago still is. */
static void give_back(const struct taken *taken, const struct plan *plan)
{
    if (taken->groups >= 0)
        (void)!setgroups((size_t)taken->groups, taken->list);
    if (taken->cgroup)
        (void)!join_cgroup(plan->own_cgroup_fd);
    if (taken->exec_context)
        (void)!selinux_set_exec("");
}

/* Large; builtins run one at a time, and a helper is a process of its own. */
static struct taken taken;

/* --- in a helper ------------------------------------------------------------------------------------------------ */

static int fail_types(struct failure *why, const struct step *step, int types)
{
    char titles[96];

    return fail_about(why, step, "%s", ns_titles(types, titles, sizeof titles));
}

int enter(const struct plan *plan, struct failure *why)
{
    if (take(&taken, plan, why) < 0)
        return -1;
    if (plan->create != 0 && unshare(plan->create) < 0)
        return fail_types(why, &step_unshare, plan->create);
    if (plan->join != 0 && join(plan) < 0)
        return errno == EINVAL && plan_has_wrong_file(plan, why) ? -1 : fail_types(why, &step_join, plan->join);
    return 0;
}

int enter_on_cpu(const struct plan *plan, int cpu, struct failure *why)
{
    cpu_set_t before, one;

    if (cpu < 0 || sched_getaffinity(0, sizeof before, &before) < 0)
        return enter(plan, why);
    CPU_ZERO(&one);
    CPU_SET((unsigned)cpu, &one);
    (void)!sched_setaffinity(0, sizeof one,
                             &one); /* a CPU that is not to be had: what is made on another serves as well */
    int status = enter(plan, why);
    (void)!sched_setaffinity(0, sizeof before, &before);
    return status;
}

/* --- the shell, after a helper ---------------------------------------------------------------------------------- */

/* What the shell needs to follow a helper, all of it opened before the one step that cannot be taken back. */
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

static int way_open_directories(struct way *way, int proc, struct failure *why)
{
    if (proc < 0) {
        errno = -proc;
        return fail(why, &step_proc);
    }
    way->root = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    way->cwd = way->root < 0 ? -1 : openat(proc, "cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return way->cwd < 0 ? fail(why, &step_land) : 0;
}

static int way_open(struct way *way, const struct plan *plan, const struct stage *stage, struct failure *why)
{
    *way = (struct way){(int)syscall(SYS_pidfd_open, stage_process(stage), 0), -1, -1};
    if (way->pidfd < 0)
        return fail(why, &step_land);
    return plan_carries_directories(plan) ? way_open_directories(way, stage->proc, why) : 0;
}

/* setns(2) with a pidfd moves the caller into all of the namespaces or none (Linux 5.8). */
static int setns_or_nothing(const struct plan *plan, int pidfd, struct failure *why)
{
    int flags = plan_flags(plan);
    int status = take(&taken, plan, why);

    if (status == 0 && flags != 0 && setns(pidfd, flags) < 0)
        status = fail(why, &step_land);
    if (status < 0)
        give_back(&taken, plan);
    return status;
}

static int try_to_go_in(const struct plan *plan, const struct stage *stage, struct way *way, struct failure *why)
{
    return way_open(way, plan, stage, why) < 0 ? -1 : setns_or_nothing(plan, way->pidfd, why);
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
    if (way->root >= 0 && prepare_return(way->root, way->cwd, why) < 0)
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
