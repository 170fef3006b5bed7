#include "shared/engine.h"
#include "nsmap.h"
#include "help/nsmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsmap_facts.h"
#include "nsmap_list.h"
#include "namespaces/nsref.h"
#include "system/proc.h"
#include "system/signals.h"
#include "shared/target.h"

struct request {
    struct target_name target; /* none: the shell */
    const struct nstype *same;
    struct target_name between[2];
    const char *array;
    bool print, pid;
    bool list, json;
    int types; /* CLONE_NEW* flags: to be listed */
    struct map_request maps;
};

#define EXPECTED_TYPE "expected user, mount, uts, ipc, net, pid, cgroup or time"

/* Takes one option. NULL, or what was expected as its argument. */
static const char *take_option(void *place, int id, const char *argument)
{
    struct request *request = place;
    const char *wrong;

    if (maps_option(&request->maps, id, argument, &wrong))
        return wrong;
    switch (id) {
    case 't':
        return target_parse(&request->target, argument);
    case OPT_SAME:
        request->same = nstype_of_name(argument);
        return request->same ? NULL : EXPECTED_TYPE;
    case 'A':
        request->array = argument;
        return legal_identifier(argument) ? NULL : "expected the name of a variable";
    case 'p':
        request->print = true;
        break;
    case OPT_PID:
        request->pid = true;
        break;
    case OPT_LIST:
        request->list = true;
        break;
    case 'J':
        request->json = true;
        break;
    }
    return NULL;
}

static bool writes(const struct request *request)
{
    return maps_asked(&request->maps) || request->maps.setgroups != SETGROUPS_UNSAID;
}

/* In another way than by all that there is to tell. */
static bool shows(const struct request *request)
{
    return request->array || request->print || request->pid;
}

/* A process may stand without --target. EXECUTION_SUCCESS; else all has been said. */
static int take_process(struct request *request, WORD_LIST *operands)
{
    if (!operands)
        return EXECUTION_SUCCESS;
    if (operands->next || request->target.text)
        return engine_wrong_usage("one process is expected at most");
    const char *wrong = target_parse(&request->target, operands->word->word);
    if (!wrong)
        return EXECUTION_SUCCESS;
    builtin_error("%s: %s", operands->word->word, wrong);
    return engine_usage();
}

/* The types that are listed; without a word, all of them. */
static int take_types(struct request *request, WORD_LIST *words)
{
    for (size_t i = 0; !words && i < NS_TYPES; i++)
        request->types |= nstypes[i].flag;
    for (; words; words = words->next) {
        const struct nstype *type = nstype_of_name(words->word->word);
        if (!type)
            return engine_wrong_value("--list", words->word->word, EXPECTED_TYPE);
        request->types |= type->flag;
    }
    return EXECUTION_SUCCESS;
}

/* The two that are compared. EXECUTION_SUCCESS; else all has been said. */
static int take_both(struct request *request, WORD_LIST *operands)
{
    if (list_length((GENERIC_LIST *)operands) != 2)
        return engine_wrong_usage("--same expects two processes");
    for (int i = 0; i < 2; i++, operands = operands->next) {
        const char *wrong = target_parse(&request->between[i], operands->word->word);
        if (wrong)
            return engine_wrong_value("--same", operands->word->word, wrong);
        if (target_settle(&request->between[i]) != EXECUTION_SUCCESS)
            return EX_USAGE; /* that it cannot be told */
    }
    return EXECUTION_SUCCESS;
}

/* NULL, or the sentence that names the options that contradict each other. */
static const char *contradiction(const struct request *request)
{
    if ((request->array != NULL) + request->print + request->pid > 1)
        return "--array, --print and --pid exclude each other";
    if (writes(request) && shows(request))
        return "a process is looked at (--array, --print, --pid), or its maps are written, not both at once";
    if (request->same && (shows(request) || request->target.text || writes(request)))
        return "--same goes with no other option";
    if (request->list && (request->print || request->pid || request->same || request->target.text || writes(request)))
        return "--list goes with --array and --json only";
    if (request->json && (!request->list || request->array))
        return "--json goes with --list, and without --array";
    return NULL;
}

/* EXECUTION_SUCCESS where the request can be carried out; else all has been said. */
static int parse(struct request *request, WORD_LIST *list)
{
    const char *wrong;
    int operand;

    memset(request, 0, offsetof(struct request, maps));
    maps_init(&request->maps);
    int status = engine_options(&table, list, take_option, request, &operand);
    if (status == EXECUTION_SUCCESS && (wrong = contradiction(request)))
        status = engine_wrong_usage(wrong);
    if (status == EXECUTION_SUCCESS) {
        WORD_LIST *operands = engine_operands(list, operand);
        status = request->list   ? take_types(request, operands)
                 : request->same ? take_both(request, operands)
                                 : take_process(request, operands);
    }
    return status == EXECUTION_SUCCESS ? target_settle(&request->target) : status;
}

static int cannot_look(const struct target_name *name)
{
    builtin_error("%s: %s", name->text ? name->text : "/proc", engine_reason());
    return EXECUTION_FAILURE;
}

/* It may be in no PID namespace that is seen from here: its pidfd was given. */
static int show_pid(const struct request *request, const struct target *target)
{
    if (target->pid > 0) {
        printf("%d\n", (int)target->pid);
        return EXECUTION_SUCCESS;
    }
    builtin_error("%s: it has no number in this PID namespace", request->target.text);
    return EXECUTION_FAILURE;
}

static int show(const struct request *request, int proc, const struct target *target)
{
    int status = EXECUTION_SUCCESS;

    if (process_look(proc, target->pid) < 0) {
        if (errno == ENOENT)
            errno = target_why_missing(target);
        status = cannot_look(&request->target);
    } else if (request->array) {
        status = process_store(request->array);
    } else if (request->print) {
        process_print_replayable();
    } else {
        process_print();
    }
    process_forget();
    return status;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* Another user namespace is mapped from here, the shell's own from what the shell was before it unshared. */
static bool outer_ids(const struct request *request, bool own, unsigned *user, unsigned *group)
{
    *user = geteuid();
    *group = getegid();
    if (!own || !(request->maps.users.own.wanted || request->maps.groups.own.wanted) || engine_outer_ids(user, group))
        return true;
    builtin_error("the IDs outside are not known: this shell did not make its user namespace; say --map-users and "
                  "--map-groups");
    return false;
}

/* The kernel lets a process in the namespace map one ID: the capability for more is one of the namespace around it. */
static bool is_possible_inside(const struct idmap *map)
{
    return map->ranges == 0 || (map->ranges == 1 && map->range[0].count == 1);
}

/*
 * The process in the namespace may map its own IDs as they are outside, its group only where setgroups(2) is denied. The
 * kernel would find out after a half was written.
 */
static bool is_own_inside(const struct idmaps *maps, bool denied)
{
    unsigned user, group;
    bool told = engine_outer_ids(&user, &group);

    if (!is_possible_inside(&maps->users) || !is_possible_inside(&maps->groups))
        builtin_error("more than one ID is mapped from outside: by another process (nsmap -t), or at once with "
                      "unshare_ns --map-users --map-groups");
    else if (maps->groups.ranges > 0 && !denied && maps->setgroups != SETGROUPS_DENY)
        builtin_error("a group is mapped from inside only where setgroups(2) is denied: say --setgroups=deny");
    else if (told && maps->users.ranges > 0 && maps->users.range[0].outer != user)
        builtin_error("from inside, only the shell's own user can be mapped, which is %u outside", user);
    else if (told && maps->groups.ranges > 0 && maps->groups.range[0].outer != group)
        builtin_error("from inside, only the shell's own group can be mapped, which is %u outside", group);
    else
        return true;
    return false;
}

/* A map is written once, and half of it cannot be taken back: so look first. */
static bool is_writable(int proc, bool own, const struct idmaps *maps)
{
    char text[IDMAP_TEXT], setgroups[16];
    bool has_users = process_read_map(proc, "uid_map", text) && *text;
    bool has_groups = process_read_map(proc, "gid_map", text) && *text;
    bool denied = process_read_setgroups(proc, setgroups, sizeof setgroups) && strcmp(setgroups, "deny") == 0;

    if (maps->users.ranges > 0 && has_users)
        builtin_error("the user namespace has a uid_map already, and takes only one");
    else if (maps->groups.ranges > 0 && has_groups)
        builtin_error("the user namespace has a gid_map already, and takes only one");
    else if (maps->setgroups == SETGROUPS_ALLOW && denied)
        builtin_error("the user namespace denies setgroups(2) already, which is for good");
    else if (maps->setgroups == SETGROUPS_DENY && has_groups)
        builtin_error("the user namespace has a gid_map already, and setgroups(2) is denied before that");
    else
        return !own || is_own_inside(maps, denied);
    return false;
}

/* True where a user namespace that the shell makes has the same one around it. */
static bool is_child_of_own(int proc)
{
    int user = openat(proc, "ns/user", O_RDONLY | O_CLOEXEC);
    int parent = user < 0 ? -1 : nsref_owner(user);
    bool is_child = parent >= 0 && nsref_is_own(parent, nstype_of_flag(CLONE_NEWUSER));

    if (user >= 0)
        close(user);
    if (parent >= 0)
        close(parent);
    return is_child;
}

/*
 * The maps and setgroups are written one by one, and each can be refused, by the kernel or by newgidmap(1). So they are
 * written to a helper of the shell's first. False: they were refused, and it has been said why.
 */
static bool rehearse(const struct idmaps *maps)
{
    static struct plan plan; /* large */
    struct failure why;

    plan_init(&plan);
    plan.create = CLONE_NEWUSER;
    plan.check = true;
    plan.maps = *maps;
    if (engine_land(&plan, &why) != LANDING_FAILED || !idmaps_step(why.step))
        return true; /* or the shell may make no user namespace, but write maps all the same */
    engine_failed(&plan, &why);
    return false;
}

static bool has_steps(const struct idmaps *maps)
{
    return (maps->users.ranges > 0) + (maps->groups.ranges > 0) + (maps->setgroups != SETGROUPS_UNSAID) > 1;
}

static int write_maps(const struct request *request, int proc, pid_t pid)
{
    static struct idmaps maps;
    struct signals_held held;
    struct failure why;
    unsigned user, group;
    bool own = !request->target.text || proc_inode(proc, "ns/user") == engine_user_namespace();

    if (!outer_ids(request, own, &user, &group))
        return EXECUTION_FAILURE;
    int status = maps_resolve(&request->maps, user, group, &maps);
    if (status != EXECUTION_SUCCESS)
        return status;
    if (!is_writable(proc, own, &maps) || (has_steps(&maps) && is_child_of_own(proc) && !rehearse(&maps)))
        return EXECUTION_FAILURE;
    signals_hold(&held);
    status = idmaps_write(proc, pid, &maps, &held.awake, &why);
    signals_release(&held);
    if (own)
        shell_sync_ids(); /* whatever has been written */
    return status < 0 ? engine_failed(NULL, &why) : EXECUTION_SUCCESS;
}

/* --- comparing -------------------------------------------------------------------------------------------------- */

/* The inode number of a process's namespace; 0 after it has been said why not. */
static ino_t inode_of(const struct target_name *name, const struct nstype *type)
{
    struct target target;
    struct stat status;

    if (target_find(name, &target) != EXECUTION_SUCCESS)
        return 0;
    int fd = target_namespace(&target, type);
    ino_t inode = fd < 0 || fstat(fd, &status) < 0 ? 0 : status.st_ino;
    if (inode == 0)
        cannot_look(name);
    if (fd >= 0)
        close(fd);
    close(target.pidfd);
    return inode;
}

static int compare(const struct request *request)
{
    ino_t a = inode_of(&request->between[0], request->same);
    ino_t b = a == 0 ? 0 : inode_of(&request->between[1], request->same);

    if (a == 0 || b == 0)
        return EX_USAGE;
    return a == b ? EXECUTION_SUCCESS : EXECUTION_FAILURE;
}

/* --- the builtin ------------------------------------------------------------------------------------------------ */

static int show_or_write(const struct request *request)
{
    struct target target = {.pid = getpid(), .pidfd = -1};

    if (request->target.text && target_find(&request->target, &target) != EXECUTION_SUCCESS)
        return EXECUTION_FAILURE;
    if (request->pid) {
        int status = show_pid(request, &target);
        if (target.pidfd >= 0)
            close(target.pidfd);
        return status;
    }
    int proc = request->target.text ? target_proc(&target) : proc_open(0);
    int status = proc < 0          ? cannot_look(&request->target)
                 : writes(request) ? write_maps(request, proc, target.pid)
                                   : show(request, proc, &target);
    if (proc >= 0)
        close(proc);
    if (target.pidfd >= 0)
        close(target.pidfd);
    return status;
}

static int nsmap_builtin(WORD_LIST *list)
{
    static struct request request; /* large */
    int status = parse(&request, list);

    if (status != EXECUTION_SUCCESS)
        return status;
    if (request.same)
        return compare(&request);
    return sh_chkwrite(request.list ? list_show(request.types, request.array, request.json) : show_or_write(&request));
}

BUILTIN(nsmap);
