#include "mounts/root_plan.h"

#include <stdbool.h>
#include <stdlib.h>

static const struct {
    const char *word;
    enum root_form form;
    int flags;
} operations[] = {
#define ROW(ID, WORD, FORM, COUNT, WORDS, FLAGS, MAKE, PUT, HELP) [ROOT_##ID] = {WORD, FORM, FLAGS},
    ROOT_OPERATIONS(ROW)
#undef ROW
};

const char *root_word(enum root_kind kind)
{
    return operations[kind].word;
}

enum root_form root_form(enum root_kind kind)
{
    return operations[kind].form;
}

int root_flags(enum root_kind kind)
{
    return operations[kind].flags;
}

void root_plan_init(struct root_plan *plan)
{
    *plan = (struct root_plan){0};
}

void root_plan_free(struct root_plan *plan)
{
    free(plan->operation);
    root_plan_init(plan);
}

struct root_operation *root_plan_add(struct root_plan *plan, enum root_kind kind)
{
    if (plan->count == plan->room) {
        size_t room = 2 * plan->room + 16;
        struct root_operation *more = realloc(plan->operation, room * sizeof *more);
        if (!more)
            return NULL;
        plan->operation = more;
        plan->room = room;
    }
    plan->operation[plan->count] = (struct root_operation){.kind = kind, .fd = -1, .mount = -1, .start = -1};
    return &plan->operation[plan->count++];
}

const char *root_target(const struct root_operation *operation)
{
    int last = 0;

    while (last < 2 && operation->words[last + 1])
        last++;
    return operation->words[last];
}

/* An overlay takes all the layers that stand right before it. */
static const char *count_layers(struct root_operation *operation, size_t layers)
{
    bool is_overlay =
        operation->kind == ROOT_OVERLAY || operation->kind == ROOT_TMP_OVERLAY || operation->kind == ROOT_RO_OVERLAY;

    operation->layers = is_overlay ? layers : 0;
    if (operation->kind != ROOT_OVERLAY_SRC && !is_overlay && layers > 0)
        return "--overlay-src must be followed by another one, or by --overlay, --tmp-overlay or --ro-overlay";
    if (is_overlay && layers == 0)
        return "an overlay needs an --overlay-src before it";
    if (operation->kind == ROOT_RO_OVERLAY && layers < 2)
        return "--ro-overlay needs two --overlay-src before it, or more";
    return NULL;
}

const char *root_plan_contradiction(struct root_plan *plan)
{
    size_t layers = 0;

    if (plan->count == 0)
        return "nothing is to be in the new root: say what, as --ro-bind /usr /usr";
    for (size_t i = 0; i < plan->count; i++) {
        const char *wrong = count_layers(&plan->operation[i], layers);
        if (wrong)
            return wrong;
        layers = plan->operation[i].kind == ROOT_OVERLAY_SRC ? layers + 1 : 0;
    }
    return layers > 0 ? "--overlay-src must be followed by --overlay, --tmp-overlay or --ro-overlay" : NULL;
}
