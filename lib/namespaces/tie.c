/*
 * Theory of operation. The kernel keeps from the init of a PID namespace every signal of its own namespace that it does
 * not catch. So an init can neither die by a signal nor stop, unless by SIGKILL and SIGSTOP from outside; and a shell
 * that moved is an init, and so is, where one move follows another, the supervisor of the second. What a signal would
 * have done is therefore agreed on between the two over some shared memory, struct tie, which unlike a pipe is no open
 * file: the script would see that, and hand it on to programs.
 *
 * - A moved init that would die by a signal says by which, and exits; its supervisor dies by it.
 * - A supervisor that shall stop stops the moved shell first. Where that supervises in its turn, it passes the signal
 *   on, asks, and waits for the answer: whether all below has been stopped and it stops too, or is to be stopped as an
 *   init. There is an answer only to a question, so none is left over for the next.
 */
#include "namespaces/tie.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct tie {
    atomic_int supervises; /* the moved process supervises another by now */
    atomic_int question;   /* its supervisor wants to know whether all below stops (a futex) */
    atomic_int answer;     /* to that (a futex) */
    atomic_int is_aside;   /* its supervisor holds nothing of the script's any more (a futex) */
    atomic_int died_by;    /* the signal that would have ended it; 0: none */
};

static struct tie *below;     /* to the shell that moves or has moved */
static struct tie *above;     /* to the supervisor of this process, */
static pid_t tied_from_above; /* unless it is a child of that one: subshells have a copy */

int tie_prepare(void)
{
    void *memory = mmap(NULL, sizeof(struct tie), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    below = memory == MAP_FAILED ? NULL : memory;
    return below ? 0 : -1;
}

void tie_forget(void)
{
    if (below)
        munmap(below, sizeof *below);
    below = NULL;
}

void tie_as_moved(void)
{
    above = below;
    below = NULL;
    tied_from_above = getpid();
}

bool tie_is_from_above(void)
{
    return above && tied_from_above == getpid();
}

void tie_say_died_by(int signal)
{
    if (tie_is_from_above())
        atomic_store(&above->died_by, signal);
}

/* Until another process has given the place another value than 0, or it takes too long; the value. */
static int await_value(atomic_int *place, struct timespec longest)
{
    while (atomic_load(place) == 0)
        if (syscall(SYS_futex, place, FUTEX_WAIT, 0, &longest, NULL, 0) < 0 && errno == ETIMEDOUT)
            break; /* else it woke without a cause, or the value came just then: futex(2) */
    return atomic_load(place);
}

static void give_value(atomic_int *place, int value)
{
    atomic_store(place, value);
    syscall(SYS_futex, place, FUTEX_WAKE, 1, NULL, NULL, 0);
}

bool tie_answer(enum answer answer)
{
    const struct timespec longest = {.tv_nsec = 500000000L};

    if (!tie_is_from_above() || !await_value(&above->question, longest))
        return false;
    give_value(&above->answer, (int)answer);
    return true;
}

/* It takes no time but what the scheduler gives to others; a process that has ended gives none. */
enum answer tie_ask(void)
{
    const struct timespec longest = {.tv_sec = 2};

    give_value(&below->question, 1);
    await_value(&below->answer, longest);
    atomic_store(&below->question, 0);
    return (enum answer)atomic_exchange(&below->answer, NO_ANSWER);
}

void tie_say_aside(void)
{
    give_value(&below->is_aside, 1);
}

void tie_await_aside(void)
{
    const struct timespec longest = {.tv_sec = 2};

    if (tie_is_from_above())
        await_value(&above->is_aside, longest);
}

void tie_say_supervises(void)
{
    if (tie_is_from_above())
        atomic_store(&above->supervises, 1);
}

bool tie_below_supervises(void)
{
    return atomic_load(&below->supervises);
}

int tie_died_by(void)
{
    return atomic_load(&below->died_by);
}
