/* A shell that has moved. */
#include "shell/shell.h"

#include <jobs.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "namespaces/tie.h"

/* bash has these, but installs no header that says so: trap.c, and execute_cmd.h before 5.2. */
extern SigHandler *original_signals[];
extern struct coproc *getcoprocbypid(pid_t pid);
extern pid_t terminal_pgrp; /* jobs.c */

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

/* An init that moved ends by its own and its children's signals, ^C and a closed pipe among them, as it would outside. */
static void end_as_outside(void)
{
    static bool registered; /* so in the copies of this process, too */
    struct sigaction action, ours = {.sa_handler = end_by};

    for (int number = 1; number < NSIG; number++) {
        if (!ends_a_shell(number) || sigaction(number, NULL, &action) < 0) /* EINVAL: the C library's own */
            continue;
        if (action.sa_handler == SIG_DFL)
            sigaction(number, &ours, NULL);
        if (original_signals[number] == SIG_DFL)
            original_signals[number] = end_by; /* for `trap - SIGNAL` */
    }
    if (!registered)
        on_exit(end_by_default_action, NULL);
    registered = true;
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
 * for CHLD is run while it waits. Nothing can be taken off the list there.
 */
static void forget_children(void)
{
    for (int i = 0; i < js.j_jobslots; i++)
        if (jobs[i])
            let_go_of_coprocess(jobs[i]);
    if (freeze_jobs()) {
        for (int i = 0; i < js.j_jobslots; i++)
            if (jobs[i])
                end_processes(jobs[i]);
    } else {
        unfreeze_jobs_list();
        delete_all_jobs(0);
    }
    procsub_clear();
    last_procsub_child = NULL;
}

void shell_became_copy(void)
{
    dollar_dollar_pid = getpid();
    set_ppid();
    forget_children();
    take_terminal();
    if (getpid() == 1)
        end_as_outside();
}
