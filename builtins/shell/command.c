/* COMMAND: a subshell of its own for the builtin, and what runs at its end. */
#include "shell/shell.h"

#include <command.h>
#include <dispose_cmd.h>
#include <jobs.h>
#include <make_cmd.h>
#include <unwind_prot.h>
#include <variables.h>

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* bash has these, but installs execute_cmd.h only since 5.2. */
extern int execute_command(COMMAND *command);
extern int executing_builtin; /* how many call each other */
extern int executing_line_number(void);
extern volatile int last_command_exit_value;
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
#ifndef EXITBLTIN
#define EXITBLTIN 6 /* since 5.2; before, exit leaps with EXITPROG as well */
#endif

/* --- a subshell that bash has made already ----------------------------------------------------------------------- */

/*
 * For `unshare_ns ... COMMAND &`, and for an element of a pipeline, bash forks before it looks what command it is. There
 * is nothing else that this child will do: it is the subshell to land in, so that $! and %1 are the process inside. The
 * same kind of child runs `f &` or `eval ... &`, and a trap in it, which may go on after COMMAND. What tells them apart is
 * how deep bash is in builtins, functions, and texts that it executes, compared with when the process was born. $( ) in
 * its words is a child of the same kind to bash, with a mark more, and counts texts anew.
 */
static struct depth {
    int builtins, functions, texts;
} at_birth = {-1, -1, -1};

static struct depth depth_now(void)
{
    return (struct depth){executing_builtin, variable_context, parse_and_execute_level};
}

/* In bash's children; and in a copy that goes on after a move, which is born inside of a builtin, and so has no call of its own. */
void shell_note_birth(void)
{
    struct depth now = depth_now();

    if (memcmp(&at_birth, &now, sizeof now) != 0)
        at_birth = now; /* else the page stays the parent's */
    if (!shell_is_landing())
        shell_stay_inside();
}

void shell_watch_births(void)
{
    static bool watches;

    if (!watches)
        pthread_atfork(NULL, NULL, shell_note_birth);
    watches = true;
}

bool shell_is_for_this_call(void)
{
    int made_for = subshell_environment & (SUBSHELL_ASYNC | SUBSHELL_PIPE);
    struct depth now = depth_now();

    now.builtins--; /* the call itself */
    return (subshell_environment & SUBSHELL_FORK) && made_for && !(subshell_environment & SUBSHELL_COMSUB)
           && memcmp(&at_birth, &now, sizeof now) == 0;
}

/* --- a subshell of its own ---------------------------------------------------------------------------------------- */

/*
 * The calls that wait for their subshells, the last one first; in such a subshell, the call that it is for, until it gets
 * there. A DEBUG trap or the expansion of PS4 may call builtins on the way: the words tell which call is which.
 */
struct call {
    struct call *outer;
    COMMAND *subshell;
    bool in_background; /* or in the subshell of such a call */
    struct forwarding forwarding;
    pid_t caller;
    int xtrace;
    char *debug;   /* the DEBUG trap, which is put aside meanwhile; NULL: there is none to put aside */
    char *command; /* as a trap in the caller has it */
    size_t size;
    char request[];
};

static struct call *calls;
static bool in_background;      /* what bash itself does not tell in the subshell of a call */
static pid_t caller;            /* who waits for this process, if it is such a subshell; 0: nobody of ours */
enum { IN_SUBSHELL = 1 << 30 }; /* a flag of words that bash leaves unused: command.h */

/*
 * Of a job in the background, $! is the shell that waits for COMMAND: what is sent there is meant for COMMAND. Signals
 * that are trapped or ignored are bash's business.
 */
static void start_forwarding(struct call *call)
{
    last_made_pid = NO_PID; /* until bash has forked */
    shell_forward(&call->forwarding, call->in_background ? FORWARD_UNTRAPPED : FORWARD_NOTHING);
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

    shell_forward_no_more(&call->forwarding);
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
    caller = 0;
    if (!calls || !arguments || !(arguments->word->flags & IN_SUBSHELL))
        return false;
    caller = calls->caller;
    in_background = calls->in_background;
    shell_forward_no_more(&calls->forwarding);
    show_again(calls);
    memcpy(request, calls->request, calls->size);
    calls = calls->outer;
    if (shell_forwarded())
        kill(getpid(), shell_forwarded()); /* it came between the fork and here */
    return true;
}

/* Its parent may have died just before that, and has no number where it is outside of this PID namespace. */
void shell_die_with_caller(int signal)
{
    if (caller == 0)
        return;
    prctl(PR_SET_PDEATHSIG, signal);
    pid_t parent = getppid();
    if (parent != caller && parent != 0)
        kill(getpid(), signal);
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
        .caller = getpid(),
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
    shell_die_as(status);
    return status;
}

/*
 * A program that takes a shell's place is a level less deep to bash, which lowers $SHLVL then and exports it. To who
 * gives COMMAND there is no shell in between: the variable stays, also as one that is not exported.
 */
static void keep_level(void)
{
    SHELL_VAR *level = find_variable("SHLVL");
    bool exported = level && exported_p(level);

    if (!level)
        level = bind_variable("SHLVL", "", 0); /* it would make one */
    VSETATTR(level, att_noassign);
    if (exported)
        return;
    VSETATTR(level, att_invisible);
    VUNSETATTR(level, att_exported | att_imported); /* what came from outside is exported even if it is invisible */
}

/*
 * bash leaps out of a command that ends the shell: to where a subshell of its own gives COMMAND's status, but where it
 * would be 1 for whatever a `set -e` has ended, in a process for one builtin. So it leaps to here.
 */
static int run_to_its_end(COMMAND *command)
{
    int leap = setjmp_nosigs(top_level);

    if (leap == 0)
        return execute_command(command);
    bool exits = leap == EXITPROG || leap == EXITBLTIN;
    return exits || last_command_exit_value != EXECUTION_SUCCESS ? last_command_exit_value : EXECUTION_FAILURE;
}

/*
 * As `command` does, so that bash shows and traps it once, and leaves its failure to the running command.
 */
int shell_run_program(WORD_LIST *words)
{
    COMMAND *command =
        simple_command(copy_word_list(words), CMD_NO_FUNCTIONS | CMD_COMMAND_BUILTIN | CMD_IGNORE_RETURN);
    int status = execute_command(command);

    dispose_command(command);
    return status;
}

int shell_run(WORD_LIST *command)
{
    if (!find_function(command->word->word))
        keep_level();
    shell_note_birth(); /* there is nothing but COMMAND from now on, which may be a builtin that lands in its turn */
    return run_to_its_end(simple_command(copy_word_list(command), CMD_NO_FORK));
}
