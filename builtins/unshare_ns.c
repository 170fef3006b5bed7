#include "engine.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum { OPT_PROPAGATION = OPT_OWN, OPT_MOUNT_PROC, OPT_HOSTNAME, OPT_LOOPBACK };

static const struct option_row rows[] = {
    MAP_ROWS,
    {OPT_PROPAGATION, "propagation", ARG_REQUIRED, "slave|shared|private|unchanged",
     "mount propagation in the mount namespace (private)"},
    {OPT_MOUNT_PROC, "mount-proc", ARG_OPTIONAL, "DIR", "mount a new procfs on DIR (/proc); implies --mount"},
    {OPT_HOSTNAME, "hostname", ARG_REQUIRED, "NAME", "set the hostname in the UTS namespace"},
    {OPT_LOOPBACK, "loopback", ARG_NONE, NULL, "bring up lo in the network namespace"},
    {'R', "root", ARG_REQUIRED, "DIR", "change the root directory to DIR"},
    {'w', "wd", ARG_REQUIRED, "DIR", "change the working directory to DIR"},
    {'f', "fork", ARG_NONE, NULL, "go on in a forked copy; always so with --pid"},
    HELP_ROW,
};

static const char *const about[] = {
    "Make new namespaces and enter them with the running shell.",
    "",
    "Without COMMAND the shell itself enters. With a PID namespace, which only a",
    "new process can enter, a copy of the shell goes on inside as PID 1, and the",
    "old process waits outside to end with the same status. With COMMAND, which",
    "may be a program, a function or a builtin, a subshell enters and runs it, and",
    "the shell stays as it is.",
    "",
    "Map options imply --user. Without privilege, other namespaces need a user",
    "namespace: give -r.",
    "",
    "Options:",
    NULL,
};

static const char *const after[] = {
    "",
    "Exit Status:",
    "Returns success, or COMMAND's status; 2 for wrong usage; 1 when a namespace",
    "could not be made or prepared, and then nothing has changed.",
    NULL,
};

static const struct option_table table = {
    .name = "unshare_ns",
    .operands = "[COMMAND [ARG ...]]",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .namespaces = true,
    .namespace_help = "make a new",
    .about = about,
    .after = after,
};

/* What the options say, before it becomes a plan. */
struct request {
    struct plan plan;
    struct map_request maps;
    bool propagation_said;
    int operand; /* index of COMMAND in the builtin's words */
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

/* Takes one option. NULL, or what was expected as its argument. */
static const char *take_option(struct request *request, int id, const char *argument)
{
    const struct nstype *type = nstype_of_letter(id);
    struct plan *plan = &request->plan;
    const char *wrong;

    if (engine_map_option(&request->maps, id, argument, &wrong))
        return wrong;
    if (type)
        plan->create |= type->flag;
    switch (id) {
    case OPT_PROPAGATION:
        return take_propagation(request, argument);
    case OPT_MOUNT_PROC:
        return take_word(&plan->mount_proc, argument ? argument : "/proc", PATH_MAX, "expected a directory");
    case OPT_HOSTNAME:
        return take_word(&plan->hostname, argument, HOST_NAME_MAX, "expected a name of 1 to 64 bytes");
    case 'R':
        return take_word(&plan->root, argument, PATH_MAX, "expected a directory");
    case 'w':
        return take_word(&plan->wd, argument, PATH_MAX, "expected a directory");
    case OPT_LOOPBACK:
        plan->loopback = true;
        break;
    case 'f':
        plan->move = true;
        break;
    }
    return NULL;
}

/* What the options imply. NULL, or the sentence that says what is wrong with them together. */
static const char *complete(struct request *request)
{
    struct plan *plan = &request->plan;

    if (engine_maps_ids(&request->maps))
        plan->create |= CLONE_NEWUSER;
    if (plan->mount_proc)
        plan->create |= CLONE_NEWNS;
    if (!request->propagation_said && (plan->create & CLONE_NEWNS))
        plan->propagation = MS_REC | MS_PRIVATE;
    if (plan_flags(plan) == 0 && !plan->move && !plan->root && !plan->wd)
        return "no namespace is named";
    const char *wrong = engine_maps(&request->maps, geteuid(), getegid(), &plan->maps);
    return wrong ? wrong : plan_contradiction(plan);
}

/* EXECUTION_SUCCESS where the request can be carried out; else all has been said. */
static int parse(struct request *request, int argc, char **argv)
{
    struct options options = {.table = &table, .argc = argc, .argv = argv};
    const char *wrong;
    int id;

    memset(request, 0, sizeof *request);
    plan_init(&request->plan);
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
    if ((wrong = complete(request)))
        return engine_wrong_usage(wrong);
    return EXECUTION_SUCCESS;
}

static int unshare_ns_builtin(WORD_LIST *list)
{
    static struct request request; /* large, and done with before COMMAND can come back here */
    int argc;
    char **argv = make_builtin_argv(list, &argc);
    int status = parse(&request, argc, argv);

    free(argv);
    if (status != EXECUTION_SUCCESS)
        return status;
    WORD_LIST *command = engine_command(list, request.operand);
    if (command && !shell_is_in_subshell())
        return shell_run_in_subshell(table.name, list);
    status = engine_carry_out(&request.plan);
    return status == EXECUTION_SUCCESS && command ? shell_run(command) : status;
}

static struct option_help help;

EXPORTED struct builtin unshare_ns_struct = {
    .name = (char *)"unshare_ns",
    .function = unshare_ns_builtin,
    .flags = BUILTIN_ENABLED,
    .long_doc = help.lines,
    .short_doc = "",
};

EXPORTED int unshare_ns_builtin_load(char *name);

int unshare_ns_builtin_load(char *name)
{
    (void)name;
    return engine_load(&unshare_ns_struct, &table, &help);
}
