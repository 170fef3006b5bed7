/*
 * Theory of operation. The C library keeps what it has loaded, by its name, and does not look for it again. So what may be
 * asked for later is asked for once while the root is still one's own. A locale that is in force is in memory for good
 * already: who sets another for a moment (LC_ALL=C) comes back to that one. There are left:
 *
 * - The conversion to its character set, which is held, or its library may be unloaded; and with it the list of all
 *   conversions, which says for each whether it takes a library: read inside, it could say so of ASCII.
 * - The messages of the program and of the C library in its language.
 * - nsswitch.conf(5). The first lookup or __nss_configure_lookup() reads it, the latter even where it is to have no effect.
 *
 * What is looked up by name cannot be asked for beforehand. Since glibc 2.34, "files" and "dns" are part of the C library;
 * before, they are loaded here. There, too, a function that has looked up before goes on with the modules of its first
 * time, so these are loaded as well. A database that has been configured is not asked of nscd(8), whose socket is the
 * container's.
 */
#include "system/lookups.h"

#include <dlfcn.h>
#include <errno.h>
#include <iconv.h>
#include <langinfo.h>
#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#ifdef __GLIBC__
#include <nss.h>
#endif

static bool confined;

/* EINVAL: there is no such conversion. What is none is refused by iconv_close(3). */
static int hold_conversion(void)
{
    static iconv_t held;
    iconv_t before = held;

    held = iconv_open(nl_langinfo(CODESET), "UTF-8");
    int err = held == (iconv_t)-1 ? errno : 0;
    if (before)
        iconv_close(before);
    errno = err;
    return err == 0 || err == EINVAL ? 0 : -1;
}

/* Any message will do: they are in one file. */
static void hold_messages(void)
{
    (void)dcgettext(NULL, "?", LC_MESSAGES);
    (void)dcgettext("libc", "?", LC_MESSAGES);
}

/* NULL: of the module that knows users and groups. bash and setpriv_ns ask for the first five, other loadables may for the rest. */
static const struct {
    const char *name, *sources;
} databases[] = {{"passwd", NULL},      {"group", NULL},       {"initgroups", NULL},  {"hosts", "files dns"},
                 {"services", "files"}, {"networks", "files"}, {"netgroup", "files"}, {"protocols", "files"},
                 {"rpc", "files"},      {"ethers", "files"},   {"aliases", "files"},  {"shadow", "files"},
                 {"gshadow", "files"}};
enum { DATABASES = sizeof databases / sizeof *databases };

static int configure(const char *database, const char *sources)
{
#ifdef __GLIBC__
    return __nss_configure_lookup(database, sources);
#else
    (void)database;
    (void)sources;
    return 0; /* others have no modules */
#endif
}

/* Of a database that nobody asks for, so that nothing comes of it but that nsswitch.conf is read. */
static int hold_configuration(void)
{
    static bool held;

    held = held || configure("publickey", "files") == 0;
    return held ? 0 : -1;
}

/* The index of the database that a line of nsswitch.conf is about, "DATABASE: SOURCES", and its sources; DATABASES: of none. */
static size_t read_line(char *line, char **sources)
{
    char *name = strtok_r(line, ": \t\n", sources);
    size_t i = 0;

    while (i < DATABASES && (!name || strcmp(name, databases[i].name) != 0))
        i++;
    return i;
}

#if LOOKUPS_GO_ON

static void load_module(const char *name)
{
    char library[64];

    snprintf(library, sizeof library, "libnss_%s.so.2", name);
    (void)dlopen(library, RTLD_NOW | RTLD_LOCAL); /* one that is not there has not been loaded before, either */
}

/* The sources are modules, and actions between them: "[STATUS=ACTION]". */
static void load_modules_of(char *line)
{
    char *rest;
    const char *module;

    if (read_line(line, &rest) < DATABASES)
        while ((module = strtok_r(NULL, ": \t\n", &rest)))
            load_module(module);
}

static void hold_modules(void)
{
    static bool held;
    FILE *file = held || confined ? NULL : fopen("/etc/nsswitch.conf", "re");
    char line[512];

    if (!held && !confined) {
        load_module("files");
        load_module("dns");
    }
    while (file && fgets(line, sizeof line, file))
        load_modules_of(line);
    if (file)
        fclose(file);
    held = true;
}

#else

static void hold_modules(void)
{
}

#endif

int lookups_hold(void)
{
    hold_messages();
    hold_modules();
    return hold_configuration() < 0 ? -1 : hold_conversion();
}

int lookups_confine(const char *module)
{
    int status = 0;

    if (confined)
        return 0;
    confined = true;
    for (size_t i = 0; i < DATABASES && status == 0; i++)
        status = configure(databases[i].name, databases[i].sources ? databases[i].sources : module);
    return status;
}

#if !LOOKUPS_GO_ON

static void release(char *line)
{
    char *sources;
    size_t database;

    line[strcspn(line, "#\n")] = '\0';
    database = read_line(line, &sources);
    if (database < DATABASES)
        (void)configure(databases[database].name, sources);
}

void lookups_release(void)
{
    FILE *file = fopen("/etc/nsswitch.conf", "re");
    char line[512];

    while (file && fgets(line, sizeof line, file))
        release(line);
    if (file)
        fclose(file);
    confined = false;
}

#else

/* There, what was configured before is not freed. */
void lookups_release(void)
{
}

#endif

bool lookups_are_confined(void)
{
    return confined;
}
