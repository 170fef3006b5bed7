#include "engine.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diagnose.h"
#include "enter.h"
#include "proc.h"

bool engine_parse_pid(const char *text, pid_t *pid)
{
    unsigned number;

    if (!id_parse(text, &number) || number < 1 || number > INT_MAX)
        return false;
    *pid = (pid_t)number;
    return true;
}

/* A name that is all digits is a number, as in chown(1). */
bool engine_parse_user(const char *text, unsigned *id)
{
    struct passwd *entry = id_parse(text, id) ? NULL : getpwnam(text);

    if (entry)
        *id = entry->pw_uid;
    return entry || id_parse(text, id);
}

bool engine_parse_group(const char *text, unsigned *id)
{
    struct group *entry = id_parse(text, id) ? NULL : getgrnam(text);

    if (entry)
        *id = entry->gr_gid;
    return entry || id_parse(text, id);
}

static enum setgroups parse_setgroups(const char *text)
{
    if (strcmp(text, "allow") == 0)
        return SETGROUPS_ALLOW;
    return strcmp(text, "deny") == 0 ? SETGROUPS_DENY : SETGROUPS_UNSAID;
}

static const char *take_user(struct mapped *user, const char *argument)
{
    *user = (struct mapped){.wanted = true};
    return engine_parse_user(argument, &user->inner) ? NULL : "expected a user name or a UID from 0 to 4294967294";
}

static const char *take_group(struct mapped *group, const char *argument)
{
    *group = (struct mapped){.wanted = true};
    return engine_parse_group(argument, &group->inner) ? NULL : "expected a group name or a GID from 0 to 4294967294";
}

bool engine_map_option(struct map_request *request, int id, const char *argument, const char **wrong)
{
    *wrong = NULL;
    switch (id) {
    case 'r':
    case 'c':
        request->user = request->group = (struct mapped){.wanted = true, .to_itself = id == 'c'};
        return true;
    case OPT_MAP_USER:
        *wrong = take_user(&request->user, argument);
        return true;
    case OPT_MAP_GROUP:
        *wrong = take_group(&request->group, argument);
        return true;
    case OPT_MAP_USERS:
        *wrong = idmap_add(&request->ranges.users, argument);
        return true;
    case OPT_MAP_GROUPS:
        *wrong = idmap_add(&request->ranges.groups, argument);
        return true;
    case OPT_SETGROUPS:
        request->ranges.setgroups = parse_setgroups(argument);
        *wrong = request->ranges.setgroups == SETGROUPS_UNSAID ? "expected allow or deny" : NULL;
        return true;
    default:
        return false;
    }
}

bool engine_maps_ids(const struct map_request *request)
{
    return request->user.wanted || request->group.wanted || request->ranges.users.ranges > 0
           || request->ranges.groups.ranges > 0;
}

static const char *add_mapped(struct idmap *map, const struct mapped *mapped, unsigned outer_id)
{
    return mapped->wanted ? idmap_add_one(map, mapped->to_itself ? outer_id : mapped->inner, outer_id) : NULL;
}

/* An unprivileged process may write gid_map only where setgroups(2) is denied; unshare(1) denies it for every single GID. */
const char *engine_maps(const struct map_request *request, unsigned outer_user, unsigned outer_group,
                        struct idmaps *maps)
{
    *maps = request->ranges;
    if (request->group.wanted && maps->setgroups == SETGROUPS_ALLOW)
        return "--setgroups=allow and --map-group exclude each other";
    if (add_mapped(&maps->users, &request->user, outer_user))
        return "--map-user and --map-users overlap";
    if (add_mapped(&maps->groups, &request->group, outer_group))
        return "--map-group and --map-groups overlap";
    if (request->group.wanted)
        maps->setgroups = SETGROUPS_DENY;
    return NULL;
}

/* From inside an unmapped user namespace, the kernel no longer tells who one is outside. */
static struct {
    ino_t namespace;
    unsigned user, group;
} outer;

static ino_t user_namespace(void)
{
    struct stat status;

    return stat("/proc/self/ns/user", &status) < 0 ? 0 : status.st_ino;
}

bool engine_outer_ids(unsigned *user, unsigned *group)
{
    *user = outer.user;
    *group = outer.group;
    return outer.namespace != 0 && outer.namespace == user_namespace();
}

int engine_wrong_usage(const char *sentence)
{
    builtin_error("%s", sentence);
    builtin_usage();
    return EX_USAGE;
}

int engine_wrong_value(const char *option, const char *value, const char *expected)
{
    builtin_error("%s: %s: %s", option, value, expected);
    builtin_usage();
    return EX_USAGE;
}

WORD_LIST *engine_command(WORD_LIST *list, int operand)
{
    for (int i = 1; i < operand && list; i++)
        list = list->next;
    return list;
}

/* In the shell that stays outside, this does not return. */
static enum landing land_and_sync(const struct plan *plan, struct failure *why)
{
    struct shell_view view;
    pid_t moved;

    shell_before_landing(&view);
    enum landing landing = land(plan, &moved, why);
    if (landing == LANDING_LEFT)
        shell_stay_as_supervisor(moved);
    if (landing == LANDING_MOVED)
        shell_became_copy();
    shell_after_landing(&view, landing == LANDING_FAILED ? NULL : plan);
    return landing;
}

int engine_failed(const struct plan *plan, const struct failure *why)
{
    char sentence[1400];

    builtin_error("%s", diagnose(plan, why, sentence, sizeof sentence));
    return EXECUTION_FAILURE;
}

int engine_carry_out(struct plan *plan)
{
    struct failure why;
    unsigned user = geteuid(), group = getegid();

    bool failed = land_and_sync(plan, &why) == LANDING_FAILED;
    if (failed)
        engine_failed(plan, &why);
    plan_free(plan);
    if (failed)
        return EXECUTION_FAILURE;
    if (plan->create & CLONE_NEWUSER) {
        outer.namespace = user_namespace();
        outer.user = user;
        outer.group = group;
    }
    return EXECUTION_SUCCESS;
}

int engine_load(struct builtin *builtin, const struct option_table *table, struct option_help *help)
{
    options_help(table, help);
    builtin->short_doc = help->usage;
    builtin->long_doc = help->lines;
    return shell_is_ours(table->name);
}
