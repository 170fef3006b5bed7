/* A shell that has moved. */
#include "shell/shell.h"

#include <jobs.h>
#include <quit.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "namespaces/tie.h"

/* bash has these, but installs no header that says so: trap.c, and execute_cmd.h before 5.2. */
extern SigHandler *original_signals[];
extern struct coproc *getcoprocbypid(pid_t pid);
extern pid_t terminal_pgrp; /* jobs.c */
extern int shell_tty;
extern int signal_is_trapped(int number);
extern int signal_is_ignored(int number);

bool shell_is_for_jobs(void)
{
    return job_control || (interactive_shell && !subshell_environment);
}

/*
 * readline reads EOF in a process group that does not own the terminal; scripts stay in that of who started them. Who
 * owns the terminal is asked anew by `set -m` where that is not known; what was known are numbers from outside.
 */
static void take_terminal(void)
{
    original_pgrp = -1; /* the supervisor gives the terminal back */
    if (!shell_is_for_jobs()) {
        shell_pgrp = getpgrp();
        terminal_pgrp = NO_PID;
        return;
    }
    setpgid(0, 0);
    shell_pgrp = getpid();
    give_terminal_to(shell_pgrp, 1);
}

/* Whether the shell, untouched, would end by this signal. */
static bool ends_a_shell(int number)
{
    static const int others[] = {SIGKILL, SIGSTOP, SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGTSTP, SIGTTIN, SIGTTOU};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (number == others[i])
            return false;
    return true;
}

/* A handler in place of the default action, which the kernel does not carry out on an init. */
static void end_by(int number)
{
    if (getpid() == 1) {
        tie_say_died_by(number);
        _exit(128 + number);
    }
    signal(number, SIG_DFL); /* in a subshell of the init; what is sent here is delivered on return */
    kill(getpid(), number);
}

/*
 * bash ends by a signal that it has caught (^C while a program ran, any while there is an EXIT trap) by the default
 * action, and where it is still there after that, as an init is, exits. That it does so with the signal's default
 * action in place tells it from `exit 130`.
 */
static void end_by_default_action(int status, void *unused)
{
    struct sigaction action;
    int number = (status & 0xff) - 128;

    (void)unused;
    if (getpid() == 1 && number > 0 && ends_a_shell(number) && sigaction(number, NULL, &action) == 0
        && action.sa_handler == SIG_DFL)
        tie_say_died_by(number);
}

/* Its ioctl(2)s fail, or still work where it has just lost its other end; those of what is no terminal fail otherwise. */
static bool has_hung_up(void)
{
    struct pollfd terminal = {.fd = shell_tty};

    return poll(&terminal, 1, 0) > 0 && (terminal.revents & POLLHUP) && (tcgetpgrp(shell_tty) >= 0 || errno == EIO);
}

/* The supervisor holds an init still to pass a signal on, which interrupts. False: it has not come within a second. */
static bool await_signal(int number)
{
    const struct timespec second = {.tv_sec = 1};
    sigset_t one;
    int got;

    sigemptyset(&one);
    sigaddset(&one, number);
    do
        got = sigtimedwait(&one, NULL, &second);
    while (got < 0 && errno == EINTR);
    return got == number;
}

/*
 * That the terminal is gone is told to the session leader only. Where this is the supervisor, the shell may read the end
 * of it, and exit, before it has been passed the signal by which it would have ended.
 */
static void end_by_hangup(int status, void *unused)
{
    sigset_t hangup;

    (void)unused;
    if (getpid() != dollar_dollar_pid || signal_is_ignored(SIGHUP) || signal_is_trapped(SIGHUP)
        || status == 128 + SIGHUP || !has_hung_up())
        return;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    sigprocmask(SIG_BLOCK, &hangup, NULL);
    if (terminating_signal == SIGHUP || await_signal(SIGHUP)) {
        if (interactive_shell)
            hangup_all_jobs();
        end_by(SIGHUP);
    }
    sigprocmask(SIG_UNBLOCK, &hangup, NULL);
}

/* An init that moved ends by its own and its children's signals, ^C and a closed pipe among them, as it would outside. */
static void end_as_outside(void)
{
    const struct sigaction ours = {.sa_handler = end_by};
    struct sigaction now;

    for (int number = 1; number < NSIG; number++) {
        if (!ends_a_shell(number) || sigaction(number, NULL, &now) < 0) /* EINVAL: the C library's own */
            continue;
        if (now.sa_handler == SIG_DFL)
            sigaction(number, &ours, NULL);
        if (original_signals[number] == SIG_DFL)
            original_signals[number] = end_by; /* for `trap - SIGNAL` */
    }
}

static void watch_exit(void)
{
    static bool watched; /* so in the copies of this process, too */

    if (!watched) {
        on_exit(end_by_default_action, NULL);
        on_exit(end_by_hangup, NULL);
    }
    watched = true;
}

/* A coprocess's descriptors stay: bash would close them when a process of the same number ends. */
static void let_go_of_coprocess(const JOB *job)
{
    const PROCESS *process = job->pipe;

    do {
        struct coproc *coprocess = getcoprocbypid(process->pid);
        if (coprocess)
            coprocess->c_pid = NO_PID;
        process = process->next;
    } while (process != job->pipe);
}

/* For bash, they have ended. Those in the background cannot be waited for either; of a pipeline, bash asks for the rest. */
static void end_processes(JOB *job)
{
    PROCESS *process = job->pipe;

    do {
        process->running = PS_DONE;
        process->status = 0;
        if (!(job->flags & J_FOREGROUND))
            process->pid = NO_PID;
        process = process->next;
    } while (process != job->pipe);
    job->state = JDEAD;
    job->flags = (job->flags | J_NOTIFIED) & ~J_ASYNC; /* no status is kept of it */
}

static bool freeze_jobs(void)
{
#if BASH_BUILT_FOR >= 503
    return freeze_jobs_list(1);
#else
    return freeze_jobs_list();
#endif
}

/*
 * What the shell had started is not its own any more, and the numbers of that will be those of others. bash holds its list
 * of jobs frozen where it comes back to one of them: in the last element of a pipeline (shopt lastpipe), and when a trap
 * for CHLD is run while it waits. Nothing can be taken off the list there. Of stopped ones, bash would warn.
 */
static void forget_children(void)
{
    for (int i = 0; i < js.j_jobslots; i++)
        if (jobs[i])
            let_go_of_coprocess(jobs[i]);
    bool frozen = freeze_jobs();
    for (int i = 0; i < js.j_jobslots; i++)
        if (jobs[i])
            end_processes(jobs[i]);
    if (!frozen) {
        unfreeze_jobs_list();
        delete_all_jobs(0);
    }
    procsub_clear();
}

/* What a shell at a prompt has in the background goes on outside, and is not listed inside. */
static int jobs_outside;

static void count_jobs_outside(void)
{
    if (!interactive_shell || subshell_environment)
        return;
    for (int i = 0; i < js.j_jobslots; i++)
        jobs_outside += jobs[i] && (jobs[i]->state == JRUNNING || jobs[i]->state == JSTOPPED);
}

void shell_tell_jobs_outside(void)
{
    if (jobs_outside > 0)
        fprintf(stderr, "%s: %d %s outside\n", current_builtin->name, jobs_outside,
                jobs_outside == 1 ? "job stays" : "jobs stay");
    jobs_outside = 0;
}

pid_t shell_pid(void)
{
    return dollar_dollar_pid;
}

void shell_became_copy(void)
{
    dollar_dollar_pid = getpid();
    set_ppid();
    shell_note_birth(); /* a copy is not always made by fork(2) */
    count_jobs_outside();
    forget_children();
    take_terminal();
    watch_exit();
    if (getpid() == 1)
        end_as_outside();
}
