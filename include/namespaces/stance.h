/* What a process does with signals: proc(5), signal(7). */
#ifndef STANCE_H
#define STANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Bit N-1 of a mask: signal N. What is in neither of them has its default action, which an init is shielded from. */
struct stance {
    uint64_t caught; /* by a handler, which a program that is executed next has not */
    uint64_t
        kept; /* ignored, or blocked by each of its threads, and queued then, for an init too: this outlives execve(2) */
    bool init; /* of its PID namespace */
};

/*
 * Of a child. Where there is no /proc to ask, it catches all. A thread that waits for a signal, as in sigwait(3), is not
 * seen to block it meanwhile, unless it is stopped. It asks for no memory: supervise.c.
 */
struct stance stance_of_child(pid_t child);

bool stance_has(uint64_t mask, int signal);

/* A child that was sent SIGSTOP, and waits for a processor to stop on. */
bool stance_is_about_to_stop(pid_t child);

#endif
