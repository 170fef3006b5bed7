/* A namespace to join: opened, verified and held, so that what is joined is what was named. */
#ifndef NSREF_H
#define NSREF_H

#include <stdbool.h>
#include <sys/types.h>

#include "failure.h"
#include "nstype.h"

/* A process whose namespaces are joined. The pidfd holds it: its number cannot come to mean another process. */
struct target {
    pid_t pid; /* 0: none */
    int pidfd; /* -1: not open */
};

/* Opens a process. 0, or -1 and errno: ESRCH (no such process), or pidfd_open(2)'s. */
int target_open(struct target *target, pid_t pid);

/* The CLONE_NEW* flags of the namespaces in which the target stands elsewhere than the caller; -1 and errno. */
int target_differs(const struct target *target);

/* Opens "root" or "cwd" of the target (O_PATH). A descriptor, or -1 and errno. */
int target_directory(const struct target *target, const char *name);

/*
 * Opens a namespace file (/run/netns/NAME, /proc/PID/ns/net). Returns a descriptor that the caller closes; -1 and errno:
 * EINVAL where the file is no namespace, EBADF where it is one of another type than `type`, else open(2)'s.
 */
int nsref_open(const char *path, const struct nstype *type);

/* True where two processes' namespace of this type is one; proc_open() descriptors. */
bool nsref_same(int proc, int other_proc, const struct nstype *type);

#endif
