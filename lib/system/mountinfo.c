#include "system/mountinfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_octal(const char *digits)
{
    return digits[0] >= '0' && digits[0] <= '3' && digits[1] >= '0' && digits[1] <= '7' && digits[2] >= '0'
           && digits[2] <= '7';
}

/* "\040" is a blank: the kernel writes blanks, tabs, line ends and backslashes so. */
static char *decode(char *text)
{
    char *to = text;

    for (char *from = text; *from; to++) {
        if (from[0] == '\\' && is_octal(from + 1)) {
            *to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return text;
}

/* Cuts the next word off the line: up to a blank. An empty word where the line has ended. */
static char *next_word(char **line)
{
    char *word = *line;
    size_t length = strcspn(word, " ");

    *line = word + length;
    if (**line)
        *(*line)++ = '\0';
    return word;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
bool mountinfo_parse(struct mount_entry *entry, char *line)
{
    char *separator = strstr(line, " - ");

    if (!separator)
        return false;
    *separator = '\0';
    entry->id = strtoull(next_word(&line), NULL, 10);
    entry->parent = strtoull(next_word(&line), NULL, 10);
    if (sscanf(next_word(&line), "%u:%u", &entry->major, &entry->minor) != 2)
        return false;
    entry->root = decode(next_word(&line));
    entry->target = decode(next_word(&line));
    entry->attributes = next_word(&line);
    line = separator + strlen(" - ");
    entry->type = decode(next_word(&line));
    entry->source = decode(next_word(&line));
    entry->options = decode(line);
    return true;
}
