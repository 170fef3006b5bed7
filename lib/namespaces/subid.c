/*
 * Without a "subid:" line in nsswitch.conf(5), the two files are all that there is, and they are read here. With one,
 * libsubid knows what to do; but it brings a dozen libraries, and NSS modules that may open files and sockets. So it is
 * loaded into a child, and the shell gets the numbers only. In a root that others may have filled, there are the files.
 */
#include "namespaces/subid.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/lookups.h"
#include "system/number.h"
#include "system/program.h"
#include "system/signals.h"

struct range {
    unsigned long start, count; /* as libsubid's struct subid_range */
};

static bool is_valid(const struct range *range)
{
    return range->count > 0 && range->start < UINT32_MAX && range->count <= UINT32_MAX - range->start;
}

/* Whether the line starts with "OWNER:"; returns what follows, or NULL. */
static const char *after_owner(const char *line, const char *owner)
{
    size_t length = strlen(owner);

    return length > 0 && strncmp(line, owner, length) == 0 && line[length] == ':' ? line + length + 1 : NULL;
}

/* Whether getpwuid(3) has not looked, rather than not found: it says the latter in several ways. */
static bool look_up_failed(int err)
{
    return err != 0 && err != ENOENT && err != ESRCH && err != EBADF && err != EPERM;
}

/* "OWNER:START:COUNT" */
static bool parse_line(const char *line, const char *name, const char *number, struct range *range)
{
    const char *at = after_owner(line, name);
    uint64_t start, count;

    if (!at)
        at = after_owner(line, number);
    if (!at || !(at = number_read(at, UINT32_MAX, &start)) || *at != ':')
        return false;
    at = number_read(at + 1, UINT32_MAX, &count);
    *range = (struct range){(unsigned long)start, (unsigned long)count};
    return at && (*at == '\n' || *at == '\0') && is_valid(range);
}

static int from_file(enum subid kind, const char *name, const char *number, struct range *range)
{
    FILE *file = fopen(kind == SUBID_UID ? "/etc/subuid" : "/etc/subgid", "re");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    if (!file)
        return -1;
    while (!found && getline(&line, &size, file) >= 0)
        found = parse_line(line, name, number, range);
    int err = ferror(file) ? errno : ENOENT;
    free(line);
    fclose(file);
    errno = err;
    return found ? 0 : -1;
}

static bool name_service_is_configured(void)
{
    FILE *file = fopen("/etc/nsswitch.conf", "re");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    if (!file)
        return false;
    while (!found && getline(&line, &size, file) >= 0)
        found = strncmp(line + strspn(line, " \t"), "subid:", strlen("subid:")) == 0;
    free(line);
    fclose(file);
    return found;
}

typedef bool init_function(const char *program, FILE *log);
typedef int ranges_function(const char *owner, struct range **ranges);

/* These versions of the library have the functions and the structure above (shadow 4.9 to 4.20). */
static void *open_library(void)
{
    static const char *const names[] = {"libsubid.so.6", "libsubid.so.5", "libsubid.so.4"};
    void *library = NULL;

    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return library;
}

/* In the child. A status for from_name_service(). */
static int ask_library(enum subid kind, const char *name, int out)
{
    struct range *ranges = NULL;
    void *library = open_library();

    if (!library)
        return ENOSYS;
    init_function *init = (init_function *)dlsym(library, "subid_init");
    ranges_function *get =
        (ranges_function *)dlsym(library, kind == SUBID_UID ? "subid_get_uid_ranges" : "subid_get_gid_ranges");
    if (!init || !get)
        return ENOSYS;
    FILE *log = fopen("/dev/null", "we"); /* or else it complains on the standard error */
    if (!init("nsbuiltins", log))
        return ENOSYS;
    if (get(name, &ranges) < 1 || !is_valid(ranges))
        return ENOENT;
    return write(out, ranges, sizeof *ranges) == sizeof *ranges ? 0 : EIO;
}

/* Waits for the child; a signal in the mask `awake` ends that: the name service may take any time. */
static int hear_child(pid_t child, int in, const sigset_t *awake, struct range *range)
{
    struct pollfd ready = {.fd = in, .events = POLLIN};
    ssize_t got = ppoll(&ready, 1, NULL, awake) < 0 ? -1 : read(in, range, sizeof *range);

    if (got < 0)
        kill(child, SIGKILL);
    int status = await_child(child);
    if (got == sizeof *range)
        return 0;
    errno = got < 0 ? EINTR : WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
    return -1;
}

static int from_name_service(enum subid kind, const char *name, struct range *range)
{
    struct signals_held held;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    signals_hold(&held);
    pid_t child = fork();
    if (child == 0)
        _exit(ask_library(kind, name, ends[1]));
    close(ends[1]);
    int status = child < 0 ? -1 : hear_child(child, ends[0], &held.awake, range);
    int err = errno;
    close(ends[0]);
    signals_release(&held);
    errno = err;
    return status;
}

int subid_first(enum subid kind, uid_t user, unsigned *outer, unsigned *count)
{
    char number[16];
    struct range range;
    int status = -1;

    errno = 0;
    struct passwd *entry = getpwuid(user);
    if (!entry && look_up_failed(errno))
        return -1;
    snprintf(number, sizeof number, "%u", (unsigned)user);
    char *name = strdup(entry ? entry->pw_name : number);
    if (!name)
        return -1;
    if (!lookups_are_confined() && name_service_is_configured())
        status = from_name_service(kind, name, &range);
    else
        errno = ENOSYS;
    if (status < 0 && errno == ENOSYS) /* not asked for, or no libsubid here */
        status = from_file(kind, name, number, &range);
    int err = errno;
    free(name);
    errno = err;
    if (status == 0) {
        *outer = (unsigned)range.start;
        *count = (unsigned)range.count;
    }
    return status;
}
