#include "sentence.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *sentence_cure(struct diagnosis *of, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(of->cure, sizeof of->cure, format, arguments);
    va_end(arguments);
    return of->cure;
}

/* The step's phrase, with what it was about in it. */
static void name(const struct failure *failure, char *text, size_t size)
{
    const char *phrase = failure->step->phrase;
    const char *about = strstr(phrase, "%s");

    if (about)
        snprintf(text, size, "%.*s%s%s", (int)(about - phrase), phrase, failure->about, about + strlen("%s"));
    else
        snprintf(text, size, "%s", phrase);
}

/* A limit of the shell's own has the same cure in every room. */
static const char *remedy(struct diagnosis *of)
{
    const struct step *step = of->failure->step;

    if (of->failure->err == EMFILE)
        return "this shell has as many files open as it may: close some, or raise the limit (ulimit -n)";
    return step->remedy ? step->remedy(of) : step->cure;
}

char *sentence(const struct failure *failure, const void *wanted, char *text, size_t size)
{
    const struct step *step = failure->step;
    struct diagnosis of = {.failure = failure, .wanted = wanted};
    const char *cure = remedy(&of);
    char what[ABOUT_SIZE + 128];

    name(failure, what, sizeof what);
    if (step->whole)
        snprintf(text, size, "%s", what);
    else
        snprintf(text, size, "cannot %s: %s%s%s", what, *failure->said ? failure->said : strerror(failure->err),
                 cure ? "; " : "", cure ? cure : "");
    return text;
}
