/*
 * Theory of operation. The shell forks a helper; the helper makes or joins the namespaces; the shell, still outside,
 * writes the ID maps; the helper does the steps that need to be inside, says that it is ready, and waits. It ends when
 * the shell closes the socket, or dies.
 *
 * PID and time namespaces are entered by children only. There the helper forks once more and ends, and its child, the
 * inner process, goes on in its place. The shell has made itself a subreaper meanwhile, so that it becomes the inner
 * process's parent: this process may become the shell itself (a plan that moves), and a shell's end is waited for by
 * its supervisor. (clone(2) with CLONE_PARENT would spare the detour, but leaves glibc with a wrong thread ID.)
 *
 * Messages are struct failure, STEP_NONE for success, one packet each. The kernel adds the sender's PID as the shell
 * sees it (SCM_CREDENTIALS), which is how the shell learns the inner process's number.
 */
#include "stage.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enter.h"
#include "prepare.h"
#include "proc.h"

static void tell(int socket, const struct failure *what)
{
    /* The shell may be gone: then nobody is left to be told, and the wait that follows ends the helper. */
    (void)!send(socket, what, sizeof *what, MSG_NOSIGNAL);
}

static _Noreturn void give_up(int socket, const struct failure *what)
{
    tell(socket, what);
    _exit(EXIT_FAILURE);
}

/* Waits for the shell's word; ends the helper when there is none to come. */
static void await_shell(int socket)
{
    char word;

    if (recv(socket, &word, sizeof word, 0) != sizeof word)
        _exit(EXIT_FAILURE);
}

static bool needs_child(const struct plan *plan)
{
    return plan_moves(plan) || (plan->create & CLONE_NEWTIME);
}

/* The rehearsed setuid(2) has made the helper undumpable; setns(2) with its pidfd needs it to be as accessible as before. */
static void rehearse_credentials(const struct plan *plan, int socket)
{
    struct failure what;
    int dumpable = prctl(PR_GET_DUMPABLE);

    if (prepare_credentials(plan, &what) < 0)
        give_up(socket, &what);
    if (!plan_moves(plan) && dumpable == 1)
        prctl(PR_SET_DUMPABLE, 1);
}

/* Goes on as the shell, whose supervisor is now the one to end with. */
static void become_shell(int socket)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    tell(socket, &(struct failure){STEP_NONE, 0});
    close(socket);
}

static enum staged help(const struct plan *plan, int socket)
{
    struct failure what = {STEP_NONE, 0};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (enter(plan, &what) < 0)
        give_up(socket, &what);
    if (idmaps_wanted(&plan->maps)) {
        tell(socket, &what);
        await_shell(socket);
    }
    if (needs_child(plan)) {
        pid_t inner = fork();
        if (inner < 0) {
            fail(&what, STEP_FORK);
            give_up(socket, &what);
        }
        if (inner > 0)
            _exit(EXIT_SUCCESS);
    }
    if (prepare(plan, &what) < 0)
        give_up(socket, &what);
    rehearse_credentials(plan, socket);
    tell(socket, &what);
    await_shell(socket);
    become_shell(socket);
    return STAGE_INSIDE;
}

/* Receives one message. Returns the sender's PID, or -1 and *why: the helper's failure, or that it ended. */
static pid_t hear(int socket, const sigset_t *awake, struct failure *why)
{
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec packet = {why, sizeof *why};
    struct msghdr message = {
        .msg_iov = &packet, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct pollfd ready = {.fd = socket, .events = POLLIN};

    if (ppoll(&ready, 1, NULL, awake) < 0)
        return fail(why, STEP_INTERRUPTED);
    ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *sender = got == sizeof *why ? CMSG_FIRSTHDR(&message) : NULL;
    if (!sender || sender->cmsg_type != SCM_CREDENTIALS) {
        *why = (struct failure){STEP_HELPER, ECHILD};
        return -1;
    }
    struct ucred credentials;
    memcpy(&credentials, CMSG_DATA(sender), sizeof credentials);
    return credentials.pid;
}

static int write_maps(const struct stage *stage, const struct idmaps *maps, struct failure *why)
{
    int proc = proc_open(stage->helper);

    if (proc < 0)
        return fail(why, STEP_PROC);
    int status = idmaps_write(proc, maps, why);
    close(proc);
    return status;
}

static void wait_for_end(pid_t *pid)
{
    if (*pid > 0)
        waitpid(*pid, NULL, 0);
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

/* Follows the helpers until one is ready in the finished namespaces. */
static int direct(struct stage *stage, const struct plan *plan, const sigset_t *awake, struct failure *why)
{
    const char word = 0;
    pid_t sender;

    if (idmaps_wanted(&plan->maps)) {
        if (hear(stage->socket, awake, why) < 0 || why->step != STEP_NONE || write_maps(stage, &plan->maps, why) < 0)
            return -1;
        (void)!send(stage->socket, &word, sizeof word, MSG_NOSIGNAL); /* if it is gone, the next hear() says so */
    }
    sender = hear(stage->socket, awake, why);
    if (sender > 0 && sender != stage->helper) {
        stage->inner = sender;
        adopt(stage);
    }
    return sender > 0 && why->step == STEP_NONE ? 0 : -1;
}

/* Forks the helper; its end of the socket is ends[1]. */
static enum staged start(struct stage *stage, const struct plan *plan, struct failure *why)
{
    const int on = 1;
    int ends[2], was_subreaper = 0;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fail(why, STEP_SOCKET);
    stage->socket = ends[0];
    setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    if (needs_child(plan)) {
        prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper);
        stage->adopts = !was_subreaper;
        prctl(PR_SET_CHILD_SUBREAPER, 1);
    }
    stage->helper = fork();
    if (stage->helper == 0) {
        close(ends[0]);
        return help(plan, ends[1]);
    }
    if (stage->helper < 0)
        fail(why, STEP_FORK);
    close(ends[1]);
    return stage->helper < 0 ? STAGE_FAILED : STAGE_READY;
}

enum staged stage_begin(struct stage *stage, const struct plan *plan, const sigset_t *awake, struct failure *why)
{
    *stage = (struct stage){.socket = -1};
    enum staged staged = start(stage, plan, why);

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

void stage_end(struct stage *stage)
{
    int err = errno;

    if (stage->socket >= 0)
        close(stage->socket);
    stage->socket = -1;
    if (stage->helper > 0)
        kill(stage->helper, SIGKILL);
    adopt(stage);
    if (stage->inner > 0)
        kill(stage->inner, SIGKILL);
    wait_for_end(&stage->inner);
    errno = err;
}

int stage_release(struct stage *stage, struct failure *why)
{
    const char word = 0;
    sigset_t all;

    sigfillset(&all);
    (void)!send(stage->socket, &word, sizeof word, MSG_NOSIGNAL); /* if it is gone, hear() says so */
    if (hear(stage->socket, &all, why) < 0)
        return -1;
    close(stage->socket);
    stage->socket = -1;
    return 0;
}
