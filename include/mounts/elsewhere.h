/* Mounting in another mount namespace, without going there. */
#ifndef ELSEWHERE_H
#define ELSEWHERE_H

#include "failure.h"

/* What is done there. 0, or -1 and *why. */
typedef int elsewhere_work(const void *plan, struct failure *why);

/*
 * Has a child join the mount namespace (a descriptor), and the user namespace that owns it where the caller is in another
 * one, and do the work there. name: what the user calls it. As the work returns.
 */
int elsewhere(int namespace, const char *name, elsewhere_work *work, const void *plan, struct failure *why);

#endif
