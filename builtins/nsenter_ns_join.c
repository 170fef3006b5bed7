#include "nsenter_ns_join.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "mounts/network.h"
#include "system/cgroup.h"
#include "shared/engine.h"
#include "system/descriptors.h"
#include "system/number.h"
#include "system/proc.h"
#include "system/selinux.h"

bool join_parse_id(const char *text, uint64_t *id)
{
    return *text == ':' && number_parse(text + 1, UINT64_MAX, id);
}

static bool cannot_open(const char *what)
{
    builtin_error("%s: %s", what, engine_reason());
    return false;
}

/* "-Uu" is the file u of -U, where unshare(1) takes two letters. */
static bool looks_like_letters(const char *name)
{
    while (*name && (nstype_of_letter(*name) || strchr("arw", *name)))
        name++;
    return *name == '\0';
}

/* A file or directory, of which the name may have come to be one by mistake. */
static bool cannot_open_word(const char *name)
{
    if (errno != ENOENT || !looks_like_letters(name))
        return cannot_open(name);
    builtin_error(
        "%s: %s; the rest of a letter's word is the name of a file: give each letter a word of its own (-U -u)", name,
        strerror(errno));
    return false;
}

/* "TARGET: its WHAT: reason" */
static bool cannot_have(const struct join_request *request, const char *what)
{
    builtin_error("%s: its %s: %s", request->target.text, what, engine_reason());
    return false;
}

/* nsenter(1) would go on where it is; but who asks for all may have named another process than he meant. */
static bool joins_none(const struct join_request *request, int differs)
{
    return request->all && differs == 0 && request->types == 0 && request->socket < 0 && !request->user_parent
           && !*request->netns;
}

static bool open_target(const struct join_request *request, struct plan *plan)
{
    int differs = 0;

    if (!request->target.text)
        return true;
    if (target_find(&request->target, &plan->target) != EXECUTION_SUCCESS)
        return false;
    if (request->all && (differs = target_differs(&plan->target)) < 0)
        return cannot_have(request, "namespaces");
    if (joins_none(request, differs)) {
        builtin_error("%s: it is in the same namespaces as this shell, so --all has none to join",
                      request->target.text);
        return false;
    }
    plan->join |= differs;
    return true;
}

static int open_named(const char *name, const struct nstype *type, bool *may_be_pidfd)
{
    uint64_t id;
    int fd;

    if (join_parse_id(name, &id))
        return nsref_open_id(id, type);
    bool is_number = isdigit((unsigned char)*name) && target_parse_fd(name, &fd); /* "+3" is a file */
    *may_be_pidfd |= is_number || strstr(name, "/fd/");
    return is_number ? nsref_open_fd(fd) : nsref_open(name);
}

/* True: it has been said which file is no namespace of its type. */
static bool is_refused(const struct plan *plan)
{
    struct failure why;

    if (!plan_has_wrong_file(plan, &why))
        return false;
    engine_failed(plan, &why);
    return true;
}

static bool open_files(const struct join_request *request, struct plan *plan)
{
    bool may_be_pidfd = false;

    for (size_t i = 0; i < NS_TYPES; i++) {
        if (!request->files[i])
            continue;
        plan->names[i] = request->files[i];
        plan->files[i] = open_named(request->files[i], &nstypes[i], &may_be_pidfd);
        if (plan->files[i] >= 0)
            continue;
        if (errno != ESTALE)
            return cannot_open_word(request->files[i]);
        builtin_error("%s: no such %s namespace, or a kernel that opens none by its number (Linux 6.19)",
                      request->files[i], nstypes[i].title);
        return false;
    }
    return !may_be_pidfd || !is_refused(plan); /* which setns(2) would take */
}

/* A target that has made a PID or time namespace for its children: it is that one that is meant. */
static bool open_children(const struct join_request *request, struct plan *plan)
{
    for (size_t i = 0; i < NS_TYPES; i++) {
        if (!(plan->join & nstypes[i].flag) || plan->files[i] >= 0 || !nstypes[i].children)
            continue;
        plan->files[i] = target_children(&plan->target, &nstypes[i]);
        if (plan->files[i] < 0 && errno != ENOENT)
            return cannot_have(request, nstypes[i].children);
    }
    return true;
}

static bool open_socket(const struct join_request *request, struct plan *plan)
{
    const struct nstype *net = nstype_of_flag(CLONE_NEWNET);

    if (request->socket < 0)
        return true;
    plan->join |= CLONE_NEWNET;
    plan->files[net - nstypes] = target_socket_namespace(&plan->target, request->socket);
    return plan->files[net - nstypes] >= 0 || cannot_have(request, "socket's network namespace");
}

/*
 * As ip(8) does it: what it mounts is in a mount namespace of its own, a copy of the shell's. What is elsewhere, as in a
 * container, is not looked through for what there is to mount.
 */
static bool show_netns(struct join_request *request, struct plan *plan)
{
    plan->create = CLONE_NEWNS;
    plan->propagation = MS_REC | MS_SLAVE;
    plan->inside = network_show;
    plan->inside_what = request->netns;
    if (!(plan->join & CLONE_NEWNS) && !request->root)
        return true;
    builtin_error("--netns mounts in this root and mount namespace, and another is to be entered: say --net=%s",
                  request->netns);
    return false;
}

static bool open_netns(struct join_request *request, struct plan *plan)
{
    const size_t net = (size_t)(nstype_of_flag(CLONE_NEWNET) - nstypes);

    if (!*request->netns)
        return true;
    plan->join |= CLONE_NEWNET;
    if ((request->netns_mounts || !request->visit) && !show_netns(request, plan))
        return false;
    plan->names[net] = request->netns;
    plan->files[net] = nsref_open(request->netns);
    return plan->files[net] >= 0 || cannot_open(request->netns);
}

static void stay_in_user_namespace(struct plan *plan)
{
    if (plan->files[0] >= 0)
        close(plan->files[0]);
    plan->files[0] = -1;
    plan->names[0] = NULL;
    plan->join &= ~CLONE_NEWUSER;
}

/* As nsenter(1) does: the parent of what --user names, else of the target's, else the owner of what else is named. */
static bool open_user_parent(const struct join_request *request, struct plan *plan)
{
    int child = plan->files[0];

    if (!request->user_parent)
        return true;
    if (is_refused(plan))
        return false;
    if (child < 0 && request->target.text)
        child = target_namespace(&plan->target, nstype_of_flag(CLONE_NEWUSER));
    for (size_t i = 1; child < 0 && !request->target.text && i < NS_TYPES; i++)
        child = plan->files[i] < 0 ? -1 : fcntl(plan->files[i], F_DUPFD_CLOEXEC, 0);
    if (child < 0 && request->target.text)
        return cannot_have(request, "user namespace");
    plan->files[0] = child < 0 ? -1 : nsref_owner(child);
    descriptor_close(child);
    if (plan->files[0] < 0) {
        builtin_error("cannot open the parent user namespace: %s", strerror(errno));
        return false;
    }
    plan->join |= CLONE_NEWUSER;
    if (request->all && nsref_is_own(plan->files[0], nstype_of_flag(CLONE_NEWUSER)))
        stay_in_user_namespace(plan);
    return true;
}

/* A directory of the user's is one outside, so it is opened before anything is joined. */
static bool open_directory(const struct join_request *request, const struct plan *plan, const char *path,
                           const char *of_target, int *fd)
{
    *fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : target_directory(&plan->target, of_target);
    if (*fd >= 0)
        return true;
    return path ? cannot_open_word(path) : cannot_have(request, of_target);
}

static bool open_directories(const struct join_request *request, struct plan *plan)
{
    return (!request->root || open_directory(request, plan, request->root_path, "root", &plan->root_fd))
           && (!request->wd || open_directory(request, plan, request->wd_path, "cwd", &plan->wd_fd));
}

static bool open_cgroups(const struct join_request *request, struct plan *plan)
{
    if (!request->cgroup)
        return true;
    int proc = target_proc(&plan->target), self = proc_open(0);
    plan->cgroup_fd = proc < 0 ? -1 : cgroup_open(proc);
    if (plan->cgroup_fd < 0)
        cannot_have(request, "cgroup");
    else if ((plan->own_cgroup_fd = self < 0 ? -1 : cgroup_open(self)) < 0)
        cannot_open("the shell's own cgroup"); /* without a way back, there is no way in */
    if (proc >= 0)
        close(proc);
    if (self >= 0)
        close(self);
    return plan->own_cgroup_fd >= 0;
}

/* nsenter(1): without SELinux, there is nothing to follow. */
static bool read_context(const struct join_request *request, struct plan *plan)
{
    if (!request->context || !selinux_is_in_force())
        return true;
    int proc = target_proc(&plan->target);
    bool read = proc >= 0 && proc_read(proc, "attr/current", plan->exec_context, sizeof plan->exec_context) > 0;
    if (!read)
        cannot_have(request, "SELinux context");
    if (proc >= 0)
        close(proc);
    return read;
}

/* nsenter(1): in a user namespace one is its root, without groups; -G drops the supplementary groups. */
static bool choose_credentials(const struct join_request *request, struct plan *plan)
{
    bool becomes_root = (plan->join & CLONE_NEWUSER) && !request->preserve;

    plan->set_uid = becomes_root || request->user.said;
    plan->set_gid = plan->set_groups = becomes_root || request->group.said;
    plan->credentials = (struct credentials){request->user.id, request->group.id};
    plan->follow_uid = request->user.follows;
    plan->follow_gid = request->group.follows;
    plan->keep_caps = request->keep_caps && (plan->join & CLONE_NEWUSER);
    if (!plan->follow_uid && !plan->follow_gid)
        return true;
    plan->follow_fd = target_proc(&plan->target);
    return plan->follow_fd >= 0 || cannot_have(request, "user and group");
}

/* The shell's own user namespace may be named, and is no other place; but no process comes back from another. */
static bool can_visit(const struct join_request *request, struct plan *plan)
{
    const int no_way_back = CLONE_NEWUSER | CLONE_NEWPID;

    if (!request->visit)
        return true;
    if (plan->files[0] >= 0 ? nsref_is_own(plan->files[0], &nstypes[0])
                            : (plan->join & CLONE_NEWUSER) && !(target_differs(&plan->target) & CLONE_NEWUSER))
        stay_in_user_namespace(plan);
    if (plan->join & no_way_back) {
        char titles[32];
        builtin_error("--visit: no process comes back from another %s namespace; without --visit, a subshell enters",
                      ns_titles(plan->join & no_way_back, titles, sizeof titles));
        return false;
    }
    plan->visit = shell_visit_home();
    return true;
}

/* Opens all that the request names. False: it has been said what cannot be opened, and the plan is freed. */
static bool resolve(struct join_request *request, struct plan *plan)
{
    plan_init(plan);
    plan->join = request->types;
    plan->wd = request->wd_name;
    plan->no_fork = request->no_fork;
    plan->check = request->check;
    if (open_target(request, plan) && open_files(request, plan) && open_children(request, plan)
        && open_socket(request, plan) && open_netns(request, plan) && open_user_parent(request, plan)
        && open_directories(request, plan) && open_cgroups(request, plan) && read_context(request, plan)
        && can_visit(request, plan) && choose_credentials(request, plan))
        return true;
    plan_free(plan);
    return false;
}

/* What --env brings: read outside, exported inside. */
struct environment {
    char *strings; /* owned; NULL: none */
    size_t size;
};

static bool read_environment(const struct join_request *request, const struct plan *plan,
                             struct environment *environment)
{
    enum { LIMIT = 32 << 20 }; /* far beyond what execve(2) takes; a process can lie about where it lies */

    *environment = (struct environment){NULL, 0};
    if (!request->environment)
        return true;
    int proc = target_proc(&plan->target);
    if (proc >= 0) {
        environment->strings = proc_read_all(proc, "environ", LIMIT, &environment->size);
        close(proc);
    }
    return environment->strings || cannot_have(request, "environment");
}

int join_carry_out(void *place)
{
    static struct plan plan; /* large, and done with before COMMAND can come back here */
    struct join_request *request = place;
    struct environment environment;

    if (request->home)
        return shell_come_home(request->trap);
    if (!resolve(request, &plan))
        return EXECUTION_FAILURE;
    if (!read_environment(request, &plan, &environment)) {
        plan_free(&plan);
        return EXECUTION_FAILURE;
    }
    int status = engine_carry_out(&plan, &request->comeback);
    if (status == EXECUTION_SUCCESS && environment.strings && !request->check)
        shell_replace_environment(environment.strings, environment.size);
    free(environment.strings);
    return status;
}
