#include "shared/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "namespaces/nstype.h"

size_t options_rows(const struct option_table *table, struct option_row rows[OPTIONS_MAX])
{
    size_t count = 0;

    if (table->namespaces)
        rows[count++] = (struct option_row)OPTION_GROUP("Namespaces");
    for (size_t i = 0; table->namespaces && i < NS_TYPES; i++)
        rows[count++] = (struct option_row){
            .id = nstypes[i].letter,
            .name = nstypes[i].name,
            .takes = ARG_OPTIONAL,
            .argument = table->namespace_file,
        };
    memcpy(rows + count, table->rows, table->count * sizeof *rows);
    return count + table->count;
}

bool options_is_title(const struct option_row *row)
{
    return !row->name;
}

bool options_has_letter(const struct option_row *row)
{
    return row->id <= 255;
}

/*
 * What getopt_long(3) wants, for the table of the last parse. `+`: options end at the first operand; `-`: it tells each; `:`:
 * it prints nothing.
 */
static struct {
    const struct option_table *table;
    struct option_row rows[OPTIONS_MAX]; /* without titles */
    size_t count;
    char letters[3 * OPTIONS_MAX];
    struct option longs[OPTIONS_MAX + 1];
} parser;

/* What the letter of a row takes; a row of a namespace type is one without a help text of its own. */
static enum option_argument letter_takes(const struct option_table *table, const struct option_row *row)
{
    return !row->help && !table->namespace_letters ? ARG_NONE : row->takes;
}

/* How many words it takes, where that is more than one. */
static int words_of(const struct option_row *row)
{
    return row->takes == ARG_PAIR ? 2 : row->takes == ARG_TRIPLE ? 3 : 0;
}

/* Adds an option to what getopt_long(3) wants. */
static void add_option(const struct option_row *row, size_t *letters)
{
    static const char *const colons[] = {
        [ARG_NONE] = "", [ARG_REQUIRED] = ":", [ARG_OPTIONAL] = "::", [ARG_PAIR] = ":", [ARG_TRIPLE] = ":"};
    int takes = words_of(row) > 0 ? required_argument : (int)row->takes;

    parser.rows[parser.count] = *row;
    parser.longs[parser.count] = (struct option){row->name, takes, NULL, row->id};
    parser.count++;
    if (options_has_letter(row))
        *letters += (size_t)snprintf(parser.letters + *letters, sizeof parser.letters - *letters, "%c%s", row->id,
                                     colons[letter_takes(parser.table, row)]);
}

/* Tables are constant, and one builtin is often called many times in a row. */
static void make_parser(const struct option_table *table)
{
    struct option_row rows[OPTIONS_MAX];
    size_t count = options_rows(table, rows);
    size_t used = (size_t)snprintf(parser.letters, sizeof parser.letters, table->operands_between ? "-:" : "+:");

    parser.table = table;
    parser.count = 0;
    memset(parser.longs, 0, sizeof parser.longs);
    for (size_t i = 0; i < count; i++)
        if (!options_is_title(&rows[i]))
            add_option(&rows[i], &used);
}

static void start(struct options *options)
{
    if (parser.table != options->table)
        make_parser(options->table);
    optind = 0; /* glibc: start anew */
    opterr = 0;
    options->started = true;
}

static const struct option_row *row_of(int id)
{
    for (size_t i = 0; i < parser.count; i++)
        if (parser.rows[i].id == id)
            return &parser.rows[i];
    return NULL;
}

/* The name in "--name=VALUE", and its length. */
static const char *name_in(const char *word, size_t *length)
{
    *length = strcspn(word + 2, "=");
    return word + 2;
}

/* Appends ", --NAME", or what else stands before a name; what there is no room for is left out. */
static void append_name(struct options *options, const char *before, const char *name)
{
    size_t used = strlen(options->wrong);

    if (used + strlen(before) + strlen("--") + strlen(name) < sizeof options->wrong)
        snprintf(options->wrong + used, sizeof options->wrong - used, "%s--%s", before, name);
}

/* "--map": the start of more than one name, which are told. */
static void tell_candidates(struct options *options, const char *word)
{
    size_t length;
    const char *start = name_in(word, &length), *before = "; it can be ";

    for (size_t i = 0; i < parser.count; i++) {
        if (strncmp(parser.rows[i].name, start, length) != 0)
            continue;
        append_name(options, before, parser.rows[i].name);
        before = ", ";
    }
}

static bool is_ambiguous(const char *word)
{
    size_t length, count = 0;
    const char *start = name_in(word, &length);

    for (size_t i = 0; i < parser.count; i++)
        count += strncmp(parser.rows[i].name, start, length) == 0;
    return count > 1;
}

enum { NAME_LONGEST = 32 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters have to be left out, put in or changed to make one name of the other (Levenshtein). */
static size_t distance(const char *a, size_t length, const char *b)
{
    size_t row[NAME_LONGEST + 1], of_b = strnlen(b, NAME_LONGEST);

    for (size_t j = 0; j <= of_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t above_left = row[0];
        row[0] = i;
        for (size_t j = 1; j <= of_b; j++) {
            size_t changed = above_left + (a[i - 1] != b[j - 1]);
            above_left = row[j];
            row[j] = least(changed, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[of_b];
}

/* "--hostnme": what it is nearest to is told, where no more than a third of it is wrong. */
static void tell_nearest(struct options *options, const char *word)
{
    size_t length, least_wrong;
    const char *name = name_in(word, &length), *nearest = NULL;

    least_wrong = length / 3 + 1;
    for (size_t i = 0; i < parser.count && length <= NAME_LONGEST; i++) {
        size_t wrong = distance(name, length, parser.rows[i].name);
        if (wrong >= least_wrong)
            continue;
        least_wrong = wrong;
        nearest = parser.rows[i].name;
    }
    if (nearest)
        append_name(options, "; the nearest is ", nearest);
}

/*
 * The word with a letter that is only a part of a character: getopt(3) has not left it yet, unless the part ends it.
 */
static const char *word_with(const struct options *options, char part)
{
    const char *last = options->argv[optind - 1];

    return last[0] == '-' && last[strlen(last) - 1] == part ? last : options->argv[optind];
}

static bool is_refused(const struct option_table *table, int letter)
{
    return table->refused && letter > 0 && letter <= 127 && strchr(table->refused, letter);
}

/* Who does what this long option does in the program after which the builtin is named; NULL: nobody. */
static const char *who_else(const struct option_table *table, const char *word)
{
    const struct option_elsewhere *other = table->elsewhere;

    while (other && other->start && strncmp(word + 2, other->start, strlen(other->start)) != 0)
        other++;
    return other ? other->who : NULL;
}

/* What is wrong with it, as getopt_long(3) has found; optopt is 0 for a long option that is none. */
static const char *what_is_wrong(const struct option_table *table, int result, const char *word)
{
    if (result == ':')
        return "option requires an argument";
    if (row_of(optopt))
        return "option takes no argument";
    if (optopt == 0 && is_ambiguous(word))
        return "ambiguous option";
    const char *who = optopt == 0 ? who_else(table, word) : NULL;
    return who ? who : "invalid option";
}

/* getopt_long(3) leaves in optopt a letter, the id of a long option that was given an argument, or 0. */
static int wrong(struct options *options, int result)
{
    const char *word = options->argv[optind - 1];
    char letter[] = {'-', (char)optopt, '\0'};

    if (optopt < 0)
        word = word_with(options, (char)optopt);
    else if (optopt > 0 && optopt <= 255 && strncmp(word, "--", 2) != 0)
        word = letter;
    if (is_refused(options->table, optopt))
        snprintf(options->wrong, sizeof options->wrong, "%.100s: run %s for that", word, options->table->program);
    else
        snprintf(options->wrong, sizeof options->wrong, "%.100s: %s", word,
                 what_is_wrong(options->table, result, word));
    if (optopt == 0 && is_ambiguous(word))
        tell_candidates(options, word);
    else if (optopt == 0)
        tell_nearest(options, word);
    return OPTIONS_WRONG;
}

static int too_few(struct options *options, const struct option_row *row)
{
    optind = options->argc;
    snprintf(options->wrong, sizeof options->wrong, "--%s: option requires %d arguments", row->name, words_of(row));
    return OPTIONS_WRONG;
}

/* The option's argument: the rest of the word behind a letter, without its =, or another word. */
static const char *argument(const struct options *options)
{
    const char *word = options->argv[optind - 1];
    bool follows_letter = optarg && optarg != word && strncmp(word, "--", 2) != 0;

    return follows_letter && options->table->letters_take_equals && *optarg == '=' ? optarg + 1 : optarg;
}

int options_next(struct options *options)
{
    if (!options->started)
        start(options);
    int result = getopt_long(options->argc, options->argv, parser.letters, parser.longs, NULL);
    const struct option_row *row = result == OPTIONS_END ? NULL : row_of(result);

    options->argument = argument(options);
    options->more = options->argv + optind;
    if (row && words_of(row) > 0 && (optind += words_of(row) - 1) > options->argc)
        return too_few(options, row);
    options->operand = optind;
    options->option = row ? row->name : NULL;
    return row || result == OPTIONS_END || result == OPTIONS_OPERAND ? result : wrong(options, result);
}
