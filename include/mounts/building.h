/* A root while it is built. */
#ifndef BUILDING_H
#define BUILDING_H

#include <signal.h>

#include "mounts/inside.h"
#include "mounts/root_plan.h"

struct building {
    int root;              /* its topmost mount; -1: there is none yet */
    int data;              /* a tmpfs for what is read and mounted; -1: there is nothing such */
    struct made *made;     /* in what is mounted, and may be somebody's directory */
    const sigset_t *awake; /* for a wait: root_build() */
};

#endif
