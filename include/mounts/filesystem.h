/* A file system that is told what it is to be, new or mounted already: fsopen(2), fspick(2). */
#ifndef FILESYSTEM_H
#define FILESYSTEM_H

#include "failure.h"
#include "mounts/plan.h"

/*
 * True for an overlay that gets the option userxattr without being asked: in a user namespace, no directory of a lower layer
 * could be removed without it (EIO).
 */
bool fs_wants_userxattr(const struct mount_plan *plan);

/* Makes the plan's new file system, and of it a detached mount with the plan's attributes. A descriptor, or -1 and *why. */
int fs_make(const struct mount_plan *plan, struct failure *why);

/*
 * Tells the file system of an open target what the plan has for it, which does nothing until fs_reconfigure(). A descriptor
 * for that, or -1 and *why.
 */
int fs_pick(const struct mount_plan *plan, int target, struct failure *why);

/* 0, or -1 and *why, and it is as it was. */
int fs_reconfigure(const struct mount_plan *plan, int context, struct failure *why);

#endif
