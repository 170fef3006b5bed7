/* What /proc does not show of a process: it is asked itself, by calls that its tracer has it make. */
#ifndef INJECT_STATE_H
#define INJECT_STATE_H

#include <stdio.h>
#include <sys/types.h>

/* Writes a line "state NAME=VALUE ..." of a process that the caller traces, and that has stopped at a signal. */
void tell_state(FILE *report, pid_t pid);

#endif
