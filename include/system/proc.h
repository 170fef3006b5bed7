/* /proc/PID of the process that is meant, or nothing: proc(5). */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <sys/types.h>

/* True where a descriptor is of a procfs. */
bool proc_is_procfs(int fd);

/* Opens /proc (O_PATH). The caller closes the descriptor. errno: ENODEV where it is no procfs, or open(2)'s. */
int procfs_open(void);

/*
 * Opens the calling process's directory in a procfs_open() descriptor (O_PATH). It is found in the procfs of an outer
 * PID namespace too, as after a move without a new /proc. The caller closes it. errno: openat(2)'s.
 */
int proc_open_self(int procfs);

/*
 * 0 where a procfs is of the caller's own PID namespace, by its link "self" as seen from a directory. -1 and errno: EXDEV,
 * or readlinkat(2)'s.
 */
int proc_check_own(int directory, const char *link);

/* True where /proc is a procfs of the caller's own PID namespace. Else errno: procfs_open()'s or proc_check_own()'s. */
bool proc_is_own(void);

/*
 * Opens /proc/PID (O_PATH); 0 is the calling process. The caller closes the descriptor. Unless it is 0, /proc must be of
 * the caller's own PID namespace: in any other, the same number is another process. errno: ENOENT (no such process),
 * EXDEV (/proc is of another PID namespace), procfs_open()'s, or openat(2)'s.
 */
int proc_open(pid_t pid);

/*
 * As proc_open(), for a child of the calling process, and in the procfs of an outer PID namespace too. errno: ENOENT (not
 * found), procfs_open()'s, or openat(2)'s.
 */
int proc_open_child(pid_t child);

/*
 * The same for a child of another process: proc is its proc_open() descriptor, pid its number there, and child a number in
 * the PID namespace that it is itself in.
 */
int proc_open_child_of(int proc, pid_t pid, pid_t child);

/* Reads a small file below a proc_open() descriptor into text, with a NUL; returns its length or -1. */
ssize_t proc_read(int proc, const char *file, char *text, size_t size);

/*
 * Reads a file of up to `limit` bytes whole, with a NUL behind it; returns memory that the caller frees, or NULL
 * and errno (EFBIG).
 */
char *proc_read_all(int proc, const char *file, size_t limit, size_t *size);

/*
 * Reads what a line of the file "status" has after key ("Uid:"), with a NUL behind it, as far as there is room; false where
 * there is none. The file may be long, by its groups: proc(5). As what opens a child, it asks for no memory: supervise.c.
 */
bool proc_status(int proc, const char *key, char *text, size_t size);

/* Writes text with one write(2), as ID maps must be. Returns 0 or -1. */
int proc_write(int proc, const char *file, const char *text);

/* The inode number of a namespace file below a proc_open() descriptor ("ns/mnt"); 0 and errno where it fails. */
ino_t proc_inode(int proc, const char *file);

#endif
