#include "shared/mounting.h"

#include <string.h>
#include <unistd.h>

#include "namespaces/nsref.h"
#include "shared/engine.h"

const char *mounting_take_place(struct mounting_place *place, const char *text)
{
    if (strchr(text, '/') && strncmp(text, "/dev/fd/", strlen("/dev/fd/")) != 0) {
        place->file = text;
        return NULL;
    }
    place->target.text = NULL;
    return target_parse(&place->target, text);
}

/* A descriptor, or -1 after it has been said why not. */
static int open_place(const struct mounting_place *place)
{
    struct target_name name = place->target;
    struct target target = {.pidfd = -1};

    if (!place->file && (target_settle(&name) != EXECUTION_SUCCESS || target_find(&name, &target) != EXECUTION_SUCCESS))
        return -1;
    int fd = place->file ? nsref_open(place->file) : target_namespace(&target, nstype_of_flag(CLONE_NEWNS));
    if (fd < 0)
        builtin_error("%s: %s", place->file ? place->file : name.text, engine_reason());
    if (target.pidfd >= 0)
        close(target.pidfd);
    return fd;
}

int mounting_carry_out(const struct mounting_place *place, elsewhere_work *work, const void *plan, const void *wanted,
                       const struct step *untold)
{
    struct failure why;
    const char *name = place->file ? place->file : place->target.text;
    int namespace = name ? open_place(place) : -1;

    if (name && namespace < 0)
        return EXECUTION_FAILURE;
    shell_before_fork();
    int status = name ? elsewhere(namespace, name, work, plan, &why) : work(plan, &why);
    shell_after_fork();
    if (namespace >= 0)
        close(namespace);
    if (status < 0)
        return why.step == untold ? EXECUTION_FAILURE : engine_failed(wanted, &why);
    phash_flush(); /* what a name stands for may be covered now, or no longer */
    return EXECUTION_SUCCESS;
}
