/* A part of the work that is done in a child process: what changes that process changes nothing else. */
#ifndef APART_H
#define APART_H

#include "failure.h"

/* 0, or -1 and *why. *fd, -1 at first: a descriptor to hand back. */
typedef int apart_work(void *argument, int *fd, struct failure *why);

/*
 * Has a child do the work, and waits for it, with all signals blocked. As the work returns. fd: for the descriptor that
 * the work hands back, which is the caller's to close; NULL where it hands back none.
 */
int apart(apart_work *work, void *argument, int *fd, struct failure *why);

/* In such a child: a mount namespace of its own, with this detached mount in it. 0, or -1 and errno. */
int apart_attach(int detached);

#endif
