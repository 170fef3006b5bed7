#include "system/descriptors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/proc.h"

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

static DIR *open_list(void)
{
    int proc = proc_open(0);
    int fd = proc < 0 ? -1 : openat(proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (proc >= 0)
        close(proc);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (!list && fd >= 0)
        close(fd);
    return list;
}

static int try_each(int (*see)(int fd, void *data), void *data)
{
    int result = 0;

    for (int fd = 0; result == 0 && fd < sysconf(_SC_OPEN_MAX); fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            result = see(fd, data);
    return result;
}

int descriptors_each(int (*see)(int fd, void *data), void *data)
{
    DIR *list = open_list();
    int result = 0;
    struct dirent *entry;

    if (!list)
        return try_each(see, data);
    while (result == 0 && (entry = readdir(list))) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != dirfd(list))
            result = see(fd, data);
    }
    closedir(list);
    return result;
}
