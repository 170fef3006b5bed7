#include "mounts/inside.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "failure.h"
#include "mounts/calls.h"
#include "system/descriptors.h"

/* The kernel gives up (EAGAIN) when something is renamed while it walks through "..": whoever does that all the time wins. */
enum { WALKS = 1000 };

int inside_open(int root, const char *path, int flags)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT};
    int fd;

    if (root == NO_ROOT)
        return open(path, flags | O_CLOEXEC);
    for (int i = 0; (fd = call_openat2(root, path, &how)) < 0 && errno == EAGAIN && i < WALKS; i++)
        ;
    return fd;
}

/* Takes the descriptor. */
static bool note(struct made **made, int parent, const char *name, bool is_file)
{
    size_t size = strlen(name) + 1;
    struct made *entry = malloc(sizeof *entry + size);

    if (!entry)
        return false;
    *entry = (struct made){.around = *made, .parent = parent, .is_file = is_file};
    memcpy(entry->name, name, size);
    *made = entry;
    return true;
}

/* What has just been made; it goes again where there is no memory to note it. Takes the descriptor. */
static int note_new(struct made **made, int parent, const char *name, bool is_file)
{
    if (note(made, parent, name, is_file))
        return 0;
    unlinkat(parent, name, is_file ? 0 : AT_REMOVEDIR);
    close(parent);
    errno = ENOMEM;
    return -1;
}

static int make_entry(int parent, const char *name, bool is_file, mode_t mode)
{
    if (!is_file)
        return mkdirat(parent, name, mode);
    int fd = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode & 0666);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? -1 : 0;
}

/* Makes an entry of a directory and notes it; one that is there already is nothing to note. */
static int make_one(int root, const char *directory, const char *name, bool is_file, mode_t mode, struct made **made)
{
    int parent = inside_open(root, directory, O_PATH | O_DIRECTORY);

    if (parent < 0)
        return -1;
    if (make_entry(parent, name, is_file, mode) == 0)
        return note_new(made, parent, name, is_file);
    int status = errno == EEXIST ? 0 : -1;
    descriptor_close(parent);
    return status;
}

/*
 * Makes one component after the other. Each time the way to it is walked anew from the root: a symbolic link on it means
 * what it means there.
 */
static int make_all(int root, char *path, bool is_file, mode_t mode, struct made **made)
{
    char *at = path + strspn(path, "/");

    while (*at) {
        size_t length = strcspn(at, "/");
        char *next = at + length + strspn(at + length, "/");
        bool last = *next == '\0';
        char directory[PATH_MAX];
        if (length > NAME_MAX) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(directory, path, (size_t)(at - path));
        strcpy(directory + (at - path), at == path ? "." : "");
        at[length] = '\0';
        if (strcmp(at, ".") != 0 && strcmp(at, "..") != 0
            && make_one(root, directory, at, is_file && last, mode, made) < 0)
            return -1;
        if (!last)
            at[length] = '/';
        at = next;
    }
    return 0;
}

/* All but what was there before. */
static void let_go(struct made **made, const struct made *before, bool remove)
{
    int err = errno;

    while (*made != before) {
        struct made *entry = *made;
        *made = entry->around;
        for (int tries = 0; remove && tries < TRIES; tries++)
            if (unlinkat(entry->parent, entry->name, entry->is_file ? 0 : AT_REMOVEDIR) == 0)
                break;
        close(entry->parent);
        free(entry);
    }
    errno = err;
}

int inside_make(int root, const char *path, bool is_file, mode_t mode, struct made **made)
{
    const struct made *before = *made;
    char copy[PATH_MAX];

    if (strlen(path) >= sizeof copy) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(copy, path);
    if (make_all(root, copy, is_file, mode, made) == 0)
        return 0;
    let_go(made, before, true);
    return -1;
}

static bool is_link_to(int parent, const char *name, const char *text)
{
    char now[PATH_MAX];
    ssize_t length = readlinkat(parent, name, now, sizeof now);

    return length == (ssize_t)strlen(text) && memcmp(now, text, (size_t)length) == 0;
}

/*
 * The directory that a path's last component is in, made where it is missing. A descriptor (O_PATH), and *name points to
 * the component; -1 and errno.
 */
static int open_parent(int root, const char *path, const char **name, struct made **made)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;

    if (length >= sizeof directory - 1) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(directory, path, length);
    strcpy(directory + length, "/");
    *name = slash ? slash + 1 : path;
    if (**name == '\0') {
        errno = EISDIR;
        return -1;
    }
    return inside_make(root, directory, false, 0755, made) < 0 ? -1
                                                               : inside_open(root, directory, O_PATH | O_DIRECTORY);
}

int inside_link(int root, const char *path, const char *text, struct made **made)
{
    const char *name;
    int parent = open_parent(root, path, &name, made);

    if (parent < 0)
        return -1;
    if (symlinkat(text, parent, name) == 0)
        return note_new(made, parent, name, true);
    int err = errno;
    int status = err == EEXIST && is_link_to(parent, name, text) ? 0 : -1;
    close(parent);
    errno = err;
    return status;
}

int inside_new_file(int root, const char *path, mode_t mode, struct made **made)
{
    const char *name;
    int parent = open_parent(root, path, &name, made);

    if (parent < 0)
        return -1;
    int file = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode);
    if (file < 0) {
        descriptor_close(parent);
        return -1;
    }
    if (note_new(made, parent, name, true) == 0)
        return file;
    descriptor_close(file);
    return -1;
}

void inside_uncover(const struct made *made)
{
    for (; made; made = made->around)
        for (int failures = 0; failures < TRIES;)
            failures += fchdir(made->parent) < 0 || umount2(made->name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0;
}

void inside_unmake(struct made **made)
{
    let_go(made, NULL, true);
}

void inside_keep(struct made **made)
{
    let_go(made, NULL, false);
}
