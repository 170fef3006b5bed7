/* Holds namespaces in files, by mounting them there, after the last process has left them: namespaces(7). */
#ifndef PERSIST_H
#define PERSIST_H

#include <stdbool.h>

#include "failure.h"
#include "namespaces/plan.h"

/* What persist() has done, as CLONE_NEW* flags. */
struct persisted {
    int mounted;
    int twice; /* with a mount below it that makes the file private */
    int made;  /* files that were not there before */
};

/*
 * Mounts the namespaces of a process on the files that the plan names, in the caller's mount namespace; a file that is
 * not there is made. proc: the process's proc_open() descriptor, or -errno, why there is none. 0, or -1 and *why: then
 * nothing is left of it.
 */
int persist(const struct plan *plan, int proc, struct persisted *held, struct failure *why);

/* Takes it all back. errno stays. */
void persist_undo(const struct plan *plan, const struct persisted *held);

/* True where persist() failed for a mount namespace whose number is too low. */
bool persist_may_work_elsewhere(const struct failure *why);

#endif
