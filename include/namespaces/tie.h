/* What ties a shell that moved to its supervisor: how they agree on what a signal would have done. */
#ifndef TIE_H
#define TIE_H

#include <stdbool.h>

/* --- between a process and the shell that it supervises or will: the tie below it --- */

/* Before the fork(2) that makes the moved shell. 0, or -1 and errno. Where it comes to nothing, tie_forget(). */
int tie_prepare(void);
void tie_forget(void);

/* This process has let go of what the script has open, and of where it stands: what the script frees next is free. */
void tie_say_aside(void);

/* True: the moved shell supervises another by now. */
bool tie_below_supervises(void);

/* The signal that would have ended it, had it not been an init; 0: none. */
int tie_died_by(void);

enum answer { NO_ANSWER, STOPS, IS_TO_BE_STOPPED, RUNS_ON };

/* Of a moved shell that supervises, and has a signal that stops: whether all below has been stopped, and it stops too. */
enum answer tie_ask(void);

/* --- between a moved shell and its supervisor: the tie above it --- */

/* In the moved shell: it has a supervisor from now on. */
void tie_as_moved(void);

/* Until its supervisor has said so, which may have ended: then two seconds. */
void tie_await_aside(void);

/* True in the moved shell itself; its subshells have a copy. */
bool tie_is_from_above(void);

/* It supervises another, from now on. */
void tie_say_supervises(void);

/*
 * It is the init of its PID namespace, and its supervisor is to end by this signal, by which an init cannot die. It ends
 * next. Safe in a signal handler.
 */
void tie_say_died_by(int signal);

/*
 * The answer to tie_ask(). True: the supervisor has asked. A signal to the whole process group may be here before it is
 * there; one to this process alone, or a shell that has stopped by itself, is nothing that it asks about.
 */
bool tie_answer(enum answer answer);

#endif
