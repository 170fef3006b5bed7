#include "idmap.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"

/* Reads digits only: strtoul(3) would take signs and spaces. Stops at the first other character. */
static const char *parse_number(const char *text, uint64_t limit, unsigned *number)
{
    uint64_t value = 0;

    if (*text < '0' || *text > '9')
        return NULL;
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > limit)
            return NULL;
    }
    *number = (unsigned)value;
    return text;
}

bool id_parse(const char *text, unsigned *id)
{
    const char *end = parse_number(text, UINT32_MAX - 1, id);

    return end && *end == '\0';
}

static bool overlap(unsigned a, unsigned b, const struct id_range *one, const struct id_range *other)
{
    return a < (uint64_t)b + other->count && b < (uint64_t)a + one->count;
}

static const char *append(struct idmap *map, struct id_range added)
{
    if (added.count == 0)
        return "the count must be 1 or more";
    if ((uint64_t)added.inner + added.count > UINT32_MAX || (uint64_t)added.outer + added.count > UINT32_MAX)
        return "the range goes beyond ID 4294967294";
    if (map->ranges == IDMAP_RANGES)
        return "the kernel takes 340 ranges at most";
    for (size_t i = 0; i < map->ranges; i++) {
        const struct id_range *old = &map->range[i];
        if (overlap(added.inner, old->inner, &added, old) || overlap(added.outer, old->outer, &added, old))
            return "the range overlaps an earlier one";
    }
    map->range[map->ranges++] = added;
    return NULL;
}

const char *idmap_add(struct idmap *map, const char *text)
{
    unsigned part[3];
    const char separator = strchr(text, ',') ? ',' : ':';

    for (int i = 0; i < 3; i++) {
        text = parse_number(text, UINT32_MAX, &part[i]);
        if (!text || *text != (i < 2 ? separator : '\0'))
            return "expected INNER:OUTER:COUNT or OUTER,INNER,COUNT";
        text++;
    }
    return separator == ':' ? append(map, (struct id_range){part[0], part[1], part[2]})
                            : append(map, (struct id_range){part[1], part[0], part[2]});
}

const char *idmap_add_one(struct idmap *map, unsigned inner, unsigned outer)
{
    return append(map, (struct id_range){inner, outer, 1});
}

bool idmap_parse(struct idmap *map, const char *text)
{
    map->ranges = 0;
    while (*(text += strspn(text, " \n"))) {
        unsigned part[3];
        for (int i = 0; i < 3; i++) {
            text = parse_number(text + strspn(text, " "), UINT32_MAX, &part[i]);
            if (!text)
                return false;
        }
        if (map->ranges == IDMAP_RANGES)
            return false;
        map->range[map->ranges++] = (struct id_range){part[0], part[1], part[2]};
    }
    return true;
}

char *idmap_format(const struct idmap *map, char *text)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < map->ranges; i++) {
        const struct id_range *range = &map->range[i];
        used +=
            (size_t)snprintf(text + used, IDMAP_TEXT - used, "%u %u %u\n", range->inner, range->outer, range->count);
    }
    return text;
}

bool idmaps_wanted(const struct idmaps *maps)
{
    return maps->users.ranges > 0 || maps->groups.ranges > 0 || maps->setgroups != SETGROUPS_UNSAID;
}

int idmaps_write(int proc, const struct idmaps *maps, struct failure *why)
{
    char text[IDMAP_TEXT];

    if (maps->users.ranges > 0 && proc_write(proc, "uid_map", idmap_format(&maps->users, text)) < 0)
        return fail(why, STEP_UID_MAP);
    if (maps->setgroups != SETGROUPS_UNSAID
        && proc_write(proc, "setgroups", maps->setgroups == SETGROUPS_DENY ? "deny" : "allow") < 0)
        return fail(why, STEP_SETGROUPS_FILE);
    if (maps->groups.ranges > 0 && proc_write(proc, "gid_map", idmap_format(&maps->groups, text)) < 0)
        return fail(why, STEP_GID_MAP);
    return 0;
}
