/* SELinux contexts, through /proc: proc_pid_attr(5). */
#ifndef SELINUX_H
#define SELINUX_H

#include <stdbool.h>

enum { SELINUX_CONTEXT_MAX = 4095 };

/* True where the kernel enforces or logs an SELinux policy. */
bool selinux_is_in_force(void);

/* The context for what this process, and those that it forks, will execute; "": the policy's choice. 0, or -1 and errno. */
int selinux_set_exec(const char *context);

#endif
