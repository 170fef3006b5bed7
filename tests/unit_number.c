#include <inttypes.h>

#include "system/number.h"
#include "tap.h"

static void check_number(const char *text, uint64_t limit, bool taken, uint64_t value)
{
    uint64_t number = 7;
    char claim[96];

    snprintf(claim, sizeof claim, "\"%s\" up to %" PRIu64 " is %s", text, limit, taken ? "a number" : "none");
    check(number_parse(text, limit, &number) == taken && number == (taken ? value : 7), claim);
}

static void check_signed(const char *text, bool taken, int64_t value)
{
    int64_t number = 7;
    char claim[96];

    snprintf(claim, sizeof claim, "\"%s\" is %s", text, taken ? "a number" : "none");
    check(number_parse_signed(text, &number) == taken && number == (taken ? value : 7), claim);
}

int main(void)
{
    uint64_t number = 7;

    check_number("0", 0, true, 0);
    check_number("1", 0, false, 0);
    check_number("9", 9, true, 9);
    check_number("10", 9, false, 0);
    check_number("0010", 10, true, 10);
    check_number("18446744073709551615", UINT64_MAX, true, UINT64_MAX);
    check_number("18446744073709551616", UINT64_MAX, false, 0);
    check_number("99999999999999999999999", UINT64_MAX, false, 0);
    check_number("", UINT64_MAX, false, 0);
    check_number(" 1", UINT64_MAX, true, 1);
    check_number(" \t +1", UINT64_MAX, true, 1);
    check_number("1 ", UINT64_MAX, false, 0);
    check_number("+1", UINT64_MAX, true, 1);
    check_number("+10", 9, false, 0);
    check_number("+", UINT64_MAX, false, 0);
    check_number(" ", UINT64_MAX, false, 0);
    check_number("++1", UINT64_MAX, false, 0);
    check_number("+ 1", UINT64_MAX, false, 0);
    check_number("+-1", UINT64_MAX, false, 0);
    check_number("-1", UINT64_MAX, false, 0);
    check_number("0x1", UINT64_MAX, false, 0);
    check_signed("-1", true, -1);
    check_signed("-0", true, 0);
    check_signed("9223372036854775807", true, INT64_MAX);
    check_signed("9223372036854775808", false, 0);
    check_signed("-9223372036854775808", true, INT64_MIN);
    check_signed("-9223372036854775809", false, 0);
    check_signed("--1", false, 0);
    check_signed("-", false, 0);
    check_signed("+1", true, 1);
    check_signed(" -1", true, -1);
    check_signed(" +1", true, 1);
    check_signed("- 1", false, 0);
    check_signed("-+1", false, 0);
    check_signed("+-1", false, 0);
    check_signed("1 ", false, 0);
    check_text(number_read("12:34", 99, &number), ":34", "what follows a number is told");
    check(number == 12, "and the number is read");
    return done();
}
