/*
 * The least that a builtin of bash can take: just the system calls, without options, checks or anything that the shell
 * would have to hear of. What bash itself needs to read the line and to get here is the same as for ours.
 *
 * least_unshare      unshare of a UTS namespace
 * least_join FILE    open, setns, close
 */
#include <config.h>

#include <builtins.h>
#include <shell.h>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

static int least_unshare(WORD_LIST *list)
{
    (void)list;
    return unshare(CLONE_NEWUTS) < 0 ? EXECUTION_FAILURE : EXECUTION_SUCCESS;
}

static int least_join(WORD_LIST *list)
{
    int fd = list ? open(list->word->word, O_RDONLY | O_CLOEXEC) : -1;
    int status = setns(fd, CLONE_NEWNET);

    if (fd >= 0)
        close(fd);
    return status < 0 ? EXECUTION_FAILURE : EXECUTION_SUCCESS;
}

static char *no_help[] = {NULL};

#define EXPORTED __attribute__((visibility("default")))

EXPORTED struct builtin least_unshare_struct = {
    .name = (char *)"least_unshare",
    .function = least_unshare,
    .flags = BUILTIN_ENABLED,
    .long_doc = no_help,
    .short_doc = "",
};

EXPORTED struct builtin least_join_struct = {
    .name = (char *)"least_join",
    .function = least_join,
    .flags = BUILTIN_ENABLED,
    .long_doc = no_help,
    .short_doc = "",
};
