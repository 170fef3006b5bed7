#include "system/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

char *find_program(const char *name, char *text, size_t size)
{
    char standard[64] = "";
    const char *at = getenv("PATH");

    if (!at && confstr(_CS_PATH, standard, sizeof standard) > 0) /* as execvp(3) does */
        at = standard;
    for (; at && *at; at += strcspn(at, ":"), at += *at == ':') {
        int length = snprintf(text, size, "%.*s/%s", (int)strcspn(at, ":"), at, name);
        if (length > 0 && (size_t)length < size && access(text, X_OK) == 0)
            return text;
    }
    errno = ENOENT;
    return NULL;
}

/* Signals as a program expects them: none blocked. Those that the shell ignores stay ignored. */
static int spawn(pid_t *pid, const char *path, char *const arguments[])
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;

    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    errno = posix_spawn(pid, path, &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return errno == 0 ? 0 : -1;
}

int await_child(pid_t pid)
{
    int status = -1;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* Returns what waitpid(2) says; ends the program where a signal comes first. */
static int await_end(pid_t pid, const sigset_t *awake)
{
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    int interrupted = ended.fd < 0 || ppoll(&ended, 1, NULL, awake) < 0;

    if (interrupted)
        kill(pid, SIGKILL);
    if (ended.fd >= 0)
        close(ended.fd);
    int status = await_child(pid);
    if (interrupted)
        errno = EINTR;
    else if (status != 0)
        errno = ECANCELED;
    return interrupted || status != 0 ? -1 : 0;
}

int run_program(char *const arguments[], const sigset_t *awake)
{
    char path[PATH_MAX];
    pid_t pid;

    if (!find_program(arguments[0], path, sizeof path) || spawn(&pid, path, arguments) < 0)
        return -1;
    return await_end(pid, awake);
}
