/* Subordinate IDs: subuid(5), subgid(5), getsubids(1). */
#ifndef SUBID_H
#define SUBID_H

#include <sys/types.h>

#include "namespaces/idmap.h"

enum subid { SUBID_UID, SUBID_GID };

/*
 * Sets *outer and *count to the first range of IDs that is given to this user. A group range is given to a user too:
 * it stands in the user's line of /etc/subgid. 0, or -1 and errno: ENOENT where there is none, EINTR where a signal came
 * while a name service was asked, or open(2)'s.
 */
int subid_first(enum subid kind, uid_t user, unsigned *outer, unsigned *count);

#endif
