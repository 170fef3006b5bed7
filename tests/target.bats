#!/usr/bin/env bats
# nsenter_ns and nsmap: the ways to name a process and a namespace, and what else of a target can be taken on.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# joined TYPE: the last script printed the target's namespace of this type, and no more
joined() {
    is "$output" "$(readlink "/proc/$target/ns/$1")"
    done_quietly
}

# refused STATUS SENTENCE: the last script's builtin failed like this (a pattern), and changed nothing
refused() {
    is "$status" "$1"
    like "$error" "bash: line +([0-9]): $2"
    unchanged
}

# try BUILTIN [OPTION...]: runs it between two fingerprints
try() {
    sh_run 'fingerprint "$dir/before"; "$@"; status=$?; fingerprint "$dir/after"; exit $status' "$@"
}

@test "a job of the shell, by its number or name" {
    local job
    for job in %1 %+ '%?30'; do
        sh_run '(unshare_ns -ru; exec sleep 30) &
                until [[ $(</proc/$!/comm) == sleep ]]; do :; done
                readlink "/proc/$!/ns/uts"
                nsenter_ns -t "$1" -U -u readlink /proc/self/ns/uts
                nsmap -t "$1" >/dev/null || exit
                kill %1' "$job"
        is "$(uniq <<<"$output" | wc -l) $(wc -l <<<"$output")" "1 2"
        done_quietly
    done
}

@test "a job whose first process has ended" {
    sh_run 'true | unshare -Ur sleep 30 & job=$!
            until [[ $(</proc/$job/comm) == sleep && ! -e /proc/$(jobs -p %1) ]]; do sleep 0.01; done; nsmap -t %1 | grep -c .
            mapfile -t facts < <(nsmap -t "$job"); [[ $(nsmap -t %1 -A map; echo "${map[user]}") ]]
            nsmap -t %1 -A map && [[ ${facts[0]} == *" ${map[user]}" ]] && echo same; kill "$job"'
    is "${output##*$'\n'}" same
}

@test "a job that there is not" {
    try nsenter_ns -t %3 -u
    refused 1 'nsenter_ns: %3: no such job'
    try nsmap --target=%nothing
    refused 1 'nsmap: %nothing: no such job'
}

@test "a PID and the inode number of its pidfd" {
    target -ru
    sh_run 'exec {handle}<"/proc/$1" || exit
            nsenter_ns -t "$1:99" -U -u' "$target"
    is "$status" 1
    try nsenter_ns -t "$target:99" -U -u
    refused 1 "nsenter_ns: $target:99: @(this PID belongs to another process now|the kernel does not number*)"
    like "$error" "*nsenter_ns: $target:99: @(this PID belongs to another process now|the kernel does not number*)"
    needs perl -MPOSIX -e 1
    kind=$(perl -MPOSIX -e 'dup2(syscall(434, shift(@ARGV) + 0, 0), 9); exec @ARGV' "$target" stat -L -f -c %t /dev/fd/9)
    [[ $kind == 50494446 ]] || skip "this kernel does not number its processes" # it has no pidfs
    like "$error" "*nsenter_ns: $target:99: this PID belongs to another process now*"
    via=(perl -MPOSIX -e 'dup2(syscall(434, shift(@ARGV) + 0, 0), 9); exec { $ARGV[0] } @ARGV' "$target" env)
    sh_run 'nsenter_ns -t "$1:$(stat -L -c %i /dev/fd/9)" -U -u readlink /proc/self/ns/uts' "$target"
    joined uts
}

@test "a pidfd of a process that has ended" {
    needs perl -MPOSIX -e 1
    via=(perl -MPOSIX -e '$child = fork // die; exit 0 if $child == 0; dup2(syscall(434, $child + 0, 0), 9); wait;
        exec { $ARGV[0] } @ARGV' env)
    sh_run 'nsenter_ns -t /dev/fd/9 -u; nsmap -t /dev/fd/9'
    is "$status" 1
    is "$(grep -c '/dev/fd/9: No such process$' "$dir/error")" 2
}

@test "an open directory of /proc stands for its process" {
    target -ru
    sh_run 'exec {handle}<"/proc/$1"; nsenter_ns -t "/dev/fd/$handle" -U -u readlink /proc/self/ns/uts' "$target"
    joined uts
    sh_run 'exec {handle}<"/proc/$1"; kill -KILL "$1"; while [[ -e /proc/$1 ]]; do sleep 0.01; done
            fingerprint "$dir/before"
            nsenter_ns -t "/dev/fd/$handle" -U -u readlink /proc/self/ns/uts; status=$?
            fingerprint "$dir/after"; exit $status' "$target"
    refused 125 'nsenter_ns: /dev/fd/+([0-9]): No such process'
}

@test "an open directory in the /proc of a container is not taken for the process that has the number here" {
    in_target='mount -t proc proc /proc' target -rmupf
    sh_run 'exec {handle}<"/proc/$1/root/proc/1" || exit
            fingerprint "$dir/before"
            nsenter_ns -t "/dev/fd/$handle" -u; status=$?
            fingerprint "$dir/after"; exit $status' "$target"
    refused 1 'nsenter_ns: /dev/fd/+([0-9]): expected a directory in the /proc of this PID namespace*'
}

@test "a pidfd is its process, whatever namespace /proc is of" {
    needs perl -MPOSIX -e 1
    mkfifo "$dir/ready"
    sh_run 'unshare_ns -rmp --mount-proc
            unshare_ns -p
            exec 5<>"$dir/ready"
            (unshare_ns -u --hostname right; echo >&5; exec sleep 30) & right=$!
            for i in {1..20}; do (unshare_ns -u --hostname wrong; echo >&5; exec sleep 30) & done
            for i in {0..20}; do read -r -u 5; done
            exec perl -MPOSIX -e "dup2(syscall(434, shift(@ARGV) + 0, 0), 9); exec { \$ARGV[0] } @ARGV" "$right" \
                bash -c "enable -f \"\$NSBUILTINS_SO\" nsenter_ns; nsenter_ns -t /dev/fd/9 -u uname -n"'
    is "$output" right
    done_quietly
}

@test "a pidfd of a process that is not in this PID namespace" {
    needs perl -MPOSIX -e 1
    via=(perl -MPOSIX -e 'dup2(syscall(434, $$ + 0, 0), 9); exec { $ARGV[0] } @ARGV' env)
    sh_run 'unshare_ns -rmp --mount-proc; fingerprint "$dir/before"
            nsenter_ns -t /dev/fd/9 -a; echo $?; nsenter_ns -t /dev/fd/9 --root; echo $?; nsmap -t /dev/fd/9; echo $?
            nsmap -t /dev/fd/9 --pid; echo $?
            fingerprint "$dir/after"'
    is "$output" $'1\n1\n1\n1'
    like "$error" "*nsmap: /dev/fd/9: it has no number in this PID namespace"
    is "$(grep -c ': No such file or directory$' "$dir/error")" 3
    unchanged
}

@test "a process that has ended, though its parent has not noticed, is no target" {
    sh_run '(unshare -Uru sleep 0.1 & echo $! >"$dir/ended"; exec sleep 30) & parent=$!
            until { read -r ended <"$dir/ended"; [[ $(</proc/$ended/stat) == *") Z "* ]]; } 2>/dev/null; do sleep 0.01; done
            nsenter_ns -t $ended -a; echo $?; nsenter_ns -t $ended -a --check; echo $?
            nsmap -t $ended; echo $?; kill $parent'
    is "$output" $'1\n1\n1'
    is "$(grep -c ': No such process$' "$dir/error")" 3
}

@test "a thread is no target" {
    needs perl -Mthreads -e 1
    sh_run 'perl -Mthreads -e "threads->create(sub { sleep 30 }); sleep 30" & process=$!
            until threads=(/proc/$process/task/*) && ((${#threads[@]} == 2)); do sleep 0.01; done
            nsenter_ns -t ${threads[1]##*/} -u; echo $?; kill $process'
    is "$output" 1
    like "$error" "*: expected a process; this is a thread of one"
}

@test "an ordinary user, where /proc hides the processes of others" {
    ((EUID == 0)) || skip "needs root, to mount such a /proc"
    cp "$NSBUILTINS_SO" "$dir/"
    chmod 755 "$dir" "$dir"/*.so
    NSBUILTINS_SO=$dir/${NSBUILTINS_SO##*/}
    via=(unshare -m bash -c 'mount -t proc -o hidepid=2 proc /proc && exec "$@"' bash
        setpriv --reuid=4711 --regid=4711 --clear-groups env)
    sh_run 'mkfifo /tmp/nsb.$$ && exec 5<>/tmp/nsb.$$ && rm /tmp/nsb.$$
            (unshare_ns -rmu --hostname box; echo >&5; exec sleep 30) & read -r -u 5
            nsenter_ns -t $! -U -m -u --root --wd eval "echo \$HOSTNAME"; echo $?; kill $!
            nsenter_ns -t 1 -a; echo $?; nsenter_ns -t 1 -a --check; echo $?'
    is "$output" $'box\n0\n1\n1'
    is "$(grep -c ': nsenter_ns: 1: its namespaces: Permission denied$' "$dir/error")" 2
}

@test "a descriptor that is no process" {
    try nsenter_ns -t /dev/fd/0 -u
    refused 1 'nsenter_ns: /dev/fd/0: expected a pidfd, or the open directory /proc/PID'
    try nsenter_ns -t /dev/fd/77 -u
    refused 1 'nsenter_ns: /dev/fd/77: Bad file descriptor'
}

@test "an open descriptor in place of a namespace file" {
    target -run
    sh_run 'exec {user}<"/proc/$1/ns/user" {net}<"/proc/$1/ns/net"
            nsenter_ns --user="$user" --net="$net" readlink /proc/self/ns/net' "$target"
    joined net
    try nsenter_ns --net=0
    refused 1 'nsenter_ns: 0: expected a network namespace file'
    try nsenter_ns --net=77
    refused 1 'nsenter_ns: 77: Bad file descriptor'
    needs perl -e 1
    via=(perl -e '$fd = syscall(434, shift(@ARGV) + 0, 0); open($pidfd, "<&=", $fd); fcntl($pidfd, 2, 0); # pidfd_open, FD_CLOEXEC
        exec { $ARGV[0] } @ARGV' "$target" env)
    sh_run 'for fd in /proc/self/fd/*; do
                [[ $(readlink "$fd") != *pidfd* ]] ||
                    for name in ${fd##*/} /dev/fd/${fd##*/}; do
                        nsenter_ns --user=$name; echo $?
                        nsenter_ns --user=$name --net=/proc/self/ns/net; echo $?
                    done
            done'
    is "$output" $'1\n1\n1\n1'
    is "$(grep -cE ': nsenter_ns: (/dev/fd/)?[0-9]+: (expected a user namespace file|No such device.*|Permission denied)$' "$dir/error")" 4
}

@test "a file that is no namespace of its type, alone, beside one that is, and as a child" {
    local file option
    for file in "$BATS_TEST_FILENAME" / /proc/self/ns/uts "/proc/$$/ns/mnt"; do
        for option in "" --check --root=/ --user-parent; do
            try nsenter_ns --net="$file" ${option:+"$option"}
            refused 1 "nsenter_ns: $file: expected a network namespace file"
        done
    done
    target -rum
    try nsenter_ns --user="/proc/$target/ns/user" --uts="/proc/$target/ns/mnt"
    refused 1 "nsenter_ns: /proc/$target/ns/mnt: expected a UTS namespace file"
    try nsenter_ns --user="/proc/$target/ns/uts" --user-parent
    refused 1 "nsenter_ns: /proc/$target/ns/uts: expected a user namespace file"
}

# The number of this namespace is not told by /proc; what the kernel knows by it, it opens only since Linux 6.19.
@test "a namespace by a number that there is not" {
    try nsenter_ns --net=:18446744073709551615
    is "$status" 1
    like "$error" 'bash: line +([0-9]): nsenter_ns: :18446744073709551615: *'
    unchanged
    try nsenter_ns --net=:18446744073709551616
    like "$status $error" '2 *:18446744073709551616: expected a namespace file, an open descriptor, or :NSID*'
    unchanged
}

@test "a namespace by its number is asked for by that, and its type" {
    [[ $(uname -m) == @(x86_64|aarch64) ]] || skip "structures of the kernel are others here"
    needs strace true
    via=(strace -qq -o "$dir/trace" -e trace=open_by_handle_at)
    sh_run 'nsenter_ns --net=:4660'
    like "$(sed 's/\\x//g' "$dir/trace")" 'open_by_handle_at(-10003, {handle_bytes=16, handle_type=@(241|0xf1), *34120000000000000000004000000000*O_RDONLY*'
}

@test "the PID namespace that a target has made for its children" {
    in_target='sleep 1000 & echo $! >"$dir/init"' target -Urp
    targets+=("$(<"$dir/init")")
    sh_run 'nsenter_ns -t "$1" -U -p readlink /proc/self/ns/pid
            nsenter_ns -t "$1" -U -p && echo $$' "$target"
    is "${output%$'\n'?}" "$(readlink "/proc/$target/ns/pid_for_children")"
    like "${output##*$'\n'}" "[2-9]"
    done_quietly
    [[ $output != "$(readlink "/proc/$target/ns/pid")"* ]]
}

@test "-F: only the shell's children are in the PID namespace" {
    in_target='sleep 1000 & echo $! >"$dir/init"' target -Urp
    targets+=("$(<"$dir/init")")
    sh_run 'before=$$ outside=$(readlink /proc/self/ns/pid)
            nsenter_ns -t "$1" -U -p -F && readlink /proc/self/ns/pid && echo "$((before == $$))"
            [[ $(readlink /proc/$$/ns/pid) == "$outside" ]]' "$target"
    is "$output" "$(readlink "/proc/$target/ns/pid_for_children")"$'\n1'
    done_quietly
}

@test "the time namespace that a target has made for its children" {
    local number=272
    case $(uname -m) in
        x86_64) ;;
        aarch64 | riscv64) number=97 ;;
        *) skip "the number of unshare(2) is not known here" ;;
    esac
    needs command -v perl
    # A program that is executed after unshare(2) would be in the time namespace itself.
    in_target="exec -a sleep perl -e '\$0 = q(sleep); syscall($number, 0x80) == 0 or exit; sleep 1000'" target -Ur
    until ! [[ /proc/$target/ns/time_for_children -ef /proc/$target/ns/time ]]; do sleep 0.01; done
    sh_run 'nsenter_ns -t "$1" -U -T && readlink /proc/self/ns/time' "$target"
    is "$output" "$(readlink "/proc/$target/ns/time_for_children")"
    done_quietly
}

@test "the network namespace of a target's socket" {
    ((EUID == 0)) || skip "needs root: the socket belongs to a network namespace with CAP_NET_ADMIN"
    in_target="enable -f '$NSBUILTINS_SO' unshare_ns; unshare_ns -n --loopback"'
        exec {socket}<>/dev/udp/127.0.0.1/9; echo "$socket" >"$dir/socket"; ' target -n
    sh_run 'nsenter_ns -t "$1" -N "$2" readlink /proc/self/ns/net' "$target" "$(<"$dir/socket")"
    joined net
    try nsenter_ns -t "$target" -N 0
    refused 1 "nsenter_ns: $target: its socket's network namespace: *"
    try nsenter_ns -t "$target" -N 77
    refused 1 "nsenter_ns: $target: its socket's network namespace: Bad file descriptor"
}

@test "the parent of the target's user namespace, where that is the shell's own: --all leaves it out" {
    sh_run 'unshare_ns -Ur; unshare --user --map-root-user --uts sleep 1000 & trap "kill $!" EXIT; sleep 0.2
            nsenter_ns -t $! --user-parent true; echo $?; nsenter_ns -t $! -a --user-parent --check; echo $?' 2>/dev/null
    is "${output%%$'\n'*}" 125
    is "$(grep -c 'in this user namespace already, and cannot join it again' "$dir/error")" 1
}

@test "the parent of the target's user namespace" {
    ((EUID == 0)) || skip "needs root: nobody may join the user namespace in which he is"
    in_target='exec unshare -Ur sleep 1000' target -Urn
    local parent=$target nested
    # unshare(1) executes sleep in the nested one
    sh_run 'nsenter_ns -t "$1" -n --user-parent readlink /proc/self/ns/user' "$target"
    nested=$output
    sh_run 'nsmap -t "$1" -A it; nsenter_ns --net="/proc/$1/ns/net" --user-parent readlink /proc/self/ns/user' "$target"
    is "$output" "$nested"
    done_quietly
    [[ $output != "$(readlink "/proc/$parent/ns/user")" && $output != "$(readlink /proc/self/ns/user)" ]]
}

@test "the parent of the user namespace where there is no descriptor left for it" {
    target -Urn
    sh_run 'for limit in {4..30}; do (ulimit -Sn $limit; nsenter_ns --net="/proc/$1/ns/net" --user-parent) && break; done' "$target"
    is "$status" 0
    like "$error" "*: nsenter_ns: cannot open the parent user namespace: Too many open files
*: nsenter_ns: cannot open the parent user namespace: Too many open files
*"
}

@test "the target's user and group" {
    ((EUID == 0)) || skip "needs root"
    in_target='exec setpriv --reuid 5 --regid 6 --clear-groups sleep 1000' target -m
    sh_run 'nsenter_ns -t "$1" -m -S follow -G follow; id -u; id -g; id -G' "$target"
    is "$output" $'5\n6\n6'
    done_quietly
    sh_run 'nsenter_ns -t "$1" -m -S follow -G 9 id -u' "$target"
    is "$output" 5
    done_quietly
}

@test "the target's user and group, as its user namespace calls them" {
    target -U --map-user=5 --map-group=6
    sh_run 'nsenter_ns -t "$1" -U -S follow -G follow && echo "$UID ${GROUPS[0]}"' "$target"
    is "$output" "5 6"
    done_quietly
    sh_run 'nsenter_ns -t "$1" -U -S follow -G follow -f 2>&1; echo "$?"; nsenter_ns -t "$1" -U -S 5 -G 6 id -u' "$target"
    like "$output" $'*\n2\n5'
}

@test "programs have the capabilities with --keep-caps, and not without" {
    target -U --map-user=5 --map-group=6
    local probe='while read -r key value; do [[ $key != CapEff: ]] || echo "$((16#$value != 0))"; done </proc/self/status'
    sh_run 'nsenter_ns -t "$1" -U -S follow -G follow bash -c "$2"
            nsenter_ns -t "$1" -U -S follow -G follow --keep-caps bash -c "$2"' "$target" "$probe"
    is "$output" $'0\n1'
    done_quietly
}

@test "with --keep-caps the shell itself has them, too, as another user" {
    local options='--map-users=all --map-groups=all -S 1'
    ((EUID == 0)) || { needs own_subids && options='-r --map-auto -S 1 -G 1'; }
    # shellcheck disable=SC2086
    sh_run 'unshare_ns "$@" --keep-caps && unshare_ns -u && echo "$UID"' $options
    is "$output" 1
    done_quietly
}

@test "capabilities that were kept once are not kept the next time" {
    ((EUID == 0)) || skip "needs root, for more than one ID"
    sh_run 'unshare_ns --map-users=0:0:10 --map-groups=0:0:10 --keep-caps -S 0 -G 0; unshare_ns -u -S 5
            grep CapPrm "/proc/$BASHPID/status"; :'
    is "$output" $'CapPrm:\t0000000000000000'
    done_quietly
}

@test "the target's environment" {
    in_target='exec env -i FIRST=1 "SECOND=two words" EMPTY= "BASH_FUNC_f%%=() { echo f; }" 9=x UID=12345 sleep 1000' target -Ur
    sh_run 'export MINE=1; FIRST=shell
            nsenter_ns -t "$1" -U -e && env; echo "$FIRST,$SECOND,$MINE,$(type -t f)"' "$target"
    is "$(sort <<<"$output")" $'1,two words,1,\nEMPTY=\nFIRST=1\nSECOND=two words\n_=/usr/bin/env' # bash 5.1 adds SHLVL in a pipeline
    done_quietly
    sh_run 'MINE=1 nsenter_ns -t "$1" -U -e env; echo "${FIRST-unset}"' "$target"
    is "$(sort <<<"$output")" $'EMPTY=\nFIRST=1\nSECOND=two words\n_=/usr/bin/env\nunset'
}

@test "no value of the target's environment is evaluated, and what the shell goes by stays its own" {
    in_target='exec env -i "RANDOM=x[\$(touch $dir/run)]" "COUNT=x[\$(touch $dir/run)]" "PS1=\$(touch $dir/run)" \
        PROMPT_COMMAND="touch $dir/run" IFS=, OPTIND=7 TMOUT=1 CDPATH=/theirs PWD=/nowhere OLDPWD=/nowhere LIST=theirs HOME=/theirs HISTFILE=/theirs MAILPATH=/theirs sleep 1000' target -Ur
    sh_run 'declare -i COUNT=3; LIST=(mine); PS1="\$"; cd /usr; cd /
            nsenter_ns -t "$1" -U -e && echo "$COUNT ${LIST[@]} $PS1 ${PROMPT_COMMAND-unset} $OPTIND $PWD $OLDPWD $HOME ${HISTFILE-unset}${TMOUT-}${CDPATH-}"
            (declare -gi COUNT; f() { local COUNT; nsenter_ns -t "$1" -e; }; f "$1")
            [[ ${PS1@P} && $IFS == $'"' \t\n'"' && ! -e $dir/run ]] && /usr/bin/env' "$target"
    is "$(sed 1q <<<"$output")" '3 mine $ unset 1 / /usr /theirs unset'
    is "$(sed 1d <<<"$output" | sort | grep -v ^SHLVL=)" $'HOME=/theirs\nOLDPWD=/usr\nPWD=/\n_=/usr/bin/env'
    done_quietly
}

@test "with the target's PATH, its commands are found" {
    mkdir "$dir/bin"
    printf '%s\n' '#!/bin/sh' 'echo of the target' >"$dir/bin/uname"
    chmod 755 "$dir/bin/uname"
    in_target='exec env PATH="$dir/bin:$PATH" sleep 1000' target -Ur
    sh_run 'uname >/dev/null; nsenter_ns -t "$1" -U -e && uname' "$target"
    is "$output" "of the target"
    done_quietly
}

@test "what the shell prints before and along with a command stays its own" {
    in_target='exec env PS0=other PS4=other PROMPT_COMMAND=other sleep 1000' target -Ur
    sh_run 'PS0=own PS4="own " PROMPT_COMMAND=own; nsenter_ns -t "$1" -U -e && echo "$PS0 $PS4$PROMPT_COMMAND"' "$target"
    is "$output" "own own own"
    done_quietly
}

@test "a readonly variable keeps its value" {
    in_target='exec env -i FIXED=theirs FREE=theirs sleep 1000' target -Ur
    sh_run 'readonly FIXED=mine; nsenter_ns -t "$1" -U -e && echo "$FIXED $FREE"' "$target"
    is "$output" "mine theirs"
    done_quietly
}

@test "the target's cgroup" {
    local hierarchy=/sys/fs/cgroup
    [[ $(stat -f -c %T "$hierarchy") == cgroup2fs ]] || hierarchy+=/unified
    [[ $(stat -f -c %T "$hierarchy" 2>&1) == cgroup2fs ]] || skip "no version 2 hierarchy is mounted"
    mkdir "$hierarchy/nsbuiltins-${dir##*.}" || skip "may not make a cgroup in $hierarchy"
    target -u
    echo "$target" >"$hierarchy/nsbuiltins-${dir##*.}/cgroup.procs"
    sh_run 'stands() { read -r place < <(grep ^0:: /proc/self/cgroup); }
            stands; before=$place; nsenter_ns --visit -t "$1" -c stands; echo "$place"; stands; [[ $place == "$before" ]] && echo back
            nsenter_ns -t "$1" -c -u && grep ^0:: /proc/self/cgroup
            nsenter_ns -t "$1" -c grep ^0:: /proc/self/cgroup' "$target"
    local joined=$output
    sh_run 'nsenter_ns -t "$1" -c -u --root=/nowhere; grep ^0:: /proc/self/cgroup' "$target"
    kill -KILL "$target"
    while ! rmdir "$hierarchy/nsbuiltins-${dir##*.}" 2>/dev/null; do sleep 0.05; done
    like "$joined" "0::*/nsbuiltins-${dir##*.}"$'\nback\n'"0::*/nsbuiltins-${dir##*.}"$'\n'"0::*/nsbuiltins-${dir##*.}"
    like "$output" "0::*"
    [[ $output != *nsbuiltins* ]]
}

@test "the target's cgroup, where there is no cgroup2" {
    ((EUID == 0)) || skip "needs root"
    via=(unshare --mount bash -c 'mount -t tmpfs none /sys/fs/cgroup; exec "$@"' bash)
    try nsenter_ns -t 1 -c
    refused 1 'nsenter_ns: 1: its cgroup: Operation not supported'
}

@test "a directory that is none" {
    try nsenter_ns --root=/etc/passwd
    refused 1 'nsenter_ns: /etc/passwd: Not a directory'
    try nsenter_ns --wd=/etc/passwd
    refused 1 'nsenter_ns: /etc/passwd: Not a directory'
}

@test "without SELinux, there is no context to follow" {
    [[ $(stat -f -c %T /sys/fs/selinux 2>&1) != selinux* ]] || skip "SELinux is in force"
    target -ru
    sh_run 'nsenter_ns -t "$1" -U -u -Z readlink /proc/self/ns/uts' "$target"
    joined uts
    ((EUID != 0)) || via=(unshare --mount bash -c 'mount -t tmpfs none /sys/fs; mkdir /sys/fs/selinux; exec "$@"' bash)
    sh_run 'nsenter_ns -t "$1" -U -u -Z readlink /proc/self/ns/uts' "$target"
    joined uts
}

@test "nsmap tells whether two processes share a namespace" {
    target -ru
    sh_run 'for type in user uts mount mnt net time; do nsmap --same $type $$ "$1"; echo "$type $?"; done
            nsmap --same uts "$1" "$1"; echo $?; nsmap --same uts "$1" %4; echo $?' "$target"
    is "$output" $'user 1\nuts 1\nmount 0\nmnt 0\nnet 0\ntime 0\n0\n2'
    like "$error" 'bash: line +([0-9]): nsmap: %4: no such job'
    sh_run 'nsmap --same what 1 2'
    like "$error" '*nsmap: --same: what: expected user, mount, uts, ipc, net, pid, cgroup or time'$'\n*'
}

@test "what contradicts each other, or lacks a target, is wrong usage" {
    local usage
    while read -r usage; do
        sh_run "fingerprint \"\$dir/before\"; $usage; status=\$?; fingerprint \"\$dir/after\"; exit \$status"
        is "$status" 2
        is "$output" ""
        like "$error" "bash: line +([0-9]): ${usage%% *}: *"$'\n'"${usage%% *}: usage: *"
        unchanged
    done <<-'EOT'
		nsenter_ns -t 1 -t 2 -u
		nsenter_ns -t 1: -u
		nsenter_ns -t 1:0 -u
		nsenter_ns -t 1:-1 -u
		nsenter_ns -t 1:18446744073709551616 -u
		nsenter_ns -t :1 -u
		nsenter_ns -t 0 -u
		nsenter_ns -t 1x -u
		nsenter_ns -t -1 -u
		nsenter_ns -t '' -u
		nsenter_ns -t /dev/fd/ -u
		nsenter_ns -t /dev/fd/-1 -u
		nsenter_ns -t /dev/fd/99999999999 -u
		nsenter_ns -t 1 -N -1
		nsenter_ns -t 1 -N socket
		nsenter_ns -t 1 -N 3 -n
		nsenter_ns -t 1 -S follow -G nobody-of-this-name
		nsenter_ns -N 3
		nsenter_ns -e
		nsenter_ns -c
		nsenter_ns -Z
		nsenter_ns -S follow
		nsenter_ns -u/proc/self/ns/uts -G follow
		nsenter_ns --user-parent
		nsenter_ns --net=:
		nsenter_ns --net=:x
		nsenter_ns -t 1 -u -w/ -W /
		nsenter_ns -t 1 -u -W ''
		nsenter_ns -t 1 -u --wd=
		nsenter_ns -t 1 -u --netns-mounts
		nsmap --same net
		nsmap --same net 1
		nsmap --same net 1 2 3
		nsmap --same what 1 2
		nsmap --same net 1 x
		nsmap --same net -t 1 1 2
	EOT
}

# pidfd_tells: whether the kernel gives namespaces by a pidfd, without /proc (Linux 6.11)
pidfd_tells() {
    perl -e 'open(my $pidfd, "<&=", syscall(434, $$ + 0, 0)); exit(defined ioctl($pidfd, 0xff0a, 0) ? 0 : 1)'
}

# For scripts: a program, in an array, that sleeps, and of which there is a line to read from 9 when it has been started
sleeps='mkfifo "$dir/ready"; exec 9<>"$dir/ready"; rm "$dir/ready"; sleeps=(sh -c "echo >&9; exec sleep 100 >/dev/null")
'

@test "without a /proc of this PID namespace, a target is looked at by its pidfd" {
    needs pidfd_tells
    local before
    via=(unshare -rmu)
    for before in : "unshare_ns -p"; do # with a /proc that goes, and in the one of another PID namespace
        sh_run "$sleeps"'$1; hostname outer; trap "kill -KILL \$simple \$nested" EXIT
                unshare -u "${sleeps[@]}" & simple=$!
                unshare -ru "${sleeps[@]}" & nested=$!
                read -r -u 9; read -r -u 9; before=(/proc/self/fd/*)
                [[ $1 != : ]] || mount -t tmpfs tmpfs /proc
                nsmap --same uts $simple $$; echo "$?"; nsmap --same net $simple $$; echo "$?"
                nsmap --same user $nested $$; echo "$?"; nsmap --same user $nested $nested; echo "$?"
                nsenter_ns -t $simple -a hostname simple; (nsenter_ns -t $simple -a && uname -n)
                nsenter_ns -t $nested -a hostname nested; nsenter_ns -t $nested -a uname -n; uname -n
                nsenter_ns -t $simple -U -u 2>&1 | grep -o "leave out -U"
                nsenter_ns -t $nested --user-parent --check 2>&1 | grep -o "in this user namespace already"
                if [[ $1 == : ]]; then
                    nsenter_ns -t 1 -a --check 2>&1 | grep -q "Permission denied" || echo "into all of PID 1"
                    nsenter_ns -t $simple -a --check
                    umount /proc; after=(/proc/self/fd/*)
                    [[ ${after[*]} == "${before[*]}" ]] || echo "open: ${before[*]}, then ${after[*]}"
                fi' "$before"
        is "$output" "$(printf '%s\n' 1 0 1 0 simple nested outer "leave out -U" "in this user namespace already")"
        done_quietly
    done
}

@test "without a /proc, the PID namespace of a target, or of its children if there are any, is joined" {
    needs pidfd_tells
    via=(unshare -rm)
    sh_run "$sleeps"'unshare_ns -p --mount-proc; trap "kill -KILL \$parent \$childless" EXIT
            unshare -mup --mount-proc --fork --kill-child "${sleeps[@]}" & parent=$!
            unshare -p "${sleeps[@]}" & childless=$!
            read -r -u 9; read -r -u 9; full=$(pgrep -P $parent); inside=$(readlink "/proc/$full/ns/pid") outside=$(readlink /proc/self/ns/pid)
            mount -t tmpfs tmpfs /proc
            (nsenter_ns -t $full -a && [[ $PPID == 0 && $(readlink /proc/self/ns/pid) == "$inside" ]] && echo all)
            (nsenter_ns -t $full -p -m && [[ $PPID == 0 && $(readlink /proc/self/ns/pid) == "$inside" ]] && echo own)
            (nsenter_ns -t $parent -p && [[ $PPID == 0 && $$ != 1 ]] && echo "of children")
            (nsenter_ns -t $childless -p && [[ $PPID != 0 ]] && echo none)
            nsenter_ns -t $full -p -F; (true) & wait $!; echo "$?"'
    is "$output" $'all\nown\nof children\nnone\n0'
    done_quietly
}

@test "after success no file is left open, no signal blocked, and no child" {
    target -U
    local unmapped=$target
    in_target='sleep 1000 & echo $! >"$dir/init"' target -ruminTp
    targets+=("$(<"$dir/init")")
    local -a calls=(
        nsmap
        'nsmap -p'
        'nsmap -A facts'
        "nsmap -t $target"
        'nsmap -t /dev/fd/7'
        "nsmap --same uts $target $target"
        "nsmap -t $unmapped -r"
        "mount_ns --check -N $target -t tmpfs none /tmp"
        "mount_ns --check -N /proc/$target/ns/mnt -t tmpfs none /tmp"
        "nsenter_ns -t $target -a"
        "nsenter_ns -t $target -a --check"
        "nsenter_ns -t $target -U -u -r -w"
        "nsenter_ns -t $target -U -m -S follow -G follow -e"
        "nsenter_ns -U/proc/$target/ns/user -u/proc/$target/ns/uts -r/ -w/tmp"
        "nsenter_ns -t $target -U -p --no-fork"
        "nsenter_ns -t $target -U -T"
        "nsenter_ns -t $target -U -u true"
        'nsenter_ns -t /dev/fd/7 -U -u'
        'unshare_ns -rmuinC --hostname box --loopback -w /'
        'unshare_ns -rT --boottime 5'
        'unshare_ns -rmp --mount-proc'
        'unshare_ns -rp --init'
        'unshare_ns -rp --no-fork'
        'unshare_ns -rnp --loopback'
        'unshare_ns -rTf --boottime 5'
        'unshare_ns -rm --check'
        'unshare_ns -r true'
        'unshare_ns -U; nsmap -r'
    )
    [[ $EUID != 0 || " $(stat -f -c %T /sys/fs/cgroup /sys/fs/cgroup/unified 2>&1) " != *cgroup2fs* ]] ||
        calls+=("nsenter_ns -t $target -U -c")
    ((EUID != 0)) || calls+=(
        'unshare_ns --map-users=all --map-groups=all'
        'unshare_ns --uts="$dir/uts"; umount -l "$dir/uts"'
    )
    sh_run 'left() {
                local status children open=(/proc/self/fd/*)
                read -r children </proc/thread-self/children || :
                mapfile -t status </proc/self/status
                printf -v status "%s\n" "${status[@]}"
                status=${status##*SigBlk:}
                left="open: ${open[*]##*/}, children: $children, blocked: ${status%%[!0-9a-f[:blank:]]*}"
            }
            exec 7<"/proc/$1"
            for call in "${@:2}"; do
                (
                    left
                    before=$left
                    eval "$call" >"$dir/told" || echo "$call: failed"
                    left
                    [[ $left == "$before" ]] || echo "$call: $before, then $left"
                )
            done' "$target" "${calls[@]}"
    is "$output" ""
    done_quietly
}

@test "a FIFO is no namespace, and opening it does not wait for anybody" {
    mkfifo "$dir/fifo"
    try nsenter_ns --net="$dir/fifo"
    refused 1 "nsenter_ns: $dir/fifo: expected a network namespace file"
}

@test "all of a target that has made a PID namespace, and has no child in it yet" {
    target -rup
    sh_run 'nsenter_ns -t "$1" -a && readlink /proc/self/ns/uts' "$target"
    joined uts
}

@test "all of a target in the same user namespace, and in others else" {
    ((EUID == 0)) || via=(unshare -r)
    sh_run 'unshare --uts sleep 1000 & trap "kill $!" EXIT; until [[ $(</proc/$!/comm) == sleep ]]; do :; done
            nsenter_ns -t $! -a && [[ /proc/self/ns/uts -ef /proc/$!/ns/uts ]]'
    done_quietly
}

@test "a number that comes to mean another process while it is looked at" {
    ((EUID == 0)) || skip "needs root, to choose the number of a process"
    needs strace -o /dev/null true
    local when name
    for when in delay_enter:/dev/fd/7 delay_exit:7; do
        name=${when#*:}
        # The shell is held up in pidfd_open(2), before or after the kernel has looked, and meanwhile the number is taken.
        via=(unshare --pid --fork --kill-child --mount-proc
            strace -o "$dir/trace" -e trace=pidfd_open -e "inject=pidfd_open:${when%:*}=1000000:when=1")
        rm -f "$dir/number" "$dir/again"
        # Its process group has no number in there.
        bash_run -c "$(prelude | grep -v '^read')"'
                {
                    sleep 1000 & echo $! >"$dir/number"
                    sleep 0.5
                    kill -KILL $!
                    wait $!
                    echo $(($! - 1)) >/proc/sys/kernel/ns_last_pid
                    sleep 1000 & echo $! >"$dir/again"
                    wait
                } 2>/dev/null &
                until read -r number <"$dir/number"; do :; done 2>/dev/null
                exec 7<"/proc/$number"
                before=(/proc/self/fd/*)
                nsmap -t "${1/#7/$number}"
                echo $?
                after=(/proc/self/fd/*)
                read -r again <"$dir/again"
                [[ ${after[*]} == "${before[*]}" && $again == "$number" ]] || echo "$number, $again: ${after[*]}"
                kill -KILL "$again"' bash "$name"
        is "$output" 1
        like "$error" "*nsmap: *: No such process*" # and what strace has to say
    done
}

# What the tests of supervisors start with. ready: waits until a job has made the file of this name.
ready='ready() { until [[ -e $dir/$1 ]]; do sleep 0.02; done; rm "$dir/$1"; }
       '

@test "a target that only supervises is the shell inside, through all moves" {
    local moves
    for moves in 'unshare_ns -rp' 'unshare_ns -rp --init' 'unshare_ns -ruf' 'unshare_ns -rp --init; unshare_ns -pu; unshare_ns -uf' \
        'unshare_ns -r; for i in {1..5}; do unshare_ns -pu; done'; do
        sh_run "$ready( $moves"'; readlink /proc/self/ns/{uts,pid} >"$dir/inside"; echo >"$dir/ready"; exec sleep 1000 ) &
                ready ready
                for target in "$!" %1; do
                    nsenter_ns -t "$target" -a --preserve-credentials eval "readlink /proc/self/ns/{uts,pid_for_children}" >"$dir/there"
                    [[ $(tr -d "\n" <"$dir/there") == "$(tr -d "\n" <"$dir/inside")" ]] && echo joined
                    for type in user uts pid; do nsmap --same $type "$target" "$(nsmap -t "$target" --pid)" && echo same; done
                done
                exec {handle}<"/proc/$!"; [[ $(nsmap -t "/dev/fd/$handle" --pid) == "$(nsmap -t "$!" --pid)" ]] && echo "by descriptor"
                before=(/proc/self/fd/*); nsmap -t "$!" >/dev/null; after=(/proc/self/fd/*); [[ ${after[*]} == "${before[*]}" ]] && echo same
                kill -KILL "$!"; wait' 2>/dev/null
        is "$(sort <<<"$output" | uniq -c | xargs)" "1 by descriptor 2 joined 7 same"
        nothing_runs
    done
}

@test "so it is in place, on a visit, and for mounts, by number and as a job" {
    sh_run 'unshare_ns -rum --hostname outer
            unshare_ns -um --hostname inner -f sleep 1000 & until [[ $(<"/proc/$!/comm") == "watches "* ]]; do sleep 0.02; done
            look() { seen=$(uname -n); }
            for target in "$!" %1; do
                nsenter_ns --visit -t "$target" -u look && echo "$seen $(uname -n)"
                mount_ns --namespace="$target" -t tmpfs "by $target" /mnt
                nsenter_ns --visit -t "$target" -m eval "mounted=\$(findmnt -no SOURCE /mnt)"; echo "${mounted/$!/N}"
                umount_ns --namespace="$target" /mnt && ! findmnt /mnt
            done
            supervisor=$!; trap "kill $supervisor" EXIT
            nsenter_ns -t "%1" -a && [[ /proc/self/ns/uts -ef /proc/$(nsmap -t "$supervisor" --pid)/ns/uts ]] && echo "$HOSTNAME"'
    is "$output" $'inner outer\nby N\ninner outer\nby %1\ninner'
    is "$error" ""
    nothing_runs
}

@test "so is COMMAND's supervisor, whatever program COMMAND is, and for maps" {
    sh_run 'unshare_ns -Up sleep 1000 & until [[ $(<"/proc/$!/comm") == "watches "* ]]; do sleep 0.02; done
            nsmap -t "$!" --map-root-user && cat "/proc/$(nsmap -t "$!" --pid)/"{comm,uid_map}; kill "$!"; wait' 2>/dev/null
    is "$(xargs <<<"$output")" "sleep 0 $EUID 1"
    nothing_runs
}

@test "a shell that names its own supervisor means what is outside" {
    sh_run 'outside=$(readlink /proc/self/ns/uts); supervisor=$$; unshare_ns -ruf; inside=$(readlink /proc/self/ns/uts)
            (($(nsmap -t "$PPID" --pid) == supervisor)) && echo "the supervisor"
            nsmap --same uts "$PPID" $$ || echo "elsewhere"'
    is "$output" $'the supervisor\nelsewhere'
}

@test "a process that says to supervise leads to nobody that it has no power over" {
    ((EUID == 0)) || skip "needs root, whose child is one of another user"
    local liar='setpriv --reuid 65534 --regid 65534 --clear-groups bash -c '\''
        printf "watches %d" "$1" >"/proc/$$/comm"; echo >"$dir/lied"; sleep 1000; true'\'' bash'
    chmod 777 "$dir"
    sh_run "$ready"'outside=$BASHPID
            ( unshare --uts sleep 1000 & exec '"$liar"' $! ) & ready lied
            nsenter_ns -t "$!" -u; echo $?; nsmap -t "$!" --pid; echo $?; kill -KILL "$!"
            ( exec '"$liar"' $outside ) & ready lied
            nsenter_ns -t "$!" -u true; echo $?; kill -KILL "$!"
            ( setpriv --reuid 65534 --regid 65534 --clear-groups sleep 1000 &
                until [[ $(</proc/$!/comm) == sleep ]]; do sleep 0.01; done; exec '"$liar"' $! ) & ready lied
            nsmap -t "$!" --pid >"$dir/number"; cat "/proc/$(<"$dir/number")/comm"; kill -KILL "$!"
            pkill -KILL -g "$(tail -n 1 "$dir/groups")" -x sleep; true'
    is "$output" $'1\n1\n125\nsleep'
    is "$(grep -c "nsenter_ns: [0-9]*: it says that it supervises its child [0-9]*, which is another user's; name that if" "$dir/error")" 1
    is "$(grep -c "nsmap: [0-9]*: it says that it supervises" "$dir/error")" 1
    is "$(grep -c "nsenter_ns: [0-9]*: it only supervises, and the shell inside ([0-9]* to it) cannot be found: No such" "$dir/error")" 1
}

@test "--all that has nothing to join says so; a type that is named is joined" {
    local words
    for words in '-t $$ -a' '-t $$ -a --check' '-t $! -a' '-t %1 -a -w -r'; do
        sh_run "sleep 1000 & fingerprint \$dir/before; nsenter_ns $words; status=\$?; fingerprint \$dir/after; kill \$!; exit \$status"
        is "$status" 1
        like "$error" "bash: line +([0-9]): nsenter_ns: ?*: it is in the same namespaces as this shell, so --all has none to join"
        unchanged
    done
    sh_run 'unshare_ns -ru; nsenter_ns -t $$ -a -u && nsenter_ns -t $$ -u true && echo joined; nsenter_ns -t $$ -a true; echo $?' 2>/dev/null
    is "$output" $'joined\n125'
    sh_run 'unshare_ns -ru; nsenter_ns -t $$ -a --user-parent'
    like "$error" "*nsenter_ns: cannot open the parent user namespace: *"
}
