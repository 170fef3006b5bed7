#include "system/caps.h"

bool caps_have(cap_value_t capability)
{
    cap_flag_value_t value = CAP_CLEAR;
    cap_t caps = cap_get_proc();

    if (caps) {
        cap_get_flag(caps, capability, CAP_EFFECTIVE, &value);
        cap_free(caps);
    }
    return value == CAP_SET;
}

/*
 * A capability must be inheritable before it can be ambient; and leaving UID 0 has taken those that were in effect from
 * this process, which its programs would have. cap_fill(3) is younger than Debian 11's libcap.
 */
static int make_inheritable(cap_t caps)
{
    cap_flag_value_t value;

    for (cap_value_t cap = 0; cap_get_flag(caps, cap, CAP_PERMITTED, &value) == 0; cap++)
        if (cap_set_flag(caps, CAP_INHERITABLE, 1, &cap, value) < 0
            || cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, value) < 0)
            return -1;
    return cap_set_proc(caps);
}

/* cap_get_flag(3) knows more capabilities than an older kernel has, but has them as not permitted. */
static int make_ambient(cap_t caps)
{
    cap_flag_value_t value;

    for (cap_value_t cap = 0; cap_get_flag(caps, cap, CAP_PERMITTED, &value) == 0; cap++)
        if (value == CAP_SET && cap_set_ambient(cap, CAP_SET) < 0)
            return -1;
    return 0;
}

int caps_make_ambient(void)
{
    cap_t caps = cap_get_proc();

    if (!caps)
        return -1;
    int status = make_inheritable(caps) < 0 ? -1 : make_ambient(caps);
    cap_free(caps);
    return status;
}
