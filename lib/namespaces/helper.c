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
#include "namespaces/prepare.h"
#include "system/proc.h"
#include "namespaces/supervise.h"
#include "namespaces/tie.h"

/* Sends a message; proc: a descriptor to go with it, or -1. False: the shell is gone. */
static bool tell(int socket, struct message *text, int proc)
{
    union control control = {.align = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec packet = {text, sizeof *text};
    struct msghdr message = {.msg_iov = &packet, .msg_iovlen = 1};

    if (proc >= 0) {
        control.align.cmsg_len = CMSG_LEN(sizeof proc);
        memcpy(CMSG_DATA(&control.align), &proc, sizeof proc);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof proc);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
}

static _Noreturn void give_up(int socket, const struct failure *what)
{
    (void)tell(socket, &(struct message){.what = *what}, -1); /* or there is nobody to be told */
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
 * The rehearsed setuid(2) makes the helper undumpable; setns(2) with its pidfd needs it to be as accessible as before.
 * True: the credentials are the same as before.
 */
static bool rehearse_credentials(const struct plan *plan, const struct credentials *chosen, int socket)
{
    struct failure what;
    int dumpable = prctl(PR_GET_DUMPABLE);
    uid_t user = geteuid();
    gid_t group = getegid();

    if (prepare_credentials(plan, chosen, &what) < 0)
        give_up(socket, &what);
    if (!plan_moves(plan) && dumpable == 1)
        prctl(PR_SET_DUMPABLE, 1);
    return user == geteuid() && group == getegid();
}

/*
 * Says that all is well so far. procfs: a procfs_open() descriptor, or -errno; without one it goes on, and says why, since
 * not every plan needs it.
 */
static void tell_ready(int socket, int procfs, const struct credentials *chosen)
{
    int proc = procfs < 0 ? procfs : proc_open_self(procfs);

    if (procfs >= 0 && proc < 0)
        proc = -errno;
    if (!tell(socket, &(struct message){{.err = proc < 0 ? -proc : 0}, *chosen, 0}, proc))
        _exit(EXIT_FAILURE); /* each would wait for the other */
    if (proc >= 0)
        close(proc);
}

static void report(int socket, int procfs, const struct credentials *chosen)
{
    tell_ready(socket, procfs, chosen);
    await_shell(socket);
}

static void fork_inner(int socket)
{
    struct failure what;
    pid_t inner = fork();

    if (inner < 0) {
        fail(&what, &step_fork);
        give_up(socket, &what);
    }
    if (inner > 0) {
        (void)tell(socket, &(struct message){.born = inner}, -1); /* the inner one itself is heard of, if it lives */
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
    if (!tell(socket, &(struct message){0}, -1))
        _exit(EXIT_FAILURE);
    close(socket);
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
static void become_init(const struct plan *plan, int socket, int procfs, const struct credentials *chosen)
{
    const struct terminal none = {.tty = -1};
    struct failure what;
    int pipe[2];
    pid_t shell = -1;

    if (tie_prepare() < 0 || pipe2(pipe, O_CLOEXEC) < 0 || (shell = fork()) < 0) {
        fail(&what, &step_fork);
        give_up(socket, &what);
    }
    if (shell == 0) {
        await_init(pipe);
        go_on(socket);
        return;
    }
    report(socket, procfs, chosen);
    prctl(PR_SET_PDEATHSIG, plan->death_signal);
    close(socket);
    for (int tries = 0; tries < TRIES && write(pipe[1], "", 1) < 0; tries++)
        ; /* SIGPIPE is blocked, and without a byte the end of the pipe, which supervise() closes, ends the shell */
    supervise(shell, &none);
}

/* The helper of a shell that enters what it joins: see above. */
static _Noreturn void be_followed(int socket, int procfs, const struct credentials *chosen, bool dumpable)
{
    tell_ready(socket, procfs, chosen);
    descriptors_close(STDERR_FILENO + 1, socket - 1);
    descriptors_close(socket + 1, INT_MAX);
    await_shell(socket);
    if (dumpable)
        prctl(PR_SET_DUMPABLE, 1);
    tell_ready(socket, -EBADF, chosen);
    await_shell(socket);
    _exit(EXIT_SUCCESS);
}

/* The helper has done what it was there for, if the shell says so. */
static enum staged go_on_inside(const struct plan *plan, int socket, int procfs, int shell,
                                const struct credentials *chosen, bool dumpable)
{
    if (plan->init) {
        become_init(plan, socket, procfs, chosen);
    } else if (plan->join != 0 && !plan_moves(plan)) {
        be_followed(socket, procfs, chosen, dumpable);
    } else {
        report(socket, procfs, chosen);
        if (plan_leaves_reaper(plan))
            reap_until_end_of(shell);
        prctl(PR_SET_PDEATHSIG, plan->death_signal);
        if (dumpable)
            prctl(PR_SET_DUMPABLE, 1);
        go_on(socket);
    }
    if (procfs >= 0)
        close(procfs);
    return STAGE_INSIDE;
}

/* Other credentials end what prctl(2) has set, so that comes after them. */
static void take_stand(const struct plan *plan, int socket)
{
    struct failure what;

    if (plan->owner && prepare_owner(plan, &what) < 0)
        give_up(socket, &what);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

enum staged helper_run(const struct plan *plan, int cpu, int socket, int shell)
{
    struct failure what;
    struct credentials chosen;
    int procfs = procfs_open();

    if (procfs < 0)
        procfs = -errno;
    take_stand(plan, socket);
    bool dumpable = hide(plan);
    if (enter_on_cpu(plan, cpu, &what) < 0 || prepare_choose(plan, &chosen, &what) < 0)
        give_up(socket, &what);
    dumpable = dumpable && still_has_death_signal();
    if (idmaps_wanted(&plan->maps))
        report(socket, procfs, &chosen);
    if (prepare_clocks(plan, procfs, &what) < 0)
        give_up(socket, &what);
    if (plan_needs_child(plan))
        fork_inner(socket);
    if (prepare(plan, &what) < 0)
        give_up(socket, &what);
    bool same = rehearse_credentials(plan, &chosen, socket);
    return go_on_inside(plan, socket, procfs, shell, &chosen, dumpable && (same || !plan_moves(plan)));
}
