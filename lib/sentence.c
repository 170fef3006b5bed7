#include "sentence.h"

#include <errno.h>
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

/* "cannot PHRASE: ", with what it was about in it; nothing, where there is no phrase. */
static void name(const struct failure *failure, char *text, size_t size)
{
    const char *phrase = failure->step->phrase;
    const char *begin = failure->step->whole ? "" : "cannot ", *end = failure->step->whole ? "" : ": ";
    const char *about = phrase ? strstr(phrase, "%s") : NULL;

    if (!phrase)
        *text = '\0';
    else if (about)
        snprintf(text, size, "%s%.*s%s%s%s", begin, (int)(about - phrase), phrase, failure->about, about + strlen("%s"),
                 end);
    else
        snprintf(text, size, "%s%s%s", begin, phrase, end);
}

/* What to do, or NULL where no cause is found. A limit of the shell's own has the same cure in every room. */
static const char *look(struct diagnosis *of)
{
    const struct step *step = of->failure->step;

    if (of->failure->err == EMFILE)
        return "this shell has as many files open as it may: close some, or raise the limit (ulimit -n)";
    return step->remedy ? step->remedy(of) : step->cure;
}

void sentence_explain(struct failure *why, const void *wanted)
{
    struct diagnosis of = {.failure = why, .wanted = wanted};
    const char *cure = look(&of);

    snprintf(why->cure, sizeof why->cure, "%s", cure ? cure : "");
    why->explained = true;
}

char *sentence(const struct failure *failure, const void *wanted, char *text, size_t size)
{
    const struct step *step = failure->step;
    struct diagnosis of = {.failure = failure, .wanted = wanted};
    const char *remedy = failure->explained ? failure->cure : look(&of);
    const char *during = failure->during;
    char what[ABOUT_SIZE + 128];

    name(failure, what, sizeof what);
    if (step->whole)
        snprintf(text, size, "%s%s%s", during, *during ? ": " : "", what);
    else
        snprintf(text, size, "%s%s%s%s%s%s", during, *during ? ": " : "", what,
                 *failure->said ? failure->said : strerror(failure->err), remedy && *remedy ? "; " : "",
                 remedy ? remedy : "");
    return text;
}
