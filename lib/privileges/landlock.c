#include "privileges/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "privileges/steps.h"
#include "system/number.h"

/* The bit of a right is its place among those of its kind; since: the version that brought it. */
struct right {
    const char *name;
    int since;
};

static const struct right fs_rights[] = {
    {"execute", 1},   {"write-file", 1}, {"read-file", 1}, {"read-dir", 1},  {"remove-dir", 1},   {"remove-file", 1},
    {"make-char", 1}, {"make-dir", 1},   {"make-reg", 1},  {"make-sock", 1}, {"make-fifo", 1},    {"make-block", 1},
    {"make-sym", 1},  {"refer", 2},      {"truncate", 3},  {"ioctl-dev", 5}, {"resolve-unix", 9},
};
static const struct right net_rights[] = {
    {"bind-tcp", 4}, {"connect-tcp", 4}, {"bind-udp", 10}, {"connect-send-udp", 10}};
static const struct right scopes[] = {{"abstract-unix-socket", 6}, {"signal", 6}};

/* Those that a file can have which is no directory; the others are EINVAL in its rule. */
enum { FILE_RIGHTS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15 | 1 << 16 };

#define RIGHTS(of) (of), sizeof(of) / sizeof *(of)

static const struct {
    const char *name;
    const char *rule; /* NULL: it has none */
    const struct right *rights;
    size_t count;
} kinds[LANDLOCK_KINDS] = {
    [LANDLOCK_FS] = {"fs", "path-beneath", RIGHTS(fs_rights)},
    [LANDLOCK_NET] = {"net", "net-port", RIGHTS(net_rights)},
    [LANDLOCK_SCOPE] = {"scope", NULL, RIGHTS(scopes)},
};

/*
 * The kernel's structures, as of now: its headers may be older, or have none of them, and an older kernel wants zeros in
 * what it does not know.
 */
struct ruleset {
    uint64_t fs, net, scope;
};
struct path_beneath {
    uint64_t rights;
    int32_t parent;
} __attribute__((packed)); /* as the kernel's is */
struct net_port {
    uint64_t rights, port;
};

/* The C library has no functions for these, and an old one no numbers; they are the same everywhere. */
enum {
    CREATE_RULESET = 444,
    ADD_RULE = 445,
    RESTRICT_SELF = 446,
    RULE_PATH_BENEATH = 1,
    RULE_NET_PORT = 2,
    TELL_VERSION = 1,
    TELL_ERRATA = 2
};

/* --- words ------------------------------------------------------------------------------------------------------ */

const char *landlock_kind_name(enum landlock_kind kind)
{
    return kinds[kind].name;
}

const char *landlock_rule_name(enum landlock_kind kind)
{
    return kinds[kind].rule;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return word && strlen(word) == length && strncmp(text, word, length) == 0;
}

int landlock_kind_of(const char *name)
{
    for (int kind = 0; kind < LANDLOCK_KINDS; kind++)
        if (strcmp(name, kinds[kind].name) == 0)
            return kind;
    return -1;
}

const char *landlock_right_name(enum landlock_kind kind, int abi, size_t nth)
{
    for (size_t i = 0; i < kinds[kind].count; i++)
        if (kinds[kind].rights[i].since <= abi && nth-- == 0)
            return kinds[kind].rights[i].name;
    return NULL;
}

/* "read-file,execute", of this length. */
static bool parse_rights(enum landlock_kind kind, const char *text, size_t length, uint64_t *rights)
{
    const char *end = text + length;

    for (;; text++) {
        size_t word = strcspn(text, ",:"), i = 0;
        while (i < kinds[kind].count && !is_word(text, word, kinds[kind].rights[i].name))
            i++;
        if (i == kinds[kind].count)
            return false;
        *rights |= UINT64_C(1) << i;
        text += word;
        if (text == end)
            return true;
        if (*text != ',')
            return false;
    }
}

const char *landlock_take_access(struct landlock *landlock, const char *text)
{
    size_t length = strcspn(text, ":");

    for (enum landlock_kind kind = 0; kind < LANDLOCK_KINDS; kind++) {
        if (!is_word(text, length, kinds[kind].name))
            continue;
        const char *rights = text + length + (text[length] == ':');
        landlock->all[kind] |= *rights == '\0';
        return *rights == '\0' || parse_rights(kind, rights, strlen(rights), &landlock->named[kind])
                   ? NULL
                   : "expected rights that --list-landlock-rights tells";
    }
    return "expected fs, net or scope, each with :RIGHT,... or without";
}

const char *landlock_take_rule(struct landlock *landlock, const char *text)
{
    static const char expected[] = "expected path-beneath:RIGHT,...:PATH or net-port:RIGHT,...:PORT";
    struct landlock_rule rule = {.rights = 0};
    size_t length = strcspn(text, ":");
    const char *what = text[length] ? strchr(text + length + 1, ':') : NULL;

    if (landlock->rules == LANDLOCK_RULES)
        return "this option can be given 128 times at most";
    for (enum landlock_kind kind = 0; what && kind < LANDLOCK_KINDS; kind++) {
        if (!is_word(text, length, kinds[kind].rule))
            continue;
        const char *rights = text + length + 1;
        rule.kind = kind;
        rule.what = what + 1;
        if (rights != what && !parse_rights(kind, rights, (size_t)(what - rights), &rule.rights))
            return "expected rights that --list-landlock-rights tells";
        if (*rule.what == '\0' || (kind == LANDLOCK_NET && !number_parse(rule.what, UINT16_MAX, &rule.port)))
            return expected;
        landlock->rule[landlock->rules++] = rule;
        return NULL;
    }
    return expected;
}

static bool restricts(const struct landlock *landlock, enum landlock_kind kind)
{
    return landlock->all[kind] || landlock->named[kind] != 0;
}

bool landlock_wanted(const struct landlock *landlock)
{
    return restricts(landlock, LANDLOCK_FS) || restricts(landlock, LANDLOCK_NET) || restricts(landlock, LANDLOCK_SCOPE);
}

/* Such a rule would allow what nothing forbids, and who wrote it thinks otherwise. */
const char *landlock_contradiction(const struct landlock *landlock)
{
    for (size_t i = 0; i < landlock->rules; i++)
        if (!restricts(landlock, landlock->rule[i].kind))
            return landlock->rule[i].kind == LANDLOCK_FS
                       ? "--landlock-rule path-beneath needs --landlock-access fs, or it would restrict nothing"
                       : "--landlock-rule net-port needs --landlock-access net, or it would restrict nothing";
    return NULL;
}

/* --- the kernel ------------------------------------------------------------------------------------------------- */

int landlock_abi(void)
{
    return (int)syscall(CREATE_RULESET, NULL, 0, TELL_VERSION);
}

unsigned landlock_errata(void)
{
    long errata = syscall(CREATE_RULESET, NULL, 0, TELL_ERRATA);

    return errata < 0 ? 0 : (unsigned)errata;
}

/* The rights of a kind that are to be restricted; false: this kernel lacks one that was named. */
static bool choose(const struct landlock *landlock, enum landlock_kind kind, int abi, uint64_t *chosen,
                   struct failure *why)
{
    *chosen = landlock->named[kind];
    for (size_t i = 0; i < kinds[kind].count; i++) {
        bool has = kinds[kind].rights[i].since <= abi;
        if (landlock->all[kind] && has)
            *chosen |= UINT64_C(1) << i;
        if ((*chosen & UINT64_C(1) << i) && !has) {
            fail_about(why, &step_landlock_right, "%s:%s", kinds[kind].name, kinds[kind].rights[i].name);
            return false;
        }
    }
    /* Of a kind that it lacks, "all" would be nothing. */
    if (*chosen == 0 && landlock->all[kind])
        fail_about(why, &step_landlock_right, "%s", kinds[kind].name);
    return *chosen != 0 || !landlock->all[kind];
}

static int add_path(int ruleset, const struct landlock_rule *rule, uint64_t handled, struct failure *why)
{
    struct path_beneath below = {.rights = rule->rights ? rule->rights : handled};
    struct stat status;

    below.parent = open(rule->what, O_PATH | O_CLOEXEC);
    if (below.parent < 0)
        return fail_about(why, &step_landlock_path, "%s", rule->what);
    if (rule->rights == 0 && fstat(below.parent, &status) == 0 && !S_ISDIR(status.st_mode))
        below.rights &= FILE_RIGHTS;
    long added = syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &below, 0);
    if (added < 0)
        fail_about(why, &step_landlock_rule, "%s", rule->what);
    close(below.parent);
    return added < 0 ? -1 : 0;
}

static int add_port(int ruleset, const struct landlock_rule *rule, uint64_t handled, struct failure *why)
{
    struct net_port port = {.rights = rule->rights ? rule->rights : handled, .port = rule->port};

    return syscall(ADD_RULE, ruleset, RULE_NET_PORT, &port, 0) < 0
               ? fail_about(why, &step_landlock_rule, "port %s", rule->what)
               : 0;
}

static int add_rules(int ruleset, const struct landlock *landlock, const struct ruleset *handled, struct failure *why)
{
    for (size_t i = 0; i < landlock->rules; i++) {
        const struct landlock_rule *rule = &landlock->rule[i];
        int status = rule->kind == LANDLOCK_FS ? add_path(ruleset, rule, handled->fs, why)
                                               : add_port(ruleset, rule, handled->net, why);
        if (status < 0)
            return -1;
    }
    return 0;
}

int landlock_build(const struct landlock *landlock, struct failure *why)
{
    struct ruleset handled;
    int abi = landlock_abi();

    if (abi < 0)
        return fail(why, &step_landlock);
    if (!choose(landlock, LANDLOCK_FS, abi, &handled.fs, why) || !choose(landlock, LANDLOCK_NET, abi, &handled.net, why)
        || !choose(landlock, LANDLOCK_SCOPE, abi, &handled.scope, why))
        return -1;
    int ruleset = (int)syscall(CREATE_RULESET, &handled, sizeof handled, 0); /* close-on-exec */
    if (ruleset < 0)
        return fail(why, &step_landlock);
    if (add_rules(ruleset, landlock, &handled, why) == 0)
        return ruleset;
    close(ruleset);
    return -1;
}

int landlock_enter(int ruleset)
{
    return syscall(RESTRICT_SELF, ruleset, 0) < 0 ? -1 : 0;
}
