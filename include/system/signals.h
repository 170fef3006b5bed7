/* Signals while a builtin works with child processes of its own. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>

struct signals_held {
    sigset_t before; /* the caller's mask */
    /*
     * For a wait that a signal may end: those that ask the shell to end are open, if they were. Never SIGCHLD: bash's
     * handler waits for any child.
     */
    sigset_t awake;
};

/* Blocks all signals. */
void signals_hold(struct signals_held *held);

void signals_release(const struct signals_held *held);

#endif
