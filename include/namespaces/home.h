/* The way back to where the shell stands, which is looked for before it goes. */
#ifndef HOME_H
#define HOME_H

#include "failure.h"

struct home {
    int mounts, root, directory; /* the mount namespace, and the places in it */
};

/*
 * Opens the way back out of a mount namespace, and walks it once: nothing changes by that. 0, or -1 and errno where there
 * is none, as out of a mount namespace that belongs to another user namespace (EPERM); then nothing is open.
 */
int home_open(struct home *home);

/* Goes back. 0, or -1 and errno: it could be done a moment ago. */
int home_return(const struct home *home);

void home_close(struct home *home);

#endif
