/* A new root, built aside and entered. */
#ifndef ROOT_H
#define ROOT_H

#include <signal.h>
#include <stdbool.h>

#include "failure.h"
#include "mounts/root_plan.h"

/*
 * What an open descriptor of the caller's would lead back to the old root by, as the end of a sentence ("a directory"); NULL:
 * by nothing.
 */
const char *root_way_out(int fd);

/* True where there is no need for another mount namespace: this one is the caller's alone, and its root can be taken off. */
bool root_may_stay(void);

/*
 * In a mount namespace of the caller's own, in which nothing is passed on to others (MS_SLAVE): makes the root, enters it,
 * and lets go of the old one, which is reached no more. 0, or -1 and *why: then the files are as they were, and the caller
 * leaves the mount namespace, or goes back to its root directory in the one where it stays, which is as it was. check: only to see whether it works: files are as they were in any case. awake: the mask with which to wait for what is read, in which those signals are open that
 * shall end the wait; NULL: the mask that there is.
 */
int root_build(struct root_plan *plan, bool check, const sigset_t *awake, struct failure *why);

#endif
