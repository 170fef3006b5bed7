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
 * Messages are one packet each: a failure, STEP_NONE for success, and the IDs that the helper has chosen. The kernel adds the sender's PID as the shell
 * sees it (SCM_CREDENTIALS), which is how the shell learns the inner process's number; the sender adds its directory
 * in /proc (SCM_RIGHTS), where the shell writes its maps and finds its root. It is opened in the /proc from before
 * anything was joined, since one inside may be false.
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

/* Control data of a message: the sender's credentials and a descriptor. */
union control {
    struct cmsghdr align;
    char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
};

struct message {
    struct failure what;
    struct credentials chosen;
};

/* Sends a message; proc: a descriptor to go with it, or -1. */
static void tell(int socket, struct message *text, int proc)
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
    /* The shell may be gone: then nobody is left to be told, and the wait that follows ends the helper. */
    (void)!sendmsg(socket, &message, MSG_NOSIGNAL);
}

static _Noreturn void give_up(int socket, const struct failure *what)
{
    tell(socket, &(struct message){.what = *what}, -1);
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
static void rehearse_credentials(const struct plan *plan, const struct credentials *chosen, int socket)
{
    struct failure what;
    int dumpable = prctl(PR_GET_DUMPABLE);

    if (prepare_credentials(plan, chosen, &what) < 0)
        give_up(socket, &what);
    if (!plan_moves(plan) && dumpable == 1)
        prctl(PR_SET_DUMPABLE, 1);
}

/* Goes on as the shell, whose supervisor is now the one to end with. */
static void become_shell(const struct plan *plan, int socket)
{
    prctl(PR_SET_PDEATHSIG, plan->death_signal);
    tell(socket, &(struct message){.what.step = STEP_NONE}, -1);
    close(socket);
}

/*
 * Says that all is well so far, and waits for the shell's word. procfs: a procfs_open() descriptor, or -errno; without
 * one it goes on, and says why, since not every plan needs it.
 */
static void report(int socket, int procfs, const struct credentials *chosen)
{
    int proc = procfs < 0 ? procfs : proc_open_self(procfs);

    if (procfs >= 0 && proc < 0)
        proc = -errno;
    tell(socket, &(struct message){{.step = STEP_NONE, .err = proc < 0 ? -proc : 0}, *chosen}, proc);
    if (proc >= 0)
        close(proc);
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
    if (inner > 0)
        _exit(EXIT_SUCCESS);
}

/* Other credentials end what prctl(2) has set, so that comes after them. */
static void take_stand(const struct plan *plan, int socket)
{
    struct failure what;

    if (plan->owner && prepare_owner(plan, &what) < 0)
        give_up(socket, &what);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static enum staged help(const struct plan *plan, int cpu, int socket)
{
    struct failure what;
    struct credentials chosen;
    int procfs = procfs_open();

    if (procfs < 0)
        procfs = -errno;
    take_stand(plan, socket);
    if (enter_on_cpu(plan, cpu, &what) < 0 || prepare_choose(plan, &chosen, &what) < 0)
        give_up(socket, &what);
    if (idmaps_wanted(&plan->maps))
        report(socket, procfs, &chosen);
    if (prepare_clocks(plan, procfs, &what) < 0)
        give_up(socket, &what);
    if (needs_child(plan))
        fork_inner(socket);
    if (prepare(plan, &what) < 0)
        give_up(socket, &what);
    rehearse_credentials(plan, &chosen, socket);
    report(socket, procfs, &chosen);
    if (procfs >= 0)
        close(procfs);
    become_shell(plan, socket);
    return STAGE_INSIDE;
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
    stage->proc = message->msg_flags & MSG_CTRUNC ? -EMFILE : -err;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_type == SCM_CREDENTIALS)
            memcpy(&sender, CMSG_DATA(part), sizeof sender);
        if (part->cmsg_type == SCM_RIGHTS)
            memcpy(&stage->proc, CMSG_DATA(part), sizeof stage->proc);
    }
    return sender.pid;
}

/* Receives one message. Returns the sender's PID, or -1 and *why: the helper's failure, or that it ended. */
static pid_t hear(struct stage *stage, const sigset_t *awake, struct failure *why)
{
    union control control;
    struct message text;
    struct iovec packet = {&text, sizeof text};
    struct msghdr message = {
        .msg_iov = &packet, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct pollfd ready = {.fd = stage->socket, .events = POLLIN};

    if (ppoll(&ready, 1, NULL, awake) < 0)
        return fail(why, STEP_INTERRUPTED);
    ssize_t got = recvmsg(stage->socket, &message, MSG_CMSG_CLOEXEC);
    pid_t sender = got == sizeof text ? read_control(stage, &message, text.what.err) : 0;
    if (sender > 0) {
        *why = text.what;
        stage->chosen = text.chosen;
        return sender;
    }
    *why = (struct failure){.step = STEP_HELPER, .err = ECHILD};
    return -1;
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
        if (hear(stage, awake, why) < 0 || why->step != STEP_NONE || write_maps(stage, &plan->maps, awake, why) < 0)
            return -1;
        (void)!send(stage->socket, &word, sizeof word, MSG_NOSIGNAL); /* if it is gone, the next hear() says so */
    }
    sender = hear(stage, awake, why);
    if (sender > 0 && sender != stage->helper) {
        stage->inner = sender;
        adopt(stage);
    }
    return sender > 0 && why->step == STEP_NONE ? 0 : -1;
}

/* Forks the helper; its end of the socket is ends[1]. */
static enum staged start(struct stage *stage, const struct plan *plan, int cpu, struct failure *why)
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
        return help(plan, cpu, ends[1]);
    }
    if (stage->helper < 0)
        fail(why, STEP_FORK);
    close(ends[1]);
    return stage->helper < 0 ? STAGE_FAILED : STAGE_READY;
}

enum staged stage_begin(struct stage *stage, const struct plan *plan, int cpu, const sigset_t *awake,
                        struct failure *why)
{
    *stage = (struct stage){.socket = -1, .proc = -ENOENT};
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

void stage_end(struct stage *stage)
{
    int err = errno;

    if (stage->socket >= 0)
        close(stage->socket);
    stage->socket = -1;
    close_proc(stage);
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
    if (hear(stage, &all, why) < 0)
        return -1;
    close(stage->socket);
    stage->socket = -1;
    close_proc(stage);
    return 0;
}
