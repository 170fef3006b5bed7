/* Between bash and the engine: what unshare_ns, nsenter_ns and nsmap share. */
#ifndef ENGINE_H
#define ENGINE_H

#include "maps.h"
#include "shell.h"

#include "failure.h"
#include "options.h"
#include "plan.h"

/* The IDs that this shell had outside the user namespace that it made last; false where it is in another. */
bool engine_outer_ids(unsigned *user, unsigned *group);

/* "NAME: expected this": a value of an option that cannot be. Returns EX_USAGE, after the usage line. */
int engine_wrong_value(const char *option, const char *value, const char *expected);

/* After an OPTIONS_WRONG: says what is wrong. Returns EX_USAGE, after the usage line. */
int engine_wrong_usage(const char *sentence);

/* A PID in decimal, from 1. */
bool engine_parse_pid(const char *text, pid_t *pid);

/* A user or group, by number or name. */
#define EXPECTED_USER  "expected a user name or a UID from 0 to 4294967294"
#define EXPECTED_GROUP "expected a group name or a GID from 0 to 4294967294"
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
