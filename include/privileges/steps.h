/* The steps of this room that can fail. What each is called, and what to do about it, stands in diagnose.c. */
#ifndef PRIVILEGES_STEPS_H
#define PRIVILEGES_STEPS_H

#include "failure.h"

extern const struct step step_look; /* the process's own state */
extern const struct step step_try;  /* the child that tries it all first */
extern const struct step step_killed;
extern const struct step step_selinux;  /* about the label */
extern const struct step step_apparmor; /* about the profile */
extern const struct step step_groups;
extern const struct step step_gids;
extern const struct step step_uids;
extern const struct step step_keep;        /* capabilities, through a change of the user */
extern const struct step step_raise;       /* the effective set, to what is permitted */
extern const struct step step_bounding;    /* about a capability */
extern const struct step step_inheritable; /* about the set */
extern const struct step step_ambient;     /* about a capability */
extern const struct step step_securebits;  /* about what they shall be */
extern const struct step step_death_signal;
extern const struct step step_ptracer;
extern const struct step step_sets; /* permitted and effective */
extern const struct step step_no_new_privs;
extern const struct step step_landlock_look;   /* what the kernel has */
extern const struct step step_landlock;        /* the ruleset */
extern const struct step step_landlock_right;  /* about one that this kernel lacks */
extern const struct step step_landlock_path;   /* about a rule's path */
extern const struct step step_landlock_rule;   /* about a rule's path or port */
extern const struct step step_landlock_domain; /* entering it */
extern const struct step step_filter_read;     /* about a file or descriptor */
extern const struct step step_filter_size;     /* about the same, which is no program */
extern const struct step step_filter;          /* about the same */
extern const struct step step_filter_refuses;  /* about a system call that the shell needs */
extern const struct step step_filter_kills;    /* the same */
/* Refused without --force: */
extern const struct step step_regained;   /* about capabilities that the next exec would give back */
extern const struct step step_not_held;   /* about those that the bounding set keeps */
extern const struct step step_unmappable; /* about those that the maps will need */

#endif
