/* COMMAND as a program: what bash would execute, and how, where nothing else is to be done by the shell. */
#include "shell/shell.h"

#include <variables.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* bash has these, but installs no header that says so: flags.h, trap.h, hashcmd.h. */
extern int echo_command_at_execute; /* set -x */
extern int signal_is_trapped(int number);
extern int signal_is_ignored(int number);
extern SigHandler *original_signals[];
extern char *phash_search(const char *name);
#ifdef RESTRICTED_SHELL
extern int restricted;
#else
#define restricted false
#endif
enum { DEBUG_TRAP = NSIG };

/* What a landing changes of the environment, if somebody has it there. */
static bool exports_what_changes(void)
{
    static const char *const names[] = {"UID", "EUID", "PPID", "HOSTNAME"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const SHELL_VAR *variable = find_variable(names[i]);
        if (variable && exported_p(variable))
            return true;
    }
    return false;
}

/* Of the directories in PATH; NULL: there is none after it. */
static const char *next_directory(const char *directory)
{
    const char *end = strchr(directory, ':');

    return end ? end + 1 : NULL;
}

/* Where bash's search is no more than to try one directory after the other. */
static bool is_plain_path(const char *path)
{
    while (path && *path == '/')
        path = next_directory(path);
    return !path;
}

/* Behind "_=", as execute() in spawn.c wants it. */
static char *name_file(const char *directory, size_t length, const char *name)
{
    char *text = xmalloc(strlen("_=") + length + strlen("/") + strlen(name) + 1);
    const char *between = length > 0 && directory[length - 1] != '/' ? "/" : "";

    sprintf(text, "_=%.*s%s%s", (int)length, directory, between, name);
    return text + strlen("_=");
}

/* NULL where bash goes another way. */
static char **files_in_path(const char *name, const struct plan *plan)
{
    const char *path = get_string_value("PATH");
    size_t count = 0;

    if (!path || !is_plain_path(path) || get_string_value("EXECIGNORE"))
        return NULL;
    if (!plan_carries_root(plan) && phash_search(name))
        return NULL;
    char **files = xmalloc((strlen(path) + 1) * sizeof *files);
    for (; path; path = next_directory(path))
        files[count++] = name_file(path, strcspn(path, ":"), name);
    files[count] = NULL;
    return files;
}

static char **files_of(const char *name, const struct plan *plan)
{
    if (!strchr(name, '/'))
        return files_in_path(name, plan);
    char **files = xmalloc(2 * sizeof *files);
    files[0] = name_file("", 0, name);
    files[1] = NULL;
    return files;
}

/* As a shell starts its programs that ignores these, or was started so: it has a handler for SIGCHLD all the same. */
static sigset_t ignored(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    for (int number = 1; number < NSIG; number++)
        if (original_signals[number] == SIG_IGN || signal_is_ignored(number))
            sigaddset(&signals, number);
    return signals;
}

static bool is_program(char *name)
{
    return *name != '\0' && *name != '%' && !find_function(name) && !find_shell_builtin(name);
}

bool shell_find_program(struct program *program, WORD_LIST *command, const struct plan *plan)
{
    char *name = command->word->word;

    if (restricted || echo_command_at_execute || signal_is_trapped(DEBUG_TRAP) || !is_program(name)
        || exports_what_changes())
        return false;
    char **files = files_of(name, plan);
    if (!files)
        return false;
    maybe_make_export_env();
    put_command_name_into_env(*files);
    char **underscore = export_env;
    while (strncmp(*underscore, "_=", 2) != 0)
        underscore++;
    *program = (struct program){files, strvec_from_word_list(command, 0, 0, NULL), export_env, underscore, ignored()};
    return true;
}
