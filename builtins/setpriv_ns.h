/* The options of setpriv_ns. */
#ifndef SETPRIV_NS_H
#define SETPRIV_NS_H

#include "shared/maps.h"

enum {
    OPT_LIST_CAPS = OPT_OWN,
    OPT_BOUNDING_SET,
    OPT_INH_CAPS,
    OPT_AMBIENT_CAPS,
    OPT_IAB,
    OPT_DROP_CAPS,
    OPT_KEEP_CAPS,
    OPT_SECUREBITS,
    OPT_NO_NEW_PRIVS,
    OPT_RUID,
    OPT_EUID,
    OPT_REUID,
    OPT_RGID,
    OPT_EGID,
    OPT_REGID,
    OPT_CLEAR_GROUPS,
    OPT_KEEP_GROUPS,
    OPT_INIT_GROUPS,
    OPT_GROUPS,
    OPT_PDEATHSIG,
    OPT_PTRACER,
    OPT_SELINUX_LABEL,
    OPT_APPARMOR_PROFILE,
    OPT_LANDLOCK_ACCESS,
    OPT_LANDLOCK_RULE,
    OPT_LANDLOCK_SUPPORT,
    OPT_LIST_LANDLOCK_ACCESS,
    OPT_LIST_LANDLOCK_RIGHTS,
    OPT_SECCOMP_FILTER,
    OPT_RESET_ENV,
    OPT_FORCE
};

static const struct option_row rows[] = {
    OPTION_GROUP("What is shown"),
    {'d', "dump", ARG_NONE, NULL, "show what the shell may do; twice or three times for more"},
    {'A', "array", ARG_REQUIRED, "NAME", "store it in the associative array NAME, and do not print"},
    {'p', "print", ARG_NONE, NULL, "print it as a command that sets it"},
    {OPT_LIST_CAPS, "list-caps", ARG_NONE, NULL, "list the capabilities of this kernel"},
    {OPT_LANDLOCK_SUPPORT, "landlock-support", ARG_NONE, NULL, "show what this kernel's Landlock can restrict"},
    {OPT_LIST_LANDLOCK_ACCESS, "list-landlock-access", ARG_NONE, NULL, "list the kinds of access"},
    {OPT_LIST_LANDLOCK_RIGHTS, "list-landlock-rights", ARG_REQUIRED, "fs|net|scope", "list the rights of one kind"},
    OPTION_GROUP("Capabilities"),
    {OPT_BOUNDING_SET, "bounding-set", ARG_REQUIRED, "+CAP|-CAP,...", "change the bounding set"},
    {OPT_INH_CAPS, "inh-caps", ARG_REQUIRED, "+CAP|-CAP,...", "change the inheritable set"},
    {OPT_AMBIENT_CAPS, "ambient-caps", ARG_REQUIRED, "+CAP|-CAP,...", "change the ambient set"},
    {OPT_IAB, "iab", ARG_REQUIRED, "TEXT",
     "set all three, as capsh(1): !CAP is blocked, ^CAP ambient, CAP inheritable"},
    {OPT_DROP_CAPS, "drop-caps", ARG_REQUIRED, "CAP,...|all", "drop them from all sets, for good"},
    {OPT_KEEP_CAPS, "keep-caps", ARG_NONE, NULL, "let the shell keep what an exec would take away"},
    {OPT_SECUREBITS, "securebits", ARG_REQUIRED, "+BIT|-BIT,...", "change the securebits"},
    OPTION_GROUP("Users and groups"),
    {OPT_RUID, "ruid", ARG_REQUIRED, "UID", "set the real user"},
    {OPT_EUID, "euid", ARG_REQUIRED, "UID", "set the effective user"},
    {OPT_REUID, "reuid", ARG_REQUIRED, "UID", "set both"},
    {OPT_RGID, "rgid", ARG_REQUIRED, "GID", "set the real group"},
    {OPT_EGID, "egid", ARG_REQUIRED, "GID", "set the effective group"},
    {OPT_REGID, "regid", ARG_REQUIRED, "GID", "set both"},
    {OPT_CLEAR_GROUPS, "clear-groups", ARG_NONE, NULL, "drop the supplementary groups"},
    {OPT_KEEP_GROUPS, "keep-groups", ARG_NONE, NULL, "keep them"},
    {OPT_INIT_GROUPS, "init-groups", ARG_NONE, NULL, "set those of the new user"},
    {OPT_GROUPS, "groups", ARG_REQUIRED, "GID,...", "set these"},
    OPTION_GROUP("The shell's own process"),
    {OPT_NO_NEW_PRIVS, "nnp", ARG_NONE, NULL, "let no exec grant privileges any more"},
    {OPT_NO_NEW_PRIVS, "no-new-privs", ARG_NONE, NULL, "the same"},
    {OPT_PDEATHSIG, "pdeathsig", ARG_REQUIRED, "keep|clear|SIGNAL", "set the signal for the parent's death (keep)"},
    {OPT_PTRACER, "ptracer", ARG_REQUIRED, "PID|any|none", "let this process trace, where Yama asks for it"},
    {OPT_SELINUX_LABEL, "selinux-label", ARG_REQUIRED, "LABEL", "set the SELinux label of programs"},
    {OPT_APPARMOR_PROFILE, "apparmor-profile", ARG_REQUIRED, "PROFILE", "set the AppArmor profile of programs"},
    OPTION_GROUP("Sandboxes"),
    {OPT_LANDLOCK_ACCESS, "landlock-access", ARG_REQUIRED, "fs|net|scope[:RIGHT,...]",
     "restrict this access by Landlock; may be given again"},
    {OPT_LANDLOCK_RULE, "landlock-rule", ARG_REQUIRED, "TYPE:RIGHT,...:WHERE",
     "allow it below a path, or for a port; may be given again"},
    {OPT_SECCOMP_FILTER, "seccomp-filter", ARG_REQUIRED, "FILE|FD",
     "set this BPF program as a filter of system calls; may be given again"},
    OPTION_GROUP("Environment"),
    {OPT_RESET_ENV, "reset-env", ARG_NONE, NULL, "export nothing but TERM, HOME, SHELL, USER, LOGNAME and PATH"},
    OPTION_GROUP("Other"),
    {OPT_FORCE, "force", ARG_NONE, NULL, "even if dropped capabilities come back, or the shell cannot go on"},
    HELP_ROW,
};

static const char *const about[] = {
    "Give up privileges, or take on others, with the running shell.",
    "",
    "The options are those of setpriv(1). Without COMMAND they are about the shell itself, for good; its "
    "capabilities end as those of a program that setpriv(1) starts, unless --keep-caps is given. With COMMAND, "
    "which may be a program, a function or a builtin, a subshell does it and runs that, and the shell stays as it "
    "is.",
    "",
    "A CAP is a name with or without cap_, a number, or all. All is tried in a child process first: what fails "
    "changes nothing.",
    NULL,
};

static const char *const after[] = {
    "",
    "Exit Status:",
    "Returns success, or COMMAND's status; 2 for wrong usage; 1 when something could not be set, and then nothing "
    "has changed. With COMMAND, 125 instead of 1 and 2.",
    NULL,
};

static const struct option_table table = {
    .name = "setpriv_ns",
    .usage = "[OPTION...] [COMMAND [ARG...]]",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .about = about,
    .after = after,
};

#endif
