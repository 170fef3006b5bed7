/*
 * The jobs by raw system calls, without checks beforehand or a way back. What fails is said, and ends the process.
 */
#ifndef RAW_H
#define RAW_H

/* Ends the process where the result of a system call is negative; what: what for. */
void raw_need(int result, const char *what);

/* Joins the network namespace that the file holds: open, setns, close. */
void raw_join(const char *file);

/* Makes a UTS namespace. */
void raw_make_uts(void);

/* Makes a user and a mount namespace, and others (CLONE_NEW*), in which the user is root and all mounts are private. */
void raw_become_root(int others);

/* Reads all that a list of all namespaces is made of (list.c). */
void raw_list(const char *unused);

#endif
