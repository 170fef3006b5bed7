#include "idmap.h"
#include "tap.h"

static struct idmap map;
static char text[IDMAP_TEXT];

static void check_refused(const char *range, const char *expected)
{
    const char *wrong = idmap_add(&map, range);
    char claim[96];

    snprintf(claim, sizeof claim, "\"%.60s\" is refused", range);
    check_text(wrong ? wrong : "(taken)", expected, claim);
}

static void check_ids(void)
{
    static const char *const wrong[] = {"",    " 1",  "1 ",         "-1",         "+1",
                                        "0x1", "1.0", "4294967295", "4294967296", "99999999999999999999999999"};
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
    check(!idmap_add(&map, "0:1000:1") && !idmap_add(&map, "200000,1,65535"), "both syntaxes are taken");
    check_text(idmap_format(&map, text), "0 1000 1\n1 200000 65535\n", "the older one has the outer ID first");

    const char *shape = "expected INNER:OUTER:COUNT or OUTER,INNER,COUNT";
    check_refused("", shape);
    check_refused("1:2", shape);
    check_refused("1:2:3:4", shape);
    check_refused("1:2,3", shape);
    check_refused("a:2:3", shape);
    check_refused("-1:2:3", shape);
    check_refused("70000:70000:4294967296", shape);
    check_refused("70000:70000:0", "the count must be 1 or more");
    check_refused("4294967294:70000:2", "the range goes beyond ID 4294967294");
    check_refused("70000:4294967295:1", "the range goes beyond ID 4294967294");
    check_refused("65535:70000:1", "the range overlaps an earlier one");
    check_refused("70000:999:2", "the range overlaps an earlier one");
    check(!idmap_add(&map, "65536:999:1"), "a range right beside others is taken");
    check(!idmap_add(&map, "4294967294:4294967294:1"), "the last ID is taken");
}

static void check_limit(void)
{
    map.ranges = 0;
    for (unsigned i = 0; i < IDMAP_RANGES; i++)
        if (idmap_add_one(&map, 4294000000u + i, 4294500000u + i))
            break;
    check(map.ranges == IDMAP_RANGES, "340 ranges fit");
    check_refused("1:1:1", "the kernel takes 340 ranges at most");
    check(strlen(idmap_format(&map, text)) == IDMAP_RANGES * strlen("4294000000 4294500000 1\n"), "all are formatted");
}

static void check_kernel_text(void)
{
    check(idmap_parse(&map, "         0       1000          1\n         1     200000      65536\n"), "padded columns");
    check_text(idmap_format(&map, text), "0 1000 1\n1 200000 65536\n", "and the same map again");
    check(idmap_parse(&map, "") && map.ranges == 0, "a map that is not written yet is empty");
    check(idmap_parse(&map, "0 0 4294967295\n"), "the initial namespace's map");
    check(!idmap_parse(&map, "0 0\n"), "a line of two numbers is no map");
    check(!idmap_parse(&map, "nobody\n"), "a word is no map");
}

int main(void)
{
    check_ids();
    check_ranges();
    check_limit();
    check_kernel_text();
    return done();
}
