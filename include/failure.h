/* What failed. The engine never prints: it fills this in, and a builtin speaks (see diagnose.h). */
#ifndef FAILURE_H
#define FAILURE_H

#include <errno.h>

/*
 * How often a step is tried that cannot be given up, since what came before cannot be taken back. It has been possible a
 * moment ago, so what fails is the kernel that is short of something, or a signal.
 */
enum { TRIES = 3 };

enum step {
    STEP_NONE,
    STEP_SOCKET,      /* the socket between the shell and its helper */
    STEP_FORK,        /* a helper process */
    STEP_HELPER,      /* a helper ended without a word */
    STEP_INTERRUPTED, /* a signal asked the shell to stop */
    STEP_PROC,        /* /proc is missing, false, or of another PID namespace */
    STEP_UNSHARE,
    STEP_JOIN,
    STEP_UID_MAP,
    STEP_GID_MAP,
    STEP_NEWUIDMAP, /* newuidmap(1), newgidmap(1) */
    STEP_NEWGIDMAP,
    STEP_SETGROUPS_FILE, /* /proc/PID/setgroups */
    STEP_OWNER,          /* becoming the owner of the user namespace to make */
    STEP_TIME_OFFSETS,
    STEP_PROPAGATION,
    STEP_MOUNT_PROC,
    STEP_MOUNT_BINFMT,
    STEP_LOAD_INTERP,
    STEP_HOSTNAME,
    STEP_LOOPBACK,
    STEP_ROOT,
    STEP_WD,
    STEP_KEEP_WD,   /* the working directory that the shell already has, seen from the new namespaces */
    STEP_KEEP_ROOT, /* and the root directory */
    STEP_FOLLOW,    /* the target's IDs */
    STEP_SETGROUPS,
    STEP_SETGID,
    STEP_SETUID,
    STEP_KEEP_CAPS,
    STEP_CGROUP,
    STEP_EXEC_CONTEXT, /* the SELinux context for programs */
    STEP_PERSIST,
    STEP_ADOPT, /* becoming the parent of the shell inside */
    STEP_LAND,  /* the shell's own setns(2) into what was staged */
};

struct failure {
    enum step step;
    int err;  /* an errno */
    int flag; /* CLONE_NEW*: the one type that it was about; 0: all of the plan's */
};

/* Notes the step and errno; gives -1, so that a function can end with `return fail(why, STEP_...)`. */
static inline int fail(struct failure *why, enum step step)
{
    *why = (struct failure){.step = step, .err = errno};
    return -1;
}

#endif
