/* Landlock: a domain that a process can enter but not leave, landlock(7). */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"

enum landlock_kind { LANDLOCK_FS, LANDLOCK_NET, LANDLOCK_SCOPE, LANDLOCK_KINDS };

enum { LANDLOCK_RULES = 128 };

struct landlock_rule {
    enum landlock_kind kind;
    uint64_t rights;  /* 0: all that are restricted */
    const char *what; /* a path, or a port's text; belongs to the builtin's words */
    uint64_t port;
};

/* What is to be restricted, and where it is allowed all the same. */
struct landlock {
    uint64_t named[LANDLOCK_KINDS]; /* rights by their names */
    bool all[LANDLOCK_KINDS];       /* and all that the kernel has */
    size_t rules;
    struct landlock_rule rule[LANDLOCK_RULES];
};

/* "fs", "fs:read-file,execute", "net", "scope:signal"; NULL, or what was expected. */
const char *landlock_take_access(struct landlock *landlock, const char *text);

/* "path-beneath:read-file,execute:/usr", "net-port:bind-tcp:80"; NULL, or what was expected. */
const char *landlock_take_rule(struct landlock *landlock, const char *text);

bool landlock_wanted(const struct landlock *landlock);

/* NULL, or the sentence that tells which option is missing. */
const char *landlock_contradiction(const struct landlock *landlock);

/* The kernel's version of it (1 is the first), or -1 and errno: ENOSYS, EOPNOTSUPP. */
int landlock_abi(void);

/* The bits of the errata that are mended. */
unsigned landlock_errata(void);

/* "fs", "net", "scope"; the kind of a name, or -1. */
const char *landlock_kind_name(enum landlock_kind kind);
int landlock_kind_of(const char *name);

/* The kind's rule ("path-beneath"), or NULL; and its nth right that a kernel of this version has, or NULL. */
const char *landlock_rule_name(enum landlock_kind kind);
const char *landlock_right_name(enum landlock_kind kind, int abi, size_t nth);

/* A descriptor of the ruleset, which the caller closes; or -1 and *why. Nothing is restricted by it yet. */
int landlock_build(const struct landlock *landlock, struct failure *why);

/* Restricts the calling process, which has no_new_privs, by a ruleset. 0, or -1 and errno. */
int landlock_enter(int ruleset);

#endif
