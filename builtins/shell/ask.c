/* What builtins ask of bash: its restrictions, variables, names of signals, and jobs. */
#include "shell/shell.h"

#include <jobs.h>
#include <make_cmd.h>
#include <variables.h>

#include <string.h>

/* bash has these, but installs no header that says so: trap.c, shell.c. */
extern int decode_signal(char *text, int flags);
extern char *signal_name(int number);
#ifdef RESTRICTED_SHELL
extern int restricted;
#else
#define restricted false
#endif

bool shell_restricts(const struct plan *plan)
{
    const char *what = plan->root || plan->root_fd >= 0 ? "--root" : plan->wd || plan->wd_fd >= 0 ? "--wd" : NULL;

    if (!restricted || !what)
        return false;
    sh_restricted((char *)what);
    return true;
}

bool shell_restricts_all(void)
{
    if (restricted)
        sh_restricted(NULL);
    return restricted;
}

const char *shell_home(void)
{
    return get_string_value("HOME");
}

int shell_signal(const char *text)
{
    enum { SIG_PREFIX_MAY_BE = 1, ANY_CASE = 2 }; /* trap.h: DSIG_SIGPREFIX, DSIG_NOCASE */
    int signal = decode_signal((char *)text, SIG_PREFIX_MAY_BE | ANY_CASE);

    return signal > 0 && signal < NSIG ? signal : -1; /* bash's own EXIT, DEBUG, ... have numbers too */
}

const char *shell_signal_name(int number)
{
    const char *name = signal_name(number);

    return strncmp(name, "SIG", 3) == 0 ? name + 3 : name;
}

/* The first process of a pipeline that lives, else the first. */
static pid_t living_process(const PROCESS *first)
{
    const PROCESS *process = first;

    while (!PALIVE(process) && process->next != first)
        process = process->next;
    return PALIVE(process) ? process->pid : first->pid;
}

pid_t shell_job(const char *spec)
{
    WORD_LIST *words = make_word_list(make_bare_word(spec), NULL);
    sigset_t child, before;
    pid_t process = 0;

    BLOCK_CHILD(child, before); /* or the job may be forgotten between two looks */
    int job = get_job_spec(words);
    if (!INVALID_JOB(job))
        process = living_process(jobs[job]->pipe);
    UNBLOCK_CHILD(before);
    dispose_words(words);
    return process;
}

SHELL_VAR *shell_associative_array(const char *name)
{
    enum { CHECK_READONLY = 1, ASSOCIATIVE = 2 };

    SHELL_VAR *array = find_variable(name);

    if (array && (!assoc_p(array) || array->dynamic_value)) {
        builtin_error("%s: %s", name, assoc_p(array) ? "an array of bash's own" : "not an associative array");
        return NULL;
    }
    array = find_or_make_array_variable((char *)name, CHECK_READONLY | ASSOCIATIVE);
    if (array)
        assoc_flush(assoc_cell(array));
    return array;
}

void shell_associative_set(SHELL_VAR *array, const char *key, const char *value)
{
    bind_assoc_variable(array, array->name, savestring(key), (char *)value, ASS_NOEVAL);
}
