#include "mounts/data.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>

#include "mounts/calls.h"
#include "mounts/steps.h"
#include "namespaces/steps.h"
#include "system/descriptors.h"

/* A pipe may stay silent for good, /dev/zero never ends: a signal ends the wait for both. What is ready wakes poll first. */
static int wait_for(int fd, const sigset_t *awake)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    static const struct timespec no_time;

    return ppoll(&ready, 1, NULL, awake) < 0 || ppoll(NULL, 0, &no_time, awake) < 0 ? -1 : 0;
}

static ssize_t read_some(int fd, char *text, size_t size, const sigset_t *awake, struct failure *why)
{
    if (wait_for(fd, awake) < 0)
        return fail(why, errno == EINTR ? &step_interrupted : &step_root_data);
    ssize_t got = read(fd, text, size);
    return got < 0 ? fail_about(why, &step_root_data, "%d", fd) : got;
}

/* A file larger than ulimit -f comes with a signal, which would end the shell once it may. */
static void drop_signal(void)
{
    static const struct timespec no_time;
    sigset_t too_large;
    int err = errno;

    sigemptyset(&too_large);
    sigaddset(&too_large, SIGXFSZ);
    sigtimedwait(&too_large, NULL, &no_time);
    errno = err;
}

static int write_all(int file, const char *text, size_t size)
{
    ssize_t written;

    for (; size > 0; text += written, size -= (size_t)written)
        if ((written = write(file, text, size)) < 0) {
            if (errno == EFBIG)
                drop_signal();
            return -1;
        }
    return 0;
}

int data_fill(int file, struct root_operation *operation, mode_t mode, const sigset_t *awake, struct failure *why)
{
    char text[4096];
    ssize_t got;

    operation->start = lseek(operation->fd, 0, SEEK_CUR);
    while ((got = read_some(operation->fd, text, sizeof text, awake, why)) > 0)
        if (write_all(file, text, (size_t)got) < 0)
            return fail_about(why, &step_root_file, "%s", root_target(operation));
    if (got < 0)
        return -1;
    return fchmod(file, mode) < 0 ? fail_about(why, &step_root_mode, "%s", root_target(operation)) : 0;
}

void data_undo(const struct root_operation *operation)
{
    if (operation->start >= 0)
        lseek(operation->fd, operation->start, SEEK_SET);
}

void data_let_go(const struct building *building)
{
    unlinkat(building->data, "data", 0);
}

static int make_file(struct building *building, struct root_operation *operation, struct failure *why)
{
    int file = openat(building->data, "data", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

    if (file < 0)
        return fail_about(why, &step_root_file, "%s", root_target(operation));
    int status = data_fill(file, operation, operation->has_mode ? operation->mode : 0600, building->awake, why);
    close(file);
    return status;
}

int data_make_mount(struct building *building, struct root_operation *operation, struct failure *why)
{
    if (make_file(building, operation, why) < 0)
        return -1;
    int mount = call_open_tree(building->data, "data", false);
    return mount < 0 ? fail_about(why, &step_root_file, "%s", root_target(operation)) : mount;
}
