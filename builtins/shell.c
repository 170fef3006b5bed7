#include "shell.h"

#include <command.h>
#include <dispose_cmd.h>
#include <jobs.h>
#include <make_cmd.h>
#include <unwind_prot.h>
#include <variables.h>
#include <version.h>

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* bash has these, but installs no header that says so: hashcmd.h, jobs.c, trap.c; execute_cmd.h only since 5.2. */
extern int decode_signal(char *text, int flags);
extern int execute_command(COMMAND *command);
extern int executing_line_number(void);
extern SigHandler *original_signals[];
extern void phash_flush(void);
extern int shell_tty;

bool shell_is_ours(const char *builtin)
{
    if (strcmp(dist_version, DISTVERSION) == 0)
        return true;
    builtin_error("%s: built for bash %s, and this is bash %s: build it again", builtin, DISTVERSION, dist_version);
    return false;
}

/* --- a shell whose children are born in another PID namespace ---------------------------------------------------- */

static bool is_landing; /* the engine's own forks are not bash's */

/*
 * In a child just forked, before bash makes it a part of its job: the process group has another number in here, or
 * none. The parent is outside where there is no number for it.
 */
static void find_process_group(void)
{
    enum { SECOND = 1000 };

    if (!job_control || is_landing || getppid() != 0 || pipeline_pgrp == 0)
        return;
    if (pipeline_pgrp == shell_pgrp) { /* $( ) and <( ) stay in the shell's, which has no number */
        job_control = 0;
        return;
    }
    for (int i = 0; i < SECOND && getpgrp() == 0; i++)
        usleep(1000); /* until the shell has put it into that of the pipeline */
    pipeline_pgrp = getpgrp();
}

static void stay_outside(void)
{
    static bool done;

    if (done)
        return;
    done = true;
    pthread_atfork(NULL, NULL, find_process_group);
    if (interactive_shell)
        builtin_warning("this shell stays outside: < <( ) will fail in it once a new procfs is mounted on /proc");
}

/* --- the shell stays true -------------------------------------------------------------------------------------- */

/* Gives a variable of bash's own a new value; one that the user has unset or made anew is left to the user. */
static void set_readonly_id(const char *name, long id)
{
    SHELL_VAR *variable = find_global_variable(name);
    char value[24];

    if (!variable || !readonly_p(variable) || !integer_p(variable))
        return;
    snprintf(value, sizeof value, "%ld", id);
    VUNSETATTR(variable, att_readonly);
    bind_global_variable(name, value, 0);
    VSETATTR(variable, att_readonly);
}

/* bash fills GROUPS once, when it is first looked at (find_variable() does), the primary group first. */
static void sync_groups(void)
{
    static gid_t groups[NGROUPS_MAX + 1];
    SHELL_VAR *variable = find_variable("GROUPS");
    int count = getgroups(NGROUPS_MAX, groups + 1);
    int primary = 0;

    if (!variable || !array_p(variable) || !variable->dynamic_value || count < 0)
        return;
    groups[0] = getgid();
    for (int i = 1; i <= count && primary == 0; i++)
        if (groups[i] == groups[0])
            primary = i;
    if (primary != 0) /* bash swaps it with the first */
        groups[primary] = groups[1];

    array_flush(array_cell(variable));
    for (int i = 0, at = 0; i <= count; i++) {
        char value[16];
        if (i == 1 && primary != 0)
            continue;
        snprintf(value, sizeof value, "%u", (unsigned)groups[i]);
        array_insert(array_cell(variable), at++, value);
    }
}

/* \u and ~ are looked up anew when they are next asked for: bash does so where there is no name. */
static void forget_user_name(void)
{
    FREE(current_user.user_name);
    FREE(current_user.shell);
    FREE(current_user.home_dir);
    current_user.user_name = current_user.shell = current_user.home_dir = NULL;
}

void shell_sync_ids(void)
{
    current_user.uid = getuid();
    current_user.euid = geteuid();
    current_user.gid = getgid();
    current_user.egid = getegid();
    set_readonly_id("UID", (long)current_user.uid);
    set_readonly_id("EUID", (long)current_user.euid);
    sync_groups();
    forget_user_name();
}

/* A HOSTNAME that does not say what bash found at its start is the user's own. */
static void sync_hostname(void)
{
    char name[HOST_NAME_MAX + 1];
    SHELL_VAR *variable = find_global_variable("HOSTNAME");

    if (!current_host_name || gethostname(name, sizeof name) < 0 || strcmp(name, current_host_name) == 0)
        return;
    if (variable && value_cell(variable) && !readonly_p(variable)
        && strcmp(value_cell(variable), current_host_name) == 0)
        bind_global_variable("HOSTNAME", name, 0);
    free(current_host_name);
    current_host_name = savestring(name);
}

static void set_directory_variable(const char *name, const char *value)
{
    SHELL_VAR *variable = find_variable(name);

    if (!variable || !readonly_p(variable))
        bind_variable(name, (char *)value, 0);
}

/* NULL where there is none any more, or not for longer than a moment. */
static char *current_directory(void)
{
    char *directory = NULL;

    for (int tries = 0; tries < TRIES && !directory; tries++)
        directory = getcwd(NULL, 0);
    return directory;
}

/*
 * A logical PWD (through symbolic links) stays while the directory below it and the root do. In another root the old
 * names mean nothing: OLDPWD goes, as in a shell that starts there.
 */
static void sync_directory(const char *before, bool other_root)
{
    char *now = current_directory();
    bool same = now && before && strcmp(now, before) == 0;

    if (now && (other_root || !same)) {
        const char *old = get_string_value("PWD");
        if (other_root)
            unbind_variable("OLDPWD");
        else if (old)
            set_directory_variable("OLDPWD", old);
        set_directory_variable("PWD", now);
        set_working_directory(now);
    }
    free(now);
}

void shell_before_landing(struct shell_view *view, const struct plan *plan)
{
    fflush(stdout);
    fflush(stderr);
    is_landing = true;
    /* Else bash fills GROUPS inside, and believes a /proc there about how many there can be. */
    (void)find_variable("GROUPS");
    view->directory = plan_carries_directories(plan) ? current_directory() : NULL;
    view->terminal.tty = job_control && plan_moves(plan) ? shell_tty : -1;
    view->terminal.home = original_pgrp >= 0 ? original_pgrp : shell_pgrp; /* as at bash's own end */
    if (view->terminal.tty >= 0)
        tcgetattr(shell_tty, &view->terminal.modes);
}

static void sync_all(const struct plan *plan, const char *directory_before)
{
    int flags = plan_flags(plan);
    bool other_root = plan->root || plan->root_fd >= 0 || (plan->join & CLONE_NEWNS);

    if ((flags & CLONE_NEWUSER) || plan->set_uid || plan->set_gid || plan->set_groups)
        shell_sync_ids();
    else if (other_root)
        forget_user_name();
    sync_hostname(); /* sethostname(2) tells nobody, so this is the occasion whatever was landed in */
    if (plan_carries_directories(plan)) {
        sync_directory(directory_before, other_root);
        phash_flush();
    }
}

void shell_after_landing(struct shell_view *view, const struct plan *plan)
{
    is_landing = false;
    if (plan)
        sync_all(plan, view->directory);
    if (plan && plan->no_fork && (plan_flags(plan) & CLONE_NEWPID))
        stay_outside();
    free(view->directory);
}

/* --- a shell that has moved ------------------------------------------------------------------------------------- */

/* readline reads EOF in a process group that does not own the terminal; scripts stay in that of who started them. */
static void take_terminal(void)
{
    original_pgrp = -1; /* the supervisor gives the terminal back; the old number means nothing in here */
    if (!job_control) {
        shell_pgrp = getpgrp();
        return;
    }
    setpgid(0, 0);
    shell_pgrp = getpid();
    give_terminal_to(shell_pgrp, 1);
}

/* Whether the shell, untouched, would end by this signal; those for faults are forced on an init, too. */
static bool ends_a_shell(int number)
{
    static const int others[] = {SIGKILL, SIGSTOP, SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGTSTP, SIGTTIN,
                                 SIGTTOU, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL, SIGTRAP,  SIGSYS,  SIGABRT};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (number == others[i])
            return false;
    return true;
}

/* A handler in place of the default action, which the kernel does not carry out on an init. */
static void end_by(int number)
{
    if (getpid() == 1) {
        supervise_died_by(number);
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
        supervise_died_by(number);
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

void shell_became_copy(void)
{
    dollar_dollar_pid = getpid();
    set_ppid();
    delete_all_jobs(0);
    take_terminal();
    if (getpid() == 1)
        end_as_outside();
}

/* --- COMMAND ---------------------------------------------------------------------------------------------------- */

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

/* --- variables -------------------------------------------------------------------------------------------------- */

SHELL_VAR *shell_associative_array(const char *name)
{
    enum { CHECK_READONLY = 1, ASSOCIATIVE = 2 };

    SHELL_VAR *array = find_variable(name);

    if (array && !assoc_p(array)) {
        builtin_error("%s: not an associative array", name);
        return NULL;
    }
    array = find_or_make_array_variable((char *)name, CHECK_READONLY | ASSOCIATIVE);
    if (array)
        assoc_flush(assoc_cell(array));
    return array;
}

void shell_associative_set(SHELL_VAR *array, const char *key, const char *value)
{
    bind_assoc_variable(array, array->name, savestring(key), (char *)value, 0);
}

/* --- for the builtins ------------------------------------------------------------------------------------------- */

int shell_signal(const char *text)
{
    enum { SIG_PREFIX_MAY_BE = 1, ANY_CASE = 2 }; /* trap.h: DSIG_SIGPREFIX, DSIG_NOCASE */
    int signal = decode_signal((char *)text, SIG_PREFIX_MAY_BE | ANY_CASE);

    return signal > 0 && signal < NSIG ? signal : -1; /* bash's own EXIT, DEBUG, ... have numbers too */
}

pid_t shell_job(const char *spec)
{
    WORD_LIST *words = make_word_list(make_bare_word(spec), NULL);
    sigset_t child, before;
    pid_t leader = 0;

    BLOCK_CHILD(child, before); /* or the job may be forgotten between two looks */
    int job = get_job_spec(words);
    if (!INVALID_JOB(job))
        leader = jobs[job]->pipe->pid;
    UNBLOCK_CHILD(before);
    dispose_words(words);
    return leader;
}

/* --- the environment of programs -------------------------------------------------------------------------------- */

/* Whether NAME stands in "NAME,NAME". */
static bool is_listed(const char *name, const char *list)
{
    size_t length = strlen(name);

    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
    }
    return false;
}

static bool is_kept(const char *name, const char *const *keep)
{
    while (*keep && !is_listed(name, *keep))
        keep++;
    return *keep;
}

static void export_no_more(SHELL_VAR **variables, const char *const *keep)
{
    for (size_t i = 0; variables && variables[i]; i++)
        if (exported_p(variables[i]) && !is_kept(variables[i]->name, keep))
            VUNSETATTR(variables[i], att_exported);
    free(variables);
}

/* "NAME=value unshare_ns ..." */
static void export_no_more_for_this_command(const char *const *keep)
{
    for (int i = 0; temporary_env && i < temporary_env->nbuckets; i++)
        for (BUCKET_CONTENTS *entry = hash_items(i, temporary_env); entry; entry = entry->next)
            if (!is_kept(entry->key, keep))
                VUNSETATTR((SHELL_VAR *)entry->data, att_exported);
}

void shell_clear_environment(const char *const *keep)
{
    export_no_more_for_this_command(keep);
    export_no_more(all_exported_variables(), keep);
    export_no_more(all_visible_functions(), keep);
    array_needs_making = 1;
}

/*
 * Without the hooks that a bash assignment runs: for LANG or TERM they would load files that the other side may have
 * prepared. Only the remembered paths of commands go with the old PATH.
 */
static void export_string(const char *string)
{
    char *name = savestring(string), *value = strchr(name, '=');

    if (value)
        *value++ = '\0';
    SHELL_VAR *variable = value && legal_identifier(name) ? find_variable(name) : NULL;
    if (value && legal_identifier(name) && (!variable || !readonly_p(variable))) {
        variable = bind_global_variable(name, value, 0);
        if (variable)
            VSETATTR(variable, att_exported);
    }
    free(name);
}

void shell_replace_environment(const char *strings, size_t size)
{
    shell_clear_environment((const char *const[]){NULL});
    for (const char *at = strings; at < strings + size; at += strlen(at) + 1)
        export_string(at);
    phash_flush();
    array_needs_making = 1;
}
