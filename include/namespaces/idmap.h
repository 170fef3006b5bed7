/* ID maps of a user namespace: user_namespaces(7). */
#ifndef IDMAP_H
#define IDMAP_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "failure.h"

enum {
    IDMAP_RANGES = 340,                                       /* the kernel's limit since Linux 4.15 */
    IDMAP_TEXT = IDMAP_RANGES * 3 * (int)sizeof "4294967295", /* what a formatted map takes, with its NUL */
};

struct id_range {
    unsigned inner, outer, count;
};

/* As the inner start of a range: wherever there is room, from 0 on. */
#define ID_ANYWHERE UINT_MAX

struct idmap {
    size_t ranges; /* 0: nothing is to be written */
    struct id_range range[IDMAP_RANGES];
};

enum setgroups { SETGROUPS_UNSAID, SETGROUPS_DENY, SETGROUPS_ALLOW };

/* What is written to /proc/PID/{uid_map,gid_map,setgroups}. */
struct idmaps {
    struct idmap users, groups;
    enum setgroups setgroups;
};

/* Decimal, 0 to 2^32-2 (2^32-1 means "no ID" to the kernel). Returns false on anything else. */
bool id_parse(const char *text, unsigned *id);

/*
 * Reads "INNER:OUTER:COUNT", or the older "OUTER,INNER,COUNT". Returns NULL, or what is wrong with the text, as the end
 * of a sentence.
 */
const char *id_range_parse(struct id_range *range, const char *text);

/* Adds a range to a map; likewise. */
const char *idmap_add(struct idmap *map, struct id_range added);

/*
 * Adds ranges to a map, around one ID (of count 1; 0: none) that goes first: a range leaves out the inner and the outer
 * number that are taken, and what follows them closes up. Likewise.
 */
const char *idmap_add_around(struct idmap *map, struct id_range one, const struct id_range *ranges, size_t count);

/* Reads the text of /proc/PID/uid_map into a map. */
bool idmap_parse(struct idmap *map, const char *text);

/* Writes the map as lines for /proc/PID/uid_map into text (IDMAP_TEXT bytes); returns text. */
char *idmap_format(const struct idmap *map, char *text);

/* Maps that say nothing. Their ranges, of which none counts, are left as they are: clearing them takes longer than a call. */
void idmaps_init(struct idmaps *maps);

bool idmaps_wanted(const struct idmaps *maps);

/* True for a step that idmaps_write() fails at. */
bool idmaps_step(const struct step *step);

/* True where a process of the caller's IDs may write them without privilege, itself inside: user_namespaces(7). */
bool idmaps_are_own(const struct idmaps *maps);

/* Writes such maps, inside. proc: the process's own, as proc_open_self(). Allocates nothing. 0, or -1 and *why. */
int idmaps_write_own(int proc, const struct idmaps *maps, struct failure *why);

/*
 * Writes the maps of a process: directly where the kernel lets the caller, else through newuidmap(1) and newgidmap(1).
 * proc: its proc_open() descriptor. A map can be written once; setgroups goes before gid_map, since an unprivileged
 * writer must have denied setgroups(2) first (Linux 3.19). The caller has blocked SIGCHLD; `awake` is the mask with
 * which it waits for a program.
 */
int idmaps_write(int proc, pid_t pid, const struct idmaps *maps, const sigset_t *awake, struct failure *why);

#endif
