#include "shared/engine.h"
#include "umount_ns.h"
#include "help/umount_ns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mounts/steps.h"
#include "mounts/unmount.h"
#include "shared/mounting.h"

struct request {
    struct mounting_place place;
    struct unmount_plan plan;
    bool quiet, verbose;
    size_t count;
    const char **targets; /* owned; room for all words */
};

/* Takes one option. NULL, or what was expected as its argument. */
static const char *take_option(void *place, int id, const char *argument)
{
    struct request *request = place;
    struct unmount_plan *plan = &request->plan;

    switch (id) {
    case OPTIONS_OPERAND:
        request->targets[request->count++] = argument;
        return NULL;
    case 't':
        plan->types = argument;
        return NULL;
    case 'N':
        return mounting_take_place(&request->place, argument);
    }
    plan->lazy |= id == 'l';
    plan->force |= id == 'f';
    plan->recursive |= id == 'R';
    plan->all_targets |= id == 'A';
    plan->read_only |= id == 'r';
    request->quiet |= id == 'q';
    plan->check |= id == OPT_CHECK || id == OPT_FAKE;
    request->verbose |= id == 'v';
    return NULL;
}

static int parse(struct request *request, WORD_LIST *list)
{
    int operand;
    int status = engine_options(&table, list, take_option, request, &operand);

    if (status != EXECUTION_SUCCESS)
        return status;
    for (list = engine_operands(list, operand); list; list = list->next)
        request->targets[request->count++] = list->word->word;
    return request->count > 0 ? EXECUTION_SUCCESS : engine_wrong_usage("say what to unmount");
}

static int work(const void *place, struct failure *why)
{
    const struct request *request = place;

    return unmount_carry_out(&request->plan, request->targets, request->count, why);
}

static int umount_ns_builtin(WORD_LIST *list)
{
    struct request request = {.targets = xmalloc((size_t)list_length((GENERIC_LIST *)list) * sizeof(char *) + 1)};

    int status = shell_restricts_all() ? EXECUTION_FAILURE : parse(&request, list);
    if (status == EXECUTION_SUCCESS)
        status = mounting_carry_out(&request.place, work, &request, NULL, request.quiet ? &step_not_mounted : NULL);
    for (size_t i = 0; status == EXECUTION_SUCCESS && request.verbose && i < request.count; i++)
        printf("umount_ns: %s unmounted\n", request.targets[i]);
    free(request.targets);
    return sh_chkwrite(status);
}

BUILTIN(umount_ns);
