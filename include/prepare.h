/* The steps inside namespaces that a helper has made or joined, each of which can fail. */
#ifndef PREPARE_H
#define PREPARE_H

#include "failure.h"
#include "plan.h"

/* Does the plan's steps in the calling process, in the order of unshare(1). 0, or -1 and *why. */
int prepare(const struct plan *plan, struct failure *why);

/* Takes the plan's IDs and groups. 0, or -1 and *why. */
int prepare_credentials(const struct plan *plan, struct failure *why);

#endif
