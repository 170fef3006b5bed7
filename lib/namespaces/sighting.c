#include "namespaces/sighting.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namespaces/nsref.h"
#include "system/descriptors.h"

int sighting_unless_gone(void)
{
    return errno == ENOENT || errno == ESRCH || errno == EINVAL || errno == EACCES || errno == EPERM ? 0 : -1;
}

/* --- the table -------------------------------------------------------------------------------------------------- */

static struct census_namespace **slot_of(const struct sightings *seen, ino_t inode)
{
    size_t at = inode & (seen->slots - 1);

    while (seen->table[at] && seen->table[at]->inode != inode)
        at = (at + 1) & (seen->slots - 1);
    return &seen->table[at];
}

static int grow(struct sightings *seen)
{
    struct census *census = seen->census;
    size_t room = 2 * census->room + 256;
    struct census_namespace **more = realloc(census->namespaces, room * sizeof(struct census_namespace *));

    if (!more)
        return -1;
    census->namespaces = more;
    census->room = room;
    free(seen->table);
    for (seen->slots = 1; seen->slots <= 2 * room; seen->slots *= 2)
        ;
    seen->table = calloc(seen->slots, sizeof(struct census_namespace *));
    for (size_t i = 0; seen->table && i < census->count; i++)
        *slot_of(seen, census->namespaces[i]->inode) = census->namespaces[i];
    return seen->table ? 0 : -1;
}

struct census_namespace *sighting_of(struct sightings *seen, const struct nstype *type, ino_t inode)
{
    struct census *census = seen->census;

    if ((!seen->table || census->count == census->room) && grow(seen) < 0)
        return NULL;
    struct census_namespace **slot = slot_of(seen, inode), *ns = *slot;
    if (ns || !(ns = malloc(sizeof *ns)))
        return ns;
    *ns =
        (struct census_namespace){.type = type, .inode = inode, .owner = (uid_t)OWNER_UNKNOWN, .held = HELD_BY_MEMBERS};
    *slot = ns;
    return census->namespaces[census->count++] = ns;
}

int sighting_hold(struct census_namespace *ns, enum holding by, const char *format, ...)
{
    char *holder;
    va_list arguments;

    if (ns->held <= by)
        return 0;
    va_start(arguments, format);
    int length = vasprintf(&holder, format, arguments);
    va_end(arguments);
    if (length < 0)
        return -1;
    free(ns->holder);
    ns->holder = holder;
    ns->held = by;
    return 0;
}

/* --- how namespaces are related: ioctl_ns(2) ----------------------------------------------------------------------- */

ino_t sighting_inode(int fd)
{
    struct stat status;

    return fd < 0 || fstat(fd, &status) < 0 ? 0 : status.st_ino;
}

/* Takes the descriptor of what a namespace leads to, or -1. It may have no process, and be held by that one alone. */
static int lead_to(struct sightings *seen, int type, ino_t inode, int fd, const struct census_namespace *from)
{
    if (fd < 0)
        return 0;
    struct census_namespace *ns = sighting_of(seen, nstype_of_flag(type), inode);
    int status =
        ns ? sighting_hold(ns, HELD_BY_NAMESPACE, "%s:[%lu]", from->type->file, (unsigned long)from->inode) : -1;
    if (status == 0 && !ns->is_related)
        return sighting_relate(seen, ns, fd);
    descriptor_close(fd);
    return status;
}

int sighting_relate(struct sightings *seen, struct census_namespace *ns, int fd)
{
    bool is_user = ns->type->flag == CLONE_NEWUSER;
    uid_t owner;

    if (fd < 0)
        return sighting_unless_gone();
    int user = nsref_owner(fd);
    int parent = ns->type->flag == CLONE_NEWPID ? ioctl(fd, NS_GET_PARENT) : -1;
    if (ns->processes == 0 && ioctl(is_user ? fd : user, NS_GET_OWNER_UID, &owner) == 0)
        ns->owner = owner;
    close(fd);
    ns->is_related = true;
    ns->user = sighting_inode(user);
    ns->parent = is_user ? ns->user : sighting_inode(parent);
    int status = lead_to(seen, CLONE_NEWUSER, ns->user, user, ns);
    return lead_to(seen, CLONE_NEWPID, ns->parent, parent, ns) < 0 ? -1 : status;
}

int sighting_open(const struct sightings *seen, int found)
{
    struct stat status;
    char link[32];

    if (found < 0)
        return -1;
    snprintf(link, sizeof link, "self/fd/%d", found);
    bool is_one = fstat(found, &status) == 0 && status.st_dev == seen->nsfs;
    int fd = is_one ? openat(seen->census->procfs, link, O_RDONLY | O_CLOEXEC) : -1;
    close(found);
    if (!is_one)
        errno = ENOENT;
    return fd;
}
