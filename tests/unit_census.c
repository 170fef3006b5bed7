#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namespaces/census.h"
#include "system/mountinfo.h"
#include "tap.h"

static void check_mountinfo(void)
{
    struct mount_entry entry;
    char line[] =
        "268 451 0:4 uts:[4026532198] /mnt/a\\040b\\012\\134c\\0\\777 rw,nosuid shared:1 master:2 - nsfs n\\011 rw,size=1k";
    char bare[] = "1 2 0:3 / / rw - tmpfs  rw", none[] = "1 2 0:3 / /a rw tmpfs tmpfs rw",
         odd[] = "1 2 x / / rw - a b c";

    check(mountinfo_parse(&entry, line), "a line is taken apart");
    check(entry.id == 268 && entry.parent == 451 && entry.major == 0 && entry.minor == 4, "into its numbers,");
    check_text(entry.root, "uts:[4026532198]", "what is mounted,");
    check_text(entry.target, "/mnt/a b\n\\c\\0\\777", "where, as it is written by hand,");
    check_text(entry.attributes, "rw,nosuid", "how,");
    check(strcmp(entry.type, "nsfs") == 0 && strcmp(entry.source, "n\t") == 0, "of which file system,");
    check_text(entry.options, "rw,size=1k", "and its options");
    check(mountinfo_parse(&entry, bare) && !*entry.source, "fields that are empty");
    check(!mountinfo_parse(&entry, none) && !mountinfo_parse(&entry, odd), "what is no line is told");
}

static int next_descriptor(void)
{
    int fd = open("/", O_PATH);

    close(fd);
    return fd;
}

static int asked;

static bool go_on(void)
{
    asked++;
    return false;
}

static bool stop_at_once(void)
{
    return true;
}

/* The one that a file of the caller's leads to; NULL: it is not there. */
static const struct census_namespace *find(const struct census *census, const char *file)
{
    struct stat status;

    for (size_t i = 0; stat(file, &status) == 0 && i < census->count; i++)
        if (census->namespaces[i]->inode == status.st_ino)
            return census->namespaces[i];
    return NULL;
}

static void check_census(void)
{
    struct census census;
    char text[64], small[4];
    bool all = true, sorted = true;
    int types = 0;

    for (size_t i = 0; i < NS_TYPES; i++)
        types |= nstypes[i].flag;
    check(census_take(&census, types, go_on) == 0 && asked > 0, "a census is taken, and asks whether to go on");
    for (size_t i = 0; i < NS_TYPES; i++) {
        snprintf(text, sizeof text, "/proc/self/ns/%s", nstypes[i].file);
        const struct census_namespace *own = find(&census, text);
        all = all && own && own->type == &nstypes[i] && own->processes > 0 && own->pid > 0 && own->pid <= getpid();
    }
    check(all, "all that the caller is in are there, and have a process");
    for (size_t i = 1; i < census.count; i++)
        sorted = sorted && census.namespaces[i - 1]->inode < census.namespaces[i]->inode;
    check(sorted, "in the order of their numbers, each once");
    check(strstr(census_command(&census, getpid(), text, sizeof text), "census") != NULL, "a command");
    check(strlen(census_command(&census, getpid(), small, sizeof small)) == 3, "which fits, is cut,");
    check_text(census_command(&census, -1, text, sizeof text), "", "or empty");
    census_free(&census);
    check(census_take(&census, CLONE_NEWUTS, go_on) == 0 && find(&census, "/proc/self/ns/uts"), "of one type");
    check(!find(&census, "/proc/self/ns/mnt") && !find(&census, "/proc/self/ns/user"), "there is no other");
    census_free(&census);
}

static void check_failures(void)
{
    struct census census;
    struct rlimit limit;

    check(census_take(&census, CLONE_NEWNET, stop_at_once) < 0 && errno == EINTR, "it is stopped,");
    check(census.count == 0 && !census.namespaces, "and leaves nothing");
    getrlimit(RLIMIT_NOFILE, &limit);
    for (rlim_t more = 0; more < 3; more++) {
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)next_descriptor() + more, limit.rlim_max});
        check(census_take(&census, CLONE_NEWNET, go_on) < 0 && errno == EMFILE, "without descriptors there is none");
    }
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(void)
{
    int next = next_descriptor();

    check_mountinfo();
    check_census();
    check_failures();
    check(next_descriptor() == next, "no descriptor is left open");
    return done();
}
