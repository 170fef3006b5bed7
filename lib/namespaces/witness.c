/*
 * Theory of operation. A signal does not tell whether it was sent to one process or to its process group. A supervisor has
 * to pass on the one, and must not pass on the other, which the moved shell has had by itself. So there is one process
 * more in the group, the witness, which blocks all signals and does nothing: what it has pending was sent to the group.
 * The kernel puts what is sent to a group on all in it before anyone gets to run that asks. Over shared memory the witness
 * is asked to count what it has; the supervisors of further moves ask the same one.
 *
 * A copy of the shell would take longer to make than all else that a supervisor does. So the witness has the memory of its
 * supervisor, its files and directory: clone(2). There the two share errno as well: the witness makes no call that fails.
 * Under valgrind(1), which would take that for a thread, it is a copy.
 */
#include "namespaces/witness.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
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
#include "system/memory.h"

struct witness {
    atomic_int there;      /* there is a process to be asked */
    pid_t group;           /* its process group, by the number in its PID namespace */
    atomic_uint bell;      /* always 0: a wait for another value does not fail (a futex) */
    atomic_uint asked;     /* how often */
    atomic_uint answered;  /* up to which question (a futex) */
    atomic_uint had[NSIG]; /* how often it has had each signal */
};

static struct witness *witness; /* never unmapped by who has made the process, which has it there, too */
static pid_t made;              /* the witness that this process made; 0: none */
static bool begun;              /* witness_begin() has been called */
static bool gave_no_answer;     /* and is not asked again */
static unsigned known[NSIG];    /* of what it has had */

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

static void wake(atomic_uint *place)
{
    syscall(SYS_futex, place, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void count_pending(void)
{
    const struct timespec now = {0};
    sigset_t pending, one;

    sigpending(&pending);
    for (int signal = 1; signal < NSIG; signal++) {
        if (sigismember(&pending, signal) != 1)
            continue;
        sigemptyset(&one);
        sigaddset(&one, signal);
        sigtimedwait(&one, NULL, &now);
        atomic_fetch_add(&witness->had[signal], 1);
    }
}

static int bear_witness(void *caller)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != *(const pid_t *)caller)
        _exit(EXIT_FAILURE);
    for (;;) {
        unsigned question = atomic_load(&witness->asked);
        if (atomic_load(&witness->answered) != question) {
            count_pending();
            atomic_store(&witness->answered, question);
            wake(&witness->answered);
        }
        syscall(SYS_futex, &witness->bell, FUTEX_WAIT, 0, NULL, NULL, 0);
    }
}

static bool is_answered(unsigned question)
{
    return (int)(atomic_load(&witness->answered) - question) >= 0; /* others may have asked since */
}

/*
 * False: nobody is there, or does not answer, as one that has been killed or stopped. Who rings while the witness is not yet
 * asleep is not heard, and rings again.
 */
static bool ask(void)
{
    enum { RINGS = 100 };
    const struct timespec between = {.tv_nsec = 10000000};

    if (!witness || gave_no_answer || !atomic_load(&witness->there))
        return false;
    unsigned question = atomic_fetch_add(&witness->asked, 1) + 1;
    for (int rings = 0; rings < RINGS; rings++) {
        unsigned answered = atomic_load(&witness->answered);
        wake(&witness->bell);
        if (!is_answered(question))
            syscall(SYS_futex, &witness->answered, FUTEX_WAIT, answered, &between, NULL, 0);
        if (is_answered(question))
            return true;
    }
    gave_no_answer = true;
    return false;
}

static void call_witness(void)
{
    enum { STACK = 16 << 10 };
    static char stack[STACK] __attribute__((aligned(16)));
    static pid_t caller;

    caller = getpid();
    witness->group = getpgrp();
    made = memory_has_a_host()
               ? fork()
               : clone(bear_witness, stack + STACK, CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, &caller);
    if (made == 0)
        bear_witness(&caller);
    if (made > 0)
        atomic_store(&witness->there, 1);
}

void witness_begin(void)
{
    if (begun)
        return;
    begun = true;
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

    if (made > 0 && waitid(P_PID, (id_t)made, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && kill(made, SIGKILL) == 0)
        waitpid(made, NULL, 0);
}

void witness_forget(void)
{
    witness_end();
    if (witness && made > 0)
        atomic_store(&witness->there, 0);
    made = 0;
    begun = false;
    if (witness && !atomic_load(&witness->there))
        leave();
}

bool witness_has(int signal)
{
    if (!ask())
        return false;
    unsigned before = known[signal];
    known[signal] = atomic_load(&witness->had[signal]);
    return known[signal] != before;
}
