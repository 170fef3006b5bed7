/* Steps into namespaces: unshare(2), setns(2). */
#ifndef ENTER_H
#define ENTER_H

#include "failure.h"
#include "namespaces/plan.h"

/*
 * Makes or joins the plan's namespaces in the calling process: in a helper, or in the shell itself where the plan is a
 * single call. 0, or -1 and *why.
 */
int enter(const struct plan *plan, struct failure *why);

/* The same, with the calling thread on this CPU meanwhile (-1: any). */
int enter_on_cpu(const struct plan *plan, int cpu, struct failure *why);

/*
 * Enters the namespaces of a helper that has made or joined those of the plan, by its pidfd: setns(2) moves the caller
 * into all of them or none (Linux 5.8). 0; or -1 and *why, and the caller is as it was.
 */
int enter_behind(const struct plan *plan, int pidfd, struct failure *why);

#endif
