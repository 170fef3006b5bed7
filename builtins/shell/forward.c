/* What is sent to a shell that waits is meant for the process that it waits for. */
#include "shell/shell.h"

#include <jobs.h>

static const int meant[FORWARDED_SIGNALS] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

static volatile sig_atomic_t forwarded; /* the last one */

static void forward(int number)
{
    forwarded = number;
    if (last_made_pid > 0)
        kill(last_made_pid, number);
}

/* SIGINT, where it is trapped, is bash's own while it waits: who waits for what ends by ^C ends by it, too. */
static bool is_to_be_forwarded(int number, const struct sigaction *before, enum forwards what)
{
    if (before->sa_handler == SIG_DFL)
        return what != FORWARD_NOTHING;
    return what == FORWARD_TRAPPED_TOO && before->sa_handler != SIG_IGN && number != SIGINT;
}

void shell_forward(struct forwarding *forwarding, enum forwards what)
{
    const struct sigaction ours = {.sa_handler = forward};

    forwarded = 0;
    for (int i = 0; i < FORWARDED_SIGNALS; i++) {
        sigaction(meant[i], NULL, &forwarding->before[i]);
        forwarding->is[i] = is_to_be_forwarded(meant[i], &forwarding->before[i], what);
        if (forwarding->is[i])
            sigaction(meant[i], &ours, NULL);
    }
}

void shell_forward_no_more(struct forwarding *forwarding)
{
    for (int i = 0; i < FORWARDED_SIGNALS; i++)
        if (forwarding->is[i])
            sigaction(meant[i], &forwarding->before[i], NULL);
    *forwarding = (struct forwarding){0};
}

int shell_forwarded(void)
{
    return forwarded;
}

void shell_die_as(int status)
{
    if (forwarded && status == 128 + forwarded)
        kill(getpid(), forwarded);
}
