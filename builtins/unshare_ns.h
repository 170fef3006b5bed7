/* The options of unshare_ns. */
#ifndef UNSHARE_NS_H
#define UNSHARE_NS_H

#include "shared/maps.h"

enum {
    OPT_PROPAGATION = OPT_OWN,
    OPT_MOUNT_PROC,
    OPT_MOUNT_BINFMT,
    OPT_HOSTNAME,
    OPT_NETNS,
    OPT_LOOPBACK,
    OPT_MONOTONIC,
    OPT_BOOTTIME,
    OPT_OWNER,
    OPT_NO_FORK,
    OPT_INIT,
    OPT_KILL_CHILD,
    OPT_SYNC_FD,
    OPT_FORWARD_SIGNALS,
    OPT_KEEP_CAPS,
    OPT_CLEAR_ENV,
    OPT_WHITELIST_ENV
};

static const struct option_row rows[] = {
    OPTION_GROUP("ID maps"),
    MAP_ROWS,
    {OPT_OWNER, "owner", ARG_REQUIRED, "UID:GID", "make the user namespace as this user; implies --fork"},
    OPTION_GROUP("Inside the namespaces"),
    {OPT_PROPAGATION, "propagation", ARG_REQUIRED, "slave|shared|private|unchanged",
     "mount propagation in the mount namespace (private)"},
    {OPT_MOUNT_PROC, "mount-proc", ARG_OPTIONAL, "DIR", "mount a new procfs on DIR (/proc); implies --mount"},
    {OPT_MOUNT_BINFMT, "mount-binfmt", ARG_OPTIONAL, "DIR",
     "mount binfmt_misc on DIR (in a new /proc); implies --user and --mount"},
    {'l', "load-interp", ARG_REQUIRED, "STRING", "register a binary format there; implies --mount-binfmt"},
    {OPT_HOSTNAME, "hostname", ARG_REQUIRED, "NAME", "set the hostname; implies --uts"},
    {OPT_NETNS, "netns", ARG_REQUIRED, "NAME",
     "make the network namespace NAME of ip-netns(8), with its /sys and /etc; implies --net and --mount"},
    {OPT_LOOPBACK, "loopback", ARG_NONE, NULL, "bring up the interface lo; implies --net"},
    {OPT_MONOTONIC, "monotonic", ARG_REQUIRED, "SECONDS", "add to the monotonic clock in the time namespace"},
    {OPT_BOOTTIME, "boottime", ARG_REQUIRED, "SECONDS", "add to the boot time clock in the time namespace"},
    {'R', "root", ARG_REQUIRED, "DIR", "change the root directory to DIR"},
    {'w', "wd", ARG_REQUIRED, "DIR", "change the working directory to DIR"},
    OPTION_GROUP("The shell's own process"),
    {'S', "setuid", ARG_REQUIRED, "UID", "become this user inside"},
    {'G', "setgid", ARG_REQUIRED, "GID", "become this group inside, and drop the others"},
    {OPT_KEEP_CAPS, "keep-caps", ARG_NONE, NULL, "let programs have the capabilities of the user namespace"},
    {'f', "fork", ARG_NONE, NULL, "go on in a forked copy; always so with --pid"},
    {OPT_NO_FORK, "no-fork", ARG_NONE, NULL, "stay outside of the PID namespace; a reaper is PID 1"},
    {OPT_INIT, "init", ARG_NONE, NULL, "go on as PID 2, and a reaper is PID 1"},
    {OPT_KILL_CHILD, "kill-child", ARG_OPTIONAL, "SIGNAL",
     "the copy gets this signal (KILL) when its supervisor dies; implies --fork"},
    {OPT_FORWARD_SIGNALS, "forward-signals", ARG_NONE, NULL, "as it always does: pass signals on; implies --fork"},
    {OPT_SYNC_FD, "sync-fd", ARG_REQUIRED, "FD", "the supervisor holds this descriptor open, and the copy does not"},
    RETURN_ROWS,
    OPTION_GROUP("Environment"),
    {OPT_CLEAR_ENV, "clear-env", ARG_NONE, NULL, "export no variable any more"},
    {OPT_WHITELIST_ENV, "whitelist-env", ARG_REQUIRED, "NAME[,NAME...]", "keep these exported; implies --clear-env"},
    OPTION_GROUP("Other"),
    CHECK_ROW,
    HELP_ROW,
};

static const char *const about[] = {
    "Make new namespaces and enter them with the running shell.",
    "",
    "Without COMMAND the shell itself enters. With a PID namespace, which only a new process can enter, a copy of "
    "the shell goes on inside as PID 1, and the old process waits outside to end with the same status. With "
    "COMMAND, which may be a program, a function or a builtin, a subshell enters and runs it, and the shell stays "
    "as it is.",
    "",
    "With FILE, that file goes on holding the namespace, and can be joined by its name; it is made where it is "
    "missing. Removing it: umount FILE, and once more for a mount namespace if FILE is on a shared mount.",
    "",
    "Map options imply --user. Without privilege, other namespaces need a user namespace: give -r.",
    NULL,
};

static const char *const after[] = {
    "",
    "Exit Status:",
    "Returns success; 2 for wrong usage; 1 when a namespace could not be made or prepared, and then nothing has "
    "changed. With COMMAND, returns its status, and 125 instead of 1 and 2.",
    NULL,
};

static const struct option_table table = {
    .name = "unshare_ns",
    .usage = "[OPTION...] [COMMAND [ARG...]]",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .namespaces = true,
    .namespace_file = "FILE",
    .namespace_help = "make a new",
    .about = about,
    .after = after,
};

#endif
