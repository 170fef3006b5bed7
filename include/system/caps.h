/* Capabilities of the calling process: capabilities(7). */
#ifndef CAPS_H
#define CAPS_H

#include <stdbool.h>
#include <sys/capability.h>

/* True where the capability is in the effective set. */
bool caps_have(cap_value_t capability);

/*
 * Makes all permitted capabilities inheritable and ambient (Linux 4.3), so that programs have them too. 0, or -1 and
 * errno.
 */
int caps_make_ambient(void);

#endif
