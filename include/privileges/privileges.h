/* What a process gives up, or takes on: one sequence of steps, each of them final. */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "failure.h"
#include "privileges/capabilities.h"
#include "privileges/landlock.h"

enum { FILTERS_MAX = 16, DEATH_SIGNAL_KEPT = -1 };

/* What is wanted: plain data, filled in by a builtin before anything is touched. Strings belong to its words. */
struct privileges {
    bool set_uid, set_euid, set_gid, set_egid;
    uid_t uid, euid;
    gid_t gid, egid;
    bool set_groups;
    size_t group_count;
    const gid_t *groups;

    struct change bounding, inheritable, ambient;
    struct change securebits;
    uint64_t drop;  /* from all sets */
    bool keep_caps; /* what an exec would take away */

    bool no_new_privs;
    int death_signal; /* 0: none; or DEATH_SIGNAL_KEPT */
    bool set_ptracer;
    unsigned long ptracer;
    const char *selinux_label, *apparmor_profile; /* for what is executed */
    struct landlock landlock;
    size_t filters;
    const char *filter[FILTERS_MAX];

    bool force;     /* even if the shell cannot go on, or a program gets back what was dropped */
    bool runs_only; /* the process will execute a program, and need not go on as a shell */
};

/* A plan that does nothing. */
void privileges_init(struct privileges *plan);

/* True where it changes IDs or groups. */
bool privileges_change_ids(const struct privileges *plan);

/*
 * Carries out a plan in the calling process: first in a child that ends, then, where all has worked there, in itself. The
 * capability sets end as an exec would have left them, unless they are to be kept. 0, or -1 and *why, and the process is
 * as it was.
 */
int privileges_carry_out(const struct privileges *plan, struct failure *why);

#endif
