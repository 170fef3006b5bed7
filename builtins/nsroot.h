/* The options of nsroot: its operations are those of include/mounts/root_plan.h. */
#ifndef NSROOT_H
#define NSROOT_H

#include "mounts/root_plan.h"
#include "shared/maps.h"
#include "shared/options.h"

enum {
    OPT_OPERATION = OPT_OWN, /* and the enum root_kind */
    OPT_PERMS = OPT_OPERATION + ROOT_KINDS,
    OPT_SIZE,
    OPT_CHDIR,
    OPT_ARGS,
    OPT_KEEP_FDS,
};

static const struct option_row rows[] = {
    OPTION_GROUP("Operations"),
#define ROW(ID, WORD, FORM, COUNT, WORDS, FLAGS, MAKE, PUT, HELP) {OPT_OPERATION + ROOT_##ID, WORD, COUNT, WORDS, HELP},
    ROOT_OPERATIONS(ROW)
#undef ROW
        OPTION_GROUP("The next operation"),
    {OPT_PERMS, "perms", ARG_REQUIRED, "OCTAL", "the mode of what the next operation makes"},
    {OPT_SIZE, "size", ARG_REQUIRED, "BYTES", "the size of the next --tmpfs"},
    OPTION_GROUP("The shell"),
    {OPT_CHDIR, "chdir", ARG_REQUIRED, "DIR", "the working directory in the new root"},
    {OPT_KEEP_FDS, "keep-fds", ARG_OPTIONAL, "N,...", "let these descriptors, or all, lead out"},
    OPTION_GROUP("Other"),
    {OPT_ARGS, "args", ARG_REQUIRED, "FD", "more operations, read from FD; a NUL ends a word"},
    CHECK_ROW,
    HELP_ROW,
};

static const char *const about[] = {
    "Build a new root and enter it with the running shell.",
    "",
    ("The operations are carried out in the order given, on a root that begins as an empty tmpfs; --bind DIR / "
     "first makes DIR the root. DEST is a path in the new root, and what is missing on the way to it is made. When "
     "all has worked, the shell enters, in a mount namespace of its own, and the old root is gone. With COMMAND, "
     "which may be a program, a function or a builtin, a subshell enters and runs it."),
    "",
    "Without privilege, make namespaces first: unshare_ns -rm.",
    NULL,
};

static const char *const after[] = {
    "",
    "Exit Status:",
    "Returns success, or COMMAND's status; 2 for wrong usage; 1 when an operation failed, and then nothing has "
    "changed. With COMMAND, 125 instead of 1 and 2.",
    NULL,
};

/* Of bwrap(1). */
static const struct option_elsewhere elsewhere[] = {
#define BEFORE "run unshare_ns for that, before"
#define AFTER  "run setpriv_ns for that, afterwards"
#define SCRIPT "a script does that itself, as for any command"
    {"unshare-", BEFORE},
    {"share-net", BEFORE},
    {"hostname", BEFORE},
    {"uid", BEFORE},
    {"gid", BEFORE},
    {"as-pid-1", BEFORE},
    {"die-with-parent", BEFORE},
    {"userns", "run nsenter_ns for that, before"},
    {"pidns", "run nsenter_ns for that, before"},
    {"cap-", AFTER},
    {"seccomp", AFTER},
    {"add-seccomp-fd", AFTER},
    {"setenv", SCRIPT},
    {"unsetenv", SCRIPT},
    {"clearenv", SCRIPT},
    {NULL, NULL},
};

static const struct option_table table = {
    .name = "nsroot",
    .usage = "OPERATION... [--] [COMMAND [ARG...]]",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .elsewhere = elsewhere,
    .spaced = true,
    .about = about,
    .after = after,
};

#endif
