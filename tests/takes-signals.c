/*
 * takes-signals WAY: blocks all signals, says "ready", and takes those that come, up to TERM, as WAY says: "fd" by
 * signalfd(2), "wait" by sigwait(3), "thread" by sigwait(3) in a thread of its own, "late" by sigwait(3) when there is a
 * line on standard input. The status is how many there were. With "open", another thread blocks none, and takes them as the
 * kernel does.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t all;

static int from_descriptor(int fd)
{
    struct signalfd_siginfo info;

    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : -1;
}

static int from_wait(void)
{
    int number;

    return sigwait(&all, &number) == 0 ? number : -1;
}

static int take(int fd)
{
    int count = 0, number;

    while ((number = fd >= 0 ? from_descriptor(fd) : from_wait()) > 0 && number != SIGTERM)
        count += number != SIGCONT && printf("%s\n", strsignal(number)) > 0;
    return count;
}

static void *take_in_thread(void *count)
{
    *(int *)count = take(-1);
    return NULL;
}

static void *block_none(void *unused)
{
    sigset_t none;

    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    puts("ready");
    for (;;)
        pause();
    return unused;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    pthread_t thread;
    int count = 0;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (strcmp(way, "open") == 0 && pthread_create(&thread, NULL, block_none, NULL) == 0)
        pthread_join(thread, NULL);
    puts("ready");
    if (strcmp(way, "late") == 0)
        (void)!getchar();
    if (strcmp(way, "thread") != 0)
        return take(strcmp(way, "fd") == 0 ? signalfd(-1, &all, 0) : -1);
    if (pthread_create(&thread, NULL, take_in_thread, &count) != 0)
        return -1;
    pthread_join(thread, NULL);
    return count;
}
