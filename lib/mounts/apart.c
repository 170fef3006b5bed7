/*
 * What the child has to say is in memory that both see: once its work is done, nothing but the end of that can fail. Only
 * a descriptor takes a socket.
 */
#include "mounts/apart.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mounts/calls.h"
#include "mounts/steps.h"
#include "system/descriptors.h"
#include "system/program.h"
#include "system/signals.h"

/* What the child says: a step is the same object in both. */
struct word {
    bool said;
    int status;
    struct failure what;
};

union control {
    struct cmsghdr align;
    char space[CMSG_SPACE(sizeof(int))];
};

/* A descriptor goes with a byte. 0, or -1 and errno. */
static int hand_over(int socket, int fd)
{
    union control control = {.align = {CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS}};
    struct iovec byte = {(char[1]){0}, 1};
    const struct msghdr message = {
        .msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};

    memcpy(CMSG_DATA(&control.align), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static _Noreturn void work_and_tell(apart_work *work, void *argument, struct word *word, int socket)
{
    int fd = -1;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    word->status = work(argument, &fd, &word->what);
    word->said = true;
    if (fd >= 0 && hand_over(socket, fd) < 0)
        word->status = fail(&word->what, &step_apart);
    _exit(EXIT_SUCCESS);
}

/* The child has ended: a descriptor is there by now, or comes no more. The kernel cuts one off that there is no number for. */
static int take_over(int socket)
{
    union control control;
    struct iovec byte = {(char[1]){0}, 1};
    struct msghdr message = {
        .msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    int fd = -1;
    ssize_t got = -1;

    errno = EINTR;
    for (int tries = 0; tries < TRIES && got < 0 && errno == EINTR; tries++)
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got > 0 && CMSG_FIRSTHDR(&message))
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    else if (got >= 0)
        errno = EMFILE;
    return fd;
}

static int run(apart_work *work, void *argument, struct word *word, const int sockets[2], struct failure *why)
{
    pid_t child = fork();

    if (child == 0)
        work_and_tell(work, argument, word, sockets[1]);
    if (child < 0)
        return fail(why, &step_apart);
    await_child(child);
    errno = ECHILD;
    if (!word->said)
        return fail(why, &step_apart);
    if (word->status < 0)
        *why = word->what;
    return word->status;
}

int apart_attach(int detached)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return -1;
    int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int status = top < 0 ? -1 : call_move_mount(detached, top, 0);
    descriptor_close(top);
    return status;
}

int apart(apart_work *work, void *argument, int *fd, struct failure *why)
{
    struct signals_held held;
    int sockets[2];
    struct word *word = mmap(NULL, sizeof *word, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (word == MAP_FAILED)
        return fail(why, &step_apart);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) {
        fail(why, &step_apart);
        munmap(word, sizeof *word);
        return -1;
    }
    signals_hold(&held);
    int status = run(work, argument, word, sockets, why);
    signals_release(&held);
    if (status == 0 && fd && (*fd = take_over(sockets[0])) < 0)
        status = fail(why, &step_apart);
    close(sockets[0]);
    close(sockets[1]);
    munmap(word, sizeof *word);
    return status;
}
