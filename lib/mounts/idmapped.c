#include "mounts/idmapped.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mounts/apart.h"
#include "mounts/calls.h"
#include "mounts/steps.h"
#include "namespaces/idmap.h"
#include "namespaces/nsref.h"
#include "namespaces/plan.h"
#include "namespaces/steps.h"
#include "sentence.h"
#include "system/number.h"
#include "system/proc.h"
#include "system/program.h"

bool idmapped_is_user_namespace(void)
{
    enum { FIRST = 0xEFFFFFFD }; /* the inode number of the first user namespace: include/linux/proc_ns.h */
    struct stat status;

    return stat("/proc/self/ns/user", &status) == 0 && status.st_ino != (ino_t)(unsigned)FIRST;
}

/* "u:0:1000:1", or without a letter for both. NULL, or what is wrong. */
static bool take_range(struct idmaps *maps, const char *text)
{
    const bool typed = (*text == 'u' || *text == 'g' || *text == 'b') && text[1] == ':';
    const int kind = typed ? *text : 'b';
    struct id_range range;

    if (id_range_parse(&range, typed ? text + 2 : text))
        return false;
    return (kind == 'g' || !idmap_add(&maps->users, range)) && (kind == 'u' || !idmap_add(&maps->groups, range));
}

/* "u:0:1000:1 g:0:1000:1" */
static bool take_maps(struct idmaps *maps, const char *text)
{
    char *copy = strdup(text), *rest;
    bool good = copy;

    idmaps_init(maps);
    for (char *word = copy ? strtok_r(copy, " ", &rest) : NULL; good && word; word = strtok_r(NULL, " ", &rest))
        good = take_range(maps, word);
    free(copy);
    errno = EINVAL;
    return good;
}

/* In a grandchild: a user namespace, and somebody who is in it until the other end of the pipe is closed. */
static _Noreturn void be_inside(int ready, int end)
{
    int err = unshare(CLONE_NEWUSER) < 0 ? errno : 0;
    char byte;

    if (write(ready, &err, sizeof err) == sizeof err && err == 0)
        (void)!read(end, &byte, 1);
    _exit(EXIT_SUCCESS);
}

static int map(pid_t inside, const struct idmaps *maps, int *fd, struct failure *why)
{
    sigset_t none;
    int proc = proc_open_child(inside);

    sigfillset(&none);
    if (proc < 0)
        return fail_about(why, &step_idmap, "a new user namespace");
    if (idmaps_write(proc, inside, maps, &none, why) == 0 && (*fd = openat(proc, "ns/user", O_RDONLY | O_CLOEXEC)) < 0)
        fail_about(why, &step_idmap, "a new user namespace");
    close(proc);
    return *fd < 0 ? -1 : 0;
}

/* Maps the user namespace of a process that says when it is in there, or with which errno it is not. */
static int map_when_ready(pid_t inside, int ready, const struct idmaps *maps, int *fd, struct failure *why)
{
    static const struct plan wanted = {.create = CLONE_NEWUSER};
    int err;

    errno = ECHILD;
    if (read(ready, &err, sizeof err) != sizeof err)
        return fail(why, &step_apart);
    if (err == 0)
        return map(inside, maps, fd, why);
    errno = err;
    fail_about(why, &step_unshare, "user");
    sentence_explain(why, &wanted);
    return -1;
}

/* In a child, whose own child is in the user namespace; it ends with this one, whatever happens, by the second pipe. */
static int make_namespace(void *maps, int *fd, struct failure *why)
{
    int ready[2], end[2];

    if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(end, O_CLOEXEC) < 0)
        return fail(why, &step_apart);
    pid_t inside = fork();
    if (inside < 0)
        return fail(why, &step_apart);
    if (inside == 0) {
        close(end[1]);
        be_inside(ready[1], end[0]);
    }
    close(ready[1]);
    int status = map_when_ready(inside, ready[0], maps, fd, why);
    close(end[1]);
    await_child(inside);
    return status;
}

static int open_namespace(const char *by, struct failure *why)
{
    static struct idmaps maps; /* large */
    struct target target;
    uint64_t pid;
    int fd = -1;

    if (number_parse(by, INT_MAX, &pid)) {
        if (target_open(&target, (pid_t)pid) == 0) {
            fd = target_namespace(&target, nstype_of_flag(CLONE_NEWUSER));
            close(target.pidfd);
        }
    } else if (strchr(by, '/')) {
        fd = nsref_open(by);
    } else if (take_maps(&maps, by)) {
        return apart(make_namespace, &maps, &fd, why) < 0 ? -1 : fd;
    }
    return fd < 0 ? fail_about(why, &step_idmap, "%s", by) : fd;
}

int idmapped_set(const char *by, int mount, bool recursive, struct failure *why)
{
    int user = open_namespace(by, why);
    const struct mount_change change = {.set = MOUNT_ATTR_IDMAP, .user_namespace = (uint64_t)user};

    if (user < 0)
        return -1;
    int status = call_mount_setattr(mount, recursive, &change);
    if (status < 0)
        fail_about(why, &step_idmap, "%s", by);
    close(user);
    return status;
}
