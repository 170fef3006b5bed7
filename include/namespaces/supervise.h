/* The process that stays outside for a shell that has moved in, and the reapers at PID 1. */
#ifndef SUPERVISE_H
#define SUPERVISE_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

/* Of the shell, as it is before the move. */
struct terminal {
    int tty;    /* its controlling terminal; -1: there is none to look after */
    bool jobs;  /* the shell has job control: its jobs own the terminal in turn */
    pid_t home; /* the process group that has the terminal back at the end */
    struct termios modes;
};

/*
 * Waits for the moved shell, a child, and passes on the signals that reach this process, as a plain script would feel
 * them: one that the moved shell catches is caught, one that would have killed it ends its whole PID namespace, stop
 * and continue work. Ends as it ends. The caller has blocked all signals. All descriptors are closed but the terminal's and
 * sync (-1: none), which stays open until the end; what has been allocated is gone soon.
 */
_Noreturn void supervise(pid_t moved, const struct terminal *terminal, int sync);

/*
 * The init of a PID namespace whose shell is outside: orphans are reaped, and all ends with the process that shell (a
 * pidfd) stands for. The caller has blocked all signals.
 */
_Noreturn void reap_until_end_of(int shell);

#endif
