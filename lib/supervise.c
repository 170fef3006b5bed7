#include "supervise.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"

/* What the moved shell does with signals, and whether the kernel shields it as the init of its PID namespace. */
struct stance {
    uint64_t caught, ignored; /* bit N-1: signal N */
    bool init;
};

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

/* Without a /proc to ask, the signal is passed on and the moved shell decides. */
static struct stance stance_of(pid_t moved)
{
    struct stance stance = {.caught = UINT64_MAX};
    char status[4096];
    int proc = proc_open(moved);

    if (proc < 0)
        return stance;
    if (proc_read(proc, "status", status, sizeof status) > 0) {
        stance.caught = mask_after(status, "\nSigCgt:");
        stance.ignored = mask_after(status, "\nSigIgn:");
        stance.init = is_init(status);
    }
    close(proc);
    return stance;
}

static bool has(uint64_t mask, int signal)
{
    return mask >> (signal - 1) & 1;
}

static bool stops(int signal)
{
    return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static bool is_harmless(int signal)
{
    return signal == SIGCONT || signal == SIGURG || signal == SIGWINCH;
}

/* Passes one signal on. Returns true if it ends the moved shell for which the default action is in force. */
static bool pass_on(pid_t moved, const siginfo_t *info)
{
    int signal = info->si_signo;
    struct stance stance = stance_of(moved);

    if (has(stance.ignored, signal))
        return false;
    if (has(stance.caught, signal) || is_harmless(signal)) {
        /* What the terminal sends goes to the whole process group: the moved shell has it already. */
        if (info->si_code != SI_KERNEL || getpgid(moved) != getpgrp())
            kill(moved, signal);
        return false;
    }
    if (stops(signal)) {
        kill(moved, SIGSTOP); /* an init ignores the others; SIGSTOP from outside stops it */
        return false;
    }
    /* An init ignores what it does not catch; SIGKILL from outside ends it, and with it all of its namespace. */
    kill(moved, stance.init ? SIGKILL : signal);
    return true;
}

/* Reaps all children: those from before the move are still this process's. True: the moved shell has ended. */
static bool reap(pid_t moved, int *ended)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
        if (pid != moved)
            continue;
        if (!WIFSTOPPED(status)) {
            *ended = status;
            return true;
        }
        kill(getpid(), SIGSTOP); /* so that who started the script sees it stopped, and continues it */
        kill(moved, SIGCONT);
    }
    return false;
}

int supervise(pid_t moved)
{
    sigset_t all;
    siginfo_t info;
    int status, fatal = 0;

    sigfillset(&all);
    while (!reap(moved, &status)) {
        if (sigwaitinfo(&all, &info) < 0 || info.si_signo == SIGCHLD)
            continue;
        if (pass_on(moved, &info))
            fatal = info.si_signo;
    }
    /* A tree that was ended for an uncaught signal ends by that signal, not by the SIGKILL that ended it. */
    return fatal && WIFSIGNALED(status) ? fatal : status;
}
