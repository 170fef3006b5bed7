/* Tells a supervisor whether a signal was sent to its whole process group, and so to the moved shell in it, too. */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdbool.h>

/*
 * Before the fork(2) that makes the moved shell. There is one witness for all moves in a process group; where this fails
 * there is none. Where the move comes to nothing, witness_forget().
 */
void witness_prepare(void);
void witness_forget(void);

/*
 * In a supervisor, or who is to become one, which has blocked all signals: the witness sees to it from the first call on.
 * The first in the process group makes it: a child, which ends with this process.
 */
void witness_begin(void);

/*
 * Before a supervisor ends: the witness that it has made is gone on return. It ends by itself soon, but may not yet have
 * come to close what was open at its fork(2).
 */
void witness_end(void);

/* True: the group has been sent this signal since the last call. The caller has been sent it. */
bool witness_has(int signal);

#endif
