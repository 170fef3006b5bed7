/* ID maps of a user namespace: user_namespaces(7). */
#ifndef IDMAP_H
#define IDMAP_H

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
 * Adds "INNER:OUTER:COUNT", or the older "OUTER,INNER,COUNT", to a map. Returns NULL, or what is wrong with the
 * text, as the end of a sentence.
 */
const char *idmap_add(struct idmap *map, const char *text);

/* Adds a single ID; likewise. */
const char *idmap_add_one(struct idmap *map, unsigned inner, unsigned outer);

/* Reads the text of /proc/PID/uid_map into a map. */
bool idmap_parse(struct idmap *map, const char *text);

/* Writes the map as lines for /proc/PID/uid_map into text (IDMAP_TEXT bytes); returns text. */
char *idmap_format(const struct idmap *map, char *text);

bool idmaps_wanted(const struct idmaps *maps);

/*
 * Writes the maps of the process behind a proc_open() descriptor. A map can be written once; setgroups goes before
 * gid_map, since an unprivileged writer must have denied setgroups(2) first (Linux 3.19).
 */
int idmaps_write(int proc, const struct idmaps *maps, struct failure *why);

#endif
