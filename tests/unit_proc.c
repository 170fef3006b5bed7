#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "system/proc.h"
#include "tap.h"

/* What reads and writes files of a directory, which need not be one of /proc: $dir/file and $dir/fifo. */
static int directory;

static void fill(size_t size)
{
    int fd = openat(directory, "file", O_WRONLY | O_CREAT | O_TRUNC, 0600);

    for (size_t i = 0; i < size; i++)
        (void)!write(fd, &"abcdefgh"[i % 8], 1);
    close(fd);
}

static int next_descriptor(void)
{
    int fd = dup(directory);

    close(fd);
    return fd;
}

static void check_read(void)
{
    char text[16] = "before", guard[] = "##########";

    check(proc_read(directory, "none", text, sizeof text) < 0 && errno == ENOENT, "a file that there is not");
    check(proc_read(directory, ".", text, sizeof text) < 0 && errno == EISDIR, "one that cannot be read");
    check_text(text, "", "leaves no text");
    fill(8);
    check(proc_read(directory, "file", text, sizeof text) == 8, "its length is told");
    check_text(text, "abcdefgh", "and its text has an end");
    check(proc_read(directory, "file", guard, 5) == 4, "what does not fit is left out,");
    check_text(guard, "abcd", "and the text has an end all the same");
    check(guard[5] == '#', "within its place");
}

static void check_read_in_pieces(void)
{
    char text[16];

    mkfifoat(directory, "fifo", 0600);
    pid_t writer = fork();
    if (writer == 0) {
        int fd = openat(directory, "fifo", O_WRONLY);
        (void)!write(fd, "ab", 2);
        usleep(50000);
        (void)!write(fd, "cd", 2);
        _exit(0);
    }
    check(proc_read(directory, "fifo", text, sizeof text) == 4, "what comes in pieces is read to its end");
    waitpid(writer, NULL, 0);
    check_text(text, "abcd", "one behind the other");
}

/* Whether a file of that size is read whole where the limit is this. */
static bool reads_all(size_t size, size_t limit)
{
    size_t got = 77;

    fill(size);
    char *text = proc_read_all(directory, "file", limit, &got);
    bool whole = text && got == size && strlen(text) == size;
    free(text);
    return whole;
}

static void check_read_all(void)
{
    size_t got;

    check(reads_all(0, 4096), "an empty file");
    check(reads_all(4095, 4096) && reads_all(4096, 4096), "a file up to the limit");
    check(reads_all(5000, 8192) && reads_all(20000, 1 << 20), "a file that takes more than one piece");
    check(!reads_all(20000, 4096) && errno == EFBIG, "not one beyond the limit");
    check(!proc_read_all(directory, "none", 4096, &got) && errno == ENOENT, "nor one that there is not");
}

/* A limit on file sizes makes the kernel take less, and then nothing. */
static void check_write(void)
{
    fill(0);
    check(proc_write(directory, "none", "text") < 0 && errno == ENOENT, "what is not there is not made");
    check(proc_write(directory, "file", "text") == 0, "a file takes a text");
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){2, RLIM_INFINITY});
    check(proc_write(directory, "file", "text") < 0 && errno == EIO, "half of it is not enough");
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, RLIM_INFINITY});
    check(proc_write(directory, "file", "text") < 0 && errno == EFBIG, "why nothing is taken is told");
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
}

/* Any process can have the name of a line. */
static void check_status(void)
{
    char text[32], guard[] = "##########";
    int self = proc_open(0);

    prctl(PR_SET_NAME, "Umask:\tUmask:");
    check(proc_status(self, "Name:", text, sizeof text), "a line of the status");
    check_text(text, "\tUmask:\tUmask:", "is what stands behind its key");
    umask(0123);
    check(proc_status(self, "Umask:", text, sizeof text), "which is a key only where a line begins");
    check_text(text, "\t0123", "and that one is found");
    check(proc_status(self, "Umask:", guard, 5), "what does not fit is left out");
    check_text(guard, "\t012", "and the text has an end all the same");
    check(guard[5] == '#', "within its place");
    check(!proc_status(self, "ask:", text, sizeof text), "the end of a key is none");
    close(self);
}

int main(void)
{
    char name[] = "/tmp/unit_proc.XXXXXX";

    directory = open(mkdtemp(name), O_PATH | O_DIRECTORY);
    int next = next_descriptor();
    check_read();
    check_read_in_pieces();
    check_read_all();
    check_write();
    check_status();
    check(next_descriptor() == next, "no file is left open");
    unlinkat(directory, "file", 0);
    unlinkat(directory, "fifo", 0);
    rmdir(name);
    return done();
}
