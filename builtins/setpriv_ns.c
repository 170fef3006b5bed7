#include "shared/engine.h"
#include "setpriv_ns.h"
#include "help/setpriv_ns.h"

#include <grp.h>
#include <limits.h>
#include <paths.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "privileges/privileges.h"
#include "setpriv_ns_facts.h"
#include "shared/command.h"
#include "system/number.h"

enum groups { GROUPS_UNSAID, GROUPS_KEEP, GROUPS_CLEAR, GROUPS_INIT, GROUPS_THESE };

/* What the options say, before it becomes a plan. */
struct request {
    bool asks; /* to be shown something: */
    int dump;  /* how often it was said */
    const char *array;
    bool print;
    enum facts_list list;
    const char *listed_kind;
    enum groups groups;
    bool groups_twice; /* said in more than one way */
    bool iab, sets;    /* the three sets at once, or one of them */
    bool reset_env;
    int options;
    int operand; /* index of COMMAND in the builtin's words */
    struct privileges plan;
};

/* For the plan; large. One more tells that there are too many. */
static gid_t groups[NGROUPS_MAX + 1];

/* --- options ---------------------------------------------------------------------------------------------------- */

/* NULL, or what was expected. */
static const char *take_uid(struct request *request, int id, const char *text)
{
    struct privileges *plan = &request->plan;
    unsigned uid;

    if (!engine_parse_user(text, &uid))
        return EXPECTED_USER;
    if (id != OPT_EUID) {
        plan->set_uid = true;
        plan->uid = uid;
    }
    if (id != OPT_RUID) {
        plan->set_euid = true;
        plan->euid = uid;
    }
    return NULL;
}

/* NULL, or what was expected. */
static const char *take_gid(struct request *request, int id, const char *text)
{
    struct privileges *plan = &request->plan;
    unsigned gid;

    if (!engine_parse_group(text, &gid))
        return EXPECTED_GROUP;
    if (id != OPT_EGID) {
        plan->set_gid = true;
        plan->gid = gid;
    }
    if (id != OPT_RGID) {
        plan->set_egid = true;
        plan->egid = gid;
    }
    return NULL;
}

/* NULL, or what was expected. */
static const char *take_groups(struct request *request, enum groups how)
{
    request->groups_twice |= request->groups != GROUPS_UNSAID && request->groups != how;
    request->groups = how;
    request->plan.set_groups = how != GROUPS_KEEP;
    request->plan.groups = groups;
    return NULL;
}

/* "5,adm"; NULL, or what was expected. */
static const char *take_group_list(struct request *request, const char *text)
{
    struct privileges *plan = &request->plan;
    char name[LOGIN_NAME_MAX + 1];

    take_groups(request, GROUPS_THESE);
    for (plan->group_count = 0;; text++) {
        size_t length = strcspn(text, ",");
        if (length == 0 || length >= sizeof name)
            return "expected group names or GIDs, with commas between them";
        memcpy(name, text, length);
        name[length] = '\0';
        if (plan->group_count == NGROUPS_MAX)
            return "expected no more groups than a process can have";
        if (!engine_parse_group(name, &groups[plan->group_count++]))
            return EXPECTED_GROUP;
        text += length;
        if (*text == '\0')
            return NULL;
    }
}

/* NULL, or what was expected. */
static const char *take_death_signal(struct privileges *plan, const char *text)
{
    plan->death_signal = strcmp(text, "keep") == 0    ? DEATH_SIGNAL_KEPT
                         : strcmp(text, "clear") == 0 ? 0
                                                      : shell_signal(text);
    return plan->death_signal < 0 && strcmp(text, "keep") != 0
               ? "expected keep, clear, or the name or number of a signal"
               : NULL;
}

/* NULL, or what was expected. */
static const char *take_ptracer(struct privileges *plan, const char *text)
{
    uint64_t pid = 0;

    plan->set_ptracer = true;
    if (strcmp(text, "any") != 0 && strcmp(text, "none") != 0 && (!number_parse(text, INT_MAX, &pid) || pid == 0))
        return "expected a PID, any or none";
    plan->ptracer = strcmp(text, "any") == 0 ? PR_SET_PTRACER_ANY : (unsigned long)pid;
    return NULL;
}

/* NULL, or what was expected. */
static const char *take_set(struct request *request, struct change *set, const char *text)
{
    request->sets = true;
    return capabilities_parse_change(text, set)
               ? NULL
               : "expected capabilities, with + or - before each: --list-caps tells them";
}

/* NULL, or what was expected. */
static const char *take_iab(struct request *request, const char *text)
{
    struct privileges *plan = &request->plan;
    struct iab iab;

    request->iab = true;
    if (!capabilities_parse_iab(text, &iab))
        return "expected capabilities, with !, ^ or % before each, or none: --list-caps tells them";
    plan->inheritable = (struct change){.on = iab.inheritable, .off = CAPABILITIES_ALL};
    plan->ambient = (struct change){.on = iab.ambient, .off = CAPABILITIES_ALL};
    plan->bounding = (struct change){.off = iab.blocked};
    return NULL;
}

/* NULL, or what was expected. */
static const char *take_filter(struct privileges *plan, const char *name)
{
    if (*name == '\0')
        return "expected a file, or the number of an open descriptor";
    if (plan->filters == FILTERS_MAX)
        return "this option can be given 16 times at most";
    plan->filter[plan->filters++] = name;
    return NULL;
}

/* NULL, or what was expected. */
static const char *take_capability_option(struct request *request, int id, const char *argument)
{
    struct privileges *plan = &request->plan;

    switch (id) {
    case OPT_BOUNDING_SET:
        return take_set(request, &plan->bounding, argument);
    case OPT_INH_CAPS:
        return take_set(request, &plan->inheritable, argument);
    case OPT_AMBIENT_CAPS:
        return take_set(request, &plan->ambient, argument);
    case OPT_IAB:
        return take_iab(request, argument);
    case OPT_DROP_CAPS:
        return capabilities_parse_list(argument, &plan->drop) ? NULL : "expected capabilities: --list-caps tells them";
    case OPT_KEEP_CAPS:
        plan->keep_caps = true;
        return NULL;
    case OPT_SECUREBITS:
        return securebits_parse_change(argument, &plan->securebits)
                   ? NULL
                   : "expected securebits, with + or - before each, or -all";
    default: /* OPT_NO_NEW_PRIVS */
        plan->no_new_privs = true;
        return NULL;
    }
}

/* NULL, or what was expected. */
static const char *take_id_option(struct request *request, int id, const char *argument)
{
    switch (id) {
    case OPT_CLEAR_GROUPS:
        return take_groups(request, GROUPS_CLEAR);
    case OPT_KEEP_GROUPS:
        return take_groups(request, GROUPS_KEEP);
    case OPT_INIT_GROUPS:
        return take_groups(request, GROUPS_INIT);
    case OPT_GROUPS:
        return take_group_list(request, argument);
    default:
        return id <= OPT_REUID ? take_uid(request, id, argument) : take_gid(request, id, argument);
    }
}

/* NULL, or what was expected. */
static const char *take_other_option(struct request *request, int id, const char *argument)
{
    struct privileges *plan = &request->plan;

    switch (id) {
    case OPT_PDEATHSIG:
        return take_death_signal(plan, argument);
    case OPT_PTRACER:
        return take_ptracer(plan, argument);
    case OPT_SELINUX_LABEL:
        plan->selinux_label = argument;
        return *argument ? NULL : "expected a label";
    case OPT_APPARMOR_PROFILE:
        plan->apparmor_profile = argument;
        return *argument ? NULL : "expected a profile";
    case OPT_LANDLOCK_ACCESS:
        return landlock_take_access(&plan->landlock, argument);
    case OPT_LANDLOCK_RULE:
        return landlock_take_rule(&plan->landlock, argument);
    case OPT_SECCOMP_FILTER:
        return take_filter(plan, argument);
    case OPT_RESET_ENV:
        request->reset_env = true;
        return NULL;
    default: /* OPT_FORCE */
        plan->force = true;
        return NULL;
    }
}

/* NULL, or what was expected. */
static const char *take_question(struct request *request, int id, const char *argument)
{
    static const struct {
        int id;
        enum facts_list list;
    } lists[] = {
        {OPT_LIST_CAPS, LIST_CAPABILITIES},
        {OPT_LANDLOCK_SUPPORT, LIST_LANDLOCK},
        {OPT_LIST_LANDLOCK_ACCESS, LIST_LANDLOCK_ACCESS},
        {OPT_LIST_LANDLOCK_RIGHTS, LIST_LANDLOCK_RIGHTS},
    };

    request->asks = true;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (lists[i].id == id)
            request->list = lists[i].list;
    if (id == OPT_LIST_LANDLOCK_RIGHTS) {
        request->listed_kind = argument;
        return landlock_kind_of(argument) < 0 ? "expected fs, net or scope" : NULL;
    }
    request->dump += id == 'd';
    request->print |= id == 'p';
    if (id == 'A')
        request->array = argument;
    return id == 'A' && !legal_identifier(argument) ? "expected the name of a variable" : NULL;
}

/* Takes one option. NULL, or what was expected as its argument. */
static const char *take_option(void *place, int id, const char *argument)
{
    struct request *request = place;

    switch (id) {
    case 'd':
    case 'A':
    case 'p':
    case OPT_LIST_CAPS:
    case OPT_LANDLOCK_SUPPORT:
    case OPT_LIST_LANDLOCK_ACCESS:
    case OPT_LIST_LANDLOCK_RIGHTS:
        return take_question(request, id, argument);
    }
    request->options++;
    if (id <= OPT_NO_NEW_PRIVS)
        return take_capability_option(request, id, argument);
    return id <= OPT_GROUPS ? take_id_option(request, id, argument) : take_other_option(request, id, argument);
}

/* --- what they come to ------------------------------------------------------------------------------------------ */

/* NULL, or the sentence about the options that make no sense together. */
static const char *contradiction(const struct request *request, bool has_command)
{
    const struct privileges *plan = &request->plan;

    if (request->asks && (request->options > 0 || has_command))
        return "what is shown goes with no other option, and with no COMMAND";
    if (request->asks)
        return request->array && request->print ? "--array and --print exclude each other" : NULL;
    if (request->options == 0 && !has_command)
        return "no privilege is named";
    if (request->groups_twice)
        return "--clear-groups, --keep-groups, --init-groups and --groups exclude each other";
    if ((plan->set_gid || plan->set_egid) && request->groups == GROUPS_UNSAID)
        return "with --rgid, --egid or --regid, say --clear-groups, --keep-groups, --init-groups or --groups";
    if (request->groups == GROUPS_INIT && !plan->set_uid)
        return "--init-groups needs --ruid or --reuid";
    if (request->iab && request->sets)
        return "--iab stands for --bounding-set, --inh-caps and --ambient-caps: it goes with none of them";
    return landlock_contradiction(&plan->landlock);
}

/* --init-groups: those of the new user, looked up here, where its names are. */
static int look_up_groups(struct privileges *plan)
{
    const struct passwd *user = getpwuid(plan->uid);
    int count = NGROUPS_MAX;

    if (!user) {
        builtin_error("--init-groups: user %u has no entry in the system's list of users", plan->uid);
        return EXECUTION_FAILURE;
    }
    if (getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0) {
        builtin_error("--init-groups: user %u is in more groups than a process can have", plan->uid);
        return EXECUTION_FAILURE;
    }
    plan->group_count = (size_t)count;
    return EXECUTION_SUCCESS;
}

/* EXECUTION_SUCCESS where the request can be carried out; else all has been said. */
static int parse(void *place, WORD_LIST *list)
{
    struct request *request = place;
    const char *wrong;

    memset(request, 0, sizeof *request);
    privileges_init(&request->plan);
    int status = engine_options(&table, list, take_option, request, &request->operand);
    if (status != EXECUTION_SUCCESS)
        return status;
    bool has_command = engine_operands(list, request->operand);
    if ((wrong = contradiction(request, has_command)))
        return engine_wrong_usage(wrong);
    request->plan.runs_only = has_command;
    return request->groups == GROUPS_INIT ? look_up_groups(&request->plan) : EXECUTION_SUCCESS;
}

/* --- the environment -------------------------------------------------------------------------------------------- */

/* The strings of --reset-env, each with its NUL. */
struct environment {
    char text[4 * PATH_MAX];
    size_t used;
};

static void put(struct environment *environment, const char *name, const char *value)
{
    size_t room = sizeof environment->text - environment->used;
    int length = snprintf(environment->text + environment->used, room, "%s=%s", name, value);

    if ((size_t)length < room)
        environment->used += (size_t)length + 1;
}

/* As for a login: of the user that the shell becomes, or is. A user without an entry is called by the number. */
static void make_environment(const struct privileges *plan, struct environment *environment)
{
    static const char admin_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static const char path[] = "/usr/local/bin:/usr/bin:/bin";
    uid_t uid = plan->set_uid ? plan->uid : getuid();
    const struct passwd *user = getpwuid(uid);
    const char *term = get_string_value("TERM");
    char number[16];

    snprintf(number, sizeof number, "%u", uid);
    environment->used = 0;
    if (term)
        put(environment, "TERM", term);
    put(environment, "HOME", user ? user->pw_dir : "/");
    put(environment, "SHELL", user && *user->pw_shell ? user->pw_shell : _PATH_BSHELL);
    put(environment, "USER", user ? user->pw_name : number);
    put(environment, "LOGNAME", user ? user->pw_name : number);
    put(environment, "PATH", uid == 0 ? admin_path : path);
}

/* EXECUTION_SUCCESS where each of them can be set; else it has been said which one cannot. */
static int check_environment(void)
{
    static const char *const names[] = {"HOME", "SHELL", "USER", "LOGNAME", "PATH"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!shell_can_set(names[i])) {
            builtin_error("--reset-env: the variable %s is readonly, or no plain string", names[i]);
            return EXECUTION_FAILURE;
        }
    return EXECUTION_SUCCESS;
}

/* --- the builtin ------------------------------------------------------------------------------------------------ */

/* Between the looks of bash at itself that go around a landing, since what changes is the same. */
static int carry_out_plan(const struct privileges *privileges)
{
    static struct plan plan; /* large */
    struct shell_view view;
    struct failure why;

    plan_init(&plan);
    plan.set_uid = privileges_change_ids(privileges);
    if (shell_before_landing(&view, &plan, &why) < 0)
        return engine_failed(NULL, &why);
    int status = privileges_carry_out(privileges, &why);
    shell_after_landing(&view, status < 0 ? NULL : &plan);
    return status < 0 ? engine_failed(NULL, &why) : EXECUTION_SUCCESS;
}

static int answer(const struct request *request)
{
    if (request->list != LIST_NOTHING)
        return facts_list(request->list, request->listed_kind);
    return request->array   ? facts_store_privileges(request->array)
           : request->print ? facts_print_command()
                            : facts_print_privileges(request->dump);
}

static int carry_out(void *place)
{
    static struct environment environment; /* large */
    const struct request *request = place;

    if (request->asks)
        return sh_chkwrite(answer(request));
    if (request->reset_env) {
        if (check_environment() != EXECUTION_SUCCESS)
            return EXECUTION_FAILURE;
        make_environment(&request->plan, &environment);
    }
    int status = carry_out_plan(&request->plan);
    if (status == EXECUTION_SUCCESS && request->reset_env)
        shell_replace_environment(environment.text, environment.used);
    return status;
}

static int setpriv_ns_builtin(WORD_LIST *list)
{
    static struct request request; /* large */
    static const struct errand errand = {
        .name = "setpriv_ns",
        .request = &request,
        .size = sizeof request,
        .parse = parse,
        .operand = &request.operand,
        .check = &request.asks,
        .carry_out = carry_out,
    };

    return command_run_errand(&errand, list);
}

BUILTIN(setpriv_ns);
