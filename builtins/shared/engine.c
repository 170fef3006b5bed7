#include "shared/engine.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sentence.h"
#include "system/descriptors.h"
#include "system/proc.h"

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

const char *engine_take_comeback(struct comeback *comeback, const char *variable)
{
    comeback->wanted = true;
    comeback->variable = variable;
    return !variable || shell_can_set_number(variable) ? NULL : "expected the name of a variable that can be set";
}

/* From inside an unmapped user namespace, the kernel no longer tells who one is outside. */
static struct {
    ino_t namespace;
    unsigned user, group;
} outer;

ino_t engine_user_namespace(void)
{
    struct stat status;

    return stat("/proc/self/ns/user", &status) < 0 ? 0 : status.st_ino;
}

bool engine_outer_ids(unsigned *user, unsigned *group)
{
    *user = outer.user;
    *group = outer.group;
    return outer.namespace != 0 && outer.namespace == engine_user_namespace();
}

const char *engine_reason(void)
{
    static char text[160];
    bool is_proc = errno == EXDEV || errno == ENODEV; /* proc.h: a /proc of others, or a false one */

    snprintf(text, sizeof text, "%s%s", strerror(errno),
             is_proc ? "; mount a procfs on /proc, of this PID namespace" : "");
    return text;
}

int engine_usage(void)
{
    const struct builtin *running = current_builtin;

    fprintf(stderr, "%s: usage: %s; see help %s\n", running->name, running->short_doc, running->name);
    fflush(stderr);
    return EX_USAGE;
}

int engine_wrong_usage(const char *sentence)
{
    builtin_error("%s", sentence);
    return engine_usage();
}

int engine_wrong_value(const char *option, const char *value, const char *expected)
{
    builtin_error("%s: %s: %s", option, value, expected);
    return engine_usage();
}

static int wrong_argument(const struct options *options, const char *expected)
{
    char option[40];

    snprintf(option, sizeof option, "--%s", options->option);
    if (options->argument)
        return engine_wrong_value(option, options->argument, expected);
    builtin_error("%s: %s", option, expected);
    return engine_usage();
}

static int take_all(struct options *options, engine_take *take, void *request)
{
    const char *wrong;
    int id;

    while ((id = options_next(options)) != OPTIONS_END) {
        if (id == OPTIONS_WRONG)
            return engine_wrong_usage(options->wrong);
        if (id == 'h') {
            builtin_help();
            return EX_USAGE;
        }
        if ((wrong = take(request, id, options->argument)))
            return id == OPTIONS_OPERAND ? engine_wrong_usage(wrong) : wrong_argument(options, wrong);
    }
    return EXECUTION_SUCCESS;
}

int engine_options(const struct option_table *table, WORD_LIST *list, engine_take *take, void *request, int *operand)
{
    struct options options = {.table = table};

    options.argv = make_builtin_argv(list, &options.argc);
    int status = take_all(&options, take, request);
    while (status != EXECUTION_SUCCESS && options_next(&options) != OPTIONS_END)
        ; /* whether there are operands is asked then as well */
    *operand = options.operand;
    free(options.argv);
    return status;
}

WORD_LIST *engine_operands(WORD_LIST *list, int operand)
{
    for (int i = 1; i < operand && list; i++)
        list = list->next;
    return list;
}

enum landing engine_land(const struct plan *plan, struct failure *why)
{
    struct shell_view view;
    pid_t moved;

    if (shell_before_landing(&view, plan, why) < 0)
        return LANDING_FAILED;
    enum landing landing = land(plan, &moved, why);
    if (landing == LANDING_LEFT)
        supervise(moved, &view.terminal, plan->sync_fd);
    if (landing == LANDING_LOST)
        shell_end_lost(why);
    if (landing == LANDING_MOVED) {
        descriptor_close(plan->sync_fd);
        shell_became_copy();
    }
    shell_after_landing(&view, landing == LANDING_FAILED || landing == LANDING_CHECKED ? NULL : plan);
    return landing;
}

int engine_failed(const void *plan, const struct failure *why)
{
    char text[1400];

    builtin_error("%s", sentence(why, plan, text, sizeof text));
    return EXECUTION_FAILURE;
}

int engine_spawn(const struct plan *plan, WORD_LIST *command)
{
    struct failure why;
    struct program program;
    struct terminal terminal;

    if (!shell_find_program(&program, command, plan))
        return EXECUTION_SUCCESS;
    shell_before_spawn(&terminal, plan);
    pid_t pid = spawn(plan, &program, &why);
    if (pid > 0)
        supervise(pid, &terminal, plan->sync_fd);
    return pid < 0 ? engine_failed(plan, &why) : EXECUTION_SUCCESS;
}

int engine_carry_out(struct plan *plan, const struct comeback *comeback)
{
    struct failure why;
    bool makes_user = plan->create & CLONE_NEWUSER;
    unsigned user = plan->owner ? plan->owner_uid : makes_user ? geteuid() : 0;
    unsigned group = plan->owner ? plan->owner_gid : makes_user ? getegid() : 0;

    if (shell_restricts(plan)) {
        plan_free(plan);
        return EXECUTION_FAILURE;
    }
    bool stays = comeback && shell_is_to_stay(comeback, plan);
    int status = stays ? shell_stay(comeback, plan) : IS_COPY;
    if (status != IS_COPY)
        return status;
    enum landing landing = engine_land(plan, &why);
    if (landing == LANDING_FAILED)
        engine_failed(plan, &why);
    if (landing == LANDING_FAILED && stays)
        shell_is_not_inside();
    plan_free(plan);
    if (landing == LANDING_FAILED)
        return EXECUTION_FAILURE;
    if (stays)
        shell_is_inside();
    shell_tell_jobs_outside();
    if (landing != LANDING_CHECKED && makes_user) {
        outer.namespace = engine_user_namespace();
        outer.user = user;
        outer.group = group;
    }
    return EXECUTION_SUCCESS;
}
