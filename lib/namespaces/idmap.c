#include "namespaces/idmap.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "namespaces/steps.h"
#include "system/caps.h"
#include "system/number.h"
#include "system/proc.h"
#include "system/program.h"

/* An ID, or a count of them, at the start of text. Returns what follows, or NULL. */
static const char *read_id(const char *text, uint64_t limit, unsigned *id)
{
    uint64_t number;
    const char *end = number_read(text, limit, &number);

    if (end)
        *id = (unsigned)number;
    return end;
}

bool id_parse(const char *text, unsigned *id)
{
    const char *end = read_id(text, UINT32_MAX - 1, id);

    return end && *end == '\0';
}

static bool overlap(unsigned a, unsigned b, const struct id_range *one, const struct id_range *other)
{
    return a < (uint64_t)b + other->count && b < (uint64_t)a + one->count;
}

const char *idmap_add(struct idmap *map, struct id_range added)
{
    if (added.count == 0)
        return NULL; /* which a script may come to */
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

const char *id_range_parse(struct id_range *range, const char *text)
{
    unsigned part[3];
    const char separator = strchr(text, ',') ? ',' : ':';

    for (int i = 0; i < 3; i++) {
        text = read_id(text, UINT32_MAX, &part[i]);
        if (!text || *text != (i < 2 ? separator : '\0'))
            return "expected INNER:OUTER:COUNT or OUTER,INNER,COUNT";
        text++;
    }
    *range =
        separator == ':' ? (struct id_range){part[0], part[1], part[2]} : (struct id_range){part[1], part[0], part[2]};
    return idmap_add(&(struct idmap){0}, *range); /* wrong in itself? */
}

/* How many numbers are left from `at` on, before `end` and before the one that is taken. */
static uint64_t room(uint64_t at, uint64_t end, uint64_t taken)
{
    return (taken >= at && taken < end ? taken : end) - at;
}

/* Deals the range's outer numbers out to its inner ones, without the two that are taken. */
static const char *add_without(struct idmap *map, struct id_range one, struct id_range range)
{
    bool anywhere = range.inner == ID_ANYWHERE;
    uint64_t inner = anywhere ? 0 : range.inner, inner_end = anywhere ? UINT32_MAX : inner + range.count;
    uint64_t outer = range.outer, outer_end = outer + range.count;

    while (inner < inner_end && outer < outer_end) {
        uint64_t inner_room = room(inner, inner_end, one.inner), outer_room = room(outer, outer_end, one.outer);
        uint64_t count = inner_room < outer_room ? inner_room : outer_room;
        const char *wrong = idmap_add(map, (struct id_range){(unsigned)inner, (unsigned)outer, (unsigned)count});
        if (wrong)
            return wrong;
        inner += inner_room == count && inner_room < inner_end - inner ? count + 1 : count;
        outer += outer_room == count && outer_room < outer_end - outer ? count + 1 : count;
    }
    return NULL;
}

const char *idmap_add_around(struct idmap *map, struct id_range one, const struct id_range *ranges, size_t count)
{
    char text[IDMAP_TEXT];
    const char *wrong = idmap_add(map, one);

    if (one.count == 0)
        one.inner = one.outer = ID_ANYWHERE; /* in no range */
    for (size_t i = 0; !wrong && i < count; i++)
        wrong = add_without(map, one, ranges[i]);
    if (!wrong && strlen(idmap_format(map, text)) >= (size_t)sysconf(_SC_PAGESIZE))
        return "the kernel takes less than a page of text"; /* user_namespaces(7) */
    return wrong;
}

bool idmap_parse(struct idmap *map, const char *text)
{
    map->ranges = 0;
    while (*(text += strspn(text, " \n"))) {
        unsigned part[3];
        for (int i = 0; i < 3; i++) {
            text = read_id(text + strspn(text, " "), UINT32_MAX, &part[i]);
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

void idmaps_init(struct idmaps *maps)
{
    maps->users.ranges = maps->groups.ranges = 0;
    maps->setgroups = SETGROUPS_UNSAID;
}

bool idmaps_wanted(const struct idmaps *maps)
{
    return maps->users.ranges > 0 || maps->groups.ranges > 0 || maps->setgroups != SETGROUPS_UNSAID;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* newuidmap(1) and newgidmap(1) are the system's own, set-user-ID: they know which ranges the user may map. */
struct map_file {
    const char *name, *program;
    const struct step *direct, *through_program;
};

static const struct map_file uid_map = {"uid_map", "newuidmap", &step_uid_map, &step_newuidmap};
static const struct map_file gid_map = {"gid_map", "newgidmap", &step_gid_map, &step_newgidmap};

static bool is_own(const struct idmap *map, unsigned own)
{
    return map->ranges == 1 && map->range[0].count == 1 && map->range[0].outer == own;
}

/* "newuidmap PID INNER OUTER COUNT ...": the map's text already has the numbers, a blank between. */
static char **program_arguments(const struct map_file *file, pid_t pid, char *numbers)
{
    static char pid_text[16];
    static char *arguments[2 + 3 * IDMAP_RANGES + 1];
    size_t count = 2;

    snprintf(pid_text, sizeof pid_text, "%d", (int)pid);
    arguments[0] = (char *)file->program;
    arguments[1] = pid_text;
    for (char *number = strtok(numbers, " \n"); number; number = strtok(NULL, " \n"))
        arguments[count++] = number;
    arguments[count] = NULL;
    return arguments;
}

/* The program looks the process up in /proc by its number, which must mean the same there. */
static int write_through_program(const struct map_file *file, pid_t pid, char *text, const sigset_t *awake,
                                 struct failure *why)
{
    int proc = proc_open(pid);

    if (proc < 0)
        return fail(why, &step_proc);
    close(proc);
    if (run_program(program_arguments(file, pid, text), awake) == 0)
        return 0;
    fail(why, file->through_program);
    if (why->err == ECANCELED) /* it has said why */
        strcpy(why->said, "the program failed");
    return -1;
}

/* What was written before cannot be taken back. */
static int write_file(int proc, const char *name, const char *text)
{
    int status = -1;

    for (int tries = 0; tries < TRIES && status < 0; tries++)
        status = proc_write(proc, name, text);
    return status;
}

static int write_map(const struct map_file *file, int proc, const struct idmap *map, struct failure *why)
{
    char text[IDMAP_TEXT];

    return map->ranges > 0 && write_file(proc, file->name, idmap_format(map, text)) < 0 ? fail(why, file->direct) : 0;
}

static int write_map_through_program(const struct map_file *file, pid_t pid, const struct idmap *map,
                                     const sigset_t *awake, struct failure *why)
{
    char text[IDMAP_TEXT];

    return map->ranges > 0 ? write_through_program(file, pid, idmap_format(map, text), awake, why) : 0;
}

static int write_setgroups(int proc, const struct idmaps *maps, struct failure *why)
{
    const char *word = maps->setgroups == SETGROUPS_DENY ? "deny" : "allow";

    return maps->setgroups != SETGROUPS_UNSAID && write_file(proc, "setgroups", word) < 0
               ? fail(why, &step_setgroups_file)
               : 0;
}

bool idmaps_step(const struct step *step)
{
    return step == &step_uid_map || step == &step_gid_map || step == &step_newuidmap || step == &step_newgidmap
           || step == &step_setgroups_file;
}

/* user_namespaces(7): what a process may map without privilege. */
static bool users_are_own(const struct idmaps *maps)
{
    return is_own(&maps->users, geteuid());
}

static bool groups_are_own(const struct idmaps *maps)
{
    return maps->setgroups == SETGROUPS_DENY && is_own(&maps->groups, getegid());
}

bool idmaps_are_own(const struct idmaps *maps)
{
    return (maps->users.ranges == 0 || users_are_own(maps)) && (maps->groups.ranges == 0 || groups_are_own(maps));
}

int idmaps_write_own(int proc, const struct idmaps *maps, struct failure *why)
{
    return write_map(&uid_map, proc, &maps->users, why) < 0 || write_setgroups(proc, maps, why) < 0
                   || write_map(&gid_map, proc, &maps->groups, why) < 0
               ? -1
               : 0;
}

int idmaps_write(int proc, pid_t pid, const struct idmaps *maps, const sigset_t *awake, struct failure *why)
{
    bool users_direct = users_are_own(maps) || caps_have(CAP_SETUID);
    bool groups_direct = groups_are_own(maps) || caps_have(CAP_SETGID);
    int status = users_direct ? write_map(&uid_map, proc, &maps->users, why)
                              : write_map_through_program(&uid_map, pid, &maps->users, awake, why);

    if (status < 0 || write_setgroups(proc, maps, why) < 0)
        return -1;
    return groups_direct ? write_map(&gid_map, proc, &maps->groups, why)
                         : write_map_through_program(&gid_map, pid, &maps->groups, awake, why);
}
