/*
 * test_look FILE: writes to FILE what links of /proc and prctl(2) tell of the shell, a line each. Only it may see all of that
 * in any state: a program that it executes has other capabilities.
 */
#include <config.h>

#include <builtins.h>
#include <shell.h>
#include <common.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void tell_link(FILE *file, const char *name)
{
    char path[300], target[PATH_MAX] = "?";

    snprintf(path, sizeof path, "/proc/self/%s", name);
    (void)!readlink(path, target, sizeof target - 1);
    fprintf(file, "%s %s\n", name, target);
}

static void tell_namespaces(FILE *file)
{
    static const char *const types[] = {
        "user", "mnt", "uts", "ipc", "net", "pid", "pid_for_children", "cgroup", "time", "time_for_children"};
    char name[40];

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        snprintf(name, sizeof name, "ns/%s", types[i]);
        tell_link(file, name);
    }
}

static void tell_descriptor(FILE *file, int fd)
{
    char name[40];

    snprintf(name, sizeof name, "fd/%d", fd);
    tell_link(file, name);
    fprintf(file, "%s %#o%s\n", name, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD) & FD_CLOEXEC ? " close-on-exec" : "");
}

/* All but the two of looking here */
static void tell_descriptors(FILE *file)
{
    DIR *all = opendir("/proc/self/fd");
    const struct dirent *entry;

    while (all && (entry = readdir(all))) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != fileno(file) && fd != dirfd(all))
            tell_descriptor(file, fd);
    }
    if (all)
        closedir(all);
}

static void tell_attributes(FILE *file)
{
    int subreaper = -1, signal = -1;

    prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
    prctl(PR_GET_PDEATHSIG, &signal);
    fprintf(file,
            "subreaper %d\n"
            "pdeathsig %d\n"
            "keepcaps %d\n"
            "dumpable %d\n"
            "securebits %d\n",
            subreaper, signal, prctl(PR_GET_KEEPCAPS), prctl(PR_GET_DUMPABLE), prctl(PR_GET_SECUREBITS));
}

static int look(WORD_LIST *list)
{
    FILE *file = list ? fopen(list->word->word, "we") : NULL;

    if (!file) {
        builtin_error("%s: cannot be written", list ? list->word->word : "FILE");
        return EXECUTION_FAILURE;
    }
    tell_link(file, "cwd");
    tell_link(file, "root");
    tell_namespaces(file);
    tell_descriptors(file);
    tell_attributes(file);
    return fclose(file) == 0 ? EXECUTION_SUCCESS : EXECUTION_FAILURE;
}

static char *no_help[] = {NULL};

__attribute__((visibility("default"))) struct builtin test_look_struct = {
    .name = (char *)"test_look",
    .function = look,
    .flags = BUILTIN_ENABLED,
    .long_doc = no_help,
    .short_doc = "test_look FILE",
};
