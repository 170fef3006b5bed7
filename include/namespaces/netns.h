/* Network namespaces by their names: ip-netns(8) keeps each in a file of one directory. */
#ifndef NETNS_H
#define NETNS_H

#include <limits.h>
#include <stdbool.h>

#include "failure.h"
#include "namespaces/plan.h"

#define NETNS "/run/netns"

enum { NETNS_FILE_SIZE = sizeof NETNS "/" + NAME_MAX };

/* Writes the file of a name into file. False, and "": there can be none of that name. */
bool netns_file(const char *name, char file[NETNS_FILE_SIZE]);

/* The name in a file that netns_file() has written. */
const char *netns_name(const char *file);

/* What netns_prepare() has done. */
struct netns_prepared {
    bool made, mounted, shared; /* the directory; a mount of it; a mount that was there, made shared */
};

/*
 * Where the plan is to hold a network namespace in the directory of ip-netns(8): makes that as ip(8) does, a shared mount,
 * so that what is mounted in it afterwards is seen in the plan's own mount namespace, too. 0; or -1 and *why, and it is as
 * it was.
 */
int netns_prepare(const struct plan *plan, struct netns_prepared *prepared, struct failure *why);

/* Takes it back, but for what others have come to use meanwhile. */
void netns_undo(const struct netns_prepared *prepared);

#endif
