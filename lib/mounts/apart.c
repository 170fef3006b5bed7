#include "mounts/apart.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mounts/steps.h"
#include "system/program.h"
#include "system/signals.h"

/* What the child says: a step is the same object in both. */
struct word {
    int status;
    struct failure what;
};

union control {
    struct cmsghdr align;
    char space[CMSG_SPACE(sizeof(int))];
};

static _Noreturn void work_and_tell(apart_work *work, void *argument, int socket)
{
    struct word word = {0};
    union control control = {.align = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec packet = {&word, sizeof word};
    struct msghdr message = {.msg_iov = &packet, .msg_iovlen = 1};
    int fd = -1;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    word.status = work(argument, &fd, &word.what);
    if (fd >= 0) {
        control.align.cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&control.align), &fd, sizeof fd);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(sizeof fd);
    }
    _exit(sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* The kernel cuts a descriptor off (MSG_CTRUNC) for which the receiver has no number left. */
static int hear(int socket, int *fd, struct failure *why)
{
    union control control;
    struct word word;
    struct iovec packet = {&word, sizeof word};
    struct msghdr message = {
        .msg_iov = &packet, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

    if (got != sizeof word) {
        errno = got < 0 ? errno : ECHILD;
        return fail(why, &step_apart);
    }
    if (message.msg_flags & MSG_CTRUNC) {
        errno = EMFILE;
        return fail(why, &step_apart);
    }
    if (CMSG_FIRSTHDR(&message))
        memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof *fd);
    if (word.status < 0)
        *why = word.what;
    return word.status;
}

int apart(apart_work *work, void *argument, int *fd, struct failure *why)
{
    struct signals_held held;
    int sockets[2], status = -1;

    *fd = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
        return fail(why, &step_apart);
    signals_hold(&held);
    pid_t child = fork();
    if (child == 0)
        work_and_tell(work, argument, sockets[1]);
    if (child < 0)
        fail(why, &step_apart);
    close(sockets[1]);
    if (child > 0) {
        status = hear(sockets[0], fd, why);
        await_child(child);
    }
    close(sockets[0]);
    signals_release(&held);
    return status;
}
