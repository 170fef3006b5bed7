/* AppArmor profiles, through /proc and its own file system: apparmor(7). */
#ifndef APPARMOR_H
#define APPARMOR_H

#include <stdbool.h>

/* True where the kernel has it, and its file system can be seen. */
bool apparmor_is_there(void);

/* The profile for what this process, and those that it forks, will execute. 0, or -1 and errno. */
int apparmor_set_exec(const char *profile);

#endif
