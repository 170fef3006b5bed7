/* The lines of /proc/PID/mountinfo: proc_pid_mountinfo(5). */
#ifndef MOUNTINFO_H
#define MOUNTINFO_H

#include <stdbool.h>
#include <stdint.h>

/* Strings are decoded, and belong to the line. */
struct mount_entry {
    uint64_t id, parent;
    unsigned major, minor; /* of the file system */
    const char *root;      /* what of it is seen */
    const char *target;
    const char *attributes; /* "rw,nosuid,relatime" */
    const char *type, *source;
    const char *options; /* the file system's own: "rw,size=1024k" */
};

/* Takes a line apart, in place, which ends with a NUL. False: it is none such. */
bool mountinfo_parse(struct mount_entry *entry, char *line);

#endif
