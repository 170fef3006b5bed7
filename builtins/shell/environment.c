/* The environment of programs: which variables are exported. */
#include "shell/shell.h"

#include <variables.h>

#include <stdlib.h>
#include <string.h>

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

static void export_no_more(HASH_TABLE *variables, const char *const *keep)
{
    for (int i = 0; variables && i < variables->nbuckets; i++)
        for (BUCKET_CONTENTS *entry = hash_items(i, variables); entry; entry = entry->next)
            if (!is_kept(entry->key, keep))
                VUNSETATTR((SHELL_VAR *)entry->data, att_exported);
}

/* Of "NAME=value unshare_ns ...", and of each scope: what a local variable hides would come back with its end. */
void shell_clear_environment(const char *const *keep)
{
    export_no_more(temporary_env, keep);
    for (VAR_CONTEXT *scope = shell_variables; scope; scope = scope->down)
        export_no_more(scope->table, keep);
    export_no_more(shell_functions, keep);
    array_needs_making = 1;
}

bool shell_can_set(const char *name)
{
    const SHELL_VAR *variable = find_global_variable_noref(name);

    return !variable || shell_is_plain(variable);
}

bool shell_can_set_number(const char *name)
{
    const SHELL_VAR *variable = legal_identifier(name) ? find_variable(name) : NULL;

    return legal_identifier(name) && (!variable || !(readonly_p(variable) || noassign_p(variable)));
}

/* What the shell itself goes by: executes as a prompt or a message, or opens, and writes at its end. */
static bool is_own(const char *name)
{
    static const char *const own[] = {"BASH_LOADABLES_PATH",
                                      "CDPATH",
                                      "HISTFILE",
                                      "HISTFILESIZE",
                                      "HISTSIZE",
                                      "HOSTFILE",
                                      "IFS",
                                      "INPUTRC",
                                      "MAIL",
                                      "MAILCHECK",
                                      "MAILPATH",
                                      "OPTIND",
                                      "PROMPT_COMMAND",
                                      "PS0",
                                      "PS1",
                                      "PS2",
                                      "PS3",
                                      "PS4",
                                      "TMOUT"};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return false;
}

/* These are of the process, whatever the other side's say; a program gets them all the same. */
static bool is_directory(const char *name)
{
    return strcmp(name, "PWD") == 0 || strcmp(name, "OLDPWD") == 0;
}

/*
 * Without the hooks that a bash assignment runs: for LANG or TERM they would load files that the other side may have
 * prepared. Only the remembered paths of commands go with the old PATH.
 */
static void export_variable(const char *name, char *value)
{
    SHELL_VAR *variable = find_global_variable_noref(name); /* a local one of that name may hide it, and ends */

    if ((variable && !shell_is_plain(variable)) || is_own(name))
        return;
    if (!variable || !is_directory(name))
        variable = bind_global_variable(name, value, 0);
    if (variable)
        VSETATTR(variable, att_exported);
}

static void export_string(const char *string)
{
    char *name = savestring(string), *value = strchr(name, '=');

    if (value)
        *value++ = '\0';
    if (value && legal_identifier(name))
        export_variable(name, value);
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
