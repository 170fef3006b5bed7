/* The memory that a process holds. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the process can have so much memory more. Else errno is ENOMEM. */
bool memory_is_there(size_t size);

/*
 * Gives back the pages of code and constants of all that is loaded: what runs next is read in again, from the page cache.
 * For a process that will wait, and of all that the shell has run needs little.
 */
void memory_forget_code(void);

#endif
