#include "mounts/plan.h"

#include <stdlib.h>
#include <string.h>

void mount_plan_init(struct mount_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->source_fd = -1;
}

void mount_plan_free(struct mount_plan *plan)
{
    while (plan->options) {
        struct fs_option *first = plan->options;
        plan->options = first->next;
        free(first);
    }
    free(plan->subdir);
    free(plan->idmap);
    mount_plan_init(plan);
}

/* The last one of this key. */
static const struct fs_option *find(const struct mount_plan *plan, const char *key)
{
    const struct fs_option *found = NULL;

    for (const struct fs_option *option = plan->options; option; option = option->next)
        if (strcmp(option->key, key) == 0)
            found = option;
    return found;
}

const char *mount_option(const struct mount_plan *plan, const char *key)
{
    const struct fs_option *option = find(plan, key);

    return option ? option->value : NULL;
}

bool mount_option_given(const struct mount_plan *plan, const char *key)
{
    return find(plan, key) != NULL;
}

bool mount_changes_attributes(const struct mount_plan *plan)
{
    return (plan->own.set | plan->own.clear | plan->whole.set | plan->whole.clear) != 0;
}

/* What is said for a file system, where there is none to be told. */
static const char *without_file_system(const struct mount_plan *plan)
{
    bool told = plan->kind == MOUNT_NEW || plan->kind == MOUNT_REMOUNT;

    if (plan->options && !told)
        return "only a new file system, or one that is remounted, takes options of its own";
    if (plan->exclusive && plan->kind != MOUNT_NEW)
        return "--exclusive is about a new file system";
    return NULL;
}

/* What is said about a new mount, where what is there is changed or moved. */
static const char *without_new_mount(const struct mount_plan *plan)
{
    if (plan->kind < MOUNT_MOVE)
        return NULL;
    if (plan->make && plan->kind != MOUNT_MOVE)
        return "--mkdir makes the target of a new mount";
    if (plan->subdir || plan->idmap)
        return "X-mount.subdir and X-mount.idmap are about a new mount";
    if (plan->beneath && plan->kind != MOUNT_MOVE)
        return "--beneath is about a new mount";
    if (plan->kind == MOUNT_MOVE && mount_changes_attributes(plan))
        return "a mount is moved as it is: change its attributes with -o bind,remount";
    return NULL;
}

const char *mount_plan_contradiction(const struct mount_plan *plan)
{
    const char *wrong = without_file_system(plan);

    if (!wrong)
        wrong = without_new_mount(plan);
    if (wrong)
        return wrong;
    if (plan->kind == MOUNT_NEW && !plan->type)
        return "say what kind of file system it is: -t TYPE; mount(8) can find that out";
    if ((plan->kind == MOUNT_BIND || plan->kind == MOUNT_MOVE) && !plan->source && plan->source_fd < 0)
        return "say what to mount, and on what";
    if (!plan->target)
        return "say where";
    return NULL;
}
