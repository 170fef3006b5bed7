#include "shared/command.h"
#include "shared/engine.h"
#include "unshare_ns.h"
#include "help/unshare_ns.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "system/number.h"
#include "mounts/network.h"
#include "namespaces/netns.h"
#include "namespaces/prepare.h"

enum { KEPT_MAX = 64 };

/* What the options say, before it becomes a plan. */
struct request {
    bool propagation_said;
    bool clear_env;
    bool kill_child;
    struct comeback comeback;
    size_t kept;
    const char *keep_env[KEPT_MAX + 1]; /* each "NAME,NAME"; NULL-terminated */
    char netns[NETNS_FILE_SIZE];        /* of --netns; "": none */
    int operand;                        /* index of COMMAND in the builtin's words */
    struct plan plan;
    struct map_request maps;
};

static const struct {
    const char *word;
    unsigned long flags;
} propagations[] = {
    {"private", MS_REC | MS_PRIVATE}, {"slave", MS_REC | MS_SLAVE}, {"shared", MS_REC | MS_SHARED}, {"unchanged", 0}};

/* NULL, or what was expected. */
static const char *take_propagation(struct request *request, const char *word)
{
    for (size_t i = 0; i < sizeof propagations / sizeof *propagations; i++) {
        if (strcmp(word, propagations[i].word) != 0)
            continue;
        request->propagation_said = true;
        request->plan.propagation = propagations[i].flags;
        return NULL;
    }
    return "expected slave, shared, private or unchanged";
}

/* NULL, or what was expected. */
static const char *take_word(const char **place, const char *word, size_t longest, const char *expected)
{
    *place = word;
    return *word != '\0' && strlen(word) <= longest ? NULL : expected;
}

/* NULL, or what was expected. */
static const char *take_offset(struct clock_offset *offset, const char *text)
{
    offset->said = true;
    return number_parse_signed(text, &offset->seconds) ? NULL : "expected a number of seconds, which may be negative";
}

/* "UID:GID"; NULL, or what was expected. */
static const char *take_owner(struct plan *plan, const char *text)
{
    char user[NAME_MAX + 1];
    const char *colon = strchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : sizeof user;

    if (length >= sizeof user)
        return "expected UID:GID";
    memcpy(user, text, length);
    user[length] = '\0';
    plan->owner = plan->move =
        engine_parse_user(user, &plan->owner_uid) && engine_parse_group(colon + 1, &plan->owner_gid);
    plan->create |= CLONE_NEWUSER;
    return plan->owner ? NULL : "expected UID:GID, names or numbers";
}

/* NULL, or what was expected. */
static const char *take_death_signal(struct request *request, const char *text)
{
    int signal = text ? shell_signal(text) : SIGKILL;

    request->kill_child = request->plan.move = true;
    request->plan.death_signal = signal;
    return signal > 0 ? NULL : "expected the name or number of a signal";
}

/* NULL, or what was expected. */
static const char *take_sync_fd(struct plan *plan, const char *text)
{
    uint64_t number;

    if (!number_parse(text, INT_MAX, &number))
        return "expected the number of an open descriptor";
    plan->sync_fd = (int)number;
    return fcntl(plan->sync_fd, F_GETFD) < 0 ? "expected an open descriptor; this one is closed" : NULL;
}

/* NULL, or what was expected. */
static const char *take_type(struct plan *plan, const struct nstype *type, const char *file)
{
    plan->create |= type->flag;
    if (file)
        plan->persist[type - nstypes] = file;
    return file && *file == '\0' ? "expected a file" : NULL;
}

/* NULL, or what was expected. */
static const char *take_kept(struct request *request, const char *names)
{
    request->clear_env = true;
    if (request->kept == KEPT_MAX)
        return "this option can be given 64 times at most";
    request->keep_env[request->kept++] = names;
    return NULL;
}

/* How the copy of the shell, and programs, are to be. NULL, or what was expected as the option's argument. */
static const char *take_process_option(struct request *request, int id, const char *argument)
{
    struct plan *plan = &request->plan;

    switch (id) {
    case 'S':
        plan->set_uid = true;
        return engine_parse_user(argument, &plan->credentials.uid) ? NULL : EXPECTED_USER;
    case 'G':
        plan->set_gid = plan->set_groups = true;
        return engine_parse_group(argument, &plan->credentials.gid) ? NULL : EXPECTED_GROUP;
    case OPT_KILL_CHILD:
        return take_death_signal(request, argument);
    case OPT_SYNC_FD:
        return take_sync_fd(plan, argument);
    case OPT_WHITELIST_ENV:
        return take_kept(request, argument);
    case OPT_CLEAR_ENV:
        request->clear_env = true;
        return NULL;
    case OPT_KEEP_CAPS:
        plan->keep_caps = true;
        return NULL;
    case OPT_NO_FORK:
        plan->no_fork = true;
        return NULL;
    case OPT_INIT:
        plan->init = true;
        return NULL;
    case OPT_RETURN:
        return engine_take_comeback(&request->comeback, argument);
    case OPT_NO_RETURN:
        request->comeback.refused = true;
        return NULL;
    case OPT_CHECK:
        plan->check = true;
        return NULL;
    case OPT_FORWARD_SIGNALS:
    case 'f':
        plan->move = true;
        return NULL;
    default:
        return NULL;
    }
}

/* Takes one option. NULL, or what was expected as its argument. */
static const char *take_option(void *place, int id, const char *argument)
{
    struct request *request = place;
    const struct nstype *type = nstype_of_letter(id);
    struct plan *plan = &request->plan;
    const char *wrong;

    if (maps_option(&request->maps, id, argument, &wrong))
        return wrong;
    if (type)
        return take_type(plan, type, argument);
    switch (id) {
    case OPT_PROPAGATION:
        return take_propagation(request, argument);
    case OPT_MOUNT_PROC:
        return take_word(&plan->mount_proc, argument ? argument : "/proc", PATH_MAX, "expected a directory");
    case OPT_MOUNT_BINFMT:
        return take_word(&plan->mount_binfmt, argument ? argument : BINFMT_MISC, PATH_MAX, "expected a directory");
    case 'l':
        return take_word(&plan->load_interp, argument, PATH_MAX,
                         "expected :NAME:TYPE:OFFSET:MAGIC:MASK:INTERPRETER:FLAGS");
    case OPT_MONOTONIC:
        return take_offset(&plan->monotonic, argument);
    case OPT_BOOTTIME:
        return take_offset(&plan->boottime, argument);
    case OPT_OWNER:
        return take_owner(plan, argument);
    case OPT_HOSTNAME:
        return take_word(&plan->hostname, argument, HOST_NAME_MAX, "expected a name of 1 to 64 bytes");
    case 'R':
        return take_word(&plan->root, argument, PATH_MAX, "expected a directory");
    case 'w':
        return take_word(&plan->wd, argument, PATH_MAX, "expected a directory");
    case OPT_NETNS:
        return netns_file(argument, request->netns) ? NULL : EXPECTED_NETNS;
    case OPT_LOOPBACK:
        plan->loopback = true;
        return NULL;
    default:
        return take_process_option(request, id, argument);
    }
}

static bool does_nothing(const struct request *request)
{
    const struct plan *plan = &request->plan;

    return plan_flags(plan) == 0 && !plan->move && !plan->root && !plan->wd && !plan->set_uid && !plan->set_gid
           && !request->clear_env;
}

/* As ip(8) makes it, and then enters it: what is mounted there is in a mount namespace of its own. */
static void name_network(struct request *request)
{
    struct plan *plan = &request->plan;
    const char **file = &plan->persist[nstype_of_flag(CLONE_NEWNET) - nstypes];

    plan->create |= CLONE_NEWNET | CLONE_NEWNS;
    *file = *file ? *file : request->netns;
    plan->new_name = true;
    plan->inside = network_show;
    plan->inside_what = request->netns;
    if (!request->propagation_said)
        plan->propagation = MS_REC | MS_SLAVE; /* the name itself comes to be seen there */
    request->propagation_said = true;
}

/* What the options imply. */
static void complete(struct request *request)
{
    struct plan *plan = &request->plan;

    request->maps.by_privileged = plan->owner;
    if (maps_asked(&request->maps))
        plan->create |= CLONE_NEWUSER;
    if (plan->load_interp && !plan->mount_binfmt)
        plan->mount_binfmt = BINFMT_MISC;
    if (plan->mount_binfmt)
        plan->create |= CLONE_NEWUSER | CLONE_NEWNS;
    if (plan->mount_binfmt && strcmp(plan->mount_binfmt, BINFMT_MISC) == 0 && !plan->mount_proc)
        plan->mount_proc = "/proc"; /* the present one belongs to another user namespace */
    if (plan->mount_proc)
        plan->create |= CLONE_NEWNS;
    if (plan->hostname)
        plan->create |= CLONE_NEWUTS;
    if (plan->loopback)
        plan->create |= CLONE_NEWNET;
    if (*request->netns)
        name_network(request);
    if (!request->propagation_said && (plan->create & CLONE_NEWNS))
        plan->propagation = MS_REC | MS_PRIVATE;
    if (!(plan->create & CLONE_NEWUSER))
        plan->keep_caps = false; /* as unshare(1) has it: it is about what a user namespace gives */
}

/* EXECUTION_SUCCESS where the request makes sense; else all has been said. */
static int check(struct request *request)
{
    const char *wrong = does_nothing(request) ? "no namespace is named" : NULL;

    if (!wrong && request->maps.setgroups != SETGROUPS_UNSAID && !(request->plan.create & CLONE_NEWUSER))
        wrong = "--setgroups needs --user";
    if (!wrong && *request->netns && request->plan.persist[nstype_of_flag(CLONE_NEWNET) - nstypes] != request->netns)
        wrong = "--netns and --net=FILE exclude each other";
    if (!wrong && *request->netns && plan_mounts_outside(&request->plan))
        wrong = "with --netns, --propagation must be slave or private, or its mounts would be seen outside";
    if (!wrong)
        wrong = plan_contradiction(&request->plan);
    if (wrong)
        return engine_wrong_usage(wrong);
    if (!(request->plan.create & CLONE_NEWUSER))
        return EXECUTION_SUCCESS;
    return maps_resolve(&request->maps, geteuid(), getegid(), &request->plan.maps);
}

static int parse(void *place, WORD_LIST *list)
{
    struct request *request = place;

    memset(request, 0, offsetof(struct request, plan));
    plan_init(&request->plan);
    maps_init(&request->maps);
    int status = engine_options(&table, list, take_option, request, &request->operand);
    if (status != EXECUTION_SUCCESS)
        return status;
    complete(request);
    return check(request);
}

static int spawn_command(void *place, WORD_LIST *command)
{
    struct request *request = place;

    if (!spawn_serves(&request->plan))
        return EXECUTION_SUCCESS;
    if (request->kill_child)
        shell_die_with_caller(request->plan.death_signal);
    if (request->clear_env)
        shell_clear_environment(request->keep_env);
    return engine_spawn(&request->plan, command);
}

static int carry_out(void *place)
{
    struct request *request = place;

    if (request->kill_child)
        shell_die_with_caller(request->plan.death_signal);
    int status = engine_carry_out(&request->plan, &request->comeback);

    if (status == EXECUTION_SUCCESS && request->clear_env && !request->plan.check)
        shell_clear_environment(request->keep_env);
    return status;
}

static int unshare_ns_builtin(WORD_LIST *list)
{
    static struct request request; /* large */
    static const struct errand errand = {
        .name = "unshare_ns",
        .request = &request,
        .size = sizeof request,
        .parse = parse,
        .operand = &request.operand,
        .check = &request.plan.check,
        .comeback = &request.comeback,
        .spawn = spawn_command,
        .carry_out = carry_out,
    };

    return command_run_errand(&errand, list);
}

BUILTIN(unshare_ns);
