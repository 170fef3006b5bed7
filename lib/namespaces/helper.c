/*
 * Where namespaces are joined, others are in there, who are not trusted. Their root may trace whoever is in his user
 * namespace, and would find in a helper the shell's memory and open files, and in /proc/PID/exe a program from outside.
 * So a helper is not dumpable there: to look into such a process takes CAP_SYS_PTRACE in the user namespace that bash
 * was executed in (ptrace(2)). setns(2) with its pidfd is a look into it, too. A shell that may not do that has the
 * helper dumpable again when all else is done, at the moment in which it goes in itself, as open as it is.
 */
#include "namespaces/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "namespaces/steps.h"
#include "system/descriptors.h"
#include "namespaces/enter.h"
#include "namespaces/inside.h"
#include "namespaces/prepare.h"
#include "system/proc.h"
#include "system/process.h"
#include "namespaces/supervise.h"
#include "namespaces/tie.h"

/* What a helper is given and finds out. */
struct helper {
    const struct plan *plan;
    bool alone;                /* helper_works_alone() */
    bool writes_maps;          /* if any: alone, idmaps_are_own() by the IDs outside; else the shell does */
    int socket;                /* to the shell */
    int shell;                 /* a pidfd of it, for a reaper; -1: not needed */
    int procfs;                /* a procfs_open() descriptor from before anything was joined, or -errno */
    struct credentials chosen; /* the IDs to take */
    int root, cwd;             /* what the shell will return to, until they are passed; -1: nothing */
    bool dumpable;             /* it was, before it hid, and may be so again */
};

/* Sends a message, with those of the descriptors that are open, in their order; NULL: none. False: the shell is gone. */
static bool tell(int socket, struct message *text, const int places[PLACES])
{
    union control control = {.align = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec packet = {text, sizeof *text};
    struct msghdr message = {.msg_iov = &packet, .msg_iovlen = 1};
    size_t size = 0;

    for (size_t i = 0; places && i < PLACES; i++) {
        text->passed[i] = places[i] >= 0;
        if (!text->passed[i])
            continue;
        memcpy(CMSG_DATA(&control.align) + size, &places[i], sizeof places[i]);
        size += sizeof places[i];
    }
    if (size > 0) {
        control.align.cmsg_len = CMSG_LEN(size);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(size);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
}

static _Noreturn void give_up(int socket, const struct failure *what)
{
    (void)tell(socket, &(struct message){.what = *what}, NULL); /* or there is nobody to be told */
    _exit(EXIT_FAILURE);
}

/* Waits for the shell's word; ends the helper when there is none to come. */
static void await_shell(int socket)
{
    char word;
    ssize_t got = -1;

    for (int tries = 0; tries < TRIES && got < 0; tries++)
        got = recv(socket, &word, sizeof word, 0);
    if (got != sizeof word)
        _exit(EXIT_FAILURE);
}

/* Before anything is joined. True: it was dumpable, and may be so again. */
static bool hide(const struct plan *plan)
{
    bool dumpable = plan->join != 0 && prctl(PR_GET_DUMPABLE) == 1;

    if (plan->join != 0)
        prctl(PR_SET_DUMPABLE, 0);
    return dumpable;
}

/* Other credentials, as those in another user's namespace, make undumpable; this goes with it: prctl(2). */
static bool still_has_death_signal(void)
{
    int signal = 0;

    prctl(PR_GET_PDEATHSIG, &signal);
    return signal != 0;
}

/*
 * The rehearsed setuid(2) makes the helper undumpable; setns(2) with its pidfd needs it to be as accessible as before. A
 * copy that goes on with other credentials stays as they make it.
 */
static void rehearse_credentials(struct helper *helper)
{
    struct failure what;
    int dumpable = prctl(PR_GET_DUMPABLE);
    uid_t user = geteuid();
    gid_t group = getegid();

    if (prepare_credentials(helper->plan, &helper->chosen, &what) < 0)
        give_up(helper->socket, &what);
    if (!plan_moves(helper->plan) && dumpable == 1)
        prctl(PR_SET_DUMPABLE, 1);
    helper->dumpable &= !plan_moves(helper->plan) || (user == geteuid() && group == getegid());
}

/* Says that all is well so far, and passes where it stands; why there is nothing of /proc, since not every plan needs it. */
static void tell_ready(struct helper *helper)
{
    int proc = helper->procfs < 0 ? helper->procfs : proc_open_self(helper->procfs);

    if (helper->procfs >= 0 && proc < 0)
        proc = -errno;
    struct message text = {.what.err = proc < 0 ? -proc : 0, .chosen = helper->chosen};
    if (!tell(helper->socket, &text, (const int[PLACES]){proc, helper->root, helper->cwd}))
        _exit(EXIT_FAILURE); /* each would wait for the other */
    descriptor_close(proc);
    descriptor_close(helper->root);
    descriptor_close(helper->cwd);
    helper->root = helper->cwd = -1;
}

static void report(struct helper *helper)
{
    tell_ready(helper);
    await_shell(helper->socket);
}

static void fork_inner(const struct helper *helper)
{
    struct failure what;
    pid_t inner = helper->alone ? process_copy() : fork();

    if (inner < 0) {
        fail(&what, &step_fork);
        give_up(helper->socket, &what);
    }
    if (inner > 0) {
        /* The inner one itself is heard of, if it lives. Without a parent, this one is in a PID namespace below the shell's. */
        (void)tell(helper->socket, &(struct message){.born = getppid() > 0 ? inner : -1}, NULL);
        _exit(EXIT_SUCCESS);
    }
    tie_as_moved();
}

/*
 * The word of the one that is the shell from now on. It comes after its end has been tied to the supervisor's (or its
 * init's has): a supervisor that died before that is found out now, when it cannot be told.
 */
static void go_on(int socket)
{
    if (!tell(socket, &(struct message){0}, NULL))
        _exit(EXIT_FAILURE);
    close(socket);
    tie_await_aside();
}

/* A byte comes through the pipe, or else its end. */
static void await_init(const int pipe[2])
{
    char byte;
    ssize_t got = -1;

    close(pipe[1]);
    for (int tries = 0; tries < TRIES && got < 0; tries++)
        got = read(pipe[0], &byte, sizeof byte);
    if (got != sizeof byte)
        _exit(EXIT_FAILURE);
    close(pipe[0]);
    tie_as_moved();
}

/*
 * Forks the shell off an init, which then is to the supervisor outside what a moved shell is that has moved once more.
 * Returns in the shell, when the init has had the shell's word and goes on.
 */
static void become_init(struct helper *helper)
{
    const struct terminal none = {.tty = -1};
    struct failure what;
    int pipe[2];
    pid_t shell = -1;

    if (tie_prepare() < 0 || pipe2(pipe, O_CLOEXEC) < 0 || (shell = fork()) < 0) {
        fail(&what, &step_fork);
        give_up(helper->socket, &what);
    }
    if (shell == 0) {
        await_init(pipe);
        go_on(helper->socket);
        return;
    }
    report(helper);
    prctl(PR_SET_PDEATHSIG, helper->plan->death_signal);
    close(helper->socket);
    inside_say(shell);
    for (int tries = 0; tries < TRIES && write(pipe[1], "", 1) < 0; tries++)
        ; /* SIGPIPE is blocked, and without a byte the end of the pipe, which supervise() closes, ends the shell */
    supervise(shell, &none, -1);
}

/* The helper of a shell that enters what it joins: see above. */
static _Noreturn void be_followed(struct helper *helper)
{
    tell_ready(helper);
    descriptors_close(STDERR_FILENO + 1, helper->socket - 1);
    descriptors_close(helper->socket + 1, INT_MAX);
    await_shell(helper->socket);
    if (helper->dumpable)
        prctl(PR_SET_DUMPABLE, 1);
    helper->procfs = -EBADF;
    report(helper);
    _exit(EXIT_SUCCESS);
}

/* The helper has done what it was there for, if the shell says so. */
static enum staged go_on_inside(struct helper *helper)
{
    const struct plan *plan = helper->plan;

    if (plan->init) {
        become_init(helper);
    } else if (plan->join != 0 && !plan_moves(plan)) {
        be_followed(helper);
    } else {
        report(helper);
        if (plan_leaves_reaper(plan))
            reap_until_end_of(helper->shell);
        prctl(PR_SET_PDEATHSIG, plan->death_signal);
        if (helper->dumpable)
            prctl(PR_SET_DUMPABLE, 1);
        go_on(helper->socket);
    }
    descriptor_close(helper->procfs);
    return STAGE_INSIDE;
}

/* Other credentials end what prctl(2) has set, so that comes after them. */
static void take_stand(const struct helper *helper)
{
    struct failure what;

    if (helper->plan->owner && prepare_owner(helper->plan, &what) < 0)
        give_up(helper->socket, &what);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int helper_write_own_maps(const struct plan *plan, int procfs, struct failure *why)
{
    if (!idmaps_wanted(&plan->maps))
        return 0;
    errno = procfs < 0 ? -procfs : 0;
    int proc = procfs < 0 ? -1 : proc_open_self(procfs);
    int status = proc < 0 ? fail(why, &step_proc) : idmaps_write_own(proc, &plan->maps, why);

    descriptor_close(proc);
    return status;
}

/* In the namespaces, up to where only a child is inside. */
static void go_in(struct helper *helper, int cpu)
{
    struct failure what;

    if (enter_on_cpu(helper->plan, cpu, &what) < 0 || prepare_choose(helper->plan, &helper->chosen, &what) < 0)
        give_up(helper->socket, &what);
    helper->dumpable = helper->dumpable && still_has_death_signal();
    if (helper->writes_maps && helper_write_own_maps(helper->plan, helper->procfs, &what) < 0)
        give_up(helper->socket, &what);
    if (!helper->alone && idmaps_wanted(&helper->plan->maps))
        report(helper);
    if (prepare_clocks(helper->plan, helper->procfs, &what) < 0)
        give_up(helper->socket, &what);
}

bool helper_works_alone(const struct plan *plan)
{
    return process_can_copy() && plan_needs_child(plan) && plan->join == 0 && !plan->owner && !plan_persists(plan);
}

enum staged helper_run(const struct plan *plan, bool alone, int cpu, int socket, int shell)
{
    struct helper helper = {.plan = plan,
                            .alone = alone,
                            .writes_maps = alone && idmaps_are_own(&plan->maps),
                            .socket = socket,
                            .shell = shell,
                            .root = -1,
                            .cwd = -1};
    struct failure what;

    helper.procfs = procfs_open();
    if (helper.procfs < 0)
        helper.procfs = -errno;
    take_stand(&helper);
    helper.dumpable = hide(plan);
    go_in(&helper, cpu);
    if (plan_needs_child(plan))
        fork_inner(&helper);
    if (alone && !helper.writes_maps)
        report(&helper); /* the shell, which writes them, is back since the fork */
    if (prepare(plan, NULL, &what) < 0 || prepare_directories(plan, &helper.root, &helper.cwd, &what) < 0)
        give_up(socket, &what);
    rehearse_credentials(&helper);
    return go_on_inside(&helper);
}
