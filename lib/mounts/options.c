/*
 * The words of -o, as mount(8) has them: attributes of the mount, its kind, its propagation; what is for fstab(5) only and
 * does nothing; what only mount(8) can do. All others are the file system's own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mounts/calls.h"
#include "mounts/plan.h"
#include "system/number.h"

/* NULL, or what is wrong with the value. value: NULL: none was given. */
struct word;
typedef const char *take(struct mount_plan *plan, const struct word *word, const char *value);

struct word {
    const char *name; /* with a dash at its end: whatever goes on after it */
    take *take;
    uint64_t set, clear; /* MOUNT_ATTR_*, an enum mount_kind, or MS_* */
};

static void change(struct attributes *attributes, const struct word *word)
{
    attributes->set = (attributes->set & ~word->clear) | word->set;
    attributes->clear = (attributes->clear & ~word->set) | word->clear;
}

/* "nosuid", "nosuid=recursive" */
static const char *take_attribute(struct mount_plan *plan, const struct word *word, const char *value)
{
    if (value && strcmp(value, "recursive") != 0)
        return "expected no value, or recursive";
    change(value ? &plan->whole : &plan->own, word);
    return NULL;
}

/* "ro" means the mount and the file system, "ro=recursive" more mounts and the file system; the others one of them. */
static const char *take_access(struct mount_plan *plan, const struct word *word, const char *value)
{
    bool recursive = value && strcmp(value, "recursive") == 0;
    bool vfs = value && strcmp(value, "vfs") == 0;
    bool fs = value && strcmp(value, "fs") == 0;

    if (value && !recursive && !vfs && !fs)
        return "expected no value, vfs, fs or recursive";
    if (!vfs) {
        plan->read_only = word->set != 0;
        plan->read_write = word->set == 0;
    }
    if (!fs)
        change(recursive ? &plan->whole : &plan->own, word);
    return NULL;
}

/* "bind,remount", in either order, is about the mount, and not its file system. */
static bool is_about_attributes(enum mount_kind before, enum mount_kind kind)
{
    return kind != MOUNT_MOVE
           && (before == MOUNT_CHANGE || (before == MOUNT_BIND && kind == MOUNT_REMOUNT)
               || (before == MOUNT_REMOUNT && kind == MOUNT_BIND));
}

static const char *take_kind(struct mount_plan *plan, const struct word *word, const char *value)
{
    enum mount_kind kind = (enum mount_kind)word->set;

    if (value)
        return "expected no value";
    if (kind == MOUNT_BIND)
        plan->recursive = word->clear != 0;
    plan->kind = is_about_attributes(plan->kind, kind) ? MOUNT_CHANGE : kind;
    return NULL;
}

static const char *take_propagation(struct mount_plan *plan, const struct word *word, const char *value)
{
    if (value)
        return "expected no value";
    if (plan->propagations == PROPAGATIONS)
        return "expected 4 kinds of propagation at most";
    plan->propagation[plan->propagations++] = (unsigned long)word->set;
    return NULL;
}

/* "user": who may mount it stands in fstab(5), but it means this too, with a name as its value or none. */
static const char *take_implied(struct mount_plan *plan, const struct word *word, const char *value)
{
    (void)value;
    change(&plan->own, word);
    return NULL;
}

static const char *take_nothing(struct mount_plan *plan, const struct word *word, const char *value)
{
    (void)plan;
    (void)word;
    (void)value;
    return NULL;
}

static const char *refuse(struct mount_plan *plan, const struct word *word, const char *value)
{
    (void)plan;
    (void)word;
    (void)value;
    return "run mount(8) for that";
}

/* "X-mount.mkdir", "X-mount.mkdir=700" */
static const char *take_make(struct mount_plan *plan, const struct word *word, const char *value)
{
    (void)word;
    return mount_options_mode(plan, value);
}

static const char *take_subdir(struct mount_plan *plan, const struct word *word, const char *value)
{
    (void)word;
    free(plan->subdir);
    plan->subdir = value ? strdup(value) : NULL;
    return value && *value ? NULL : "expected a directory";
}

static const char *take_idmap(struct mount_plan *plan, const struct word *word, const char *value)
{
    (void)word;
    free(plan->idmap);
    plan->idmap = value ? strdup(value) : NULL;
    return value && *value ? NULL : "expected a user namespace file, a PID or maps";
}

enum {
    ATIME = MOUNT_ATTR__ATIME,
    NO_OWNERS = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
    NO_USERS = NO_OWNERS | MOUNT_ATTR_NOEXEC
};

static const struct word words[] = {
    {"ro", take_access, MOUNT_ATTR_RDONLY, 0},
    {"rw", take_access, 0, MOUNT_ATTR_RDONLY},
    {"nosuid", take_attribute, MOUNT_ATTR_NOSUID, 0},
    {"suid", take_attribute, 0, MOUNT_ATTR_NOSUID},
    {"nodev", take_attribute, MOUNT_ATTR_NODEV, 0},
    {"dev", take_attribute, 0, MOUNT_ATTR_NODEV},
    {"noexec", take_attribute, MOUNT_ATTR_NOEXEC, 0},
    {"exec", take_attribute, 0, MOUNT_ATTR_NOEXEC},
    {"nosymfollow", take_attribute, MOUNT_ATTR_NOSYMFOLLOW, 0},
    {"symfollow", take_attribute, 0, MOUNT_ATTR_NOSYMFOLLOW},
    {"nodiratime", take_attribute, MOUNT_ATTR_NODIRATIME, 0},
    {"diratime", take_attribute, 0, MOUNT_ATTR_NODIRATIME},
    {"noatime", take_attribute, MOUNT_ATTR_NOATIME, ATIME},
    {"strictatime", take_attribute, MOUNT_ATTR_STRICTATIME, ATIME},
    {"relatime", take_attribute, 0, ATIME}, /* the kernel's default */
    {"atime", take_attribute, 0, ATIME},
    {"norelatime", take_attribute, 0, ATIME},
    {"nostrictatime", take_attribute, 0, ATIME},
    {"bind", take_kind, MOUNT_BIND, false},
    {"rbind", take_kind, MOUNT_BIND, true},
    {"move", take_kind, MOUNT_MOVE, 0},
    {"remount", take_kind, MOUNT_REMOUNT, 0},
    {"shared", take_propagation, MS_SHARED, 0},
    {"slave", take_propagation, MS_SLAVE, 0},
    {"private", take_propagation, MS_PRIVATE, 0},
    {"unbindable", take_propagation, MS_UNBINDABLE, 0},
    {"rshared", take_propagation, MS_SHARED | MS_REC, 0},
    {"rslave", take_propagation, MS_SLAVE | MS_REC, 0},
    {"rprivate", take_propagation, MS_PRIVATE | MS_REC, 0},
    {"runbindable", take_propagation, MS_UNBINDABLE | MS_REC, 0},
    {"X-mount.mkdir", take_make, 0, 0},
    {"X-mount.subdir", take_subdir, 0, 0},
    {"X-mount.idmap", take_idmap, 0, 0},
    {"defaults", take_nothing, 0, 0},
    {"auto", take_nothing, 0, 0},
    {"noauto", take_nothing, 0, 0},
    {"user", take_implied, NO_USERS, 0},
    {"nouser", take_nothing, 0, 0},
    {"users", take_implied, NO_USERS, 0},
    {"nousers", take_nothing, 0, 0},
    {"owner", take_implied, NO_OWNERS, 0},
    {"noowner", take_nothing, 0, 0},
    {"group", take_implied, NO_OWNERS, 0},
    {"nogroup", take_nothing, 0, 0},
    {"nofail", take_nothing, 0, 0},
    {"_netdev", take_nothing, 0, 0},
    {"comment", take_nothing, 0, 0},
    {"silent", take_nothing, 0, 0}, /* to the kernel's log, which fsopen(2) has no word for */
    {"loud", take_nothing, 0, 0},
    {"loop", refuse, 0, 0},
    {"offset", refuse, 0, 0},
    {"sizelimit", refuse, 0, 0},
    {"encryption", refuse, 0, 0},
    {"helper", refuse, 0, 0},
    {"uhelper", refuse, 0, 0},
    {"X-mount.", refuse, 0, 0}, /* after those that are known: */
    {"verity.", refuse, 0, 0},
    {"x-", take_nothing, 0, 0},
    {"X-", take_nothing, 0, 0},
};

/* A word that ends in "-" or "." stands for all that start with it. */
static bool is_word(const struct word *word, const char *name)
{
    size_t length = strlen(word->name);
    bool starts = word->name[length - 1] == '-' || word->name[length - 1] == '.';

    return starts ? strncmp(name, word->name, length) == 0 : strcmp(name, word->name) == 0;
}

bool mount_options_add(struct mount_plan *plan, const char *key, const char *value)
{
    size_t length = strlen(key) + 1, size = length + (value ? strlen(value) + 1 : 0);
    struct fs_option *option = malloc(sizeof *option + size);

    if (!option)
        return false;
    memcpy(option->key, key, length);
    option->value = value ? memcpy(option->key + length, value, size - length) : NULL;
    option->next = NULL;
    if (plan->last)
        plan->last->next = option;
    else
        plan->options = option;
    plan->last = option;
    return true;
}

const char *mount_options_mode(struct mount_plan *plan, const char *octal)
{
    plan->make = true;
    plan->mode = 0755;
    if (!octal)
        return NULL;
    char *end;
    unsigned long mode = strtoul(octal, &end, 8);
    plan->mode = (mode_t)mode;
    return *octal >= '0' && *octal <= '7' && *end == '\0' && mode <= 07777 ? NULL : "expected an octal mode up to 7777";
}

/* "\"a,b\"": without the quotes around it. */
static char *unquoted(char *value)
{
    size_t length = strlen(value);

    if (length < 2 || value[0] != '"' || value[length - 1] != '"')
        return value;
    value[length - 1] = '\0';
    return value + 1;
}

/* One word, which is changed, and named where it is not all that was given. NULL, or what is wrong. */
static const char *take_word(struct mount_plan *plan, char *text, bool is_all)
{
    char *value = strchr(text, '=');
    const char *wrong = NULL;

    if (value) {
        *value++ = '\0';
        value = unquoted(value);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!is_word(&words[i], text))
            continue;
        if ((wrong = words[i].take(plan, &words[i], value)))
            snprintf(plan->wrong, sizeof plan->wrong, "%.60s%s%s", is_all ? "" : text, is_all ? "" : ": ", wrong);
        return wrong ? plan->wrong : NULL;
    }
    if (!mount_options_add(plan, text, value))
        return strerror(ENOMEM);
    return NULL;
}

/* Where a word ends: at a comma that is neither in double quotes nor after a backslash. */
static size_t word_length(const char *text)
{
    bool quoted = false;
    size_t i = 0;

    for (; text[i] && (quoted || text[i] != ','); i++) {
        if (text[i] == '"')
            quoted = !quoted;
        if (text[i] == '\\' && text[i + 1])
            i++;
    }
    return i;
}

const char *mount_options_take(struct mount_plan *plan, const char *list)
{
    char *copy = strdup(list), *at = copy;
    const char *wrong = NULL;

    if (!copy)
        return strerror(ENOMEM);
    while (!wrong && *at) {
        size_t length = word_length(at);
        bool last = at[length] == '\0';
        at[length] = '\0';
        if (length > 0)
            wrong = take_word(plan, at, last && at == copy);
        at += last ? length : length + 1;
    }
    free(copy);
    return wrong;
}
