/*
 * A shell that stays, and goes on when a copy of it, which is inside, has ended.
 *
 * Theory of operation. The copy is a child of bash's own making, as for ( ), and a job that the shell waits for. So what
 * bash does about its jobs is done about the copy: the terminal, ^Z and fg, a death by a signal. In the child, the builtin
 * lands as it would in the shell; where that moves, it is the supervisor, and the copy is one process further. What only
 * the process that is inside can tell, it tells over shared memory, which unlike a pipe is no open file.
 */
#include "shell/shell.h"

#include <jobs.h>
#include <unwind_prot.h>
#include <variables.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* bash has these, but installs no header that says so: trap.h, input.h, execute_cmd.h before 5.2. */
extern void restore_default_signal(int number);
extern int default_buffered_input;
extern int sync_buffered_stream(int fd);
extern char *the_printed_command_except_trap, *this_command_name;
extern sigset_t top_level_mask; /* what its children begin with */
enum { EXIT_TRAP = 0 };

static char frame[] = "nsbuiltins stays"; /* for bash's unwind_protect */

/* What a shell that stays holds meanwhile. */
struct stay {
    atomic_bool *inside; /* shared: the copy is inside */
    struct shared_history *history;
    struct plan *plan;
    struct forwarding forwarding;
    bool forks;               /* is being copied: until then, */
    sigset_t mask, top_level; /* these, and top_level_mask, are to be again */
    int script;               /* the descriptor that the script is read from; -1: there is none */
    off_t place;              /* where in it the shell goes on; -1: it is no file */
};

static struct stay as_copy; /* what of it the copy has, until it is inside */

/* Also with -i, a script is no prompt, nor is what -c is given, or a startup file: that comes before. */
static bool is_at_prompt(void)
{
    return interactive_shell && shell_initialized && !subshell_environment && default_buffered_input < 0
           && !command_execution_string;
}

bool shell_is_to_stay(const struct comeback *comeback, const struct plan *plan)
{
    if (plan->check || comeback->refused)
        return false;
    return comeback->wanted || (plan_moves(plan) && is_at_prompt());
}

/* Both go on reading the script, which is one open file. A child of bash does not, so it would close it. */
static void put_script_aside(struct stay *stay)
{
    stay->script = default_buffered_input;
    if (stay->script >= 0)
        sync_buffered_stream(stay->script);
    stay->place = stay->script < 0 ? -1 : lseek(stay->script, 0, SEEK_CUR);
    default_buffered_input = -1;
}

/*
 * bash has its child end by a signal that is trapped, until that says that it goes on as a shell. One that comes before has
 * the trap run then. ^C ends bash's tries to fork.
 */
static void begin_fork(struct stay *stay)
{
    sigset_t held;

    shell_before_fork();
    stay->forks = true;
    stay->top_level = top_level_mask;
    sigfillset(&top_level_mask);
    held = top_level_mask;
    sigdelset(&held, SIGINT);
    sigprocmask(SIG_BLOCK, &held, &stay->mask);
}

static void end_fork(struct stay *stay)
{
    shell_after_fork();
    stay->forks = false;
    top_level_mask = stay->top_level;
    sigprocmask(SIG_SETMASK, &stay->mask, NULL);
}

/* Is called where bash leaps out of the wait, too, or since it cannot fork. */
static void end_stay(void *place)
{
    struct stay *stay = place;

    if (stay->forks)
        end_fork(stay);
    shell_forward_no_more(&stay->forwarding);
    default_buffered_input = stay->script;
    if (stay->place >= 0)
        lseek(stay->script, stay->place, SEEK_SET);
    plan_free(stay->plan);
    shell_forget_history(stay->history);
    munmap(stay->inside, sizeof *stay->inside);
    free(stay);
}

/* NULL after saying why. */
static struct stay *begin_stay(struct plan *plan)
{
    struct stay *stay = xmalloc(sizeof *stay);
    void *memory = mmap(NULL, sizeof *stay->inside, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    *stay = (struct stay){.inside = memory, .plan = plan};
    if (memory == MAP_FAILED || shell_share_history(&stay->history) < 0) {
        builtin_error("cannot make room for what the copy of the shell tells: %s", strerror(errno));
        if (memory != MAP_FAILED)
            munmap(memory, sizeof *stay->inside);
        free(stay);
        return NULL;
    }
    put_script_aside(stay);
    begin_unwind_frame(frame);
    add_unwind_protect(end_stay, stay);
    return stay;
}

/*
 * Of the shell, which is not over: what is done at its end, and that it is a login shell. A shell that is killed takes the
 * copy with it; its parent has no number where it is outside of this PID namespace.
 */
static void become_copy(struct stay *stay, pid_t shell)
{
    discard_unwind_frame(frame);
    default_buffered_input = stay->script;
    as_copy = *stay;
    free(stay);
    prctl(PR_SET_PDEATHSIG, as_copy.plan->death_signal);
    if (getppid() != shell && getppid() != 0)
        kill(getpid(), as_copy.plan->death_signal);
    restore_default_signal(EXIT_TRAP);
    login_shell = 0;
    shell_became_copy();
    end_fork(&as_copy);
}

/* As fork(2): bash would have its child be ready for a program, or for ( ). */
static pid_t make_copy(struct stay *stay)
{
    enum { CHANGED = 4 };
    static const int changed[CHANGED] = {SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};
    const char *name = the_printed_command_except_trap ? the_printed_command_except_trap : this_command_name;
    struct sigaction before[CHANGED];
    pid_t shell = getpid();
    int environment = subshell_environment;

    for (int i = 0; i < CHANGED; i++)
        sigaction(changed[i], NULL, &before[i]);
    begin_fork(stay);
    pid_t copy = make_child(savestring(name), FORK_SYNC);
    if (copy != 0) {
        shell_forward(&stay->forwarding, shell_is_for_jobs() ? FORWARD_NOTHING : FORWARD_TRAPPED_TOO);
        end_fork(stay); /* what has come meanwhile is the copy's, which may be inside by now */
        return copy;
    }
    stop_making_children();
    pipeline_pgrp = 0;
    subshell_environment = environment;
    for (int i = 0; i < CHANGED; i++)
        sigaction(changed[i], &before[i], NULL);
    become_copy(stay, shell);
    return 0;
}

void shell_is_inside(void)
{
    shell_go_on_with_history(as_copy.history);
    atomic_store(as_copy.inside, true);
    munmap(as_copy.inside, sizeof *as_copy.inside);
}

void shell_is_not_inside(void)
{
    fflush(stdout);
    fflush(stderr);
    _exit(EXECUTION_FAILURE);
}

/* --- back --------------------------------------------------------------------------------------------------------- */

static struct sigaction before_leap;

static void have_succeeded(int number)
{
    sigaction(number, &before_leap, NULL);
    set_exit_status(EXECUTION_SUCCESS);
}

/*
 * What else was to be done at the prompt has been done inside. bash's reader takes a leap for a failure, and makes 1 of a
 * 0; then it lets the signals through, so one that waits there sets that right.
 */
static _Noreturn void leap_to_prompt(int status)
{
    sigset_t one;

    top_level_cleanup();
    set_exit_status(status);
    if (status == EXECUTION_SUCCESS) {
        sigemptyset(&one);
        sigaddset(&one, SIGURG);
        sigprocmask(SIG_BLOCK, &one, NULL);
        sigaction(SIGURG, &(struct sigaction){.sa_handler = have_succeeded}, &before_leap);
        raise(SIGURG);
    }
    jump_to_top_level(DISCARD);
}

/* A function or a file that is read at the prompt is a script. */
static bool is_in_script(void)
{
    return !is_at_prompt() || variable_context || parse_and_execute_level;
}

/* bash does so only with job control (`set -m`); the copy at a prompt has had it in any case. */
static void take_terminal_back(void)
{
    if (!job_control && shell_is_for_jobs())
        give_terminal_to(shell_pgrp, 1);
}

/* The copy has ended, or stopped. */
static int come_back(const struct comeback *comeback, int status)
{
    char text[12];

    snprintf(text, sizeof text, "%d", status);
    if (comeback->variable)
        bind_variable(comeback->variable, text, 0);
    if (comeback->wanted && is_in_script())
        return EX_CAME_BACK;
    leap_to_prompt(status);
}

int shell_stay(const struct comeback *comeback, struct plan *plan)
{
    struct stay *stay = begin_stay(plan);

    if (!stay)
        return EXECUTION_FAILURE;
    pid_t copy = make_copy(stay);
    if (copy == 0)
        return IS_COPY;
    plan_free(plan);
    stop_pipeline(0, NULL);
    int status = wait_for(copy, 0);
    take_terminal_back();
    bool was_inside = atomic_load(stay->inside);
    if (was_inside)
        shell_take_history_back(stay->history);
    run_unwind_frame(frame);
    shell_die_as(status);
    return was_inside ? come_back(comeback, status) : EXECUTION_FAILURE;
}
