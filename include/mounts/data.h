/* Files of a new root whose content is read from a descriptor of the shell's. */
#ifndef DATA_H
#define DATA_H

#include <signal.h>
#include <sys/types.h>

#include "failure.h"
#include "mounts/building.h"

/*
 * Writes all that the operation's descriptor has, to its end, into an open file, and gives that its mode. awake: the mask
 * for the wait (root_build()). 0, or -1 and *why.
 */
int data_fill(int file, struct root_operation *operation, mode_t mode, const sigset_t *awake, struct failure *why);

/*
 * Makes a mount of such a file. Detached; -1 and *why. Once that is in its place, data_let_go() takes the file's first name
 * away, under which it cannot be mounted any more.
 */
int data_make_mount(struct building *building, struct root_operation *operation, struct failure *why);

void data_let_go(const struct building *building);

/* Lets what was read from a file be read again. */
void data_undo(const struct root_operation *operation);

#endif
