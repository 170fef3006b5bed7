#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "proc.h"
#include "selinux.h"
#include "target.h"

enum { OPT_PRESERVE_CREDENTIALS = OPT_OWN, OPT_KEEP_CAPS, OPT_USER_PARENT };

static const struct option_row rows[] = {
    {'t', "target", ARG_REQUIRED, TARGET_WORDS, "the process whose namespaces are joined"},
    {'a', "all", ARG_NONE, NULL, "join all in which the target stands elsewhere"},
    {'N', "net-socket", ARG_REQUIRED, "FD", "join the network namespace of the target's socket FD"},
    {OPT_USER_PARENT, "user-parent", ARG_NONE, NULL,
     "join the parent of the user namespace, or the owner of the others"},
    {'S', "setuid", ARG_REQUIRED, "UID|follow", "become this user, or the target's (0 in a user namespace)"},
    {'G', "setgid", ARG_REQUIRED, "GID|follow", "become this group, or the target's (0 in a user namespace)"},
    {OPT_PRESERVE_CREDENTIALS, "preserve-credentials", ARG_NONE, NULL,
     "stay the same user and groups, but for -S and -G"},
    {OPT_KEEP_CAPS, "keep-caps", ARG_NONE, NULL, "let programs have the capabilities of the user namespace"},
    {'r', "root", ARG_OPTIONAL, "DIR", "change the root directory to DIR (the target's)"},
    {'w', "wd", ARG_OPTIONAL, "DIR", "change the working directory to DIR (the target's)"},
    {'W', "wdns", ARG_REQUIRED, "DIR", "change it to DIR as it is named inside"},
    {'e', "env", ARG_NONE, NULL, "export the target's environment variables, and no others"},
    {'F', "no-fork", ARG_NONE, NULL, "stay outside of the PID namespace; children are born inside"},
    {'c', "join-cgroup", ARG_NONE, NULL, "join the target's cgroup (version 2)"},
    {'Z', "follow-context", ARG_NONE, NULL, "run programs in the target's SELinux context, where there is one"},
    CHECK_ROW,
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
    "A namespace comes from the target, or from FILE; instead of a FILE there can",
    "be the number of an open file descriptor, or :NSID (Linux 6.19). The target is",
    "a PID, a PID whose pidfd has this INODE, a job, or an open descriptor N that is",
    "a pidfd or the directory /proc/PID. In a user namespace the shell becomes its",
    "root, unless told otherwise.",
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

/* A user or group to become. */
struct identity {
    bool said, follows; /* the target's, or else */
    unsigned id;
};

/* What the options say. Strings are the builtin's words. */
struct request {
    struct target_name target;
    bool all, user_parent, no_fork, check, environment, cgroup, context, preserve, keep_caps;
    int types;                   /* CLONE_NEW*, from the target or a file */
    const char *files[NS_TYPES]; /* NULL: not from a file */
    int socket;                  /* the target's descriptor; -1: none */
    struct identity user, group;
    bool root, wd;                             /* to be changed, */
    const char *root_path, *wd_path, *wd_name; /* to the target's, or to this; wd_name is looked up inside */
    int operand;                               /* index of COMMAND in the builtin's words */
};

/* ":NSID" */
static bool parse_id(const char *text, uint64_t *id)
{
    char *end;

    errno = 0;
    *id = strtoull(text + 1, &end, 10);
    return text[0] == ':' && text[1] >= '0' && text[1] <= '9' && *end == '\0' && errno == 0;
}

/* Takes a namespace type. NULL, or what was expected. */
static const char *take_type(struct request *request, const struct nstype *type, const char *file)
{
    uint64_t id;

    request->types |= type->flag;
    if (file)
        request->files[type - nstypes] = file;
    bool wrong = file && (*file == '\0' || (*file == ':' && !parse_id(file, &id)));
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
static void take_switch(struct request *request, int id)
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
    case OPT_CHECK:
        request->check = true;
        break;
    case 'c':
        request->cgroup = true;
        break;
    case 'Z':
        request->context = true;
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
static const char *take_option(struct request *request, int id, const char *argument)
{
    const struct nstype *type = nstype_of_letter(id);

    if (type)
        return take_type(request, type, argument);
    switch (id) {
    case 't':
        return target_parse(&request->target, argument);
    case 'N':
        return target_parse_fd(argument, &request->socket) ? NULL : "expected a file descriptor's number";
    case 'S':
        return take_identity(&request->user, argument, engine_parse_user, EXPECTED_USER " or follow");
    case 'G':
        return take_identity(&request->group, argument, engine_parse_group, EXPECTED_GROUP " or follow");
    case 'r':
        return take_directory(&request->root, &request->root_path, argument);
    case 'w':
        return take_directory(&request->wd, &request->wd_path, argument);
    case 'W':
        request->wd_name = argument;
        return *argument ? NULL : "expected a directory";
    default:
        take_switch(request, id);
        return NULL;
    }
}

static bool does_nothing(const struct request *request)
{
    return !request->types && !request->all && !request->root && !request->wd && !request->wd_name
           && !request->user.said && !request->group.said && request->socket < 0 && !request->user_parent
           && !request->environment && !request->cgroup && !request->context;
}

/* The option that needs a target, where there is none. */
static const char *lacks_target(const struct request *request)
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
        {request->user_parent && !request->types, "--user-parent needs --target, or another namespace"},
    };

    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (needs[i].given)
            return needs[i].sentence;
    for (size_t i = 0; i < NS_TYPES; i++)
        if ((request->types & nstypes[i].flag) && !request->files[i])
            return "a namespace needs --target, or a file (--net=FILE)";
    return NULL;
}

/* NULL, or the sentence that says which options contradict each other or need another. */
static const char *contradiction(const struct request *request)
{
    if (does_nothing(request))
        return "no namespace is named";
    if (request->wd && request->wd_name)
        return "--wd and --wdns exclude each other";
    if (request->socket >= 0 && (request->types & CLONE_NEWNET))
        return "--net-socket and --net exclude each other";
    return request->target.text ? NULL : lacks_target(request);
}

/* EXECUTION_SUCCESS where the request can be carried out; else all has been said. */
static int parse_words(struct request *request, int argc, char **argv)
{
    struct options options = {.table = &table, .argc = argc, .argv = argv};
    const char *wrong;
    int id;

    *request = (struct request){.socket = -1};
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
    if ((wrong = contradiction(request)))
        return engine_wrong_usage(wrong);
    return target_settle(&request->target);
}

static int parse(struct request *request, WORD_LIST *list)
{
    int argc;
    char **argv = make_builtin_argv(list, &argc);
    int status = parse_words(request, argc, argv);

    free(argv);
    return status;
}

/* --- from names to what is held --------------------------------------------------------------------------------- */

static bool cannot_open(const char *what)
{
    builtin_error("%s: %s", what, strerror(errno));
    return false;
}

/* "TARGET: its WHAT: reason" */
static bool cannot_have(const struct request *request, const char *what)
{
    builtin_error("%s: its %s: %s", request->target.text, what, strerror(errno));
    return false;
}

static bool open_target(const struct request *request, struct plan *plan)
{
    int differs = 0;

    if (!request->target.text)
        return true;
    if (target_find(&request->target, &plan->target) != EXECUTION_SUCCESS)
        return false;
    if (request->all && (differs = target_differs(&plan->target)) < 0)
        return cannot_have(request, "namespaces");
    plan->join |= differs;
    return true;
}

static int open_named(const char *name, const struct nstype *type)
{
    uint64_t id;
    int fd;

    if (parse_id(name, &id))
        return nsref_open_id(id, type);
    return target_parse_fd(name, &fd) ? nsref_open_fd(fd, type) : nsref_open(name, type);
}

static bool open_files(const struct request *request, struct plan *plan)
{
    for (size_t i = 0; i < NS_TYPES; i++) {
        if (!request->files[i])
            continue;
        plan->files[i] = open_named(request->files[i], &nstypes[i]);
        if (plan->files[i] >= 0)
            continue;
        if (errno == ESTALE) {
            builtin_error("%s: no such %s namespace, or a kernel that opens none by its number (Linux 6.19)",
                          request->files[i], nstypes[i].title);
            return false;
        }
        if (errno != EINVAL && errno != EBADF)
            return cannot_open(request->files[i]);
        builtin_error("%s: expected a %s namespace file", request->files[i], nstypes[i].title);
        return false;
    }
    return true;
}

/* A target that has made a PID or time namespace for its children: it is that one that is meant. */
static bool open_children(const struct request *request, struct plan *plan)
{
    for (size_t i = 0; i < NS_TYPES; i++) {
        if (!(plan->join & nstypes[i].flag) || plan->files[i] >= 0 || !nstypes[i].children)
            continue;
        plan->files[i] = target_children(&plan->target, &nstypes[i]);
        if (plan->files[i] < 0 && errno != ENOENT)
            return cannot_have(request, nstypes[i].children);
    }
    return true;
}

static bool open_socket(const struct request *request, struct plan *plan)
{
    const struct nstype *net = nstype_of_flag(CLONE_NEWNET);

    if (request->socket < 0)
        return true;
    plan->join |= CLONE_NEWNET;
    plan->files[net - nstypes] = target_socket_namespace(&plan->target, request->socket);
    return plan->files[net - nstypes] >= 0 || cannot_have(request, "socket's network namespace");
}

/* As nsenter(1) does: the parent of what --user names, else of the target's, else the owner of what else is named. */
static bool open_user_parent(const struct request *request, struct plan *plan)
{
    int child = plan->files[0];

    if (!request->user_parent)
        return true;
    if (child < 0 && request->target.text)
        child = target_user_namespace(&plan->target);
    for (size_t i = 1; child < 0 && !request->target.text && i < NS_TYPES; i++)
        child = plan->files[i] < 0 ? -1 : fcntl(plan->files[i], F_DUPFD_CLOEXEC, 0);
    if (child < 0)
        return cannot_have(request, "user namespace");
    plan->files[0] = nsref_owner(child);
    close(child);
    plan->join |= CLONE_NEWUSER;
    if (plan->files[0] >= 0)
        return true;
    builtin_error("cannot open the parent user namespace: %s", strerror(errno));
    return false;
}

/* A directory of the user's is one outside, so it is opened before anything is joined. */
static bool open_directory(const struct request *request, const struct plan *plan, const char *path,
                           const char *of_target, int *fd)
{
    *fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : target_directory(&plan->target, of_target);
    if (*fd >= 0)
        return true;
    return path ? cannot_open(path) : cannot_have(request, of_target);
}

static bool open_directories(const struct request *request, struct plan *plan)
{
    return (!request->root || open_directory(request, plan, request->root_path, "root", &plan->root_fd))
           && (!request->wd || open_directory(request, plan, request->wd_path, "cwd", &plan->wd_fd));
}

static bool open_cgroups(const struct request *request, struct plan *plan)
{
    if (!request->cgroup)
        return true;
    int proc = target_proc(&plan->target), self = proc_open(0);
    plan->cgroup_fd = proc < 0 ? -1 : cgroup_open(proc);
    if (plan->cgroup_fd < 0)
        cannot_have(request, "cgroup");
    else if ((plan->own_cgroup_fd = self < 0 ? -1 : cgroup_open(self)) < 0)
        cannot_open("the shell's own cgroup"); /* without a way back, there is no way in */
    if (proc >= 0)
        close(proc);
    if (self >= 0)
        close(self);
    return plan->own_cgroup_fd >= 0;
}

/* nsenter(1): without SELinux, there is nothing to follow. */
static bool read_context(const struct request *request, struct plan *plan)
{
    if (!request->context || !selinux_is_in_force())
        return true;
    int proc = target_proc(&plan->target);
    bool read = proc >= 0 && proc_read(proc, "attr/current", plan->exec_context, sizeof plan->exec_context) > 0;
    if (!read)
        cannot_have(request, "SELinux context");
    if (proc >= 0)
        close(proc);
    return read;
}

/* nsenter(1): in a user namespace one is its root, without groups; -G drops the supplementary groups. */
static bool choose_credentials(const struct request *request, struct plan *plan)
{
    bool becomes_root = (plan->join & CLONE_NEWUSER) && !request->preserve;

    plan->set_uid = becomes_root || request->user.said;
    plan->set_gid = plan->set_groups = becomes_root || request->group.said;
    plan->credentials = (struct credentials){request->user.id, request->group.id};
    plan->follow_uid = request->user.follows;
    plan->follow_gid = request->group.follows;
    plan->keep_caps = request->keep_caps && (plan->join & CLONE_NEWUSER);
    if (!plan->follow_uid && !plan->follow_gid)
        return true;
    plan->follow_fd = target_proc(&plan->target);
    return plan->follow_fd >= 0 || cannot_have(request, "user and group");
}

/* Opens all that the request names. False: it has been said what cannot be opened, and the plan is freed. */
static bool resolve(const struct request *request, struct plan *plan)
{
    plan_init(plan);
    plan->join = request->types;
    plan->wd = request->wd_name;
    plan->no_fork = request->no_fork;
    plan->check = request->check;
    if (open_target(request, plan) && open_files(request, plan) && open_children(request, plan)
        && open_socket(request, plan) && open_user_parent(request, plan) && open_directories(request, plan)
        && open_cgroups(request, plan) && read_context(request, plan) && choose_credentials(request, plan))
        return true;
    plan_free(plan);
    return false;
}

/* --- the builtin ------------------------------------------------------------------------------------------------ */

/* What --env brings: read outside, exported inside. */
struct environment {
    char *strings; /* owned; NULL: none */
    size_t size;
};

static bool read_environment(const struct request *request, const struct plan *plan, struct environment *environment)
{
    enum { LIMIT = 32 << 20 }; /* far beyond what execve(2) takes; a process can lie about where it lies */

    *environment = (struct environment){NULL, 0};
    if (!request->environment)
        return true;
    int proc = target_proc(&plan->target);
    if (proc >= 0) {
        environment->strings = proc_read_all(proc, "environ", LIMIT, &environment->size);
        close(proc);
    }
    return environment->strings || cannot_have(request, "environment");
}

static int carry_out(const struct request *request)
{
    static struct plan plan; /* large, and done with before COMMAND can come back here */
    struct environment environment;

    if (!resolve(request, &plan))
        return EXECUTION_FAILURE;
    if (!read_environment(request, &plan, &environment)) {
        plan_free(&plan);
        return EXECUTION_FAILURE;
    }
    int status = engine_carry_out(&plan);
    if (status == EXECUTION_SUCCESS && environment.strings && !request->check)
        shell_replace_environment(environment.strings, environment.size);
    free(environment.strings);
    return status;
}

static int nsenter_ns_builtin(WORD_LIST *list)
{
    static struct request request; /* stays, for the subshell that runs COMMAND */
    bool in_subshell = shell_is_in_subshell();
    int status = in_subshell ? EXECUTION_SUCCESS : parse(&request, list);

    if (status != EXECUTION_SUCCESS)
        return status;
    WORD_LIST *command = request.check ? NULL : engine_command(list, request.operand);
    if (command && !in_subshell)
        return shell_run_in_subshell(table.name, list);
    status = carry_out(&request);
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
