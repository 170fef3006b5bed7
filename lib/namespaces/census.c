#include "namespaces/census.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "namespaces/nsref.h"
#include "namespaces/sighting.h"
#include "system/descriptors.h"
#include "system/mountinfo.h"
#include "system/openat2.h"
#include "system/proc.h"

/* --- mounts ----------------------------------------------------------------------------------------------------- */

/* The kernel gives up (EAGAIN) where it would have to wait, and when something is mounted or renamed meanwhile. */
enum { WALKS = 100 };

/*
 * Opens what is mounted at a path, as a process sees it. It is not waited for any file system: what is mounted on is in the
 * kernel's cache.
 */
static int open_mounted(const struct sightings *seen, int proc, const char *path)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED};
    int root = openat(proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC), found = -1;

    for (int i = 0; root >= 0 && (found = call_openat2(root, path, &how)) < 0 && errno == EAGAIN && i < WALKS; i++)
        ;
    descriptor_close(root);
    return sighting_open(seen, found);
}

/* Where something else is mounted over it, the path leads there. */
static int see_mounted(struct sightings *seen, struct census_namespace *ns, int proc, pid_t pid, const char *path)
{
    char root[32] = "";

    if (pid > 0)
        snprintf(root, sizeof root, "/proc/%d/root", (int)pid);
    int fd = open_mounted(seen, proc, path);
    bool is_seen = sighting_inode(fd) == ns->inode;
    int status = sighting_hold(ns, is_seen ? HELD_BY_MOUNT : HELD_BY_HIDDEN_MOUNT, "%s%s", root, path);
    if (is_seen && status == 0 && !ns->is_related)
        return sighting_relate(seen, ns, fd);
    descriptor_close(fd);
    return status;
}

static int see_mount(struct sightings *seen, int proc, pid_t pid, char *line)
{
    struct mount_entry entry;
    ino_t inode;

    if (!strstr(line, " - nsfs ") || !mountinfo_parse(&entry, line))
        return 0;
    const struct nstype *type = nstype_of_link(entry.root, &inode);
    if (!type || !(type->flag & seen->types))
        return 0;
    struct census_namespace *ns = sighting_of(seen, type, inode);
    if (!ns)
        return -1;
    return ns->held == HELD_BY_MOUNT ? 0 : see_mounted(seen, ns, proc, pid, entry.target);
}

/* Reads a mountinfo: a line ends in what has been read, or is read on. What does not fit is none of a namespace. */
static int read_mounts(struct sightings *seen, int fd, int proc, pid_t pid)
{
    char lines[1 << 16];
    size_t used = 0;
    int status = 0;
    ssize_t got;

    while (status == 0 && (got = read(fd, lines + used, sizeof lines - used)) > 0) {
        char *line = lines, *end;
        used += (size_t)got;
        while (status == 0 && (end = memchr(line, '\n', used))) {
            *end++ = '\0';
            status = see_mount(seen, proc, pid, line);
            used -= (size_t)(end - line);
            line = end;
        }
        if (used == sizeof lines)
            used = 0;
        memmove(lines, line, used);
    }
    return status;
}

/* What is mounted in a mount namespace, as one of its processes sees it; 0 is the caller. */
static int see_mounts(struct sightings *seen, struct census_namespace *ns, int proc, pid_t pid)
{
    int fd = openat(proc, "mountinfo", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return sighting_unless_gone();
    ns->is_entered = true;
    int status = read_mounts(seen, fd, proc, pid);
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
static int see_held(struct sightings *seen, int fd, enum holding by, pid_t pid, const char *number)
{
    const struct nstype *type = nstype_of_flag(ioctl(fd, NS_GET_NSTYPE));
    bool is_wanted = type && (type->flag & seen->types);
    struct census_namespace *ns = is_wanted ? sighting_of(seen, type, sighting_inode(fd)) : NULL;
    int status = is_wanted ? -1 : 0;

    if (ns)
        status = sighting_hold(ns, by, "%s/proc/%d/fd/%s", by == HELD_BY_SOCKET ? "socket:" : "", (int)pid, number);
    if (status == 0 && ns && !ns->is_related)
        return sighting_relate(seen, ns, fd);
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
static int see_descriptor(struct sightings *seen, int directory, const char *number, struct target *target)
{
    char link[64];
    ssize_t length = readlinkat(directory, number, link, sizeof link - 1);
    enum holding by = HELD_BY_DESCRIPTOR;
    int fd = -1;

    if (length < 0)
        return sighting_unless_gone();
    link[length] = '\0';
    if (may_be_namespace(link)) {
        fd = sighting_open(seen, openat(directory, number, O_PATH | O_CLOEXEC));
    } else if (strncmp(link, "socket:[", 8) == 0 && (seen->types & CLONE_NEWNET)
               && (target->pidfd >= 0 || target_open(target, target->pid) == 0)) {
        fd = target_socket_namespace(target, atoi(number));
        by = HELD_BY_SOCKET;
    }
    return fd < 0 ? 0 : see_held(seen, fd, by, target->pid, number);
}

static int see_descriptors(struct sightings *seen, int proc, pid_t pid)
{
    struct target target = {.pid = pid, .pidfd = -1};
    struct numbers numbers;
    char number[16];
    int status = 0;

    if (list_numbers(&numbers, proc, "fd") < 0)
        return sighting_unless_gone();
    while (status == 0 && next_number(&numbers, number))
        status = see_descriptor(seen, numbers.directory, number, &target);
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
static int see_namespace(struct sightings *seen, int proc, pid_t pid, const struct nstype *type, const char *name)
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
    struct census_namespace *ns = sighting_of(seen, type, inode);
    if (!ns)
        return -1;
    if (name == type->file)
        count(ns, proc, pid);
    else if (sighting_hold(ns, HELD_BY_BIRTHPLACE, "/proc/%d/%s", (int)pid, file) < 0)
        return -1;
    if (!ns->is_related && sighting_relate(seen, ns, openat(proc, file, O_RDONLY | O_CLOEXEC)) < 0)
        return -1;
    if (type->flag != CLONE_NEWNS || ns->is_entered)
        return 0;
    return see_mounts(seen, ns, proc, pid);
}

static int see_process(struct sightings *seen, int proc, pid_t pid)
{
    for (size_t i = 0; i < NS_TYPES; i++) {
        const struct nstype *type = &nstypes[i];
        if (!(type->flag & seen->types))
            continue;
        if (see_namespace(seen, proc, pid, type, type->file) < 0)
            return sighting_unless_gone();
        if (type->children && see_namespace(seen, proc, pid, type, type->children) < 0)
            return sighting_unless_gone();
    }
    return see_descriptors(seen, proc, pid);
}

static int see_processes(struct sightings *seen, bool (*stop)(void))
{
    struct numbers numbers;
    char number[16];
    int status = list_numbers(&numbers, seen->census->procfs, ".");

    while (status == 0 && next_number(&numbers, number)) {
        int proc = openat(seen->census->procfs, number, O_PATH | O_DIRECTORY | O_CLOEXEC);
        status = proc < 0 ? sighting_unless_gone() : see_process(seen, proc, atoi(number));
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
static int see_own_mounts(struct sightings *seen)
{
    int own = proc_open_self(seen->census->procfs);
    struct stat status;
    struct census_namespace *ns = NULL;

    if (own >= 0 && fstatat(own, "ns/mnt", &status, 0) == 0)
        ns = sighting_of(seen, nstype_of_flag(CLONE_NEWNS), status.st_ino);
    if (ns)
        seen->nsfs = status.st_dev;
    int result = ns ? see_mounts(seen, ns, own, 0) : -1;
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
    struct sightings seen = {.census = census, .types = types | CLONE_NEWNS};
    int status = -1;

    *census = (struct census){.procfs = procfs_open()};
    if (census->procfs >= 0 && proc_check_own(census->procfs, "self") == 0)
        status = see_own_mounts(&seen) < 0 ? -1 : see_processes(&seen, stop);
    free(seen.table);
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
