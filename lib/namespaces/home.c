#include "namespaces/home.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

#include "namespaces/nsref.h"
#include "namespaces/steps.h"
#include "system/descriptors.h"

static int fail_place(size_t place, struct failure *why)
{
    static const char *const others[] = {"root directory", "working directory", "cgroup"};

    if (place < NS_TYPES)
        return fail_about(why, &step_home, "%s", nstypes[place].title);
    return fail_about(why, &step_home_place, "%s", others[place - HOME_ROOT]);
}

static bool leaves(const struct plan *plan, size_t place)
{
    switch (place) {
    case HOME_ROOT:
        return plan_carries_root(plan);
    case HOME_DIRECTORY:
        return true; /* nobody knows where what runs inside will go */
    case HOME_CGROUP:
        return plan->own_cgroup_fd >= 0;
    default: /* out of a PID namespace leads no way: a copy of the shell that moves is another process */
        return plan_flags(plan) & ~CLONE_NEWPID & nstypes[place].flag;
    }
}

static int open_low(const struct plan *plan, size_t place)
{
    switch (place) {
    case HOME_ROOT:
        return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    case HOME_DIRECTORY:
        return open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    case HOME_CGROUP:
        return nsref_open_fd(plan->own_cgroup_fd);
    default:
        return nsref_open_own(&nstypes[place]);
    }
}

/* Above the numbers that scripts give files, and go through to close all; where the limit is low, above the usual ones. */
static int open_place(const struct plan *plan, size_t place)
{
    enum { HIGH = 300, USUAL = 10 };
    int low = open_low(plan, place);
    int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, HIGH);

    if (low >= 0 && fd < 0 && errno == EINVAL)
        fd = fcntl(low, F_DUPFD_CLOEXEC, USUAL);
    if (low >= 0 && fd < 0 && errno == EINVAL)
        errno = EMFILE; /* the limit is lower still */
    descriptor_close(low);
    return fd;
}

static int go_to(size_t place, int fd)
{
    switch (place) {
    case HOME_ROOT:
        return fchdir(fd) < 0 ? -1 : chroot(".");
    case HOME_DIRECTORY:
        return fchdir(fd);
    case HOME_CGROUP:
        return write(fd, "0", 1) == 1 ? 0 : -1; /* itself: cgroups(7) */
    default:
        return setns(fd, nstypes[place].flag);
    }
}

/* It could be done a moment ago, so what fails may not fail the next time. */
static int go_surely(size_t place, int fd)
{
    int status = -1;

    for (int tries = 0; tries < TRIES && status < 0; tries++)
        status = go_to(place, fd);
    return status;
}

void home_init(struct home *home)
{
    for (size_t place = 0; place < HOME_PLACES; place++)
        home->places[place] = -1;
}

/* The places are in the order in which one can get there: setns(2) to a mount namespace leaves root and directory. */
int home_return(const struct home *home, struct failure *why)
{
    int status = 0;

    for (size_t place = 0; place < HOME_PLACES; place++)
        if (home->places[place] >= 0 && go_surely(place, home->places[place]) < 0 && status == 0)
            status = fail_place(place, why);
    return status;
}

/*
 * What setns(2) would leave cannot be come back to without these: so they are tried first, while they change nothing. A
 * chroot(2) that is refused has changed nothing but the directory.
 */
static int try_directories(const struct home *home, struct failure *why)
{
    if (home->places[HOME_ROOT] < 0)
        return 0;
    if (go_to(HOME_DIRECTORY, home->places[HOME_DIRECTORY]) < 0)
        return fail_place(HOME_DIRECTORY, why);
    int status = go_to(HOME_ROOT, home->places[HOME_ROOT]) < 0 ? fail_place(HOME_ROOT, why) : 0;
    return go_surely(HOME_DIRECTORY, home->places[HOME_DIRECTORY]) < 0 ? fail_place(HOME_DIRECTORY, why) : status;
}

/* What setns(2) to a mount namespace resets is to be as it is after the walk, wherever home is. */
static bool is_reset(size_t place)
{
    return place == HOME_ROOT || place == HOME_DIRECTORY;
}

/* Opens what a plan leaves and is not held yet; and the present root and directory, whatever is. */
static int open_places(struct home *new, const struct home *home, const struct plan *plan, struct failure *why)
{
    for (size_t place = 0; place < HOME_PLACES; place++) {
        if (!leaves(plan, place) || (home->places[place] >= 0 && !is_reset(place)))
            continue;
        new->places[place] = open_place(plan, place);
        if (new->places[place] < 0)
            return fail_place(place, why);
    }
    return 0;
}

static void take_over(struct home *home, struct home *new)
{
    for (size_t place = 0; place < HOME_PLACES; place++) {
        if (home->places[place] >= 0)
            continue;
        home->places[place] = new->places[place];
        new->places[place] = -1;
    }
}

int home_hold(struct home *home, const struct plan *plan, struct failure *why)
{
    struct home new;

    home_init(&new);
    int status =
        open_places(&new, home, plan, why) < 0 || try_directories(&new, why) < 0 || home_return(&new, why) < 0 ? -1 : 0;
    if (status == 0)
        take_over(home, &new);
    home_close(&new);
    return status;
}

void home_close(struct home *home)
{
    for (size_t place = 0; place < HOME_PLACES; place++) {
        descriptor_close(home->places[place]);
        home->places[place] = -1;
    }
}
