/* The Test Anything Protocol for the unit tests: check() each claim, done() at the end of main(). */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

static inline void check(bool holds, const char *claim)
{
    tap_failed += !holds;
    printf("%sok %d - %s\n", holds ? "" : "not ", ++tap_count, claim);
}

/* Compares texts, and shows both where they differ. */
static inline void check_text(const char *got, const char *expected, const char *claim)
{
    bool same = strcmp(got, expected) == 0;

    check(same, claim);
    if (!same)
        printf("# got:      \"%s\"\n# expected: \"%s\"\n", got, expected);
}

static inline int done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed > 0;
}

#endif
