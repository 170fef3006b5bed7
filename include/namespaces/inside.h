/* From a process that only supervises to the shell that has moved inside. */
#ifndef INSIDE_H
#define INSIDE_H

#include <sys/types.h>

#include "namespaces/nsref.h"

/* In a supervisor, before the shell inside goes on: says whom it watches, a child, to whoever looks at it. */
void inside_say(pid_t shell);

/*
 * Goes on from a supervisor to the shell inside, through any supervisors in between. A target that supervises nobody, or
 * the shell `self`, which means what is outside, stays as it is. 0, or -1 and errno, with the target as it was, and *said,
 * the number by which a supervisor calls the shell inside: ENOENT (not found), EPERM (not the supervisor's own), ELOOP
 * (there is no end).
 */
int inside_find(struct target *target, pid_t self, pid_t *said);

#endif
