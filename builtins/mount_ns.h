/* The options of mount_ns. */
#ifndef MOUNT_NS_H
#define MOUNT_NS_H

#include "shared/maps.h"
#include "shared/target.h"

enum {
    OPT_MAKE_SHARED = OPT_OWN,
    OPT_MAKE_SLAVE,
    OPT_MAKE_PRIVATE,
    OPT_MAKE_UNBINDABLE,
    OPT_MAKE_RSHARED,
    OPT_MAKE_RSLAVE,
    OPT_MAKE_RPRIVATE,
    OPT_MAKE_RUNBINDABLE,
    OPT_SOURCE,
    OPT_TARGET,
    OPT_ROOT,
    OPT_DEV,
    OPT_BENEATH,
    OPT_EXCLUSIVE,
    OPT_ONLYONCE,
};

static const struct option_row rows[] = {
    OPTION_GROUP("What is mounted, and how"),
    {'t', "types", ARG_REQUIRED, "TYPE", "mount a new file system of this type"},
    {'o', "options", ARG_REQUIRED, "OPTION,...", "options of the mount and of its file system"},
    {'r', "read-only", ARG_NONE, NULL, "the same as -o ro"},
    {'w', "read-write", ARG_NONE, NULL, "the same as -o rw"},
    {'B', "bind", ARG_NONE, NULL, "show SOURCE, a file or directory, at TARGET too"},
    {'R', "rbind", ARG_NONE, NULL, "the same, with all that is mounted below it"},
    {'M', "move", ARG_NONE, NULL, "move the mount at SOURCE to TARGET"},
    {OPT_DEV, "dev", ARG_REQUIRED, "DIR", "mount a small /dev on DIR"},
    {OPT_SOURCE, "source", ARG_REQUIRED, "SOURCE", "what to mount, as an option"},
    OPTION_GROUP("Propagation"),
    {OPT_MAKE_SHARED, "make-shared", ARG_NONE, NULL, "share with its copies what is mounted below"},
    {OPT_MAKE_SLAVE, "make-slave", ARG_NONE, NULL, "take from its copies, and give nothing"},
    {OPT_MAKE_PRIVATE, "make-private", ARG_NONE, NULL, "neither take nor give"},
    {OPT_MAKE_UNBINDABLE, "make-unbindable", ARG_NONE, NULL, "the same, and it cannot be bound"},
    {OPT_MAKE_RSHARED, "make-rshared", ARG_NONE, NULL, "as --make-shared, with all that is mounted below"},
    {OPT_MAKE_RSLAVE, "make-rslave", ARG_NONE, NULL, "as --make-slave, likewise"},
    {OPT_MAKE_RPRIVATE, "make-rprivate", ARG_NONE, NULL, "as --make-private, likewise"},
    {OPT_MAKE_RUNBINDABLE, "make-runbindable", ARG_NONE, NULL, "as --make-unbindable, likewise"},
    OPTION_GROUP("Where"),
    {'m', "mkdir", ARG_OPTIONAL, "MODE", "make TARGET where it is missing (755)"},
    {OPT_TARGET, "target", ARG_REQUIRED, "TARGET", "where, as an option"},
    {OPT_ROOT, "root", ARG_REQUIRED, "DIR", "find TARGET in DIR, which it cannot leave"},
    {OPT_BENEATH, "beneath", ARG_NONE, NULL, "mount under what is mounted at TARGET"},
    {OPT_EXCLUSIVE, "exclusive", ARG_NONE, NULL, "fail where the file system is mounted already"},
    {OPT_ONLYONCE, "onlyonce", ARG_NONE, NULL, "fail where it is mounted at TARGET already"},
    {'N', "namespace", ARG_REQUIRED, TARGET_WORDS "|FILE", "act in the mount namespace of a process or file"},
    OPTION_GROUP("The mount table"),
    {'A', "array", ARG_REQUIRED, "NAME", "store the mount table in the associative array NAME"},
    {'p', "print", ARG_NONE, NULL, "print the mount table as commands"},
    OPTION_GROUP("Other"),
    {'f', "fake", ARG_NONE, NULL, "the same as --check"},
    {OPT_CHECK, "check", ARG_NONE, NULL, "do all but put it in place; tell by the status whether that works"},
    {'v', "verbose", ARG_NONE, NULL, "say what was mounted"},
    {'n', "no-mtab", ARG_NONE, NULL, "does nothing, as the next four"},
    {'i', "internal-only", ARG_NONE, NULL, "does nothing"},
    {'c', "no-canonicalize", ARG_NONE, NULL, "does nothing"},
    {'s', "sloppy", ARG_NONE, NULL, "does nothing"},
    {'l', "show-labels", ARG_NONE, NULL, "does nothing"},
    HELP_ROW,
};

static const char *const about[] = {
    "Mount a file system, or change what is mounted, as mount(8) does.",
    "",
    ("Without arguments, prints what is mounted. OPTIONs are those of mount(8); what is none of the mount's goes "
     "to the file system. Knows no /etc/fstab, no labels, no loop devices and no helper programs: for these, run "
     "mount(8)."),
    "",
    "A mount is made where nobody sees it, and put in place in one step.",
    NULL,
};

static const char *const after[] = {
    "",
    "Exit Status:",
    "Returns success; 2 for wrong usage; 1 when it failed, and then nothing has changed.",
    NULL,
};

static const struct option_table table = {
    .name = "mount_ns",
    .usage = "[OPTION...] [SOURCE] [TARGET]",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .operands_between = true,
    .refused = "aFLUTO",
    .program = "mount(8)",
    .about = about,
    .after = after,
};

#endif
