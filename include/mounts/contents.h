/* What is in a new root: each operation makes what it mounts, and puts it in its place. */
#ifndef CONTENTS_H
#define CONTENTS_H

#include "failure.h"
#include "mounts/building.h"

/*
 * Makes what an operation mounts, detached, and leaves it in operation->mount. What it names is found where the process
 * stands, so all of it comes before the new root is to be seen. 0, or -1 and *why.
 */
int contents_make(struct root_operation *operation, struct failure *why);

/* Carries out the rest of an operation, in the new root. 0, or -1 and *why. */
int contents_put(struct building *building, struct root_operation *operation, struct failure *why);

/* Sets the attributes that an operation's mount could not have before it was in its place. 0, or -1 and *why. */
int contents_set_late(const struct root_operation *operation, int mount, struct failure *why);

/* Takes back what an operation has changed in files. errno stays. */
void contents_undo(struct root_operation *operation);

/* Closes what it holds. */
void contents_close(struct root_operation *operation);

#endif
