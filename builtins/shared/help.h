/*
 * The text for bash's `help`, made of a builtin's table when the library is built (make_help.c): what nobody asks for
 * takes no time to load.
 */
#ifndef HELP_H
#define HELP_H

#include "shared/options.h"

enum { HELP_SIZE = 16384 };

/*
 * bash's `help` wants a usage line and an array of texts. One text with all lines, like those of bash's own builtins, has
 * the least memory touched when it is loaded.
 */
struct option_help {
    const char *usage;
    char *document[2]; /* NULL-terminated */
    char text[HELP_SIZE];
};

/* Writes usage and document, which point into help->text. */
void options_help(const struct option_table *table, struct option_help *help);

#endif
