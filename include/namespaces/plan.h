/* What is wanted: plain data, filled in by a builtin before anything is touched. */
#ifndef PLAN_H
#define PLAN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "namespaces/idmap.h"
#include "namespaces/nsref.h"
#include "namespaces/nstype.h"
#include "system/selinux.h"

/* Seconds to add to a clock of the new time namespace: time_namespaces(7). */
struct clock_offset {
    bool said;
    int64_t seconds;
};

struct credentials {
    uid_t uid;
    gid_t gid;
};

struct plan;
struct home;

/*
 * A step of another room. what: the plan's inside_what. awake: the mask for a wait that a signal may end; NULL: the mask
 * that there is, in a helper. It takes back what it has changed in files where it fails, or the plan only checks. 0, or -1
 * and *why.
 */
typedef int plan_inside(const struct plan *plan, void *what, const sigset_t *awake, struct failure *why);

/* Strings belong to the builtin's arguments; NULL: not wanted. */
struct plan {
    int create;                    /* CLONE_NEW*: to make */
    const char *persist[NS_TYPES]; /* by index in nstypes: the file that is to hold what is made; */
    bool new_name;                 /* that of a network namespace must not be there before */
    int join;                      /* CLONE_NEW*: to join, from files[] where that is open, else from the target */
    int files[NS_TYPES];           /* by index in nstypes; -1: none */
    const char *names[NS_TYPES];   /* what the user calls them; NULL: nothing */
    struct target target;

    bool check;         /* do all but land */
    bool move;          /* a forked copy goes on inside; always so with a PID namespace, which only children enter, */
    bool no_fork;       /* unless this says that children are all that shall */
    bool init;          /* the copy has an init over it: PID 1 is another process */
    struct home *visit; /* where the way back is to be held (home.h): the shell itself goes, by that; NULL: for good */
    int death_signal;   /* what the copy inside gets when its supervisor dies */
    int sync_fd;        /* what its supervisor holds open, and it does not; -1: nothing */

    bool owner; /* become this user first, outside, so that it owns the user namespace */
    uid_t owner_uid;
    gid_t owner_gid;
    struct clock_offset monotonic, boottime;

    unsigned long propagation; /* MS_* for the new mount namespace; 0: as it is */
    const char *hostname;
    bool loopback;
    const char *mount_proc, *mount_binfmt; /* where, in the new root */
    const char *load_interp;               /* what to write to binfmt_misc's file `register` */
    const char *root, *wd;                 /* wd is looked up in the new root */
    int root_fd, wd_fd;           /* directories opened outside: of the target, or named by the user; -1: none */
    int cgroup_fd, own_cgroup_fd; /* cgroup.procs of the target, to join it, and of the shell; -1: not wanted */

    plan_inside *inside; /* what a room above this one does inside, as the last of the steps there; NULL: nothing */
    void *inside_what;   /* for that */
    bool new_root;       /* it leads to a root of its own; where no namespace is made, by changing that of mounts */

    bool set_groups, set_uid, set_gid; /* set_groups: drop the supplementary groups */
    struct credentials credentials;    /* what is set */
    bool follow_uid, follow_gid;       /* or else the target's, */
    int follow_fd;                     /* whose /proc/PID this is; -1: not wanted */
    bool keep_caps;                    /* programs get the capabilities too */

    /* Large, so last: what of these says nothing is not cleared. */
    char exec_context[SELINUX_CONTEXT_MAX + 1]; /* SELinux context for programs; "": as it is */
    struct idmaps maps;                         /* of the user namespace to make */
};

/* A plan that does nothing. */
void plan_init(struct plan *plan);

/* Closes what the plan holds. */
void plan_free(struct plan *plan);

/*
 * True where a file named by the user is no namespace of its type, which setns(2) refuses as EINVAL, or would take for the
 * process that it stands for; *why says which, and needs no more to be said. Else errno stays.
 */
bool plan_has_wrong_file(const struct plan *plan, struct failure *why);

/* All types that the plan creates or joins. */
int plan_flags(const struct plan *plan);

/* True where a file is to hold a namespace that is made. */
bool plan_persists(const struct plan *plan);

/* True where a copy of the shell goes on inside, and the shell itself stays as its supervisor. */
bool plan_moves(const struct plan *plan);

/* True where only a child of the one that made or joined them is inside: PID and time namespaces. */
bool plan_needs_child(const struct plan *plan);

/* True where the shell stays outside of a PID namespace that it makes: then its PID 1 is a reaper. */
bool plan_leaves_reaper(const struct plan *plan);

/*
 * True where one system call does it all, and nothing can fail after it. What enters a PID or time namespace only
 * at a fork(2), and what needs steps inside, is staged.
 */
bool plan_is_single_call(const struct plan *plan);

/*
 * True where all that happens is in a new mount namespace, and so is gone with it, or in the shell's own, where it is taken
 * back: the shell can do that itself where it can come back (home.h).
 */
bool plan_only_mounts(const struct plan *plan);

/*
 * True where a mount in the new mount namespace may come to be in others as well. Not where these belong to another user
 * namespace: mount_namespaces(7).
 */
bool plan_mounts_outside(const struct plan *plan);

/*
 * True where the shell must go to a root after setns(2), which resets it; and where it must go to a working directory. What
 * does not change is not touched: chroot(2) takes a privilege, to the present root as well.
 */
bool plan_carries_root(const struct plan *plan);
bool plan_carries_directories(const struct plan *plan);

/* True where user or groups are others afterwards, or have other numbers. */
bool plan_changes_ids(const struct plan *plan);

/* NULL, or the sentence that names the options that contradict each other. */
const char *plan_contradiction(const struct plan *plan);

#endif
