/* A copy of a process, made by a child that shares its memory. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* True where process_copy() can be used: by a C library that has _Fork(3), in a process of one thread. */
bool process_can_copy(void);

/*
 * In the child of a vfork(2): forks a copy of the memory that it shares, and so of the process that it came from, which can
 * go on in its own frames. Takes no lock, and calls nothing of pthread_atfork(3). As fork(2) in what it gives.
 */
pid_t process_copy(void);

#endif
