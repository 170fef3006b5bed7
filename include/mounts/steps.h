/*
 * The steps of this room that can fail. What each is called, and what to do about it, stands in diagnose.c: for a sentence,
 * the plan that was wanted is the struct mount_plan, or NULL.
 */
#ifndef MOUNT_STEPS_H
#define MOUNT_STEPS_H

#include "failure.h"

extern const struct step step_fs_create; /* about the type */
extern const struct step step_fs_option; /* about the option */
extern const struct step step_remount;
extern const struct step step_bind; /* about the source */
extern const struct step step_move;
extern const struct step step_subdir;
extern const struct step step_attributes;
extern const struct step step_idmap;
extern const struct step step_target_root; /* the directory that a target is found in */
extern const struct step step_target;
extern const struct step step_make_target;
extern const struct step step_once;
extern const struct step step_attach;
extern const struct step step_mount_propagation;
extern const struct step step_device;      /* about a file of the small /dev */
extern const struct step step_unmount;     /* about a target */
extern const struct step step_not_mounted; /* likewise */
extern const struct step step_mount_table;
extern const struct step step_mount_namespace; /* about its name */
extern const struct step step_apart;           /* a child process that does a part of it */

extern const struct step step_show_sys; /* a sysfs of the network namespace on /sys */
extern const struct step step_read_etc; /* about a file in /etc/netns/NAME, or that itself */
extern const struct step step_show_etc; /* about such a file, on the one in /etc */

extern const struct step step_operation;   /* an operation of a new root; which it was during says it all */
extern const struct step step_root_target; /* about a path in the new root */
extern const struct step step_root_mode;   /* likewise */
extern const struct step step_root_file;   /* likewise */
extern const struct step step_root_data;   /* about a descriptor */
extern const struct step step_pivot;
extern const struct step step_old_root;

#endif
