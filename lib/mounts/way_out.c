#include "mounts/root.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "namespaces/nsref.h"
#include "namespaces/nstype.h"

/* A signal of number 0 tells (Linux 5.1): what is no pidfd is EBADF. EINVAL: of a PID namespace that is not below. */
static bool is_pidfd(int fd)
{
    return syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0 || errno == ESRCH || errno == EPERM || errno == EINVAL;
}

/*
 * From a directory, ".." goes on to the root that it was opened below, even from a detached mount's; setns(2) goes into a
 * mount namespace, by its file or by a process in it.
 */
const char *root_way_out(int fd)
{
    struct stat status;

    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
        return "a directory outside of the new root";
    if (nsref_is(fd, nstype_of_flag(CLONE_NEWNS)))
        return "a mount namespace";
    if (is_pidfd(fd))
        return "a process outside of the new root";
    return NULL;
}
