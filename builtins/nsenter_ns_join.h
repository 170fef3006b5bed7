/* From what nsenter_ns was asked for, by name, to a plan that holds it all. */
#ifndef JOIN_H
#define JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "namespaces/netns.h"
#include "namespaces/nstype.h"
#include "shell/shell.h"
#include "shared/target.h"

/* A user or group to become. */
struct identity {
    bool said, follows; /* the target's, or else */
    unsigned id;
};

/* What the options say. Strings are the builtin's words. */
struct join_request {
    struct target_name target;
    bool all, user_parent, no_fork, check, environment, cgroup, context, preserve, keep_caps, visit, home, netns_mounts;
    const char *trap; /* to be run at home; NULL: none */
    struct comeback comeback;
    int types;                   /* CLONE_NEW*, from the target or a file */
    const char *files[NS_TYPES]; /* NULL: not from a file */
    char netns[NETNS_FILE_SIZE]; /* of --netns; "": none */
    int socket;                  /* the target's descriptor; -1: none */
    struct identity user, group;
    bool root, wd;                             /* to be changed, */
    const char *root_path, *wd_path, *wd_name; /* to the target's, or to this; wd_name is looked up inside */
    int operand;                               /* index of COMMAND in the builtin's words */
};

/* Reads ":NSID". */
bool join_parse_id(const char *text, uint64_t *id);

/*
 * Opens all that the struct join_request at this place names, outside, and lands. EXECUTION_SUCCESS, or _FAILURE after
 * it has been said why.
 */
int join_carry_out(void *place);

#endif
