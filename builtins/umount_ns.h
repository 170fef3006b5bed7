/* The options of umount_ns. */
#ifndef UMOUNT_NS_H
#define UMOUNT_NS_H

#include "shared/maps.h"
#include "shared/target.h"

enum { OPT_FAKE = OPT_OWN };

static const struct option_row rows[] = {
    OPTION_GROUP("What is unmounted"),
    {'R', "recursive", ARG_NONE, NULL, "with all that is mounted below"},
    {'A', "all-targets", ARG_NONE, NULL, "wherever its file system is mounted"},
    {'t', "types", ARG_REQUIRED, "TYPE,...", "only these types; \"noTYPE,...\": all but these"},
    {'N', "namespace", ARG_REQUIRED, TARGET_WORDS "|FILE", "act in the mount namespace of a process or file"},
    OPTION_GROUP("Where it is busy"),
    {'l', "lazy", ARG_NONE, NULL, "take it away now, and end it when nobody works in it any more"},
    {'f', "force", ARG_NONE, NULL, "even where its server does not answer"},
    {'r', "read-only", ARG_NONE, NULL, "make it read-only"},
    OPTION_GROUP("Other"),
    {'q', "quiet", ARG_NONE, NULL, "say nothing where it is not mounted"},
    {'v', "verbose", ARG_NONE, NULL, "say what was unmounted"},
    {OPT_FAKE, "fake", ARG_NONE, NULL, "the same as --check"},
    {OPT_CHECK, "check", ARG_NONE, NULL, "find what would be unmounted, and leave it"},
    {'n', "no-mtab", ARG_NONE, NULL, "does nothing, as the next two"},
    {'i', "internal-only", ARG_NONE, NULL, "does nothing"},
    {'c', "no-canonicalize", ARG_NONE, NULL, "does nothing"},
    HELP_ROW,
};

static const char *const about[] = {
    "Unmount file systems, as umount(8) does.",
    "",
    "TARGET is a mount point, or what is mounted there. Several are unmounted one after the other; where one "
    "cannot be, those before it are put back.",
    NULL,
};

static const char *const after[] = {
    "",
    "Exit Status:",
    "Returns success; 2 for wrong usage; 1 when it failed, and then nothing has changed.",
    NULL,
};

static const struct option_table table = {
    .name = "umount_ns",
    .usage = "[OPTION...] TARGET...",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .operands_between = true,
    .refused = "adO",
    .program = "umount(8)",
    .about = about,
    .after = after,
};

#endif
