#include "shared/command.h"
#include "shared/engine.h"
#include "nsenter_ns.h"
#include "help/nsenter_ns.h"

#include <stdint.h>
#include <string.h>

#include "nsenter_ns_join.h"

/* Takes a namespace type. NULL, or what was expected. */
static const char *take_type(struct join_request *request, const struct nstype *type, const char *file)
{
    uint64_t id;

    request->types |= type->flag;
    if (file)
        request->files[type - nstypes] = file;
    bool wrong = file && (*file == '\0' || (*file == ':' && !join_parse_id(file, &id)));
    return wrong ? "expected a namespace file, an open descriptor, or :NSID" : NULL;
}

static const char *take_directory(bool *wanted, const char **path, const char *argument)
{
    *wanted = true;
    *path = argument;
    return argument && *argument == '\0' ? "expected a directory" : NULL;
}

static const char *take_identity(struct identity *identity, const char *argument,
                                 bool parse(const char *text, unsigned *id), const char *expected)
{
    *identity = (struct identity){.said = true, .follows = strcmp(argument, "follow") == 0};
    return identity->follows || parse(argument, &identity->id) ? NULL : expected;
}

/* Takes an option without an argument. */
static void take_switch(struct join_request *request, int id)
{
    switch (id) {
    case 'a':
        request->all = true;
        break;
    case 'e':
        request->environment = true;
        break;
    case 'F':
        request->no_fork = true;
        break;
    case OPT_NO_RETURN:
        request->comeback.refused = true;
        break;
    case OPT_CHECK:
        request->check = true;
        break;
    case 'c':
        request->cgroup = true;
        break;
    case 'Z':
        request->context = true;
        break;
    case OPT_VISIT:
        request->visit = true;
        break;
    case OPT_NETNS_MOUNTS:
        request->netns_mounts = true;
        break;
    case OPT_USER_PARENT:
        request->user_parent = true;
        break;
    case OPT_PRESERVE_CREDENTIALS:
        request->preserve = true;
        break;
    case OPT_KEEP_CAPS:
        request->keep_caps = true;
        break;
    }
}

/* Takes one option. NULL, or what was expected as its argument. */
static const char *take_option(void *place, int id, const char *argument)
{
    struct join_request *request = place;
    const struct nstype *type = nstype_of_letter(id);

    if (type)
        return take_type(request, type, argument);
    switch (id) {
    case 't':
        return target_parse(&request->target, argument);
    case 'N':
        return target_parse_fd(argument, &request->socket) ? NULL : "expected a file descriptor's number";
    case OPT_NETNS:
        return netns_file(argument, request->netns) ? NULL : EXPECTED_NETNS;
    case 'S':
        return take_identity(&request->user, argument, engine_parse_user, EXPECTED_USER " or follow");
    case 'G':
        return take_identity(&request->group, argument, engine_parse_group, EXPECTED_GROUP " or follow");
    case 'r':
        return take_directory(&request->root, &request->root_path, argument);
    case 'w':
        return take_directory(&request->wd, &request->wd_path, argument);
    case OPT_HOME:
        request->home = true;
        request->trap = argument;
        return NULL;
    case OPT_RETURN:
        return engine_take_comeback(&request->comeback, argument);
    case 'W':
        request->wd_name = argument;
        return *argument ? NULL : "expected a directory";
    default:
        take_switch(request, id);
        return NULL;
    }
}

static bool does_nothing(const struct join_request *request)
{
    return !request->types && !request->all && !request->root && !request->wd && !request->wd_name
           && !request->user.said && !request->group.said && request->socket < 0 && !*request->netns
           && !request->user_parent && !request->environment && !request->cgroup && !request->context;
}

/* The option that needs a target, where there is none. */
static const char *lacks_target(const struct join_request *request)
{
    const struct {
        bool given;
        const char *sentence;
    } needs[] = {
        {request->all, "--all needs --target"},
        {request->socket >= 0, "--net-socket needs --target"},
        {request->root && !request->root_path, "--root without a directory needs --target"},
        {request->wd && !request->wd_path, "--wd without a directory needs --target"},
        {request->user.follows, "--setuid=follow needs --target"},
        {request->group.follows, "--setgid=follow needs --target"},
        {request->environment, "--env needs --target"},
        {request->cgroup, "--join-cgroup needs --target"},
        {request->context, "--follow-context needs --target"},
        {request->user_parent && !request->types && !*request->netns,
         "--user-parent needs --target, or another namespace"},
    };

    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (needs[i].given)
            return needs[i].sentence;
    for (size_t i = 0; i < NS_TYPES; i++)
        if ((request->types & nstypes[i].flag) && !request->files[i])
            return "a namespace needs --target, or a file (--net=FILE)";
    return NULL;
}

/* NULL, or the sentence that says what is wrong with the way there and back. */
static const char *visit_contradiction(const struct join_request *request, bool command)
{
    if (request->home)
        return command || request->visit || !does_nothing(request) ? "--home stands alone" : NULL;
    if (request->visit && !command)
        return "--visit needs a COMMAND, after which the shell comes back";
    if (request->visit && (request->user.said || request->group.said || request->environment || request->context))
        return "--visit excludes --setuid, --setgid, --env and --follow-context, from which there is no way back";
    return NULL;
}

/* NULL, or the sentence that says which options contradict each other or need another. */
static const char *contradiction(const struct join_request *request, bool command)
{
    const char *wrong = visit_contradiction(request, command);

    if (wrong || request->home)
        return wrong;
    if (does_nothing(request))
        return request->target.text
                   ? "no namespace is named: say --all (-a) for those in which the target stands elsewhere"
                   : "no namespace is named";
    if (request->wd && request->wd_name)
        return "--wd and --wdns exclude each other";
    if (request->socket >= 0 && (request->types & CLONE_NEWNET))
        return "--net-socket and --net exclude each other";
    if (*request->netns && (request->socket >= 0 || (request->types & CLONE_NEWNET)))
        return "--netns, --net and --net-socket exclude each other";
    if (request->netns_mounts && !*request->netns)
        return "--netns-mounts needs --netns";
    return request->target.text ? NULL : lacks_target(request);
}

static int parse(void *place, WORD_LIST *list)
{
    struct join_request *request = place;
    const char *wrong;

    *request = (struct join_request){.socket = -1};
    int status = engine_options(&table, list, take_option, request, &request->operand);
    if (status == EXECUTION_SUCCESS && (wrong = contradiction(request, engine_operands(list, request->operand))))
        status = engine_wrong_usage(wrong);
    return status == EXECUTION_SUCCESS ? target_settle(&request->target) : status;
}

static int nsenter_ns_builtin(WORD_LIST *list)
{
    static struct join_request request;
    static const struct errand errand = {
        .name = "nsenter_ns",
        .request = &request,
        .size = sizeof request,
        .parse = parse,
        .operand = &request.operand,
        .check = &request.check,
        .visit = &request.visit,
        .comeback = &request.comeback,
        .carry_out = join_carry_out,
    };

    return command_run_errand(&errand, list);
}

BUILTIN(nsenter_ns);
