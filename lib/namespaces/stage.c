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
 * Messages are one packet each: a failure, without a step for success, and the IDs that the helper has chosen; or the inner
 * process's PID, for a shell that gives up before it hears of that itself. The kernel adds the sender's PID as the shell
 * sees it (SCM_CREDENTIALS), which is how the shell learns the inner process's number; the sender adds descriptors
 * (SCM_RIGHTS): of its directory in /proc, where the shell writes its maps, opened in the /proc from before anything was
 * joined, since one inside may be false; and of its root and working directory, to which the shell returns. So a shell
 * without /proc can follow, and no way into a helper has to be open for it.
 */
#include "namespaces/stage.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "namespaces/helper.h"
#include "namespaces/steps.h"
#include "system/descriptors.h"
#include "system/proc.h"
#include "system/program.h"
#include "namespaces/tie.h"
#include "namespaces/witness.h"

/* True: the other side has the word, or is gone, which the next message from there tells. */
static bool say(int socket)
{
    const char word = 0;

    return send(socket, &word, sizeof word, MSG_NOSIGNAL) >= 0 || errno == EPIPE || errno == ECONNRESET;
}

static void close_places(struct stage *stage)
{
    for (size_t i = 0; i < PLACES; i++) {
        descriptor_close(stage->places[i]);
        stage->places[i] = -ENOENT;
    }
}

/* As many as came: the kernel cuts descriptors off (MSG_CTRUNC) for which the receiver has no number left. */
static void take_places(struct stage *stage, struct cmsghdr *part, const struct message *text)
{
    size_t size = part->cmsg_len - CMSG_LEN(0), used = 0;

    for (size_t i = 0; i < PLACES && used < size; i++) {
        if (!text->passed[i])
            continue;
        memcpy(&stage->places[i], CMSG_DATA(part) + used, sizeof stage->places[i]);
        used += sizeof stage->places[i];
    }
}

/* Takes the sender and where it stands out of a message's control data. Returns the sender's PID, 0: there is none. */
static pid_t read_control(struct stage *stage, struct msghdr *message, const struct message *text)
{
    struct ucred sender = {0};

    close_places(stage);
    for (size_t i = 0; i < PLACES; i++)
        stage->places[i] = message->msg_flags & MSG_CTRUNC ? -EMFILE : text->what.err > 0 ? -text->what.err : -ENOENT;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_type == SCM_CREDENTIALS)
            memcpy(&sender, CMSG_DATA(part), sizeof sender);
        if (part->cmsg_type == SCM_RIGHTS)
            take_places(stage, part, text);
    }
    return sender.pid;
}

/*
 * Receives a message. The first one who is not the helper is the inner one. Returns the sender's PID, or -1 and *why: what went wrong, or
 * that the helpers have ended.
 */
static pid_t receive(struct stage *stage, struct message *text, struct failure *why)
{
    union control control;
    struct iovec packet = {text, sizeof *text};
    struct msghdr message = {
        .msg_iov = &packet, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got;

    do
        got = recvmsg(stage->socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0
           && errno == ECONNRESET); /* said once of one that died without reading a word; what it has said comes next */
    if (got < 0)
        return fail(why, &step_socket);
    pid_t sender = got == sizeof *text ? read_control(stage, &message, text) : 0;
    if (sender <= 0) {
        errno = ECHILD;
        return fail(why, &step_helper);
    }
    if (text->born > 0)
        stage->inner = text->born;
    else if (stage->inner <= 0 && sender != stage->helper)
        stage->inner = sender;
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
            return fail(why, errno == EINTR ? &step_interrupted : &step_socket);
        sender = receive(stage, &text, why);
    } while (sender > 0 && text.born != 0);
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

    while (stage->inner <= 0 && poll(&ready, 1, SECOND) > 0)
        if (receive(stage, &text, &ignored) < 0)
            return;
}

static int write_maps(const struct stage *stage, const struct idmaps *maps, const sigset_t *awake, struct failure *why)
{
    int proc = stage->places[AT_PROC];

    if (proc >= 0)
        return idmaps_write(proc, stage_process(stage), maps, awake, why);
    errno = -proc;
    return fail(why, &step_proc);
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

    return waitid(P_PID, (id_t)inner, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? fail(why, &step_adopt) : 0;
}

/*
 * A move needs nothing more of the shell: what is inside may go on when it is ready. It is the shell's child by now, when the
 * helper, from which the shell is back, has quite ended.
 */
static bool release_beforehand(struct stage *stage)
{
    siginfo_t info;

    while (waitid(P_PID, (id_t)stage->helper, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    stage->released = true;
    return say(stage->socket);
}

/* Follows the helpers until one is ready in the finished namespaces. */
static int direct(struct stage *stage, const struct plan *plan, const sigset_t *awake, struct failure *why)
{
    pid_t sender;

    if (idmaps_wanted(&plan->maps) && !(stage->alone && idmaps_are_own(&plan->maps))) {
        if (hear(stage, awake, why) < 0 || why->step != NULL || write_maps(stage, &plan->maps, awake, why) < 0)
            return -1;
        if (!say(stage->socket))
            return fail(why, &step_socket);
    }
    if (stage->alone && plan_moves(plan) && !plan->check && !release_beforehand(stage))
        return fail(why, &step_socket);
    sender = hear(stage, awake, why);
    if (sender > 0 && sender != stage->helper)
        adopt(stage);
    if (sender < 0 || why->step != NULL)
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
    if (plan_moves(plan)) {
        if (tie_prepare() < 0)
            return -1;
        witness_prepare();
    }
    if (plan_needs_child(plan)) {
        prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper);
        stage->adopts = !was_subreaper;
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    }
    return 0;
}

/* From a vfork(2) the shell comes back when its helper has ended, and a copy of that has gone on from here. */
static enum staged run_helper(struct stage *stage, const struct plan *plan, int cpu, const int ends[2], int shell)
{
    stage->alone = helper_works_alone(plan);
    stage->helper = stage->alone ? vfork() : fork();
    if (stage->helper != 0)
        return STAGE_READY;
    close(ends[0]);
    return helper_run(plan, stage->alone, cpu, ends[1], shell);
}

/* Starts the helper; its end of the socket is ends[1]. */
static enum staged start(struct stage *stage, const struct plan *plan, int cpu, struct failure *why)
{
    const int on = 1;
    int ends[2], shell;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fail(why, &step_socket);
    stage->socket = ends[0];
    if (setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
        fail(why, &step_socket);
        close(ends[1]);
        return STAGE_FAILED;
    }
    stage->helper = -1;
    if (get_ready(stage, plan, &shell) == 0 && run_helper(stage, plan, cpu, ends, shell) == STAGE_INSIDE)
        return STAGE_INSIDE;
    if (stage->helper < 0)
        fail(why, &step_fork);
    close(ends[1]);
    if (shell >= 0)
        close(shell);
    return stage->helper < 0 ? STAGE_FAILED : STAGE_READY;
}

enum staged stage_begin(struct stage *stage, const struct plan *plan, int cpu, const sigset_t *awake,
                        struct failure *why)
{
    *stage = (struct stage){.socket = -1, .places = {-ENOENT, -ENOENT, -ENOENT}, .reaper = plan_leaves_reaper(plan)};
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
    int places[PLACES];

    sigfillset(&all);
    if (!say(stage->socket))
        return fail(why, &step_socket);
    memcpy(places, stage->places, sizeof places); /* kept, for what is said now comes without */
    for (size_t i = 0; i < PLACES; i++)
        stage->places[i] = -ENOENT;
    int status = hear(stage, &all, why) < 0 ? -1 : 0;
    close_places(stage);
    memcpy(stage->places, places, sizeof places);
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
    close_places(stage);
    if (stage->inner > 0 && !stage->reaper)
        kill(stage->inner, SIGKILL);
    wait_for_end(&stage->inner);
    tie_forget();
    witness_forget();
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
    if (!stage->released && !say(stage->socket))
        return fail(why, &step_socket);
    /* From here on it may be the shell: only its death is a failure. */
    while (hear(stage, &all, why) < 0 && why->step != &step_helper)
        ;
    if (why->step != NULL)
        return -1;
    close(stage->socket);
    stage->socket = -1;
    close_places(stage);
    return 0;
}
