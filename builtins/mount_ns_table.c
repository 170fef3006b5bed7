#include "shared/engine.h"
#include "mount_ns_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mounts/table.h"

/* Appends a word of a comma separated list. */
static void add(char *text, const char *word, size_t length)
{
    size_t used = strlen(text);

    sprintf(text + used, "%s%.*s", used > 0 ? "," : "", (int)length, word);
}

/* Appends a list without this word. */
static void add_all_but(char *text, const char *list, const char *word)
{
    while (*list) {
        size_t length = strcspn(list, ",");
        if (length != strlen(word) || strncmp(list, word, length) != 0)
            add(text, list, length);
        list += length + (list[length] == ',');
    }
}

/*
 * The options of a mount and of its file system as one list, which starts with "ro" where either is. The caller frees it.
 */
static char *all_options(const struct mount_entry *entry)
{
    bool read_only = mount_list_has(entry->attributes, "ro") || mount_list_has(entry->options, "ro");
    char *text = xmalloc(strlen(entry->attributes) + strlen(entry->options) + 8);

    strcpy(text, read_only ? "ro" : "rw");
    add_all_but(text, entry->attributes, mount_list_has(entry->attributes, "ro") ? "ro" : "rw");
    add_all_but(text, entry->options, mount_list_has(entry->options, "ro") ? "ro" : "rw");
    return text;
}

static void print(const struct mount_entry *entry, const char *options)
{
    printf("%s on %s type %s (%s)\n", entry->source, entry->target, entry->type, options);
}

/* What something else is mounted on is not seen. */
static void store(SHELL_VAR *array, const struct mount_table *table, const struct mount_entry *entry,
                  const char *options)
{
    if (!mount_table_is_top(table, entry))
        return;
    size_t size = strlen(entry->source) + strlen(entry->type) + strlen(options) + 3;
    char *value = xmalloc(size);

    snprintf(value, size, "%s %s %s", entry->source, entry->type, options);
    shell_associative_set(array, entry->target, value);
    free(value);
}

static void print_quoted(const char *word)
{
    char *quoted = sh_contains_shell_metas(word) || !*word ? sh_single_quote(word) : savestring(word);

    printf(" %s", quoted);
    free(quoted);
}

/* What shows a part of something that was mounted before is bound from there. */
static void print_as_command(const struct mount_table *table, const struct mount_entry *entry, const char *options)
{
    const char *rest, *source = entry->source;
    const struct mount_entry *origin = mount_table_origin(table, entry, &rest);
    char *from = origin ? xmalloc(strlen(origin->target) + strlen(rest) + 1) : NULL;

    if (origin) {
        sprintf(from, "%s%s", strcmp(origin->target, "/") == 0 && *rest ? "" : origin->target, rest);
        source = from;
    }
    printf(origin ? "mount_ns --bind" : "mount_ns -t");
    if (!origin)
        print_quoted(entry->type);
    printf(" -o");
    print_quoted(origin ? entry->attributes : options);
    print_quoted(source);
    print_quoted(entry->target);
    putchar('\n');
    free(from);
}

int table_show(const char *array, bool commands, const char *type)
{
    struct mount_table table;
    struct failure why;

    if (mount_table_read(&table, &why) < 0)
        return engine_failed(NULL, &why);
    SHELL_VAR *variable = array ? shell_associative_array(array) : NULL; /* which empties it */
    if (array && !variable) {
        mount_table_free(&table);
        return EXECUTION_FAILURE;
    }
    for (size_t i = 0; i < table.count; i++) {
        const struct mount_entry *entry = &table.entries[i];
        if (type && strcmp(type, entry->type) != 0)
            continue;
        char *options = all_options(entry);
        if (variable)
            store(variable, &table, entry, options);
        else if (commands)
            print_as_command(&table, entry, options);
        else
            print(entry, options);
        free(options);
    }
    mount_table_free(&table);
    return EXECUTION_SUCCESS;
}
