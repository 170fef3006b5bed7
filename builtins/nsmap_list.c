#include "shared/engine.h"
#include "nsmap_list.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "namespaces/census.h"

/* --- text ------------------------------------------------------------------------------------------------------- */

/*
 * The length of the character at the start of a text, in UTF-8; 0: it is none that can be shown, but a byte of something
 * else, or a control character, also one of those above 127, which terminals obey.
 */
static size_t shown_length(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    size_t length = *byte < 0x80 ? 1 : *byte < 0xc2 ? 0 : *byte < 0xe0 ? 2 : *byte < 0xf0 ? 3 : *byte < 0xf5 ? 4 : 0;

    if (length == 1)
        return *byte >= ' ' && *byte != 0x7f;
    for (size_t i = 1; i < length; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
    bool is_none = (*byte == 0xc2 && byte[1] < 0xa0) || (*byte == 0xe0 && byte[1] < 0xa0)
                   || (*byte == 0xed && byte[1] > 0x9f) || (*byte == 0xf0 && byte[1] < 0x90)
                   || (*byte == 0xf4 && byte[1] > 0x8f);
    return is_none ? 0 : length;
}

/* A command line of lsns(8) is as long. */
enum { COMMAND_MAX = 8192 };

/* Four bytes for each that cannot be shown */
static char shown[4 * COMMAND_MAX];

/* The text in one line, as lsns(8) shows it, and with no blank where that would end a word. Valid until the next call. */
static const char *in_a_line(const char *text, bool as_a_word)
{
    char *to = shown;

    while (*text && to < shown + sizeof shown - 5) {
        size_t length = *text == ' ' && as_a_word ? 0 : shown_length(text);
        if (length == 0)
            to += sprintf(to, "\\x%02x", (unsigned char)*text++);
        for (; length > 0; length--)
            *to++ = *text++;
    }
    *to = '\0';
    return shown;
}

/* The first columns of a text in one line; a wide character counts as one. */
static int cut(const char *line, int columns)
{
    int length = 0;

    for (; line[length]; length++)
        if ((line[length] & 0xc0) != 0x80 && columns-- == 0)
            break;
    return length;
}

/* --- what is known of a namespace ------------------------------------------------------------------------------------ */

/* What the rows are made of, what has been looked up for them, and how far they are printed. */
struct list {
    struct census census;
    struct {
        uid_t user;
        char name[40];
    } users[64];
    struct {
        pid_t pid;
        char text[COMMAND_MAX];
    } commands[16];
    FILE *out;
    char *printed;
    size_t size;
};

/* The name of a user, or the number of one without. Many namespaces are of few. Valid until the next call. */
static const char *user_name(struct list *list, uid_t user)
{
    size_t at = user % (sizeof list->users / sizeof *list->users);
    char *name = list->users[at].name;

    if (list->users[at].user == user && *name)
        return name;
    const struct passwd *entry = getpwuid(user);
    list->users[at].user = user;
    if (entry && *entry->pw_name && strlen(entry->pw_name) < sizeof list->users[at].name)
        strcpy(name, entry->pw_name);
    else
        sprintf(name, "%u", user);
    return name;
}

/* The command of a process. What one unshare(2) has made stands close together, and has one. Valid until the next call. */
static const char *command(struct list *list, pid_t pid)
{
    size_t at = (size_t)pid % (sizeof list->commands / sizeof *list->commands);
    char *text = list->commands[at].text;

    if (list->commands[at].pid != pid)
        census_command(&list->census, pid, text, COMMAND_MAX);
    list->commands[at].pid = pid;
    return text;
}

/* What holds it besides processes, or instead of them: where it is mounted is told in any case. NULL: nothing. */
static const char *holder(const struct census_namespace *ns)
{
    return ns->processes == 0 || ns->held == HELD_BY_MOUNT ? ns->holder : NULL;
}

/* --- printing: bash's standard output takes each line by itself ---------------------------------------------------- */

static bool begin(struct list *list)
{
    list->out = open_memstream(&list->printed, &list->size);
    return list->out;
}

/* Hands on what has been printed, once it is much, or all of it. */
static void hand_on(struct list *list, bool all)
{
    enum { MUCH = 1 << 16 };

    if (!all && ftell(list->out) < MUCH)
        return;
    fflush(list->out);
    fwrite(list->printed, 1, list->size, stdout);
    rewind(list->out);
}

/* False: there was not the memory. */
static bool end(struct list *list)
{
    bool failed = ferror(list->out);

    hand_on(list, true);
    failed |= fclose(list->out) != 0;
    free(list->printed);
    return !failed;
}

/* --- a table ---------------------------------------------------------------------------------------------------- */

enum column {
    COLUMN_NS,
    COLUMN_TYPE,
    COLUMN_NPROCS,
    COLUMN_PID,
    COLUMN_USER,
    COLUMN_PNS,
    COLUMN_ONS,
    COLUMN_HOLDER,
    COLUMN_COMMAND,
    COLUMNS
};

static const struct {
    const char *heading;
    bool is_number;
} columns[COLUMNS] = {{"NS", true},  {"TYPE", false}, {"NPROCS", true},  {"PID", true},     {"USER", false},
                      {"PNS", true}, {"ONS", true},   {"HOLDER", false}, {"COMMAND", false}};

/* "-" where it is not known. Valid until the next call. */
static const char *number(uintmax_t value)
{
    static char text[24];

    snprintf(text, sizeof text, value == 0 ? "-" : "%ju", value);
    return text;
}

/* Valid until the next call. */
static const char *cell(struct list *list, const struct census_namespace *ns, enum column column)
{
    switch (column) {
    case COLUMN_NS:
        return number(ns->inode);
    case COLUMN_TYPE:
        return ns->type->file;
    case COLUMN_NPROCS:
        return ns->processes == 0 ? "0" : number(ns->processes);
    case COLUMN_PID:
        return number((uintmax_t)ns->pid);
    case COLUMN_USER:
        return ns->owner == (uid_t)OWNER_UNKNOWN ? "-" : in_a_line(user_name(list, ns->owner), true);
    case COLUMN_PNS:
        return number(ns->parent);
    case COLUMN_ONS:
        return number(ns->user);
    case COLUMN_HOLDER:
        return holder(ns) ? in_a_line(holder(ns), true) : "-";
    default:
        return ns->pid > 0 ? in_a_line(command(list, ns->pid), false) : "-";
    }
}

/* How many columns a line of the terminal has; where it is none, or not known, more than there can be. */
static int line_columns(void)
{
    struct winsize size;

    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                                                    : INT_MAX;
}

/* Prints a row, of which the last column gets what is left of the line; NULL: the headings. */
static void print_row(struct list *list, const struct census_namespace *ns, const int widths[COLUMNS])
{
    for (enum column i = 0; i < COLUMN_COMMAND; i++)
        fprintf(list->out, "%*s ", columns[i].is_number ? widths[i] : -widths[i],
                ns ? cell(list, ns, i) : columns[i].heading);
    const char *last = ns ? cell(list, ns, COLUMN_COMMAND) : columns[COLUMN_COMMAND].heading;
    fprintf(list->out, "%.*s\n", cut(last, widths[COLUMN_COMMAND]), last);
    hand_on(list, false);
}

static void print_table(struct list *list)
{
    int widths[COLUMNS];

    widths[COLUMN_COMMAND] = line_columns();
    for (enum column i = 0; i < COLUMN_COMMAND; i++) {
        widths[i] = (int)strlen(columns[i].heading);
        for (size_t n = 0; n < list->census.count; n++) {
            int width = (int)strlen(cell(list, list->census.namespaces[n], i));
            widths[i] = width > widths[i] ? width : widths[i];
        }
        widths[COLUMN_COMMAND] -= widths[i] + 1;
    }
    print_row(list, NULL, widths);
    for (size_t n = 0; n < list->census.count; n++)
        print_row(list, list->census.namespaces[n], widths);
}

/* --- JSON ------------------------------------------------------------------------------------------------------- */

static void print_string(struct list *list, const char *text)
{
    putc('"', list->out);
    while (*text) {
        size_t length = shown_length(text);
        if (*text == '"' || *text == '\\')
            putc('\\', list->out);
        if (length == 0)
            fprintf(list->out, "\\u%04x", (unsigned char)*text < 0x80 ? (unsigned)*text : 0xfffdu);
        fwrite(text, 1, length, list->out);
        text += length == 0 ? 1 : length;
    }
    putc('"', list->out);
}

static void print_member(struct list *list, const char *name, const char *text)
{
    fprintf(list->out, ",\n         \"%s\": ", name);
    if (text)
        print_string(list, text);
    else
        fputs("null", list->out);
}

static void print_number(struct list *list, const char *name, bool is_known, uintmax_t value)
{
    fprintf(list->out, ",\n         \"%s\": ", name);
    fprintf(list->out, is_known ? "%ju" : "null", value);
}

/* The members that lsns(8) has, and "holder". */
static void print_object(struct list *list, const struct census_namespace *ns)
{
    bool is_owned = ns->owner != (uid_t)OWNER_UNKNOWN;
    char path[48];

    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)ns->pid, ns->type->file);
    fprintf(list->out, "{\n         \"ns\": %ju", (uintmax_t)ns->inode);
    print_member(list, "type", ns->type->file);
    print_member(list, "path", ns->pid > 0 ? path : ns->held < HELD_BY_HIDDEN_MOUNT ? ns->holder : NULL);
    print_number(list, "nprocs", true, ns->processes);
    print_number(list, "pid", ns->pid > 0, (uintmax_t)ns->pid);
    print_member(list, "command", ns->pid > 0 ? command(list, ns->pid) : NULL);
    print_number(list, "uid", is_owned, ns->owner);
    print_member(list, "user", is_owned ? user_name(list, ns->owner) : NULL);
    print_member(list, "nsfs", ns->held == HELD_BY_MOUNT ? ns->holder : NULL);
    print_number(list, "pns", true, ns->parent);
    print_number(list, "ons", true, ns->user);
    print_member(list, "holder", holder(ns));
    fputs("\n      }", list->out);
    hand_on(list, false);
}

static void print_objects(struct list *list)
{
    fputs("{\n   \"namespaces\": [\n      ", list->out);
    for (size_t n = 0; n < list->census.count; n++) {
        if (n > 0)
            putc(',', list->out);
        print_object(list, list->census.namespaces[n]);
    }
    fputs("\n   ]\n}\n", list->out);
}

/* --- an array --------------------------------------------------------------------------------------------------- */

/* "PROCESSES PID OWNER PARENT OWNING-USERNS COMMAND"; instead of a command, what holds it. */
static int store(struct list *list, const char *name)
{
    static char value[sizeof shown + 128];
    SHELL_VAR *array = shell_associative_array(name);

    for (size_t n = 0; array && n < list->census.count; n++) {
        const struct census_namespace *ns = list->census.namespaces[n];
        char key[32], owner[16] = "-";
        const char *last = ns->pid > 0 ? command(list, ns->pid) : holder(ns);
        if (ns->owner != (uid_t)OWNER_UNKNOWN)
            snprintf(owner, sizeof owner, "%u", ns->owner);
        snprintf(key, sizeof key, "%s:%ju", ns->type->file, (uintmax_t)ns->inode);
        int used = sprintf(value, "%u %s %s ", ns->processes, number((uintmax_t)ns->pid), owner);
        used += sprintf(value + used, "%s ", number(ns->parent));
        used += sprintf(value + used, "%s ", number(ns->user));
        strcpy(value + used, last && *last ? in_a_line(last, false) : "-");
        shell_associative_set(array, key, value);
    }
    return array ? EXECUTION_SUCCESS : EXECUTION_FAILURE;
}

/* --- the list --------------------------------------------------------------------------------------------------- */

/* bash acts on ^C, or ends by a signal, once the builtin returns. */
static bool is_interrupted(void)
{
    return interrupt_state != 0 || terminating_signal != 0;
}

static int print(struct list *list, bool json)
{
    if (begin(list)) {
        if (json)
            print_objects(list);
        else
            print_table(list);
        if (end(list))
            return EXECUTION_SUCCESS;
    }
    builtin_error("%s", strerror(errno));
    return EXECUTION_FAILURE;
}

static int show(struct list *list, int types, const char *array, bool json)
{
    if (census_take(&list->census, types, is_interrupted) < 0) {
        if (errno != EINTR)
            builtin_error("%s: %s", "/proc", engine_reason());
        return EXECUTION_FAILURE;
    }
    int status = array ? store(list, array) : print(list, json);
    census_free(&list->census);
    return status;
}

int list_show(int types, const char *array, bool json)
{
    struct list *list = calloc(1, sizeof *list); /* large */
    int status = list ? show(list, types, array, json) : EXECUTION_FAILURE;

    if (!list)
        builtin_error("%s", strerror(errno));
    free(list);
    return status;
}
