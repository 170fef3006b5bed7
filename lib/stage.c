/*
 * Theory of operation. The shell forks a helper; the helper makes or joins the namespaces; the shell, still outside,
 * writes the ID maps; the helper does the steps that need to be inside, says that it is ready, and waits. It ends when
 * the shell closes the socket, or dies.
 *
 * PID and time namespaces are entered by children only. There the helper forks once more and ends, and its child, the
 * inner process, goes on in its place. The shell has made itself a subreaper meanwhile, so that it becomes the inner
 * process's parent: this process may become the shell itself (a plan that moves), and a shell's end is waited for by
 * its supervisor. (clone(2) with CLONE_PARENT would spare the detour, but leaves glibc with a wrong thread ID.) Where
 * the shell stays outside of a PID namespace that it makes, the inner process stays as its init. That one is not to be
 * a child of the shell, which would find it in the way of its own: so there the shell is no subreaper.
 *
 * Messages are one packet each: a failure, STEP_NONE for success, and the IDs that the helper has chosen; or the inner
 * process's PID, for a shell that gives up before it hears of that itself. The kernel adds the sender's PID as the shell
 * sees it (SCM_CREDENTIALS), which is how the shell learns the inner process's number; the sender adds its directory
 * in /proc (SCM_RIGHTS), where the shell writes its maps and finds its root. It is opened in the /proc from before
 * anything was joined, since one inside may be false.
 *
 * Where namespaces are joined, others are in there, who are not trusted. Their root may trace whoever is in his user
 * namespace, and would find in a helper the shell's memory and open files, and in /proc/PID/exe a program from outside.
 * So a helper is not dumpable there: to look into such a process takes CAP_SYS_PTRACE in the user namespace that bash
 * was executed in (ptrace(2)). setns(2) with its pidfd is a look into it, too. A shell that may not do that has the
 * helper dumpable again when all else is done, at the moment in which it goes in itself, as open as it is.
 */
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"
#include "enter.h"
#include "prepare.h"
#include "proc.h"
#include "program.h"
#include "supervise.h"

/* Control data of a message: the sender's credentials and a descriptor. */
union control {
    struct cmsghdr align;
    char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
};

struct message {
    struct failure what;
    struct credentials chosen;
    pid_t born; /* 0, or all that this message says: the inner process's PID */
};

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

/* True: the other side has the word, or is gone, which the next message from there tells. */
static bool say(int socket)
{
    const char word = 0;

    return send(socket, &word, sizeof word, MSG_NOSIGNAL) >= 0 || errno == EPIPE || errno == ECONNRESET;
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

static bool needs_child(const struct plan *plan)
{
    return plan_moves(plan) || (plan_flags(plan) & CLONE_NEWPID) || (plan->create & CLONE_NEWTIME);
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
    if (!tell(socket, &(struct message){{.step = STEP_NONE, .err = proc < 0 ? -proc : 0}, *chosen, 0}, proc))
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
        fail(&what, STEP_FORK);
        give_up(socket, &what);
    }
    if (inner > 0) {
        (void)tell(socket, &(struct message){.born = inner}, -1); /* the inner one itself is heard of, if it lives */
        _exit(EXIT_SUCCESS);
    }
    supervise_as_moved();
}

/*
 * The word of the one that is the shell from now on. It comes after its end has been tied to the supervisor's (or its
 * init's has): a supervisor that died before that is found out now, when it cannot be told.
 */
static void go_on(int socket)
{
    if (!tell(socket, &(struct message){.what.step = STEP_NONE}, -1))
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
    supervise_as_moved();
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

    if (supervise_prepare() < 0 || pipe2(pipe, O_CLOEXEC) < 0 || (shell = fork()) < 0) {
        fail(&what, STEP_FORK);
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

/* The helper of a shell that enters what it joins: see at the top of this file. */
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

/* shell: a pidfd of the shell, where it leaves a reaper; else -1. */
static enum staged help(const struct plan *plan, int cpu, int socket, int shell)
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
    if (needs_child(plan))
        fork_inner(socket);
    if (prepare(plan, &what) < 0)
        give_up(socket, &what);
    bool same = rehearse_credentials(plan, &chosen, socket);
    return go_on_inside(plan, socket, procfs, shell, &chosen, dumpable && (same || !plan_moves(plan)));
}

static void close_proc(struct stage *stage)
{
    if (stage->proc >= 0)
        close(stage->proc);
    stage->proc = -ENOENT;
}

/*
 * Takes the sender and its directory out of a message's control data. Returns the sender's PID, 0: there is none. The
 * kernel cuts a descriptor off (MSG_CTRUNC) for which the receiver has no number left.
 */
static pid_t read_control(struct stage *stage, struct msghdr *message, int err)
{
    struct ucred sender = {0};

    close_proc(stage);
    stage->proc = message->msg_flags & MSG_CTRUNC ? -EMFILE : err > 0 ? -err : -ENOENT;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_type == SCM_CREDENTIALS)
            memcpy(&sender, CMSG_DATA(part), sizeof sender);
        if (part->cmsg_type == SCM_RIGHTS)
            memcpy(&stage->proc, CMSG_DATA(part), sizeof stage->proc);
    }
    return sender.pid;
}

/* Receives a message. Returns the sender's PID, or -1 and *why: what went wrong, or that the helpers have ended. */
static pid_t receive(struct stage *stage, struct message *text, struct failure *why)
{
    union control control;
    struct iovec packet = {text, sizeof *text};
    struct msghdr message = {
        .msg_iov = &packet, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(stage->socket, &message, MSG_CMSG_CLOEXEC);

    if (got < 0 && errno != ECONNRESET) /* one that died without reading the last word */
        return fail(why, STEP_SOCKET);
    pid_t sender = got == sizeof *text ? read_control(stage, &message, text->what.err) : 0;
    if (sender <= 0) {
        *why = (struct failure){.step = STEP_HELPER, .err = ECHILD};
        return -1;
    }
    if (text->born > 0)
        stage->inner = text->born;
    return sender;
}

/* Waits for a helper's word, and returns as receive(); *why is what the helper says. */
static pid_t hear(struct stage *stage, const sigset_t *awake, struct failure *why)
{
    struct pollfd ready = {.fd = stage->socket, .events = POLLIN};
    struct message text;
    pid_t sender;

    do {
        if (ppoll(&ready, 1, NULL, awake) < 0)
            return fail(why, errno == EINTR ? STEP_INTERRUPTED : STEP_SOCKET);
        sender = receive(stage, &text, why);
    } while (sender > 0 && text.born > 0);
    if (sender > 0) {
        *why = text.what;
        stage->chosen = text.chosen;
    }
    return sender;
}

/*
 * A helper that is about to fork may leave an inner one behind that the shell has not heard of. With the word that it
 * will wait for refused, it ends soon, and tells before; a second is plenty, and then it is killed.
 */
static void look_for_inner(struct stage *stage)
{
    enum { SECOND = 1000 };
    struct pollfd ready = {.fd = stage->socket, .events = POLLIN};
    struct message text;
    struct failure ignored;

    while (stage->inner <= 0 && poll(&ready, 1, SECOND) > 0) {
        pid_t sender = receive(stage, &text, &ignored);
        if (sender < 0)
            return;
        if (sender != stage->helper)
            stage->inner = sender;
    }
}

static int write_maps(const struct stage *stage, const struct idmaps *maps, const sigset_t *awake, struct failure *why)
{
    if (stage->proc >= 0)
        return idmaps_write(stage->proc, stage->helper, maps, awake, why);
    errno = -stage->proc;
    return fail(why, STEP_PROC);
}

static void wait_for_end(pid_t *pid)
{
    if (*pid > 0)
        await_child(*pid);
    *pid = 0;
}

/* The outer helper has ended: what it left behind is the shell's child now. */
static void adopt(struct stage *stage)
{
    wait_for_end(&stage->helper);
    if (stage->adopts)
        prctl(PR_SET_CHILD_SUBREAPER, 0);
    stage->adopts = false;
}

/*
 * Children of a shell that stayed outside of a PID namespace are born in it, and what their children leave behind goes
 * to its init, not to the shell.
 */
static int check_adopted(pid_t inner, struct failure *why)
{
    siginfo_t info;

    return waitid(P_PID, (id_t)inner, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? fail(why, STEP_ADOPT) : 0;
}

/* Follows the helpers until one is ready in the finished namespaces. */
static int direct(struct stage *stage, const struct plan *plan, const sigset_t *awake, struct failure *why)
{
    pid_t sender;

    if (idmaps_wanted(&plan->maps)) {
        if (hear(stage, awake, why) < 0 || why->step != STEP_NONE || write_maps(stage, &plan->maps, awake, why) < 0)
            return -1;
        if (!say(stage->socket))
            return fail(why, STEP_SOCKET);
    }
    sender = hear(stage, awake, why);
    if (sender > 0 && sender != stage->helper) {
        stage->inner = sender;
        adopt(stage);
    }
    if (sender < 0 || why->step != STEP_NONE)
        return -1;
    return plan_moves(plan) ? check_adopted(stage->inner, why) : 0;
}

/* What a plan needs of the shell before the fork(2). */
static int get_ready(struct stage *stage, const struct plan *plan, int *shell)
{
    int was_subreaper = 0;

    *shell = plan_leaves_reaper(plan) ? (int)syscall(SYS_pidfd_open, getpid(), 0) : -1;
    if (plan_leaves_reaper(plan))
        return *shell < 0 ? -1 : 0;
    if (plan_moves(plan) && supervise_prepare() < 0)
        return -1;
    if (needs_child(plan)) {
        prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper);
        stage->adopts = !was_subreaper;
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    }
    return 0;
}

/* Forks the helper; its end of the socket is ends[1]. */
static enum staged start(struct stage *stage, const struct plan *plan, int cpu, struct failure *why)
{
    const int on = 1;
    int ends[2], shell;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fail(why, STEP_SOCKET);
    stage->socket = ends[0];
    if (setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
        fail(why, STEP_SOCKET);
        close(ends[1]);
        return STAGE_FAILED;
    }
    stage->helper = get_ready(stage, plan, &shell) < 0 ? -1 : fork();
    if (stage->helper == 0) {
        close(ends[0]);
        return help(plan, cpu, ends[1], shell);
    }
    if (stage->helper < 0)
        fail(why, STEP_FORK);
    close(ends[1]);
    if (shell >= 0)
        close(shell);
    return stage->helper < 0 ? STAGE_FAILED : STAGE_READY;
}

enum staged stage_begin(struct stage *stage, const struct plan *plan, int cpu, const sigset_t *awake,
                        struct failure *why)
{
    *stage = (struct stage){.socket = -1, .proc = -ENOENT, .reaper = plan_leaves_reaper(plan)};
    enum staged staged = start(stage, plan, cpu, why);

    if (staged == STAGE_READY && direct(stage, plan, awake, why) < 0)
        staged = STAGE_FAILED;
    if (staged == STAGE_FAILED)
        stage_end(stage);
    return staged;
}

pid_t stage_process(const struct stage *stage)
{
    return stage->inner > 0 ? stage->inner : stage->helper;
}

int stage_be_let_in(struct stage *stage, struct failure *why)
{
    sigset_t all;
    int proc = stage->proc;

    sigfillset(&all);
    if (!say(stage->socket))
        return fail(why, STEP_SOCKET);
    stage->proc = -ENOENT; /* kept, for what is said now comes without */
    int status = hear(stage, &all, why) < 0 ? -1 : 0;
    close_proc(stage);
    stage->proc = proc;
    return status;
}

void stage_end(struct stage *stage)
{
    int err = errno;

    if (stage->socket >= 0 && stage->adopts) {
        shutdown(stage->socket, SHUT_WR);
        look_for_inner(stage);
    }
    if (stage->socket >= 0)
        close(stage->socket);
    stage->socket = -1;
    if (stage->helper > 0)
        kill(stage->helper, SIGKILL);
    adopt(stage);
    close_proc(stage);
    if (stage->inner > 0 && !stage->reaper)
        kill(stage->inner, SIGKILL);
    wait_for_end(&stage->inner);
    supervise_forget();
    errno = err;
}

void stage_leave_reaper(struct stage *stage)
{
    for (int tries = 0; tries < TRIES && !say(stage->socket); tries++)
        ; /* one that is gone has taken the namespace with it */
    stage->inner = 0;
    stage_end(stage);
}

int stage_release(struct stage *stage, struct failure *why)
{
    sigset_t all;

    sigfillset(&all);
    if (!say(stage->socket))
        return fail(why, STEP_SOCKET);
    /* From here on it may be the shell: only its death is a failure. */
    while (hear(stage, &all, why) < 0 && why->step != STEP_HELPER)
        ;
    if (why->step != STEP_NONE)
        return -1;
    close(stage->socket);
    stage->socket = -1;
    close_proc(stage);
    return 0;
}
