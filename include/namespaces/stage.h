/* Builds or joins the plan's namespaces aside, in a helper process, and prepares them. */
#ifndef STAGE_H
#define STAGE_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "failure.h"
#include "namespaces/helper.h"
#include "namespaces/plan.h"

struct stage {
    pid_t helper; /* makes or joins; 0: gone */
    pid_t inner;  /* its child, where only a child is inside (PID and time namespaces); 0: none */
    bool alone;   /* helper_works_alone() */
    int socket;   /* to the helpers: they end when it is closed */
    /* Where the one stands that stage_process() names (helper.h). At AT_PROC, what is below 0 is -errno, why it has none. */
    int places[PLACES];
    struct credentials chosen; /* the IDs that the helper has taken */
    bool released;             /* the inner one has had the word that stage_release() says */
    bool adopts;               /* the shell was made a subreaper, to become the inner one's parent */
    bool reaper;               /* the inner one stays as init: no child of the shell, ends by itself with the socket */
};

/*
 * Runs the plan in a helper, which makes the namespaces on this CPU (-1: any). STAGE_READY in the shell: everything that can fail was done, in the process that
 * stage_process() names. STAGE_INSIDE, only when the plan moves: this is the copy of the shell inside, and its
 * supervisor has let it go on. STAGE_FAILED: *why, nothing is left of the helpers, the shell is as it was.
 *
 * The caller has blocked all signals; `awake` is the mask with which the shell waits for the helpers, in which those
 * that ask it to end are open, and never SIGCHLD: bash's handler waits for any child.
 */
enum staged stage_begin(struct stage *stage, const struct plan *plan, int cpu, const sigset_t *awake,
                        struct failure *why);

/* The helper that stands in the finished namespaces: a child of the shell. */
pid_t stage_process(const struct stage *stage);

/*
 * For a plan that enters what it joins, where the shell may not look into its helper: has the helper let it. 0, or -1 and
 * *why.
 */
int stage_be_let_in(struct stage *stage, struct failure *why);

/* Ends the helpers and waits for them. errno stays. */
void stage_end(struct stage *stage);

/* For a plan that leaves a reaper, at its end: lets it stay. */
void stage_leave_reaper(struct stage *stage);

/*
 * For a plan that moves: lets the inner process go on as the shell, when it has tied its life to this process. The
 * inner process is the caller's from then on. 0, or -1 and *why when it died first: nothing has happened then.
 */
int stage_release(struct stage *stage, struct failure *why);

#endif
