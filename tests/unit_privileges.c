#include <inttypes.h>
#include <linux/securebits.h>
#include <sys/capability.h>

#include "privileges/capabilities.h"
#include "privileges/landlock.h"
#include "tap.h"

enum { KILL = CAPABILITY(CAP_KILL), CHOWN = CAPABILITY(CAP_CHOWN), RAW = CAPABILITY(CAP_NET_RAW) };

static void check_change(const char *text, uint64_t before, uint64_t after)
{
    struct change change = {0, 0};
    char claim[96];

    snprintf(claim, sizeof claim, "\"%s\" makes %" PRIx64 " %" PRIx64, text, before, after);
    check(capabilities_parse_change(text, &change) && change_apply(before, change) == after, claim);
}

static void check_no_change(const char *text)
{
    struct change change = {0, 0};
    char claim[96];

    snprintf(claim, sizeof claim, "\"%s\" is no change of a set", text);
    check(!capabilities_parse_change(text, &change), claim);
}

static void test_changes(void)
{
    check_change("+kill", 0, KILL);
    check_change("-kill", KILL | CHOWN, CHOWN);
    check_change("+CAP_KILL,+0", 0, KILL | CHOWN);
    check_change("+cap_13", 0, RAW);
    check_change("-all,+kill", RAW | CHOWN, KILL);
    check_change("+kill,-all", RAW, 0);
    check_change("-kill,+kill", 0, KILL);
    check_change("+all", 0, CAPABILITIES_ALL);
    const char *const wrong[] = {"",
                                 "kill",
                                 "+",
                                 "-",
                                 "+kill,",
                                 ",+kill",
                                 "+kill,,-kill",
                                 "+kill chown",
                                 "+nosuch",
                                 "xkill",
                                 "+63",
                                 "+64",
                                 "+cap_",
                                 "++kill+",
                                 "+-kill",
                                 "+kill,chown",
                                 "+a_name_that_is_much_longer_than_any_capability_could_have"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check_no_change(wrong[i]);
}

static void test_lists(void)
{
    uint64_t set = 0;
    struct iab iab;

    check(capabilities_parse_list("kill,CAP_CHOWN,13", &set) && set == (KILL | CHOWN | RAW), "a list of capabilities");
    check(capabilities_parse_list("all,kill", &set) && set == CAPABILITIES_ALL, "and all");
    check(!capabilities_parse_list("", &set) && !capabilities_parse_list("kill,", &set), "no empty ones");
    check(capabilities_parse_iab("!kill,^chown,net_raw", &iab) && iab.blocked == KILL && iab.ambient == CHOWN
              && iab.inheritable == (CHOWN | RAW),
          "blocked, ambient and inheritable ones");
    check(capabilities_parse_iab("!^kill,!%chown,%net_raw", &iab) && iab.blocked == (KILL | CHOWN)
              && iab.ambient == KILL && iab.inheritable == (KILL | CHOWN | RAW),
          "two marks on one");
    check(capabilities_parse_iab("", &iab) && iab.inheritable == 0 && iab.blocked == 0, "none at all");
    check(!capabilities_parse_iab("!", &iab) && !capabilities_parse_iab("^nosuch", &iab)
              && !capabilities_parse_iab("kill,", &iab),
          "marks without a name are wrong");
}

static void test_securebits(void)
{
    struct change change = {0, 0};
    char text[CAPABILITIES_TEXT];

    check(securebits_parse_change("+noroot,-noroot_locked", &change) && change.on == SECBIT_NOROOT
              && change.off == SECBIT_NOROOT_LOCKED,
          "securebits");
    check(!securebits_parse_change("+keep_caps", &change) && !securebits_parse_change("+all", &change)
              && !securebits_parse_change("noroot", &change),
          "keep_caps and all of them are not for setting");
    change = (struct change){0, 0};
    check(securebits_parse_change("-all,+noroot", &change) && change_apply(SECBIT_KEEP_CAPS, change) == SECBIT_NOROOT,
          "-all is");
    check_text(securebits_write(SECBIT_NOROOT | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED, text),
               "noroot,no_cap_ambient_raise_locked", "their names");
    check_text(capabilities_write(KILL | CHOWN | CAPABILITY(63), text), "chown,kill,cap_63", "a set's names");
    check_text(capabilities_write(0, text), "", "an empty set has none");
}

static void check_exec(struct standing before, uint64_t permitted, uint64_t effective, const char *claim)
{
    standing_after_exec(&before);
    check(before.permitted == permitted && before.effective == effective && !(before.securebits & SECBIT_KEEP_CAPS),
          claim);
}

/* capabilities(7), "Transformation of capabilities during execve()" */
static void test_exec(void)
{
    check_exec((struct standing){.permitted = KILL | CHOWN, .effective = KILL, .bounding = KILL, .inheritable = CHOWN},
               KILL | CHOWN, KILL | CHOWN, "user 0 has what is in the bounding and inheritable set");
    check_exec((struct standing){.permitted = KILL, .effective = KILL, .bounding = KILL | RAW}, KILL, KILL,
               "but only what the process has: the exec alone gives more");
    check_exec((struct standing){.permitted = KILL, .effective = KILL, .bounding = KILL, .uid = 5, .euid = 5}, 0, 0,
               "another user has none");
    check_exec((struct standing){.permitted = KILL | RAW, .ambient = RAW, .bounding = KILL | RAW, .uid = 5, .euid = 5},
               RAW, RAW, "but the ambient ones");
    check_exec((struct standing){.permitted = KILL | RAW, .ambient = RAW, .bounding = KILL, .euid = 5}, KILL | RAW, RAW,
               "real user 0 alone has them permitted, and the ambient ones effective");
    check_exec((struct standing){.permitted = KILL, .effective = KILL, .bounding = KILL, .uid = 5}, KILL, KILL,
               "effective user 0 alone has them in effect");
    check_exec(
        (struct standing){
            .permitted = KILL | RAW, .ambient = RAW, .bounding = KILL, .securebits = SECBIT_NOROOT | SECBIT_KEEP_CAPS},
        RAW, RAW, "with noroot, user 0 is like others");
}

static void test_landlock(void)
{
    static struct landlock landlock;

    check(!landlock_wanted(&landlock), "nothing is restricted");
    check(!landlock_take_access(&landlock, "fs:read-file,execute") && landlock.named[LANDLOCK_FS] == 5
              && landlock_wanted(&landlock),
          "rights by their names");
    check(!landlock_take_access(&landlock, "net") && !landlock_take_access(&landlock, "scope:")
              && landlock.all[LANDLOCK_NET] && landlock.all[LANDLOCK_SCOPE] && !landlock.all[LANDLOCK_FS],
          "all rights of a kind");
    check(!landlock_take_access(&landlock, "scope:signal") && landlock.all[LANDLOCK_SCOPE], "with one, still all");
    const char *const wrong[] = {
        "", "f", "files", "fs:fly", "fs:,", "fs:execute,", "fs:execute:", "fs:execute:read-file", "fs:exec"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check(landlock_take_access(&landlock, wrong[i]), wrong[i]);
    check(!landlock_take_rule(&landlock, "path-beneath:read-file:/a:b") && landlock.rule[0].rights == 4
              && strcmp(landlock.rule[0].what, "/a:b") == 0,
          "a path may have a colon in it");
    check(!landlock_take_rule(&landlock, "net-port::80") && landlock.rule[1].port == 80 && landlock.rule[1].rights == 0,
          "a port, with all rights");
    const char *const no_rules[] = {"",
                                    "path-beneath",
                                    "path-beneath:/usr",
                                    "path-beneath::",
                                    "net-port::65536",
                                    "scope:signal:1",
                                    "path-beneath:bind-tcp:/",
                                    "fs:read-file:/"};
    for (size_t i = 0; i < sizeof no_rules / sizeof *no_rules; i++)
        check(landlock_take_rule(&landlock, no_rules[i]), no_rules[i]);
    check(!landlock_contradiction(&landlock), "each rule allows something that is restricted");
    landlock.all[LANDLOCK_NET] = false;
    check(landlock_contradiction(&landlock), "or is refused");
    check_text(landlock_right_name(LANDLOCK_FS, 1, 12), "make-sym", "a right by its number");
    check(!landlock_right_name(LANDLOCK_FS, 1, 13) && landlock_right_name(LANDLOCK_FS, 2, 13)
              && !landlock_right_name(LANDLOCK_NET, 3, 0) && landlock_kind_of("net") == LANDLOCK_NET
              && landlock_kind_of("ne") < 0,
          "what each version has");
}

int main(void)
{
    test_changes();
    test_lists();
    test_securebits();
    test_exec();
    test_landlock();
    return done();
}
