#include "inject_processes.h"

#include <stdio.h>

pid_t look_at(pid_t pid, char *state)
{
    char path[32];
    int parent = 0;

    *state = 'X';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *stat = fopen(path, "re");
    if (stat && fscanf(stat, "%*d (%*[^)]) %c %d", state, &parent) != 2)
        parent = 0;
    if (stat)
        fclose(stat);
    return parent;
}

void each_below(pid_t pid, void (*do_each)(pid_t pid))
{
    char path[64];
    int child;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *children = fopen(path, "re");
    while (children && fscanf(children, "%d", &child) == 1) {
        each_below(child, do_each);
        do_each(child);
    }
    if (children)
        fclose(children);
}

static bool one_runs;

static void note_if_it_runs(pid_t pid)
{
    char state;

    look_at(pid, &state);
    one_runs = one_runs || state == 'R' || state == 'D';
}

bool one_runs_below(pid_t pid)
{
    one_runs = false;
    each_below(pid, note_if_it_runs);
    return one_runs;
}
