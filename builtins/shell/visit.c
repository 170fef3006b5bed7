/*
 * A visit: COMMAND runs in this very shell, inside, and the shell comes home from wherever it is then. There are four ways
 * out of COMMAND:
 *
 * - It returns.
 * - bash leaps (longjmp(3)) to where the shell ends, where it reads the next command, or to where the calling function
 *   returns. It is caught here, and goes on at home: so an EXIT trap runs there.
 * - bash undoes, by its list of what it has to, all that it is in the middle of, and leaps then (^C at a prompt). The shell
 *   comes home as a part of that.
 * - bash ends the process where it is, by a signal, or since under `set -e` something cannot be expanded, or as `exec` has
 *   failed. All that it does before is to run the EXIT trap. So while the shell is away, that begins with the way home.
 *
 * Or it becomes another program. What is held for the way home is close-on-exec.
 *
 * A process that bash forks meanwhile stays inside: it has no way home. A copy of the shell that moves has.
 */
#include "shell/shell.h"

#include <bashjmp.h>
#include <command.h>
#include <jobs.h>
#include <make_cmd.h>
#include <unwind_prot.h>
#include <variables.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "namespaces/home.h"
#include "sentence.h"

/* bash has these, but installs execute_cmd.h only since 5.2. */
extern int execute_command(COMMAND *command);
extern int execute_shell_function(SHELL_VAR *function, WORD_LIST *words);
extern volatile int last_command_exit_value;
extern int return_catch_flag;
extern char *this_command_name;
/* flags.h, parser.h and others are not installed at all. */
extern int comsub_ignore_return, line_number, line_number_for_err_trap;
#if BASH_BUILT_FOR >= 503
#define executing_list interrupt_execution /* as it is called since */
#endif
extern int executing_list; /* how many lists, which end where a ^C ends a command in them */
extern char *trap_list[];
extern int signal_is_trapped(int number);
extern int signal_is_ignored(int number);
enum { EXIT_TRAP };
#ifdef EXITBLTIN
enum { EXITS = EXITBLTIN };
#else
enum { EXITS = EXITPROG }; /* until 5.1 */
#endif

enum { LOST = 125 };

/* What bash was in the midst of, which it does not put back itself where a leap leaves COMMAND. */
struct midst {
    int loop, list, ignores, line, trap_line;
};

struct visit {
    struct visit *outer;
    struct midst midst;
    bool away;
    int login; /* login_shell at home */
    struct home home;
    mode_t mask;
    struct shell_place place;
    procenv_t top_level, return_catch; /* as they are to be again, */
    bool catches;                      /* once this is over */
};

static struct visit *visits; /* the innermost first */

static struct midst midst_now(void)
{
    return (struct midst){loop_level, executing_list, comsub_ignore_return, line_number, line_number_for_err_trap};
}

static void be_in_midst(const struct midst *midst)
{
    loop_level = midst->loop;
    executing_list = midst->list;
    comsub_ignore_return = midst->ignores;
    line_number = midst->line;
    line_number_for_err_trap = midst->trap_line;
}

/* --- the way there and back --------------------------------------------------------------------------------------- */

static void end_visit(void *place);

int shell_begin_visit(struct failure *why)
{
    struct visit *visit = malloc(sizeof *visit);

    if (!visit)
        return fail(why, &step_memory);
    visit->outer = visits;
    visit->midst = midst_now();
    visit->away = visit->catches = false;
    visit->mask = umask(S_IRWXG | S_IRWXO);
    umask(visit->mask);
    home_init(&visit->home);
    shell_note_place(&visit->place);
    begin_unwind_frame((char *)"nsbuiltins-visit");
    add_unwind_protect(end_visit, visit);
    visits = visit;
    return 0;
}

struct home *shell_visit_home(void)
{
    return &visits->home;
}

/* It never runs on in there. */
_Noreturn void shell_end_lost(const struct failure *why)
{
    char text[1400];

    builtin_error("the shell ends here: %s", sentence(why, NULL, text, sizeof text));
    if (!subshell_environment)
        end_job_control();
    sh_exit(LOST);
}

/*
 * While the shell is away, an EXIT trap is the way home and an argument to that, which is run once there. So what bars the way
 * (enable -n nsenter_ns) bars the trap, too: it does not run in there, and the shell ends.
 */
static const char homewards[] = "\\builtin nsenter_ns --home=";

static struct {
    char *there, *at_home; /* its text; NULL: it has not been led home */
} exit_trap;

static bool leads_homewards(void)
{
    return exit_trap.there && signal_is_trapped(EXIT_TRAP) && !signal_is_ignored(EXIT_TRAP)
           && strcmp(trap_list[EXIT_TRAP], exit_trap.there) == 0;
}

static void forget_exit_trap(void)
{
    FREE(exit_trap.there);
    FREE(exit_trap.at_home);
    exit_trap.there = exit_trap.at_home = NULL;
}

static void lead_exit_trap_home(void)
{
    if (!signal_is_trapped(EXIT_TRAP) || signal_is_ignored(EXIT_TRAP) || leads_homewards())
        return;
    forget_exit_trap();
    char *quoted = sh_single_quote(trap_list[EXIT_TRAP]);
    exit_trap.at_home = trap_list[EXIT_TRAP];
    exit_trap.there = xmalloc(strlen(homewards) + strlen(quoted) + 1);
    strcpy(exit_trap.there, homewards);
    strcat(exit_trap.there, quoted);
    trap_list[EXIT_TRAP] = savestring(exit_trap.there);
    free(quoted);
}

/* COMMAND may have set another, which is left. */
static void give_exit_trap_back(void)
{
    if (leads_homewards()) {
        free(trap_list[EXIT_TRAP]);
        trap_list[EXIT_TRAP] = savestring(exit_trap.at_home);
    }
    forget_exit_trap();
}

bool shell_is_away(void)
{
    for (const struct visit *visit = visits; visit; visit = visit->outer)
        if (visit->away)
            return true;
    return false;
}

static bool is_held(const struct home *home, int fd)
{
    for (size_t place = 0; place < HOME_PLACES; place++)
        if (home->places[place] == fd)
            return true;
    return false;
}

bool shell_holds_for_home(int fd)
{
    for (const struct visit *visit = visits; visit; visit = visit->outer)
        if (is_held(&visit->home, fd))
            return true;
    return false;
}

static void come_home(struct visit *visit)
{
    struct failure why;

    if (!visit->away)
        return;
    visit->away = false;
    login_shell = visit->login;
    umask(visit->mask);
    if (home_return(&visit->home, &why) < 0) {
        this_command_name = (char *)"nsenter_ns";
        shell_end_lost(&why);
    }
    shell_came_home(&visit->place, &visit->home);
    home_close(&visit->home);
    if (!shell_is_away())
        give_exit_trap_back();
}

int shell_come_home(const char *trap)
{
    char *text = trap ? savestring(trap) : NULL;

    for (struct visit *visit = visits; visit; visit = visit->outer)
        come_home(visit);
    if (!text)
        return last_command_exit_value;
    /* As bash does. It frees the text. */
    parse_and_execute(text, "exit trap", SEVAL_NONINT | SEVAL_NOHIST | SEVAL_RESETLINE);
    return EXECUTION_SUCCESS; /* else `set -e` would have a say */
}

static void stop_catching(struct visit *visit)
{
    if (!visit->catches)
        return;
    visit->catches = false;
    memcpy(top_level, visit->top_level, sizeof top_level);
    memcpy(return_catch, visit->return_catch, sizeof return_catch);
}

/* For bash's unwind_protect: is called where a command is left by a leap, too. */
static void end_visit(void *place)
{
    struct visit *visit = place;

    be_in_midst(&visit->midst);
    stop_catching(visit);
    come_home(visit);
    home_close(&visit->home);
    shell_forget_place(&visit->place);
    visits = visit->outer;
    free(visit);
}

void shell_end_visit(void)
{
    run_unwind_frame((char *)"nsbuiltins-visit");
}

static const struct step step_for_good = {
    .phrase = "cannot land there: the shell is on a visit, from which it would not come back; use ( ), or a COMMAND",
    .whole = true};

/* What an inner visit leaves, it comes back to; so that is all that the innermost one need know. */
int shell_hold_home(const struct plan *plan, struct failure *why)
{
    bool for_good = plan_changes_ids(plan) || (plan->no_fork && (plan_flags(plan) & CLONE_NEWPID));

    if (!visits || !visits->away)
        return 0;
    return for_good ? fail(why, &step_for_good) : home_hold(&visits->home, plan, why);
}

void shell_stay_inside(void)
{
    for (struct visit *visit = visits; visit; visit = visit->outer) {
        visit->away = false;
        home_close(&visit->home);
    }
    visits = NULL;
}

/* --- COMMAND ------------------------------------------------------------------------------------------------------- */

/* A function or builtin is called as `builtin` does; else it is a program, whose failure is that of the running command. */
static int run(WORD_LIST *words)
{
    SHELL_VAR *function = find_function(words->word->word);
    sh_builtin_func_t *builtin = function ? NULL : find_shell_builtin(words->word->word);

    if (function)
        return execute_shell_function(function, words);
    if (builtin) {
        this_command_name = words->word->word;
        this_shell_builtin = builtin;
        return builtin(words->next);
    }
    return shell_run_program(words);
}

/* How COMMAND has ended. */
struct end {
    int status;
    int leap;     /* to the top level, with this value; 0: none */
    bool returns; /* a leap from the calling function */
};

static struct end run_and_catch(struct visit *visit, WORD_LIST *words)
{
    int leap;

    memcpy(visit->top_level, top_level, sizeof top_level);
    memcpy(visit->return_catch, return_catch, sizeof return_catch);
    visit->catches = true;
    if ((leap = setjmp_nosigs(top_level)) != 0)
        return (struct end){.leap = leap};
    if (return_catch_flag && setjmp_nosigs(return_catch))
        return (struct end){.returns = true};
    return (struct end){.status = run(words)};
}

/*
 * What `set -e` ends is COMMAND; its status is that of the running command, so that it ends the shell where it is not
 * tested. Where bash has left the functions in whose midst it was (as `eval` does then), it can only go on to the end.
 */
static bool ends_command_only(const struct visit *visit, int leap, int functions)
{
    return leap == ERREXIT && visits == visit && variable_context >= functions;
}

int shell_visit(WORD_LIST *words)
{
    struct visit *visit = visits;
    int functions = variable_context + (find_function(words->word->word) != NULL);

    lead_exit_trap_home();
    visit->login = login_shell;
    if (visit->home.places[HOME_ROOT] >= 0)
        login_shell = 0; /* ~/.bash_logout is another's file in there */
    visit->away = true;
    struct end end = run_and_catch(visit, words);
    stop_catching(visit);
    come_home(visit);
    if (ends_command_only(visit, end.leap, functions)) {
        end.status = last_command_exit_value;
        end.leap = 0;
    }
    if (end.leap == 0 || end.leap == DISCARD)
        shell_end_visit();
    if (end.leap == EXITS)
        bash_logout(); /* which `exit` calls, and could not in there */
    if (end.leap != 0)
        sh_longjmp(top_level, end.leap);
    if (end.returns)
        sh_longjmp(return_catch, 1);
    return end.status;
}
