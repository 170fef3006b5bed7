#include "namespaces/home.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "namespaces/nsref.h"
#include "namespaces/prepare.h"
#include "system/descriptors.h"

/* setns(2) leaves root and working directory at the root of the mount namespace. */
static int go(const struct home *home)
{
    struct failure why;

    return setns(home->mounts, CLONE_NEWNS) < 0 || prepare_return(home->root, home->directory, &why) < 0 ? -1 : 0;
}

/*
 * What setns(2) would leave cannot be come back to without these: so they are tried first, while they change nothing. A
 * chroot(2) that is refused has changed nothing but the directory.
 */
static int try_return(const struct home *home)
{
    if (fchdir(home->directory) < 0 || fchdir(home->root) < 0)
        return -1;
    int status = chroot(".");
    int err = errno;
    for (int tries = 0; tries < TRIES && fchdir(home->directory) < 0; tries++)
        ;
    errno = err;
    return status;
}

int home_open(struct home *home)
{
    home->root = home->directory = -1;
    home->mounts = nsref_open_own(nstype_of_flag(CLONE_NEWNS));
    if (home->mounts >= 0)
        home->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (home->root >= 0)
        home->directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (home->directory >= 0 && try_return(home) == 0 && go(home) == 0)
        return 0;
    home_close(home);
    return -1;
}

int home_return(const struct home *home)
{
    int status = -1;

    for (int tries = 0; tries < TRIES && status < 0; tries++)
        status = go(home);
    return status;
}

void home_close(struct home *home)
{
    const int held[] = {home->mounts, home->root, home->directory};

    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        descriptor_close(held[i]);
    home->mounts = home->root = home->directory = -1;
}
