#include "shared/engine.h"
#include "mount_ns.h"
#include "help/mount_ns.h"

#include <stdio.h>
#include <string.h>

#include "mount_ns_table.h"
#include "mounts/mount.h"
#include "shared/mounting.h"

struct request {
    const char *operands[2];
    size_t count;
    const char *array;
    bool print, verbose;
    struct mounting_place place;
    struct mount_plan plan;
};

/* Options that are a word of -o. */
static const struct {
    int id;
    const char *word;
} words[] = {
    {'r', "ro"},
    {'w', "rw"},
    {'B', "bind"},
    {'R', "rbind"},
    {'M', "move"},
    {OPT_MAKE_SHARED, "shared"},
    {OPT_MAKE_SLAVE, "slave"},
    {OPT_MAKE_PRIVATE, "private"},
    {OPT_MAKE_UNBINDABLE, "unbindable"},
    {OPT_MAKE_RSHARED, "rshared"},
    {OPT_MAKE_RSLAVE, "rslave"},
    {OPT_MAKE_RPRIVATE, "rprivate"},
    {OPT_MAKE_RUNBINDABLE, "runbindable"},
};

/* NULL, or what is wrong. */
static const char *take_word(struct mount_plan *plan, int id)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].id == id)
            return mount_options_take(plan, words[i].word);
    return NULL;
}

/* NULL, or what is wrong. */
static const char *take_operand(struct request *request, const char *operand)
{
    if (request->count == 2)
        return "at most two operands are expected: SOURCE and TARGET";
    request->operands[request->count++] = operand;
    return NULL;
}

/* NULL, or what was expected. */
static const char *take_type(struct mount_plan *plan, const char *type)
{
    plan->type = type;
    return *type && !strchr(type, ',') && strcmp(type, "auto") != 0 ? NULL
                                                                    : "expected one type; mount(8) can find it out";
}

/* Those that say how. NULL, or what was expected as the option's argument. */
static const char *take_manner(struct request *request, int id, const char *argument)
{
    struct mount_plan *plan = &request->plan;

    switch (id) {
    case 'm':
        return mount_options_mode(plan, argument);
    case OPT_ROOT:
        plan->root = argument;
        return NULL;
    case OPT_BENEATH:
        plan->beneath = true;
        return NULL;
    case OPT_EXCLUSIVE:
        plan->exclusive = true;
        return NULL;
    case OPT_ONLYONCE:
        plan->once = true;
        return NULL;
    case 'f':
    case OPT_CHECK:
        plan->check = true;
        return NULL;
    case 'v':
        request->verbose = true;
        return NULL;
    default:
        return take_word(plan, id);
    }
}

/* Takes one option. NULL, or what was expected as its argument. */
static const char *take_option(void *place, int id, const char *argument)
{
    struct request *request = place;
    struct mount_plan *plan = &request->plan;

    switch (id) {
    case OPTIONS_OPERAND:
        return take_operand(request, argument);
    case 't':
        return take_type(plan, argument);
    case 'o':
        return mount_options_take(plan, argument);
    case OPT_SOURCE:
        plan->source = argument;
        return NULL;
    case OPT_TARGET:
        plan->target = argument;
        return NULL;
    case OPT_DEV:
        plan->kind = MOUNT_DEVICES;
        plan->target = argument;
        return NULL;
    case 'N':
        return mounting_take_place(&request->place, argument);
    case 'A':
        request->array = argument;
        return legal_identifier(argument) ? NULL : "expected the name of a variable";
    case 'p':
        request->print = true;
        return NULL;
    default:
        return take_manner(request, id, argument);
    }
}

/* Operands fill in what no option has said; a single one is the target. False: there are too many. */
static bool place_operands(struct request *request)
{
    struct mount_plan *plan = &request->plan;
    size_t at = 0;

    if (request->count == 2 && !plan->source)
        plan->source = request->operands[at++];
    if (request->count > at && !plan->target)
        plan->target = request->operands[at++];
    if (request->count > at && !plan->source && plan->kind != MOUNT_DEVICES)
        plan->source = request->operands[at++];
    return at == request->count;
}

/* NULL, or the sentence about the options. */
static const char *complete(struct request *request)
{
    struct mount_plan *plan = &request->plan;

    if (!place_operands(request))
        return "SOURCE and TARGET are given once each, as operands or as options";
    if (plan->kind == MOUNT_NEW && !plan->type && plan->propagations > 0 && !plan->source)
        plan->kind = MOUNT_CHANGE;
    return mount_plan_contradiction(plan);
}

static bool wants_table(const struct request *request)
{
    return request->count == 0 && !request->plan.source && !request->plan.target && request->plan.kind == MOUNT_NEW;
}

static int parse(struct request *request, WORD_LIST *list)
{
    int operand;

    memset(request, 0, sizeof *request);
    mount_plan_init(&request->plan);
    int status = engine_options(&table, list, take_option, request, &operand);
    for (list = engine_operands(list, operand); status == EXECUTION_SUCCESS && list; list = list->next) {
        const char *wrong = take_operand(request, list->word->word);
        if (wrong)
            status = engine_wrong_usage(wrong);
    }
    if (status != EXECUTION_SUCCESS || wants_table(request))
        return status;
    const char *wrong = request->array || request->print ? "--array and --print go with no mount" : complete(request);
    return wrong ? engine_wrong_usage(wrong) : EXECUTION_SUCCESS;
}

static int work(const void *plan, struct failure *why)
{
    return mount_carry_out(plan, why);
}

static int carry_out(const struct request *request)
{
    const struct mount_plan *plan = &request->plan;
    int status = mounting_carry_out(&request->place, work, plan, plan, NULL);

    if (status == EXECUTION_SUCCESS && request->verbose && plan->kind < MOUNT_MOVE)
        printf("mount_ns: %s mounted on %s.\n",
               plan->source ? plan->source
               : plan->type ? plan->type
                            : "none",
               plan->target);
    return status;
}

static int mount_ns_builtin(WORD_LIST *list)
{
    struct request request;

    if (shell_restricts_all())
        return EXECUTION_FAILURE;
    int status = parse(&request, list);
    if (status == EXECUTION_SUCCESS)
        status =
            wants_table(&request) ? table_show(request.array, request.print, request.plan.type) : carry_out(&request);
    mount_plan_free(&request.plan);
    return sh_chkwrite(status);
}

BUILTIN(mount_ns);
