/* What mount(2) can do of a plan, for kernels and filters without the newer calls. */
#ifndef CLASSIC_H
#define CLASSIC_H

#include "failure.h"
#include "mounts/plan.h"

/* As mount_carry_out(). *why on entry: what failed for want of a call; it stays where mount(2) cannot do it either. */
int classic_carry_out(const struct mount_plan *plan, struct failure *why);

/*
 * Sets and clears attributes of a mount that is open and in its place, and where that is wanted of all that is mounted below
 * it, one after the other. 0, or -1 and errno; then some of them may be done.
 */
int classic_set(int mount, bool recursive, const struct attributes *attributes);

#endif
