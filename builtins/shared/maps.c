#include "shared/maps.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "shared/engine.h"
#include "system/proc.h"
#include "namespaces/subid.h"

static enum setgroups parse_setgroups(const char *text)
{
    if (strcmp(text, "allow") == 0)
        return SETGROUPS_ALLOW;
    return strcmp(text, "deny") == 0 ? SETGROUPS_DENY : SETGROUPS_UNSAID;
}

static const char *take_range(struct map_side *side, const char *argument)
{
    if (side->ranges == IDMAP_RANGES)
        return "the kernel takes 340 ranges at most";
    const char *wrong = id_range_parse(&side->range[side->ranges], argument);
    if (!wrong)
        side->ranges++;
    return wrong;
}

static const char *take_ranges(struct map_side *side, const char *argument)
{
    bool *word = strcmp(argument, "auto") == 0     ? &side->automatic
                 : strcmp(argument, "subids") == 0 ? &side->subids
                 : strcmp(argument, "all") == 0    ? &side->all
                                                   : NULL;

    if (!word)
        return take_range(side, argument);
    *word = true;
    return NULL;
}

static const char *take_user(struct mapped *user, const char *argument)
{
    *user = (struct mapped){.wanted = true};
    return engine_parse_user(argument, &user->inner) ? NULL : EXPECTED_USER;
}

static const char *take_group(struct mapped *group, const char *argument)
{
    *group = (struct mapped){.wanted = true};
    return engine_parse_group(argument, &group->inner) ? NULL : EXPECTED_GROUP;
}

static void init_side(struct map_side *side)
{
    memset(side, 0, offsetof(struct map_side, range));
}

void maps_init(struct map_request *request)
{
    init_side(&request->users);
    init_side(&request->groups);
    request->setgroups = SETGROUPS_UNSAID;
    request->by_privileged = false;
}

bool maps_option(struct map_request *request, int id, const char *argument, const char **wrong)
{
    *wrong = NULL;
    switch (id) {
    case 'r':
    case 'c':
        request->users.own = request->groups.own = (struct mapped){.wanted = true, .to_itself = id == 'c'};
        return true;
    case OPT_MAP_USER:
        *wrong = take_user(&request->users.own, argument);
        return true;
    case OPT_MAP_GROUP:
        *wrong = take_group(&request->groups.own, argument);
        return true;
    case OPT_MAP_USERS:
        *wrong = take_ranges(&request->users, argument);
        return true;
    case OPT_MAP_GROUPS:
        *wrong = take_ranges(&request->groups, argument);
        return true;
    case OPT_MAP_AUTO:
        request->users.automatic = request->groups.automatic = true;
        return true;
    case OPT_MAP_SUBIDS:
        request->users.subids = request->groups.subids = true;
        return true;
    case OPT_SETGROUPS:
        request->setgroups = parse_setgroups(argument);
        *wrong = request->setgroups == SETGROUPS_UNSAID ? "expected allow or deny" : NULL;
        return true;
    default:
        return false;
    }
}

static bool asks_for_ranges(const struct map_side *side)
{
    return side->ranges > 0 || side->automatic || side->subids || side->all;
}

bool maps_asked(const struct map_request *request)
{
    return request->users.own.wanted || request->groups.own.wanted || asks_for_ranges(&request->users)
           || asks_for_ranges(&request->groups);
}

/* The ranges of one side, all looked up. */
struct ranges {
    size_t count;
    struct id_range range[2 * IDMAP_RANGES + 2];
};

static int add_subids(struct ranges *ranges, enum subid kind, uid_t user, bool anywhere)
{
    struct id_range *range = &ranges->range[ranges->count];

    if (subid_first(kind, user, &range->outer, &range->count) < 0) {
        const char *file = kind == SUBID_UID ? "/etc/subuid" : "/etc/subgid";
        if (errno == ENOENT)
            builtin_error("user %u has no subordinate %s: a line in %s gives some (usermod(8))", (unsigned)user,
                          kind == SUBID_UID ? "UIDs" : "GIDs", file);
        else
            builtin_error("cannot look up subordinate %s: %s", kind == SUBID_UID ? "UIDs" : "GIDs", strerror(errno));
        return EXECUTION_FAILURE;
    }
    range->inner = anywhere ? ID_ANYWHERE : range->outer;
    ranges->count++;
    return EXECUTION_SUCCESS;
}

/* All that there are here: what the map of this user namespace calls inner is outer to the next. */
static int add_all(struct ranges *ranges, const char *file)
{
    static struct idmap here;
    char text[2 * IDMAP_TEXT];
    int proc = proc_open(0);
    bool known = proc >= 0 && proc_read(proc, file, text, sizeof text) >= 0 && idmap_parse(&here, text);

    if (proc >= 0)
        close(proc);
    if (!known) {
        builtin_error("cannot read /proc/self/%s: %s", file, strerror(errno));
        return EXECUTION_FAILURE;
    }
    for (size_t i = 0; i < here.ranges; i++)
        ranges->range[ranges->count++] =
            (struct id_range){here.range[i].inner, here.range[i].inner, here.range[i].count};
    return EXECUTION_SUCCESS;
}

static int look_up(const struct map_side *side, enum subid kind, uid_t user, struct ranges *ranges)
{
    int status = EXECUTION_SUCCESS;

    ranges->count = side->ranges;
    memcpy(ranges->range, side->range, side->ranges * sizeof *side->range);
    if (side->automatic)
        status = add_subids(ranges, kind, user, true);
    if (status == EXECUTION_SUCCESS && side->subids)
        status = add_subids(ranges, kind, user, false);
    if (status == EXECUTION_SUCCESS && side->all)
        status = add_all(ranges, kind == SUBID_UID ? "uid_map" : "gid_map");
    return status;
}

static int resolve_side(const struct map_side *side, enum subid kind, uid_t user, unsigned outer, struct idmap *map)
{
    static struct ranges ranges; /* large */
    struct id_range own = {side->own.to_itself ? outer : side->own.inner, outer, side->own.wanted};
    int status = look_up(side, kind, user, &ranges);

    map->ranges = 0;
    if (status != EXECUTION_SUCCESS)
        return status;
    const char *wrong = idmap_add_around(map, own, ranges.range, ranges.count);
    if (!wrong)
        return EXECUTION_SUCCESS;
    return engine_wrong_value(kind == SUBID_UID ? "--map-users" : "--map-groups", "all of them together", wrong);
}

/*
 * An unprivileged process may write its one GID only where setgroups(2) is denied, and unshare(1) denies it to root too.
 * With ranges, newgidmap(1) decides.
 */
int maps_resolve(const struct map_request *request, unsigned outer_user, unsigned outer_group, struct idmaps *maps)
{
    bool single = request->groups.own.wanted && !asks_for_ranges(&request->groups) && !request->by_privileged;

    if (single && request->setgroups == SETGROUPS_ALLOW)
        return engine_wrong_usage("--setgroups=allow and --map-group (-r, -c) exclude each other");
    maps->setgroups = single ? SETGROUPS_DENY : request->setgroups;
    int status = resolve_side(&request->users, SUBID_UID, outer_user, outer_user, &maps->users);
    if (status != EXECUTION_SUCCESS)
        return status;
    return resolve_side(&request->groups, SUBID_GID, outer_user, outer_group, &maps->groups);
}
