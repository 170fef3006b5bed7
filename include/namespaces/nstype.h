/* The one table of the kernel's namespace types: namespaces(7). */
#ifndef NSTYPE_H
#define NSTYPE_H

#include <sched.h>
#include <stddef.h>
#include <sys/types.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080 /* Linux 5.6; glibc names it since 2.32 */
#endif

enum { NS_TYPES = 8 };

struct nstype {
    char letter;          /* the short option of unshare(1) and nsenter(1) */
    int flag;             /* CLONE_NEW* */
    const char *name;     /* the long option of unshare(1) and nsenter(1) */
    const char *file;     /* below /proc/PID/ns */
    const char *children; /* below /proc/PID/ns: what children are born into, NULL where that is `file` */
    const char *title;    /* in a sentence */
    unsigned char pidfd_get, pidfd_get_children; /* PIDFD_GET_*: the numbers of the ioctl(2) (Linux 6.11) */
};

extern const struct nstype nstypes[NS_TYPES];

/* The type with this option letter or CLONE_NEW* flag, or NULL. */
const struct nstype *nstype_of_letter(int letter);
const struct nstype *nstype_of_flag(int flag);

/* The type with this long option name, or file name below /proc/PID/ns; or NULL. */
const struct nstype *nstype_of_name(const char *name);

/* The type of "net:[4026531833]", as links in /proc and mounts name a namespace, and *inode, its number; or NULL. */
const struct nstype *nstype_of_link(const char *text, ino_t *inode);

/* Writes "mount, PID and network" for a set of CLONE_NEW* flags into text; returns text. */
char *ns_titles(int flags, char *text, size_t size);

#endif
