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
    pid_t born;          /* 0, or all that this message says: the inner process's PID */
    bool passed[PLACES]; /* which of them come with it, in this order */
};

/*
 * In the process that the shell has forked: carries out the plan, up to where the shell lands. socket: to the shell, which
 * answers with a byte. cpu: where to make the namespaces, or -1. shell: a pidfd of the shell, where the plan leaves a
 * reaper; else -1. Returns (STAGE_INSIDE) only in the process that goes on as the shell.
 */
enum staged helper_run(const struct plan *plan, int cpu, int socket, int shell);

#endif
