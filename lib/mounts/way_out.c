#include "mounts/root.h"

#include <sched.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "namespaces/nsref.h"
#include "namespaces/nstype.h"

enum { PIDFD_MAGIC = 0x50494446 }; /* PID_FS_MAGIC, Linux 6.9 */

/*
 * From a directory, ".." goes on to the root that it was opened below, even from a detached mount's; setns(2) goes into a
 * mount namespace, by its file or by a process in it.
 */
const char *root_way_out(int fd)
{
    struct stat status;
    struct statfs fs;

    if (fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
        return "a directory outside of the new root";
    if (nsref_is(fd, nstype_of_flag(CLONE_NEWNS)))
        return "a mount namespace";
    if (fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == PIDFD_MAGIC)
        return "a process outside of the new root";
    return NULL;
}
