#include "shared/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/shell.h"

void facts_know(struct facts *facts, const char *key, const char *value)
{
    struct fact *fact = &facts->fact[facts->known];

    fact->key = key;
    fact->value = strdup(value);
    if (fact->value)
        facts->known++;
    else
        facts->lost = true;
}

void facts_know_number(struct facts *facts, const char *key, unsigned long long number)
{
    char value[24];

    snprintf(value, sizeof value, "%llu", number);
    facts_know(facts, key, value);
}

const char *facts_value(const struct facts *facts, const char *key)
{
    for (size_t i = 0; i < facts->known; i++)
        if (strcmp(facts->fact[i].key, key) == 0)
            return facts->fact[i].value;
    return NULL;
}

int facts_store(const struct facts *facts, const char *name)
{
    SHELL_VAR *array = shell_associative_array(name);

    for (size_t i = 0; array && i < facts->known; i++)
        shell_associative_set(array, facts->fact[i].key, facts->fact[i].value);
    return array ? EXECUTION_SUCCESS : EXECUTION_FAILURE;
}

void facts_forget(struct facts *facts)
{
    while (facts->known > 0)
        free(facts->fact[--facts->known].value);
    facts->lost = false;
}
