/* The mount table without /proc: statmount(2), listmount(2) (Linux 6.8). */
#ifndef STATMOUNT_H
#define STATMOUNT_H

/*
 * All mounts of the mount namespace that are below the process's root, in the words of /proc/self/mountinfo. The caller
 * frees it. NULL and errno: ENOSYS where the kernel, or a filter, has not these calls.
 */
char *statmount_all(void);

#endif
