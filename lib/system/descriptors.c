#include "system/descriptors.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 5.9; an older kernel has each number tried. The C library of that time has no SYS_ name for it. */
void descriptors_close(int first, int last)
{
    if (first > last || syscall(__NR_close_range, (unsigned)first, (unsigned)last, 0) == 0)
        return;
    for (int fd = first; fd <= last && fd < sysconf(_SC_OPEN_MAX); fd++)
        close(fd);
}

void descriptor_close(int fd)
{
    int err = errno;

    if (fd >= 0)
        close(fd);
    errno = err;
}
