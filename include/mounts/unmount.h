/* Takes mounts away: umount(2). */
#ifndef UNMOUNT_H
#define UNMOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "failure.h"

/* What is to go, for each target. Strings belong to the builtin's arguments. */
struct unmount_plan {
    bool lazy, force;
    bool recursive;    /* with all that is mounted below */
    bool all_targets;  /* wherever its file system is mounted */
    bool read_only;    /* where it is busy, make it read-only instead */
    bool check;        /* find it, and leave it */
    const char *types; /* only these, "tmpfs,ext4", or "noproc": all but these; NULL: any */
};

/*
 * Unmounts all targets: mount points, or the sources of mounts. 0, or -1 and *why. Several are taken away one after the
 * other; where one cannot be, those before it are put back.
 */
int unmount_carry_out(const struct unmount_plan *plan, const char *const *targets, size_t count, struct failure *why);

#endif
