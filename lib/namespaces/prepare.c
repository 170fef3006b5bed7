#include "namespaces/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "namespaces/steps.h"
#include "system/caps.h"
#include "system/descriptors.h"
#include "system/proc.h"

static int raise_loopback(void)
{
    struct ifreq lo = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    int status = ioctl(fd, SIOCGIFFLAGS, &lo);
    lo.ifr_flags |= IFF_UP;
    if (status == 0)
        status = ioctl(fd, SIOCSIFFLAGS, &lo);
    descriptor_close(fd);
    return status;
}

/* Changes it from the root of the mount namespace, to which setns(2) leads. */
static int change_propagation_of_all(unsigned long propagation)
{
    int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int status = self < 0 || root < 0 || here < 0 || setns(self, CLONE_NEWNS) < 0
                         || mount(NULL, "/", NULL, propagation, NULL) < 0 || fchdir(root) < 0 || chroot(".") < 0
                         || fchdir(here) < 0
                     ? -1
                     : 0;

    descriptor_close(self);
    descriptor_close(root);
    descriptor_close(here);
    return status;
}

/* EINVAL: the root is a plain directory, and no mount that has a propagation. The mount that it is on is out of reach. */
static int change_propagation(unsigned long propagation)
{
    if (mount(NULL, "/", NULL, propagation, NULL) == 0)
        return 0;
    return errno == EINVAL ? change_propagation_of_all(propagation) : -1;
}

/* A working directory outside of the root would be a way out, and have no name: so that is the new root, too. */
static int change_root(const struct plan *plan)
{
    if (plan->root)
        return chroot(plan->root) < 0 ? -1 : chdir("/");
    return plan->root_fd >= 0 && (fchdir(plan->root_fd) < 0 || chroot(".") < 0) ? -1 : 0;
}

static int change_directory(const struct plan *plan)
{
    if (plan->wd)
        return chdir(plan->wd);
    return plan->wd_fd >= 0 ? fchdir(plan->wd_fd) : 0;
}

int prepare_return(int root, int directory, struct failure *why)
{
    int status = -1;

    for (int tries = 0; tries < TRIES && status < 0; tries++)
        status = root >= 0 && (fchdir(root) < 0 || chroot(".") < 0) ? fail(why, &step_keep_root)
                 : fchdir(directory) < 0                            ? fail(why, &step_keep_wd)
                                                                    : 0;
    return status;
}

/*
 * The shell will return there as prepare_return() does, with the permissions that the process has then: a directory that it
 * stood in by inheritance may be closed to it, a filter may refuse chroot(2). Better refused here than found out after
 * setns(2).
 */
int prepare_directories(const struct plan *plan, int *root, int *directory, struct failure *why)
{
    *root = *directory = -1;
    if (plan_moves(plan) || !plan_carries_directories(plan))
        return 0;
    if (plan_carries_root(plan) && (*root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
        return fail(why, &step_keep_root);
    *directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *directory < 0 ? fail(why, &step_keep_wd) : prepare_return(*root, *directory, why);
}

/*
 * What is mounted there may be shared with the host. EINVAL: nothing is mounted there, so that the new mount may be, and
 * then would stay if something else fails.
 */
static int mount_proc(const struct plan *plan)
{
    if (plan->propagation != (MS_REC | MS_PRIVATE) && mount(NULL, plan->mount_proc, NULL, MS_REC | MS_PRIVATE, NULL) < 0
        && (errno != EINVAL || plan_mounts_outside(plan)))
        return -1;
    return mount("proc", plan->mount_proc, "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
}

/* With the flag F, the kernel opens the interpreter when the format is registered: so before the root changes. */
static bool registers_outside(const struct plan *plan)
{
    const char *flags = plan->load_interp ? strrchr(plan->load_interp, *plan->load_interp) : NULL;

    return flags && plan->root && strchr(flags, 'F');
}

static int load_interp(const char *format, const char *where)
{
    int directory = open(where, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int status = directory < 0 ? -1 : proc_write(directory, "register", format);

    descriptor_close(directory);
    return status;
}

/* format: NULL to register none */
static int mount_binfmt(const char *where, const char *format, struct failure *why)
{
    if (mount("binfmt_misc", where, "binfmt_misc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) < 0)
        return fail_about(why, &step_mount_binfmt, "%s", where);
    return format && load_interp(format, where) < 0 ? fail_about(why, &step_load_interp, "%s", format) : 0;
}

int prepare_owner(const struct plan *plan, struct failure *why)
{
    if (setgroups(0, NULL) < 0 || setgid(plan->owner_gid) < 0 || setuid(plan->owner_uid) < 0)
        return fail_about(why, &step_owner, "user %u and group %u", (unsigned)plan->owner_uid,
                          (unsigned)plan->owner_gid);
    /* Else /proc/self belongs to root, and timens_offsets cannot be written. */
    prctl(PR_SET_DUMPABLE, 1);
    return 0;
}

int prepare_clocks(const struct plan *plan, int procfs, struct failure *why)
{
    char text[2 * sizeof "monotonic -9223372036854775808 0\n"] = "";
    int length = 0;

    if (plan->monotonic.said)
        length = snprintf(text, sizeof text, "monotonic %" PRId64 " 0\n", plan->monotonic.seconds);
    if (plan->boottime.said)
        snprintf(text + length, sizeof text - (size_t)length, "boottime %" PRId64 " 0\n", plan->boottime.seconds);
    if (*text == '\0')
        return 0;
    errno = procfs < 0 ? -procfs : 0;
    int proc = procfs < 0 ? -1 : proc_open_self(procfs);
    if (proc < 0)
        return fail(why, &step_proc);
    int status = proc_write(proc, "timens_offsets", text) < 0 ? fail(why, &step_time_offsets) : 0;
    close(proc);
    return status;
}

int prepare(const struct plan *plan, const sigset_t *awake, struct failure *why)
{
    if (plan->propagation && change_propagation(plan->propagation) < 0)
        return fail(why, &step_propagation);
    if (plan->hostname && sethostname(plan->hostname, strlen(plan->hostname)) < 0)
        return fail_about(why, &step_hostname, "%s", plan->hostname);
    if (plan->loopback && raise_loopback() < 0)
        return fail(why, &step_loopback);
    if (registers_outside(plan) && mount_binfmt(BINFMT_MISC, plan->load_interp, why) < 0)
        return -1;
    if (change_root(plan) < 0)
        return fail_about(why, &step_root, "%s", plan->root ? plan->root : "the target's");
    if (change_directory(plan) < 0)
        return fail_about(why, &step_wd, "%s", plan->wd ? plan->wd : "the target's");
    if (plan->mount_proc && mount_proc(plan) < 0)
        return fail_about(why, &step_mount_proc, "%s", plan->mount_proc);
    if (plan->mount_binfmt
        && mount_binfmt(plan->mount_binfmt, registers_outside(plan) ? NULL : plan->load_interp, why) < 0)
        return -1;
    return plan->inside ? plan->inside(plan, plan->inside_what, awake, why) : 0;
}

int prepare_choose(const struct plan *plan, struct credentials *chosen, struct failure *why)
{
    struct stat target;

    *chosen = plan->credentials;
    if (!plan->follow_uid && !plan->follow_gid)
        return 0;
    /* The directory itself belongs to the process's effective IDs, undumpable or not. */
    if (fstat(plan->follow_fd, &target) < 0 || target_is_there(&plan->target) < 0)
        return fail(why, &step_follow);
    if (plan->follow_uid)
        chosen->uid = target.st_uid;
    if (plan->follow_gid)
        chosen->gid = target.st_gid;
    return 0;
}

/*
 * In a user namespace that is joined, EPERM says that it denies setgroups(2) to everybody: the groups went outside if
 * they could, and stay if not. In one of one's own making, -G was asked for what cannot be.
 */
static int take_groups(const struct plan *plan, const struct credentials *chosen, struct failure *why)
{
    (void)chosen;
    if (!plan->set_groups || setgroups(0, NULL) == 0 || (errno == EPERM && (plan->join & CLONE_NEWUSER)))
        return 0;
    return fail(why, &step_setgroups);
}

static int fail_id(struct failure *why, const struct step *step, bool follows, unsigned id)
{
    return follows ? fail_about(why, step, "(the target's)") : fail_about(why, step, "%u", id);
}

static int take_group(const struct plan *plan, const struct credentials *chosen, struct failure *why)
{
    return plan->set_gid && setgid(chosen->gid) < 0 ? fail_id(why, &step_setgid, plan->follow_gid, chosen->gid) : 0;
}

/* Leaving UID 0 would take the capabilities away: capabilities(7). */
static int take_user(const struct plan *plan, const struct credentials *chosen, struct failure *why)
{
    if (!plan->set_uid)
        return 0;
    bool keep = plan->keep_caps;
    int status = (keep && prctl(PR_SET_KEEPCAPS, 1) < 0) || setuid(chosen->uid) < 0
                     ? fail_id(why, &step_setuid, plan->follow_uid, chosen->uid)
                     : 0;
    if (keep)
        prctl(PR_SET_KEEPCAPS, 0);
    return status;
}

static int take_capabilities(const struct plan *plan, const struct credentials *chosen, struct failure *why)
{
    (void)chosen;
    return plan->keep_caps && caps_make_ambient() < 0 ? fail(why, &step_keep_caps) : 0;
}

int prepare_credentials(const struct plan *plan, const struct credentials *chosen, struct failure *why)
{
    static int (*const steps[])(const struct plan *plan, const struct credentials *chosen,
                                struct failure *why) = {take_groups, take_group, take_user, take_capabilities};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int status = -1;
        for (int tries = 0; tries < TRIES && status < 0; tries++)
            status = steps[i](plan, chosen, why);
        if (status < 0)
            return -1;
    }
    return 0;
}
