/*
 * A supervisor stands outside, but who names it means the shell inside: it is $! and %1. It says so by the name of its
 * process, which ps(1) shows and which stays readable for everybody: "watches 4711". That number, in its own PID
 * namespace, is one of its children: /proc/PID/task/PID/children. (The shell inside cannot be told from other children by
 * its namespaces: with --fork it may have the same ones. Nor by what is in its memory: it may execute a program.)
 *
 * Any process can give itself such a name. So the name leads to a child only, and only to one that its parent could do
 * anything to, and send anywhere, without us: a child that is the same user in all four IDs, or is in a user namespace of
 * his own, or any child of root. A process that lies gets nobody further than where it could go itself; above all not to
 * a set-user-ID program that it has started.
 */
#include "namespaces/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "system/number.h"
#include "system/proc.h"

#define WATCHES "watches " /* and a PID: seven digits at most, and the kernel keeps fifteen bytes */

void inside_say(pid_t shell)
{
    char name[16];

    snprintf(name, sizeof name, WATCHES "%d", (int)shell);
    prctl(PR_SET_NAME, name);
}

/* Whom a process says to watch; 0: nobody. */
static pid_t said_by(int proc)
{
    char name[32];
    uint64_t pid;

    if (proc_read(proc, "comm", name, sizeof name) < 0 || strncmp(name, WATCHES, strlen(WATCHES)) != 0)
        return 0;
    name[strcspn(name, "\n")] = '\0';
    return number_parse(name + strlen(WATCHES), INT32_MAX, &pid) ? (pid_t)pid : 0;
}

/* Real, effective, saved, and that of files. */
struct users {
    unsigned id[4];
};

static bool read_users(int proc, struct users *users)
{
    char text[64];
    unsigned *id = users->id;

    return proc_status(proc, "Uid:", text, sizeof text)
           && sscanf(text, "%u %u %u %u", &id[0], &id[1], &id[2], &id[3]) == 4;
}

/* True where a process is in a user namespace that this user has made, and can do anything in. */
static bool is_in_namespace_of(int proc, uid_t user)
{
    uid_t owner;
    int namespace = openat(proc, "ns/user", O_RDONLY | O_CLOEXEC);
    bool is_his = namespace >= 0 && ioctl(namespace, NS_GET_OWNER_UID, &owner) == 0 && owner == user;

    if (namespace >= 0)
        close(namespace);
    return is_his;
}

static bool is_its_own(int supervisor, int shell)
{
    struct users above, below;

    if (!read_users(supervisor, &above) || !read_users(shell, &below))
        return false;
    uid_t user = above.id[1];
    return user == 0 || memcmp(&above, &below, sizeof above) == 0 || is_in_namespace_of(shell, user);
}

/* 0, or -1 and errno. */
static int open_shell(int supervisor, const struct target *outer, pid_t said, struct target *inner)
{
    int shell = proc_open_child_of(supervisor, outer->pid, said);
    int status = -1;

    if (shell < 0) {
        errno = ENOENT;
        return -1;
    }
    if (is_its_own(supervisor, shell))
        status = target_open_fd(inner, shell);
    else
        errno = EPERM;
    int err = errno;
    close(shell);
    errno = err;
    return status;
}

/* 1: inner is what outer watches; 0: it watches nobody, or cannot be looked at; -1 and errno. */
static int step_in(const struct target *outer, struct target *inner, pid_t *said)
{
    int proc = target_proc(outer);

    if (proc < 0)
        return 0;
    *said = said_by(proc);
    int status = *said == 0 ? 0 : open_shell(proc, outer, *said, inner) < 0 ? -1 : 1;
    int err = errno;
    close(proc);
    errno = err;
    return status;
}

/* Of two targets on the way, the one that is not wanted. errno stays. */
static void let_go_of(const struct target *target, const struct target *kept)
{
    int err = errno;

    if (target->pidfd != kept->pidfd)
        close(target->pidfd);
    errno = err;
}

int inside_find(struct target *target, pid_t self, pid_t *said)
{
    enum { MOVES = 1000 }; /* one in the other; who forks as fast as we look has no end */
    struct target at = *target, inner;
    int steps = 0, status;

    while ((status = step_in(&at, &inner, said)) > 0) {
        let_go_of(&at, target);
        at = inner;
        if (++steps == MOVES) {
            errno = ELOOP;
            status = -1;
            break;
        }
    }
    if (status < 0 || at.pid == self) {
        let_go_of(&at, target);
        return status;
    }
    let_go_of(target, &at);
    *target = at;
    return 0;
}
