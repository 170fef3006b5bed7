#include "nsmap_facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "namespaces/limits.h"
#include "namespaces/nstype.h"
#include "shared/facts.h"
#include "system/proc.h"

static struct facts facts;

void process_forget(void)
{
    facts_forget(&facts);
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
    facts_know_number(&facts, key_of(name), inode);
    return 0;
}

/* The kernel pads its columns. */
const char *process_read_map(int proc, const char *file, char *text)
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

    if (!process_read_map(proc, file, text))
        return -1;
    facts_know(&facts, file, text);
    return 0;
}

const char *process_read_setgroups(int proc, char *text, size_t size)
{
    if (proc_read(proc, "setgroups", text, size) < 0) {
        if (errno != ENOENT)
            return NULL;
        text[0] = '\0';
    }
    text[strcspn(text, "\n")] = '\0';
    return text;
}

int process_look(int proc, pid_t pid)
{
    char setgroups[16];

    for (size_t i = 0; i < NS_TYPES; i++) {
        const struct nstype *type = &nstypes[i];
        if (look_at_namespace(proc, type, type->file) < 0)
            return -1;
        if (type->children && look_at_namespace(proc, type, type->children) < 0)
            return -1;
    }
    if (look_at_map(proc, "uid_map") < 0 || look_at_map(proc, "gid_map") < 0)
        return -1;
    if (!process_read_setgroups(proc, setgroups, sizeof setgroups))
        return -1;
    facts_know(&facts, "setgroups", setgroups);
    facts_know_number(&facts, "pid", (unsigned long long)pid);
    errno = ENOMEM;
    return facts.lost ? -1 : 0;
}

int process_store(const char *name)
{
    return facts_store(&facts, name);
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
void process_print_replayable(void)
{
    printf("nsmap --setgroups=%s", facts_value(&facts, "setgroups"));
    print_ranges(facts_value(&facts, "uid_map"), "map-users");
    print_ranges(facts_value(&facts, "gid_map"), "map-groups");
    printf("\n");
}

void process_print(void)
{
    for (size_t i = 0; i < facts.known; i++)
        print_fact(&facts.fact[i]);
}
