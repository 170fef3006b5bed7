/*
 * Linux's newer mount calls, by their numbers: the C library of Debian 11 has none of them, and not every kernel header
 * goes with <sys/mount.h>. What a call does stands in its manual page: fsopen(2), open_tree(2), mount_setattr(2).
 */
#ifndef MOUNT_CALLS_H
#define MOUNT_CALLS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/openat2.h"

/* Since Linux 5.2 a new call has the same number everywhere. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442 /* Linux 5.12 */
#endif
#ifndef SYS_statmount
#define SYS_statmount 457 /* Linux 6.8 */
#endif
#ifndef SYS_listmount
#define SYS_listmount 458
#endif

#ifndef FSOPEN_CLOEXEC
#define FSOPEN_CLOEXEC           0x01
#define FSPICK_CLOEXEC           0x01
#define FSPICK_EMPTY_PATH        0x08
#define FSMOUNT_CLOEXEC          0x01
#define FSCONFIG_SET_FLAG        0
#define FSCONFIG_SET_STRING      1
#define FSCONFIG_CMD_CREATE      6
#define FSCONFIG_CMD_RECONFIGURE 7
#define MOVE_MOUNT_F_EMPTY_PATH  0x04
#define MOVE_MOUNT_T_EMPTY_PATH  0x40
#define OPEN_TREE_CLONE          0x01
#define OPEN_TREE_CLOEXEC        O_CLOEXEC
#define MOUNT_ATTR_RDONLY        0x01
#define MOUNT_ATTR_NOSUID        0x02
#define MOUNT_ATTR_NODEV         0x04
#define MOUNT_ATTR_NOEXEC        0x08
#define MOUNT_ATTR__ATIME        0x70
#define MOUNT_ATTR_NOATIME       0x10
#define MOUNT_ATTR_STRICTATIME   0x20
#define MOUNT_ATTR_NODIRATIME    0x80
#endif
#ifndef FSCONFIG_CMD_CREATE_EXCL
#define FSCONFIG_CMD_CREATE_EXCL 8 /* Linux 6.6 */
#endif
#ifndef FSCONFIG_SET_FD
#define FSCONFIG_SET_FD 5
#endif
#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x200 /* Linux 6.5 */
#endif
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000 /* Linux 5.14 */
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* The kernel's struct mount_attr. */
struct mount_change {
    uint64_t set, clear;  /* MOUNT_ATTR_* */
    uint64_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; 0: as it is */
    uint64_t user_namespace;
};

static inline int call_fsopen(const char *type)
{
    return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

/* The file system of a mount that is open. */
static inline int call_fspick(int mount)
{
    return (int)syscall(SYS_fspick, mount, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
}

static inline int call_fsconfig(int context, unsigned command, const char *key, const void *value, int number)
{
    return (int)syscall(SYS_fsconfig, context, command, key, value, number);
}

static inline int call_fsmount(int context, uint64_t attributes)
{
    return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, (unsigned)attributes);
}

/* A detached copy of a mount, of this directory or file on. */
static inline int call_open_tree(int directory, const char *path, bool recursive)
{
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0u);

    return (int)syscall(SYS_open_tree, directory, path, *path ? flags : flags | AT_EMPTY_PATH);
}

/* Puts what is open on what is open. */
static inline int call_move_mount(int mount, int target, unsigned flags)
{
    return (int)syscall(SYS_move_mount, mount, "", target, "",
                        MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH | flags);
}

/* Puts what is open on an entry of a directory, which is no link that is followed. */
static inline int call_move_mount_on_entry(int mount, int directory, const char *name)
{
    return (int)syscall(SYS_move_mount, mount, "", directory, name, MOVE_MOUNT_F_EMPTY_PATH);
}

static inline int call_mount_setattr(int mount, bool recursive, const struct mount_change *change)
{
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u), change,
                        sizeof *change);
}

#endif
