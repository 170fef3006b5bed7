/*
 * The least that a builtin of bash can take: just the system calls of the floor, without options, checks, a helper that
 * tries them first, or anything that the shell would have to hear of. What bash itself needs to read the line, of as
 * many words, and to get here is the same as for ours.
 *
 * least -u          makes a UTS namespace
 * least --net=FILE  joins a network namespace
 * least -rmnui      becomes root of new namespaces
 */
#include <config.h>

#include <builtins.h>
#include <shell.h>

#include <sched.h>
#include <string.h>

#include "raw.h"

static int least(WORD_LIST *list)
{
    const char *option = list->word->word;

    if (strcmp(option, "-u") == 0)
        raw_make_uts();
    else if (strncmp(option, "--net=", strlen("--net=")) == 0)
        raw_join(option + strlen("--net="));
    else
        raw_become_root(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC);
    return EXECUTION_SUCCESS;
}

static char *no_help[] = {NULL};

__attribute__((visibility("default"))) struct builtin least_struct = {
    .name = (char *)"least",
    .function = least,
    .flags = BUILTIN_ENABLED,
    .long_doc = no_help,
    .short_doc = "",
};
