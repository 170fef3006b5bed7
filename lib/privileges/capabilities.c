#include "privileges/capabilities.h"

#include <errno.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "privileges/steps.h"
#include "system/number.h"

enum { BITS = 64 };

uint64_t change_apply(uint64_t bits, struct change change)
{
    return (bits & ~change.off) | change.on;
}

/* --- the process ------------------------------------------------------------------------------------------------ */

static uint64_t whole(const struct __user_cap_data_struct data[2], size_t member)
{
    uint32_t low, high;

    memcpy(&low, (const char *)&data[0] + member, sizeof low);
    memcpy(&high, (const char *)&data[1] + member, sizeof high);
    return low | (uint64_t)high << 32;
}

static int look_at_sets(struct standing *standing)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    if (capget(&header, data) < 0)
        return -1;
    standing->permitted = whole(data, offsetof(struct __user_cap_data_struct, permitted));
    standing->effective = whole(data, offsetof(struct __user_cap_data_struct, effective));
    standing->inheritable = whole(data, offsetof(struct __user_cap_data_struct, inheritable));
    return 0;
}

/* The kernel has as many as there are before the first that is EINVAL. */
static int look_at_bounding(struct standing *standing)
{
    int has = 0;

    standing->bounding = standing->known = 0;
    for (int cap = 0; cap < BITS && (has = prctl(PR_CAPBSET_READ, cap)) >= 0; cap++) {
        standing->known |= CAPABILITY(cap);
        standing->bounding |= has ? CAPABILITY(cap) : 0;
    }
    return has < 0 && errno != EINVAL ? -1 : 0;
}

/* What is ambient is permitted and inheritable, too. */
static int look_at_ambient(struct standing *standing)
{
    uint64_t may_be = standing->permitted & standing->inheritable;

    standing->ambient = 0;
    for (int cap = 0; cap < BITS && may_be >> cap != 0; cap++) {
        int has = may_be & CAPABILITY(cap) ? prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) : 0;
        if (has < 0)
            return -1;
        standing->ambient |= has ? CAPABILITY(cap) : 0;
    }
    return 0;
}

int standing_look(struct standing *standing, struct failure *why)
{
    int securebits = prctl(PR_GET_SECUREBITS), no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

    if (securebits < 0 || no_new_privs < 0 || prctl(PR_GET_PDEATHSIG, &standing->death_signal) < 0
        || look_at_sets(standing) < 0 || look_at_bounding(standing) < 0 || look_at_ambient(standing) < 0)
        return fail(why, &step_look);
    standing->securebits = (unsigned)securebits;
    standing->no_new_privs = no_new_privs;
    getresuid(&standing->uid, &standing->euid, &standing->suid);
    getresgid(&standing->gid, &standing->egid, &standing->sgid);
    return 0;
}

bool standing_is_root(const struct standing *standing)
{
    return !(standing->securebits & SECBIT_NOROOT) && (standing->uid == 0 || standing->euid == 0);
}

void standing_after_exec(struct standing *standing)
{
    uint64_t root = standing_is_root(standing) ? standing->bounding | standing->inheritable : 0;

    standing->permitted = (root & standing->permitted) | standing->ambient;
    standing->effective = root != 0 && standing->euid == 0 ? standing->permitted : standing->ambient;
    standing->securebits &= ~(unsigned)SECBIT_KEEP_CAPS;
}

static struct __user_cap_data_struct half(uint64_t permitted, uint64_t effective, uint64_t inheritable, int shift)
{
    return (struct __user_cap_data_struct){
        .effective = (uint32_t)(effective >> shift),
        .permitted = (uint32_t)(permitted >> shift),
        .inheritable = (uint32_t)(inheritable >> shift),
    };
}

int capabilities_set(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {half(permitted, effective, inheritable, 0),
                                             half(permitted, effective, inheritable, 32)};

    return capset(&header, data);
}

static int fail_capability(struct failure *why, const struct step *step, int cap)
{
    int err = errno;
    char text[CAPABILITIES_TEXT];

    capabilities_write(CAPABILITY(cap), text);
    errno = err;
    return fail_about(why, step, "%s", text);
}

/* A securebit may forbid to raise what is raised already: so only what is not as it should be is changed. */
int capabilities_set_ambient(uint64_t wanted, uint64_t may_be, struct failure *why)
{
    for (int cap = 0; cap < BITS && (wanted | may_be) >> cap != 0; cap++) {
        if (!((wanted | may_be) & CAPABILITY(cap)))
            continue;
        bool want = wanted & CAPABILITY(cap);
        int is = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0);
        if (is < 0
            || (is != want && prctl(PR_CAP_AMBIENT, want ? PR_CAP_AMBIENT_RAISE : PR_CAP_AMBIENT_LOWER, cap, 0, 0) < 0))
            return fail_capability(why, &step_ambient, cap);
    }
    return 0;
}

int capabilities_drop_bounding(uint64_t unwanted, struct failure *why)
{
    for (int cap = 0; cap < BITS && unwanted >> cap != 0; cap++)
        if ((unwanted & CAPABILITY(cap)) && prctl(PR_CAPBSET_DROP, cap) < 0)
            return fail_capability(why, &step_bounding, cap);
    return 0;
}

/* --- names ------------------------------------------------------------------------------------------------------ */

/* A set of one capability that the kernel has, or of all. To libcap, each name begins with "cap_", and ends at a blank. */
static bool parse_capability(const char *text, size_t length, uint64_t *set)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    enum { PREFIX = 4 };

    char name[48] = "cap_", *word = name + PREFIX;
    uint64_t number;
    cap_value_t cap;

    if (length > PREFIX && strncasecmp(text, name, PREFIX) == 0) {
        text += PREFIX;
        length -= PREFIX;
    }
    if (length == 0 || length >= sizeof name - PREFIX || strspn(text, letters) < length)
        return false;
    memcpy(word, text, length);
    word[length] = '\0';
    *set = CAPABILITIES_ALL;
    if (strncasecmp(word, "all", sizeof "all") == 0)
        return true;
    if (number_parse(word, BITS - 1, &number))
        cap = (cap_value_t)number;
    else if (cap_from_name(name, &cap) < 0)
        return false;
    *set = CAPABILITY(cap);
    return prctl(PR_CAPBSET_READ, cap) >= 0 || errno != EINVAL;
}

/* The words of a list, between commas. False: one is not taken. */
typedef bool take_word(const char *word, size_t length, void *place);

static bool take_all(const char *text, take_word *take, void *place)
{
    for (;; text++) {
        size_t length = strcspn(text, ",");
        if (!take(text, length, place))
            return false;
        text += length;
        if (*text == '\0')
            return true;
    }
}

/* "+this" or "-that": the later word holds, since what is on is not off. */
static bool take_change(const char *word, size_t length, bool (*parse)(const char *text, size_t length, uint64_t *bits),
                        struct change *change)
{
    uint64_t bits;

    if ((*word != '+' && *word != '-') || !parse(word + 1, length - 1, &bits))
        return false;
    change->on = *word == '+' ? change->on | bits : change->on & ~bits;
    change->off |= *word == '-' ? bits : 0;
    return true;
}

static bool take_capability_change(const char *word, size_t length, void *change)
{
    return take_change(word, length, parse_capability, change);
}

bool capabilities_parse_change(const char *text, struct change *change)
{
    return take_all(text, take_capability_change, change);
}

static bool take_capability(const char *word, size_t length, void *place)
{
    uint64_t *set = place, one;
    bool taken = parse_capability(word, length, &one);

    *set |= taken ? one : 0;
    return taken;
}

bool capabilities_parse_list(const char *text, uint64_t *set)
{
    return take_all(text, take_capability, set);
}

/* "!" may stand with one of the others. "^" is inheritable, too, which the kernel asks for. */
static bool take_marked(const char *word, size_t length, void *place)
{
    struct iab *iab = place;
    size_t marks = strspn(word, "!^%");
    bool blocks = strcspn(word, "!") < marks, ambient = strcspn(word, "^") < marks;
    uint64_t one;

    if (marks > length || !parse_capability(word + marks, length - marks, &one))
        return false;
    iab->blocked |= blocks ? one : 0;
    iab->ambient |= ambient ? one : 0;
    iab->inheritable |= !blocks || marks > 1 ? one : 0;
    return true;
}

bool capabilities_parse_iab(const char *text, struct iab *iab)
{
    *iab = (struct iab){0};
    return *text == '\0' || take_all(text, take_marked, iab);
}

static void append(char text[CAPABILITIES_TEXT], const char *word)
{
    size_t used = strlen(text);

    snprintf(text + used, CAPABILITIES_TEXT - used, "%s%s", used > 0 ? "," : "", word);
}

char *capabilities_write(uint64_t set, char text[CAPABILITIES_TEXT])
{
    char number[16];

    *text = '\0';
    for (int cap = 0; cap < BITS; cap++) {
        if (!(set & CAPABILITY(cap)))
            continue;
        char *name = cap < cap_max_bits() ? cap_to_name(cap) : NULL;
        snprintf(number, sizeof number, "cap_%d", cap);
        append(text, name && strncmp(name, "cap_", 4) == 0 ? name + 4 : number);
        cap_free(name);
    }
    return text;
}

/* --- securebits ------------------------------------------------------------------------------------------------- */

/* keep_caps is no word for a change: an exec clears it. */
static const struct {
    const char *name;
    unsigned bit;
} securebits[] = {
    {"noroot", SECBIT_NOROOT},
    {"noroot_locked", SECBIT_NOROOT_LOCKED},
    {"no_setuid_fixup", SECBIT_NO_SETUID_FIXUP},
    {"no_setuid_fixup_locked", SECBIT_NO_SETUID_FIXUP_LOCKED},
    {"keep_caps_locked", SECBIT_KEEP_CAPS_LOCKED},
    {"no_cap_ambient_raise", SECBIT_NO_CAP_AMBIENT_RAISE},
    {"no_cap_ambient_raise_locked", SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED},
};
enum { SECUREBITS = sizeof securebits / sizeof *securebits };

static bool parse_securebit(const char *text, size_t length, uint64_t *bits)
{
    for (size_t i = 0; i < SECUREBITS; i++)
        if (strlen(securebits[i].name) == length && strncmp(securebits[i].name, text, length) == 0) {
            *bits = securebits[i].bit;
            return true;
        }
    *bits = UINT32_MAX;
    return length == strlen("all") && strncmp(text, "all", length) == 0;
}

static bool take_securebit_change(const char *word, size_t length, void *change)
{
    return take_change(word, length, parse_securebit, change);
}

/* All of them at once are never wanted, but for none. */
bool securebits_parse_change(const char *text, struct change *change)
{
    return take_all(text, take_securebit_change, change) && change->on != UINT32_MAX;
}

char *securebits_write(unsigned bits, char text[CAPABILITIES_TEXT])
{
    *text = '\0';
    for (size_t i = 0; i < SECUREBITS; i++)
        if (bits & securebits[i].bit)
            append(text, securebits[i].name);
    return text;
}
