/*
 * Decimal numbers as util-linux reads them: digits, and before them there may be blanks and a plus sign. strtoul(3) would
 * take a minus sign, too, and more than fits.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads the number at the start of text. Returns what follows it, or NULL where there is none, or it is above the limit;
 * then *number is as it was.
 */
const char *number_read(const char *text, uint64_t limit, uint64_t *number);

/* True where the whole text is a number up to the limit. */
bool number_parse(const char *text, uint64_t limit, uint64_t *number);

/* The same, or with a minus sign, for all of int64_t. */
bool number_parse_signed(const char *text, int64_t *number);

#endif
