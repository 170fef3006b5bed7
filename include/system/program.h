/* Runs one of the few programs that no system call can replace. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Writes the path of a program into text, as $PATH has it now: bash's getenv(3) tells the shell's own variable, which
 * execvp(3) would not see. Returns text, or NULL and errno ENOENT.
 */
char *find_program(const char *name, char *text, size_t size);

/*
 * Runs arguments[0], found by find_program(), with the caller's files but an empty standard input and output, and waits for it.
 * 0 where it succeeded; else -1 and errno: ECANCELED where it did not (it has said why), EINTR where a signal ended the
 * wait (and the program), find_program()'s, or posix_spawn(3)'s. The caller has blocked SIGCHLD; `awake` is the mask for the wait.
 */
int run_program(char *const arguments[], const sigset_t *awake);

/* Waits for the end of a child, whatever interrupts that. Returns its status as waitpid(2) tells it; -1: there is none. */
int await_child(pid_t pid);

#endif
