/* What tests/inject.c knows of system calls and errors: x86-64, and only there. */
#ifndef INJECT_CALLS_H
#define INJECT_CALLS_H

#include <stdbool.h>
#include <stddef.h>

struct user_regs_struct;

enum { ERRORS = 3, CALLS = 512 };

struct call {
    long number;
    const char *name;
    int errors[ERRORS]; /* those that fit it, 0: no more; without one, it cannot fail */
};

/* NULL: it has no name here. */
const struct call *call_of(long number);

/* Below CALLS */
size_t call_index(const struct call *call);

bool call_can_fail(const struct call *call, const struct user_regs_struct *registers);
bool call_has_child(const struct call *call);
bool call_is_mark(const struct call *call, const struct user_regs_struct *registers);

const char *error_name(int number);

/* 0: there is none of that name. */
int error_number(const char *name);

#endif
