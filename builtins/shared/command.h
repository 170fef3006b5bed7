/* A builtin that does something to the running shell, or in a subshell that then runs COMMAND. */
#ifndef COMMAND_ROOM_H
#define COMMAND_ROOM_H

#include "shell/shell.h"

#include <stdbool.h>
#include <stddef.h>

struct errand {
    const char *name; /* of the builtin */
    void *request;    /* what the options say; a copy of it goes to the subshell */
    size_t size;
    /* Reads the builtin's words into the request. EXECUTION_SUCCESS; else all has been said. */
    int (*parse)(void *request, WORD_LIST *list);
    const int *operand; /* after parse(), whatever came of it: the index of COMMAND in the words */
    const bool *check;  /* after parse(): nothing is done, and so COMMAND is not run */
    const bool *visit; /* after parse(): it is a visit of the shell itself (shell.h), with COMMAND; NULL: it never is */
    const struct comeback *comeback; /* after parse(); NULL: the builtin never stays */
    /*
     * Has COMMAND done where that is a program, and needs no copy of the process; then it does not return. EXECUTION_SUCCESS
     * where it is for carry_out() to do; else all has been said. NULL: it always is.
     */
    int (*spawn)(void *request, WORD_LIST *command);
    /* Does it to the calling process, in the end. EXECUTION_SUCCESS; else all has been said, and nothing has changed. */
    int (*carry_out)(void *request);
};

/*
 * The whole of such a builtin. Its status: that of COMMAND, which only runs when all else has been done; and where it has
 * not, 1 or 2 without COMMAND, and 125 with it.
 */
int command_run_errand(const struct errand *errand, WORD_LIST *list);

#endif
