/* What failed. The engine never prints: it fills this in, and a builtin speaks (see sentence.h). */
#ifndef FAILURE_H
#define FAILURE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * How often a step is tried that cannot be given up, since what came before cannot be taken back. It has been possible a
 * moment ago, so what fails is the kernel that is short of something, or a signal.
 */
enum { TRIES = 3 };

enum { ABOUT_SIZE = 512, SAID_SIZE = 256, DURING_SIZE = 512, CURE_SIZE = 512 };

struct diagnosis; /* sentence.h */

/* A step that can fail. Each room declares its own in ROOM/steps.h, and defines them in its diagnose.c. */
struct step {
    /* What "cannot" be done, %s: what it was about; or, with `whole`, the whole sentence. NULL: what it was during says it. */
    const char *phrase;
    bool whole;
    const char *cure; /* what to do about it, whatever the cause; or else: */
    /* Looks at the system for the cause, and tells what to do; NULL where none is found. */
    const char *(*remedy)(struct diagnosis *of);
};

struct failure {
    const struct step *step;  /* NULL: none failed */
    int err;                  /* an errno */
    char about[ABOUT_SIZE];   /* a path, a name, a type: "" where the step says it all */
    char said[SAID_SIZE];     /* in words, by the kernel or a program, instead of errno's; "": nothing */
    char during[DURING_SIZE]; /* which of several things that were asked for; "": there was one */
    bool explained;           /* sentence_explain() has looked for the cause, */
    char cure[CURE_SIZE];     /* and what to do is this; "": nothing is known */
};

/* Notes that nothing has failed. */
static inline void fail_not(struct failure *why)
{
    why->step = NULL;
    why->err = 0;
    why->explained = false;
    why->about[0] = why->said[0] = why->during[0] = why->cure[0] = '\0';
}

/* Notes the step and errno; gives -1, so that a function can end with `return fail(why, &step_...)`. */
static inline int fail(struct failure *why, const struct step *step)
{
    fail_not(why);
    why->step = step;
    why->err = errno;
    return -1;
}

/* The same, and what it was about, as printf(3) writes it. */
int fail_about(struct failure *why, const struct step *step, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
