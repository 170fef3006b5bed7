/* COMMAND: a subshell of its own for the builtin, and what runs at its end. */
#include "shell.h"

#include <command.h>
#include <dispose_cmd.h>
#include <jobs.h>
#include <make_cmd.h>
#include <unwind_prot.h>
#include <variables.h>

#include <signal.h>
#include <unistd.h>

/* bash has these; execute_cmd.h says so only since 5.2. */
extern int execute_command(COMMAND *command);
extern int executing_line_number(void);

static bool in_subshell; /* set while the subshell is being made, so true in it and nowhere else */
static pid_t parent;

/*
 * Of a job in the background, $! is the shell that waits for COMMAND: what is sent there is meant for COMMAND. Signals
 * that are trapped or ignored are bash's business.
 */
static const int meant_for_command[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
enum { MEANT = sizeof meant_for_command / sizeof *meant_for_command };

static bool forwards[MEANT];
static volatile sig_atomic_t forwarded; /* the last one */

static void forward(int number)
{
    forwarded = number;
    if (last_made_pid > 0)
        kill(last_made_pid, number);
}

static void start_forwarding(void)
{
    struct sigaction old, new = {.sa_handler = forward};

    forwarded = 0;
    last_made_pid = NO_PID; /* until bash has forked */
    for (int i = 0; i < MEANT; i++) {
        sigaction(meant_for_command[i], NULL, &old);
        forwards[i] = (subshell_environment & SUBSHELL_ASYNC) && old.sa_handler == SIG_DFL;
        if (forwards[i])
            sigaction(meant_for_command[i], &new, NULL);
    }
}

static void stop_forwarding(void)
{
    for (int i = 0; i < MEANT; i++)
        if (forwards[i])
            signal(meant_for_command[i], SIG_DFL);
}

static void leave_subshell(void)
{
    in_subshell = false;
    stop_forwarding();
}

/* For bash's unwind_protect: is called where a command is left by a leap, too. */
static void dispose_subshell(void *subshell)
{
    leave_subshell();
    dispose_command(subshell);
}

bool shell_is_in_subshell(void)
{
    if (!in_subshell || getpid() == parent)
        return false;
    leave_subshell();
    if (forwarded)
        kill(getpid(), forwarded); /* it came between the fork and here */
    return true;
}

/* A simple command of words that were expanded already. */
static COMMAND *simple_command(WORD_LIST *words, int flags)
{
#if BASH_BUILT_FOR >= 503
    COMMAND *command = make_bare_simple_command(executing_line_number());
#else
    COMMAND *command = make_bare_simple_command();
#endif

    command->value.Simple->words = words;
    command->flags |= flags | CMD_INHIBIT_EXPANSION;
    command->value.Simple->flags |= flags | CMD_INHIBIT_EXPANSION;
    return command;
}

/*
 * bash itself makes the subshell, as for ( ... ): job control, traps, the terminal and the wait are its own. errexit
 * and the ERR trap are left to the caller's command, which has the same status.
 */
int shell_run_in_subshell(const char *builtin, WORD_LIST *arguments)
{
    WORD_LIST *words = make_word_list(make_bare_word(builtin), copy_word_list(arguments));
    COMMAND *subshell = make_subshell_command(simple_command(words, CMD_NO_FUNCTIONS));

    subshell->flags |= CMD_IGNORE_RETURN;
    begin_unwind_frame((char *)"nsbuiltins");
    add_unwind_protect(dispose_subshell, subshell);
    in_subshell = true;
    parent = getpid();
    start_forwarding();
    int status = execute_command(subshell);
    run_unwind_frame((char *)"nsbuiltins");
    if (forwarded && status == 128 + forwarded)
        kill(getpid(), forwarded); /* COMMAND died of it, as this shell would have without our handler */
    return status;
}

/*
 * A program that takes a shell's place is a level less deep to bash, which lowers $SHLVL then and exports it. To who
 * gives COMMAND there is no shell in between: the variable stays, also as one that is not exported.
 */
static void keep_level(void)
{
    SHELL_VAR *level = find_variable("SHLVL");

    if (!level)
        return;
    VSETATTR(level, att_noassign);
    if (exported_p(level))
        return;
    VSETATTR(level, att_invisible);
    VUNSETATTR(level, att_imported); /* what came from outside is exported even if it is invisible */
}

int shell_run(WORD_LIST *command)
{
    if (!find_function(command->word->word))
        keep_level();
    COMMAND *copy = simple_command(copy_word_list(command), CMD_NO_FORK);
    int status = execute_command(copy);

    dispose_command(copy);
    return status;
}
