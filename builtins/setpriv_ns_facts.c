#include "setpriv_ns_facts.h"
#include "shared/engine.h"
#include "shared/facts.h"

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

enum { LABEL_MAX = 4096 };

static struct facts facts;

static void know_set(const char *key, uint64_t set)
{
    char text[CAPABILITIES_TEXT];

    facts_know(&facts, key, capabilities_write(set, text));
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
static void know_label(const char *key)
{
    char text[LABEL_MAX];
    int self = proc_open(0);
    ssize_t length = self < 0 ? -1 : proc_read(self, "attr/current", text, sizeof text);

    if (self >= 0)
        close(self);
    if (length <= 0)
        return;
    text[strcspn(text, "\n")] = '\0';
    facts_know(&facts, key, text);
}

static void know_ids(const struct standing *now)
{
    facts_know_number(&facts, "uid", now->uid);
    facts_know_number(&facts, "euid", now->euid);
    facts_know_number(&facts, "suid", now->suid);
    facts_know_number(&facts, "gid", now->gid);
    facts_know_number(&facts, "egid", now->egid);
    facts_know_number(&facts, "sgid", now->sgid);
}

static void know_sets(const struct standing *now)
{
    char text[CAPABILITIES_TEXT];

    know_set("effective", now->effective);
    know_set("permitted", now->permitted);
    know_set("inheritable", now->inheritable);
    know_set("ambient", now->ambient);
    know_set("bounding", now->bounding);
    facts_know(&facts, "securebits", securebits_write(now->securebits, text));
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
    facts_know(&facts, "groups", groups);
    free(groups);
    facts_know_number(&facts, "no_new_privs", now.no_new_privs);
    know_sets(&now);
    facts_know(&facts, "pdeathsig", now.death_signal == 0 ? "" : shell_signal_name(now.death_signal));
    facts_know_number(&facts, "seccomp", (unsigned)prctl(PR_GET_SECCOMP));
    if (selinux_is_in_force())
        know_label("selinux");
    if (apparmor_is_there())
        know_label("apparmor");
    if (facts.lost)
        builtin_error("%s", strerror(ENOMEM));
    return facts.lost ? EXECUTION_FAILURE : EXECUTION_SUCCESS;
}

/* --- telling ---------------------------------------------------------------------------------------------------- */

/* As setpriv(1) has them. level: from which on a line is printed */
static const struct {
    const char *key, *title;
    int level;
} lines[] = {
    {"uid", "uid", 1},
    {"euid", "euid", 1},
    {"suid", "suid", 3},
    {"gid", "gid", 1},
    {"egid", "egid", 1},
    {"sgid", "sgid", 3},
    {"groups", "Supplementary groups", 1},
    {"no_new_privs", "no_new_privs", 1},
    {"effective", "Effective capabilities", 2},
    {"permitted", "Permitted capabilities", 2},
    {"inheritable", "Inheritable capabilities", 1},
    {"ambient", "Ambient capabilities", 1},
    {"bounding", "Capability bounding set", 1},
    {"securebits", "Securebits", 1},
    {"pdeathsig", "Parent death signal", 1},
    {"seccomp", "Seccomp mode", 3},
    {"selinux", "SELinux label", 1},
    {"apparmor", "AppArmor profile", 1},
};

int facts_print_privileges(int level)
{
    int status = look();

    for (size_t i = 0; status == EXECUTION_SUCCESS && i < sizeof lines / sizeof *lines; i++) {
        const char *value = facts_value(&facts, lines[i].key);
        if (value && lines[i].level <= level)
            printf("%s: %s\n", lines[i].title, *value ? value : "[none]");
    }
    facts_forget(&facts);
    return status;
}

int facts_store_privileges(const char *name)
{
    int status = look();

    if (status == EXECUTION_SUCCESS)
        status = facts_store(&facts, name);
    facts_forget(&facts);
    return status;
}

/* " --inh-caps=-all,+net_raw" */
static void print_change(const char *option, const char *key)
{
    const char *value = facts_value(&facts, key);

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
        const char *groups = facts_value(&facts, "groups"), *signal = facts_value(&facts, "pdeathsig");
        printf("setpriv_ns --ruid=%s --euid=%s --rgid=%s --egid=%s", facts_value(&facts, "uid"),
               facts_value(&facts, "euid"), facts_value(&facts, "gid"), facts_value(&facts, "egid"));
        printf("%s%s", *groups ? " --groups=" : " --clear-groups", groups);
        print_change("bounding-set", "bounding");
        print_change("inh-caps", "inheritable");
        print_change("ambient-caps", "ambient");
        print_change("securebits", "securebits");
        printf(" --pdeathsig=%s%s\n", *signal ? signal : "clear",
               strcmp(facts_value(&facts, "no_new_privs"), "1") == 0 ? " --no-new-privs" : "");
    }
    facts_forget(&facts);
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
