/* Filters of system calls: seccomp(2). */
#ifndef SECCOMP_H
#define SECCOMP_H

#include <stdbool.h>
#include <stddef.h>

#include "failure.h"

struct sock_filter;

struct filter {
    const char *name; /* the file's, or the descriptor's number */
    size_t length;    /* in instructions */
    struct sock_filter *program;
};

/* Reads a BPF program from a file, or from an open descriptor of this number. The caller frees it. 0, or -1 and *why. */
int filter_read(const char *name, struct filter *filter, struct failure *why);
void filter_free(struct filter *filter);

/* Sets it for the calling process, which has no_new_privs, for good. 0, or -1 and errno. */
int filter_set(const struct filter *filter);

/*
 * What a shell does all the time, or what it takes to execute a program, tried under a filter in a child of the shell. The
 * call that is tried is noted in *doing before, so that who waits for the child knows which one killed it. NULL, or the
 * one that is refused, and errno.
 */
const char *filter_probe_shell(const char *volatile *doing);
const char *filter_probe_exec(const char *volatile *doing);

/* Before the filter is set: what the first of these needs. 0, or -1 and errno. */
int filter_prepare_probe(void);

#endif
