#include <sys/stat.h>

#include "namespaces/nstype.h"
#include "tap.h"

/* The kernel's own list of files is the reference for the table. */
static void check_kernel_has(const char *name)
{
    char path[64], claim[96];
    struct stat status;

    snprintf(path, sizeof path, "/proc/self/ns/%s", name);
    snprintf(claim, sizeof claim, "the kernel has %s", path);
    check(stat(path, &status) == 0, claim);
}

int main(void)
{
    char text[96];
    int all = 0;
    ino_t inode;

    for (size_t i = 0; i < NS_TYPES; i++) {
        const struct nstype *type = &nstypes[i];
        check_kernel_has(type->file);
        if (type->children)
            check_kernel_has(type->children);
        check(nstype_of_letter(type->letter) == type, "each letter finds its row");
        check(nstype_of_flag(type->flag) == type, "each flag finds its row");
        all |= type->flag;
    }
    check(nstypes[0].flag == CLONE_NEWUSER, "the user namespace stands first, as it is joined first");
    check(!nstype_of_letter('x') && !nstype_of_flag(0), "what is no type finds nothing");
    check(nstype_of_link("net:[4026531833]", &inode) == nstype_of_flag(CLONE_NEWNET) && inode == 4026531833,
          "a link's text tells type and number");
    check(!nstype_of_link("net:[4026531833", &inode) && !nstype_of_link("net:[7]x", &inode)
              && !nstype_of_link("nets:[7]", &inode) && !nstype_of_link("net::7]", &inode)
              && !nstype_of_link("pipe:[7]", &inode) && !nstype_of_link("/net:[7]", &inode),
          "other texts are no namespaces");
    check_text(ns_titles(0, text, sizeof text), "", "no flags have no titles");
    check_text(ns_titles(CLONE_NEWNET, text, sizeof text), "network", "one title");
    check_text(ns_titles(CLONE_NEWNS | CLONE_NEWPID, text, sizeof text), "mount and PID", "two titles");
    check_text(ns_titles(all, text, sizeof text), "user, mount, UTS, IPC, network, PID, cgroup and time", "all titles");
    memset(text, '#', sizeof text - 1);
    check_text(ns_titles(all, text, 8), "user, m", "a short buffer is filled,");
    check(strspn(text + 8, "#") == sizeof text - 1 - 8, "not overrun");
    return done();
}
