/* The memory that a process holds. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the process can have so much memory more. Else errno is ENOMEM. */
bool memory_is_there(size_t size);

/* True where the process is run from inside, by valgrind(1) or a sanitizer, with memory that is theirs. */
bool memory_has_a_host(void);

/*
 * Gives back all that this process has come to hold: the heap, whose content is lost, and the pages of code and constants,
 * which are read in again, from the page cache. Left are the variables of what is loaded, the thread's own, the stack, and
 * what is shared. From then on nothing may ask for memory, or leap to, or look at, what was allocated. For a process that
 * will wait, and of all that the shell has brought along needs little.
 */
void memory_forget(void);

#endif
