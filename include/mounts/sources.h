/*
 * What the operations of a new root mount, made detached and left in operation->mount. What they name is found where the
 * process stands. 0, or -1 and *why; with ROOT_TRY also 0 and no mount, where the source is missing.
 */
#ifndef SOURCES_H
#define SOURCES_H

#include "failure.h"
#include "mounts/root_plan.h"

int source_bind(struct root_operation *operation, struct failure *why);
int source_bind_fd(struct root_operation *operation, struct failure *why);
int source_proc(struct root_operation *operation, struct failure *why);
int source_sysfs(struct root_operation *operation, struct failure *why);
int source_mqueue(struct root_operation *operation, struct failure *why);
int source_tmpfs(struct root_operation *operation, struct failure *why);
int source_overlay(struct root_operation *operation, struct failure *why);
int source_tmp_overlay(struct root_operation *operation, struct failure *why);

/* An empty tmpfs for a root, or for what goes with it. Detached; -1 and *why. */
int source_root(struct failure *why);

#endif
