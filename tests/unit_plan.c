#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>

#include "namespaces/plan.h"
#include "tap.h"

static struct plan plan;

static const struct plan *creating(int flags)
{
    plan_init(&plan);
    plan.create = flags;
    return &plan;
}

static void check_contradiction(const char *expected)
{
    const char *wrong = plan_contradiction(&plan);

    check_text(wrong ? wrong : "(none)", expected, expected);
}

/* As of before in memory that was used: what an option does not say must be set here. */
static void check_init(void)
{
    memset(&plan, 0x55, sizeof plan);
    plan_init(&plan);
    check(plan_flags(&plan) == 0 && !plan_moves(&plan) && !plan_persists(&plan), "a plan does nothing at first");
    check(plan_is_single_call(&plan) && !idmaps_wanted(&plan.maps) && !*plan.exec_context,
          "nor are there steps inside");
    check(plan.death_signal == SIGKILL, "what is inside does not survive its supervisor");
    for (size_t i = 0; i < NS_TYPES; i++)
        check(plan.files[i] == -1, "no file is open");
}

static void check_free(void)
{
    int *const held[] = {&plan.files[3],  &plan.target.pidfd, &plan.root_fd,      &plan.wd_fd,
                         &plan.follow_fd, &plan.cgroup_fd,    &plan.own_cgroup_fd};
    int fds[sizeof held / sizeof *held];

    plan_init(&plan);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        check(*held[i] == -1, "nothing is held at first");
        fds[i] = *held[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    plan_free(&plan);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        check(*held[i] == -1 && fcntl(fds[i], F_GETFD) < 0, "what was held is closed and forgotten");
}

static void check_contradictions(void)
{
    creating(CLONE_NEWUSER);
    plan.propagation = MS_SLAVE;
    check_contradiction("--propagation needs --mount");
    creating(CLONE_NEWUTS);
    plan.monotonic.said = true;
    check_contradiction("--monotonic needs --time, or it would change no clock");
    creating(CLONE_NEWUTS);
    plan.boottime.said = true;
    check_contradiction("--boottime needs --time, or it would change no clock");
    creating(CLONE_NEWUSER | CLONE_NEWUTS);
    plan.hostname = "box";
    check_contradiction("(none)");
}

static void check_single_calls(void)
{
    check(plan_is_single_call(creating(CLONE_NEWUTS | CLONE_NEWNET)), "unshare(2) makes several in one call");
    check(!plan_is_single_call(creating(CLONE_NEWPID)), "a PID namespace is not entered by a call");
    check(!plan_is_single_call(creating(CLONE_NEWTIME)), "nor is a new time namespace");
    creating(CLONE_NEWNS);
    plan.propagation = MS_PRIVATE;
    check(!plan_is_single_call(&plan), "a step inside can fail after the call");
    creating(CLONE_NEWUSER);
    idmap_add(&plan.maps.users, (struct id_range){0, 1000, 1});
    check(!plan_is_single_call(&plan), "so can a map");

    creating(0);
    plan.join = CLONE_NEWNET | CLONE_NEWUTS;
    check(plan_is_single_call(&plan), "setns(2) joins several of one process in one call");
    plan.files[4] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    check(!plan_is_single_call(&plan), "a file besides takes another call");
    plan.join = CLONE_NEWNET;
    check(plan_is_single_call(&plan), "a file alone takes one");
    plan_free(&plan);
    check(plan.files[4] == -1, "plan_free() closes and forgets what the plan holds");
}

static void check_ways(void)
{
    check(!plan_leaves_reaper(creating(CLONE_NEWPID)), "a shell that moves is PID 1 itself");
    plan.no_fork = true;
    check(plan_leaves_reaper(&plan) && !plan_moves(&plan) && plan_needs_child(&plan), "one that stays leaves a reaper");
    check(plan_mounts_outside(creating(CLONE_NEWNS)), "a mount may come to be outside");
    check(!plan_mounts_outside(creating(CLONE_NEWNS | CLONE_NEWUSER)), "not outside of a user namespace of its own");
    creating(CLONE_NEWNS);
    plan.propagation = MS_REC | MS_PRIVATE;
    check(!plan_mounts_outside(&plan), "nor from a private place");
    plan.propagation = MS_REC | MS_SHARED;
    check(plan_mounts_outside(&plan), "but from a shared one");
    check(plan_moves(creating(CLONE_NEWPID)), "a PID namespace moves the shell");
    check(!plan_moves(creating(CLONE_NEWNS)), "a mount namespace does not");
    plan.move = true;
    check(plan_moves(&plan), "--fork moves it");
    check(plan_carries_directories(&plan), "setns(2) into a mount namespace resets the directories");
    check(!plan_carries_directories(creating(CLONE_NEWUSER)), "into a user namespace it does not");
    plan.wd = "/";
    check(plan_carries_directories(&plan), "a new working directory is carried over too");
    check(!plan_carries_root(&plan), "and with it alone, no root");
    plan.root = "/";
    check(plan_carries_root(&plan), "a new root is");
}

int main(void)
{
    check_init();
    check_free();
    check_contradictions();
    check_single_calls();
    check_ways();
    return done();
}
