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

enum landing { LANDING_FAILED = -1, LANDING_CHECKED, LANDING_ENTERED, LANDING_MOVED, LANDING_LEFT };

/*
 * Carries out a plan. LANDING_CHECKED: all but the landing was done, and taken back. LANDING_ENTERED: the caller is
 * inside. LANDING_MOVED: the caller is a copy of the shell and is inside. LANDING_LEFT: this is the shell that stayed
 * outside; *moved is the copy, a child to supervise, and all signals are blocked. LANDING_FAILED: *why, and the caller
 * is as it was.
 */
enum landing land(const struct plan *plan, pid_t *moved, struct failure *why);

#endif
