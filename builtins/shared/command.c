#include "shared/command.h"

#include "shared/engine.h"

/* As env(1), timeout(1) and chroot(1) have it: 1 and 2 may be COMMAND's own. */
enum { COMMAND_NOT_REACHED = 125 };

static int failed(int status, const WORD_LIST *command)
{
    return command ? COMMAND_NOT_REACHED : status;
}

static int run_in_subshell(const struct errand *errand, WORD_LIST *list)
{
    struct failure why;

    if (shell_ask_for_memory(errand->size, &why) < 0) {
        engine_failed(NULL, &why);
        return COMMAND_NOT_REACHED;
    }
    return shell_run_in_subshell(errand->name, list, errand->request, errand->size);
}

static int run_in_visit(const struct errand *errand, WORD_LIST *command)
{
    struct failure why;

    if (shell_begin_visit(&why) < 0) {
        engine_failed(NULL, &why);
        return COMMAND_NOT_REACHED;
    }
    int status = errand->carry_out(errand->request);
    if (status == EXECUTION_SUCCESS && !*errand->check)
        return shell_visit(command);
    shell_end_visit();
    return status == EXECUTION_SUCCESS ? status : failed(status, command);
}

static const char *contradiction(const struct comeback *comeback, const WORD_LIST *command)
{
    if (!comeback || !comeback->wanted)
        return NULL;
    if (comeback->refused)
        return "--return and --no-return exclude each other";
    return command ? "--return and COMMAND exclude each other: with COMMAND, the shell stays where it is" : NULL;
}

int command_run_errand(const struct errand *errand, WORD_LIST *list)
{
    bool in_subshell = shell_is_in_subshell(list, errand->request);
    int status = in_subshell ? EXECUTION_SUCCESS : errand->parse(errand->request, list);
    WORD_LIST *command = engine_operands(list, *errand->operand);

    const char *wrong = status == EXECUTION_SUCCESS ? contradiction(errand->comeback, command) : NULL;
    if (wrong)
        status = engine_wrong_usage(wrong);
    if (status != EXECUTION_SUCCESS)
        return failed(status, command);
    if (errand->visit && *errand->visit)
        return run_in_visit(errand, command);
    bool runs = command && !*errand->check;
    if (runs && !in_subshell && !shell_is_for_this_call())
        return run_in_subshell(errand, list);
    /* Of a process that is for this call alone, what the one that supervises still holds open may be missed by others. */
    status = runs && in_subshell && errand->spawn ? errand->spawn(errand->request, command) : EXECUTION_SUCCESS;
    if (status == EXECUTION_SUCCESS)
        status = errand->carry_out(errand->request);
    if (status != EXECUTION_SUCCESS)
        return failed(status, command);
    return runs ? shell_run(command) : EXECUTION_SUCCESS;
}
