/*
 * One mount. It is made where nobody sees it, with all its attributes, and put in place in one step; what fails before
 * that leaves nothing behind.
 */
#ifndef MOUNT_H
#define MOUNT_H

#include "failure.h"
#include "mounts/plan.h"

/*
 * Carries out a plan, whichever kind it is, in the calling process. 0, or -1 and *why: then mounts and files are as they
 * were.
 */
int mount_carry_out(const struct mount_plan *plan, struct failure *why);

/*
 * The first half of it, for a plan that mounts something: makes it detached, with its attributes. The second half is
 * place_attach(). A descriptor that the caller closes, or -1 and *why; err ENOSYS: the kernel, or a filter, has not these calls.
 */
int mount_make(const struct mount_plan *plan, struct failure *why);

#endif
