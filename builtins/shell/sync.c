#include "shell/shell.h"

#include <jobs.h>
#include <variables.h>
#include <version.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namespaces/home.h"
#include "system/lookups.h"
#include "system/memory.h"

extern int shell_tty; /* jobs.c; bash installs no header that says so */

bool shell_is_ours(const char *builtin)
{
    if (strcmp(dist_version, DISTVERSION) == 0) {
        shell_watch_births();
        return true;
    }
    builtin_error("%s: built for bash %s, and this is bash %s: build it again", builtin, DISTVERSION, dist_version);
    return false;
}

/* --- a shell whose children are born in another PID namespace ---------------------------------------------------- */

static bool is_landing; /* the engine's own forks are not bash's */

/*
 * In a child just forked, before bash makes it a part of its job: the process group has another number in here, or
 * none. The parent is outside where there is no number for it.
 */
static void find_process_group(void)
{
    enum { SECOND = 1000 };

    if (!job_control || is_landing || getppid() != 0 || pipeline_pgrp == 0)
        return;
    if (pipeline_pgrp == shell_pgrp) { /* $( ) and <( ) stay in the shell's, which has no number */
        job_control = 0;
        return;
    }
    for (int i = 0; i < SECOND && getpgrp() == 0; i++)
        usleep(1000); /* until the shell has put it into that of the pipeline */
    pipeline_pgrp = getpgrp();
}

static void stay_outside(void)
{
    static bool done;

    if (done)
        return;
    done = true;
    pthread_atfork(NULL, NULL, find_process_group);
    if (interactive_shell)
        builtin_warning("this shell stays outside: < <( ) will fail in it once a new procfs is mounted on /proc");
}

/* --- the shell stays true -------------------------------------------------------------------------------------- */

/* Gives a variable of bash's own a new value; one that the user has unset or made anew is left to the user. */
static void set_readonly_id(const char *name, long id)
{
    SHELL_VAR *variable = find_global_variable(name);
    char value[24];

    if (!variable || !readonly_p(variable) || !integer_p(variable))
        return;
    snprintf(value, sizeof value, "%ld", id);
    VUNSETATTR(variable, att_readonly);
    bind_global_variable(name, value, 0);
    VSETATTR(variable, att_readonly);
}

/* bash fills GROUPS once, when it is first looked at (find_variable() does), the primary group first. */
static void sync_groups(void)
{
    static gid_t groups[NGROUPS_MAX + 1];
    SHELL_VAR *variable = find_variable("GROUPS");
    int count = getgroups(NGROUPS_MAX, groups + 1);
    int primary = 0;

    if (!variable || !array_p(variable) || !variable->dynamic_value || count < 0)
        return;
    groups[0] = getgid();
    for (int i = 1; i <= count && primary == 0; i++)
        if (groups[i] == groups[0])
            primary = i;
    if (primary != 0) /* bash swaps it with the first */
        groups[primary] = groups[1];

    array_flush(array_cell(variable));
    for (int i = 0, at = 0; i <= count; i++) {
        char value[16];
        if (i == 1 && primary != 0)
            continue;
        snprintf(value, sizeof value, "%u", (unsigned)groups[i]);
        array_insert(array_cell(variable), at++, value);
    }
}

void shell_sync_ids(void)
{
    shell_forget_user();
    current_user.uid = getuid();
    current_user.euid = geteuid();
    current_user.gid = getgid();
    current_user.egid = getegid();
    set_readonly_id("UID", (long)current_user.uid);
    set_readonly_id("EUID", (long)current_user.euid);
    sync_groups();
}

bool shell_is_plain(const SHELL_VAR *variable)
{
    enum { OTHER = att_readonly | att_noassign | att_integer | att_array | att_assoc | att_nameref };

    return !(variable->attributes & OTHER) && !variable->assign_func && !variable->dynamic_value;
}

/* A HOSTNAME that does not say what bash found at its start is the user's own. */
static void sync_hostname(void)
{
    char name[HOST_NAME_MAX + 1];

    if (!current_host_name || gethostname(name, sizeof name) < 0 || strcmp(name, current_host_name) == 0)
        return;
    SHELL_VAR *variable = find_global_variable_noref("HOSTNAME");
    if (variable && value_cell(variable) && shell_is_plain(variable)
        && strcmp(value_cell(variable), current_host_name) == 0)
        bind_variable_value(variable, name, 0);
    free(current_host_name);
    current_host_name = savestring(name);
}

/*
 * sethostname(2) tells nobody. So once the shell has landed in a UTS namespace, each landing is an occasion to ask for its
 * name. How the host itself is called is bash's business, which asks once.
 */
static bool follow_host_name(int flags)
{
    static bool landed_in_one;

    landed_in_one |= (flags & CLONE_NEWUTS) != 0;
    return landed_in_one;
}

static void set_directory_variable(const char *name, const char *value)
{
    SHELL_VAR *variable = find_variable_noref(name);

    if (!variable || shell_is_plain(variable))
        bind_variable(name, (char *)value, 0);
}

/* As in a shell that starts where it has none: it is not set, but exported as soon as it is. */
static void forget_directory_variable(const char *name)
{
    SHELL_VAR *variable = find_variable_noref(name);

    if (!variable || !shell_is_plain(variable))
        return;
    bind_variable(name, NULL, 0);
    VSETATTR(variable, att_invisible);
}

void shell_unset_plain(const char *name)
{
    SHELL_VAR *variable = find_variable_noref(name);

    if (variable && shell_is_plain(variable))
        unbind_variable(name);
}

/* NULL where there is none any more, or not for longer than a moment. */
static char *current_directory(void)
{
    char *directory = NULL;

    for (int tries = 0; tries < TRIES && !directory; tries++)
        directory = getcwd(NULL, 0);
    return directory;
}

/* The old name means nothing in another root. */
static void sync_old_directory(bool other_root)
{
    const char *old = get_string_value("PWD");

    if (other_root)
        forget_directory_variable("OLDPWD");
    else if (old)
        set_directory_variable("OLDPWD", old);
}

/*
 * A logical PWD (through symbolic links) stays while the directory below it and the root do. A directory outside of the
 * root, or one that is gone, has no name: then bash has none either, as where it starts in one.
 */
static void sync_directory(const char *before, bool other_root, bool other_directory)
{
    char *now = current_directory();
    bool same = now && before && strcmp(now, before) == 0;

    if (now && (other_root || !same)) {
        sync_old_directory(other_root);
        set_directory_variable("PWD", now);
        set_working_directory(now);
    } else if (!now && (other_root || other_directory)) {
        sync_old_directory(other_root);
        forget_directory_variable("PWD");
        FREE(the_current_working_directory);
        the_current_working_directory = NULL;
    }
    free(now);
}

struct file_id shell_history_file(void)
{
    const char *name = get_string_value("HISTFILE");
    struct stat status;

    if (!name || stat(name, &status) < 0)
        return (struct file_id){0};
    return (struct file_id){status.st_dev, status.st_ino};
}

/* In a new root the same name is another file, which is not the user's to be overwritten. */
static void sync_history(struct file_id before)
{
    struct file_id now = shell_history_file();

    if (now.inode == 0 || now.inode != before.inode || now.device != before.device)
        shell_unset_plain("HISTFILE");
}

void shell_before_fork(void)
{
    fflush(stdout);
    fflush(stderr);
    is_landing = true;
}

void shell_after_fork(void)
{
    is_landing = false;
}

bool shell_is_landing(void)
{
    return is_landing;
}

/* bash ends itself where it gets no memory, as for GROUPS, which may be as long as any process's. */
static size_t memory_of_groups(void)
{
    enum { EACH = 256 }; /* three times as a text, in lists */
    int count = getgroups(0, NULL);

    return NGROUPS_MAX * sizeof(gid_t) + (size_t)(count < 0 ? 0 : count) * EACH;
}

const struct step step_memory = {.phrase = "make room for what bash will need", .cure = "see ulimit -d and ulimit -v"};

int shell_ask_for_memory(size_t size, struct failure *why)
{
    enum { REST = 256 << 10 };

    return memory_is_there(memory_of_groups() + REST + size) ? 0 : fail(why, &step_memory);
}

/* What can fail of it, and what the landing would take away. */
static int get_ready(const struct plan *plan, struct failure *why)
{
    if ((plan_carries_directories(plan) || plan_changes_ids(plan)) && shell_ask_for_memory(0, why) < 0)
        return -1;
    if (plan_carries_root(plan) && lookups_hold() < 0)
        return fail(why, &step_memory);
    if (!plan->visit && !plan->check && shell_hold_home(plan, why) < 0)
        return -1;
    /* Else bash fills GROUPS inside, and believes a /proc there about how many there can be. */
    if (plan_carries_directories(plan))
        (void)find_variable("GROUPS");
    return 0;
}

static void look_at_terminal(struct terminal *terminal, const struct plan *plan)
{
    pid_t foreground = plan_moves(plan) ? tcgetpgrp(shell_tty) : -1;

    terminal->jobs = foreground >= 0 && shell_is_for_jobs();
    terminal->tty = terminal->jobs || (foreground >= 0 && foreground == getpgrp())
                        ? shell_tty
                        : -1;                                         /* else it is in the background */
    terminal->home = original_pgrp >= 0 ? original_pgrp : shell_pgrp; /* as at bash's own end */
    if (terminal->tty >= 0)
        tcgetattr(shell_tty, &terminal->modes);
}

/* It ends without bash's doing, and so do its buffers. */
void shell_before_spawn(struct terminal *terminal, const struct plan *plan)
{
    fflush(stdout);
    fflush(stderr);
    look_at_terminal(terminal, plan);
}

int shell_before_landing(struct shell_view *view, const struct plan *plan, struct failure *why)
{
    if (get_ready(plan, why) < 0)
        return -1;
    shell_before_fork();
    view->directory = plan_carries_directories(plan) ? current_directory() : NULL;
    view->history = plan->new_root ? shell_history_file() : (struct file_id){0};
    look_at_terminal(&view->terminal, plan);
    return 0;
}

static void sync_all(const struct plan *plan, const struct shell_view *before)
{
    int flags = plan_flags(plan);
    bool other_root = plan->root || plan->root_fd >= 0 || plan->new_root || (plan->join & CLONE_NEWNS);

    if (plan_carries_root(plan) && lookups_confine(SHELL_MODULE) < 0)
        fatal_error("cannot go on: %s", strerror(errno)); /* as bash does where there is no memory */
    if (plan_changes_ids(plan))
        shell_sync_ids();
    else if (other_root)
        shell_forget_user();
    shell_learn_user();
    if (follow_host_name(flags))
        sync_hostname();
    if (plan_carries_directories(plan))
        sync_directory(before->directory, other_root, plan->wd || plan->wd_fd >= 0);
    if (plan_carries_root(plan))
        phash_flush();
    if (plan->new_root)
        sync_history(before->history);
}

void shell_after_landing(struct shell_view *view, const struct plan *plan)
{
    shell_after_fork();
    if (plan)
        sync_all(plan, view);
    if (plan && plan->no_fork && (plan_flags(plan) & CLONE_NEWPID))
        stay_outside();
    free(view->directory);
}

/* --- a shell that comes home -------------------------------------------------------------------------------------- */

static char *copy_of(const char *text)
{
    return text ? savestring(text) : NULL;
}

void shell_note_place(struct shell_place *place)
{
    place->directory = copy_of(get_string_value("PWD"));
    place->old_directory = copy_of(get_string_value("OLDPWD"));
    place->working_directory = copy_of(the_current_working_directory);
    place->looks_up = !lookups_are_confined();
}

void shell_forget_place(struct shell_place *place)
{
    FREE(place->directory);
    FREE(place->old_directory);
    FREE(place->working_directory);
}

static bool is_same(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

static void put_back(const char *name, const char *before)
{
    if (is_same(get_string_value(name), before))
        return;
    if (before)
        set_directory_variable(name, before);
    else
        forget_directory_variable(name);
}

void shell_came_home(const struct shell_place *place, const struct home *home)
{
    bool other_root = home->places[HOME_ROOT] >= 0;

    put_back("OLDPWD", place->old_directory);
    put_back("PWD", place->directory);
    if (!is_same(the_current_working_directory, place->working_directory)) {
        FREE(the_current_working_directory);
        the_current_working_directory = copy_of(place->working_directory);
    }
    if (home->places[nstype_of_flag(CLONE_NEWUTS) - nstypes] >= 0)
        sync_hostname();
    if (!other_root)
        return;
    phash_flush();
    if (place->looks_up)
        lookups_release();
    shell_forget_user();
}
