/* The options of nsmap. */
#ifndef NSMAP_H
#define NSMAP_H

#include "shared/maps.h"
#include "shared/target.h"

enum { OPT_SAME = OPT_OWN, OPT_PID, OPT_LIST };

static const struct option_row rows[] = {
    OPTION_GROUP("Which process"),
    {'t', "target", ARG_REQUIRED, TARGET_WORDS, "the process that is meant, instead of the shell; also as PROCESS"},
    OPTION_GROUP("What is shown"),
    {'A', "array", ARG_REQUIRED, "NAME", "store in the associative array NAME, and do not print"},
    {'p', "print", ARG_NONE, NULL, "print the ID maps as a command that writes them"},
    {OPT_PID, "pid", ARG_NONE, NULL, "print the PID, of a supervisor that of the shell inside"},
    {OPT_SAME, "same", ARG_REQUIRED, "TYPE", "succeed when the processes A and B share their TYPE namespace"},
    OPTION_GROUP("All namespaces"),
    {OPT_LIST, "list", ARG_NONE, NULL, "list all namespaces that can be seen, or those of each TYPE"},
    {'J', "json", ARG_NONE, NULL, "list them as JSON"},
    OPTION_GROUP("ID maps that are written"),
    MAP_ROWS,
    OPTION_GROUP("Other"),
    HELP_ROW,
};

static const char *const about[] = {
    "Show where a process stands, write its ID maps, or list all namespaces.",
    "",
    "Without a map option, shows the namespaces of the shell or of PID, by inode number, and the ID maps of its "
    "user namespace. With one, writes these maps, which can be done once for each user namespace. A process is "
    "named as a PID, a PID whose pidfd has this INODE, a job, or an open descriptor N that is a pidfd or the "
    "directory /proc/PID. One that only supervises means the shell inside.",
    "",
    "With --list, lists the namespaces of all processes as lsns(8) does, and those that only a mount, a descriptor or "
    "another namespace holds.",
    NULL,
};

static const char *const after[] = {
    "",
    "Exit Status:",
    "Returns success; 2 for wrong usage; 1 when /proc or the process cannot be looked at, or a map cannot be written. "
    "With "
    "--same: 0 when it is the same, 1 when it is not, 2 when that cannot be told.",
    NULL,
};

static const struct option_table table = {
    .name = "nsmap",
    .usage = "[OPTION...] [PROCESS | A B | TYPE...]",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .about = about,
    .after = after,
};

#endif
