/* The steps of this room that can fail. What each is called, and what to do about it, stands in diagnose.c. */
#ifndef STEPS_H
#define STEPS_H

#include "failure.h"

extern const struct step step_socket;      /* the socket between the shell and its helper */
extern const struct step step_fork;        /* a helper process */
extern const struct step step_helper;      /* a helper ended without a word */
extern const struct step step_interrupted; /* a signal asked the shell to stop */
extern const struct step step_proc;        /* /proc is missing, false, or of another PID namespace */
extern const struct step step_unshare;     /* about the types */
extern const struct step step_join;        /* about the types */
extern const struct step step_wrong_file;  /* a file to join that is no namespace of its type */
extern const struct step step_uid_map;
extern const struct step step_gid_map;
extern const struct step step_newuidmap; /* newuidmap(1), newgidmap(1) */
extern const struct step step_newgidmap;
extern const struct step step_setgroups_file; /* /proc/PID/setgroups */
extern const struct step step_owner;          /* becoming the owner of the user namespace to make */
extern const struct step step_time_offsets;
extern const struct step step_propagation;
extern const struct step step_mount_proc; /* about where, as are the next two */
extern const struct step step_mount_binfmt;
extern const struct step step_load_interp;
extern const struct step step_hostname;
extern const struct step step_loopback;
extern const struct step step_root;
extern const struct step step_wd;
extern const struct step
    step_keep_wd; /* the working directory that the shell already has, seen from the new namespaces */
extern const struct step step_keep_root; /* and the root directory */
extern const struct step step_follow;    /* the target's IDs */
extern const struct step step_setgroups;
extern const struct step step_setgid;
extern const struct step step_setuid;
extern const struct step step_keep_caps;
extern const struct step step_cgroup;
extern const struct step step_exec_context;  /* the SELinux context for programs */
extern const struct step step_persist;       /* about a type and a file */
extern const struct step step_persist_mount; /* the same, of a mount namespace */
extern const struct step step_adopt;         /* becoming the parent of the shell inside */
extern const struct step step_land;          /* the shell's own setns(2) into what was staged */

extern const struct step step_home;       /* the way back: about the type, */
extern const struct step step_home_place; /* or else about what kind of place */

#endif
