#include "shared/help.h"
#include "tap.h"

static const struct option_row rows[] = {
    {'R', "root", ARG_REQUIRED, "DIR", "change the root"},
    {'f', "fork", ARG_NONE, NULL, "fork"},
    {300, "mount-proc", ARG_OPTIONAL, "DIR", "mount a procfs"},
    OPTION_GROUP("All of it"),
    {301, "mount-all", ARG_NONE, NULL, "mount all that there is to be mounted, wherever it may be"},
    {302, "without-room-for-text", ARG_REQUIRED, "WORD", "below"},
};
static const char *const about[] = {"About.", "", NULL};
static const char *const after[] = {"After.", NULL};
static const struct option_elsewhere elsewhere[] = {{"cook-", "run rice for that"}, {NULL, NULL}};
static const struct option_table table = {
    .name = "try",
    .usage = "[OPTION...] [COMMAND]",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .namespaces = true,
    .namespace_file = "FILE",
    .namespace_letters = true,
    .letters_take_equals = true,
    .elsewhere = elsewhere,
    .namespace_help = "join the",
    .about = about,
    .after = after,
};

static struct options options;

/* Parses these words from the start and gives the first result. */
static int parse(char **words)
{
    int count = 0;

    while (words[count])
        count++;
    options = (struct options){.table = &table, .argc = count, .argv = words};
    return options_next(&options);
}

#define PARSE(...) parse((char *[]){(char *)"try", __VA_ARGS__, NULL})

static void check_options(void)
{
    check(PARSE((char *)"-R", (char *)"/x") == 'R' && strcmp(options.argument, "/x") == 0, "a letter and its argument");
    check_text(options.option, "root", "it is named by its long name");
    check(PARSE((char *)"--root=/x") == 'R' && strcmp(options.argument, "/x") == 0, "a long name with =");
    check(PARSE((char *)"-n/run/x") == 'n' && strcmp(options.argument, "/run/x") == 0,
          "a namespace type with its file");
    check(PARSE((char *)"--net") == 'n' && !options.argument, "and without");
    check(PARSE((char *)"-n=/run/x") == 'n' && strcmp(options.argument, "/run/x") == 0, "a letter, = and a file");
    check(PARSE((char *)"-fR==x") == 'f' && options_next(&options) == 'R' && strcmp(options.argument, "=x") == 0,
          "one = is no part of it, in a word with others, too");
    check(PARSE((char *)"-n=") == 'n' && strcmp(options.argument, "") == 0, "nothing but =");
    check(PARSE((char *)"-R", (char *)"=x") == 'R' && strcmp(options.argument, "=x") == 0,
          "a word of its own is as it is");
    check(PARSE((char *)"--root==x") == 'R' && strcmp(options.argument, "=x") == 0, "and so is what a long name takes");
    check(PARSE((char *)"-fn") == 'f' && options_next(&options) == 'n', "letters in one word");
    check(PARSE((char *)"--mount-p") == 300, "a long name may be cut short");
    check(PARSE((char *)"-f", (char *)"ls", (char *)"-n") == 'f' && options_next(&options) == OPTIONS_END,
          "options end at the first operand");
    check(options.operand == 2, "which is then known");
    check(PARSE((char *)"--", (char *)"-f") == OPTIONS_END && options.operand == 2, "-- ends them too");
    check(PARSE((char *)"-f") == 'f', "a parse that was given up leaves nothing to the next");
}

static void check_wrong(int result, const char *sentence)
{
    check(result == OPTIONS_WRONG, sentence);
    check_text(options.wrong, sentence, "and says so");
}

static void check_errors(void)
{
    check_wrong(PARSE((char *)"-x"), "-x: invalid option");
    check_wrong(PARSE((char *)"-,"), "-,: invalid option"); /* what is left of 300 in a byte */
    check_wrong(PARSE((char *)"--mount-=x"), "--mount-=x: ambiguous option; it can be --mount-proc, --mount-all");
    check_wrong(PARSE((char *)"--nothing"), "--nothing: invalid option");
    check_wrong(PARSE((char *)"--mount-"), "--mount-: ambiguous option; it can be --mount-proc, --mount-all");
    check_wrong(PARSE((char *)"--rot"), "--rot: invalid option; the nearest is --root");
    check_wrong(PARSE((char *)"--mountall=1"), "--mountall=1: invalid option; the nearest is --mount-all");
    check_wrong(PARSE((char *)"--mont-porc"), "--mont-porc: invalid option; the nearest is --mount-proc");
    check_wrong(PARSE((char *)"--mount-prol"), "--mount-prol: invalid option; the nearest is --mount-proc");
    check_wrong(PARSE((char *)"--utx"), "--utx: invalid option; the nearest is --uts");
    check_wrong(PARSE((char *)"--cook-rice=1"), "--cook-rice=1: run rice for that");
    check_wrong(PARSE((char *)"--cook"), "--cook: invalid option");
    check_wrong(PARSE((char *)"--a-word-much-longer-than-any-option-could-be"),
                "--a-word-much-longer-than-any-option-could-be: invalid option");
    check_wrong(PARSE((char *)"-R"), "-R: option requires an argument");
    check_wrong(PARSE((char *)"--root"), "--root: option requires an argument");
    check_wrong(PARSE((char *)"--fork=1"), "--fork=1: option takes no argument");
}

/* Whether the help has this line. */
static bool has_line(const struct option_help *help, const char *line)
{
    char whole[120];

    snprintf(whole, sizeof whole, "\n    %s\n", line);
    return strstr(help->document[0], whole);
}

static void check_help(void)
{
    static struct option_help help;
    size_t lines = 1;

    options_help(&table, &help);
    check_text(help.usage, "try [OPTION...] [COMMAND]", "the usage line");
    for (const char *end = help.document[0]; (end = strchr(end, '\n')); end++)
        lines++;
    check(lines == 2 + 8 + 5 + 2 * 2 + 2 + 1, "lines for options and titles, between what comes before and after");
    check(strncmp(help.document[0], "About.\n    \n", 12) == 0, "before");
    check(has_line(&help, "  -m, --mount[=FILE]         join the mount namespace"), "a namespace type");
    check(has_line(&help, "      --mount-proc[=DIR]     mount a procfs"), "an option without a letter");
    check(has_line(&help, "\n    Namespaces:") && has_line(&help, "\n    All of it:"), "titles, below an empty line");
    check(has_line(&help, "      --mount-all            mount all that there is to be mounted, wherever"),
          "a text that is too long for a line");
    check(has_line(&help, "                             it may be"), "goes on below");
    check(has_line(&help, "      --without-room-for-text=WORD\n                                 below"),
          "as one that has no room beside its option");
    check(!strcmp(strrchr(help.document[0], '\n'), "\n    After."), "after");
    check(!help.document[1], "all in one text");
}

int main(void)
{
    check_options();
    check_errors();
    check_help();
    return done();
}
