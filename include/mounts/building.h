/* A root while it is built. */
#ifndef BUILDING_H
#define BUILDING_H

#include <signal.h>
#include <stdbool.h>

#include "mounts/inside.h"
#include "mounts/root_plan.h"

struct building {
    int root;              /* its topmost mount; -1: there is none yet */
    int directory;         /* where to go in it; -1: that has not been chosen yet */
    int data;              /* a tmpfs for what is read and mounted; -1: there is nothing such */
    struct made *made;     /* in what is mounted, and may be somebody's directory */
    int stacked;           /* how many roots have been put on top of the old one, */
    bool pivoted;          /* or on which that is by now, with what else was put on it */
    const sigset_t *awake; /* for a wait: root_build() */
};

#endif
