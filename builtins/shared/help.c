#include "shared/help.h"

#include <stdio.h>
#include <string.h>

#include "namespaces/nstype.h"

/* Of a line, to the left of which bash indents by four. */
enum { WIDTH = 76, TEXT_COLUMN = 29 };

/* Appends to help->text; what does not fit is left out, which the tests of help would see. */
static void add_part(struct option_help *help, size_t *used, const char *text, size_t length)
{
    if (*used + length >= sizeof help->text)
        return;
    memcpy(help->text + *used, text, length);
    *used += length;
    help->text[*used] = '\0';
}

static void add(struct option_help *help, size_t *used, const char *text)
{
    add_part(help, used, text, strlen(text));
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

/* Starts a line of the help, indented as bash indents the first. */
static void begin_line(struct option_help *help, size_t *used)
{
    add(help, used, "\n    ");
}

static void add_blanks(struct option_help *help, size_t *used, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(help, used, " ");
}

/* Adds a text, at this column of the line, and where it is too long for it, in others below. */
static void add_text(struct option_help *help, size_t *used, size_t start, const char *text)
{
    size_t column = start;

    while (*text) {
        size_t length = strcspn(text, " ");
        if (column > start && column + 1 + length > WIDTH) {
            begin_line(help, used);
            add_blanks(help, used, start);
            column = start;
        } else if (column > start) {
            add_blanks(help, used, 1);
            column++;
        }
        add_part(help, used, text, length);
        column += length;
        text += length + strspn(text + length, " ");
    }
}

/* "make a new UTS namespace" */
static void add_namespace_text(struct option_help *help, size_t *used, const struct option_table *table,
                               const struct nstype *type)
{
    char text[80];

    snprintf(text, sizeof text, "%s %s namespace", table->namespace_help, type->title);
    add_text(help, used, TEXT_COLUMN, text);
}

static void add_title(struct option_help *help, size_t *used, const struct option_row *row)
{
    begin_line(help, used);
    begin_line(help, used);
    add(help, used, row->help);
    add(help, used, ":");
}

/* The option, and its text beside it, or below where there is no room. */
static void add_option(struct option_help *help, size_t *used, const struct option_table *table,
                       const struct option_row *row)
{
    begin_line(help, used);
    size_t start = *used;
    add(help, used, options_has_letter(row) ? "  -" : "      ");
    if (options_has_letter(row)) {
        add_letter(help, used, row->id);
        add(help, used, ", ");
    }
    add_spelled(help, used, row, table->spaced);
    if (*used - start >= TEXT_COLUMN) {
        begin_line(help, used);
        start = *used;
    }
    add_blanks(help, used, TEXT_COLUMN - (*used - start));
    if (row->help)
        add_text(help, used, TEXT_COLUMN, row->help);
    else
        add_namespace_text(help, used, table, nstype_of_letter(row->id));
}

static void add_lines(struct option_help *help, size_t *used, const char *const *texts)
{
    for (size_t i = 0; texts[i]; i++) {
        begin_line(help, used);
        add_text(help, used, 0, texts[i]);
    }
}

void options_help(const struct option_table *table, struct option_help *help)
{
    struct option_row rows[OPTIONS_MAX];
    size_t count = options_rows(table, rows);
    size_t used = 0;

    help->usage = help->text;
    add(help, &used, table->name);
    add(help, &used, " ");
    add(help, &used, table->usage);
    help->document[0] = help->text + ++used; /* keeps the NUL of the usage line */
    add(help, &used, table->about[0]);
    add_lines(help, &used, table->about + 1);
    for (size_t i = 0; i < count; i++)
        options_is_title(&rows[i]) ? add_title(help, &used, &rows[i]) : add_option(help, &used, table, &rows[i]);
    add_lines(help, &used, table->after);
    help->document[1] = NULL;
}
