#include "mounts/statmount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mounts/calls.h"

enum {
    SB_BASIC = 0x01,
    MNT_BASIC = 0x02,
    MNT_ROOT = 0x08,
    MNT_POINT = 0x10,
    FS_TYPE = 0x20,
    MNT_OPTS = 0x80,
    FS_SUBTYPE = 0x100,
    SB_SOURCE = 0x200,
    ALL = SB_BASIC | MNT_BASIC | MNT_ROOT | MNT_POINT | FS_TYPE | MNT_OPTS | FS_SUBTYPE | SB_SOURCE
};

enum { UNIQUE_ID = 0x4000, TEXT_SIZE = 16384 }; /* STATX_MNT_ID_UNIQUE */

/* The kernel's struct mnt_id_req and struct statmount, in their first size. Strings are offsets into text. */
struct request {
    uint32_t size, spare;
    uint64_t mount, parameter;
};

struct answer {
    uint32_t size, options;
    uint64_t mask;
    uint32_t major, minor;
    uint64_t magic;
    uint32_t fs_flags, type;
    uint64_t id, parent;
    uint32_t old_id, old_parent;
    uint64_t attributes, propagation, peers, master, from;
    uint32_t root, point;
    uint64_t namespace;
    uint32_t subtype, source;
    uint64_t spare[48];
    char text[];
};

static const struct {
    uint64_t attribute;
    const char *word;
} words[] = {
    {MOUNT_ATTR_NOSUID, ",nosuid"},   {MOUNT_ATTR_NODEV, ",nodev"},           {MOUNT_ATTR_NOEXEC, ",noexec"},
    {MOUNT_ATTR_NOATIME, ",noatime"}, {MOUNT_ATTR_NODIRATIME, ",nodiratime"}, {MOUNT_ATTR_NOSYMFOLLOW, ",nosymfollow"},
    {MOUNT_ATTR_IDMAP, ",idmapped"},
};

/* As the kernel writes them: a word ends at a blank. */
static void put_word(FILE *to, const char *text)
{
    for (; *text; text++) {
        if (strchr(" \t\n\\", *text))
            fprintf(to, "\\%03o", (unsigned)*text);
        else
            fputc(*text, to);
    }
    fputc(' ', to);
}

static const char *string(const struct answer *mount, uint64_t what, uint32_t offset)
{
    return mount->mask & what && offset < TEXT_SIZE ? mount->text + offset : "";
}

static void put_attributes(FILE *to, uint64_t attributes)
{
    fputs(attributes & MOUNT_ATTR_RDONLY ? "ro" : "rw", to);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (attributes & words[i].attribute)
            fputs(words[i].word, to);
    if (!(attributes & MOUNT_ATTR__ATIME))
        fputs(",relatime", to);
    fputc(' ', to);
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime - ext3 /dev/root rw,errors=continue"; nobody asks for the propagation */
static void put_mount(FILE *to, const struct answer *mount)
{
    const char *subtype = string(mount, FS_SUBTYPE, mount->subtype);
    const char *source = string(mount, SB_SOURCE, mount->source);
    const char *options = string(mount, MNT_OPTS, mount->options);

    fprintf(to, "%u %u %u:%u ", mount->old_id, mount->old_parent, mount->major, mount->minor);
    put_word(to, string(mount, MNT_ROOT, mount->root));
    put_word(to, string(mount, MNT_POINT, mount->point));
    put_attributes(to, mount->attributes);
    fprintf(to, "- %s%s%s ", string(mount, FS_TYPE, mount->type), *subtype ? "." : "", subtype);
    put_word(to, *source ? source : "none");
    fprintf(to, "%s%s%s\n", mount->fs_flags & MS_RDONLY ? "ro" : "rw", *options ? "," : "", options);
}

/* room: for text */
static int stat_mount(uint64_t id, uint64_t what, struct answer *mount, size_t room)
{
    const struct request request = {.size = sizeof request, .mount = id, .parameter = what};

    memset(mount, 0, sizeof *mount + room);
    return (int)syscall(SYS_statmount, &request, mount, sizeof *mount + room, 0);
}

/* The numbers of mounts that come after this one. Returns how many there are, or -1. */
static ssize_t list_mounts(uint64_t after, uint64_t *ids, size_t count)
{
    const struct request request = {.size = sizeof request, .mount = UINT64_MAX, .parameter = after};

    return syscall(SYS_listmount, &request, ids, count, 0);
}

/*
 * False: the calls are not there, or do not tell what is mounted: before Linux 6.13 of no mount, and some always have
 * a source. What goes away meanwhile is left out.
 */
static bool put_all(FILE *to)
{
    struct answer *mount = calloc(1, sizeof *mount + TEXT_SIZE);
    uint64_t ids[64], last = 0, told = 0;
    ssize_t got = mount ? 1 : -1;

    while (mount && (got = list_mounts(last, ids, sizeof ids / sizeof *ids)) > 0) {
        for (ssize_t i = 0; i < got; i++)
            if (stat_mount(ids[i], ALL, mount, TEXT_SIZE - 1) == 0) {
                put_mount(to, mount);
                told |= mount->mask;
            }
        last = ids[got - 1];
    }
    free(mount);
    if (got != 0 || told == 0 || (told & SB_SOURCE))
        return got == 0;
    errno = ENOSYS;
    return false;
}

char *statmount_all(void)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    if (!to)
        return NULL;
    bool all = put_all(to);
    int err = errno;
    if (fclose(to) == 0 && all)
        return text;
    free(text);
    errno = all ? ENOMEM : err;
    return NULL;
}

/* --- a single mount ----------------------------------------------------------------------------------------------- */

/* The number of the mount on which a directory is the root, as statmount(2) has it; 0: it is none, or the kernel does not tell. */
static uint64_t mount_at(const char *path)
{
    struct statx status;
    bool is_root = statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, UNIQUE_ID, &status) == 0 && (status.stx_mask & UNIQUE_ID)
                   && (status.stx_attributes & STATX_ATTR_MOUNT_ROOT);

    return is_root ? status.stx_mnt_id : 0;
}

static bool look_at(uint64_t id, struct answer *mount)
{
    return stat_mount(id, MNT_BASIC, mount, 0) == 0 && (mount->mask & MNT_BASIC);
}

/* The first of all mounts, on which the root is mounted, is its own parent. */
bool statmount_is_plain_root(void)
{
    struct answer mount;
    uint64_t root = mount_at("/");

    if (root == 0 || mount_at("/..") != root || !look_at(root, &mount) || (mount.propagation & MS_SHARED))
        return false;
    uint64_t parent = mount.parent;
    return parent != root && look_at(parent, &mount) && mount.parent == parent;
}
