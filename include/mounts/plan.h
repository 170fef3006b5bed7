/* A mount that is wanted: plain data, filled in by a builtin before anything is touched. */
#ifndef MOUNT_PLAN_H
#define MOUNT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum mount_kind {
    MOUNT_NEW,     /* a file system of a type */
    MOUNT_BIND,    /* what is elsewhere, once more */
    MOUNT_DEVICES, /* a small /dev, with all that is mounted in it */
    MOUNT_MOVE,    /* the rest change what is there: a mount's place, */
    MOUNT_REMOUNT, /* its file system and attributes, */
    MOUNT_CHANGE,  /* its attributes or propagation */
};

/* MOUNT_ATTR_*: mount_setattr(2). To set some atime attribute is to clear all of them first. */
struct attributes {
    uint64_t set, clear;
};

/* For the file system: a key, and a value or NULL. */
struct fs_option {
    struct fs_option *next;
    const char *value; /* behind the key */
    char key[];
};

enum { PROPAGATIONS = 4 };

/* Strings belong to the builtin's arguments; NULL: not wanted. */
struct mount_plan {
    enum mount_kind kind;
    const char *type;
    const char *source;
    int source_fd; /* or what is bound, open; -1: by its name */
    const char *target;
    const char *root; /* the target is found in this directory, and cannot leave it */
    char *subdir;     /* owned: the directory of the file system that is to be seen */
    char *idmap;      /* owned: a user namespace's file, a PID, or maps */

    bool recursive; /* bind: with all that is mounted below */
    bool once;      /* unless it is mounted there already */
    bool beneath;   /* under the mount that is there */
    bool exclusive; /* of a file system that nobody else has mounted */
    bool check;     /* do all but the last step */
    bool make;      /* make the target where it is missing, */
    mode_t mode;    /* a directory with this mode */

    struct attributes own;      /* of the mount, */
    struct attributes whole;    /* and of all that is mounted below it too */
    bool read_only, read_write; /* what the file system itself is told */
    size_t propagations;
    unsigned long propagation[PROPAGATIONS]; /* MS_SHARED and so on, with MS_REC; one after the other */

    struct fs_option *options, *last; /* owned, in the order in which they were given */
    char wrong[160];                  /* mount_options_take() */
};

/* A plan that mounts nothing yet. */
void mount_plan_init(struct mount_plan *plan);

/* Frees what the plan holds. */
void mount_plan_free(struct mount_plan *plan);

/*
 * Takes words as -o has them: "ro,nosuid,size=1M". Comma separated; a comma in double quotes, or after a backslash, does
 * not separate. NULL, or what is wrong with them.
 */
const char *mount_options_take(struct mount_plan *plan, const char *list);

/* The same for --mkdir: an octal mode, or NULL. */
const char *mount_options_mode(struct mount_plan *plan, const char *octal);

/* Adds an option for the file system. False: no memory. */
bool mount_options_add(struct mount_plan *plan, const char *key, const char *value);

/* The value of an option for the file system; NULL: not given, or without one. */
const char *mount_option(const struct mount_plan *plan, const char *key);

/* True where an option is given, with a value or none. */
bool mount_option_given(const struct mount_plan *plan, const char *key);

/* True where attributes are set or cleared. */
bool mount_changes_attributes(const struct mount_plan *plan);

/* NULL, or the sentence that names what contradicts or is missing. */
const char *mount_plan_contradiction(const struct mount_plan *plan);

#endif
