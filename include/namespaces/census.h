/*
 * All namespaces that the caller can see: those of the processes in /proc, and those that only something else holds. Of
 * a process it sees what ptrace(2) would let it, as lsns(8) does; a thread is where its process is.
 */
#ifndef CENSUS_H
#define CENSUS_H

#include <stdbool.h>
#include <sys/types.h>

#include "namespaces/sighting.h"

/*
 * Takes the census of these types (CLONE_NEW* flags). After each process it asks `stop` whether that is enough. 0, and the
 * caller frees it; or -1 and errno: EINTR (stopped), ENOMEM, EMFILE, procfs_open()'s and proc_check_own()'s.
 */
int census_take(struct census *census, int types, bool (*stop)(void));
void census_free(struct census *census);

/*
 * Reads the command line of a process, with a blank between its words; of one that has none, as threads of the kernel,
 * its name. Returns text, which is empty where the process has ended.
 */
char *census_command(const struct census *census, pid_t pid, char *text, size_t size);

#endif
