/* COMMAND: a subshell of its own for the builtin, and what runs at its end. */
#include "shell/shell.h"

#include <command.h>
#include <dispose_cmd.h>
#include <jobs.h>
#include <make_cmd.h>
#include <unwind_prot.h>
#include <variables.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* bash has these; execute_cmd.h says so only since 5.2. */
extern int execute_command(COMMAND *command);
extern int executing_line_number(void);
extern int echo_command_at_execute;           /* set -x: flags.h is not installed */
extern char *the_printed_command_except_trap; /* $BASH_COMMAND, from malloc(3); NULL: none yet */
extern int function_trace_mode;               /* set -T */
extern char *trap_list[];                     /* trap.h is not installed either */
extern int signal_is_trapped(int number);
extern int signal_is_ignored(int number);
extern int signal_in_progress(int number);
extern void restore_default_signal(int number);
extern void set_debug_trap(char *text);
enum { DEBUG_TRAP = NSIG };

/*
 * Of a job in the background, $! is the shell that waits for COMMAND: what is sent there is meant for COMMAND. Signals
 * that are trapped or ignored are bash's business.
 */
static const int meant_for_command[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
enum { MEANT = sizeof meant_for_command / sizeof *meant_for_command };

/*
 * The calls that wait for their subshells, the last one first; in such a subshell, the call that it is for, until it gets
 * there. A DEBUG trap or the expansion of PS4 may call builtins on the way: the words tell which call is which.
 */
struct call {
    struct call *outer;
    COMMAND *subshell;
    bool in_background; /* or in the subshell of such a call */
    bool forwards[MEANT];
    int xtrace;
    char *debug;   /* the DEBUG trap, which is put aside meanwhile; NULL: there is none to put aside */
    char *command; /* as a trap in the caller has it */
    size_t size;
    char request[];
};

static struct call *calls;
static bool in_background;      /* what bash itself does not tell in the subshell of a call */
enum { IN_SUBSHELL = 1 << 30 }; /* a flag of words that bash leaves unused: command.h */

static volatile sig_atomic_t forwarded; /* the last one */

static void forward(int number)
{
    forwarded = number;
    if (last_made_pid > 0)
        kill(last_made_pid, number);
}

static void start_forwarding(struct call *call)
{
    struct sigaction old, new = {.sa_handler = forward};

    forwarded = 0;
    last_made_pid = NO_PID; /* until bash has forked */
    for (int i = 0; i < MEANT; i++) {
        sigaction(meant_for_command[i], NULL, &old);
        call->forwards[i] = call->in_background && old.sa_handler == SIG_DFL;
        if (call->forwards[i])
            sigaction(meant_for_command[i], &new, NULL);
    }
}

static void stop_forwarding(const struct call *call)
{
    for (int i = 0; i < MEANT; i++)
        if (call->forwards[i])
            signal(meant_for_command[i], SIG_DFL);
}

/* With functrace a subshell has the DEBUG trap, too, which is for COMMAND: the builtin itself has been told to it already. */
static char *put_debug_trap_aside(void)
{
    if (!function_trace_mode || !signal_is_trapped(DEBUG_TRAP) || signal_is_ignored(DEBUG_TRAP)
        || signal_in_progress(DEBUG_TRAP))
        return NULL;
    char *text = savestring(trap_list[DEBUG_TRAP]);
    restore_default_signal(DEBUG_TRAP);
    return text;
}

/* What was turned off on the way to COMMAND. */
static void show_again(const struct call *call)
{
    echo_command_at_execute = call->xtrace;
    if (call->debug)
        set_debug_trap(call->debug);
}

/* For bash's unwind_protect: is called where a command is left by a leap, too. */
static void end_call(void *place)
{
    struct call *call = place;

    stop_forwarding(call);
    show_again(call);
    FREE(the_printed_command_except_trap);
    the_printed_command_except_trap = call->command;
    calls = call->outer;
    dispose_command(call->subshell);
    FREE(call->debug);
    free(call);
}

bool shell_is_in_subshell(WORD_LIST *arguments, void *request)
{
    if (!calls || !arguments || !(arguments->word->flags & IN_SUBSHELL))
        return false;
    in_background = calls->in_background;
    stop_forwarding(calls);
    show_again(calls);
    memcpy(request, calls->request, calls->size);
    calls = calls->outer;
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

static WORD_LIST *words_for_subshell(const char *builtin, WORD_LIST *arguments)
{
    WORD_LIST *copy = copy_word_list(arguments);

    copy->word->flags |= IN_SUBSHELL;
    return make_word_list(make_bare_word(builtin), copy);
}

/*
 * bash itself makes the subshell, as for ( ... ): job control, traps, the terminal and the wait are its own. errexit
 * and the ERR trap are left to the caller's command, which has the same status; `set -x` has shown it already.
 */
int shell_run_in_subshell(const char *builtin, WORD_LIST *arguments, const void *request, size_t size)
{
    struct call *call = xmalloc(sizeof *call + size);

    *call = (struct call){
        .outer = calls,
        .in_background = in_background || (subshell_environment & SUBSHELL_ASYNC),
        .xtrace = echo_command_at_execute,
        .command = the_printed_command_except_trap ? savestring(the_printed_command_except_trap) : NULL,
        .size = size,
    };
    memcpy(call->request, request, size);
    call->subshell = make_subshell_command(simple_command(words_for_subshell(builtin, arguments), CMD_NO_FUNCTIONS));
    call->subshell->flags |= CMD_IGNORE_RETURN;
    begin_unwind_frame((char *)"nsbuiltins");
    add_unwind_protect(end_call, call);
    calls = call;
    echo_command_at_execute = 0;
    call->debug = put_debug_trap_aside();
    start_forwarding(call);
    int status = execute_command(call->subshell);
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
