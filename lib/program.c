#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Signals as a program expects them: none blocked. Those that the shell ignores stay ignored. */
static int spawn(pid_t *pid, char *const arguments[])
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
    errno = posix_spawnp(pid, arguments[0], &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return errno == 0 ? 0 : -1;
}

/* Returns what waitpid(2) says; ends the program where a signal comes first. */
static int await_end(pid_t pid, const sigset_t *awake)
{
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    int status, interrupted = ended.fd < 0 || ppoll(&ended, 1, NULL, awake) < 0;

    if (interrupted)
        kill(pid, SIGKILL);
    if (ended.fd >= 0)
        close(ended.fd);
    waitpid(pid, &status, 0);
    if (interrupted)
        errno = EINTR;
    else if (status != 0)
        errno = ECANCELED;
    return interrupted || status != 0 ? -1 : 0;
}

int run_program(char *const arguments[], const sigset_t *awake)
{
    pid_t pid;

    return spawn(&pid, arguments) < 0 ? -1 : await_end(pid, awake);
}
