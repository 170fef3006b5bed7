/* Open files by their numbers. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

/* Closes all that are open from the first number to the last. */
void descriptors_close(int first, int last);

/* Closes what is open, after a failure that errno tells: it stays. -1: nothing is. */
void descriptor_close(int fd);

/*
 * Calls `see` for each that is open, until it returns other than 0; returns that, or 0. Without a /proc that tells them,
 * each number is tried.
 */
int descriptors_each(int (*see)(int fd, void *data), void *data);

#endif
