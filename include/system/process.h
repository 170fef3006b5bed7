/* Processes that share their memory, and copies that these make. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * True where a process that a signal ends with a core dump, as SIGSYS does, leaves those alone that share its memory:
 * from Linux 5.16 on. Before, they were killed with it.
 */
bool process_dies_alone(void);

/* True where process_copy() can be used: by a C library that has _Fork(3), in a process of one thread. */
bool process_can_copy(void);

/*
 * In the child of a vfork(2): forks a copy of the memory that it shares, and so of the process that it came from, which can
 * go on in its own frames. Takes no lock, and calls nothing of pthread_atfork(3). As fork(2) in what it gives.
 */
pid_t process_copy(void);

#endif
