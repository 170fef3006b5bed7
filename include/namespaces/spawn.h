/* A program that is born inside: no copy of the shell is made for it. */
#ifndef SPAWN_H
#define SPAWN_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "failure.h"
#include "namespaces/plan.h"

/* What is to be executed. It is looked for inside. */
struct program {
    char *const *files;     /* the first of them that may be executed; NULL-terminated, each behind "_=" */
    char *const *arguments; /* of main() */
    char **environment;     /* of which one is "_", */
    char **underscore;      /* which gets the file that is executed, with what is before it */
    sigset_t ignored;       /* signals that it does not get, though the shell catches them */
};

/* True where a plan can be carried out so. */
bool spawn_serves(const struct plan *plan);

/*
 * Carries out a plan that moves, with the program in place of the copy. Its PID, a child to supervise, and all signals are
 * blocked. 0: it has not come to that, and nothing of it is left; what stands in the way is found by who takes the way with a
 * copy. -1 and *why where a signal came first. In both cases the caller is as it was.
 */
pid_t spawn(const struct plan *plan, const struct program *program, struct failure *why);

#endif
