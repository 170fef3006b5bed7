/* What is mounted in the mount namespace of the calling process, below its root: /proc/self/mountinfo, or statmount(2). */
#ifndef MOUNT_TABLE_H
#define MOUNT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"
#include "mounts/plan.h"
#include "system/mountinfo.h"

/* Its strings belong to the table. */
struct mount_table {
    size_t count, room;
    struct mount_entry *entries; /* in the order of the kernel: a parent before what is mounted below it */
    char *text;
};

/* 0, or -1 and *why. The caller frees it. */
int mount_table_read(struct mount_table *table, struct failure *why);
void mount_table_free(struct mount_table *table);

/* The mount that a path is on, by number; NULL: not below the root, or gone. */
const struct mount_entry *mount_table_find(const struct mount_table *table, uint64_t id);

/* True where nothing else is mounted on the root of this mount. */
bool mount_table_is_top(const struct mount_table *table, const struct mount_entry *entry);

/*
 * The first mount that shows what this one shows, and was there before: this one may be a bind of it. *rest: what follows
 * its target. NULL: none.
 */
const struct mount_entry *mount_table_origin(const struct mount_table *table, const struct mount_entry *entry,
                                             const char **rest);

/* The mount that is seen at a target, the topmost; NULL: none. */
const struct mount_entry *mount_table_at(const struct mount_table *table, const char *target);

/* True where a comma separated list has this word. */
bool mount_list_has(const char *list, const char *word);

/* The number of the mount that an open file is on; 0: the kernel does not tell (Linux 5.8). */
uint64_t mount_id(int fd);

/*
 * The attributes of the mount that an open file is on, as what sets and clears them. 0, or -1 and *why.
 */
int mount_attributes(int fd, struct attributes *attributes, struct failure *why);

/* True where an open file is the root of a mount; where it is not. Neither: the kernel does not tell (Linux 5.8). */
bool mount_is_root(int fd);
bool mount_is_inner(int fd);

#endif
