/* nsmap --list: all namespaces that can be seen, in the words of lsns(8). */
#ifndef LIST_H
#define LIST_H

#include <stdbool.h>

/*
 * Lists the namespaces of these types (CLONE_NEW* flags): in an associative array of this name, as JSON, or else as a
 * table. EXECUTION_SUCCESS, or _FAILURE after saying why not.
 */
int list_show(int types, const char *array, bool json);

#endif
