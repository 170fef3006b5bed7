/* What nsmap shows of a process: its namespaces, and the ID maps of its user namespace. */
#ifndef NSMAP_FACTS_H
#define NSMAP_FACTS_H

#include <stddef.h>
#include <sys/types.h>

#include "namespaces/idmap.h"

/*
 * Looks at a process (a proc_open() descriptor, and its number), and knows it until process_forget().
 * 0; -1 and errno where something cannot be read: ENOENT where a namespace is not shown that the kernel has.
 */
int process_look(int proc, pid_t pid);
void process_forget(void);

/* Prints what is known: a line each, or as a command that writes the maps. */
void process_print(void);
void process_print_replayable(void);

/* Stores what is known in an associative array of this name. EXECUTION_SUCCESS, or _FAILURE after saying why not. */
int process_store(const char *name);

/* Reads "uid_map" or "gid_map" into text (IDMAP_TEXT bytes), a range a line. Text; NULL and errno where it cannot be read. */
const char *process_read_map(int proc, const char *file, char *text);

/* Reads "allow" or "deny"; "" where the kernel has no such file. Text; NULL and errno where it cannot be read. */
const char *process_read_setgroups(int proc, char *text, size_t size);

#endif
