/* Runs one of the few programs that no system call can replace. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <signal.h>

/*
 * Runs arguments[0], found by $PATH, with the caller's files but an empty standard input and output, and waits for it.
 * 0 where it succeeded; else -1 and errno: ECANCELED where it did not (it has said why), EINTR where a signal ended the
 * wait (and the program), or execvp(3)'s. The caller has blocked SIGCHLD; `awake` is the mask for the wait.
 */
int run_program(char *const arguments[], const sigset_t *awake);

#endif
