/*
 * One table row per option gives the parser, and, when the library is built, the help text (help.h). Knows no bash: bash
 * ships a getopt.h of its own, and this room uses the system's.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* ARG_PAIR, ARG_TRIPLE: so many words, each one of its own. */
enum option_argument { ARG_NONE, ARG_REQUIRED, ARG_OPTIONAL, ARG_PAIR, ARG_TRIPLE };

struct option_row {
    int id;           /* the letter, or above 255 where there is only a long name */
    const char *name; /* the long name */
    enum option_argument takes;
    const char *argument; /* its word in the help; NULL: none */
    const char *help;
};

/* Among the rows, the title of those that follow it, up to the next. */
/* clang-format off */
#define OPTION_GROUP(TITLE) {.help = (TITLE)}
/* clang-format on */

/* Options that the program after which a builtin is named has, and the builtin has not: "unshare-", and who does that. */
struct option_elsewhere {
    const char *start; /* of the long name */
    const char *who;   /* "run PROGRAM for that" */
};

struct option_table {
    const char *name;  /* of the builtin */
    const char *usage; /* what stands behind it: "[OPTION...] FILE" */
    const struct option_row *rows;
    size_t count;
    bool namespaces;            /* an option for each namespace type stands before the rows */
    const char *namespace_file; /* what these take, optionally */
    bool namespace_letters;     /* their letters take it too, and not only their long names */
    bool operands_between;      /* options may follow operands, each of which is told as OPTIONS_OPERAND */
    const char *refused;        /* letters of options that only the program after which it is named has, NULL: none, */
    const char *program;        /* which this is */
    const struct option_elsewhere *elsewhere; /* up to one without a start; NULL: none */
    bool spaced;                /* the help shows an option's argument as a word of its own: "--dir DEST" */
    bool letters_take_equals;   /* "-n=FILE": between a letter and what it takes there may be a = */
    const char *namespace_help; /* "make a new %s namespace" */
    const char *const *about;   /* help, before the options; texts, each a line or more, at least one, and NULL */
    const char *const *after;   /* and after them */
};

enum { OPTIONS_MAX = 80 };

/* The table's rows, titles among them, with those of the namespace types before them. Returns how many there are. */
size_t options_rows(const struct option_table *table, struct option_row rows[OPTIONS_MAX]);

/* True for a title, which is no option. */
bool options_is_title(const struct option_row *row);

/* True where an option has a letter, which then is its id. */
bool options_has_letter(const struct option_row *row);

enum { OPTIONS_END = -1, OPTIONS_OPERAND = 1, OPTIONS_WRONG = '?' };

struct options {
    const struct option_table *table;
    int argc;
    char **argv;
    bool started;
    const char *option;   /* the long name of the option just given */
    const char *argument; /* its argument; NULL: none */
    char *const *more;    /* what follows it, of a pair or triple */
    int operand;          /* after OPTIONS_END: the index of the first operand */
    char wrong[640];      /* after OPTIONS_WRONG: the sentence */
};

/*
 * The next option's id, OPTIONS_END, OPTIONS_OPERAND or OPTIONS_WRONG. Options end at the first operand, or else each is
 * told, as the argument of OPTIONS_OPERAND; those after "--" come after OPTIONS_END in any case. Strings belong to argv. Parses
 * with getopt_long(3), whose state is global: one parse at a time.
 */
int options_next(struct options *options);

#endif
