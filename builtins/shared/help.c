#include "shared/help.h"

#include <string.h>

#include "namespaces/nstype.h"

/* Appends to help->text; what does not fit is left out, which the tests of help would see. */
static void add(struct option_help *help, size_t *used, const char *text)
{
    size_t length = strlen(text);

    if (*used + length >= sizeof help->text)
        return;
    memcpy(help->text + *used, text, length + 1);
    *used += length;
}

static void add_letter(struct option_help *help, size_t *used, int letter)
{
    add(help, used, (const char[]){(char)letter, '\0'});
}

/* "--fork", "--root=DIR", "--mount-proc[=DIR]" */
static void add_spelled(struct option_help *help, size_t *used, const struct option_row *row, bool spaced)
{
    add(help, used, "--");
    add(help, used, row->name);
    if (row->takes == ARG_NONE)
        return;
    add(help, used, row->takes == ARG_OPTIONAL ? "[=" : spaced ? " " : "=");
    add(help, used, row->argument);
    add(help, used, row->takes == ARG_OPTIONAL ? "]" : "");
}

/* "unshare_ns [-muinpUCTrcf] [-R DIR] [--setgroups=allow|deny] [COMMAND [ARG ...]]", as bash's own builtins have it. */
static void add_usage(struct option_help *help, size_t *used, const struct option_table *table,
                      const struct option_row *rows, size_t count)
{
    add(help, used, table->name);
    add(help, used, table->usage ? " " : " [-");
    if (table->usage) {
        add(help, used, table->usage);
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (options_has_letter(&rows[i]) && rows[i].takes != ARG_REQUIRED)
            add_letter(help, used, rows[i].id);
    add(help, used, "]");
    for (size_t i = 0; i < count; i++) {
        const struct option_row *row = &rows[i];
        if (options_has_letter(row) && row->takes != ARG_REQUIRED)
            continue;
        add(help, used, options_has_letter(row) ? " [-" : " [");
        if (options_has_letter(row)) {
            add_letter(help, used, row->id);
            add(help, used, " ");
            add(help, used, row->argument);
        } else {
            add_spelled(help, used, row, table->spaced);
        }
        add(help, used, "]");
    }
    if (table->operands) {
        add(help, used, " ");
        add(help, used, table->operands);
    }
}

/* Starts a line of the help, indented as bash indents the first. */
static void begin_line(struct option_help *help, size_t *used)
{
    add(help, used, "\n    ");
}

/* "make a new UTS namespace" */
static void add_namespace_help(struct option_help *help, size_t *used, const struct option_table *table,
                               const struct nstype *type)
{
    add(help, used, table->namespace_help);
    add(help, used, " ");
    add(help, used, type->title);
    add(help, used, " namespace");
}

/* A line, or two where the option leaves no room for its text. */
static void add_option(struct option_help *help, size_t *used, const struct option_table *table,
                       const struct option_row *row)
{
    static const char blanks[] = "                            "; /* up to the text's column */

    begin_line(help, used);
    size_t start = *used;
    add(help, used, options_has_letter(row) ? "  -" : "      ");
    if (options_has_letter(row)) {
        add_letter(help, used, row->id);
        add(help, used, ", ");
    }
    add_spelled(help, used, row, table->spaced);
    if (*used - start > strlen(blanks)) {
        begin_line(help, used);
        start = *used;
    }
    add(help, used, blanks + (*used - start));
    add(help, used, " ");
    if (row->help)
        add(help, used, row->help);
    else
        add_namespace_help(help, used, table, nstype_of_letter(row->id));
}

static void add_lines(struct option_help *help, size_t *used, const char *const *texts)
{
    for (size_t i = 0; texts[i]; i++) {
        begin_line(help, used);
        add(help, used, texts[i]);
    }
}

void options_help(const struct option_table *table, struct option_help *help)
{
    struct option_row rows[OPTIONS_MAX];
    size_t count = options_rows(table, rows);
    size_t used = 0;

    help->usage = help->text;
    add_usage(help, &used, table, rows, count);
    help->document[0] = help->text + ++used; /* keeps the NUL of the usage line */
    add(help, &used, table->about[0]);
    add_lines(help, &used, table->about + 1);
    for (size_t i = 0; i < count; i++)
        add_option(help, &used, table, &rows[i]);
    add_lines(help, &used, table->after);
    help->document[1] = NULL;
}
