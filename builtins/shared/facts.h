/*
 * What a builtin has found out and tells: keys with their values. It is told when all is known, so that what fails tells
 * nothing and leaves an array alone.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stddef.h>

enum { FACTS_MAX = 24 };

struct facts {
    struct fact {
        const char *key;
        char *value; /* owned */
    } fact[FACTS_MAX];
    size_t known;
    bool lost; /* memory was too short for some */
};

/* Adds one, with a copy of its value; the key goes on belonging to the caller. */
void facts_know(struct facts *facts, const char *key, const char *value);
void facts_know_number(struct facts *facts, const char *key, unsigned long long number);

/* The value of a key; NULL where it is not known. */
const char *facts_value(const struct facts *facts, const char *key);

/* Stores them in an associative array of this name. EXECUTION_SUCCESS, or EXECUTION_FAILURE after saying why not. */
int facts_store(const struct facts *facts, const char *name);

void facts_forget(struct facts *facts);

#endif
