/*
 * How signals are felt where the kernel shields an init from them, is told in tie.c.
 *
 * A supervisor has all the memory that its shell had, and needs next to none of it. It gives that back at once, while the
 * shell inside goes on: at its end, for which others wait, there is less to be done then. What it calls after that, or may,
 * asks malloc(3) for none.
 */
#include "namespaces/supervise.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "namespaces/stance.h"
#include "namespaces/tie.h"
#include "namespaces/witness.h"
#include "system/descriptors.h"
#include "system/memory.h"

struct supervisor {
    pid_t moved;
    struct terminal terminal;
    int fatal;   /* the last signal that was to end it; 0: none */
    bool stands; /* an init, of which all below stands still until it is continued */
};

/* One that supervises in its turn decides by itself. */
static struct stance stance_of(pid_t moved)
{
    if (tie_below_supervises())
        return (struct stance){.caught = UINT64_MAX};
    return stance_of_child(moved);
}

static bool stops(int signal)
{
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* It has no default action there: what is ignored may be waited for all the same. */
static bool takes_itself(const struct stance *stance, int signal)
{
    return stance_has(stance->caught | stance->kept, signal);
}

static bool is_harmless(int signal)
{
    return signal == SIGURG || signal == SIGWINCH;
}

/* waitpid(2) would also take the end of a shell that is gone meanwhile, which reap() waits for. */
static bool was_continued(pid_t moved)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)moved, &info, WCONTINUED | WNOHANG) == 0 && info.si_pid == moved;
}

/* Who continues a job continues the whole process group: then the moved shell runs by now, and has had its signal. */
static void go_on(const struct supervisor *self)
{
    if (!was_continued(self->moved))
        kill(self->moved, SIGCONT);
}

/*
 * What an init catches when it is looked at may meet the program that it executes next, which does not: then the kernel
 * drops it. And what a thread of it waits for, as in sigwait(3), is told from what ends it only while that does not wait.
 * So the look and the signal come while the init is held still. Not so where a handler would feel being let go, nor with
 * what would stop it: to let it go takes that back.
 */
static bool is_to_be_held(const struct stance *stance, int signal)
{
    return stance->init && !stance_has(stance->kept, signal) && !stops(signal) && !is_harmless(signal)
           && !(stance_has(stance->caught, signal) && stance_has(stance->caught, SIGCONT));
}

static void let_go(pid_t moved)
{
    kill(moved, SIGCONT);
    was_continued(moved); /* which is not for go_on() to see */
}

/*
 * False: it has ended, or does not stop within a second, in an uninterruptible sleep, or continued by someone else. On a
 * busy machine it may take longer to get a processor.
 */
static bool await_stop(pid_t moved)
{
    const struct timespec second = {.tv_sec = 1};
    siginfo_t info;
    sigset_t child;
    bool last = false;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (;;) {
        info = (siginfo_t){0};
        waitid(P_PID, (id_t)moved, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT);
        if (info.si_pid != 0 || last)
            break;
        last = sigtimedwait(&child, NULL, &second) < 0 && errno != EINTR && !stance_is_about_to_stop(moved);
    }
    return info.si_code == CLD_STOPPED && waitid(P_PID, (id_t)moved, &info, WSTOPPED | WNOHANG) == 0;
}

static bool hold_still(pid_t moved)
{
    kill(moved, SIGSTOP);
    bool stands = await_stop(moved);
    if (!stands)
        let_go(moved);
    return stands;
}

static bool is_pending(int signal)
{
    sigset_t pending;

    return sigpending(&pending) == 0 && sigismember(&pending, signal) == 1;
}

static bool still_stands(pid_t moved)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)moved, &info, WCONTINUED | WNOHANG | WNOWAIT) < 0 || info.si_pid != moved;
}

/*
 * Returns when the process was continued; at once where the kernel lets an orphaned process group not be stopped, and where
 * the whole group has been continued already, since nobody would do so again. A signal that stops takes back a SIGCONT that
 * is pending, and the other way round: so what came before it is told by the moved shell, and what comes after it needs no
 * look.
 */
static void stop_this_process(pid_t moved, int signal)
{
    const struct timespec now = {0};
    struct sigaction before;
    sigset_t mask, one;

    sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, &before);
    sigemptyset(&one);
    sigaddset(&one, signal);
    if (!is_pending(SIGCONT))
        kill(getpid(), signal);
    if (still_stands(moved)) {
        sigprocmask(SIG_UNBLOCK, &one, &mask);
        sigprocmask(SIG_SETMASK, &mask, NULL);
    } else {
        sigtimedwait(&one, NULL, &now);
    }
    if (signal != SIGSTOP)
        sigaction(signal, &before, NULL);
    sigemptyset(&one);
    sigaddset(&one, SIGCONT);
    sigtimedwait(&one, NULL, &now); /* what has ended the stop; go_on() passes it on */
}

/*
 * An init cannot stop itself; its supervisor does, if it asked. A shell that has stopped by itself (suspend), or for a
 * signal to this process alone, goes on, as one does that is an init: nobody outside can be told.
 */
static void stopped_below_init(struct supervisor *self)
{
    self->stands = tie_answer(IS_TO_BE_STOPPED);
    if (!self->stands)
        go_on(self);
}

/* The moved shell has been stopped: so that who started the script sees it stopped, this process stops too. */
static void stopped(struct supervisor *self, int signal)
{
    const struct terminal *terminal = &self->terminal;
    pid_t foreground = terminal->jobs ? tcgetpgrp(terminal->tty) : -1;

    if (getpid() == 1) {
        stopped_below_init(self);
        return;
    }
    tie_answer(STOPS);
    stop_this_process(self->moved, signal);
    if (foreground > 0 && tcgetpgrp(terminal->tty) == getpgrp())
        tcsetpgrp(terminal->tty, foreground);
    go_on(self);
}

/*
 * An init ignores what would stop it; SIGSTOP from outside stops it. One that stops by itself is left to it: stopped in
 * between, it would stop once more when it has been continued.
 */
static void pass_on_stop(struct supervisor *self, int signal, bool has_it, const struct stance *stance)
{
    bool takes = takes_itself(stance, signal);
    enum answer answer = takes ? RUNS_ON : stance->init || !has_it ? IS_TO_BE_STOPPED : STOPS;

    if (self->stands && !was_continued(self->moved))
        return; /* a signal to the whole process group was passed on to this one of it as well */
    self->stands = false;
    if (takes && !has_it)
        kill(self->moved, signal);
    if (tie_below_supervises())
        answer = tie_ask();
    if (answer != STOPS && answer != IS_TO_BE_STOPPED) {
        tie_answer(RUNS_ON);
        return;
    }
    if (answer == STOPS ? await_stop(self->moved) : hold_still(self->moved))
        stopped(self, signal);
}

/* has_it: the moved shell has got the signal by itself. */
static void act_on(struct supervisor *self, int signal, bool has_it, const struct stance *stance)
{
    if (stops(signal))
        pass_on_stop(self, signal, has_it, stance);
    else if (stance->init && !takes_itself(stance, signal) && !is_harmless(signal)) {
        /* An init ignores what it does not catch; SIGKILL from outside ends it, and with it all of its namespace. */
        kill(self->moved, SIGKILL);
        self->fatal = signal;
    } else if (!has_it)
        kill(self->moved, signal);
}

static void pass_on(struct supervisor *self, const siginfo_t *info)
{
    int signal = info->si_signo;
    /*
     * What the terminal sends goes to the whole process group: the moved shell has it already. But that the terminal is
     * gone is told to the session leader only.
     */
    bool to_group = !(signal == SIGHUP && getsid(0) == getpid());
    bool has_it = getpgid(self->moved) == getpgrp() && (info->si_code == SI_KERNEL ? to_group : witness_has(signal));

    if (signal == SIGCONT) {
        self->stands = false;
        go_on(self);
        return;
    }
    struct stance stance = stance_of(self->moved);
    bool held = is_to_be_held(&stance, signal) && hold_still(self->moved);
    if (held)
        stance = stance_of(self->moved);
    act_on(self, signal, has_it, &stance);
    if (held)
        let_go(self->moved);
}

/* Reaps all children: those from before the move are still this process's. True: the moved shell has ended. */
static bool reap(struct supervisor *self, int *ended)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0 || (pid < 0 && errno == EINTR)) {
        if (pid != self->moved)
            continue;
        if (!WIFSTOPPED(status)) {
            *ended = status;
            return true;
        }
        if (!is_pending(SIGCONT)) /* else what has stopped it is over, and its end comes next */
            stopped(self, getpgid(pid) == getpgrp() ? WSTOPSIG(status) : SIGSTOP);
    }
    return false;
}

/* What the script closes must be closed: a pipeline's reader waits for the last copy. Nor is a directory held. */
static void hold_nothing_but(int one, int other)
{
    int low = one < other ? one : other, high = one < other ? other : one;

    descriptors_close(0, low - 1);
    descriptors_close(low + 1, high - 1);
    descriptors_close(high + 1, INT_MAX);
    (void)!chdir("/");
}

/*
 * Only from the moved shell and its jobs, which are gone: where who started the script took the terminal meanwhile,
 * it keeps it. A shell that was killed may have left it without echo.
 */
static void give_terminal_back(const struct supervisor *self, bool killed)
{
    const struct terminal *terminal = &self->terminal;
    pid_t foreground = terminal->tty < 0 ? -1 : tcgetpgrp(terminal->tty);

    if (foreground < 0 || (foreground != self->moved && kill(-foreground, 0) == 0))
        return;
    tcsetpgrp(terminal->tty, terminal->home);
    if (killed)
        tcsetattr(terminal->tty, TCSANOW, &terminal->modes);
}

/* The core, if any, was dumped by the moved shell. */
static _Noreturn void die_by(int signal)
{
    sigset_t one;

    tie_say_died_by(signal);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    sigemptyset(&one);
    sigaddset(&one, signal);
    kill(getpid(), signal);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    _exit(128 + signal); /* this process is itself an init */
}

/* A tree that was ended for an uncaught signal ends by that signal, not by the SIGKILL that ended it. */
static _Noreturn void end_as(const struct supervisor *self, int status)
{
    int signal = tie_died_by();

    if (WIFSIGNALED(status))
        signal = self->fatal ? self->fatal : WTERMSIG(status);
    give_terminal_back(self, signal != 0);
    witness_end(); /* else it may still hold open files when this process is gone, and an init may not reap it */
    if (signal != 0)
        die_by(signal);
    _exit(WEXITSTATUS(status));
}

void supervise(pid_t moved, const struct terminal *terminal, int sync)
{
    struct supervisor self = {.moved = moved, .terminal = *terminal};
    sigset_t all;
    siginfo_t info;
    int status;

    tie_say_supervises();
    hold_nothing_but(terminal->tty, sync);
    tie_await_aside();   /* an init has its own above it */
    if (!terminal->jobs) /* else the moved shell is in a process group of its own */
        witness_begin();
    tie_say_aside();
    memory_forget();
    sigfillset(&all);
    while (!reap(&self, &status)) {
        int signal = sigwaitinfo(&all, &info);
        if (signal > 0 && signal != SIGCHLD)
            pass_on(&self, &info);
    }
    end_as(&self, status);
}

void reap_until_end_of(int shell)
{
    struct pollfd ended = {.fd = shell, .events = POLLIN};

    signal(SIGCHLD, SIG_IGN); /* has the kernel reap them */
    hold_nothing_but(shell, -1);
    while (poll(&ended, 1, -1) < 0)
        ;
    _exit(EXIT_SUCCESS);
}
