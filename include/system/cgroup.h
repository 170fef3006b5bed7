/* Cgroups, version 2: cgroups(7). */
#ifndef CGROUP_H
#define CGROUP_H

/*
 * Opens for writing the file cgroup.procs of the cgroup of a process (a proc_open() descriptor). The caller closes it.
 * errno: ENOTSUP where the process is in no version 2 hierarchy, or open(2)'s.
 */
int cgroup_open(int proc);

#endif
