/* What is to be in a new root: the operations of bwrap(1), filled in by a builtin before anything is touched. */
#ifndef ROOT_PLAN_H
#define ROOT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What an operation's words are. */
enum root_form {
    ROOT_TARGET,        /* DEST */
    ROOT_SOURCE_TARGET, /* SRC DEST */
    ROOT_FD_TARGET,     /* FD DEST */
    ROOT_LINK,          /* SRC DEST, of which SRC is no more than a text */
    ROOT_MODE_TARGET,   /* OCTAL PATH */
    ROOT_SOURCE,        /* SRC, of the next overlay */
    ROOT_WORK           /* RWSRC WORKDIR DEST */
};

/* What more there is to an operation. */
enum {
    ROOT_READ_ONLY = 1,
    ROOT_DEVICES = 2,   /* device files work */
    ROOT_TRY = 4,       /* a source that is missing is left out */
    ROOT_HAS_MODE = 8,  /* --perms is about it, */
    ROOT_HAS_SIZE = 16, /* and --size */
};

/*
 * The one list of operations: ID, word, form, how many arguments as the builtin's parser calls it, their words, flags, the
 * function that makes what is mounted (before the root is there to be seen), the function that puts it in place, and the
 * line of the help. In root.c the functions, in the builtin the options.
 */
/* clang-format off */
#define ROOT_OPERATIONS(ROW) \
    ROW(BIND, "bind", ROOT_SOURCE_TARGET, ARG_PAIR, "SRC DEST", 0, source_bind, put_mount, \
        "bind SRC, with what is mounted below it, on DEST") \
    ROW(BIND_TRY, "bind-try", ROOT_SOURCE_TARGET, ARG_PAIR, "SRC DEST", ROOT_TRY, source_bind, put_mount, \
        "the same, unless SRC is missing") \
    ROW(DEV_BIND, "dev-bind", ROOT_SOURCE_TARGET, ARG_PAIR, "SRC DEST", ROOT_DEVICES, source_bind, put_mount, \
        "bind SRC; its device files work") \
    ROW(DEV_BIND_TRY, "dev-bind-try", ROOT_SOURCE_TARGET, ARG_PAIR, "SRC DEST", ROOT_DEVICES | ROOT_TRY, source_bind, \
        put_mount, "the same, unless SRC is missing") \
    ROW(RO_BIND, "ro-bind", ROOT_SOURCE_TARGET, ARG_PAIR, "SRC DEST", ROOT_READ_ONLY, source_bind, put_mount, \
        "bind SRC read-only") \
    ROW(RO_BIND_TRY, "ro-bind-try", ROOT_SOURCE_TARGET, ARG_PAIR, "SRC DEST", ROOT_READ_ONLY | ROOT_TRY, source_bind, \
        put_mount, "the same, unless SRC is missing") \
    ROW(BIND_FD, "bind-fd", ROOT_FD_TARGET, ARG_PAIR, "FD DEST", 0, source_bind_fd, put_mount, \
        "bind what is open as FD on DEST") \
    ROW(RO_BIND_FD, "ro-bind-fd", ROOT_FD_TARGET, ARG_PAIR, "FD DEST", ROOT_READ_ONLY, source_bind_fd, put_mount, \
        "bind what is open as FD read-only") \
    ROW(REMOUNT_RO, "remount-ro", ROOT_TARGET, ARG_REQUIRED, "DEST", 0, NULL, put_read_only, \
        "make the mount at DEST read-only") \
    ROW(OVERLAY_SRC, "overlay-src", ROOT_SOURCE, ARG_REQUIRED, "SRC", 0, NULL, NULL, \
        "a layer of the next overlay, the lowest first") \
    ROW(OVERLAY, "overlay", ROOT_WORK, ARG_TRIPLE, "RWSRC WORKDIR DEST", 0, source_overlay, put_mount, \
        "an overlay on DEST; changes go to RWSRC") \
    ROW(TMP_OVERLAY, "tmp-overlay", ROOT_TARGET, ARG_REQUIRED, "DEST", 0, source_tmp_overlay, put_mount, \
        "an overlay on DEST; changes go with the root") \
    ROW(RO_OVERLAY, "ro-overlay", ROOT_TARGET, ARG_REQUIRED, "DEST", 0, source_overlay, put_mount, \
        "a read-only overlay on DEST") \
    ROW(PROC, "proc", ROOT_TARGET, ARG_REQUIRED, "DEST", 0, source_proc, put_proc, "a new procfs on DEST") \
    ROW(DEV, "dev", ROOT_TARGET, ARG_REQUIRED, "DEST", 0, NULL, put_devices, "a small /dev on DEST") \
    ROW(TMPFS, "tmpfs", ROOT_TARGET, ARG_REQUIRED, "DEST", ROOT_HAS_MODE | ROOT_HAS_SIZE, source_tmpfs, put_mount, \
        "a new tmpfs on DEST") \
    ROW(MQUEUE, "mqueue", ROOT_TARGET, ARG_REQUIRED, "DEST", 0, source_mqueue, put_mount, "a new mqueue on DEST") \
    ROW(SYS, "sys", ROOT_TARGET, ARG_REQUIRED, "DEST", 0, source_sysfs, put_mount, \
        "a sysfs of this network namespace on DEST") \
    ROW(DIR, "dir", ROOT_TARGET, ARG_REQUIRED, "DEST", ROOT_HAS_MODE, NULL, put_directory, "make a directory") \
    ROW(FILE, "file", ROOT_FD_TARGET, ARG_PAIR, "FD DEST", ROOT_HAS_MODE, NULL, put_file, \
        "make a file of what is read from FD") \
    ROW(BIND_DATA, "bind-data", ROOT_FD_TARGET, ARG_PAIR, "FD DEST", ROOT_HAS_MODE, NULL, put_data, \
        "bind a file of what is read from FD on DEST") \
    ROW(RO_BIND_DATA, "ro-bind-data", ROOT_FD_TARGET, ARG_PAIR, "FD DEST", ROOT_HAS_MODE | ROOT_READ_ONLY, NULL, \
        put_data, "the same, read-only") \
    ROW(SYMLINK, "symlink", ROOT_LINK, ARG_PAIR, "SRC DEST", 0, NULL, put_symlink, \
        "make DEST a symbolic link to SRC") \
    ROW(CHMOD, "chmod", ROOT_MODE_TARGET, ARG_PAIR, "OCTAL PATH", 0, NULL, put_chmod, \
        "change the mode of PATH, which must be there")
/* clang-format on */

#define ROOT_ID(ID, ...) ROOT_##ID,
enum root_kind { ROOT_OPERATIONS(ROOT_ID) ROOT_KINDS };
#undef ROOT_ID

/* Strings belong to who fills it in. */
struct root_operation {
    enum root_kind kind;
    const char *words[3]; /* as they were given; NULL: no more */
    int fd;               /* of those that have one; else -1 */
    bool has_mode;        /* --perms was given, */
    mode_t mode;          /* or what --chmod sets */
    uint64_t size;        /* in bytes; 0: as the kernel has it */
    size_t layers;        /* of an overlay: so many operations before it are its layers */
    int mount;            /* what was made for it, detached, or a file that was changed; -1: nothing */
    uint64_t late;        /* MOUNT_ATTR_*: to be set when it is in its place */
    off_t start;          /* where fd was read from, in a file; -1: it was not */
};

struct root_plan {
    size_t count, room;
    struct root_operation *operation; /* owned */
    const char *directory;            /* where to go in the new root; NULL: to the same path, else home, else / */
    const char *home;                 /* NULL: none */
    bool stays;                       /* in the mount namespace that there is, where nobody else is: root_may_stay() */
};

void root_plan_init(struct root_plan *plan);
void root_plan_free(struct root_plan *plan);

/* What an operation is called ("bind"), what its words are, and what more there is to it (ROOT_*). */
const char *root_word(enum root_kind kind);
enum root_form root_form(enum root_kind kind);
int root_flags(enum root_kind kind);

/* Adds an operation, with nothing in it but its kind. NULL: no memory. */
struct root_operation *root_plan_add(struct root_plan *plan, enum root_kind kind);

/* The path in the new root that an operation is about. */
const char *root_target(const struct root_operation *operation);

/* Once all operations are there: gives overlays their layers. NULL, or the sentence that says what is wrong with the whole. */
const char *root_plan_contradiction(struct root_plan *plan);

#endif
