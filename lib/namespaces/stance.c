#include "namespaces/stance.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system/proc.h"

static uint64_t mask_after(const char *status, const char *key)
{
    const char *at = strstr(status, key);

    return at ? strtoull(at + strlen(key), NULL, 16) : 0;
}

/* "NSpid:\t4711\t1": its PID in each namespace, the innermost last. */
static bool is_init(const char *status)
{
    const char *at = strstr(status, "\nNSpid:");
    const char *end = at ? strchr(at + 1, '\n') : NULL;

    return end && end[-1] == '1' && end[-2] == '\t';
}

/* One that ends meanwhile takes no signal. */
static uint64_t blocked_by_thread(int threads, const char *number)
{
    int proc = openat(threads, number, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char *status = proc < 0 ? NULL : proc_read_status(proc);
    uint64_t blocked = status ? mask_after(status, "\nSigBlk:") : UINT64_MAX;

    free(status);
    if (proc >= 0)
        close(proc);
    return blocked;
}

/* What one thread does not block, the kernel has that one take: signal(7). */
static uint64_t blocked_by_all(int proc, uint64_t blocked)
{
    int threads = openat(proc, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = threads < 0 ? NULL : fdopendir(threads);
    const struct dirent *entry;

    if (!list) {
        if (threads >= 0)
            close(threads);
        return blocked;
    }
    while (blocked != 0 && (entry = readdir(list)))
        if (entry->d_name[0] != '.')
            blocked &= blocked_by_thread(threads, entry->d_name);
    closedir(list);
    return blocked;
}

struct stance stance_of_child(pid_t child)
{
    struct stance stance = {.caught = UINT64_MAX};
    int proc = proc_open_child(child);
    char *status = proc < 0 ? NULL : proc_read_status(proc);

    if (status) {
        stance.caught = mask_after(status, "\nSigCgt:");
        stance.kept = mask_after(status, "\nSigIgn:") | blocked_by_all(proc, mask_after(status, "\nSigBlk:"));
        stance.init = is_init(status);
    }
    free(status);
    if (proc >= 0)
        close(proc);
    return stance;
}

bool stance_has(uint64_t mask, int signal)
{
    return mask >> (signal - 1) & 1;
}
