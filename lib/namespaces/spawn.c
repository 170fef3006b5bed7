/*
 * Theory of operation. To copy a shell takes longer than all that a plan does, and a program has no use for the copy. So
 * its process is made by clone(2) with all namespaces at once, and has the memory of the shell until it executes the
 * program; the shell waits for that. The steps are those of a helper that works alone (helper.h), and so is what makes it safe
 * that memory is shared: all that is in there is new, and nobody else is. The process makes no mark but in errno, on a
 * stack of its own, and where the program's environment names the file. It asks for no memory.
 *
 * Over a socket the shell says that it is known whom it watches, and what its process group is sent, and the process that it
 * is about to execute, and then nothing more: execve(2) closes the socket. Or it says so a second time, and ends. Whatever
 * fails, there is another way (stage.h), which fails as well, and knows what to say; or it is for that one alone, as a script
 * without "#!" is, which a shell has to read.
 */
#include "namespaces/spawn.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "namespaces/helper.h"
#include "namespaces/inside.h"
#include "namespaces/prepare.h"
#include "namespaces/steps.h"
#include "namespaces/tie.h"
#include "namespaces/witness.h"
#include "system/descriptors.h"
#include "system/memory.h"
#include "system/proc.h"
#include "system/program.h"
#include "system/signals.h"

enum { STACK = 64 << 10 };

/* What the process is given, who is not yet a program. */
struct birth {
    const struct plan *plan;
    const struct program *program;
    const sigset_t *mask; /* the program's */
    int procfs;           /* a procfs_open() descriptor */
    int ends[2];          /* of the socket: the shell's, the process's */
};

/*
 * Credentials and capabilities are the process's, but with them goes the dumpable flag, which is the memory's. Of another
 * directory or root the shell has to hear. Time namespaces are not made by clone(2), and an init is a copy.
 */
bool spawn_serves(const struct plan *plan)
{
    bool credentials = plan->set_groups || plan->set_uid || plan->set_gid || plan->keep_caps;

    return !memory_has_a_host() && plan_moves(plan) && helper_works_alone(plan) && idmaps_are_own(&plan->maps)
           && !(plan->create & CLONE_NEWTIME) && !plan->init && !credentials && !plan->root && !plan->wd
           && !plan->inside && !plan_mounts_outside(plan);
}

/* A handler of the shell's is not to be called in a process that is not the shell. What is ignored stays ignored. */
static void take_signals(const struct birth *birth)
{
    struct sigaction now, then = {0};

    for (int number = 1; number < NSIG; number++) {
        if (sigaction(number, NULL, &now) < 0 || now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN)
            continue;
        then.sa_handler = sigismember(&birth->program->ignored, number) == 1 ? SIG_IGN : SIG_DFL;
        sigaction(number, &then, NULL);
    }
    sigprocmask(SIG_SETMASK, birth->mask, NULL);
}

static void execute(const struct program *program)
{
    for (char *const *file = program->files; *file; file++) {
        if (eaccess(*file, X_OK) < 0)
            continue;
        *program->underscore = *file - strlen("_=");
        execve(*file, program->arguments, program->environment);
        return;
    }
}

/* Of all words there is but one. */
static bool say(int socket)
{
    return send(socket, "", 1, MSG_NOSIGNAL) == 1;
}

static bool hear(int socket)
{
    char word;

    return recv(socket, &word, sizeof word, 0) == sizeof word;
}

static int get_ready(const struct birth *birth)
{
    struct failure what;
    const struct plan *plan = birth->plan;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (helper_write_own_maps(plan, birth->procfs, &what) < 0 || prepare(plan, NULL, &what) < 0)
        return -1;
    descriptor_close(plan->sync_fd);
    prctl(PR_SET_PDEATHSIG, plan->death_signal);
    return 0;
}

/* The kernel would take it from an init that does not catch it, and the shell would believe that the program had it. */
static bool has_been_signalled(void)
{
    sigset_t pending;

    return sigpending(&pending) < 0 || !sigisemptyset(&pending);
}

/* A shell that died before its death was to be told cannot be told anything either. */
static int be_born(void *place)
{
    struct birth *birth = place;

    close(birth->ends[0]);
    if (get_ready(birth) == 0 && hear(birth->ends[1]) && !has_been_signalled() && say(birth->ends[1])) {
        take_signals(birth);
        execute(birth->program);
        say(birth->ends[1]);
    }
    _exit(EXIT_FAILURE);
}

/* True when it executes the program. False: it does not, and is gone; errno is EINTR where a signal came first. */
static bool await_execution(pid_t pid, int socket, const sigset_t *awake)
{
    struct pollfd closed = {.fd = socket};

    inside_say(pid);
    witness_begin();
    bool told = say(socket), interrupted = told && ppoll(&closed, 1, NULL, awake) < 0;
    if (told && !interrupted && hear(socket) && !hear(socket))
        return true;
    kill(pid, SIGKILL);
    await_child(pid);
    errno = interrupted ? EINTR : ECHILD;
    return false;
}

/* The PID; 0, or -1 and *why, as spawn(). */
static pid_t give_birth(struct birth *birth, const sigset_t *awake, struct failure *why)
{
    char stack[STACK] __attribute__((aligned(16)));

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, birth->ends) < 0)
        return 0;
    pid_t pid = clone(be_born, stack + sizeof stack, CLONE_VM | birth->plan->create | SIGCHLD, birth);
    close(birth->ends[1]);
    if (pid > 0 && !await_execution(pid, birth->ends[0], awake))
        pid = errno == EINTR ? fail(why, &step_interrupted) : 0;
    else if (pid < 0)
        pid = 0;
    close(birth->ends[0]);
    return pid;
}

pid_t spawn(const struct plan *plan, const struct program *program, struct failure *why)
{
    struct signals_held held;
    char name[16];

    fail_not(why);
    prctl(PR_GET_NAME, name);
    if (tie_prepare() < 0)
        return 0;
    witness_prepare();
    signals_hold(&held);
    struct birth birth = {plan, program, &held.before, procfs_open(), {-1, -1}};
    pid_t pid = birth.procfs < 0 ? 0 : give_birth(&birth, &held.awake, why);
    descriptor_close(birth.procfs);
    if (pid > 0)
        return pid;
    prctl(PR_SET_NAME, name);
    tie_forget();
    witness_forget();
    signals_release(&held);
    return pid;
}
