/* What nsmap shows of a process: its namespaces, and the ID maps of its user namespace. */
#ifndef FACTS_H
#define FACTS_H

#include <stddef.h>
#include <sys/types.h>

#include "namespaces/idmap.h"

/*
 * Looks at a process (a proc_open() descriptor, and its number; -1: it has none here), and knows it until facts_forget().
 * 0; -1 and errno where something cannot be read: ENOENT where a namespace is not shown that the kernel has.
 */
int facts_look(int proc, pid_t pid);
void facts_forget(void);

/* Prints what is known: a line each, or as a command that writes the maps. */
void facts_print(void);
void facts_print_replayable(void);

/* Stores what is known in an associative array of this name. EXECUTION_SUCCESS, or _FAILURE after saying why not. */
int facts_store(const char *name);

/* Reads "uid_map" or "gid_map" into text (IDMAP_TEXT bytes), a range a line. Text; NULL and errno where it cannot be read. */
const char *facts_read_map(int proc, const char *file, char *text);

/* Reads "allow" or "deny"; "" where the kernel has no such file. Text; NULL and errno where it cannot be read. */
const char *facts_read_setgroups(int proc, char *text, size_t size);

#endif
