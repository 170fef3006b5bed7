/* The process that stays outside for a shell that has moved in. */
#ifndef SUPERVISE_H
#define SUPERVISE_H

#include <sys/types.h>

/*
 * Waits for the moved shell, and passes on the signals that reach this process, as a plain script would feel them: one
 * that the moved shell catches is caught, one that would have killed it ends its whole PID namespace, stop and
 * continue work. The caller has blocked all signals. Returns the status that waitpid(2) would give, with which the
 * caller is to end.
 */
int supervise(pid_t moved);

#endif
