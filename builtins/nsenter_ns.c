#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_PRESERVE_CREDENTIALS = OPT_OWN };

static const struct option_row rows[] = {
    {'t', "target", ARG_REQUIRED, "PID", "the process whose namespaces are joined"},
    {'a', "all", ARG_NONE, NULL, "join all in which PID stands elsewhere"},
    {'S', "setuid", ARG_REQUIRED, "UID", "become this user (0 in a user namespace)"},
    {'G', "setgid", ARG_REQUIRED, "GID", "become this group (0 in a user namespace)"},
    {OPT_PRESERVE_CREDENTIALS, "preserve-credentials", ARG_NONE, NULL, "stay the same user and groups"},
    {'r', "root", ARG_OPTIONAL, "DIR", "change the root directory to DIR (PID's)"},
    {'w', "wd", ARG_OPTIONAL, "DIR", "change the working directory to DIR (PID's)"},
    {'W', "wdns", ARG_REQUIRED, "DIR", "change it to DIR as it is named inside"},
    HELP_ROW,
};

static const char *const about[] = {
    "Join namespaces of another process with the running shell.",
    "",
    "Without COMMAND the shell itself enters. With a PID namespace, which only a",
    "new process can enter, a copy of the shell goes on inside, and the old",
    "process waits outside to end with the same status. With COMMAND, which may be",
    "a program, a function or a builtin, a subshell enters and runs it, and the",
    "shell stays as it is.",
    "",
    "A namespace comes from the process PID, or from FILE. In a user namespace the",
    "shell becomes its root, unless told otherwise.",
    "",
    "Options:",
    NULL,
};

static const char *const after[] = {
    "",
    "Exit Status:",
    "Returns success, or COMMAND's status; 2 for wrong usage; 1 when a namespace",
    "could not be joined, and then nothing has changed.",
    NULL,
};

static const struct option_table table = {
    .name = "nsenter_ns",
    .operands = "[COMMAND [ARG ...]]",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .namespaces = true,
    .namespace_file = "FILE",
    .namespace_letters = true,
    .namespace_help = "join the",
    .about = about,
    .after = after,
};

/* What the options say. Strings are the builtin's words. */
struct request {
    pid_t target; /* 0: none */
    bool all;
    int types;                   /* CLONE_NEW*, from the target or a file */
    const char *files[NS_TYPES]; /* NULL: not from a file */
    bool uid_said, gid_said, preserve;
    unsigned uid, gid;
    bool root, wd;                             /* to be changed, */
    const char *root_path, *wd_path, *wd_name; /* to the target's, or to this; wd_name is looked up inside */
    int operand;                               /* index of COMMAND in the builtin's words */
};

/* Takes a namespace type. NULL, or what was expected. */
static const char *take_type(struct request *request, const struct nstype *type, const char *file)
{
    request->types |= type->flag;
    if (file)
        request->files[type - nstypes] = file;
    return file && *file == '\0' ? "expected a namespace file" : NULL;
}

static const char *take_directory(bool *wanted, const char **path, const char *argument)
{
    *wanted = true;
    *path = argument;
    return argument && *argument == '\0' ? "expected a directory" : NULL;
}

/* Takes one option. NULL, or what was expected as its argument. */
static const char *take_option(struct request *request, int id, const char *argument)
{
    const struct nstype *type = nstype_of_letter(id);

    if (type)
        return take_type(request, type, argument);
    switch (id) {
    case 't':
        return engine_parse_pid(argument, &request->target) ? NULL : "expected a PID from 1";
    case 'S':
        request->uid_said = engine_parse_user(argument, &request->uid);
        return request->uid_said ? NULL : EXPECTED_USER;
    case 'G':
        request->gid_said = engine_parse_group(argument, &request->gid);
        return request->gid_said ? NULL : EXPECTED_GROUP;
    case 'r':
        return take_directory(&request->root, &request->root_path, argument);
    case 'w':
        return take_directory(&request->wd, &request->wd_path, argument);
    case 'W':
        request->wd_name = argument;
        return *argument ? NULL : "expected a directory";
    case 'a':
        request->all = true;
        break;
    case OPT_PRESERVE_CREDENTIALS:
        request->preserve = true;
        break;
    }
    return NULL;
}

/* NULL, or the sentence that says which options contradict each other or need another. */
static const char *contradiction(const struct request *request)
{
    bool anything = request->types || request->all || request->root || request->wd || request->wd_name
                    || request->uid_said || request->gid_said;

    if (!anything)
        return "no namespace is named";
    if (request->all && request->target == 0)
        return "--all needs --target";
    if (request->root && !request->root_path && request->target == 0)
        return "--root without a directory needs --target";
    if (request->wd && !request->wd_path && request->target == 0)
        return "--wd without a directory needs --target";
    if (request->wd && request->wd_name)
        return "--wd and --wdns exclude each other";
    for (size_t i = 0; i < NS_TYPES; i++)
        if ((request->types & nstypes[i].flag) && !request->files[i] && request->target == 0)
            return "a namespace needs --target, or a file (--net=FILE)";
    return NULL;
}

/* EXECUTION_SUCCESS where the request can be carried out; else all has been said. */
static int parse(struct request *request, int argc, char **argv)
{
    struct options options = {.table = &table, .argc = argc, .argv = argv};
    const char *wrong;
    int id;

    *request = (struct request){0};
    while ((id = options_next(&options)) != OPTIONS_END) {
        if (id == OPTIONS_WRONG)
            return engine_wrong_usage(options.wrong);
        if (id == OPT_HELP) {
            builtin_help();
            return EX_USAGE;
        }
        if ((wrong = take_option(request, id, options.argument)))
            return engine_wrong_value(options.option, options.argument, wrong);
    }
    request->operand = options.operand;
    wrong = contradiction(request);
    return wrong ? engine_wrong_usage(wrong) : EXECUTION_SUCCESS;
}

static bool cannot_open(const char *what)
{
    builtin_error("%s: %s", what, strerror(errno));
    return false;
}

static bool open_target(const struct request *request, struct plan *plan)
{
    int differs = 0;

    if (request->target == 0)
        return true;
    if (target_open(&plan->target, request->target) < 0
        || (request->all && (differs = target_differs(&plan->target)) < 0)) {
        builtin_error("%d: %s", (int)request->target, strerror(errno));
        return false;
    }
    plan->join |= differs;
    return true;
}

static bool open_files(const struct request *request, struct plan *plan)
{
    for (size_t i = 0; i < NS_TYPES; i++) {
        if (!request->files[i])
            continue;
        plan->files[i] = nsref_open(request->files[i], &nstypes[i]);
        if (plan->files[i] >= 0)
            continue;
        if (errno != EINVAL && errno != EBADF)
            return cannot_open(request->files[i]);
        builtin_error("%s: expected a %s namespace file", request->files[i], nstypes[i].title);
        return false;
    }
    return true;
}

/* A directory of the user's is one outside, so it is opened before anything is joined. */
static bool open_directory(const struct plan *plan, const char *path, const char *of_target, int *fd)
{
    *fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : target_directory(&plan->target, of_target);
    return *fd >= 0 || cannot_open(path ? path : of_target);
}

/* nsenter(1): in a user namespace one is its root, without groups; -G drops the supplementary groups. */
static void choose_credentials(const struct request *request, struct plan *plan)
{
    bool becomes_root = (plan->join & CLONE_NEWUSER) && !request->preserve;

    plan->set_uid = becomes_root || request->uid_said;
    plan->set_gid = plan->set_groups = becomes_root || request->gid_said;
    plan->uid = request->uid;
    plan->gid = request->gid;
}

/* Opens all that the request names. False: it has been said what cannot be opened, and the plan is freed. */
static bool resolve(const struct request *request, struct plan *plan)
{
    plan_init(plan);
    plan->join = request->types;
    plan->wd = request->wd_name;
    if (open_target(request, plan) && open_files(request, plan)
        && (!request->root || open_directory(plan, request->root_path, "root", &plan->root_fd))
        && (!request->wd || open_directory(plan, request->wd_path, "cwd", &plan->wd_fd))) {
        choose_credentials(request, plan);
        return true;
    }
    plan_free(plan);
    return false;
}

static int nsenter_ns_builtin(WORD_LIST *list)
{
    struct request request;
    static struct plan plan; /* large, and done with before COMMAND can come back here */
    int argc;
    char **argv = make_builtin_argv(list, &argc);
    int status = parse(&request, argc, argv);

    free(argv);
    if (status != EXECUTION_SUCCESS)
        return status;
    WORD_LIST *command = engine_command(list, request.operand);
    if (command && !shell_is_in_subshell())
        return shell_run_in_subshell(table.name, list);
    status = resolve(&request, &plan) ? engine_carry_out(&plan) : EXECUTION_FAILURE;
    return status == EXECUTION_SUCCESS && command ? shell_run(command) : status;
}

static struct option_help help;

EXPORTED struct builtin nsenter_ns_struct = {
    .name = (char *)"nsenter_ns",
    .function = nsenter_ns_builtin,
    .flags = BUILTIN_ENABLED,
    .long_doc = help.lines,
    .short_doc = "",
};

EXPORTED int nsenter_ns_builtin_load(char *name);

int nsenter_ns_builtin_load(char *name)
{
    (void)name;
    return engine_load(&nsenter_ns_struct, &table, &help);
}
