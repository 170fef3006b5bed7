/* A mount that nobody sees yet, and that is gone when it is closed. */
#ifndef DETACHED_H
#define DETACHED_H

#include "failure.h"
#include "mounts/plan.h"

/*
 * Makes a plan's new file system or bind, detached, with its attributes. A descriptor that the caller closes, or -1 and *why;
 * err ENOSYS: the kernel, or a filter, has not these calls.
 */
int detached_make(const struct mount_plan *plan, struct failure *why);

/* Sets and clears attributes of an open mount, detached or not, and maps IDs, as the plan says. 0, or -1 and *why. */
int detached_set_attributes(const struct mount_plan *plan, int mount, struct failure *why);

/* Sets and clears these attributes of one mount. 0, or -1 and errno. */
int detached_set(int mount, const struct attributes *attributes);

#endif
