#include "inject_state.h"

#ifdef __x86_64__

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

/* False: it has ended, which is left for the next waitpid(2) to find. */
static bool await_stop(pid_t pid)
{
    siginfo_t info;
    int status;

    while (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOWAIT | __WALL) < 0)
        if (errno != EINTR)
            return false;
    return info.si_code == CLD_TRAPPED && waitpid(pid, &status, __WALL) == pid;
}

/* Has a stopped process make a call; it stands behind the instruction that does such a thing. */
static long call_in(pid_t pid, const struct user_regs_struct *registers, long number, unsigned long long first,
                    unsigned long long second)
{
    struct user_regs_struct call = *registers;

    call.rax = (unsigned long long)number;
    call.rdi = first;
    call.rsi = second;
    call.rdx = call.r10 = call.r8 = 0;
    call.orig_rax = (unsigned long long)-1;
    call.rip -= 2;
    ptrace(PTRACE_SETREGS, pid, NULL, &call);
    for (int i = 0; i < 2; i++) {
        ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
        if (!await_stop(pid))
            return -1;
    }
    ptrace(PTRACE_GETREGS, pid, NULL, &call);
    ptrace(PTRACE_SETREGS, pid, NULL, registers);
    return (long)call.rax;
}

void tell_state(FILE *report, pid_t pid)
{
    static const struct {
        const char *name;
        int option;
        bool to_memory;
    } states[] = {
        {"subreaper", PR_GET_CHILD_SUBREAPER, true}, {"pdeathsig", PR_GET_PDEATHSIG, true},
        {"keepcaps", PR_GET_KEEPCAPS, false},        {"dumpable", PR_GET_DUMPABLE, false},
        {"securebits", PR_GET_SECUREBITS, false},
    };
    struct user_regs_struct registers;
    unsigned long long mask, all; /* of signals, as the kernel has them */

    ptrace(PTRACE_GETREGS, pid, NULL, &registers);
    unsigned long long memory = (registers.rsp - 1024) & ~7ULL; /* below what the process uses of its stack */
    if ((ptrace(PTRACE_PEEKTEXT, pid, (void *)(registers.rip - 2), NULL) & 0xffff) != 0x050f)
        return;
    /* Signals wait meanwhile, or else one would look like the call's end. */
    memset(&all, 0xff, sizeof all);
    ptrace(PTRACE_GETSIGMASK, pid, (void *)sizeof mask, &mask);
    ptrace(PTRACE_SETSIGMASK, pid, (void *)sizeof all, &all);
    fputs("state", report);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        long value = call_in(pid, &registers, SYS_prctl, (unsigned long long)states[i].option, memory);
        if (states[i].to_memory && value == 0)
            value = (int)ptrace(PTRACE_PEEKDATA, pid, (void *)memory, NULL);
        fprintf(report, " %s=%ld", states[i].name, value);
    }
    fputc('\n', report);
    ptrace(PTRACE_SETSIGMASK, pid, (void *)sizeof mask, &mask);
}

#endif
