/*
 * inject REPORT FAULT COMMAND [ARG...]: runs COMMAND, a shell, and has one system call of it fail, or kills it there.
 *
 * The shell marks by signals to itself where its work begins (SIGRTMAX-1) and ends (SIGRTMAX); these are kept from it.
 * In between, each process has a role, by its birth: the shell is 0, its first helper 1, and so on. One that is born
 * there works until a mark of its own, or its end. FAULT is ROLE:CALL:N:ERROR, the role's N-th such call that fails
 * with ERROR, or is where it is killed: "KILL", or held: "HOLD", until this program is killed, and all with it. With "-"
 * for FAULT nothing fails. REPORT receives, a line each:
 *
 *   fault FAULT    one that can be asked for, where there was none
 *   hit N M        the fault has happened, after N words to helpers (sendto) and M from them (sendmsg)
 *   held PID       of the process that is
 *   end ROLE       the process that has made the last mark
 *   orphan ...     a process that outlived the shell
 *   hang ...       a process that was there when nothing went on any more
 *   unknown N      a system call that this program has no name for
 *
 * With NSB_INJECT_COPIES, the shell that makes the marks may be a copy, born before them.
 *
 * The status is that of the shell. strace(1) injects faults too, but counts in each process alike, and from its start:
 * there is no naming the third read(2) of the second helper, after what bash itself has read. A close(2) that it fails
 * leaves the file open, which the kernel never does. And an ordinary user's newuidmap(1) gets no privilege under a
 * tracer, nor where strace lets go of it (--detach-on=execve): that is after the execve(2); here it is before.
 *
 * No time is too long for a process that runs or waits for a processor. What hangs is known by its sleep: all that are
 * there sleep, and none has made a system call, for longer than anything here is meant to wait.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__

#include "inject_calls.h"
#include "inject_processes.h"

enum { TRACEES = 64 };

/* Of the clock: TICKS a second. LONGEST is for what runs in circles. */
enum { TICKS = 5, SLEEP = 10 * TICKS, SLEEP_OF_ORPHANS = 3 * TICKS, LONGEST = 600 * TICKS };

struct tracee {
    pid_t pid;
    int role; /* -1: one of before the beginning */
    bool works, in_call;
    int failing;         /* the error of the call that it is in; 0: none */
    bool forks;          /* that call has a child */
    int seen[CALLS];     /* how often it has made each call */
    bool waits, started; /* it has stopped for the first time; its birth is known */
    pid_t parent;        /* of one that waits */
};

static struct tracee tracees[TRACEES];
static int count, roles;
static FILE *report;
static bool lists, hit;
static int words, words_before; /* the hit */
static int answers, answers_before;
static volatile sig_atomic_t ticks;
static int asleep;       /* for so many ticks */
static const char *rest; /* what those that are left are called: "hang", "orphan" */

static struct {
    int role, nth, error; /* error 0: is killed, or held */
    char call[32];
    bool holds;
} fault;

static void tick(int number)
{
    (void)number;
    ticks++;
}

static struct tracee *find(pid_t pid)
{
    for (int i = 0; i < count; i++)
        if (tracees[i].pid == pid)
            return &tracees[i];
    return NULL;
}

static struct tracee *add(pid_t pid)
{
    if (count == TRACEES) {
        fputs("hang: too many processes\n", report);
        exit(124);
    }
    tracees[count] = (struct tracee){.pid = pid, .role = -1};
    return &tracees[count++];
}

static void list(const struct tracee *self, const struct call *call, int nth)
{
    for (int i = 0; i < ERRORS && call->errors[i] != 0; i++)
        fprintf(report, "fault %d:%s:%d:%s\n", self->role, call->name, nth, error_name(call->errors[i]));
}

static void resume(struct tracee *self, int signal)
{
    ptrace(self->works ? PTRACE_SYSCALL : PTRACE_CONT, self->pid, NULL, (void *)(long)signal);
}

/* The call is replaced by one that there is not; close(2) is carried out, as it is where it fails. */
static void fail_call(struct tracee *self, struct user_regs_struct *registers)
{
    hit = true;
    words_before = words;
    answers_before = answers;
    if (fault.holds) {
        fprintf(report, "held %d\n", self->pid);
        fflush(report);
        for (;;)
            pause();
    }
    if (fault.error == 0) {
        kill(self->pid, SIGKILL);
        return;
    }
    self->failing = fault.error;
    if (registers->orig_rax == SYS_close)
        return;
    registers->orig_rax = (unsigned long long)-1;
    ptrace(PTRACE_SETREGS, self->pid, NULL, registers);
}

/* True: it is no longer traced. */
static bool begin_call(struct tracee *self, struct user_regs_struct *registers)
{
    const struct call *call = call_of((long)registers->orig_rax);

    if (!call) {
        fprintf(report, "unknown %ld\n", (long)registers->orig_rax);
        return false;
    }
    if (call_is_mark(call, registers))
        return false;
    self->forks = call_has_child(call);
    bool fails = call_can_fail(call, registers);
    int nth = ++self->seen[call_index(call)];
    if (lists && fails)
        list(self, call, nth);
    if (lists)
        fprintf(report, "fault %d:%s:%d:KILL\n", self->role, call->name, nth);
    if (!lists && !hit && self->role == fault.role && nth == fault.nth && strcmp(call->name, fault.call) == 0) {
        fail_call(self, registers);
        return false;
    }
    words += call->number == SYS_sendto;
    answers += call->number == SYS_sendmsg;
    if (call->number != SYS_execve)
        return false;
    ptrace(PTRACE_DETACH, self->pid, NULL, NULL);
    return true;
}

static void end_call(struct tracee *self, struct user_regs_struct *registers)
{
    if (self->failing == 0)
        return;
    registers->rax = (unsigned long long)-self->failing;
    ptrace(PTRACE_SETREGS, self->pid, NULL, registers);
    self->failing = 0;
}

static void release(struct tracee *child)
{
    child->waits = false;
    child->started = true;
    resume(child, 0);
}

/* The news of a birth does not come from a parent that was killed meanwhile. */
static void forget(struct tracee *self)
{
    pid_t pid = self->pid;

    *self = tracees[--count];
    for (int i = 0; i < count; i++)
        if (tracees[i].waits && tracees[i].parent == pid)
            release(&tracees[i]);
}

static void on_call(struct tracee *self)
{
    struct user_regs_struct registers;

    self->in_call = !self->in_call;
    if (ptrace(PTRACE_GETREGS, self->pid, NULL, &registers) == 0) {
        self->forks = false;
        if (!self->in_call)
            end_call(self, &registers);
        else if (self->works && begin_call(self, &registers)) {
            forget(self);
            return;
        }
    }
    resume(self, 0);
}

static const long options =
    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;

static void on_signal(struct tracee *self, int number)
{
    if (number == SIGRTMAX - 1) {
        ptrace(PTRACE_SETOPTIONS, self->pid, NULL, (void *)options);
        self->role = roles++;
        self->works = true;
        number = 0;
    } else if (number == SIGRTMAX) {
        fprintf(report, "end %d\n", self->role);
        self->works = false;
        number = 0;
    }
    resume(self, number);
}

static void on_birth(const struct tracee *parent)
{
    unsigned long pid;

    ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid);
    bool works = parent->works;
    struct tracee *child = find((pid_t)pid);
    if (!child)
        child = add((pid_t)pid);
    child->works = works;
    if (works)
        child->role = roles++;
    if (child->waits)
        release(child);
    child->started = true;
}

/* It has stopped before its parent has told of its birth, if that one lives to tell, and if it matters. */
static void await_news(struct tracee *child)
{
    char state;

    child->parent = look_at(child->pid, &state);
    struct tracee *parent = find(child->parent);
    child->waits = true;
    if (!parent || !parent->works || !parent->forks)
        release(child);
}

static void on_stop(struct tracee *self, int status)
{
    int signal = WSTOPSIG(status), event = status >> 16;

    if (signal == (SIGTRAP | 0x80)) {
        on_call(self);
    } else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
        pid_t pid = self->pid;
        on_birth(self);
        resume(find(pid), 0);
    } else if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
        ptrace(PTRACE_LISTEN, self->pid, NULL, NULL);
    } else if (event == PTRACE_EVENT_STOP && !self->started) {
        await_news(self);
    } else if (event != 0) {
        resume(self, 0);
    } else {
        on_signal(self, signal);
    }
}

static void tell_hit(void)
{
    if (hit)
        fprintf(report, "hit %d %d\n", words_before, answers_before);
}

static void tell_of(pid_t pid)
{
    const struct tracee *self = find(pid);
    char state;
    pid_t parent = look_at(pid, &state);

    fprintf(report, "%s: process %d, a child of %d, of role %d, in state %c\n", rest, pid, parent,
            self ? self->role : -1, state);
}

static void kill_it(pid_t pid)
{
    kill(pid, SIGKILL);
}

static _Noreturn void time_is_up(const char *word)
{
    rest = word;
    each_below(getpid(), tell_of);
    tell_hit();
    fflush(report);
    each_below(getpid(), kill_it);
    _exit(124);
}

/* At each tick of the clock without an event. */
static void watch(bool shell_is_there)
{
    asleep = one_runs_below(getpid()) ? 0 : asleep + 1;
    if (asleep > (shell_is_there ? SLEEP : SLEEP_OF_ORPHANS) || ticks > LONGEST)
        time_is_up(shell_is_there ? "hang" : "orphan");
}

/* Follows all processes to their end. Returns the shell's status. */
static int follow(pid_t shell)
{
    int status, end = -1;
    pid_t pid;

    while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        struct tracee *self = pid > 0 ? find(pid) : NULL;
        if (pid < 0) {
            watch(end < 0);
            continue;
        }
        asleep = 0;
        if (WIFSTOPPED(status))
            on_stop(self ? self : add(pid), status);
        else if (self)
            forget(self);
        if (pid == shell && !WIFSTOPPED(status))
            end = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return end;
}

static void parse_fault(const char *text)
{
    char error[32];

    lists = strcmp(text, "-") == 0;
    if (lists)
        return;
    if (sscanf(text, "%d:%31[^:]:%d:%31s", &fault.role, fault.call, &fault.nth, error) != 4)
        exit(125);
    fault.holds = strcmp(error, "HOLD") == 0;
    fault.error = error_number(error);
    if (fault.error == 0 && strcmp(error, "KILL") != 0 && !fault.holds)
        exit(125);
}

/* Starts the command when its tracer is there. A copy that it goes on as before the mark is followed where that is asked for. */
static pid_t start(char **command)
{
    long from_start = getenv("NSB_INJECT_COPIES") ? options : PTRACE_O_EXITKILL;
    int ready[2];
    char byte;

    if (pipe(ready) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(ready[1]);
        (void)!read(ready[0], &byte, 1);
        close(ready[0]);
        execvp(command[0], command);
        _exit(127);
    }
    close(ready[0]);
    if (pid > 0 && ptrace(PTRACE_SEIZE, pid, NULL, (void *)from_start) < 0) {
        kill(pid, SIGKILL);
        return -1;
    }
    close(ready[1]);
    return pid;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 125;
    parse_fault(argv[2]);
    report = fopen(argv[1], "we");
    if (!report)
        return 125;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = tick}, NULL);
    pid_t shell = start(argv + 3);
    if (shell < 0) {
        perror("inject: ptrace");
        return 125;
    }
    add(shell)->started = true;
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 1000000 / TICKS}, {0, 1000000 / TICKS}}, NULL);
    int status = follow(shell);
    tell_hit();
    fclose(report);
    return status;
}

#else

int main(void)
{
    fputs("inject: knows the registers of x86_64 only\n", stderr);
    return 125;
}

#endif
