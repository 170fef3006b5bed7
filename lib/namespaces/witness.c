/*
 * Theory of operation. A signal does not tell whether it was sent to one process or to its process group. A supervisor has
 * to pass on the one, and must not pass on the other, which the moved shell has had by itself. So there is one process
 * more in the group, the witness, which blocks all signals and does nothing: what it has pending was sent to the group.
 * The kernel puts what is sent to a group on all in it before anyone gets to run that asks. Over shared memory the witness
 * is asked to count what it has; the supervisors of further moves ask the same one.
 */
#include "namespaces/witness.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "namespaces/tie.h"
#include "system/descriptors.h"

struct witness {
    atomic_int there;      /* there is a process to be asked */
    pid_t group;           /* its process group, by the number in its PID namespace */
    atomic_uint asked;     /* how often (a futex) */
    atomic_uint answered;  /* up to which question (a futex) */
    atomic_uint had[NSIG]; /* how often it has had each signal */
};

static struct witness *witness;
static pid_t made;           /* the witness that this process made; 0: none */
static unsigned known[NSIG]; /* of what it has had */

static void leave(void)
{
    munmap(witness, sizeof *witness);
    witness = NULL;
}

/* A group from outside of this PID namespace has number 0. */
static bool is_of_this_group(void)
{
    return getpgrp() == 0 || getpgrp() == witness->group;
}

void witness_prepare(void)
{
    if (witness && !is_of_this_group())
        leave();
    if (witness)
        return;
    void *memory = mmap(NULL, sizeof *witness, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    witness = memory == MAP_FAILED ? NULL : memory;
}

void witness_forget(void)
{
    if (witness && !atomic_load(&witness->there))
        leave();
}

static void wake(atomic_uint *place)
{
    syscall(SYS_futex, place, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static _Noreturn void bear_witness(void)
{
    const struct timespec now = {0};
    sigset_t all;

    sigfillset(&all);
    for (;;) {
        unsigned question = atomic_load(&witness->asked);
        for (int signal; (signal = sigtimedwait(&all, NULL, &now)) > 0;)
            atomic_fetch_add(&witness->had[signal], 1);
        atomic_store(&witness->answered, question);
        wake(&witness->answered);
        syscall(SYS_futex, &witness->asked, FUTEX_WAIT, question, NULL, NULL, 0);
    }
}

static bool is_answered(unsigned question)
{
    return (int)(atomic_load(&witness->answered) - question) >= 0; /* others may have asked since */
}

/* False: nobody is there, or does not answer, as one that has been killed or stopped; then nobody is asked again. */
static bool ask(void)
{
    const struct timespec longest = {.tv_sec = 1};

    if (!witness || !atomic_load(&witness->there))
        return false;
    unsigned question = atomic_fetch_add(&witness->asked, 1) + 1;
    wake(&witness->asked);
    while (!is_answered(question)) {
        unsigned answered = atomic_load(&witness->answered);
        if (!is_answered(question)
            && syscall(SYS_futex, &witness->answered, FUTEX_WAIT, answered, &longest, NULL, 0) < 0
            && errno == ETIMEDOUT) {
            leave();
            return false;
        }
    }
    return true;
}

static void call_witness(void)
{
    pid_t caller = getpid();

    witness->group = getpgrp();
    pid_t child = fork();

    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != caller)
            _exit(EXIT_FAILURE);
        descriptors_close(0, INT_MAX);
        bear_witness();
    }
    if (child > 0) {
        made = child;
        atomic_store(&witness->there, 1);
    }
}

void witness_begin(void)
{
    if (witness && !atomic_load(&witness->there) && !tie_is_from_above())
        call_witness();
    else if (ask())
        for (int signal = 1; signal < NSIG; signal++)
            known[signal] = atomic_load(&witness->had[signal]);
}

/* One that was killed, and waited for, is no child any more, and its number may be another's. */
void witness_end(void)
{
    siginfo_t info;

    if (made > 0 && waitid(P_PID, (id_t)made, &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
        kill(made, SIGKILL);
        waitpid(made, NULL, 0);
    }
}

bool witness_has(int signal)
{
    if (!ask())
        return false;
    unsigned before = known[signal];
    known[signal] = atomic_load(&witness->had[signal]);
    return known[signal] != before;
}
