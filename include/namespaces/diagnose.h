/* From a failed step to two sentences: what failed, and what to do. */
#ifndef DIAGNOSE_H
#define DIAGNOSE_H

#include <stddef.h>

#include "failure.h"
#include "namespaces/plan.h"

/*
 * Writes the sentence for a failure of this plan into text; returns text. Looks at the system for the cause, and names
 * none where none is found.
 */
char *diagnose(const struct plan *plan, const struct failure *failure, char *text, size_t size);

#endif
