#include <unistd.h>

#include "namespaces/idmap.h"
#include "tap.h"

static struct idmap map;
static char text[IDMAP_TEXT];

/* As an option takes it: read, then added. */
static const char *add(const char *argument)
{
    struct id_range range;
    const char *wrong = id_range_parse(&range, argument);

    return wrong ? wrong : idmap_add(&map, range);
}

static void check_refused(const char *range, const char *expected)
{
    const char *wrong = add(range);
    char claim[96];

    snprintf(claim, sizeof claim, "\"%.60s\" is refused", range);
    check_text(wrong ? wrong : "(taken)", expected, claim);
}

static void check_ids(void)
{
    static const char *const wrong[] = {
        "", "1 ", "-1", "+-1", "0x1", "1.0", "4294967295", "4294967296", "99999999999999999999999999"};
    unsigned id = 7;

    check(id_parse("0", &id) && id == 0, "0 is an ID");
    check(id_parse("4294967294", &id) && id == 4294967294u, "2^32-2 is the largest ID");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char claim[64];
        snprintf(claim, sizeof claim, "\"%s\" is no ID", wrong[i]);
        check(!id_parse(wrong[i], &id), claim);
    }
}

static void check_ranges(void)
{
    map.ranges = 0;
    check(!add("0:1000:1") && !add("200000,1,65535"), "both syntaxes are taken");
    check_text(idmap_format(&map, text), "0 1000 1\n1 200000 65535\n", "the older one has the outer ID first");

    const char *shape = "expected INNER:OUTER:COUNT or OUTER,INNER,COUNT";
    check_refused("", shape);
    check_refused("1:2", shape);
    check_refused("1:2:3:4", shape);
    check_refused("1:2,3", shape);
    check_refused("a:2:3", shape);
    check_refused("-1:2:3", shape);
    check_refused("70000:70000:4294967296", shape);
    check_refused("4294967294:70000:2", "the range goes beyond ID 4294967294");
    check_refused("70000:4294967295:1", "the range goes beyond ID 4294967294");
    check_refused("65535:70000:1", "the range overlaps an earlier one");
    check_refused("70000:999:2", "the range overlaps an earlier one");
    check(!add("65536:999:1"), "a range right beside others is taken");
    check(!add("4294967294:4294967294:1"), "the last ID is taken");
    check(!add(" 70000:+70000: 2") && map.range[map.ranges - 1].inner == 70000,
          "blanks and plus signs are passed over");
    size_t before = map.ranges;
    check(!add("0:1000:0") && !add("4294967295:0:0") && map.ranges == before, "a range of none adds nothing");

    struct id_range range;
    check(id_range_parse(&range, "1:4294967295:1"),
          "a range that is wrong in itself is refused before it is added to others");
}

static void check_limit(void)
{
    map.ranges = 0;
    for (unsigned i = 0; i < IDMAP_RANGES; i++)
        if (idmap_add(&map, (struct id_range){4294000000u + i, 4294500000u + i, 1}))
            break;
    check(map.ranges == IDMAP_RANGES, "340 ranges fit");
    check_refused("1:1:1", "the kernel takes 340 ranges at most");
    check(strlen(idmap_format(&map, text)) == IDMAP_RANGES * strlen("4294000000 4294500000 1\n"), "all are formatted");
}

/* The kernel takes less than a page: a map of lines of 24 bytes, and a last one that makes it `size` in all. */
static const char *fill_page(size_t size)
{
    static struct id_range ranges[IDMAP_RANGES];
    const size_t line = strlen("1000000000 2000000000 1\n");
    size_t count = size / line, rest = size - count * line - strlen("1 1 1\n");
    unsigned inner = 1, outer = 1;

    for (unsigned i = 0; i < count; i++)
        ranges[i] = (struct id_range){1000000000 + i, 2000000000 + i, 1};
    for (size_t i = 0; i < rest; i++)
        *(i % 2 ? &inner : &outer) *= 10;
    ranges[count] = (struct id_range){inner, outer, 1};
    map.ranges = 0;
    const char *wrong = idmap_add_around(&map, (struct id_range){0}, ranges, count + 1);
    check(wrong || strlen(idmap_format(&map, text)) == size, "a text of the wanted size");
    return wrong;
}

static void check_page(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (page / strlen("1000000000 2000000000 1\n") > IDMAP_RANGES)
        return; /* 340 ranges do not fill it */
    check(!fill_page(page - 1), "a byte less than a page is taken");
    check(fill_page(page), "a page is refused");
}

/* The map that comes of one ID and ranges, as unshare(1) makes it of --map-user and --map-users. */
static void check_around(struct id_range one, const struct id_range *ranges, size_t count, const char *expected)
{
    map.ranges = 0;
    const char *wrong = idmap_add_around(&map, one, ranges, count);
    check_text(wrong ? wrong : idmap_format(&map, text), expected, "ranges around one ID");
}

static void check_overlaps(void)
{
    const struct id_range none = {0}, root = {0, 1000, 1}, itself = {1000, 1000, 1};
    const struct id_range anywhere[] = {{ID_ANYWHERE, 200000, 65536}};
    const struct id_range subids[] = {{200000, 200000, 65536}};
    const struct id_range over_both[] = {{0, 900, 200}};
    const struct id_range second_inside[] = {{0, 100, 10}, {5, 300, 10}};

    check_around(none, anywhere, 1, "0 200000 65536\n");
    check_around(root, anywhere, 1, "0 1000 1\n1 200000 65536\n");
    check_around(itself, anywhere, 1, "1000 1000 1\n0 200000 1000\n1001 201000 64536\n");
    check_around(root, subids, 1, "0 1000 1\n200000 200000 65536\n");
    check_around(root, over_both, 1, "0 1000 1\n1 900 100\n101 1001 99\n");
    check_around(itself, over_both, 1, "1000 1000 1\n0 900 100\n100 1001 99\n");
    check_around(none, second_inside, 2, "the range overlaps an earlier one");
}

static void check_kernel_text(void)
{
    static char lines[(IDMAP_RANGES + 1) * sizeof "1000 1000 1\n"];
    size_t used = 0;

    check(idmap_parse(&map, "         0       1000          1\n         1     200000      65536\n"), "padded columns");
    check_text(idmap_format(&map, text), "0 1000 1\n1 200000 65536\n", "and the same map again");
    check(idmap_parse(&map, "") && map.ranges == 0, "a map that is not written yet is empty");
    check(idmap_parse(&map, "0 0 4294967295\n"), "the initial namespace's map");
    check(!idmap_parse(&map, "0 0\n"), "a line of two numbers is no map");
    check(!idmap_parse(&map, "nobody\n"), "a word is no map");
    check(idmap_parse(&map, "0 0 1\n") && idmap_parse(&map, "5 5 1\n") && map.ranges == 1,
          "each text is a map of its own");
    for (unsigned i = 0; i <= IDMAP_RANGES; i++)
        used += (size_t)snprintf(lines + used, sizeof lines - used, "%u %u 1\n", 1000 + i, 1000 + i);
    check(!idmap_parse(&map, lines), "341 lines are more than the kernel has");

    snprintf(text, sizeof text, "of before");
    check_text(idmap_format(&(struct idmap){0}, text), "", "no range, no text");
}

static void check_wanted(void)
{
    struct idmaps maps;

    memset(&maps, 1, sizeof maps);
    idmaps_init(&maps);
    check(!idmaps_wanted(&maps), "none are wanted at first");
    maps.setgroups = SETGROUPS_DENY;
    check(idmaps_wanted(&maps), "then setgroups alone is");
    idmaps_init(&maps);
    maps.users.ranges = 1;
    check(idmaps_wanted(&maps), "or users alone");
    idmaps_init(&maps);
    maps.groups.ranges = 1;
    check(idmaps_wanted(&maps), "or groups alone");
}

int main(void)
{
    check_ids();
    check_ranges();
    check_limit();
    check_overlaps();
    check_page();
    check_kernel_text();
    check_wanted();
    return done();
}
