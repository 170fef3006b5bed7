/* What the stage's helper processes do, and what they say to the shell. */
#ifndef HELPER_H
#define HELPER_H

#include <sys/socket.h>
#include <sys/types.h>

#include "failure.h"
#include "namespaces/plan.h"

enum staged { STAGE_FAILED = -1, STAGE_READY, STAGE_INSIDE };

/* Where a helper stands, as descriptors (O_PATH): /proc/PID, its root and working directory. Below 0: not passed. */
enum { AT_PROC, AT_ROOT, AT_CWD, PLACES };

/* Control data of a message: the sender's credentials and descriptors. */
union control {
    struct cmsghdr align;
    char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(PLACES * sizeof(int))];
};

/* What a helper says. */
struct message {
    struct failure what;
    struct credentials chosen;
    pid_t born;          /* 0, or all that this message says: the inner process's PID; -1: no number of the shell's */
    bool passed[PLACES]; /* which of them come with it, in this order */
};

/*
 * True where the helper needs nothing of the shell until its child is there, and the shell may stand still meanwhile and lend
 * it its memory: vfork(2). Maps that the shell has to write, it writes for the child. The helper makes no other mark there
 * than in errno, and ends when its child goes on in a copy. A process that may come to be others' to look into has a memory
 * of its own, as has one that takes other credentials: the dumpable flag is the memory's.
 */
bool helper_works_alone(const struct plan *plan);

/* Inside, maps that idmaps_are_own(). procfs: a procfs_open() descriptor from before, or -errno. 0, or -1 and *why. */
int helper_write_own_maps(const struct plan *plan, int procfs, struct failure *why);

/*
 * In the process that the shell has forked: carries out the plan, up to where the shell lands. alone:
 * helper_works_alone(), as the shell sees it. socket: to the shell, which answers with a byte. cpu: where to make the
 * namespaces, or -1. shell: a pidfd of the shell, where the plan leaves a reaper; else -1. Returns (STAGE_INSIDE) only in
 * the process that goes on as the shell.
 */
enum staged helper_run(const struct plan *plan, bool alone, int cpu, int socket, int shell);

#endif
