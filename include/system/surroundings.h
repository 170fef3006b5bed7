/* What of the system around the shell can refuse it what it asks for: facts to be looked up, for each room's diagnose.c. */
#ifndef SURROUNDINGS_H
#define SURROUNDINGS_H

#include <stdbool.h>
#include <stddef.h>

/* The value of a numeric sysctl ("kernel/unprivileged_userns_clone"), or -1 where there is none. */
long sysctl_number(const char *file);

/* True where the calling process's root is not that of its mount namespace. A chroot(2) to a mount is not seen. */
bool is_chrooted(void);

/* True where the process's own user or group has no number in its user namespace: user_namespaces(7). */
bool is_unmapped(void);

/*
 * True where the process has the right to mount and is forbidden to: a Landlock domain that restricts a right of files
 * does so, and a seccomp filter can.
 */
bool is_forbidden_to_mount(void);

/* True where the process's user namespace has no map of users yet. */
bool is_without_maps(void);

/* True where a seccomp filter is in force (it may be harmless), and where it refuses all of a system call. */
bool is_filtered(void);
bool refuses_unshare(void);
bool refuses_setns(void);
bool refuses_mount(void);

/* True where AppArmor takes the capabilities of the user namespaces that unprivileged processes make (Ubuntu 23.10). */
bool apparmor_restricts(void);

/* Writes what is mounted below /proc into text, the first of it; false: nothing. */
bool proc_is_covered(char *text, size_t size);

#endif
