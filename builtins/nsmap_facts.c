#include "nsmap_facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "namespaces/nstype.h"
#include "system/proc.h"
#include "shell/shell.h"
#include "namespaces/limits.h"

/* What is known of the process: told when all is, so that what fails tells nothing and leaves an array alone. */
static struct fact {
    const char *key;
    char *value; /* owned */
} facts[2 * NS_TYPES + 4];
static size_t known;

void facts_forget(void)
{
    while (known > 0)
        free(facts[--known].value);
}

static int know(const char *key, const char *value)
{
    facts[known].key = key;
    facts[known].value = strdup(value);
    if (!facts[known].value)
        return -1;
    known++;
    return 0;
}

static void print_fact(const struct fact *fact)
{
    const char *key = fact->key;

    for (const char *line = fact->value; *line; key = "") {
        int length = (int)strcspn(line, "\n");
        printf("%-17s %.*s\n", key, length, line);
        line += length + (line[length] == '\n');
    }
}

static int know_number(const char *key, unsigned long long number)
{
    char value[24];

    snprintf(value, sizeof value, "%llu", number);
    return know(key, value);
}

/* Its files are named like their types; "pid" is the process itself. */
static const char *key_of(const char *name)
{
    return strcmp(name, "pid") == 0 ? "pid_ns" : name;
}

/* A type that the kernel lacks is not told, nor the namespace of children before the first of them. */
static int look_at_namespace(int proc, const struct nstype *type, const char *name)
{
    char file[32];

    snprintf(file, sizeof file, "ns/%s", name);
    ino_t inode = proc_inode(proc, file);
    if (inode == 0)
        return errno == ENOENT && (name == type->children || type_missing(type->flag)) ? 0 : -1;
    return know_number(key_of(name), inode);
}

/* The kernel pads its columns. */
const char *facts_read_map(int proc, const char *file, char *text)
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

static int look_at_map(int proc, const char *file)
{
    char text[IDMAP_TEXT];

    return facts_read_map(proc, file, text) ? know(file, text) : -1;
}

const char *facts_read_setgroups(int proc, char *text, size_t size)
{
    if (proc_read(proc, "setgroups", text, size) < 0) {
        if (errno != ENOENT)
            return NULL;
        text[0] = '\0';
    }
    text[strcspn(text, "\n")] = '\0';
    return text;
}

int facts_look(int proc, pid_t pid)
{
    char setgroups[16];

    facts_forget();
    for (size_t i = 0; i < NS_TYPES; i++) {
        const struct nstype *type = &nstypes[i];
        if (look_at_namespace(proc, type, type->file) < 0)
            return -1;
        if (type->children && look_at_namespace(proc, type, type->children) < 0)
            return -1;
    }
    if (look_at_map(proc, "uid_map") < 0 || look_at_map(proc, "gid_map") < 0)
        return -1;
    if (!facts_read_setgroups(proc, setgroups, sizeof setgroups) || know("setgroups", setgroups) < 0)
        return -1;
    return pid > 0 ? know_number("pid", (unsigned long long)pid) : 0;
}

int facts_store(const char *name)
{
    SHELL_VAR *array = shell_associative_array(name);

    for (size_t i = 0; array && i < known; i++)
        shell_associative_set(array, facts[i].key, facts[i].value);
    return array ? EXECUTION_SUCCESS : EXECUTION_FAILURE;
}

static const char *value_of(const char *key)
{
    for (size_t i = 0; i < known; i++)
        if (strcmp(facts[i].key, key) == 0)
            return facts[i].value;
    return "";
}

/* " --map-users=0:1000:1" for each range. */
static void print_ranges(const char *map, const char *option)
{
    for (const char *line = map; *line;) {
        size_t length = strcspn(line, "\n");
        printf(" --%s=", option);
        for (size_t i = 0; i < length; i++)
            putchar(line[i] == ' ' ? ':' : line[i]);
        line += length + (line[length] == '\n');
    }
}

/* setgroups comes first: on a command line as in the kernel, gid_map may depend on it. */
void facts_print_replayable(void)
{
    printf("nsmap --setgroups=%s", value_of("setgroups"));
    print_ranges(value_of("uid_map"), "map-users");
    print_ranges(value_of("gid_map"), "map-groups");
    printf("\n");
}

void facts_print(void)
{
    for (size_t i = 0; i < known; i++)
        print_fact(&facts[i]);
}
