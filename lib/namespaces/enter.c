#include "namespaces/enter.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <unistd.h>

#include "namespaces/steps.h"
#include "system/selinux.h"

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

/* --- in a helper, or in the shell where the plan is a single call ------------------------------------------------------------------------------------------------ */

static int fail_types(struct failure *why, const struct step *step, int types)
{
    char titles[96];

    return fail_about(why, step, "%s", ns_titles(types, titles, sizeof titles));
}

int enter(const struct plan *plan, struct failure *why)
{
    if (take(&taken, plan, why) < 0)
        return -1;
    if (plan->join != 0 && join(plan) < 0)
        return errno == EINVAL && plan_has_wrong_file(plan, why) ? -1 : fail_types(why, &step_join, plan->join);
    /* In what was joined: so it belongs to that user namespace. */
    if (plan->create != 0 && unshare(plan->create) < 0)
        return fail_types(why, &step_unshare, plan->create);
    return 0;
}

int enter_on_cpu(const struct plan *plan, int cpu, struct failure *why)
{
    cpu_set_t before, one;

    if (cpu < 0 || sched_getaffinity(0, sizeof before, &before) < 0)
        return enter(plan, why);
    CPU_ZERO(&one);
    CPU_SET((unsigned)cpu, &one);
    /* A CPU that is not to be had: what is made on another serves as well. */
    (void)!sched_setaffinity(0, sizeof one, &one);
    int status = enter(plan, why);
    (void)!sched_setaffinity(0, sizeof before, &before);
    return status;
}

/* --- in the shell, after a helper ------------------------------------------------------------------------------- */

int enter_behind(const struct plan *plan, int pidfd, struct failure *why)
{
    int flags = plan_flags(plan);
    int status = take(&taken, plan, why);

    if (status == 0 && flags != 0 && setns(pidfd, flags) < 0)
        status = fail(why, &step_land);
    if (status < 0)
        give_back(&taken, plan);
    return status;
}
