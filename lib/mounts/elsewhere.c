#include "mounts/elsewhere.h"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "mounts/apart.h"
#include "mounts/steps.h"
#include "namespaces/nsref.h"

struct errand {
    int namespace;
    const char *name;
    elsewhere_work *work;
    const void *plan;
};

/* Where the owner may not be looked at, it is not the caller's to join either: setns(2) then says what there is to say. */
static void join_owner(int namespace)
{
    int user = nsref_owner(namespace);

    if (user >= 0 && !nsref_is_own(user, nstype_of_flag(CLONE_NEWUSER)))
        setns(user, CLONE_NEWUSER);
    if (user >= 0)
        close(user);
}

/* Others are in there, who are not to find the shell's memory in this child: see namespaces/helper.c. */
static int go_and_work(void *place, int *none, struct failure *why)
{
    const struct errand *errand = place;

    (void)none;
    prctl(PR_SET_DUMPABLE, 0);
    join_owner(errand->namespace);
    if (setns(errand->namespace, CLONE_NEWNS) < 0)
        return fail_about(why, &step_mount_namespace, "%s", errand->name);
    return errand->work(errand->plan, why);
}

int elsewhere(int namespace, const char *name, elsewhere_work *work, const void *plan, struct failure *why)
{
    struct errand errand = {namespace, name, work, plan};

    return apart(go_and_work, &errand, NULL, why);
}
