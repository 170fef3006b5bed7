/*
 * Theory of operation. bash asks the C library for users and groups: for \u and ~ once there is no name in current_user,
 * for ~NAME, `compgen -u` and `compgen -g`. Inside, these are the container's, and so would be the libraries that the C
 * library loads to find them. So after a landing in another root or other mounts this library is its only source: as an
 * NSS module, which it finds in memory by the name that the linker has given this library (Makefile.am), and which reads
 * /etc/passwd and /etc/group, and those only when they are asked for.
 *
 * Whoever writes these files is not trusted. A file that is none, or a line that goes on for ever, holds nobody up; and a
 * name is plain, since bash evaluates what it has put in the place of \u: a user $(reboot) is nobody.
 */
#include "shell/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#ifdef __GLIBC__
#include <nss.h>
#endif
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/lookups.h"
#include "system/number.h"

/* What bash knew of its user before it landed, which a root without such a user does not tell. */
static struct {
    uid_t uid;
    char *name, *shell, *home; /* NULL: nothing */
} known;

void shell_forget_user(void)
{
    if (current_user.user_name) {
        FREE(known.name);
        FREE(known.shell);
        FREE(known.home);
        known.uid = current_user.uid;
        known.name = current_user.user_name;
        known.shell = current_user.shell;
        known.home = current_user.home_dir;
    }
    current_user.user_name = current_user.shell = current_user.home_dir = NULL;
}

#ifdef __GLIBC__

/* The names by which the C library finds the functions of a module. */
#define IN_MODULE(name) __asm__("_nss_" SHELL_MODULE "_" #name) EXPORTED

enum nss_status user_by_id(uid_t id, struct passwd *entry, char *buffer, size_t size, int *err) IN_MODULE(getpwuid_r);
enum nss_status user_by_name(const char *name, struct passwd *entry, char *buffer, size_t size, int *err)
    IN_MODULE(getpwnam_r);
enum nss_status users_begin(int stay_open) IN_MODULE(setpwent);
enum nss_status users_next(struct passwd *entry, char *buffer, size_t size, int *err) IN_MODULE(getpwent_r);
enum nss_status users_end(void) IN_MODULE(endpwent);
enum nss_status group_by_id(gid_t id, struct group *entry, char *buffer, size_t size, int *err) IN_MODULE(getgrgid_r);
enum nss_status group_by_name(const char *name, struct group *entry, char *buffer, size_t size, int *err)
    IN_MODULE(getgrnam_r);
enum nss_status groups_begin(int stay_open) IN_MODULE(setgrent);
enum nss_status groups_next(struct group *entry, char *buffer, size_t size, int *err) IN_MODULE(getgrent_r);
enum nss_status groups_end(void) IN_MODULE(endgrent);
enum nss_status groups_of(const char *user, gid_t group, long *count, long *room, gid_t **list, long limit, int *err)
    IN_MODULE(initgroups_dyn);

/* --- the files -------------------------------------------------------------------------------------------------- */

/* A file as it was at one moment, and how far it has been read. */
struct file {
    char *text; /* owned; NULL: not there, or not to be read */
    char *at;
};

/* Opens without waiting for what else may be there, as a FIFO. */
static struct file read_file(const char *path)
{
    enum { LIMIT = 4 << 20 };
    struct file file = {NULL, NULL};
    struct stat status;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size < LIMIT)
        file.text = file.at = calloc(1, (size_t)status.st_size + 1);
    if (file.text && read(fd, file.text, (size_t)status.st_size) < 0)
        *file.text = '\0';
    if (fd >= 0)
        close(fd);
    return file;
}

static void forget_file(struct file *file)
{
    free(file->text);
    *file = (struct file){NULL, NULL};
}

/* passwd(5), group(5) */
enum { NAME, PASSWORD, ID, GROUP, COMMENT, HOME, PROGRAM, USER_FIELDS, MEMBERS = GROUP, GROUP_FIELDS };

/* What is asked for; without a name or an ID, whatever comes next. */
struct question {
    const char *name;
    bool by_id;
    uint64_t id;
};

static bool is_plain(const char *name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

    return *name && *name != '-' && name[strspn(name, plain)] == '\0';
}

/* Splits a line in place. True where it is an entry, and answers the question. */
static bool is_answer(char *line, const struct question *question, char *fields[], int count)
{
    uint64_t id;
    int i = 0;

    while (i < count && line)
        fields[i++] = strsep(&line, ":");
    return i == count && is_plain(fields[NAME]) && number_parse(fields[ID], UINT32_MAX - 1, &id)
           && (!question->name || strcmp(question->name, fields[NAME]) == 0)
           && (!question->by_id || question->id == id);
}

/* The next answer, in the caller's buffer: where that is too small, the C library asks again with a larger one. */
static enum nss_status find(struct file *file, const struct question *question, char *fields[], int count, char *buffer,
                            size_t size, int *err)
{
    *err = ENOENT;
    while (file->text && *file->at) {
        size_t length = strcspn(file->at, "\n");
        if (length >= size) {
            *err = ERANGE;
            return NSS_STATUS_TRYAGAIN;
        }
        memcpy(buffer, file->at, length);
        buffer[length] = '\0';
        file->at += length + (file->at[length] == '\n');
        if (is_answer(buffer, question, fields, count))
            return NSS_STATUS_SUCCESS;
    }
    return NSS_STATUS_NOTFOUND;
}

static enum nss_status find_first(const char *path, const struct question *question, char *fields[], int count,
                                  char *buffer, size_t size, int *err)
{
    struct file file = read_file(path);
    enum nss_status status = find(&file, question, fields, count, buffer, size, err);

    forget_file(&file);
    return status;
}

/* --- users ------------------------------------------------------------------------------------------------------ */

static const char users_path[] = "/etc/passwd";
static struct file users; /* while they are all told */

static enum nss_status give_user(enum nss_status status, char *fields[], struct passwd *entry)
{
    if (status == NSS_STATUS_SUCCESS)
        *entry = (struct passwd){.pw_name = fields[NAME],
                                 .pw_passwd = fields[PASSWORD],
                                 .pw_uid = (uid_t)strtoul(fields[ID], NULL, 10),
                                 .pw_gid = (gid_t)strtoul(fields[GROUP], NULL, 10),
                                 .pw_gecos = fields[COMMENT],
                                 .pw_dir = fields[HOME],
                                 .pw_shell = fields[PROGRAM]};
    return status;
}

/* The shell's own user, whom this root does not know: as he was known outside, or by his number. */
static enum nss_status give_own_user(struct passwd *entry)
{
    static char number[16];
    static char none[] = "", home[] = "/", shell[] = "/bin/sh"; /* as bash has it where there is no entry */
    bool is_known = known.name && known.uid == getuid();

    snprintf(number, sizeof number, "%u", (unsigned)getuid());
    *entry = (struct passwd){.pw_name = is_known ? known.name : number,
                             .pw_passwd = none,
                             .pw_uid = getuid(),
                             .pw_gid = getgid(),
                             .pw_gecos = none,
                             .pw_dir = is_known && known.home ? known.home : home,
                             .pw_shell = is_known && known.shell ? known.shell : shell};
    return NSS_STATUS_SUCCESS;
}

enum nss_status user_by_id(uid_t id, struct passwd *entry, char *buffer, size_t size, int *err)
{
    struct question question = {.by_id = true, .id = id};
    char *fields[USER_FIELDS];
    enum nss_status status = find_first(users_path, &question, fields, USER_FIELDS, buffer, size, err);

    return status == NSS_STATUS_NOTFOUND && id == getuid() ? give_own_user(entry) : give_user(status, fields, entry);
}

enum nss_status user_by_name(const char *name, struct passwd *entry, char *buffer, size_t size, int *err)
{
    struct question question = {.name = name};
    char *fields[USER_FIELDS];

    return give_user(find_first(users_path, &question, fields, USER_FIELDS, buffer, size, err), fields, entry);
}

enum nss_status users_end(void)
{
    forget_file(&users);
    return NSS_STATUS_SUCCESS;
}

enum nss_status users_begin(int stay_open)
{
    (void)stay_open;
    forget_file(&users);
    users = read_file(users_path);
    return NSS_STATUS_SUCCESS;
}

enum nss_status users_next(struct passwd *entry, char *buffer, size_t size, int *err)
{
    struct question question = {.name = NULL};
    char *fields[USER_FIELDS];

    return give_user(find(&users, &question, fields, USER_FIELDS, buffer, size, err), fields, entry);
}

/* --- groups ----------------------------------------------------------------------------------------------------- */

static const char groups_path[] = "/etc/group";
static struct file groups;

/* Nobody asks for the members of one: groups_of() tells the groups of a member. */
static enum nss_status give_group(enum nss_status status, char *fields[], struct group *entry)
{
    static char *nobody[] = {NULL};

    if (status == NSS_STATUS_SUCCESS)
        *entry = (struct group){.gr_name = fields[NAME],
                                .gr_passwd = fields[PASSWORD],
                                .gr_gid = (gid_t)strtoul(fields[ID], NULL, 10),
                                .gr_mem = nobody};
    return status;
}

enum nss_status group_by_id(gid_t id, struct group *entry, char *buffer, size_t size, int *err)
{
    struct question question = {.by_id = true, .id = id};
    char *fields[GROUP_FIELDS];

    return give_group(find_first(groups_path, &question, fields, GROUP_FIELDS, buffer, size, err), fields, entry);
}

enum nss_status group_by_name(const char *name, struct group *entry, char *buffer, size_t size, int *err)
{
    struct question question = {.name = name};
    char *fields[GROUP_FIELDS];

    return give_group(find_first(groups_path, &question, fields, GROUP_FIELDS, buffer, size, err), fields, entry);
}

enum nss_status groups_end(void)
{
    forget_file(&groups);
    return NSS_STATUS_SUCCESS;
}

enum nss_status groups_begin(int stay_open)
{
    (void)stay_open;
    forget_file(&groups);
    groups = read_file(groups_path);
    return NSS_STATUS_SUCCESS;
}

enum nss_status groups_next(struct group *entry, char *buffer, size_t size, int *err)
{
    struct question question = {.name = NULL};
    char *fields[GROUP_FIELDS];

    return give_group(find(&groups, &question, fields, GROUP_FIELDS, buffer, size, err), fields, entry);
}

static bool is_member(char *members, const char *user)
{
    const char *name;

    while ((name = strsep(&members, ",")))
        if (strcmp(name, user) == 0)
            return true;
    return false;
}

/* The list is the C library's, which frees it. limit: how long it may become; 0 or less: no matter. */
static bool append(gid_t group, long *count, long *room, gid_t **list, long limit)
{
    if (*count == *room) {
        long larger = limit > 0 && limit < 2 * *room ? limit : 2 * *room;
        gid_t *grown = larger > *room ? realloc(*list, (size_t)larger * sizeof **list) : NULL;
        if (!grown)
            return false;
        *list = grown;
        *room = larger;
    }
    (*list)[(*count)++] = group;
    return true;
}

/* For getgrouplist(3). group: the user's own, which is in the list already. */
enum nss_status groups_of(const char *user, gid_t group, long *count, long *room, gid_t **list, long limit, int *err)
{
    struct question question = {.name = NULL};
    struct file file = read_file(groups_path);
    char *fields[GROUP_FIELDS], *line;
    bool fits = true;

    while (fits && file.at && (line = strsep(&file.at, "\n"))) {
        if (!is_answer(line, &question, fields, GROUP_FIELDS) || !is_member(fields[MEMBERS], user))
            continue;
        gid_t other = (gid_t)strtoul(fields[ID], NULL, 10);
        fits = other == group || append(other, count, room, list, limit);
    }
    forget_file(&file);
    *err = ENOMEM;
    return fits ? NSS_STATUS_SUCCESS : NSS_STATUS_TRYAGAIN;
}

#endif

void shell_learn_user(void)
{
#if LOOKUPS_GO_ON
    struct passwd entry;
    static char buffer[1 << 17]; /* a longer line is nobody's */
    int err;

    if (current_user.user_name || !lookups_are_confined())
        return;
    if (user_by_id(getuid(), &entry, buffer, sizeof buffer, &err) != NSS_STATUS_SUCCESS)
        give_own_user(&entry);
    current_user.user_name = savestring(entry.pw_name);
    current_user.shell = savestring(entry.pw_shell);
    current_user.home_dir = savestring(entry.pw_dir);
#endif
}
