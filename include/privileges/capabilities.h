/* Capability sets, a bit for each capability, and what decides what execve(2) makes of them: capabilities(7). */
#ifndef CAPABILITIES_H
#define CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "failure.h"

#define CAPABILITY(number) (UINT64_C(1) << (number))
#define CAPABILITIES_ALL   UINT64_MAX

/* What "+net_raw,-chown" does to a set, or to securebits: first these go off, then those on. */
struct change {
    uint64_t off, on;
};

uint64_t change_apply(uint64_t bits, struct change change);

/* Where a process stands: all that this room changes, or goes by. */
struct standing {
    uint64_t permitted, effective, inheritable, ambient, bounding;
    uint64_t known; /* all capabilities of this kernel */
    unsigned securebits;
    uid_t uid, euid, suid;
    gid_t gid, egid, sgid;
    bool no_new_privs;
    int death_signal; /* 0: none */
};

/* Looks at the calling process. 0, or -1 and *why. */
int standing_look(struct standing *standing, struct failure *why);

/*
 * What execve(2) leaves of the sets, for a program without file capabilities or set-user-ID bit. Not what it gives: that
 * takes the exec itself.
 */
void standing_after_exec(struct standing *standing);

/* True where user 0 is given capabilities by an exec: of these IDs, with these securebits. */
bool standing_is_root(const struct standing *standing);

/* Sets permitted, effective and inheritable of the calling process. 0, or -1 and errno. */
int capabilities_set(uint64_t permitted, uint64_t effective, uint64_t inheritable);

/*
 * Sets for the ambient and the bounding set, which are changed one by one. 0, or -1 and *why, about the capability. may_be:
 * what is permitted and inheritable, since nothing else is ambient.
 */
int capabilities_set_ambient(uint64_t wanted, uint64_t may_be, struct failure *why);
int capabilities_drop_bounding(uint64_t unwanted, struct failure *why);

/*
 * Parsers. True: the text was what it says. A capability is a name of capabilities(7), with or without "cap_", or a
 * number, that this kernel has.
 */
bool capabilities_parse_change(const char *text, struct change *change); /* "+net_raw,-all" */
bool capabilities_parse_list(const char *text, uint64_t *set);           /* "net_raw,chown" or "all" */
bool securebits_parse_change(const char *text, struct change *change);   /* "+noroot,-all" */

/* The three sets of capsh(1)'s --iab: "!sys_admin,^net_raw,chown", which stand for what is blocked, ambient, inheritable. */
struct iab {
    uint64_t inheritable, ambient, blocked;
};

bool capabilities_parse_iab(const char *text, struct iab *iab);

/* Writes "chown,net_raw", or "noroot", into text; returns text. What has no name is a number. */
enum { CAPABILITIES_TEXT = 1024 };
char *capabilities_write(uint64_t set, char text[CAPABILITIES_TEXT]);
char *securebits_write(unsigned bits, char text[CAPABILITIES_TEXT]);

#endif
