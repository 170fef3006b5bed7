#include "namespaces/census.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "namespaces/nsref.h"
#include "system/descriptors.h"
#include "system/mountinfo.h"
#include "system/openat2.h"
#include "system/proc.h"

/* What the census needs while it is taken. */
struct work {
    struct census *census;
    int types;                       /* what is looked for: those asked for, and mount namespaces, which have mounts */
    dev_t nsfs;                      /* the device that all namespaces are on */
    size_t slots;                    /* a power of two, more than twice as many as there are namespaces */
    struct census_namespace **table; /* by inode, then the next free one */
    char lines[1 << 16];             /* of a mountinfo */
};

/*
 * What happens to a process that is another's, or ends while it is looked at, is nothing: EINVAL is what mountinfo is then.
 * All else ends the census.
 */
static int unless_gone(void)
{
    return errno == ENOENT || errno == ESRCH || errno == EINVAL || errno == EACCES || errno == EPERM ? 0 : -1;
}

/* --- the table -------------------------------------------------------------------------------------------------- */

static struct census_namespace **slot_of(const struct work *work, ino_t inode)
{
    size_t at = inode & (work->slots - 1);

    while (work->table[at] && work->table[at]->inode != inode)
        at = (at + 1) & (work->slots - 1);
    return &work->table[at];
}

static int grow(struct work *work)
{
    struct census *census = work->census;
    size_t room = 2 * census->room + 256;
    struct census_namespace **more = realloc(census->namespaces, room * sizeof(struct census_namespace *));

    if (!more)
        return -1;
    census->namespaces = more;
    census->room = room;
    free(work->table);
    for (work->slots = 1; work->slots <= 2 * room; work->slots *= 2)
        ;
    work->table = calloc(work->slots, sizeof(struct census_namespace *));
    for (size_t i = 0; work->table && i < census->count; i++)
        *slot_of(work, census->namespaces[i]->inode) = census->namespaces[i];
    return work->table ? 0 : -1;
}

/* The namespace of this number, which may be new. NULL and errno: ENOMEM. */
static struct census_namespace *see(struct work *work, const struct nstype *type, ino_t inode)
{
    struct census *census = work->census;

    if ((!work->table || census->count == census->room) && grow(work) < 0)
        return NULL;
    struct census_namespace **slot = slot_of(work, inode), *ns = *slot;
    if (ns || !(ns = malloc(sizeof *ns)))
        return ns;
    *ns =
        (struct census_namespace){.type = type, .inode = inode, .owner = (uid_t)OWNER_UNKNOWN, .held = HELD_BY_MEMBERS};
    *slot = ns;
    return census->namespaces[census->count++] = ns;
}

static int hold(struct census_namespace *ns, enum holding by, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Notes what holds it, unless there is something better. 0, or -1 and errno. */
static int hold(struct census_namespace *ns, enum holding by, const char *format, ...)
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

static ino_t inode_of(int fd)
{
    struct stat status;

    return fd < 0 || fstat(fd, &status) < 0 ? 0 : status.st_ino;
}

static int relate(struct work *work, struct census_namespace *ns, int fd);

/* Takes the descriptor of what a namespace leads to, or -1. It may have no process, and be held by that one alone. */
static int lead_to(struct work *work, int type, ino_t inode, int fd, const struct census_namespace *from)
{
    if (fd < 0)
        return 0;
    struct census_namespace *ns = see(work, nstype_of_flag(type), inode);
    int status = ns ? hold(ns, HELD_BY_NAMESPACE, "%s:[%lu]", from->type->file, (unsigned long)from->inode) : -1;
    if (status == 0 && !ns->is_related)
        return relate(work, ns, fd);
    descriptor_close(fd);
    return status;
}

/* Takes a descriptor of the namespace; -1 and errno: it could not be opened. */
static int relate(struct work *work, struct census_namespace *ns, int fd)
{
    bool is_user = ns->type->flag == CLONE_NEWUSER;
    uid_t owner;

    if (fd < 0)
        return unless_gone();
    int user = nsref_owner(fd);
    int parent = ns->type->flag == CLONE_NEWPID ? ioctl(fd, NS_GET_PARENT) : -1;
    if (ns->processes == 0 && ioctl(is_user ? fd : user, NS_GET_OWNER_UID, &owner) == 0)
        ns->owner = owner;
    close(fd);
    ns->is_related = true;
    ns->user = inode_of(user);
    ns->parent = is_user ? ns->user : inode_of(parent);
    int status = lead_to(work, CLONE_NEWUSER, ns->user, user, ns);
    return lead_to(work, CLONE_NEWPID, ns->parent, parent, ns) < 0 ? -1 : status;
}

/*
 * Opens what was found to be a namespace when it was looked at by its name. Meanwhile it may be anything else, which is
 * not opened: a device may do something, and a file system of a container's may never answer. Takes the O_PATH descriptor.
 */
static int open_found(const struct work *work, int found)
{
    struct stat status;
    char link[32];

    if (found < 0)
        return -1;
    snprintf(link, sizeof link, "self/fd/%d", found);
    bool is_one = fstat(found, &status) == 0 && status.st_dev == work->nsfs;
    int fd = is_one ? openat(work->census->procfs, link, O_RDONLY | O_CLOEXEC) : -1;
    close(found);
    if (!is_one)
        errno = ENOENT;
    return fd;
}

/* --- mounts ----------------------------------------------------------------------------------------------------- */

/* The kernel gives up (EAGAIN) where it would have to wait, and when something is mounted or renamed meanwhile. */
enum { WALKS = 100 };

/*
 * Opens what is mounted at a path, as a process sees it. It is not waited for any file system: what is mounted on is in the
 * kernel's cache.
 */
static int open_mounted(const struct work *work, int proc, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED};
    int root = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC), found = -1;

    for (int i = 0; root >= 0 && (found = call_openat2(root, path, &how)) < 0 && errno == EAGAIN && i < WALKS; i++)
        ;
    descriptor_close(root);
    return open_found(work, found);
}

/* Where something else is mounted over it, the path leads there. */
static int see_mounted(struct work *work, struct census_namespace *ns, int proc, pid_t pid, const char *path)
{
    char root[32] = "";

    if (pid > 0)
        snprintf(root, sizeof root, "/proc/%d/root", (int)pid);
    int fd = open_mounted(work, proc, path);
    bool is_seen = inode_of(fd) == ns->inode;
    int status = hold(ns, is_seen ? HELD_BY_MOUNT : HELD_BY_HIDDEN_MOUNT, "%s%s", root, path);
    if (is_seen && status == 0 && !ns->is_related)
        return relate(work, ns, fd);
    descriptor_close(fd);
    return status;
}

static int see_mount(struct work *work, int proc, pid_t pid, char *line)
{
    struct mount_entry entry;
    ino_t inode;

    if (!strstr(line, " - nsfs ") || !mountinfo_parse(&entry, line))
        return 0;
    const struct nstype *type = nstype_of_link(entry.root, &inode);
    if (!type || !(type->flag & work->types))
        return 0;
    struct census_namespace *ns = see(work, type, inode);
    if (!ns)
        return -1;
    return ns->held == HELD_BY_MOUNT ? 0 : see_mounted(work, ns, proc, pid, entry.target);
}

/* Reads a mountinfo: a line ends in what has been read, or is read on. What does not fit is none of a namespace. */
static int read_mounts(struct work *work, int fd, int proc, pid_t pid)
{
    size_t used = 0;
    int status = 0;
    ssize_t got;

    while (status == 0 && (got = read(fd, work->lines + used, sizeof work->lines - used)) > 0) {
        char *line = work->lines, *end;
        used += (size_t)got;
        while (status == 0 && (end = memchr(line, '\n', used))) {
            *end++ = '\0';
            status = see_mount(work, proc, pid, line);
            used -= (size_t)(end - line);
            line = end;
        }
        if (used == sizeof work->lines)
            used = 0;
        memmove(work->lines, line, used);
    }
    return status;
}

/* What is mounted in a mount namespace, as one of its processes sees it; 0 is the caller. */
static int see_mounts(struct work *work, struct census_namespace *ns, int proc, pid_t pid)
{
    int fd = openat(proc, "mountinfo", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return unless_gone();
    ns->is_entered = true;
    int status = read_mounts(work, fd, proc, pid);
    descriptor_close(fd);
    return status;
}

/* --- processes -------------------------------------------------------------------------------------------------- */

/* The names in a directory of /proc that are numbers. */
struct numbers {
    int directory;
    size_t at, got;
    _Alignas(uint64_t) char entries[1 << 13];
};

static int list_numbers(struct numbers *numbers, int proc, const char *directory)
{
    numbers->at = numbers->got = 0;
    numbers->directory = openat(proc, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return numbers->directory < 0 ? -1 : 0;
}

/* The next, into name (16 bytes). False: there is none, or no more. */
static bool next_number(struct numbers *numbers, char *name)
{
    struct entry {
        uint64_t inode;
        int64_t offset;
        unsigned short length;
        unsigned char type;
        char name[];
    };

    for (;;) {
        if (numbers->at >= numbers->got) {
            long got = syscall(SYS_getdents64, numbers->directory, numbers->entries, sizeof numbers->entries);
            if (got <= 0)
                return false;
            numbers->got = (size_t)got;
            numbers->at = 0;
        }
        const struct entry *entry = (const void *)(numbers->entries + numbers->at);
        numbers->at += entry->length;
        if (*entry->name >= '0' && *entry->name <= '9') {
            snprintf(name, 16, "%s", entry->name);
            return true;
        }
    }
}

/* Takes a descriptor of the namespace that is held by a process's descriptor of this number, itself or as a socket. */
static int see_held(struct work *work, int fd, enum holding by, pid_t pid, const char *number)
{
    const struct nstype *type = nstype_of_flag(ioctl(fd, NS_GET_NSTYPE));
    bool is_wanted = type && (type->flag & work->types);
    struct census_namespace *ns = is_wanted ? see(work, type, inode_of(fd)) : NULL;
    int status = is_wanted ? -1 : 0;

    if (ns)
        status = hold(ns, by, "%s/proc/%d/fd/%s", by == HELD_BY_SOCKET ? "socket:" : "", (int)pid, number);
    if (status == 0 && ns && !ns->is_related)
        return relate(work, ns, fd);
    descriptor_close(fd);
    return status;
}

/* "/" may be a namespace, too, which was opened where it was mounted, and is mounted there no more. */
static bool may_be_namespace(const char *link)
{
    ino_t inode;

    return strcmp(link, "/") == 0 || nstype_of_link(link, &inode);
}

/* A descriptor by its link; target: its process, which is opened when one is a socket. */
static int see_descriptor(struct work *work, int directory, const char *number, struct target *target)
{
    char link[64];
    ssize_t length = readlinkat(directory, number, link, sizeof link - 1);
    enum holding by = HELD_BY_DESCRIPTOR;
    int fd = -1;

    if (length < 0)
        return unless_gone();
    link[length] = '\0';
    if (may_be_namespace(link)) {
        fd = open_found(work, openat(directory, number, O_PATH | O_CLOEXEC));
    } else if (strncmp(link, "socket:[", 8) == 0 && (work->types & CLONE_NEWNET)
               && (target->pidfd >= 0 || target_open(target, target->pid) == 0)) {
        fd = target_socket_namespace(target, atoi(number));
        by = HELD_BY_SOCKET;
    }
    return fd < 0 ? 0 : see_held(work, fd, by, target->pid, number);
}

static int see_descriptors(struct work *work, int proc, pid_t pid)
{
    struct target target = {.pid = pid, .pidfd = -1};
    struct numbers numbers;
    char number[16];
    int status = 0;

    if (list_numbers(&numbers, proc, "fd") < 0)
        return unless_gone();
    while (status == 0 && next_number(&numbers, number))
        status = see_descriptor(work, numbers.directory, number, &target);
    descriptor_close(target.pidfd);
    descriptor_close(numbers.directory);
    return status;
}

/* Counts a process in, whose directory is its owner's. /proc tells the lowest PID first. */
static void count(struct census_namespace *ns, int proc, pid_t pid)
{
    struct stat status;

    if (ns->processes++ > 0)
        return;
    ns->pid = pid;
    ns->owner = fstat(proc, &status) == 0 ? status.st_uid : (uid_t)OWNER_UNKNOWN;
}

/*
 * Looks at one of a process's namespaces, or at what its children are born into. -1 and errno: nothing of this process can
 * be looked at, or the census has failed. A kernel without a type and a process that waits for its parent have no link.
 */
static int see_namespace(struct work *work, int proc, pid_t pid, const struct nstype *type, const char *name)
{
    char file[32], link[64];
    ino_t inode;

    snprintf(file, sizeof file, "ns/%s", name);
    ssize_t length = readlinkat(proc, file, link, sizeof link - 1);
    if (length < 0)
        return errno == ENOENT ? 0 : -1;
    link[length] = '\0';
    if (nstype_of_link(link, &inode) != type)
        return 0;
    struct census_namespace *ns = see(work, type, inode);
    if (!ns)
        return -1;
    if (name == type->file)
        count(ns, proc, pid);
    else if (hold(ns, HELD_BY_BIRTHPLACE, "/proc/%d/%s", (int)pid, file) < 0)
        return -1;
    if (!ns->is_related && relate(work, ns, openat(proc, file, O_RDONLY | O_CLOEXEC)) < 0)
        return -1;
    if (type->flag != CLONE_NEWNS || ns->is_entered)
        return 0;
    return see_mounts(work, ns, proc, pid);
}

static int see_process(struct work *work, int proc, pid_t pid)
{
    for (size_t i = 0; i < NS_TYPES; i++) {
        const struct nstype *type = &nstypes[i];
        if (!(type->flag & work->types))
            continue;
        if (see_namespace(work, proc, pid, type, type->file) < 0)
            return unless_gone();
        if (type->children && see_namespace(work, proc, pid, type, type->children) < 0)
            return unless_gone();
    }
    return see_descriptors(work, proc, pid);
}

static int see_processes(struct work *work, bool (*stop)(void))
{
    struct numbers numbers;
    char number[16];
    int status = list_numbers(&numbers, work->census->procfs, ".");

    while (status == 0 && next_number(&numbers, number)) {
        int proc = openat(work->census->procfs, number, O_PATH | O_DIRECTORY | O_CLOEXEC);
        status = proc < 0 ? unless_gone() : see_process(work, proc, atoi(number));
        descriptor_close(proc);
        if (status == 0 && stop()) {
            errno = EINTR;
            status = -1;
        }
    }
    descriptor_close(numbers.directory);
    return status;
}

/* --- all of it -------------------------------------------------------------------------------------------------- */

/* The caller's own mounts first: a path that leads there from here is the best name. */
static int see_own_mounts(struct work *work)
{
    int own = proc_open_self(work->census->procfs);
    struct stat status;
    struct census_namespace *ns = NULL;

    if (own >= 0 && fstatat(own, "ns/mnt", &status, 0) == 0)
        ns = see(work, nstype_of_flag(CLONE_NEWNS), status.st_ino);
    if (ns)
        work->nsfs = status.st_dev;
    int result = ns ? see_mounts(work, ns, own, 0) : -1;
    descriptor_close(own);
    return result;
}

static int compare(const void *left, const void *right)
{
    const struct census_namespace *const *a = left, *const *b = right;

    return ((*a)->inode > (*b)->inode) - ((*a)->inode < (*b)->inode);
}

static void forget(struct census_namespace *ns)
{
    free(ns->holder);
    free(ns);
}

/* Leaves what was asked for, in order. */
static void put_in_order(struct census *census, int types)
{
    size_t kept = 0;

    for (size_t i = 0; i < census->count; i++) {
        if (census->namespaces[i]->type->flag & types)
            census->namespaces[kept++] = census->namespaces[i];
        else
            forget(census->namespaces[i]);
    }
    census->count = kept;
    qsort(census->namespaces, kept, sizeof(struct census_namespace *), compare);
}

int census_take(struct census *census, int types, bool (*stop)(void))
{
    struct work *work = calloc(1, sizeof *work);
    int status = -1;

    *census = (struct census){.procfs = procfs_open()};
    if (work && census->procfs >= 0 && proc_check_own(census->procfs, "self") == 0) {
        work->census = census;
        work->types = types | CLONE_NEWNS;
        status = see_own_mounts(work) < 0 ? -1 : see_processes(work, stop);
        free(work->table);
    }
    free(work);
    if (status == 0)
        put_in_order(census, types);
    else
        census_free(census);
    return status;
}

/* errno stays. */
void census_free(struct census *census)
{
    for (size_t i = 0; i < census->count; i++)
        forget(census->namespaces[i]);
    free(census->namespaces);
    descriptor_close(census->procfs);
    *census = (struct census){.procfs = -1};
}

char *census_command(const struct census *census, pid_t pid, char *text, size_t size)
{
    char file[32];

    text[0] = '\0';
    snprintf(file, sizeof file, "%d/cmdline", (int)pid);
    ssize_t length = proc_read(census->procfs, file, text, size);
    while (length > 0 && text[length - 1] == '\0')
        length--;
    if (length <= 0) {
        snprintf(file, sizeof file, "%d/comm", (int)pid);
        proc_read(census->procfs, file, text, size);
        text[strcspn(text, "\n")] = '\0';
    }
    for (ssize_t i = 0; i < length; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    return text;
}
