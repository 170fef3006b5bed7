/* The options of nsenter_ns. */
#ifndef NSENTER_NS_H
#define NSENTER_NS_H

#include "shared/maps.h"
#include "shared/target.h"

enum {
    OPT_PRESERVE_CREDENTIALS = OPT_OWN,
    OPT_KEEP_CAPS,
    OPT_USER_PARENT,
    OPT_NETNS,
    OPT_NETNS_MOUNTS,
    OPT_VISIT,
    OPT_HOME
};

static const struct option_row rows[] = {
    {'t', "target", ARG_REQUIRED, TARGET_WORDS, "the process whose namespaces are joined"},
    {'a', "all", ARG_NONE, NULL, "join all in which the target stands elsewhere"},
    {'N', "net-socket", ARG_REQUIRED, "FD", "join the network namespace of the target's socket FD"},
    {OPT_NETNS, "netns", ARG_REQUIRED, "NAME",
     "join the network namespace NAME of ip-netns(8), with its /sys and /etc"},
    {OPT_NETNS_MOUNTS, "netns-mounts", ARG_NONE, NULL, "with these on a --visit, too"},
    {OPT_USER_PARENT, "user-parent", ARG_NONE, NULL,
     "join the parent of the user namespace, or the owner of the others"},
    OPTION_GROUP("Directories"),
    {'r', "root", ARG_OPTIONAL, "DIR", "change the root directory to DIR (the target's)"},
    {'w', "wd", ARG_OPTIONAL, "DIR", "change the working directory to DIR (the target's)"},
    {'W', "wdns", ARG_REQUIRED, "DIR", "change it to DIR as it is named inside"},
    OPTION_GROUP("The shell's own process"),
    {'S', "setuid", ARG_REQUIRED, "UID|follow", "become this user, or the target's (0 in a user namespace)"},
    {'G', "setgid", ARG_REQUIRED, "GID|follow", "become this group, or the target's (0 in a user namespace)"},
    {OPT_PRESERVE_CREDENTIALS, "preserve-credentials", ARG_NONE, NULL,
     "stay the same user and groups, but for -S and -G"},
    {OPT_KEEP_CAPS, "keep-caps", ARG_NONE, NULL, "let programs have the capabilities of the user namespace"},
    {'F', "no-fork", ARG_NONE, NULL, "stay outside of the PID namespace; children are born inside"},
    {'c', "join-cgroup", ARG_NONE, NULL, "join the target's cgroup (version 2)"},
    {'Z', "follow-context", ARG_NONE, NULL, "run programs in the target's SELinux context, where there is one"},
    RETURN_ROWS,
    OPTION_GROUP("Environment"),
    {'e', "env", ARG_NONE, NULL, "export the target's environment variables, and no others"},
    OPTION_GROUP("Other"),
    {OPT_VISIT, "visit", ARG_NONE, NULL, "run COMMAND in this shell itself, and come back"},
    {OPT_HOME, "home", ARG_OPTIONAL, "TRAP", "come back from all visits now, and run TRAP, as an EXIT trap has it"},
    CHECK_ROW,
    HELP_ROW,
};

static const char *const about[] = {
    "Join namespaces of another process with the running shell.",
    "",
    "Without COMMAND the shell itself enters. With a PID namespace, which only a new process can enter, a copy of "
    "the shell goes on inside, and the old process waits outside to end with the same status. With COMMAND, "
    "which may be a program, a function or a builtin, a subshell enters and runs it, and the shell stays as it "
    "is; with --visit it is the shell itself that enters, runs it and comes back.",
    "",
    "A namespace comes from the target, or from FILE; instead of a FILE there can be the number of an open file "
    "descriptor, or :NSID (Linux 6.19). The target is a PID, a PID whose pidfd has this INODE, a job, or an open "
    "descriptor N that is a pidfd or the directory /proc/PID; one that only supervises means the shell inside. In "
    "a user namespace the shell becomes its root, unless told otherwise.",
    NULL,
};

static const char *const after[] = {
    "",
    "Exit Status:",
    "Returns success; 2 for wrong usage; 1 when a namespace could not be joined, and then nothing has changed. "
    "With COMMAND, returns its status, and 125 instead of 1 and 2.",
    NULL,
};

static const struct option_table table = {
    .name = "nsenter_ns",
    .usage = "[OPTION...] [COMMAND [ARG...]]",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .namespaces = true,
    .namespace_file = "FILE",
    .namespace_letters = true,
    .letters_take_equals = true,
    .namespace_help = "join the",
    .about = about,
    .after = after,
};

#endif
