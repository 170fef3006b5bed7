/*
 * The parsers, fed with anything. With clang and `make fuzz`, libFuzzer looks for inputs under ASan and UBSan; under
 * `make check`, what it has found before (tests/corpus) is tried again.
 */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

#include <linux/filter.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "mounts/calls.h"
#include "mounts/plan.h"
#include "namespaces/idmap.h"
#include "namespaces/nstype.h"
#include "privileges/capabilities.h"
#include "privileges/landlock.h"
#include "privileges/seccomp.h"
#include "system/mountinfo.h"
#include "system/number.h"
#include "shared/options.h"
#include "tap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* No two ranges of a map that is taken overlap, and none goes beyond the last ID: the kernel would refuse it. */
static void must_be_writable(const struct idmap *map)
{
    for (size_t i = 0; i < map->ranges; i++) {
        const struct id_range *a = &map->range[i];
        must(a->count > 0 && (uint64_t)a->inner + a->count <= UINT_MAX && (uint64_t)a->outer + a->count <= UINT_MAX);
        for (size_t j = 0; j < i; j++) {
            const struct id_range *b = &map->range[j];
            must(a->inner >= (uint64_t)b->inner + b->count || b->inner >= (uint64_t)a->inner + a->count);
            must(a->outer >= (uint64_t)b->outer + b->count || b->outer >= (uint64_t)a->outer + a->count);
        }
    }
}

/* A number that is taken is the one that is written. */
static void try_number(const char *text)
{
    uint64_t number;
    int64_t with_sign;
    unsigned id;

    if (number_parse(text, UINT64_MAX, &number))
        must(number == strtoull(text, NULL, 10));
    if (number_parse_signed(text, &with_sign))
        must(with_sign == strtoll(text, NULL, 10));
    if (id_parse(text, &id))
        must(id == strtoull(text, NULL, 10) && id < UINT_MAX);
}

/* Lines are ranges: the first, if it is one of a single ID, is one's own; the rest go around it. */
static void try_ranges(char *text)
{
    static struct idmap map;
    static char formatted[IDMAP_TEXT];
    struct id_range ranges[16], one = {0};
    size_t count = 0;

    for (char *line = strtok(text, "\n"); line && count < 16; line = strtok(NULL, "\n")) {
        if (id_range_parse(&ranges[count], line))
            continue;
        if (count == 0 && one.count == 0 && ranges[0].count == 1)
            one = ranges[0];
        else
            count++;
    }
    map.ranges = 0;
    if (idmap_add_around(&map, one, ranges, count))
        return;
    must_be_writable(&map);
    static struct idmap again;
    must(idmap_parse(&again, idmap_format(&map, formatted)) && again.ranges == map.ranges);
    must(memcmp(again.range, map.range, map.ranges * sizeof *map.range) == 0);
}

static void try_kernel_text(const char *text)
{
    static struct idmap map;

    if (idmap_parse(&map, text))
        must(map.ranges <= IDMAP_RANGES);
}

/* Its strings stand in the line, and a type has a file that they name. */
static void try_mountinfo(char *line)
{
    struct mount_entry entry;
    ino_t inode;
    size_t length = strlen(line);

    if (!mountinfo_parse(&entry, line))
        return;
    const char *strings[] = {entry.root, entry.target, entry.attributes, entry.type, entry.source, entry.options};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        must(strings[i] >= line && strings[i] + strlen(strings[i]) <= line + length);
    const struct nstype *type = nstype_of_link(entry.root, &inode);
    must(!type || strncmp(entry.root, type->file, strlen(type->file)) == 0);
}

/* What is taken says something. */
static void try_privileges(const char *text)
{
    struct change change = {0, 0}, bits = {0, 0};
    struct landlock landlock = {.rules = 0};
    struct iab iab;
    uint64_t set = 0;

    if (capabilities_parse_change(text, &change) || securebits_parse_change(text, &bits))
        must((change.on | change.off | bits.on | bits.off) != 0);
    if (capabilities_parse_list(text, &set))
        must(set != 0);
    if (capabilities_parse_iab(text, &iab))
        must((iab.ambient & ~iab.inheritable) == 0);
    if (!landlock_take_access(&landlock, text))
        must(landlock_wanted(&landlock));
    if (!landlock_take_rule(&landlock, text))
        must(landlock.rules == 1 && *landlock.rule[0].what != '\0');
}

/* What is set is not cleared, but for atime's, of which the new one replaces what there was; what is wrong is said. */
static void try_mount_options(const char *text)
{
    struct mount_plan plan;

    mount_plan_init(&plan);
    const char *wrong = mount_options_take(&plan, text);
    must(!wrong || *wrong != '\0');
    must((plan.own.set & plan.own.clear & ~(uint64_t)MOUNT_ATTR__ATIME) == 0);
    must((plan.whole.set & plan.whole.clear & ~(uint64_t)MOUNT_ATTR__ATIME) == 0);
    must(plan.propagations <= PROPAGATIONS);
    for (const struct fs_option *option = plan.options; option; option = option->next) {
        must(mount_option_given(&plan, option->key));
        must(option->next || option == plan.last);
    }
    (void)mount_plan_contradiction(&plan);
    mount_plan_free(&plan);
}

/* A filter is taken whole, or not at all, and the descriptor stands where it stood. */
static void try_filter(const uint8_t *data, size_t size)
{
    int fd = memfd_create("filter", MFD_CLOEXEC);
    char name[16];
    struct filter filter;
    struct failure why;

    must(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    snprintf(name, sizeof name, "%d", fd);
    if (filter_read(name, &filter, &why) == 0)
        must(filter.length > 0 && filter.length * sizeof(struct sock_filter) == size
             && memcmp(filter.program, data, size) == 0);
    must(lseek(fd, 0, SEEK_CUR) == 0);
    filter_free(&filter);
    close(fd);
}

/* Lines are words. */
static void try_options(char *text)
{
    static const struct option_row rows[] = {
        {'R', "root", ARG_REQUIRED, "DIR", "root"},
        {'f', "fork", ARG_NONE, NULL, "fork"},
        {300, "mount-proc", ARG_OPTIONAL, "DIR", "proc"},
    };
    static const struct option_table table = {.name = "try",
                                              .rows = rows,
                                              .count = 3,
                                              .namespaces = true,
                                              .namespace_file = "FILE",
                                              .namespace_help = "join the"};
    char *words[18] = {(char *)"try"};
    struct options options = {.table = &table, .argc = 1, .argv = words};
    int id;

    for (char *word = strtok(text, "\n"); word && options.argc < 17; word = strtok(NULL, "\n"))
        words[options.argc++] = word;
    while ((id = options_next(&options)) != OPTIONS_END && id != OPTIONS_WRONG)
        must(options.operand <= options.argc);
    must(options.operand >= 1 && options.operand <= options.argc);
}

/* Tries what writes into its text. */
static void try_copy(void (*try)(char *text), const char *text)
{
    char *copy = strdup(text);

    must(copy != NULL);
    try(copy);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    must(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    try_number(text);
    try_kernel_text(text);
    try_privileges(text);
    try_mount_options(text);
    try_filter(data, size);
    try_copy(try_options, text);
    try_copy(try_mountinfo, text);
    try_copy(try_ranges, text);
    free(text);
    return 0;
}

#ifndef FUZZING
static bool try_file(const char *name)
{
    static uint8_t data[1 << 16];
    FILE *file = fopen(name, "rb");

    if (!file)
        return false;
    size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    return LLVMFuzzerTestOneInput(data, size) == 0;
}

/* What is wrong aborts. */
int main(void)
{
    int tried = 0;
    const char *source = getenv("NSB_SRCDIR");
    char folder[PATH_MAX], path[2 * PATH_MAX];
    struct dirent *entry;

    snprintf(folder, sizeof folder, "%s/tests/corpus", source ? source : ".");
    DIR *corpus = opendir(folder);
    while (corpus && (entry = readdir(corpus))) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            tried += try_file(path);
    }
    if (corpus)
        closedir(corpus);
    printf("# %d inputs\n", tried);
    check(tried > 0, "the parsers bear what the fuzzer has found");
    return done();
}
#endif
