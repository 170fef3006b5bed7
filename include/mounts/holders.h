/* Why a mount is busy. */
#ifndef HOLDERS_H
#define HOLDERS_H

#include <stddef.h>

/*
 * Writes who holds the mount at a target into text, as far as /proc tells: "busy: process 4711 (sleep) works in it". ""
 * where nobody is found.
 */
void holders_tell(const char *target, char *text, size_t size);

#endif
