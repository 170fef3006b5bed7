/* The process that -t names, which nsenter_ns and nsmap share. */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <sys/types.h>

#include "namespaces/nsref.h"

#define TARGET_WORDS "PID|PID:INODE|%JOB|/dev/fd/N"

/* A process as it was named. Nothing has been looked up. */
struct target_name {
    const char *text; /* NULL: none */
    const char *job;  /* "%1"; NULL: not a job */
    int fd;           /* a pidfd or an open /proc/PID; -1: not by descriptor */
    pid_t pid;        /* or else this one, */
    ino_t inode;      /* whose pidfd has this inode number; 0: not said */
};

/* Reads the argument of -t. NULL, or what was expected. */
const char *target_parse(struct target_name *name, const char *text);

/* Finds the PID of a job, which only the shell itself knows. EXECUTION_SUCCESS, or _FAILURE after it has been said. */
int target_settle(struct target_name *name);

/* Finds and holds the process. EXECUTION_SUCCESS, or EXECUTION_FAILURE after it has been said what is wrong. */
int target_find(const struct target_name *name, struct target *target);

/* Reads a descriptor number: decimal, from 0. */
bool target_parse_fd(const char *text, int *fd);

#endif
