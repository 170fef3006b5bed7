/* The steps inside namespaces that a helper has made or joined, each of which can fail. */
#ifndef PREPARE_H
#define PREPARE_H

#include "failure.h"
#include "namespaces/plan.h"

#define BINFMT_MISC "/proc/sys/fs/binfmt_misc" /* where it is mounted, unless told otherwise */

/* Becomes the user who is to own the user namespace to make, without supplementary groups. 0, or -1 and *why. */
int prepare_owner(const struct plan *plan, struct failure *why);

/*
 * Sets the clocks of the time namespace just made, which can be done until a first process is in it. procfs: a
 * procfs_open() descriptor, or -errno. 0, or -1 and *why.
 */
int prepare_clocks(const struct plan *plan, int procfs, struct failure *why);

/*
 * Does the plan's steps in the calling process, in the order of unshare(1). awake: for a wait that a signal may end, or NULL.
 * 0, or -1 and *why.
 */
int prepare(const struct plan *plan, const sigset_t *awake, struct failure *why);

/*
 * Opens the root and working directory that the shell will have (O_PATH), each -1 where it does not change, and tries to
 * return to them. 0, or -1 and *why.
 */
int prepare_directories(const struct plan *plan, int *root, int *directory, struct failure *why);

/* Returns to this root (-1: it has not changed) and working directory, which setns(2) has left. 0, or -1 and *why. */
int prepare_return(int root, int directory, struct failure *why);

/*
 * The IDs that the plan sets; those that follow the target are told as the calling process's user namespace calls them.
 * 0, or -1 and *why.
 */
int prepare_choose(const struct plan *plan, struct credentials *chosen, struct failure *why);

/* Takes these IDs, drops groups, and lets programs have the capabilities, as the plan says. 0, or -1 and *why. */
int prepare_credentials(const struct plan *plan, const struct credentials *chosen, struct failure *why);

#endif
