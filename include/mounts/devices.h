/* A small /dev, as bwrap(1) has it: the files that programs expect, and no device of the machine's. */
#ifndef DEVICES_H
#define DEVICES_H

#include "failure.h"

/*
 * Makes it, detached: null zero full random urandom tty from the present /dev, a pts of its own with ptmx, shm, mqueue's
 * place, the links fd stdin stdout stderr core, and console where standard output is a terminal. A descriptor that the
 * caller closes, or -1 and *why.
 */
int devices_make(struct failure *why);

/*
 * The same in two steps, for a place where it is already mounted: the empty file system, detached, or -1 and *why; and all
 * that is in it, once that is in a mount namespace (or since Linux 6.15). 0, or -1 and *why.
 */
int devices_make_directory(struct failure *why);
int devices_fill(int dev, struct failure *why);

#endif
