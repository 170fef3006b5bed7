/*
 * All namespaces that the caller can see: those of the processes in /proc, and those that only something else holds. Of
 * a process it sees what ptrace(2) would let it, as lsns(8) does; a thread is where its process is.
 */
#ifndef CENSUS_H
#define CENSUS_H

#include <stdbool.h>
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

/*
 * Takes the census of these types (CLONE_NEW* flags). After each process it asks `stop` whether that is enough. 0, and the
 * caller frees it; or -1 and errno: EINTR (stopped), ENOMEM, EMFILE, procfs_open()'s and proc_check_own()'s.
 */
int census_take(struct census *census, int types, bool (*stop)(void));
void census_free(struct census *census);

/*
 * Reads the command line of a process, with a blank between its words; of one that has none, as threads of the kernel,
 * its name. Returns text, which is empty where the process has ended.
 */
char *census_command(const struct census *census, pid_t pid, char *text, size_t size);

#endif
