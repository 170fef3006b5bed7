#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "prepare.h"
#include "stage.h"

static int join_file(const struct plan *plan, size_t i)
{
    return plan->files[i] < 0 ? 0 : setns(plan->files[i], nstypes[i].flag);
}

/* A user namespace comes first: it gives the capabilities for the others. nstypes[0] is its row. */
static int join(const struct plan *plan)
{
    int from_target = plan->join;

    for (size_t i = 0; i < NS_TYPES; i++)
        if (plan->files[i] >= 0)
            from_target &= ~nstypes[i].flag;
    if (join_file(plan, 0) < 0)
        return -1;
    if (from_target != 0 && setns(plan->target.pidfd, from_target) < 0)
        return -1;
    for (size_t i = 1; i < NS_TYPES; i++)
        if (join_file(plan, i) < 0)
            return -1;
    return 0;
}

int enter(const struct plan *plan, struct failure *why)
{
    if (plan->create != 0 && unshare(plan->create) < 0)
        return fail(why, STEP_UNSHARE);
    if (plan->join != 0 && join(plan) < 0)
        return fail(why, STEP_JOIN);
    return 0;
}

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
        return fail(why, STEP_PROC);
    }
    way->root = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    way->cwd = way->root < 0 ? -1 : openat(proc, "cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return way->cwd < 0 ? fail(why, STEP_LAND) : 0;
}

static int way_open(struct way *way, const struct plan *plan, const struct stage *stage, struct failure *why)
{
    *way = (struct way){(int)syscall(SYS_pidfd_open, stage_process(stage), 0), -1, -1};
    if (way->pidfd < 0)
        return fail(why, STEP_LAND);
    return plan_carries_directories(plan) ? way_open_directories(way, stage->proc, why) : 0;
}

/*
 * A process that may drop its supplementary groups does so outside, since the namespace may deny setgroups(2). They
 * are the only thing changed before setns(2), and come back where that fails.
 */
struct groups {
    int count; /* -1: not dropped */
    gid_t list[NGROUPS_MAX];
};

static void groups_drop(struct groups *groups, const struct plan *plan)
{
    groups->count = plan->set_groups ? getgroups(NGROUPS_MAX, groups->list) : -1;
    if (groups->count >= 0 && setgroups(0, NULL) < 0)
        groups->count = -1;
}

static int groups_restore(const struct groups *groups)
{
    int err = errno;

    if (groups->count >= 0)
        (void)!setgroups((size_t)groups->count, groups->list); /* what was allowed a moment ago still is */
    errno = err;
    return -1;
}

/* setns(2) with a pidfd moves the caller into all of the namespaces or none (Linux 5.8). */
static int setns_or_nothing(const struct plan *plan, int pidfd)
{
    static struct groups groups; /* large; builtins run one at a time */
    int flags = plan_flags(plan);

    groups_drop(&groups, plan);
    return flags == 0 || setns(pidfd, flags) == 0 ? 0 : groups_restore(&groups);
}

/*
 * Steps after a helper. What follows setns(2) cannot fail: the helper has done the same as the same user in the same
 * namespaces. setns(2) has reset root and working directory to those of the mount namespace.
 */
static int follow(const struct plan *plan, const struct way *way, struct failure *why)
{
    if (setns_or_nothing(plan, way->pidfd) < 0)
        return fail(why, STEP_LAND);
    if (way->root >= 0) {
        if (fchdir(way->root) < 0 || chroot(".") < 0)
            return fail(why, STEP_ROOT);
        if (fchdir(way->cwd) < 0)
            return fail(why, STEP_KEEP_WD);
    }
    return prepare_credentials(plan, why);
}

static enum landing land_enter(const struct plan *plan, struct stage *stage, struct failure *why)
{
    struct way way;
    int status = way_open(&way, plan, stage, why);

    if (status == 0)
        status = follow(plan, &way, why);
    way_close(&way);
    stage_end(stage);
    return status < 0 ? LANDING_FAILED : LANDING_ENTERED;
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

static enum landing land_staged(const struct plan *plan, const sigset_t *awake, pid_t *moved, struct failure *why)
{
    struct stage stage;

    switch (stage_begin(&stage, plan, awake, why)) {
    case STAGE_INSIDE:
        return LANDING_MOVED;
    case STAGE_READY:
        return plan_moves(plan) ? land_move(&stage, moved, why) : land_enter(plan, &stage, why);
    default:
        return LANDING_FAILED;
    }
}

enum landing land(const struct plan *plan, pid_t *moved, struct failure *why)
{
    static const int ask_to_end[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    sigset_t all, before, awake;

    *why = (struct failure){STEP_NONE, 0};
    if (plan_is_single_call(plan))
        return enter(plan, why) < 0 ? LANDING_FAILED : LANDING_ENTERED;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    awake = all;
    for (size_t i = 0; i < sizeof ask_to_end / sizeof *ask_to_end; i++)
        if (!sigismember(&before, ask_to_end[i]))
            sigdelset(&awake, ask_to_end[i]);
    enum landing landing = land_staged(plan, &awake, moved, why);
    if (landing != LANDING_LEFT)
        sigprocmask(SIG_SETMASK, &before, NULL);
    return landing;
}
