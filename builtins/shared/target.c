#include "shared/target.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "namespaces/inside.h"
#include "shared/engine.h"
#include "system/number.h"

#define DEV_FD "/dev/fd/"

bool target_parse_fd(const char *text, int *fd)
{
    uint64_t number;

    if (!number_parse(text, INT_MAX, &number))
        return false;
    *fd = (int)number;
    return true;
}

/* "PID" or "PID:INODE" */
static bool parse_pid(struct target_name *name, const char *text)
{
    uint64_t pid, inode = 0;
    const char *end = number_read(text, INT_MAX, &pid);

    if (!end || pid == 0)
        return false;
    if (*end == ':' && (!number_parse(end + 1, UINT64_MAX, &inode) || inode == 0))
        return false;
    name->pid = (pid_t)pid;
    name->inode = inode;
    return *end == '\0' || *end == ':';
}

const char *target_parse(struct target_name *name, const char *text)
{
    static const char expected[] =
        "expected a PID from 1, PID:INODE, %JOB, or /dev/fd/N (a pidfd or an open /proc/PID)";

    if (name->text)
        return "--target can be given once only";
    *name = (struct target_name){.text = text, .fd = -1};
    if (*text == '%') {
        name->job = text;
        return NULL;
    }
    bool known = strncmp(text, DEV_FD, strlen(DEV_FD)) == 0 ? target_parse_fd(text + strlen(DEV_FD), &name->fd)
                                                            : parse_pid(name, text);
    return known ? NULL : expected;
}

static int cannot_find(const struct target_name *name, const char *why)
{
    builtin_error("%s: %s", name->text, why);
    return EXECUTION_FAILURE;
}

int target_settle(struct target_name *name)
{
    if (!name->job)
        return EXECUTION_SUCCESS;
    name->pid = shell_job(name->job);
    return name->pid > 0 ? EXECUTION_SUCCESS : cannot_find(name, "no such job");
}

static const char *why_not(const struct target_name *name)
{
    if (name->fd >= 0 && errno == EINVAL)
        return "expected a pidfd, or the open directory /proc/PID";
    if (name->fd >= 0 && errno == EXDEV)
        return "expected a directory in the /proc of this PID namespace; in another, the number is another process's";
    if (name->pid > 0 && (errno == EINVAL || errno == ENOENT)) /* before and since Linux 6.9 */
        return "expected a process; this is a thread of one";
    return engine_reason();
}

static int check_inode(const struct target_name *name, const struct target *target)
{
    if (name->inode == 0 || target_inode(target) == name->inode)
        return EXECUTION_SUCCESS;
    return cannot_find(name, target_inode(target) != 0 ? "this PID belongs to another process now"
                                                       : "the kernel does not number its processes (Linux 6.9)");
}

/* Who names a supervisor means the shell inside. */
static int go_inside(const struct target_name *name, struct target *target)
{
    pid_t shell;

    if (inside_find(target, shell_pid(), &shell) == 0)
        return EXECUTION_SUCCESS;
    if (errno == EPERM)
        builtin_error("%s: it says that it supervises its child %d, which is another user's; name that if it is meant",
                      name->text, (int)shell);
    else
        builtin_error("%s: it only supervises, and the shell inside (%d to it) cannot be found: %s", name->text,
                      (int)shell, strerror(errno));
    return EXECUTION_FAILURE;
}

int target_find(const struct target_name *name, struct target *target)
{
    if ((name->fd >= 0 ? target_open_fd(target, name->fd) : target_open(target, name->pid)) < 0)
        return cannot_find(name, why_not(name));
    if (check_inode(name, target) == EXECUTION_SUCCESS && go_inside(name, target) == EXECUTION_SUCCESS)
        return EXECUTION_SUCCESS;
    close(target->pidfd);
    target->pidfd = -1;
    return EXECUTION_FAILURE;
}
