/* The map options, which unshare_ns and nsmap share. */
#ifndef MAPS_H
#define MAPS_H

#include <stdbool.h>
#include <stddef.h>

#include "namespaces/idmap.h"
#include "shared/options.h"

/* Ids of the options that have only a long name; a builtin's own start at OPT_OWN. */
enum {
    OPT_CHECK = 256,
    OPT_RETURN,
    OPT_NO_RETURN,
    OPT_MAP_USER,
    OPT_MAP_GROUP,
    OPT_MAP_USERS,
    OPT_MAP_GROUPS,
    OPT_MAP_AUTO,
    OPT_MAP_SUBIDS,
    OPT_SETGROUPS,
    OPT_OWN
};

/* Rows of the builtins' tables. */
/* clang-format off */
#define HELP_ROW {'h', "help", ARG_NONE, NULL, "show this help"}

#define CHECK_ROW {OPT_CHECK, "check", ARG_NONE, NULL, "try it, and leave the shell as it is; tell by the status, and a sentence, whether it would work"}

#define RETURN_ROWS \
    {OPT_RETURN, "return", ARG_OPTIONAL, "VAR", \
     "go on in a copy, and here again when it has ended, with its status in VAR"}, \
    {OPT_NO_RETURN, "no-return", ARG_NONE, NULL, "end with a copy that goes on inside, at a prompt too"}

#define MAP_ROWS \
    {'r', "map-root-user", ARG_NONE, NULL, "map the current user and group to root"}, \
    {'c', "map-current-user", ARG_NONE, NULL, "map the current user and group to themselves"}, \
    {OPT_MAP_USER, "map-user", ARG_REQUIRED, "UID|NAME", "map the current user to this one"}, \
    {OPT_MAP_GROUP, "map-group", ARG_REQUIRED, "GID|NAME", "map the current group to this one"}, \
    {OPT_MAP_USERS, "map-users", ARG_REQUIRED, "INNER:OUTER:COUNT|auto|subids|all", \
     "map users: a range, the subordinate IDs from 0 on or to themselves, or all; may be given again"}, \
    {OPT_MAP_GROUPS, "map-groups", ARG_REQUIRED, "INNER:OUTER:COUNT|auto|subids|all", "map groups likewise"}, \
    {OPT_MAP_AUTO, "map-auto", ARG_NONE, NULL, "--map-users=auto --map-groups=auto"}, \
    {OPT_MAP_SUBIDS, "map-subids", ARG_NONE, NULL, "--map-users=subids --map-groups=subids"}, \
    {OPT_SETGROUPS, "setgroups", ARG_REQUIRED, "allow|deny", "allow or deny setgroups(2) in the user namespace"}
/* clang-format on */

/* What the current user or group becomes inside. */
struct mapped {
    bool wanted, to_itself; /* or else to: */
    unsigned inner;
};

/* The options for users, or for groups, as given. */
struct map_side {
    struct mapped own;
    bool automatic, subids, all; /* what has to be looked up */
    size_t ranges;
    struct id_range range[IDMAP_RANGES];
};

struct map_request {
    struct map_side users, groups;
    enum setgroups setgroups;
    bool by_privileged; /* who writes them need not deny setgroups(2) for it */
};

/* A request for nothing. */
void maps_init(struct map_request *request);

/*
 * Takes a map option. Returns true for an option that is one; *wrong is then NULL, or what was expected instead of its
 * argument.
 */
bool maps_option(struct map_request *request, int id, const char *argument, const char **wrong);

/* True when a map is asked for, which takes a user namespace. */
bool maps_asked(const struct map_request *request);

/*
 * The maps that a request means for a process whose IDs outside are these. EXECUTION_SUCCESS, or EX_USAGE or
 * EXECUTION_FAILURE after it has been said what is wrong.
 */
int maps_resolve(const struct map_request *request, unsigned outer_user, unsigned outer_group, struct idmaps *maps);

#endif
