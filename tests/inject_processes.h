/* What tests/inject.c sees of processes in /proc */
#ifndef INJECT_PROCESSES_H
#define INJECT_PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

/* A process's parent and state; 0 and 'X' where it has gone. */
pid_t look_at(pid_t pid, char *state);

/* Calls do_each for all processes below one. */
void each_below(pid_t pid, void (*do_each)(pid_t pid));

/* Whether one of these runs, or waits for a disk */
bool one_runs_below(pid_t pid);

#endif
