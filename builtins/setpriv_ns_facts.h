/* What setpriv_ns shows. Each function returns EXECUTION_SUCCESS, or EXECUTION_FAILURE after saying why. */
#ifndef SETPRIV_NS_FACTS_H
#define SETPRIV_NS_FACTS_H

/* As setpriv(1) prints it: more, the higher the level is, from 1 to 3. */
int facts_print_privileges(int level);

/* All of it, as an associative array. */
int facts_store_privileges(const char *name);

/* A command that brings another shell, which may do at least this, to the same. */
int facts_print_command(void);

enum facts_list { LIST_NOTHING, LIST_CAPABILITIES, LIST_LANDLOCK, LIST_LANDLOCK_ACCESS, LIST_LANDLOCK_RIGHTS };

/* kind: of LIST_LANDLOCK_RIGHTS */
int facts_list(enum facts_list list, const char *kind);

#endif
