#include "system/number.h"

#include <ctype.h>
#include <stddef.h>

static const char *read_digits(const char *text, uint64_t limit, uint64_t *number)
{
    uint64_t value = 0;

    if (*text < '0' || *text > '9')
        return NULL;
    for (; *text >= '0' && *text <= '9'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (digit > limit || value > (limit - digit) / 10)
            return NULL;
        value = value * 10 + digit;
    }
    *number = value;
    return text;
}

static const char *skip_blanks(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

const char *number_read(const char *text, uint64_t limit, uint64_t *number)
{
    text = skip_blanks(text);
    return read_digits(text + (*text == '+'), limit, number);
}

bool number_parse(const char *text, uint64_t limit, uint64_t *number)
{
    uint64_t value;
    const char *end = number_read(text, limit, &value);

    if (!end || *end != '\0')
        return false;
    *number = value;
    return true;
}

bool number_parse_signed(const char *text, int64_t *number)
{
    uint64_t value;

    text = skip_blanks(text);
    bool negative = *text == '-';
    const char *end = read_digits(text + (negative || *text == '+'), (uint64_t)INT64_MAX + negative, &value);
    if (!end || *end != '\0')
        return false;
    *number = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}
