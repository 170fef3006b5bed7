/*
 * What a census has come upon so far: each namespace once, what holds it, and those that it leads to (ioctl_ns(2)). How one
 * comes upon them is census.c's.
 */
#ifndef SIGHTING_H
#define SIGHTING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "namespaces/nstype.h"

/* What keeps a namespace, the best to name it by first. */
enum holding {
    HELD_BY_MOUNT,        /* "/run/netns/NAME", below "/proc/PID/root" where another mount namespace has it */
    HELD_BY_DESCRIPTOR,   /* "/proc/PID/fd/N" */
    HELD_BY_BIRTHPLACE,   /* "/proc/PID/ns/pid_for_children": children of that process are born into it */
    HELD_BY_HIDDEN_MOUNT, /* as by a mount, but something else is seen there; so it is before Linux 5.12 */
    HELD_BY_SOCKET,       /* "socket:/proc/PID/fd/N", whose network it is */
    HELD_BY_NAMESPACE,    /* "net:[4026532190]", which it owns, or is the parent of */
    HELD_BY_MEMBERS,      /* nothing but the processes in it was seen */
};

enum { OWNER_UNKNOWN = -1 };

struct census_namespace {
    const struct nstype *type;
    ino_t inode;        /* its number, which no other namespace has, of whatever type */
    unsigned processes; /* how many are in it */
    pid_t pid;          /* the lowest of them; 0: there is none */
    uid_t owner;        /* whose process that is; without one, whose the owning user namespace is; or OWNER_UNKNOWN */
    ino_t parent;       /* of a PID or user namespace; 0: it has none, or none that the caller may see */
    ino_t user;         /* the owning user namespace, of a user namespace its parent; 0: none that the caller may see */
    enum holding held;
    char *holder;    /* by what, as above; NULL: its processes */
    bool is_related; /* the census's own: parent and so on have been asked for, */
    bool is_entered; /* and, of a mount namespace, what is mounted in it */
};

struct census {
    int procfs; /* a descriptor */
    size_t count, room;
    struct census_namespace **namespaces; /* by their numbers */
};

struct sightings {
    struct census *census;           /* whose namespaces they are */
    int types;                       /* what is looked for: those asked for, and mount namespaces, which have mounts */
    dev_t nsfs;                      /* the device that all namespaces are on */
    size_t slots;                    /* a power of two, more than twice as many as there are namespaces */
    struct census_namespace **table; /* by inode, then the next free one; from malloc(3), the caller frees it */
};

/* The namespace of this number, which may be new, and stays the census's. NULL and errno: ENOMEM. */
struct census_namespace *sighting_of(struct sightings *seen, const struct nstype *type, ino_t inode);

/* Notes what holds it, unless there is something better. 0, or -1 and errno. */
int sighting_hold(struct census_namespace *ns, enum holding by, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Asks a namespace's descriptor, which it takes, for owner, parent and so on, and goes on with these. -1 as descriptor,
 * and errno: it could not be opened. 0, or -1 and errno.
 */
int sighting_relate(struct sightings *seen, struct census_namespace *ns, int fd);

/*
 * Opens what was found to be a namespace when it was looked at by its name. Meanwhile it may be anything else, which is
 * not opened: a device may do something, and a file system of a container's may never answer. Takes the O_PATH descriptor,
 * or -1 and errno. -1 and errno: ENOENT where it is none.
 */
int sighting_open(const struct sightings *seen, int found);

/* The number of an open namespace; 0: it is none. */
ino_t sighting_inode(int fd);

/*
 * What happens to a process that is another's, or ends while it is looked at, is nothing: EINVAL is what mountinfo is then.
 * All else ends the census. 0, or -1, by errno.
 */
int sighting_unless_gone(void);

#endif
