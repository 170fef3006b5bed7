/*
 * What touches bash's internals, and knows that they differ between versions, is in this room only. The
 * other files here see bash through this header.
 */
#ifndef SHELL_ROOM_H
#define SHELL_ROOM_H

#include <config.h>

#include <builtins.h>
#include <shell.h>

#include "bashgetopt.h"
#include "common.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "namespaces/plan.h"
#include "namespaces/spawn.h"
#include "namespaces/supervise.h"

#define EXPORTED __attribute__((visibility("default")))

/* bash has it, but does not install its header, hashcmd.h: forgets the remembered paths of commands. */
extern void phash_flush(void);

/*
 * For NAME_builtin_load: true where this is the bash that the builtins were built for, to the minor version. Else says
 * so: struct user_info and others differ between them, so that what loads may misread the shell.
 */
bool shell_is_ours(const char *builtin);

/* A file, by whatever name; 0, 0: none. */
struct file_id {
    dev_t device;
    ino_t inode;
};

/* The file that HISTFILE names. */
struct file_id shell_history_file(void);

/* What the shell saw before a landing and must compare with after it. */
struct shell_view {
    char *directory;          /* getcwd(3), owned; NULL: unknown */
    struct file_id history;   /* the file that HISTFILE names */
    struct terminal terminal; /* for its supervisor, if it moves */
};

/* Whether bash will get this memory and what it may need for itself: it ends where it gets none. 0, or -1 and *why. */
int shell_ask_for_memory(size_t size, struct failure *why);

/* That there is none. */
extern const struct step step_memory;

/*
 * Before a landing: flushes what a fork would write twice, looks at what the plan may change, and holds what bash will
 * need. 0, or -1 and *why.
 */
int shell_before_landing(struct shell_view *view, const struct plan *plan, struct failure *why);

/* Before a program is born inside, of which this shell will be the supervisor. */
void shell_before_spawn(struct terminal *terminal, const struct plan *plan);

/*
 * True where COMMAND is a program, which bash would execute in this process, and do nothing else: no function, no builtin, no
 * trap or `set -x` that is told of it. What is allocated for it stays until the process ends.
 */
bool shell_find_program(struct program *program, WORD_LIST *command, const struct plan *plan);

/* After a landing: makes what bash has cached about itself true again. plan: NULL where it failed. Frees the view. */
void shell_after_landing(struct shell_view *view, const struct plan *plan);

/*
 * True where a variable is a string, and one that can be changed: assigning to another may evaluate the value, which may
 * come from a namespace that is not trusted.
 */
bool shell_is_plain(const SHELL_VAR *variable);

/* With job control, or on the way to it: bash turns it on when it has read its startup files. */
bool shell_is_for_jobs(void);

/* After a landing, in the copy of the shell that goes on inside: it is another process, without children. */
void shell_became_copy(void);

/* Then, when it is inside: what of the shell at a prompt it does not know. */
void shell_tell_jobs_outside(void);

/* Whether the shell stays, and comes back when a copy of it that goes on inside has ended. */
struct comeback {
    bool wanted, refused; /* it has been said; else it does where a shell moves at a prompt */
    const char *variable; /* gets the status of the copy; NULL: none */
};

enum { IS_COPY = -1, EX_CAME_BACK = 3 };

bool shell_is_to_stay(const struct comeback *comeback, const struct plan *plan);

/*
 * Makes the copy, before a landing. IS_COPY, in it: it is to land, and then to call one of the two below. In the shell, which
 * frees the plan and waits for the copy: EX_CAME_BACK, or EXECUTION_FAILURE where the copy has not been inside; or it does not
 * return, but leaps to the prompt.
 */
int shell_stay(const struct comeback *comeback, struct plan *plan);

void shell_is_inside(void);
_Noreturn void shell_is_not_inside(void);

/*
 * The history of a prompt, which the copy goes on with (history.c). 0, and what is to be shared, NULL: none; or -1 and
 * errno.
 */
struct shared_history;
int shell_share_history(struct shared_history **history);
void shell_forget_history(struct shared_history *history);

/* In the copy, when it is inside; and in the shell, when the copy has ended. */
void shell_go_on_with_history(struct shared_history *history);
void shell_take_history_back(const struct shared_history *history);

/*
 * While the shell waits for the process that it makes next or has made last, that one gets the signals that a shell is sent to
 * end or to tell it something: those that are not trapped, or these too (forward.c).
 */
enum { FORWARDED_SIGNALS = 6 };
enum forwards { FORWARD_NOTHING, FORWARD_UNTRAPPED, FORWARD_TRAPPED_TOO };
struct forwarding {
    bool is[FORWARDED_SIGNALS];
    struct sigaction before[FORWARDED_SIGNALS];
};
void shell_forward(struct forwarding *forwarding, enum forwards what);
void shell_forward_no_more(struct forwarding *forwarding);

/* The last one; 0: none. */
int shell_forwarded(void);

/* Where the process has died of that: so does the shell, as it would have without the handler. */
void shell_die_as(int status);

/* \u and ~ are looked up anew when they are next asked for: bash does so where there is no name. */
void shell_forget_user(void);

/* Where the C library would not ask this library, bash is told who its user is instead. */
void shell_learn_user(void);

/* The name of the module for users and groups that this library is to the C library: names.c. */
#define SHELL_MODULE "nsbuiltins"

/* Makes $UID, $EUID and $GROUPS those of the process now. */
void shell_sync_ids(void);

/*
 * True in the subshell that shell_run_in_subshell() made for this call of a builtin: there it lands, and goes on with
 * shell_run(). Then *request is what was given there.
 */
bool shell_is_in_subshell(WORD_LIST *arguments, void *request);

/* For NAME_builtin_load: from then on, it is known what bash forks for. In a copy that fork(3) has not made, note it. */
void shell_watch_births(void);
void shell_note_birth(void);

/*
 * True where bash has made this process for the running builtin alone (`unshare_ns ... &`, an element of a pipeline), so
 * that nothing comes after it. There, too, it lands and goes on with shell_run().
 */
bool shell_is_for_this_call(void);

/*
 * In a subshell that shell_run_in_subshell() made: it gets this signal when the shell that waits for it dies. Elsewhere,
 * there is nobody to wait.
 */
void shell_die_with_caller(int signal);

/*
 * Runs the running builtin, with these arguments (at least one), once more in a subshell of its own, which finds a copy
 * of the request there. Returns its status.
 */
int shell_run_in_subshell(const char *builtin, WORD_LIST *arguments, const void *request, size_t size);

/* Runs a command that may be a program, a function or a builtin; the last thing that a subshell does. */
int shell_run(WORD_LIST *command);

/* Runs a program, as the running builtin's COMMAND, in a child of the shell. Returns its status. */
int shell_run_program(WORD_LIST *words);

/*
 * Begins a visit, which is on the way until shell_end_visit(). What is there is to be found by shell_visit_home(), for
 * struct plan. 0, or -1 and *why.
 */
struct home;
int shell_begin_visit(struct failure *why);
struct home *shell_visit_home(void);

/* With the shell inside, runs COMMAND in it and comes home, however COMMAND ends. Returns its status. */
int shell_visit(WORD_LIST *words);

/* Comes home from all visits at once, and returns $?; or runs the text of an EXIT trap there, and returns 0. */
int shell_come_home(const char *trap);

/* Ends the visit, for which the shell has not gone anywhere. */
void shell_end_visit(void);

/* Before the shell lands somewhere else for good: holds what it leaves by that, if it is on a visit. 0, or -1 and *why. */
int shell_hold_home(const struct plan *plan, struct failure *why);

/* True while it is on one; and for a descriptor that is held for the way home, which is close-on-exec. */
bool shell_is_away(void);
bool shell_holds_for_home(int fd);

/* In a child that bash has forked: it stays where it is. */
void shell_stay_inside(void);

/* Says why there is no way back, and ends the shell: no EXIT trap, no other line. */
_Noreturn void shell_end_lost(const struct failure *why);

/* What bash knows about where it is, from before a visit. Strings are owned; NULL: not set. */
struct shell_place {
    char *directory, *old_directory, *working_directory;
    bool looks_up; /* users and hosts, as nsswitch.conf(5) says */
};

void shell_note_place(struct shell_place *place);

/* After that: makes bash's knowledge that of before, as far as what is held of home tells that it may have changed. */
void shell_came_home(const struct shell_place *place, const struct home *home);

void shell_forget_place(struct shell_place *place);

/* True in a restricted shell that is to go to another directory or root, which `cd` does not do there; that has been said. */
bool shell_restricts(const struct plan *plan);

/* True in a restricted shell, after it has been said that the running builtin is not for such. */
bool shell_restricts_all(void);

/* Before and after the engine forks a child of its own, which is none of bash's. */
void shell_before_fork(void);
void shell_after_fork(void);

/* True between these two. */
bool shell_is_landing(void);

/* $HOME; NULL: it is not set. Valid until it changes. */
const char *shell_home(void);

/* $$: the PID of the shell, in its subshells as well. */
pid_t shell_pid(void);

/* The first living process of a job ("%1"); 0: there is no such job. */
pid_t shell_job(const char *spec);

/* The number of a signal by name or number, as in trap; -1: there is none such. */
int shell_signal(const char *text);

/* Its name without SIG, as in kill -l. */
const char *shell_signal_name(int number);

/* Unsets a variable that is a plain one. */
void shell_unset_plain(const char *name);

/* True where a variable of this name can be given a number, where the running function would see it. */
bool shell_can_set_number(const char *name);

/* True where a variable of this name can be given a string: there is none, or a plain one. */
bool shell_can_set(const char *name);

/* Takes the export attribute from all variables and functions but those in keep[] (each "NAME,NAME"), NULL-terminated. */
void shell_clear_environment(const char *const *keep);

/*
 * Makes these strings ("NAME=value", each with its NUL) the shell's exported variables. What is readonly here, or has a
 * name that no variable can have, is left out, as in a shell that starts with them.
 */
void shell_replace_environment(const char *strings, size_t size);

/* An associative array variable of this name, empty; NULL after saying why not. */
SHELL_VAR *shell_associative_array(const char *name);
void shell_associative_set(SHELL_VAR *array, const char *key, const char *value);

#endif
