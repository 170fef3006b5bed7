/*
 * The least that a builtin of bash can take: just the system calls, without options, checks or anything that the shell
 * would have to hear of. What bash itself needs to read the line and to get here is the same as for ours.
 *
 * least          unshare of a UTS namespace
 * least FILE     joins a network namespace: open, setns, close
 */
#include <config.h>

#include <builtins.h>
#include <shell.h>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

static int join(const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    int status = setns(fd, CLONE_NEWNET);

    if (fd >= 0)
        close(fd);
    return status;
}

static int least(WORD_LIST *list)
{
    int status = list ? join(list->word->word) : unshare(CLONE_NEWUTS);

    return status < 0 ? EXECUTION_FAILURE : EXECUTION_SUCCESS;
}

static char *no_help[] = {NULL};

__attribute__((visibility("default"))) struct builtin least_struct = {
    .name = (char *)"least",
    .function = least,
    .flags = BUILTIN_ENABLED,
    .long_doc = no_help,
    .short_doc = "",
};
