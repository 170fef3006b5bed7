/* /proc/PID of the process that is meant, or nothing: proc(5). */
#ifndef PROC_H
#define PROC_H

#include <sys/types.h>

/*
 * Opens /proc/PID (O_PATH); 0 is the calling process. The caller closes the descriptor. Fails unless /proc is a
 * procfs and of the caller's own PID namespace: in any other, the same number is another process. errno: ENOENT
 * (no such process), ENODEV (/proc is no procfs), EXDEV (of another PID namespace), or open(2)'s.
 */
int proc_open(pid_t pid);

/* Reads a small file below a proc_open() descriptor into text, with a NUL; returns its length or -1. */
ssize_t proc_read(int proc, const char *file, char *text, size_t size);

/* Writes text with one write(2), as ID maps must be. Returns 0 or -1. */
int proc_write(int proc, const char *file, const char *text);

/* The inode number of a namespace file below a proc_open() descriptor ("ns/mnt"); 0 and errno where it fails. */
ino_t proc_inode(int proc, const char *file);

#endif
