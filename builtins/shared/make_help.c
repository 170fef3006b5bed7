/* make_help: prints the texts of one builtin's help as a header, of the table in the header TABLE. Runs where it is built. */
#include TABLE

#include <stdio.h>

#include "shared/help.h"

/* A line of its own for each line of the text. */
static void print_literal(const char *text)
{
    printf("\"");
    for (const char *at = text; *at; at++) {
        if (*at == '\n')
            printf("\\n\"\n    \"");
        else
            printf(*at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    }
    printf("\"");
}

int main(void)
{
    static struct option_help help;

    options_help(&table, &help);
    printf("/* Made of builtins/%s.h by make_help.c. */\n", table.name);
    printf("static const char help_usage[] =\n    ");
    print_literal(help.usage);
    printf(";\n\nstatic char *const help_document[] = {\n    (char *)");
    print_literal(help.document[0]);
    printf(",\n    NULL};\n");
    return ferror(stdout) || fclose(stdout) != 0;
}
