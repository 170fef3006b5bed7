/* The way back to where the process stands, which is walked once before it goes. */
#ifndef HOME_H
#define HOME_H

#include "failure.h"
#include "namespaces/plan.h"

/* What there is to come back to: a namespace of each type, by index in nstypes, and: */
enum { HOME_ROOT = NS_TYPES, HOME_DIRECTORY, HOME_CGROUP, HOME_PLACES };

struct home {
    int places[HOME_PLACES]; /* open descriptors; -1: it is not left, or not known to be */
};

/* No place is held. */
void home_init(struct home *home);

/*
 * Opens the way back out of all that a plan leaves, as far as it is not open already, and walks it once: nothing changes by
 * that. 0; or -1 and *why where there is no such way, as out of what belongs to another user namespace (EPERM), and then
 * what was open before still is.
 */
int home_hold(struct home *home, const struct plan *plan, struct failure *why);

/*
 * Goes back to each place that is held. A step that fails is tried once more, and all others are done in any case. 0, or
 * -1 and *why, of the first that failed.
 */
int home_return(const struct home *home, struct failure *why);

/* Closes what is held. */
void home_close(struct home *home);

#endif
