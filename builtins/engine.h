/* Between bash and the engine: what unshare_ns, nsenter_ns and nsmap share. */
#ifndef ENGINE_H
#define ENGINE_H

#include "shell.h"

#include "failure.h"
#include "idmap.h"
#include "options.h"
#include "plan.h"

/* Ids of the options that have only a long name; a builtin's own start at OPT_OWN. */
enum { OPT_HELP = 256, OPT_MAP_USER, OPT_MAP_GROUP, OPT_MAP_USERS, OPT_MAP_GROUPS, OPT_SETGROUPS, OPT_OWN };

/* Rows of the builtins' tables. */
/* clang-format off */
#define HELP_ROW {OPT_HELP, "help", ARG_NONE, NULL, "show this help"}

#define MAP_ROWS \
    {'r', "map-root-user", ARG_NONE, NULL, "map the current user and group to root"}, \
    {'c', "map-current-user", ARG_NONE, NULL, "map the current user and group to themselves"}, \
    {OPT_MAP_USER, "map-user", ARG_REQUIRED, "UID|NAME", "map the current user to this one"}, \
    {OPT_MAP_GROUP, "map-group", ARG_REQUIRED, "GID|NAME", "map the current group to this one"}, \
    {OPT_MAP_USERS, "map-users", ARG_REQUIRED, "INNER:OUTER:COUNT", "map a range of users; may be given again"}, \
    {OPT_MAP_GROUPS, "map-groups", ARG_REQUIRED, "INNER:OUTER:COUNT", "map a range of groups; may be given again"}, \
    {OPT_SETGROUPS, "setgroups", ARG_REQUIRED, "allow|deny", "allow or deny setgroups(2) in the user namespace"}
/* clang-format on */

/* What the current user or group becomes inside. */
struct mapped {
    bool wanted, to_itself; /* or else to: */
    unsigned inner;
};

/* The map options as given; the outer ID of the current user and group is not yet known. */
struct map_request {
    struct mapped user, group;
    struct idmaps ranges;
};

/*
 * Takes a map option. Returns true for an option that is one; *wrong is then NULL, or what was expected instead of its
 * argument.
 */
bool engine_map_option(struct map_request *request, int id, const char *argument, const char **wrong);

/* The maps that a request means for a process whose IDs outside are these. NULL, or what is wrong with them. */
const char *engine_maps(const struct map_request *request, unsigned outer_user, unsigned outer_group,
                        struct idmaps *maps);

/* True when a map is asked for, which takes a user namespace. */
bool engine_maps_ids(const struct map_request *request);

/* The IDs that this shell had outside the user namespace that it made last; false where it is in another. */
bool engine_outer_ids(unsigned *user, unsigned *group);

/* "NAME: expected this": a value of an option that cannot be. Returns EX_USAGE, after the usage line. */
int engine_wrong_value(const char *option, const char *value, const char *expected);

/* After an OPTIONS_WRONG: says what is wrong. Returns EX_USAGE, after the usage line. */
int engine_wrong_usage(const char *sentence);

/* A PID in decimal, from 1. */
bool engine_parse_pid(const char *text, pid_t *pid);

/* A user or group, by number or name. */
bool engine_parse_user(const char *text, unsigned *id);
bool engine_parse_group(const char *text, unsigned *id);

/* The words of COMMAND: those from this operand of the builtin's words on; NULL: there is none. */
WORD_LIST *engine_command(WORD_LIST *list, int operand);

/* Says what failed of a plan, or without one. Returns EXECUTION_FAILURE. */
int engine_failed(const struct plan *plan, const struct failure *why);

/* Carries out a plan and frees it, and makes the shell true. Says what failed. EXECUTION_SUCCESS or _FAILURE. */
int engine_carry_out(struct plan *plan);

/* Fills in usage and help of a builtin; for its NAME_builtin_load. Returns what that is to return. */
int engine_load(struct builtin *builtin, const struct option_table *table, struct option_help *help);

#endif
