/* From a failure of any room to its sentences: what failed, and what to do. */
#ifndef SENTENCE_H
#define SENTENCE_H

#include <stddef.h>

#include "failure.h"

/* What a step's remedy is found from. */
struct diagnosis {
    const struct failure *failure;
    const void *wanted;   /* the plan that failed, of the room whose step it is */
    char cure[CURE_SIZE]; /* room for a text */
};

/*
 * Writes the sentence for a failure into text; returns text. wanted: the plan that failed, of the room whose step it is.
 */
char *sentence(const struct failure *failure, const void *wanted, char *text, size_t size);

/*
 * Looks for the cause now, for a plan that will be gone when the sentence is made, and keeps it in the failure. wanted: as
 * above.
 */
void sentence_explain(struct failure *why, const void *wanted);

/* For a step's remedy: writes it into the room for a text, which it returns. */
const char *sentence_cure(struct diagnosis *of, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
