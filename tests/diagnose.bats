#!/usr/bin/env bats
# Errors that say what to do: each cause is made, and the sentence names it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# fails_with SENTENCE BUILTIN [OPTION...]: it does, in these words (a pattern), and nothing has changed
fails_with() {
    local sentence=$1
    shift
    sh_run 'fingerprint "$dir/before"; "$@"; status=$?; fingerprint "$dir/after"; exit $status' "$@"
    is "$status $output" "1 "
    like "$error" "bash: line +([0-9]): $1: $sentence"
    unchanged
}

# In a user namespace of the test's own, with limits of its own
limited() {
    via=(unshare --user --map-root-user bash -c 'echo 0 >"/proc/sys/user/$1" || exit 77; shift; exec "$@"' bash "$1")
}

# In a user and mount namespace of the test's own, where a script prepares what the shell then sees
prepared() {
    # Not as root, whose own ID the kernel keeps a capability for (CAP_SETFCAP).
    via=(unshare --user --map-user=1000 --map-group=1000 --keep-caps --mount bash -ec "$1"'; exec "$@"' bash)
}

@test "no privilege, and no user namespace asked for" {
    ((EUID != 0)) || skip "needs an ordinary user"
    local option
    for option in -m -u -i -n -p -C -T; do
        fails_with 'cannot make a new * namespace: Operation not permitted; without privilege, *say -r (--map-root-user)' \
            unshare_ns $option
    done
}

@test "a namespace type is switched off" {
    local type
    for type in user:user mnt:mount uts:UTS ipc:IPC net:network pid:PID cgroup:cgroup time:time; do
        limited "max_${type%:*}_namespaces"
        fails_with "cannot make *: No space left on device; ${type#*:} namespaces are switched off: ask for user.max_${type%:*}_namespaces above 0" \
            unshare_ns -rmuinpCT
    done
}

@test "as many user namespaces as the limit allows" {
    via=(unshare --user --map-root-user bash -c 'echo 1 >/proc/sys/user/max_user_namespaces || exit 77; exec "$@"' bash)
    sh_run 'unshare_ns -r; fingerprint "$dir/before"; unshare_ns -r; status=$?; fingerprint "$dir/after"; exit $status'
    is "$status" 1
    like "$error" '*: cannot make a new user namespace: No space left on device; a limit below /proc/sys/user/ is reached, *'
    unchanged
}

@test "user namespaces nested too deep" {
    sh_run 'for ((depth = 0; depth < 40; depth++)); do
                fingerprint "$dir/before"
                unshare_ns -r || break
            done
            fingerprint "$dir/after"; echo "$depth"'
    like "$output" "[23][0-9]"
    like "$error" '*: cannot make a new user namespace: No space left on device; *32 user namespaces are nested'
    unchanged
}

# A shell without capabilities that sees another value of a sysctl that not every kernel has (Debian's, Ubuntu's)
sysctl_says() {
    prepared 'read -r name </proc/sys/kernel/hostname
        mount -t tmpfs tmpfs /proc/sys/kernel; echo "$name" >/proc/sys/kernel/hostname
        echo '"$2 >/proc/sys/kernel/$1"'
        set -- setpriv --bounding-set -all --inh-caps -all --ambient-caps -all "$@"'
}

@test "unprivileged user namespaces are switched off" {
    sysctl_says unprivileged_userns_clone 0
    injected unshare EPERM
    fails_with '*unprivileged user namespaces are switched off: ask for kernel.unprivileged_userns_clone=1' unshare_ns -r
}

# injected CALL ERROR: the shell's helpers have this call fail
injected() {
    needs strace -f -o /dev/null true
    via+=(strace -f -o "$dir/trace" -e "trace=$1" -e "inject=$1:error=$2")
}

@test "AppArmor takes the capabilities" {
    sysctl_says apparmor_restrict_unprivileged_userns 1
    injected unshare EPERM
    fails_with '*; AppArmor restricts unprivileged user namespaces: *' unshare_ns -rn
    sysctl_says apparmor_restrict_unprivileged_userns 1
    injected sethostname EPERM
    fails_with 'cannot set the hostname "box": *; AppArmor restricts unprivileged user namespaces: *' \
        unshare_ns -ru --hostname box
    sysctl_says apparmor_restrict_unprivileged_userns 1
    injected mount EACCES
    fails_with 'cannot *; AppArmor restricts unprivileged user namespaces: *' unshare_ns -rm
}

@test "root without the capability to map user 0" {
    ((EUID == 0)) || skip "needs root"
    via=(setpriv --bounding-set=-setfcap --inh-caps=-setfcap)
    fails_with "cannot write the user namespace's uid_map: Operation not permitted; to map user 0, root itself needs CAP_SETFCAP*" \
        unshare_ns -r
}

@test "a target that ends before it is joined" {
    target -ru
    injected setns ESRCH
    fails_with 'cannot join the user and UTS namespace: No such process; the target has ended' nsenter_ns -t "$target" -U -u
}

@test "AppArmor is not named to who has the capability" {
    ((EUID == 0)) || skip "needs root"
    needs strace -f -o /dev/null true
    via=(unshare --mount bash -ec 'mount -t tmpfs tmpfs /proc/sys/kernel
        echo 1 >/proc/sys/kernel/apparmor_restrict_unprivileged_userns; exec "$@"' bash)
    injected unshare EPERM
    sh_run 'unshare_ns -r'
    like "$error" '*unshare_ns: cannot make a new user namespace: Operation not permitted'
}

@test "where AppArmor restricts nothing, it is not named" {
    sysctl_says apparmor_restrict_unprivileged_userns 0
    injected sethostname EPERM
    fails_with 'cannot set the hostname "box": Operation not permitted' unshare_ns -ru --hostname box
}

@test "the shell is chrooted" {
    # A chroot to a mount looks like the root of a mount namespace; one to a directory does not.
    prepared 'root=$dir/root
        mkdir -p "$root/"{usr,proc,tmp} "$root$dir" "$root${NSBUILTINS_SO%/*}" "$root$NSB_BUILDDIR/tests"
        for link in /bin /lib /lib64; do [[ ! -L $link ]] || cp -P "$link" "$root"; done
        for there in /usr /proc "$dir" "${NSBUILTINS_SO%/*}" "$NSB_BUILDDIR/tests"; do mount --rbind "$there" "$root$there"; done
        set -- chroot "$root" "$@"'
    fails_with '*; the shell is chrooted, and the kernel makes no user namespace there: use pivot_root(8)*' unshare_ns -r
}

@test "the shell's own user is nobody in its user namespace" {
    sh_run 'unshare_ns -U; fingerprint "$dir/before"; unshare_ns -r; status=$?; fingerprint "$dir/after"; exit $status'
    is "$status" 1
    like "$error" "*: cannot make a new user namespace: *; the shell's own user or group has no ID in the user namespace*"
    unchanged
}

@test "a new procfs without a PID namespace" {
    fails_with 'cannot mount a procfs on /proc: Operation not permitted; *say -p (--pid)' unshare_ns -rm --mount-proc
}

@test "a new procfs where the present one is partly covered" {
    prepared 'mount -t tmpfs tmpfs /proc/tty'
    fails_with 'cannot mount a procfs on /proc: Operation not permitted; the present /proc is partly covered (/proc/tty)*' \
        unshare_ns -rmp --mount-proc
    via=(unshare --user --map-root-user --mount --pid --fork --mount-proc bash -c 'mount -t tmpfs tmpfs /proc/tty; exec "$@"' bash)
    injected mount EPERM
    fails_with '*; the present /proc is partly covered (/proc/tty)*' unshare_ns -m --propagation unchanged --mount-proc
}

@test "the init of the PID namespace for children has ended" {
    via=(unshare --user --map-root-user --pid)
    sh_run '/bin/true; unshare_ns -m'
    is "$status" 1
    like "$error" '*: cannot fork a helper process: Cannot allocate memory; the init of the PID namespace for this shell*'
}

@test "a target that has ended" {
    sh_run 'sleep 0 & wait; jobs >/dev/null; fingerprint "$dir/before"; nsenter_ns -t $! -u; status=$?; fingerprint "$dir/after"; exit $status'
    is "$status" 1
    like "$error" 'bash: line +([0-9]): nsenter_ns: +([0-9]): No such process'
    unchanged
}

@test "a target that may not be joined" {
    ((EUID != 0)) || skip "needs an ordinary user"
    target -ru
    fails_with 'cannot join the UTS namespace: Operation not permitted; *say -U (--user)' nsenter_ns -t "$target" -u
    fails_with '*: its namespaces: Permission denied' nsenter_ns -t 1 -a
}

# without_capabilities [COMMAND...]: the shell has none, and is what COMMAND, a command that executes its arguments, starts
without_capabilities() {
    via=("$@" setpriv --bounding-set -all --inh-caps -all --ambient-caps -all)
}

@test "whose a namespace is, that cannot be joined" {
    without_capabilities
    local name title letter
    for name in uts:UTS:u net:network:n mount:mount:m; do
        IFS=: read -r name title letter <<<"$name" # the file of the last is called mnt
        fails_with "cannot join the $title namespace: *; the shell is in this $title namespace already: leave out -$letter (--$name)" \
            nsenter_ns "-$letter/proc/self/ns/${name/mount/mnt}"
    done
    target -runi
    fails_with '*; without privilege, join the user namespace that owns it too: say --user-parent' \
        nsenter_ns --net="/proc/$target/ns/net"
    fails_with '*; the shell is in this cgroup namespace already: leave out -C (--cgroup)' nsenter_ns -t "$target" -U -n -C
    via=()
    sh_run 'exec 5</proc/self/ns/net 6</proc/self/ns/user; unshare_ns -rn
            nsenter_ns --net=5; nsenter_ns --user=6; nsenter_ns -t $PPID -n; unshare_ns -n; nsenter_ns -t $PPID -U -u
            unshare_ns -r; exec 7</proc/self/ns/uts; nsenter_ns --uts=7'
    is "$(sed -n 's/.*: Operation not permitted; //p' <<<"$error")" "$(printf '%s\n' \
        "it belongs to a user namespace around this one, or beside it: join it first, and then enter this one" \
        "it is a user namespace around this one, or beside it, where nothing leads from inside" \
        "it belongs to a user namespace around this one, or beside it: join it first, and then enter this one"{,} \
        "the shell is in this UTS namespace already: leave out -u (--uts)")"
}

@test "a namespace of the machine, and another user's" {
    ((EUID == 0)) || skip "needs root, to make them"
    unshare -n sleep 1000 &
    machine=$!
    setpriv --reuid 1007 --clear-groups unshare -rn sleep 1000 &
    other=$!
    until [[ ! /proc/$machine/ns/net -ef /proc/self/ns/net && ! /proc/$other/ns/net -ef /proc/self/ns/net ]]; do sleep 0.02; done
    without_capabilities bash -c 'exec 5<"/proc/$1/ns/net" 6<"/proc/$2/ns/net" 7<"/proc/$2/ns/user"; exec "${@:3}"' bash "$machine" "$other"
    fails_with "cannot join the network namespace: *; it is the machine's: that takes root" nsenter_ns --net=5
    fails_with "*; that is for user 1007, who made its user namespace, and for root" nsenter_ns --net=6
    fails_with "*; that is for user 1007, who made its user namespace, and for root" nsenter_ns --user=7
    without_capabilities
    fails_with "*; its process is not for this user to look into: that takes its user, or root" nsenter_ns -t "$other" -n
    kill "$machine" "$other"
}

@test "a file that is to hold a namespace, where one may not mount" {
    via=(unshare --user --map-user=1000 --map-group=1000)
    fails_with "cannot hold the new network namespace in $dir/net: *; only who may mount there can do that: say unshare_ns -rm first, in a call of its own" \
        unshare_ns -rm --net="$dir/net"
}

@test "a seccomp filter refuses mount(2)" {
    local sentence='a seccomp filter refuses mount(2): allow it where this container is started'
    via=("$NSB_BUILDDIR/tests/with-seccomp" EPERM mount --)
    fails_with "cannot change the mount propagation of /: Operation not permitted; $sentence" unshare_ns -rm
    fails_with "cannot mount a procfs on /proc: *; $sentence" unshare_ns -rpm --propagation unchanged --mount-proc
    via=("$NSB_BUILDDIR/tests/with-seccomp" EPERM mount fsopen open_tree mount_setattr --)
    sh_run 'unshare_ns -rm --propagation unchanged; mount_ns -t tmpfs none /mnt; mount_ns --rbind / /mnt'
    # shellcheck disable=SC2001 # in each line
    is "$(sed 's/.*; //' <<<"$error")" "$sentence"$'\n'"$sentence"
    via=("$NSB_BUILDDIR/tests/with-seccomp" EPERM sethostname --)
    fails_with 'cannot mount a procfs on /proc: Operation not permitted; *say -p (--pid)' unshare_ns -rm --mount-proc
}

@test "an ID that is not mapped" {
    target -u --map-user=5 --map-group=5
    local sentence='cannot become group 0: Invalid argument; it is not mapped there: say -S follow -G follow, or --preserve-credentials'
    fails_with "$sentence" nsenter_ns -t "$target" -a
    fails_with "$sentence" nsenter_ns -t "$target" -U -S follow
    fails_with 'cannot become group 0: *; it is not mapped there: say --preserve-credentials, or name those * by -S and -G' \
        nsenter_ns -U="/proc/$target/ns/user"
    fails_with 'cannot become user 0: *; it is not mapped there: *' nsenter_ns -t "$target" -U --preserve-credentials -S 0
    sh_run 'nsenter_ns -t "$1" -a -S follow -G follow && id -u && id -g' "$target"
    is "$output" $'5\n5'
    done_quietly
    fails_with 'cannot become user 6: Invalid argument; it is not mapped inside: say --map-auto, map it with --map-users or --map-groups, *' \
        unshare_ns -r -S 6
    sh_run 'unshare_ns -r; unshare_ns -u -S 6'
    like "$error" "*: cannot become user 6: Invalid argument; it is not mapped in this user namespace, which --map-auto would have done when it was made"
}

@test "a user or group without the capability for it" {
    ((EUID != 0)) || via=(setpriv "--bounding-set=-setuid,-setgid")
    fails_with 'cannot drop the supplementary groups: *; only who has the capability CAP_SETGID may become another group' \
        unshare_ns -G 6
    fails_with 'cannot become user 6: *; only who has the capability CAP_SETUID may become another user' unshare_ns -S 6
    via=()
    fails_with '*; the user namespace denies setgroups(2): leave out --setgid' unshare_ns -r -G 0
    fails_with '*; no group is mapped: say *' unshare_ns --map-user=5 -G 0
    sh_run 'unshare_ns -r; unshare_ns -u -G 0'
    like "$error" '*; the user namespace denies setgroups(2): leave out --setgid'
}

@test "too many open files" {
    local limit
    for limit in {3..12}; do
        sh_run '(ulimit -n "$1"; unshare_ns -rm) && [[ $1 != [34] ]]' "$limit"
        [[ $status == 0 ]] || like "$error" \
            '*unshare_ns: cannot *: Too many open files; this shell has as many files open as it may: close some, or raise the limit (ulimit -n)'
    done
    is "$status" 0
}

@test "a file to hold a namespace that is a symbolic link to nothing" {
    sh_run 'ln -s nothing "$dir/link"; unshare_ns -rm; unshare_ns --uts="$dir/link" || [[ -e $dir/nothing ]]; echo "$?"
            unshare_ns --uts="$dir/nowhere/file"; touch "$dir/nothing"; unshare_ns --uts="$dir/link" && umount "$dir/nothing"'
    is "$output" 1
    is "$status" 0
    like "$error" "*: cannot hold *: No such file or directory; $dir/link is a symbolic link to nothing: make the file, *
*: cannot hold the new UTS namespace in $dir/nowhere/file: No such file or directory; its directory must be there"
}

@test "the user namespace in which the shell is" {
    target -ru
    sh_run 'nsenter_ns -t "$1" -U
            nsenter_ns -t "$1" -U; nsenter_ns --user="/proc/$1/ns/user"; nsenter_ns -t "$1" -U -u || nsenter_ns -t "$1" -u' "$target"
    is "$status" 0
    # shellcheck disable=SC2001 # in each line
    is "$(sed "s,.*nsenter_ns: ,," <<<"$error")" "$(printf '%s\n' \
        "cannot join the user namespace: Invalid argument; the shell is in this user namespace already, and cannot join it again"{,} \
        "cannot join the user and UTS namespace: Invalid argument; the shell is in this user namespace already: leave out -U (--user)")"
    via=(unshare --user --map-user=1000 --map-group=1000 --keep-caps --uts bash -c 'exec 5</proc/self/ns/uts
        exec unshare --uts setpriv --inh-caps -all --ambient-caps -all "$@"' bash)
    sh_run 'nsenter_ns --uts=5'
    like "$error" "*: Operation not permitted; the shell is in the user namespace that owns it, without privilege there: *--keep-caps"
}

@test "letters in one word, of which the second is taken for a file" {
    local sentence="No such file or directory; the rest of a letter's word is the name of a file: give each letter a word of its own (-U -u)"
    fails_with "u: $sentence" nsenter_ns -t $$ -Uu
    fails_with "mw: $sentence" nsenter_ns -t $$ -rmw
    fails_with "ar: $sentence" nsenter_ns -t $$ -Uar
    fails_with "user: No such file or directory" nsenter_ns -t $$ -nuser
    fails_with "u/x: No such file or directory" nsenter_ns -t $$ -nu/x
}

@test "a seccomp filter refuses unshare(2) or setns(2)" {
    via=("$NSB_BUILDDIR/tests/with-seccomp" EPERM unshare --)
    fails_with 'cannot make a new user namespace: *; a seccomp filter refuses unshare(2): allow it *' unshare_ns -r
    via=("$NSB_BUILDDIR/tests/with-seccomp" EPERM setns --)
    fails_with 'cannot follow *; a seccomp filter refuses setns(2): allow it *' unshare_ns -rmu
    target -ru
    fails_with 'cannot join the user and UTS namespace: *; a seccomp filter refuses setns(2): allow it *' \
        nsenter_ns -t "$target" -U -u
}

# fault FAULT PLAN: as fails_with, but where tests/inject lets this happen; the sentence is in $error
fault() {
    via+=("$NSB_BUILDDIR/tests/inject" /dev/null "$1")
    needs "${via[@]}" true
    sh_run 'fingerprint "$dir/before"
            kill -s RTMAX-1 $$
            '"$2"'
            status=$?
            fingerprint "$dir/after"
            exit $status'
    is "$status" 1
    unchanged
}

@test "a seccomp filter is in force, and may be the cause" {
    via=("$NSB_BUILDDIR/tests/with-seccomp" ENOSYS clone3 --)
    fault 1:unshare:1:EPERM 'unshare_ns -r'
    like "$error" '*cannot make a new user namespace: *; a seccomp filter is in force and may refuse it *'
}

@test "where no cause is found, none is made up" {
    needs grep -q '^Seccomp:.*0$' /proc/self/status
    local row call plan sentence
    for row in "1:unshare:1:EPERM|-r|make a new user namespace: Operation not permitted" \
        "1:unshare:1:ENOMEM|-r|make a new user namespace: Cannot allocate memory" \
        "0:unshare:1:ENOMEM|-u|make a new UTS namespace: Cannot allocate memory" \
        "0:setns:1:ENOMEM|-rmu|follow the helper process into the namespaces: Cannot allocate memory" \
        "0:setns:1:EPERM|-rmu|follow the helper process into the namespaces: Operation not permitted" \
        "1:mount:1:EACCES|-rm|change the mount propagation of /: Permission denied" \
        "1:sethostname:1:EPERM|-ru --hostname box|set the hostname \"box\": Operation not permitted"; do
        IFS='|' read -r call plan sentence <<<"$row"
        via=()
        fault "$call" "unshare_ns $plan"
        like "$error" "*unshare_ns: cannot $sentence"
    done
}

@test "too many processes" {
    ((EUID != 0)) || skip "needs an ordinary user: the limit does not bind root"
    sh_run 'ulimit -u 1; unshare_ns -r; echo $?'
    is "$output" 1
    like "$error" '*: cannot fork a helper process: Resource temporarily unavailable; a limit on processes is reached*'
}

@test "of several types that are switched off, the one that was asked for is named" {
    prepared 'echo 0 >/proc/sys/user/max_uts_namespaces; echo 0 >/proc/sys/user/max_net_namespaces'
    fails_with '*; network namespaces are switched off: ask for user.max_net_namespaces above 0' unshare_ns -n
}

@test "a file system for binary formats covers nothing of /proc" {
    [[ -d /proc/sys/fs/binfmt_misc ]] || skip "this kernel has none"
    prepared 'mount -t tmpfs tmpfs /proc/sys/fs/binfmt_misc'
    injected mount EPERM
    fails_with 'cannot mount a procfs on /proc: Operation not permitted' unshare_ns -rmp --propagation unchanged --mount-proc
}

@test "a user or group that is not mapped, each alone" {
    ((EUID == 0)) || skip "needs root"
    local nobody="*; the shell's own user or group has no ID in the user namespace that it is in: *"
    sh_run 'unshare_ns --map-users=0:0:1 --map-groups=0:100000:10; unshare_ns -U'
    like "$error" "$nobody"
    sh_run 'unshare_ns --map-users=0:100000:10 --map-groups=0:0:1; unshare_ns -U'
    like "$error" "$nobody"
    # the number of who is not mapped is 65534, right behind this range
    sh_run 'unshare_ns --map-users=0:100000:65534 --map-groups=0:0:1; unshare_ns -U'
    like "$error" "$nobody"
}

@test "without a /proc, no cause is made up" {
    sh_run 'unshare_ns -rm; mount -t tmpfs none /proc; unshare_ns -U; unshare_ns -U'
    is "$status" 1
    like "$error" 'bash: line +([0-9]): unshare_ns: cannot make a new user namespace: Operation not permitted'
}

@test "a seccomp filter that lets setns(2) pass is not the cause" {
    ((EUID != 0)) || skip "needs an ordinary user"
    target -ru
    via=("$NSB_BUILDDIR/tests/with-seccomp" EPERM sethostname --)
    fails_with 'cannot join the UTS namespace: Operation not permitted; *say -U (--user)' nsenter_ns -t "$target" -u
}

@test "a process of somebody else is there, though it may not be looked at" {
    ((EUID != 0)) || skip "needs an ordinary user"
    fails_with '1: Permission denied' nsmap -t 1
}
