/*
 * The history of a prompt that is come back to. There is one history: the copy goes on with it, and what it has become is
 * the shell's again. How much of it is in the history file already is known to who writes it, so each line is written
 * once: by the copy where it has the same file, and else by the shell, at its end. The copy has no other file.
 */
#include "shell/shell.h"

#include <variables.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* bash has these, but installs no header that says so: bashhist.h, and history.h of readline. */
typedef struct {
    char *line, *timestamp;
    void *data;
} HISTORY_ENTRY;
extern int remember_on_history, history_lines_this_session, history_lines_in_file;
extern int history_base, history_length;
extern HISTORY_ENTRY **history_list(void);
extern int history_total_bytes(void);
extern void using_history(void), clear_history(void), add_history(const char *line), add_history_time(const char *time);
extern int maybe_append_history(char *file);

struct shared_history {
    struct file_id file; /* of the shell */
    int next;            /* the number of the line after the last one */
    bool saved;          /* all lines up to there are in the file, which is the copy's as well */
    int in_file;         /* bash's count of lines in it */
    bool told;           /* what follows has been told by the copy, at its end */
    int unsaved;         /* how many lines are not in the file, beside those that were not when the copy was made */
    int base;
    size_t size, used;
    char entries[]; /* time and line of each, the newest first, each with its NUL */
};

static struct shared_history *ours; /* of the copy; NULL: there is none */

int shell_share_history(struct shared_history **history)
{
    enum { MORE = 4 << 20 };

    *history = NULL;
    if (!interactive_shell || subshell_environment || !remember_on_history)
        return 0;
    size_t size = sizeof **history + MORE + (size_t)history_total_bytes() + 2 * (size_t)history_length;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    *history = memory;
    **history = (struct shared_history){
        .file = shell_history_file(), .next = history_base + history_length, .size = size - sizeof **history};
    return 0;
}

void shell_forget_history(struct shared_history *history)
{
    if (history)
        munmap(history, sizeof *history + history->size);
}

/* --- in the copy -------------------------------------------------------------------------------------------------- */

static bool is_of_shell(void)
{
    struct file_id now = shell_history_file();

    return now.inode != 0 && now.inode == ours->file.inode && now.device == ours->file.device;
}

/* The lines that the shell has not saved yet come before those of the copy. */
static bool save(void)
{
    return is_of_shell()
           && (history_lines_this_session == 0 || maybe_append_history(get_string_value("HISTFILE")) == 0);
}

static bool add(const char *text)
{
    size_t size = strlen(text) + 1;

    if (ours->size - ours->used < size)
        return false;
    memcpy(ours->entries + ours->used, text, size);
    ours->used += size;
    return true;
}

/* As many of the newest as there is room for. */
static void tell_entries(void)
{
    HISTORY_ENTRY **list = history_list();

    ours->used = 0;
    for (int i = history_length - 1; i >= 0; i--) {
        size_t before = ours->used;
        if (add(list[i]->timestamp ? list[i]->timestamp : "") && add(list[i]->line))
            continue;
        ours->used = before;
        break;
    }
}

/* At its end, when bash has written what it would. A copy that moves in its turn takes this with it. */
static void tell_history(int status, void *unused)
{
    (void)status;
    (void)unused;
    if (!ours || subshell_environment || getpid() != shell_pid())
        return;
    int all = history_base + history_length - ours->next;
    bool same = ours->saved && is_of_shell();
    ours->unsaved = same ? history_lines_this_session : all > 0 ? all : 0;
    if (same)
        ours->in_file = history_lines_in_file;
    ours->base = history_base;
    tell_entries();
    ours->told = true;
}

void shell_go_on_with_history(struct shared_history *history)
{
    static bool tells;

    shell_forget_history(ours); /* of a copy of which this is a copy */
    ours = history;
    if (!history)
        return;
    history->saved = save();
    history->in_file = history_lines_in_file;
    if (!history->saved)
        shell_unset_plain("HISTFILE");
    if (!tells)
        on_exit(tell_history, NULL);
    tells = true;
}

/* --- in the shell, afterwards ------------------------------------------------------------------------------------- */

static void take_entries(const struct shared_history *history)
{
    size_t end = history->used;
    const char *part[2];

    clear_history();
    while (end > 0) {
        for (int i = 1; i >= 0; i--) {
            const char *nul = memrchr(history->entries, '\0', end - 1);
            part[i] = nul ? nul + 1 : history->entries;
            end = (size_t)(part[i] - history->entries);
        }
        add_history(part[1]);
        if (*part[0])
            add_history_time(part[0]);
    }
    history_base = history->base;
    using_history();
}

void shell_take_history_back(const struct shared_history *history)
{
    if (!history)
        return;
    if (history->saved) {
        history_lines_this_session = 0;
        history_lines_in_file = history->in_file;
    }
    if (!history->told)
        return;
    take_entries(history);
    history_lines_this_session += history->unsaved;
}
