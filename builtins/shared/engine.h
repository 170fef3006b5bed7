/* Between bash and the engine: what unshare_ns, nsenter_ns and nsmap share. */
#ifndef ENGINE_H
#define ENGINE_H

#include "shell/shell.h"

#include "namespaces/land.h"
#include "failure.h"
#include "shared/options.h"
#include "namespaces/plan.h"

/* The inode number of the shell's user namespace; 0: there is no /proc to tell. */
ino_t engine_user_namespace(void);

/* The IDs that this shell had outside the user namespace that it made last; false where it is in another. */
bool engine_outer_ids(unsigned *user, unsigned *group);

/* Says how the running builtin is called, after it has been said what is wrong. Returns EX_USAGE. */
int engine_usage(void);

/* "NAME: expected this": a value of an option that cannot be. Returns EX_USAGE, after the usage line. */
int engine_wrong_value(const char *option, const char *value, const char *expected);

/* What errno says, and what to do about a /proc that is not ours. Valid until the next call. */
const char *engine_reason(void);

/* A sentence about the options. Returns EX_USAGE, after the usage line. */
int engine_wrong_usage(const char *sentence);

/* Takes one option into a builtin's request. NULL, or what was expected as its argument. */
typedef const char *engine_take(void *request, int id, const char *argument);

/*
 * Parses the builtin's words; what is taken of them belongs to the words. *operand: the index of the first that is no
 * option, in any case. EXECUTION_SUCCESS, or EX_USAGE after it has been said what is wrong, or helped.
 */
int engine_options(const struct option_table *table, WORD_LIST *list, engine_take *take, void *request, int *operand);

/* A user or group, by number or name. */
#define EXPECTED_USER  "expected a user name or a UID from 0 to 4294967294"
#define EXPECTED_GROUP "expected a group name or a GID from 0 to 4294967294"
#define EXPECTED_NETNS "expected a name of 1 to 255 bytes without /, and not . or .."
bool engine_parse_user(const char *text, unsigned *id);
bool engine_parse_group(const char *text, unsigned *id);

/* The argument of --return; NULL, or what was expected. */
const char *engine_take_comeback(struct comeback *comeback, const char *variable);

/* The builtin's words from this operand on, as those of COMMAND; NULL: there is none. */
WORD_LIST *engine_operands(WORD_LIST *list, int operand);

/* Says what failed of a plan, of the room whose step it is, or without one. Returns EXECUTION_FAILURE. */
int engine_failed(const void *plan, const struct failure *why);

/* As land(), with the shell made true; the shell that stays outside supervises from then on, and does not return. */
enum landing engine_land(const struct plan *plan, struct failure *why);

/*
 * Carries out a plan and frees it, and makes the shell true. Says what failed. EXECUTION_SUCCESS or _FAILURE; or in a
 * shell that stays, as shell_stay() has it, never success. comeback: NULL where the plan never moves, and nobody asks for it.
 */
int engine_carry_out(struct plan *plan, const struct comeback *comeback);

/*
 * Carries out a plan that spawn_serves(), where COMMAND is a program, and then does not return, but supervises. EXECUTION_SUCCESS
 * where a copy of this process is to do it; _FAILURE after saying why none is.
 */
int engine_spawn(const struct plan *plan, WORD_LIST *command);

/*
 * What bash looks for in the library when it is told to `enable -f ... NAME`: the builtin, whose function is
 * NAME_builtin() and whose texts are those of help/NAME.h, and what decides whether it may be loaded.
 */
#define BUILTIN(NAME)                             \
    EXPORTED struct builtin NAME##_struct = {     \
        .name = (char *)#NAME,                    \
        .function = NAME##_builtin,               \
        .flags = BUILTIN_ENABLED,                 \
        .long_doc = help_document,                \
        .short_doc = help_usage,                  \
    };                                            \
    EXPORTED int NAME##_builtin_load(char *name); \
    int NAME##_builtin_load(char *name)           \
    {                                             \
        return shell_is_ours(name);               \
    }                                             \
    struct builtin NAME##_struct /* for the semicolon */

#endif
