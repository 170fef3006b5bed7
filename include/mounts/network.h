/* What shows a network namespace in a mount namespace of one's own: as `ip netns exec` has it. */
#ifndef NETWORK_H
#define NETWORK_H

#include "failure.h"
#include "namespaces/plan.h"

/*
 * A step of the plan's (plan_inside), for a mount namespace from which nothing is passed on to others. Mounts a sysfs of the
 * process's network namespace on /sys, and each file of /etc/netns/NAME on the one in /etc that is called like it. file: what
 * netns_file() has written. 0, or -1 and *why; then some of them may be there.
 */
int network_show(const struct plan *plan, void *file, const sigset_t *awake, struct failure *why);

#endif
