/* The mount table, as mount_ns shows it. */
#ifndef MOUNT_NS_TABLE_H
#define MOUNT_NS_TABLE_H

#include <stdbool.h>

/*
 * Prints what is mounted, as mount(8) does, or as commands; or stores it in this associative array. type: only mounts of
 * this one, NULL: all. EXECUTION_SUCCESS, or _FAILURE after it has been said why.
 */
int table_show(const char *array, bool commands, const char *type);

#endif
