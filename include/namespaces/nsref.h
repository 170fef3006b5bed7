/* A namespace to join: opened, verified and held, so that what is joined is what was named. */
#ifndef NSREF_H
#define NSREF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "namespaces/nstype.h"

/* A process whose namespaces are joined. The pidfd holds it: its number cannot come to mean another process. */
struct target {
    pid_t pid; /* in the PID namespace of /proc; -1: it has none there; 0: there is no target */
    int pidfd; /* -1: not open */
};

/* Opens a process. 0, or -1 and errno: ESRCH (no such process), or pidfd_open(2)'s. */
int target_open(struct target *target, pid_t pid);

/*
 * Opens the process that a descriptor of the caller's stands for: a pidfd, or the open directory /proc/PID. 0, or -1 and
 * errno: EBADF (not open), EINVAL (it is neither), EXDEV (the directory is in a procfs of another PID namespace), or as
 * above.
 */
int target_open_fd(struct target *target, int fd);

/* The inode number of the pidfd, which no other process has until the next boot (Linux 6.9); 0 where it has none. */
ino_t target_inode(const struct target *target);

/* 0 while the process is there, a zombie included; -1 and errno: ESRCH. */
int target_is_there(const struct target *target);

/*
 * Why there is nothing below /proc/PID, though its directory is there, as an errno: ESRCH, since a process that has ended
 * has no namespaces any more; or EACCES, since it is another's (hidepid=2: proc(5)).
 */
int target_why_missing(const struct target *target);

/* Opens /proc/PID of the target (O_PATH). A descriptor, or -1 and errno: proc_open()'s, ESRCH. */
int target_proc(const struct target *target);

/* The CLONE_NEW* flags of the namespaces in which the target stands elsewhere than the caller; -1 and errno. */
int target_differs(const struct target *target);

/* Opens "root" or "cwd" of the target (O_PATH). A descriptor, or -1 and errno. */
int target_directory(const struct target *target, const char *name);

/*
 * Opens the namespace that the target's children are born into, where the target itself stands in another: it has called
 * unshare(2). A descriptor; -1 and errno: ENOENT where there is nothing apart for children.
 */
int target_children(const struct target *target, const struct nstype *type);

/* Opens the target's namespace of this type. A descriptor, or -1 and errno. */
int target_namespace(const struct target *target, const struct nstype *type);

/*
 * Opens the network namespace of a socket that the target has open as `fd` (Linux 5.6). A descriptor, or -1 and errno:
 * EBADF (not open there), ENOTTY (not a socket), EPERM.
 */
int target_socket_namespace(const struct target *target, int fd);

/*
 * Opens a namespace file (/run/netns/NAME, /proc/PID/ns/net). Returns a descriptor that the caller closes; or -1 and
 * errno. Whether it is one, and of the right type, setns(2) says: EINVAL.
 */
int nsref_open(const char *path);

/*
 * Opens the calling process's own namespace of this type, by its pidfd (Linux 6.11), else in /proc. A descriptor that the
 * caller closes, or -1 and errno.
 */
int nsref_open_own(const struct nstype *type);

/* Duplicates a descriptor that the caller has open on a namespace; likewise. */
int nsref_open_fd(int fd);

/* True where a descriptor is a namespace of this type (Linux 4.11). */
bool nsref_is(int fd, const struct nstype *type);

/* True where a descriptor is the namespace of this type that the caller is in. */
bool nsref_is_own(int fd, const struct nstype *type);

/*
 * Opens a namespace by the number that NS_GET_ID gives (Linux 6.19). A descriptor; -1 and errno: ESTALE where there is
 * none of this type, or the kernel wants to know more than the number; else open_by_handle_at(2)'s.
 */
int nsref_open_id(uint64_t id, const struct nstype *type);

/*
 * Opens the user namespace that owns a namespace, or is the parent of a user namespace (Linux 4.9). A descriptor, or -1
 * and errno: EPERM where it is none of the caller's own or below.
 */
int nsref_owner(int fd);

/* Tells the user who made a user namespace, as the caller sees him (Linux 4.11). 0, or -1 and errno: EINVAL (no such). */
int nsref_maker(int fd, unsigned *user);

#endif
