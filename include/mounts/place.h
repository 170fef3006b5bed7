/* Where a mount goes: a target that is found, or made, and then mounted on. */
#ifndef PLACE_H
#define PLACE_H

#include "failure.h"
#include "mounts/inside.h"
#include "mounts/plan.h"

/*
 * Opens (O_PATH) the plan's target below its root, and makes it where that is wanted; `file`: as a file. A descriptor that
 * the caller closes, or -1 and *why, and then nothing was made. What was made is added to *made.
 */
int place_open(const struct mount_plan *plan, bool file, struct made **made, struct failure *why);

/* True where what is open is no directory: such a thing goes on a file. */
bool place_is_file(int fd);

/*
 * Puts a detached mount on an open target, and sets the propagation that the plan wants, which cannot be done before: a
 * shared parent would override it. 0, or -1 and *why, and it is not there.
 *
 * The target may itself be in a detached mount since Linux 6.15; before, that is err EINVAL.
 */
int place_attach(const struct mount_plan *plan, int mount, int target, struct failure *why);

/* Sets the propagation that the plan wants, of an open mount. 0, or -1 and *why. */
int place_propagate(const struct mount_plan *plan, int mount, struct failure *why);

/* Takes an open mount away, with what is mounted below it and its copies elsewhere. */
void place_take_away(int mount);

#endif
