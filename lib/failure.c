#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

int fail_about(struct failure *why, const struct step *step, const char *format, ...)
{
    va_list arguments;

    fail(why, step);
    va_start(arguments, format);
    vsnprintf(why->about, sizeof why->about, format, arguments);
    va_end(arguments);
    return -1;
}
