#include "system/selinux.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "system/proc.h"

/* Its file system is mounted where a policy is loaded. */
bool selinux_is_in_force(void)
{
    struct statfs fs;

    return statfs("/sys/fs/selinux", &fs) == 0 && (unsigned)fs.f_type == SELINUX_MAGIC;
}

int selinux_set_exec(const char *context)
{
    int self = proc_open(0);
    int status = self < 0 ? -1 : proc_write(self, "attr/exec", *context ? context : "\n");
    int err = errno;

    if (self >= 0)
        close(self);
    errno = err;
    return status;
}
