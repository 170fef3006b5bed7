#include "system/signals.h"

#include <stddef.h>

void signals_hold(struct signals_held *held)
{
    static const int ask_to_end[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &held->before);
    held->awake = all;
    for (size_t i = 0; i < sizeof ask_to_end / sizeof *ask_to_end; i++)
        if (!sigismember(&held->before, ask_to_end[i]))
            sigdelset(&held->awake, ask_to_end[i]);
}

void signals_release(const struct signals_held *held)
{
    sigprocmask(SIG_SETMASK, &held->before, NULL);
}
