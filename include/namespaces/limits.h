/* What limits the namespaces that a process can have: facts to be looked up. */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>

/* The first of these CLONE_NEW* types whose limit (user.max_TYPE_namespaces, namespaces(7)) is 0; 0: none. */
int type_switched_off(int flags);

/* The first of these types that the kernel was built without; 0: none, or that cannot be told. */
int type_missing(int flags);

/* True where the calling process's children would be born into another PID namespace than its own. */
bool children_are_elsewhere(void);

#endif
