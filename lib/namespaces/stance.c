#include "namespaces/stance.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/proc.h"

/* What is not there to be read, is `otherwise`. */
static uint64_t read_mask(int proc, const char *key, uint64_t otherwise)
{
    char text[24];

    return proc_status(proc, key, text, sizeof text) ? strtoull(text, NULL, 16) : otherwise;
}

/* "\t4711\t1": its PID in each namespace, the innermost last. */
static bool is_init(int proc)
{
    char text[512];
    const char *last = proc_status(proc, "NSpid:", text, sizeof text) ? strrchr(text, '\t') : NULL;

    return last && strcmp(last, "\t1") == 0;
}

/* One that ends meanwhile takes no signal. */
static uint64_t blocked_by_thread(int threads, const char *number)
{
    int proc = openat(threads, number, O_PATH | O_DIRECTORY | O_CLOEXEC);
    uint64_t blocked = proc < 0 ? UINT64_MAX : read_mask(proc, "SigBlk:", UINT64_MAX);

    if (proc >= 0)
        close(proc);
    return blocked;
}

/* What one thread does not block, the kernel has that one take: signal(7). */
static uint64_t blocked_by_all(int proc)
{
    _Alignas(struct dirent64) char list[2048];
    uint64_t blocked = read_mask(proc, "SigBlk:", 0);
    int threads = openat(proc, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long got;

    while (threads >= 0 && blocked != 0 && (got = syscall(SYS_getdents64, threads, list, sizeof list)) > 0)
        for (const struct dirent64 *entry = (void *)list; (const char *)entry < list + got;
             entry = (const void *)((const char *)entry + entry->d_reclen))
            if (entry->d_name[0] != '.')
                blocked &= blocked_by_thread(threads, entry->d_name);
    if (threads >= 0)
        close(threads);
    return blocked;
}

struct stance stance_of_child(pid_t child)
{
    struct stance stance = {.caught = UINT64_MAX};
    int proc = proc_open_child(child);

    if (proc < 0)
        return stance;
    stance.caught = read_mask(proc, "SigCgt:", UINT64_MAX);
    stance.kept = read_mask(proc, "SigIgn:", 0) | blocked_by_all(proc);
    stance.init = is_init(proc);
    close(proc);
    return stance;
}

bool stance_has(uint64_t mask, int signal)
{
    return mask >> (signal - 1) & 1;
}

bool stance_is_about_to_stop(pid_t child)
{
    char state[32];
    int proc = proc_open_child(child);
    bool waits = proc >= 0 && proc_status(proc, "State:", state, sizeof state) && strncmp(state, "\tR", 2) == 0
                 && stance_has(read_mask(proc, "ShdPnd:", 0), SIGSTOP);

    if (proc >= 0)
        close(proc);
    return waits;
}
