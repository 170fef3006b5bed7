/* Mounts whose files have other owners than on disk: mount_setattr(2), MOUNT_ATTR_IDMAP. */
#ifndef IDMAPPED_H
#define IDMAPPED_H

#include <stdbool.h>

#include "failure.h"

/* True where the process is in a user namespace that is not the first. */
bool idmapped_is_user_namespace(void);

/*
 * Maps the IDs of a detached mount, and of those below it, by a user namespace: its file, the PID of a process in it, or
 * the maps that it would have ("u:0:1000:1 g:0:1000:1", or "0:1000:1" for both). 0, or -1 and *why.
 */
int idmapped_set(const char *by, int mount, bool recursive, struct failure *why);

#endif
