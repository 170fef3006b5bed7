/* The mount table without /proc: statmount(2), listmount(2) (Linux 6.8), which tell all of it since 6.13. */
#ifndef STATMOUNT_H
#define STATMOUNT_H

#include <stdbool.h>

/*
 * All mounts of the mount namespace that are below the process's root, in the words of /proc/self/mountinfo. The caller
 * frees it. NULL and errno: ENOSYS where the kernel, or a filter, has not these calls, or not all that they tell.
 */
char *statmount_all(void);

/*
 * True where the root directory of this process is the root of all that is mounted in its mount namespace, with nothing on
 * it, and what is mounted on it comes to be nowhere else.
 */
bool statmount_is_plain_root(void);

#endif
