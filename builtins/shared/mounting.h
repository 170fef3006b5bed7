/* What mount_ns and umount_ns share: where they act, and what the shell must be told after it. */
#ifndef MOUNTING_H
#define MOUNTING_H

#include "failure.h"
#include "mounts/elsewhere.h"
#include "shared/target.h"

/* The mount namespace that --namespace names. Nothing has been looked up. */
struct mounting_place {
    const char *file;          /* NULL: not a file */
    struct target_name target; /* or of this process; without text: the shell's own namespace */
};

/* Reads the argument of --namespace. NULL, or what was expected. */
const char *mounting_take_place(struct mounting_place *place, const char *text);

/*
 * Does the work, there or here, says what failed, and makes the shell true. wanted: the plan for a sentence.
 * untold: where this step fails, that is not said; NULL: none.
 * EXECUTION_SUCCESS or _FAILURE.
 */
int mounting_carry_out(const struct mounting_place *place, elsewhere_work *work, const void *plan, const void *wanted,
                       const struct step *untold);

#endif
