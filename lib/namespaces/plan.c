#include "namespaces/plan.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "namespaces/steps.h"

void plan_init(struct plan *plan)
{
    memset(plan, 0, offsetof(struct plan, exec_context));
    *plan->exec_context = '\0';
    idmaps_init(&plan->maps);
    for (size_t i = 0; i < NS_TYPES; i++)
        plan->files[i] = -1;
    plan->target.pidfd = plan->root_fd = plan->wd_fd = plan->follow_fd = plan->cgroup_fd = plan->own_cgroup_fd = -1;
    plan->sync_fd = -1;
    plan->death_signal = SIGKILL;
}

static void close_held(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < NS_TYPES; i++)
        close_held(&plan->files[i]);
    close_held(&plan->target.pidfd);
    close_held(&plan->root_fd);
    close_held(&plan->wd_fd);
    close_held(&plan->follow_fd);
    close_held(&plan->cgroup_fd);
    close_held(&plan->own_cgroup_fd);
}

bool plan_has_wrong_file(const struct plan *plan, struct failure *why)
{
    int err = errno;

    for (size_t i = 0; i < NS_TYPES; i++) {
        if (!plan->names[i] || nsref_is(plan->files[i], &nstypes[i]))
            continue;
        fail_about(why, &step_wrong_file, "%s: expected a %s", plan->names[i], nstypes[i].title);
        return true;
    }
    errno = err;
    return false;
}

int plan_flags(const struct plan *plan)
{
    return plan->create | plan->join;
}

bool plan_moves(const struct plan *plan)
{
    return plan->move || ((plan_flags(plan) & CLONE_NEWPID) && !plan->no_fork);
}

bool plan_leaves_reaper(const struct plan *plan)
{
    return plan->no_fork && (plan->create & CLONE_NEWPID);
}

bool plan_needs_child(const struct plan *plan)
{
    return plan_moves(plan) || (plan_flags(plan) & CLONE_NEWPID) || (plan->create & CLONE_NEWTIME);
}

bool plan_persists(const struct plan *plan)
{
    for (size_t i = 0; i < NS_TYPES; i++)
        if (plan->persist[i])
            return true;
    return false;
}

static bool prepares(const struct plan *plan)
{
    return idmaps_wanted(&plan->maps) || plan_persists(plan) || plan->propagation || plan->hostname || plan->loopback
           || plan->mount_proc || plan->mount_binfmt || plan->root || plan->wd || plan->root_fd >= 0 || plan->wd_fd >= 0
           || plan->cgroup_fd >= 0 || *plan->exec_context || plan->set_groups || plan->set_uid || plan->set_gid
           || plan->keep_caps || plan->inside;
}

/* Joining takes a call for the target and one for each file. */
static int join_calls(const struct plan *plan)
{
    int calls = 0;
    int from_target = plan->join;

    for (size_t i = 0; i < NS_TYPES; i++) {
        if (plan->files[i] < 0)
            continue;
        from_target &= ~nstypes[i].flag;
        calls++;
    }
    return calls + (from_target != 0);
}

bool plan_is_single_call(const struct plan *plan)
{
    if (plan->visit || plan_moves(plan) || prepares(plan) || (plan->create & (CLONE_NEWTIME | CLONE_NEWPID)))
        return false;
    return (plan->create != 0) + join_calls(plan) <= 1;
}

bool plan_only_mounts(const struct plan *plan)
{
    bool in_mounts = plan->create == CLONE_NEWNS || (plan->create == 0 && plan->new_root);

    return in_mounts && plan->join == 0 && !plan_moves(plan) && !plan_persists(plan) && plan->root_fd < 0
           && plan->wd_fd < 0 && plan->cgroup_fd < 0 && !*plan->exec_context && !plan->set_groups && !plan->set_uid
           && !plan->set_gid && !plan->keep_caps;
}

bool plan_mounts_outside(const struct plan *plan)
{
    return !(plan->create & CLONE_NEWUSER) && (plan->propagation == 0 || (plan->propagation & MS_SHARED));
}

bool plan_carries_root(const struct plan *plan)
{
    return (plan_flags(plan) & CLONE_NEWNS) || plan->root || plan->root_fd >= 0 || plan->new_root;
}

bool plan_carries_directories(const struct plan *plan)
{
    return plan_carries_root(plan) || plan->wd || plan->wd_fd >= 0;
}

bool plan_changes_ids(const struct plan *plan)
{
    return (plan_flags(plan) & CLONE_NEWUSER) || plan->set_uid || plan->set_gid || plan->set_groups;
}

const char *plan_contradiction(const struct plan *plan)
{
    if (plan->propagation && !(plan->create & CLONE_NEWNS))
        return "--propagation needs --mount";
    if (plan->monotonic.said && !(plan->create & CLONE_NEWTIME))
        return "--monotonic needs --time, or it would change no clock";
    if (plan->boottime.said && !(plan->create & CLONE_NEWTIME))
        return "--boottime needs --time, or it would change no clock";
    if (plan->init && !(plan->create & CLONE_NEWPID))
        return "--init needs --pid";
    if (plan->init && plan->no_fork)
        return "--init and --no-fork exclude each other; with --no-fork, PID 1 is an init anyway";
    if (plan->move && plan->no_fork)
        return "--fork, and what implies it, and --no-fork exclude each other";
    if (plan->sync_fd >= 0 && !plan_moves(plan))
        return "--sync-fd needs --pid or --fork: else nobody stays outside to hold it";
    return NULL;
}
