#include "shared/engine.h"
#include "nsroot.h"
#include "help/nsroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "mounts/root.h"
#include "shared/command.h"
#include "system/descriptors.h"
#include "system/number.h"
#include "system/proc.h"

enum { KEPT_MAX = 64, ARGS_SIZE = 4 * 1024 * 1024, ARGS_MAX = 16 };

struct request {
    struct root_plan root;
    bool has_perms, has_size; /* for the next operation */
    mode_t perms;
    uint64_t size;
    bool keep_all;
    size_t kept;
    int keep[KEPT_MAX];
    size_t texts;
    struct text {
        char *words; /* owned */
        int fd;
        off_t start;  /* -1: of what is no file */
    } text[ARGS_MAX]; /* what --args has read */
    bool check;
    int operand; /* index of COMMAND in the builtin's words */
};

/* --- the words -------------------------------------------------------------------------------------------------- */

/* NULL, or what was expected. */
static const char *take_mode(mode_t *mode, const char *text)
{
    char *end;
    unsigned long number = strtoul(text, &end, 8);

    *mode = (mode_t)number;
    return *text >= '0' && *text <= '7' && *end == '\0' && number <= 07777 ? NULL
                                                                           : "expected an octal mode from 0 to 7777";
}

/* NULL, or what was expected. */
static const char *take_fd(int *fd, const char *text)
{
    uint64_t number;

    if (!number_parse(text, INT_MAX, &number))
        return "expected the number of an open descriptor";
    *fd = (int)number;
    return fcntl(*fd, F_GETFD) < 0 ? "expected an open descriptor; this one is closed" : NULL;
}

/* NULL, or what was expected. */
static const char *take_size(struct request *request, const char *text)
{
    request->has_size = number_parse(text, INT64_MAX, &request->size) && request->size > 0;
    return request->has_size ? NULL : "expected a number of bytes from 1";
}

/* "3,4"; NULL, or what was expected. */
static const char *take_kept(struct request *request, const char *text)
{
    uint64_t number;

    request->keep_all |= !text;
    for (const char *at = text; at && *at; at += *at == ',') {
        at = number_read(at, INT_MAX, &number);
        if (!at || (*at != ',' && *at != '\0') || request->kept == KEPT_MAX)
            return "expected numbers of descriptors, 64 at most, with commas between";
        request->keep[request->kept++] = (int)number;
    }
    return NULL;
}

/* What --perms and --size said is for the operation right after it. NULL, or what is wrong. */
static const char *modify(struct request *request, struct root_operation *operation)
{
    int flags = root_flags(operation->kind);

    if (request->has_perms && !(flags & ROOT_HAS_MODE))
        return "--perms must be followed by an operation that makes a file or directory";
    if (request->has_size && !(flags & ROOT_HAS_SIZE))
        return "--size must be followed by --tmpfs";
    operation->has_mode = request->has_perms;
    operation->mode = request->perms;
    operation->size = request->has_size ? request->size : 0;
    request->has_perms = request->has_size = false;
    return NULL;
}

/* NULL, or what was expected of its first word. */
static const char *take_first(struct root_operation *operation)
{
    enum root_form form = root_form(operation->kind);

    if (form == ROOT_FD_TARGET)
        return take_fd(&operation->fd, operation->words[0]);
    if (form == ROOT_MODE_TARGET)
        return take_mode(&operation->mode, operation->words[0]);
    return *operation->words[0] == '\0' ? "expected a path" : NULL;
}

/* EXECUTION_SUCCESS; else all has been said. */
static int take_operation(struct request *request, enum root_kind kind, const struct options *options)
{
    struct root_operation *operation = root_plan_add(&request->root, kind);
    char option[24];

    if (!operation)
        return engine_wrong_usage("there is no memory for so many operations");
    operation->words[0] = options->argument;
    for (int i = 0; options->more + i < options->argv + options->operand && i < 2; i++)
        operation->words[i + 1] = options->more[i];
    const char *wrong = modify(request, operation);
    if (wrong)
        return engine_wrong_usage(wrong);
    snprintf(option, sizeof option, "--%s", options->option);
    wrong = take_first(operation);
    if (wrong)
        return engine_wrong_value(option, operation->words[0], wrong);
    if (*root_target(operation) == '\0')
        return engine_wrong_value(option, "", "expected a path");
    return EXECUTION_SUCCESS;
}

/* Takes what is no operation. NULL, or what was expected as its argument. */
static const char *take_option(struct request *request, int id, const char *argument)
{
    switch (id) {
    case OPT_PERMS:
        request->has_perms = true;
        return take_mode(&request->perms, argument);
    case OPT_SIZE:
        return take_size(request, argument);
    case OPT_CHDIR:
        request->root.directory = argument;
        return *argument == '\0' ? "expected a directory" : NULL;
    case OPT_KEEP_FDS:
        return take_kept(request, argument);
    case OPT_CHECK:
        request->check = true;
        return NULL;
    default:
        return NULL;
    }
}

/* --- more words, from --args ------------------------------------------------------------------------------------- */

/* Reads a descriptor to its end, with a NUL behind it. Memory that the caller frees; NULL and errno. */
static char *read_all(int fd, size_t *size)
{
    char *text = NULL;
    ssize_t got = 1;

    for (size_t room = *size = 0; got > 0; *size += (size_t)got) {
        if (*size + 1 >= room) {
            room = 2 * room + 4096;
            char *more = room > ARGS_SIZE ? NULL : realloc(text, room);
            errno = more ? errno : E2BIG;
            if (!more)
                break;
            text = more;
        }
        got = read(fd, text + *size, room - *size - 1);
        if (got < 0)
            break;
    }
    if (got == 0) {
        text[*size] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

/* Puts the words of a text (each with a NUL, but for the last) in the place of those that were parsed. False: no memory. */
static bool put_words(struct options *options, char *text, size_t size)
{
    int rest = options->argc - options->operand, count = 1;

    for (const char *at = text; at < text + size; at += strlen(at) + 1)
        count++;
    char **argv = malloc((size_t)(count + rest + 1) * sizeof *argv);
    if (!argv)
        return false;
    argv[0] = options->argv[0];
    count = 1;
    for (char *at = text; at < text + size; at += strlen(at) + 1)
        argv[count++] = at;
    memcpy(argv + count, options->argv + options->operand, (size_t)(rest + 1) * sizeof *argv);
    free(options->argv);
    options->argv = argv;
    options->argc = count + rest;
    options->started = false;
    return true;
}

/* EXECUTION_SUCCESS; else all has been said. */
static int take_args(struct request *request, struct options *options)
{
    size_t size;
    int fd;
    const char *wrong = take_fd(&fd, options->argument);

    if (wrong)
        return engine_wrong_value("--args", options->argument, wrong);
    if (request->texts == ARGS_MAX)
        return engine_wrong_usage("--args can be given 16 times at most");
    struct text *text = &request->text[request->texts++];
    *text = (struct text){.fd = fd, .start = lseek(fd, 0, SEEK_CUR)};
    text->words = read_all(fd, &size);
    if (!text->words) {
        builtin_error("--args: %s: %s", options->argument, strerror(errno));
        return EXECUTION_FAILURE;
    }
    return put_words(options, text->words, size) ? EXECUTION_SUCCESS
                                                 : engine_wrong_usage("there is no memory for so many words");
}

/* Lets what --args has read from files be read again. */
static void give_back(const struct request *request)
{
    for (size_t i = request->texts; i-- > 0;)
        if (request->text[i].start >= 0)
            lseek(request->text[i].fd, request->text[i].start, SEEK_SET);
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

static int take_one(struct request *request, struct options *options, int id)
{
    char option[24];

    if (id == OPTIONS_WRONG)
        return engine_wrong_usage(options->wrong);
    if (id == 'h') {
        builtin_help();
        return EX_USAGE;
    }
    if (id >= OPT_OPERATION && id < OPT_OPERATION + ROOT_KINDS)
        return take_operation(request, (enum root_kind)(id - OPT_OPERATION), options);
    if (id == OPT_ARGS)
        return take_args(request, options);
    const char *wrong = take_option(request, id, options->argument);
    snprintf(option, sizeof option, "--%s", options->option);
    return wrong ? engine_wrong_value(option, options->argument ? options->argument : "", wrong) : EXECUTION_SUCCESS;
}

static int take_all(struct request *request, WORD_LIST *list)
{
    struct options options = {.table = &table};
    int status = EXECUTION_SUCCESS, words, id;

    options.argv = make_builtin_argv(list, &options.argc);
    words = options.argc;
    int rest = words - 1; /* how many of the builtin's own words have not been parsed */
    while (status == EXECUTION_SUCCESS && (id = options_next(&options)) != OPTIONS_END) {
        if (id == OPT_ARGS)
            rest = rest < options.argc - options.operand ? rest : options.argc - options.operand;
        status = take_one(request, &options, id);
    }
    while (status != EXECUTION_SUCCESS && options_next(&options) != OPTIONS_END)
        ; /* whether there is a COMMAND is asked then as well */
    if (status == EXECUTION_SUCCESS && options.argc - options.operand > rest)
        status = engine_wrong_value("--args", options.argv[options.operand], "expected an operation");
    request->operand = words - (options.argc - options.operand);
    free(options.argv);
    return status;
}

static void forget(struct request *request)
{
    root_plan_free(&request->root);
    for (size_t i = 0; i < request->texts; i++)
        free(request->text[i].words);
    *request = (struct request){0};
}

static int parse(void *place, WORD_LIST *list)
{
    struct request *request = place;

    forget(request); /* of a call that was left by a leap */
    int status = take_all(request, list);
    const char *wrong = NULL;
    if (status == EXECUTION_SUCCESS && (request->has_perms || request->has_size))
        wrong = request->has_perms ? "--perms must be followed by an operation that makes a file or directory"
                                   : "--size must be followed by --tmpfs";
    else if (status == EXECUTION_SUCCESS)
        wrong = root_plan_contradiction(&request->root);
    status = wrong ? engine_wrong_usage(wrong) : status;
    if (status != EXECUTION_SUCCESS)
        give_back(request);
    return status;
}

/* --- what would lead out ------------------------------------------------------------------------------------------ */

static bool is_kept(const struct request *request, int fd)
{
    for (size_t i = 0; i < request->kept; i++)
        if (request->keep[i] == fd)
            return true;
    return request->keep_all;
}

/* What --bind-fd was given is used up, as with bwrap(1). */
static bool is_used_up(const struct request *request, int fd)
{
    for (size_t i = 0; i < request->root.count; i++) {
        enum root_kind kind = request->root.operation[i].kind;
        if ((kind == ROOT_BIND_FD || kind == ROOT_RO_BIND_FD) && request->root.operation[i].fd == fd)
            return true;
    }
    return false;
}

static int refuse_way_out(int fd, void *place)
{
    const struct request *request = place;
    bool may_lead = is_kept(request, fd) || is_used_up(request, fd) || shell_holds_for_home(fd);
    const char *what = may_lead ? NULL : root_way_out(fd);

    if (what)
        builtin_error(
            "descriptor %d would lead out of the new root: it is %s; close it (exec %d<&-), or say --keep-fds=%d", fd,
            what, fd, fd);
    return what != NULL;
}

static void use_up(const struct request *request)
{
    for (size_t i = 0; i < request->root.count; i++) {
        int fd = request->root.operation[i].fd;
        if (fd >= 0 && is_used_up(request, fd) && !is_kept(request, fd) && root_way_out(fd))
            close(fd);
    }
}

/* --- the builtin ------------------------------------------------------------------------------------------------ */

static int build(const struct plan *plan, void *what, const sigset_t *awake, struct failure *why)
{
    return root_build(what, plan->check, awake, why);
}

static int enter(struct request *request)
{
    static struct plan plan; /* large */

    if (shell_restricts_all() || descriptors_each(refuse_way_out, request) != 0)
        return EXECUTION_FAILURE;
    plan_init(&plan);
    /* On a visit, the old root is what the shell comes back to. */
    request->root.stays = !request->check && !shell_is_away() && root_may_stay();
    plan.create = request->root.stays ? 0 : CLONE_NEWNS;
    plan.propagation = request->root.stays ? 0 : MS_REC | MS_SLAVE;
    plan.check = request->check;
    plan.inside = build;
    plan.new_root = true;
    plan.inside_what = &request->root;
    request->root.home = shell_home();
    return engine_carry_out(&plan, NULL);
}

static int carry_out(void *place)
{
    struct request *request = place;
    int status = enter(request);

    if (status == EXECUTION_SUCCESS && !request->check)
        use_up(request);
    else
        give_back(request);
    forget(request);
    return status;
}

static int nsroot_builtin(WORD_LIST *list)
{
    static struct request request; /* large */
    static const struct errand errand = {
        .name = "nsroot",
        .request = &request,
        .size = sizeof request,
        .parse = parse,
        .operand = &request.operand,
        .check = &request.check,
        .carry_out = carry_out,
    };

    return command_run_errand(&errand, list);
}

BUILTIN(nsroot);
