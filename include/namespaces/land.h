/* Carries out a plan: the one way through, from the stage to the shell inside. */
#ifndef LAND_H
#define LAND_H

#include <sys/types.h>

#include "failure.h"
#include "namespaces/plan.h"

enum landing { LANDING_FAILED = -1, LANDING_CHECKED, LANDING_ENTERED, LANDING_MOVED, LANDING_LEFT, LANDING_LOST };

/*
 * Carries out a plan. LANDING_CHECKED: all was done, the landing by a child, and taken back. LANDING_ENTERED: the
 * caller is inside. LANDING_MOVED: the caller is a copy of the shell and is inside. LANDING_LEFT: this is the shell that stayed
 * outside; *moved is the copy, a child to supervise, and all signals are blocked. LANDING_FAILED: *why, and the caller
 * is as it was. LANDING_LOST: something failed, and so did the way back, which was there a moment ago: *why is about
 * that, and the caller, who stands nobody knows where, is to end.
 */
enum landing land(const struct plan *plan, pid_t *moved, struct failure *why);

/*
 * True where no process is in the caller's mount namespace but itself, unless one has come there from outside: it was made
 * for a shell that moved, with the PID namespace whose init that is, and nobody else is in there now.
 */
bool land_is_alone_with_mounts(void);

#endif
