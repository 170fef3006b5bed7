/* Open files by their numbers. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

/* Closes all that are open from the first number to the last. */
void descriptors_close(int first, int last);

/* Closes what is open, after a failure that errno tells: it stays. -1: nothing is. */
void descriptor_close(int fd);

#endif
