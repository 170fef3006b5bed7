#include "mounts/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mounts/calls.h"
#include "mounts/statmount.h"
#include "mounts/steps.h"
#include "system/descriptors.h"
#include "system/proc.h"

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000 /* Linux 5.8 */
#endif
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif

static struct mount_entry *new_entry(struct mount_table *table)
{
    if (table->count == table->room) {
        size_t room = 2 * table->room + 64;
        struct mount_entry *more = realloc(table->entries, room * sizeof *more);
        if (!more)
            return NULL;
        table->entries = more;
        table->room = room;
    }
    return &table->entries[table->count++];
}

static char *read_mountinfo(void)
{
    enum { LIMIT = 256 << 20 }; /* above 100000 mounts, the kernel's default limit, with long options */
    size_t size;
    int proc = proc_open(0);
    char *text = proc < 0 ? NULL : proc_read_all(proc, "mountinfo", LIMIT, &size);

    descriptor_close(proc);
    return text;
}

int mount_table_read(struct mount_table *table, struct failure *why)
{
    *table = (struct mount_table){.text = read_mountinfo()};
    if (!table->text)
        table->text = statmount_all(); /* there is no /proc */
    if (!table->text)
        return fail(why, &step_mount_table);
    for (char *line = table->text, *next; *line; line = next) {
        struct mount_entry *entry = new_entry(table);
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        if (!entry) {
            mount_table_free(table);
            errno = ENOMEM;
            return fail(why, &step_mount_table);
        }
        if (!mountinfo_parse(entry, line))
            table->count--;
    }
    return 0;
}

void mount_table_free(struct mount_table *table)
{
    free(table->entries);
    free(table->text);
    *table = (struct mount_table){0};
}

const struct mount_entry *mount_table_find(const struct mount_table *table, uint64_t id)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->entries[i].id == id)
            return &table->entries[i];
    return NULL;
}

bool mount_table_is_top(const struct mount_table *table, const struct mount_entry *entry)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct mount_entry *other = &table->entries[i];
        if (other->parent == entry->id && other != entry && strcmp(other->target, entry->target) == 0)
            return false;
    }
    return true;
}

const struct mount_entry *mount_table_at(const struct mount_table *table, const char *target)
{
    for (size_t i = table->count; i-- > 0;)
        if (strcmp(table->entries[i].target, target) == 0 && mount_table_is_top(table, &table->entries[i]))
            return &table->entries[i];
    return NULL;
}

/* What follows a directory in a path below it, or in the same; NULL: it is not below it. */
static const char *below(const char *path, const char *directory)
{
    size_t length = strcmp(directory, "/") == 0 ? 0 : strlen(directory);

    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0') ? path + length
                                                                                                  : NULL;
}

const struct mount_entry *mount_table_origin(const struct mount_table *table, const struct mount_entry *entry,
                                             const char **rest)
{
    const struct mount_entry *whole = NULL;

    for (size_t i = 0; !whole && &table->entries[i] != entry; i++) {
        const struct mount_entry *other = &table->entries[i];
        if (other->major == entry->major && other->minor == entry->minor && (*rest = below(entry->root, other->root)))
            whole = other;
    }
    return whole;
}

/* What is refused for a moment is tried again: where a mount stands is decided by it. */
static int look(int fd, unsigned mask, struct statx *status)
{
    int result = -1;

    for (int tries = 0; tries < TRIES && result < 0; tries++)
        result = statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, mask, status);
    return result;
}

uint64_t mount_id(int fd)
{
    struct statx status;

    return look(fd, STATX_MNT_ID, &status) == 0 && (status.stx_mask & STATX_MNT_ID) ? status.stx_mnt_id : 0;
}

static const struct {
    const char *word;
    uint64_t attribute;
} words[] = {
    {"ro", MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC},
    {"noatime", MOUNT_ATTR_NOATIME},
    {"nodiratime", MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW},
};

bool mount_list_has(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (; *list; list += *list == ',') {
        if (strncmp(list, word, length) == 0 && (list[length] == ',' || list[length] == '\0'))
            return true;
        list += strcspn(list, ",");
    }
    return false;
}

/* Without "noatime" or "relatime", atime is strict. */
static uint64_t attributes_of(const char *list)
{
    uint64_t set = mount_list_has(list, "noatime") || mount_list_has(list, "relatime") ? 0 : MOUNT_ATTR_STRICTATIME;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (mount_list_has(list, words[i].word))
            set |= words[i].attribute;
    return set;
}

int mount_attributes(int fd, struct attributes *attributes, struct failure *why)
{
    struct mount_table table;

    if (mount_table_read(&table, why) < 0)
        return -1;
    const struct mount_entry *entry = mount_table_find(&table, mount_id(fd));
    uint64_t all = MOUNT_ATTR__ATIME;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        all |= words[i].attribute;
    attributes->set = entry ? attributes_of(entry->attributes) : 0;
    attributes->clear = all & ~(attributes->set & ~(uint64_t)MOUNT_ATTR__ATIME);
    mount_table_free(&table);
    errno = ENOENT;
    return entry ? 0 : fail(why, &step_mount_table);
}

static bool has_root_attribute(int fd, bool wanted)
{
    struct statx status;

    return look(fd, 0, &status) == 0 && (status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)
           && !(status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != wanted;
}

bool mount_is_root(int fd)
{
    return has_root_attribute(fd, true);
}

bool mount_is_inner(int fd)
{
    return has_root_attribute(fd, false);
}
