#include "setpriv_ns_facts.h"
#include "shared/engine.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "privileges/capabilities.h"
#include "privileges/landlock.h"
#include "privileges/steps.h"
#include "system/apparmor.h"
#include "system/proc.h"
#include "system/selinux.h"

/* --- looking ---------------------------------------------------------------------------------------------------- */

/* What is known: told when all is, so that what fails tells nothing and leaves an array alone. */
enum { FACTS_MAX = 24, LABEL_MAX = 4096 };

static struct fact {
    const char *key;   /* in an array */
    const char *title; /* in a line */
    int level;         /* from which on it is printed */
    char *value;       /* owned */
} facts[FACTS_MAX];
static size_t known;

static void forget(void)
{
    while (known > 0)
        free(facts[--known].value);
}

static void know(const char *key, const char *title, int level, const char *value)
{
    facts[known++] = (struct fact){key, title, level, savestring(value)};
}

static void know_number(const char *key, const char *title, int level, unsigned value)
{
    char text[16];

    snprintf(text, sizeof text, "%u", value);
    know(key, title, level, text);
}

static void know_set(const char *key, const char *title, int level, uint64_t set)
{
    char text[CAPABILITIES_TEXT];

    know(key, title, level, capabilities_write(set, text));
}

/* "4,24"; NULL where they cannot be told. The caller frees it. */
static char *write_groups(void)
{
    enum { DIGITS = 11 };

    static gid_t groups[NGROUPS_MAX];
    int count = getgroups(NGROUPS_MAX, groups);
    char *text = count < 0 ? NULL : xmalloc((size_t)count * DIGITS + 2);
    size_t used = 0;

    for (int i = 0; text && i < count; i++)
        used += (size_t)snprintf(text + used, DIGITS + 1, "%s%u", i > 0 ? "," : "", groups[i]);
    if (text)
        text[used] = '\0';
    return text;
}

/* The label or profile of the process, which two kinds of modules have in the same file. */
static void know_label(const char *key, const char *title)
{
    char text[LABEL_MAX];
    int self = proc_open(0);
    ssize_t length = self < 0 ? -1 : proc_read(self, "attr/current", text, sizeof text);

    if (self >= 0)
        close(self);
    if (length <= 0)
        return;
    text[strcspn(text, "\n")] = '\0';
    know(key, title, 1, text);
}

static void know_ids(const struct standing *now)
{
    know_number("uid", "uid", 1, now->uid);
    know_number("euid", "euid", 1, now->euid);
    know_number("suid", "suid", 3, now->suid);
    know_number("gid", "gid", 1, now->gid);
    know_number("egid", "egid", 1, now->egid);
    know_number("sgid", "sgid", 3, now->sgid);
}

static void know_sets(const struct standing *now)
{
    char text[CAPABILITIES_TEXT];

    know_set("effective", "Effective capabilities", 2, now->effective);
    know_set("permitted", "Permitted capabilities", 2, now->permitted);
    know_set("inheritable", "Inheritable capabilities", 1, now->inheritable);
    know_set("ambient", "Ambient capabilities", 1, now->ambient);
    know_set("bounding", "Capability bounding set", 1, now->bounding);
    know("securebits", "Securebits", 1, securebits_write(now->securebits, text));
}

static int look(void)
{
    struct standing now;
    struct failure why;
    char *groups;

    if (standing_look(&now, &why) < 0)
        return engine_failed(NULL, &why);
    if (!(groups = write_groups())) {
        builtin_error("cannot look at the supplementary groups: %s", strerror(errno));
        return EXECUTION_FAILURE;
    }
    know_ids(&now);
    know("groups", "Supplementary groups", 1, groups);
    free(groups);
    know_number("no_new_privs", "no_new_privs", 1, now.no_new_privs);
    know_sets(&now);
    know("pdeathsig", "Parent death signal", 1, now.death_signal == 0 ? "" : shell_signal_name(now.death_signal));
    know_number("seccomp", "Seccomp mode", 3, (unsigned)prctl(PR_GET_SECCOMP));
    if (selinux_is_in_force())
        know_label("selinux", "SELinux label");
    if (apparmor_is_there())
        know_label("apparmor", "AppArmor profile");
    return EXECUTION_SUCCESS;
}

/* --- telling ---------------------------------------------------------------------------------------------------- */

int facts_print_privileges(int level)
{
    int status = look();

    for (size_t i = 0; i < known; i++)
        if (facts[i].level <= level)
            printf("%s: %s\n", facts[i].title, *facts[i].value ? facts[i].value : "[none]");
    forget();
    return status;
}

int facts_store_privileges(const char *name)
{
    int status = look();
    SHELL_VAR *array = status == EXECUTION_SUCCESS ? shell_associative_array(name) : NULL;

    for (size_t i = 0; array && i < known; i++)
        shell_associative_set(array, facts[i].key, facts[i].value);
    forget();
    return array ? EXECUTION_SUCCESS : EXECUTION_FAILURE;
}

static const char *value_of(const char *key)
{
    for (size_t i = 0; i < known; i++)
        if (strcmp(facts[i].key, key) == 0)
            return facts[i].value;
    return "";
}

/* " --inh-caps=-all,+net_raw" */
static void print_change(const char *option, const char *key)
{
    const char *value = value_of(key);

    printf(" --%s=-all", option);
    while (*value) {
        int length = (int)strcspn(value, ",");
        printf(",+%.*s", length, value);
        value += length + (value[length] == ',');
    }
}

int facts_print_command(void)
{
    int status = look();

    if (status == EXECUTION_SUCCESS) {
        printf("setpriv_ns --ruid=%s --euid=%s --rgid=%s --egid=%s", value_of("uid"), value_of("euid"), value_of("gid"),
               value_of("egid"));
        printf("%s%s", *value_of("groups") ? " --groups=" : " --clear-groups", value_of("groups"));
        print_change("bounding-set", "bounding");
        print_change("inh-caps", "inheritable");
        print_change("ambient-caps", "ambient");
        print_change("securebits", "securebits");
        printf(" --pdeathsig=%s%s\n", *value_of("pdeathsig") ? value_of("pdeathsig") : "clear",
               strcmp(value_of("no_new_privs"), "1") == 0 ? " --no-new-privs" : "");
    }
    forget();
    return status;
}

/* --- lists ------------------------------------------------------------------------------------------------------ */

static int list_capabilities(void)
{
    struct standing now;
    struct failure why;
    char text[CAPABILITIES_TEXT];

    if (standing_look(&now, &why) < 0)
        return engine_failed(NULL, &why);
    capabilities_write(now.known, text);
    for (char *comma = text; (comma = strchr(comma, ','));)
        *comma = '\n';
    printf("%s\n", text);
    return EXECUTION_SUCCESS;
}

static bool has_kind(enum landlock_kind kind, int abi)
{
    return landlock_right_name(kind, abi, 0);
}

static void print_rights(enum landlock_kind kind, int abi, const char *before, const char *behind)
{
    const char *right;

    for (size_t i = 0; (right = landlock_right_name(kind, abi, i)); i++)
        printf("%s%s%s", before, right, behind);
}

static void print_support(int abi)
{
    unsigned errata = landlock_errata();

    printf("ABI version: %d\nABI errata:", abi);
    for (int n = 1; errata != 0; n++, errata >>= 1)
        if (errata & 1)
            printf(" %d", n);
    printf("\naccess:");
    for (enum landlock_kind kind = 0; kind < LANDLOCK_KINDS; kind++)
        if (has_kind(kind, abi))
            printf(" %s", landlock_kind_name(kind));
    printf("\n");
    for (enum landlock_kind kind = 0; kind < LANDLOCK_KINDS; kind++) {
        if (!has_kind(kind, abi))
            continue;
        printf("%s %s:", landlock_kind_name(kind), landlock_rule_name(kind) ? "rights" : "restrictions");
        print_rights(kind, abi, " ", "");
        printf("\n");
        if (landlock_rule_name(kind))
            printf("%s rules: %s\n", landlock_kind_name(kind), landlock_rule_name(kind));
    }
}

static int list_landlock(enum facts_list list, const char *name)
{
    int abi = landlock_abi();

    if (abi < 0) {
        struct failure why;
        fail(&why, &step_landlock_look);
        return engine_failed(NULL, &why);
    }
    if (list == LIST_LANDLOCK)
        print_support(abi);
    for (enum landlock_kind kind = 0; list == LIST_LANDLOCK_ACCESS && kind < LANDLOCK_KINDS; kind++)
        if (has_kind(kind, abi))
            printf("%s\n", landlock_kind_name(kind));
    if (list == LIST_LANDLOCK_RIGHTS)
        print_rights((enum landlock_kind)landlock_kind_of(name), abi, "", "\n");
    return EXECUTION_SUCCESS;
}

int facts_list(enum facts_list list, const char *kind)
{
    return list == LIST_CAPABILITIES ? list_capabilities() : list_landlock(list, kind);
}
