#include "engine.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

static const struct option_row rows[] = {
    {'t', "target", ARG_REQUIRED, "PID", "the process that is meant, instead of the shell"},
    {'A', "array", ARG_REQUIRED, "NAME", "store in the associative array NAME, and do not print"},
    {'p', "print", ARG_NONE, NULL, "print the ID maps as a command that writes them"},
    MAP_ROWS,
    HELP_ROW,
};

static const char *const about[] = {
    "Show where a process stands, or write its ID maps.",
    "",
    "Without a map option, shows the namespaces of the shell or of PID, by inode",
    "number, and the ID maps of its user namespace. With one, writes these maps,",
    "which can be done once for each user namespace.",
    "",
    "Options:",
    NULL,
};

static const char *const after[] = {
    "",
    "Exit Status:",
    "Returns success; 2 for wrong usage; 1 when PID cannot be looked at, or a map",
    "cannot be written.",
    NULL,
};

static const struct option_table table = {
    .name = "nsmap",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .about = about,
    .after = after,
};

struct request {
    pid_t target; /* 0: the shell */
    const char *array;
    bool print;
    struct map_request maps;
};

/* Takes one option. NULL, or what was expected as its argument. */
static const char *take_option(struct request *request, int id, const char *argument)
{
    const char *wrong;

    if (maps_option(&request->maps, id, argument, &wrong))
        return wrong;
    switch (id) {
    case 't':
        return engine_parse_pid(argument, &request->target) ? NULL : "expected a PID from 1";
    case 'A':
        request->array = argument;
        return legal_identifier(argument) ? NULL : "expected the name of a variable";
    case 'p':
        request->print = true;
        break;
    }
    return NULL;
}

static bool writes(const struct request *request)
{
    return maps_asked(&request->maps) || request->maps.setgroups != SETGROUPS_UNSAID;
}

/* EXECUTION_SUCCESS where the request can be carried out; else all has been said. */
static int parse(struct request *request, int argc, char **argv)
{
    struct options options = {.table = &table, .argc = argc, .argv = argv};
    const char *wrong;
    int id;

    memset(request, 0, sizeof *request);
    while ((id = options_next(&options)) != OPTIONS_END) {
        if (id == OPTIONS_WRONG)
            return engine_wrong_usage(options.wrong);
        if (id == OPT_HELP) {
            builtin_help();
            return EX_USAGE;
        }
        if ((wrong = take_option(request, id, options.argument)))
            return engine_wrong_value(options.option, options.argument, wrong);
    }
    if (options.operand < argc)
        return engine_wrong_value("nsmap", argv[options.operand], "expected options only");
    if (request->array && request->print)
        return engine_wrong_usage("--array and --print exclude each other");
    if (writes(request) && (request->array || request->print))
        return engine_wrong_usage("maps are shown (--array, --print) or written, not both at once");
    return EXECUTION_SUCCESS;
}

static int cannot_look(const struct request *request)
{
    if (request->target != 0)
        builtin_error("%d: %s", (int)request->target, errno == ENOENT ? "no such process" : strerror(errno));
    else
        builtin_error("/proc: %s", strerror(errno));
    return EXECUTION_FAILURE;
}

/* --- showing ---------------------------------------------------------------------------------------------------- */

/* Where a fact about the process goes: to standard output, or into an array. */
typedef void fact(void *where, const char *key, const char *value);

static void print_fact(void *where, const char *key, const char *value)
{
    (void)where;
    for (const char *line = value; *line; key = "") {
        int length = (int)strcspn(line, "\n");
        printf("%-17s %.*s\n", key, length, line);
        line += length + (line[length] == '\n');
    }
}

static void store_fact(void *where, const char *key, const char *value)
{
    shell_associative_set(where, key, value);
}

static int tell_namespace(int proc, const char *name, fact *tell, void *where)
{
    char file[32], value[24];

    snprintf(file, sizeof file, "ns/%s", name);
    ino_t inode = proc_inode(proc, file);
    if (inode == 0)
        return errno == ENOENT ? 0 : -1; /* a type that the kernel lacks, or children's before the first child */
    snprintf(value, sizeof value, "%lu", (unsigned long)inode);
    tell(where, name, value);
    return 0;
}

/* The kernel pads its columns. NULL and errno where the file cannot be read. */
static const char *read_map(int proc, const char *file, char *text)
{
    static struct idmap map;
    static char raw[2 * IDMAP_TEXT];

    if (proc_read(proc, file, raw, sizeof raw) < 0)
        return NULL;
    if (!idmap_parse(&map, raw)) {
        errno = EIO;
        return NULL;
    }
    idmap_format(&map, text);
    text[strlen(text) - (map.ranges > 0)] = '\0'; /* without the last newline */
    return text;
}

static int tell_map(int proc, const char *file, fact *tell, void *where)
{
    char text[IDMAP_TEXT];

    if (!read_map(proc, file, text))
        return -1;
    tell(where, file, text);
    return 0;
}

/* "allow" or "deny"; "" where the kernel has no such file. */
static const char *read_setgroups(int proc, char *text, size_t size)
{
    if (proc_read(proc, "setgroups", text, size) < 0)
        text[0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static int tell_all(int proc, fact *tell, void *where)
{
    char setgroups[16];

    for (size_t i = 0; i < NS_TYPES; i++) {
        if (tell_namespace(proc, nstypes[i].file, tell, where) < 0)
            return -1;
        if (nstypes[i].children && tell_namespace(proc, nstypes[i].children, tell, where) < 0)
            return -1;
    }
    if (tell_map(proc, "uid_map", tell, where) < 0 || tell_map(proc, "gid_map", tell, where) < 0)
        return -1;
    tell(where, "setgroups", read_setgroups(proc, setgroups, sizeof setgroups));
    return 0;
}

/* " --map-users=0:1000:1" for each range. */
static int print_ranges(int proc, const char *file, const char *option)
{
    char text[IDMAP_TEXT];

    if (!read_map(proc, file, text))
        return -1;
    for (char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        printf(" --%s=", option);
        for (size_t i = 0; i < length; i++)
            putchar(line[i] == ' ' ? ':' : line[i]);
        line += length + (line[length] == '\n');
    }
    return 0;
}

/* setgroups comes first: on a command line as in the kernel, gid_map may depend on it. */
static int print_replayable(int proc)
{
    char setgroups[16];

    printf("nsmap --setgroups=%s", read_setgroups(proc, setgroups, sizeof setgroups));
    int status = print_ranges(proc, "uid_map", "map-users") < 0 ? -1 : print_ranges(proc, "gid_map", "map-groups");
    printf("\n");
    return status;
}

static int show(const struct request *request, int proc)
{
    SHELL_VAR *array = NULL;

    if (request->array && !(array = shell_associative_array(request->array)))
        return EXECUTION_FAILURE;
    int status = request->print ? print_replayable(proc) : tell_all(proc, array ? store_fact : print_fact, array);
    return status < 0 ? cannot_look(request) : EXECUTION_SUCCESS;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

/* A process in another user namespace is mapped from here, the shell itself from what it was before it unshared. */
static bool outer_ids(const struct request *request, unsigned *user, unsigned *group)
{
    *user = geteuid();
    *group = getegid();
    if (request->target != 0 || !(request->maps.users.own.wanted || request->maps.groups.own.wanted)
        || engine_outer_ids(user, group))
        return true;
    builtin_error("the IDs outside are not known: this shell did not make its user namespace; say --map-users and "
                  "--map-groups");
    return false;
}

/* A map is written once, and half of it cannot be taken back: so look first. */
static bool is_writable(int proc, const struct idmaps *maps)
{
    char text[IDMAP_TEXT];

    if (maps->users.ranges > 0 && read_map(proc, "uid_map", text) && *text) {
        builtin_error("the user namespace has a uid_map already, and takes only one");
        return false;
    }
    if (maps->groups.ranges > 0 && read_map(proc, "gid_map", text) && *text) {
        builtin_error("the user namespace has a gid_map already, and takes only one");
        return false;
    }
    return true;
}

static int write_maps(const struct request *request, int proc)
{
    static struct idmaps maps;
    struct failure why;
    sigset_t all, before;
    unsigned user, group;

    if (!outer_ids(request, &user, &group))
        return EXECUTION_FAILURE;
    int status = maps_resolve(&request->maps, user, group, &maps);
    if (status != EXECUTION_SUCCESS)
        return status;
    if (!is_writable(proc, &maps))
        return EXECUTION_FAILURE;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    status = idmaps_write(proc, request->target ? request->target : getpid(), &maps, &before, &why);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (status < 0)
        return engine_failed(NULL, &why);
    if (request->target == 0)
        shell_sync_ids();
    return EXECUTION_SUCCESS;
}

/* --- the builtin ------------------------------------------------------------------------------------------------ */

static int nsmap_builtin(WORD_LIST *list)
{
    static struct request request; /* large */
    int argc;
    char **argv = make_builtin_argv(list, &argc);
    int status = parse(&request, argc, argv);

    free(argv);
    if (status != EXECUTION_SUCCESS)
        return status;
    int proc = proc_open(request.target);
    if (proc < 0)
        return cannot_look(&request);
    status = writes(&request) ? write_maps(&request, proc) : show(&request, proc);
    close(proc);
    return sh_chkwrite(status);
}

static struct option_help help;

EXPORTED struct builtin nsmap_struct = {
    .name = (char *)"nsmap",
    .function = nsmap_builtin,
    .flags = BUILTIN_ENABLED,
    .long_doc = help.lines,
    .short_doc = "",
};

EXPORTED int nsmap_builtin_load(char *name);

int nsmap_builtin_load(char *name)
{
    (void)name;
    return engine_load(&nsmap_struct, &table, &help);
}
