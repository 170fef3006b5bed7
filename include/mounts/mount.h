/*
 * One mount. It is made where nobody sees it, with all its attributes, and put in place in one step; what fails before
 * that leaves nothing behind.
 */
#ifndef MOUNT_H
#define MOUNT_H

#include "failure.h"
#include "mounts/inside.h"
#include "mounts/plan.h"

/*
 * Carries out a plan, whichever kind it is, in the calling process. 0, or -1 and *why: then mounts and files are as they
 * were.
 */
int mount_carry_out(const struct mount_plan *plan, struct failure *why);

/*
 * The first half of it, for a plan that mounts something: makes it detached, with its attributes. A descriptor that the
 * caller closes: what has not been attached until then is gone with it. -1 and *why; errno ENOSYS: the kernel, or a
 * filter, has not these calls.
 */
int mount_make(const struct mount_plan *plan, struct failure *why);

/*
 * The second half: puts it on an open (O_PATH) target, and sets the propagation that the plan wants, which cannot be done
 * before: a shared parent would override it. 0, or -1 and *why, and it is not there.
 *
 * The target may itself be in a detached mount since Linux 6.15; before, that is errno EINVAL.
 */
int mount_attach(const struct mount_plan *plan, int mount, int target, struct failure *why);

/*
 * Opens (O_PATH) the plan's target below its root, and makes it where that is wanted: `file`: as a file. A descriptor that
 * the caller closes, or -1 and *why, and then nothing was made. What was made is added to *made.
 */
int mount_open_target(const struct mount_plan *plan, bool file, struct made *made, struct failure *why);

/* Takes an open mount out of the tree of mounts, with its copies elsewhere. 0 or -1; errno stays. */
int mount_detach(int mount);

/* Sets and clears attributes of an open mount, and maps IDs, as the plan says. 0, or -1 and *why. */
int mount_set_attributes(const struct mount_plan *plan, int mount, struct failure *why);

#endif
