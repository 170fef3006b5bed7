/* The environment of programs: which variables are exported. */
#include "shell.h"

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
