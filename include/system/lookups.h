/*
 * What the C library looks up for its callers in the root that they have at that moment: users, groups, hosts and services,
 * as nsswitch.conf(5) says; how characters of a locale are converted; what messages are in its language. For that it
 * loads libraries, which run in the process, and messages that are formats for printf(3), which may write.
 */
#ifndef LOOKUPS_H
#define LOOKUPS_H

#include <features.h>
#include <stdbool.h>

/* Before glibc 2.34, modules are all libraries, and a function that has looked up before goes on with those of its first time. */
#if defined __GLIBC__ && 100 * __GLIBC__ + __GLIBC_MINOR__ < 234
#define LOOKUPS_GO_ON 1
#else
#define LOOKUPS_GO_ON 0
#endif

/*
 * Before the root or the mounts become others: takes from the present ones what the locale in force needs, and what else
 * would be read and loaded there. Changes nothing that the caller could tell. 0, or -1 and errno (ENOMEM).
 */
int lookups_hold(void);

/*
 * After that: from now on no library is loaded to look anything up. Users and groups are those of this NSS module, which
 * is in memory; hosts and services those of the files and of DNS. 0, or -1 and errno (ENOMEM).
 */
int lookups_confine(const char *module);

/*
 * Back in the root of before: all is looked up again as nsswitch.conf(5) says there. What that says nothing of, and all where
 * it cannot be read or there is no memory, stays as it is; and so does everything before glibc 2.34.
 */
void lookups_release(void);

/* True where lookups_confine() was called, and lookups_release() was not since. */
bool lookups_are_confined(void);

#endif
