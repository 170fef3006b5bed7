/* Paths that cannot leave a root, whatever symbolic links are in it: openat2(2). */
#ifndef INSIDE_H
#define INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* For what has no root but the process's own: any path, as the process itself finds it. */
enum { NO_ROOT = -1 };

/*
 * Opens a path as if `root`, a descriptor of a directory, was the root. flags: open(2)'s; O_CLOEXEC goes with them. A
 * descriptor that the caller closes, or -1 and errno: EXDEV for a magic link (/proc/PID/root), or open(2)'s.
 */
int inside_open(int root, const char *path, int flags);

/* Directories and a file that were missing, the innermost first. Begins as NULL. */
struct made {
    struct made *around; /* what was made before, and has this in it */
    int parent;          /* its directory, open */
    bool is_file;
    char name[];
};

/*
 * Makes what is missing of a path: directories of this mode (less the umask), and at its end an empty file where that is
 * wanted. Adds to *made. 0, or -1 and errno, and nothing is left.
 */
int inside_make(int root, const char *path, bool is_file, mode_t mode, struct made **made);

/*
 * Makes a symbolic link with this text, and the directories (0755) that are missing on the way to it; one that is there
 * already, with the same text, will do. Likewise.
 */
int inside_link(int root, const char *path, const char *text, struct made **made);

/*
 * Makes a file that must be new, and the directories (0755) that are missing on the way to it. A descriptor of that very
 * file to write to, whatever others may have put in its place by now; or -1 and errno.
 */
int inside_new_file(int root, const char *path, mode_t mode, struct made **made);

/*
 * Unmounts what is mounted on what was made, or it could not be removed. Needs no /proc, and finds nothing by a path. It
 * leaves the working directory somewhere.
 */
void inside_uncover(const struct made *made);

/* Removes what was made, as far as it is still empty; or keeps it. Frees *made. errno stays. */
void inside_unmake(struct made **made);
void inside_keep(struct made **made);

#endif
