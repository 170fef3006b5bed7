#include "system/process.h"

#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

bool process_dies_alone(void)
{
    struct utsname system;
    unsigned major, minor;

    return uname(&system) == 0 && sscanf(system.release, "%u.%u", &major, &minor) == 2
           && (major > 5 || (major == 5 && minor >= 16));
}

#ifdef HAVE__FORK

#include <sys/rseq.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>

/* Of ld.so, which then is no library that ours asks for. */
#pragma weak __rseq_offset
#pragma weak __rseq_size

bool process_can_copy(void)
{
    return __libc_single_threaded;
}

/*
 * Where the C library keeps the number of the CPU, the kernel does not keep it up to date for one that shares memory, nor
 * then for its child: rseq(2).
 */
static void register_cpu_number(void)
{
    enum { UNIT = 32 };
    char *thread = __builtin_thread_pointer();

    if (&__rseq_size && __rseq_size > 0)
        syscall(SYS_rseq, thread + __rseq_offset, (__rseq_size + UNIT - 1) / UNIT * UNIT, 0, RSEQ_SIG);
}

pid_t process_copy(void)
{
    pid_t pid = _Fork();

    if (pid == 0)
        register_cpu_number();
    return pid;
}

#else

bool process_can_copy(void)
{
    return false;
}

pid_t process_copy(void)
{
    errno = ENOSYS;
    return -1;
}

#endif
