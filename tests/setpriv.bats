#!/usr/bin/env bats
# setpriv_ns: what the shell may do afterwards, what it may not, and what is refused.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

with_seccomp=$NSB_BUILDDIR/tests/with-seccomp

# A shell that is root, and knows users up to 65535: an ordinary user's is in a user namespace.
as_root() {
    ((EUID != 0)) || return 0
    own_subids 65536 >/dev/null || skip "user $UID has no 65536 subordinate IDs in /etc/subuid"
    via=(bash -c 'enable -f "$NSBUILTINS_SO" unshare_ns; unshare_ns -r --map-auto || exit 77; exec "$@"' bash)
}

# What the scripts call: mine WORD... prints the shell's own lines of /proc/self/status, and reads them itself.
mine() {
    local key value wanted=" $* "
    while read -r key value; do
        [[ $wanted != *" ${key%:} "* ]] || echo "$key ${value//$'\t'/ }"
    done </proc/self/status
}
mine=$(declare -f mine)$'\n'

# refused SENTENCE COMMAND [ARG...]: fails in these words (a pattern), and nothing has changed
refused() {
    sh_run 'fingerprint "$dir/before"; "${@:2}"; status=$?; fingerprint "$dir/after"; exit $status' "$@"
    is "$status $output" "1 "
    like "$error" "bash: line +([0-9]): setpriv_ns: $1"
    unchanged
}

# wrong SENTENCE OPTION...: is wrong usage in these words (a pattern), and nothing has changed
wrong() {
    sh_run 'fingerprint "$dir/before"; setpriv_ns "${@:2}"; status=$?; fingerprint "$dir/after"; exit $status' "$@"
    is "$status $output" "2 "
    like "$error" "bash: line +([0-9]): setpriv_ns: $1"$'\n'"setpriv_ns: usage: *"
    unchanged
}

@test "another user: the shell's own IDs, groups and capabilities, and its variables" {
    as_root
    sh_run "$mine"'echo secret >"$dir/roots"; chmod 600 "$dir/roots"; list=(1 "2 3"); prompt="\\$"; echo "${prompt@P}"
            setpriv_ns --reuid=1000 --regid=1001 --groups=7,1001 || exit
            mine Uid Gid CapPrm CapEff
            echo "$UID $EUID ${GROUPS[*]} ${#list[@]} $(id -u) $(id -g) ${prompt@P}"
            { read -r x <"$dir/roots"; } 2>/dev/null || echo "cannot read"
            [[ -r $dir/roots ]] || echo "and test knows"'
    is "$output" '#
Uid: 1000 1000 1000 1000
Gid: 1001 1001 1001 1001
CapPrm: 0000000000000000
CapEff: 0000000000000000
1000 1000 1001 7 2 1000 1001 $
cannot read
and test knows'
    done_quietly
}

@test "another user, and what his capabilities can be: they are kept for that only" {
    as_root
    sh_run "$mine"'setpriv_ns --reuid=1000 --regid=1001 --clear-groups --bounding-set=-chown || exit
            mine CapPrm CapEff CapBnd | sed "/Bnd/s/: .*\(.\)$/: ends in \1/"; setpriv_ns -d | grep Securebits:'
    is "$output" "CapPrm: 0000000000000000
CapEff: 0000000000000000
CapBnd: ends in e
Securebits: [none]"
    done_quietly
}

@test "a change of the user that is root still does not keep capabilities for a later one" {
    as_root
    sh_run "$mine"'setpriv_ns --reuid=0 --regid=0 --clear-groups; unshare_ns -u -S 1000 -G 1001; mine Uid CapPrm'
    is "$output" "Uid: 1000 1000 1000 1000
CapPrm: 0000000000000000"
    done_quietly
}

@test "real and effective IDs, each alone" {
    as_root
    sh_run "$mine"'setpriv_ns --rgid=5 --keep-groups && mine Gid; setpriv_ns --egid=6 --keep-groups && mine Gid
            setpriv_ns --ruid=7 && mine Uid; setpriv_ns --euid=8 && mine Uid; echo "$UID $EUID"'
    is "$output" 'Gid: 5 0 0 0
Gid: 5 6 6 6
Uid: 7 0 0 0
Uid: 7 8 8 8
7 8'
    done_quietly
}

@test "a redirection of the new user's to a file of root's fails, also in a function as COMMAND" {
    as_root
    sh_run '>"$dir/roots"; chmod 644 "$dir/roots"; chmod 755 "$dir"
            try() { { echo x >"$dir/roots"; } 2>/dev/null || echo refused; }
            setpriv_ns --reuid=1000 --regid=1000 --clear-groups try
            setpriv_ns --reuid=1000 --regid=1000 --clear-groups --keep-caps try && cat "$dir/roots"
            echo "$UID"; setpriv_ns --reuid=1000 --regid=1000 --clear-groups; try'
    is "$output" $'refused\nx\n0\nrefused'
    done_quietly
}

@test "COMMAND is a program, function or builtin in a subshell, and has the last status" {
    as_root
    sh_run 'f() { echo "$UID $*"; return 7; }
            setpriv_ns --reuid=5 f 1 "2 3"; echo $?
            setpriv_ns --reuid=5 id -u; setpriv_ns --reuid=5 eval "echo \$EUID"
            setpriv_ns --reuid=5 no_such_command 2>/dev/null; echo $?
            setpriv_ns --ambient-caps=+chown true 2>/dev/null; echo $?
            echo "$UID"'
    is "$output" $'5 1 2 3\n7\n5\n5\n127\n125\n0'
}

@test "ambient capabilities are what a user keeps, and --keep-caps keeps all" {
    as_root
    sh_run "$mine"'all=$(mine CapPrm)
            ( setpriv_ns --reuid=1000 --inh-caps=-all,+net_raw,+cap_kill --ambient-caps=+net_raw,+5; mine CapInh CapPrm CapEff CapAmb )
            ( setpriv_ns --reuid=1000 --keep-caps; [[ $(mine CapPrm) == "$all" ]] && mine CapInh Uid )
            ( setpriv_ns --reuid=1000 --iab="^net_raw,%kill,chown"; setpriv_ns -d | grep -E "^(Inh|Amb)"
              setpriv_ns --iab=net_raw; mine CapInh CapAmb )
            setpriv_ns --inh-caps=+kill --ambient-caps=+kill --securebits=+no_cap_ambient_raise; mine CapAmb
            setpriv_ns --ambient-caps=-kill; mine CapAmb'
    is "$output" 'CapInh: 0000000000002020
CapPrm: 0000000000002020
CapEff: 0000000000002020
CapAmb: 0000000000002020
Uid: 1000 1000 1000 1000
CapInh: 0000000000000000
Inheritable capabilities: chown,kill,net_raw
Ambient capabilities: net_raw
CapInh: 0000000000002000
CapAmb: 0000000000000000
CapAmb: 0000000000000020
CapAmb: 0000000000000000'
    done_quietly
}

@test "the securebit noroot, and a bounding set, hold for the shell that is root" {
    as_root
    sh_run "$mine"'( setpriv_ns --securebits=+noroot,+noroot_locked; mine CapPrm; setpriv_ns -d | grep Secureb )
            ( setpriv_ns --bounding-set=-all,+kill,+chown; mine CapPrm CapEff CapBnd )
            ( setpriv_ns --iab="!net_raw"; setpriv_ns --inh-caps=+net_raw 2>&1 )'
    like "$output" 'CapPrm: 0000000000000000
Securebits: noroot,noroot_locked
CapPrm: 0000000000000021
CapEff: 0000000000000021
CapBnd: 0000000000000021
*: cannot make net_raw inheritable: Operation not permitted; what is inheritable must be permitted, *'
}

@test "--drop-caps drops from all sets, and programs do not have them again" {
    as_root
    sh_run "$mine"'setpriv_ns --drop-caps=all,chown && mine CapInh CapPrm CapEff CapBnd CapAmb && grep -E "^Cap(Prm|Bnd)" /proc/self/status
            chown 5 "$dir" 2>/dev/null || echo "no chown"'
    is "$output" $'CapInh: 0000000000000000\nCapPrm: 0000000000000000\nCapEff: 0000000000000000\nCapBnd: 0000000000000000
CapAmb: 0000000000000000\nCapPrm:\t0000000000000000\nCapBnd:\t0000000000000000\nno chown'
    done_quietly
}

@test "--drop-caps is refused where the next exec would give them back, with the way to do it" {
    as_root
    sh_run "$mine"'setpriv_ns --drop-caps=setpcap
            setpriv_ns --drop-caps=chown; echo $?
            setpriv_ns --drop-caps=chown --no-new-privs; echo $?; mkdir "$dir/d"; chown 5 "$dir/d" 2>/dev/null; echo $?
            setpriv_ns --drop-caps=kill; echo $?'
    is "$output" $'1\n0\n1\n0'
    like "$error" '*: the next program of user 0 would have chown again: say --no-new-privs too, or --securebits +noroot, or --force'
    sh_run 'setpriv_ns --drop-caps=setpcap; setpriv_ns --drop-caps=chown --force; echo $?; chown 5 "$dir/d"; echo $?; rm -r "$dir/d"'
    is "$output" $'0\n0'
    sh_run 'setpriv_ns --drop-caps=setpcap; setpriv_ns --reuid=1000 --drop-caps=chown; echo $?'
    is "$output" 1
    like "$error" '*: without cap_setpcap, the bounding set keeps chown for set-user-ID programs: say --no-new-privs too, or --force'
}

@test "what writes the maps is not dropped before they are written" {
    sh_run 'unshare_ns -U; setpriv_ns --drop-caps=setgid,chown; echo $?; setpriv_ns --drop-caps=chown; echo $?'
    is "$output" $'1\n0'
    like "$error" '*: the user namespace has no maps yet, which take setgid: write them first (nsmap), or say --force'
    sh_run 'unshare_ns -U; setpriv_ns --drop-caps=setgid --force; echo $?'
    is "$output" 0
}

@test "without setfcap, the later unshare_ns -r says so" {
    sh_run 'unshare_ns -r; setpriv_ns --drop-caps=setfcap; unshare_ns -r; echo $?'
    is "$output" 1
    like "$error" '*; to map user 0, root itself needs CAP_SETFCAP *'
}

@test "a nested user namespace gives all capabilities back, as nsbuiltins(7) says" {
    sh_run "$mine"'unshare_ns --map-user=1000 --map-group=1000; setpriv_ns --drop-caps=all --securebits=+noroot --nnp; mine CapPrm
            unshare_ns --map-user=5; [[ $(mine CapPrm) != *" 0000000000000000" ]] && setpriv_ns -d | grep -E "^(Secur|no_new)"'
    is "$output" $'CapPrm: 0000000000000000\nno_new_privs: 1\nSecurebits: [none]'
    done_quietly
}

@test "a user namespace after a change of the user: a sentence tells why not" {
    as_root
    sh_run 'setpriv_ns --reuid=1000 --regid=1000 --clear-groups; unshare_ns -r; echo $?; bash --norc -c "
        enable -f \"\$NSBUILTINS_SO\" unshare_ns; unshare_ns -r; echo \$?"; cat < <(echo "and < <( ) works")'
    is "$output" $'1\n0\nand < <( ) works'
    like "$error" '*; the shell has changed its user, whose processes may not look into it since: *'
}

@test "no_new_privs is for good" {
    sh_run "$mine"'setpriv_ns --nnp && mine NoNewPrivs; setpriv_ns --no-new-privs true && echo $?'
    is "$output" $'NoNewPrivs: 1\n0'
    done_quietly
}

@test "Landlock: /usr is readable, one directory writable, and nothing else" {
    [[ ! ${LD_PRELOAD-} ]] || skip "a sanitizer reads more than that"
    needs bash -c 'enable -f "$NSBUILTINS_SO" setpriv_ns; setpriv_ns --landlock-support'
    sh_run 'mkdir "$dir/mine"; echo x >"$dir/file"
            setpriv_ns --landlock-access=fs --landlock-rule=path-beneath:execute,read-file,read-dir:/usr \
                --landlock-rule=path-beneath::"$dir/mine" --landlock-rule=path-beneath::/dev/null || exit
            echo >/dev/null
            /usr/bin/env true && echo runs; [[ $(echo /usr/*) == *bin* ]] && echo globs
            echo one >"$dir/mine/file" && read -r line <"$dir/mine/file" && echo "$line"
            { read -r line <"$dir/file"; } 2>&1; { echo >"$dir/new"; } 2>&1; rm -f "$dir/file" 2>/dev/null || echo stays'
    like "$output" 'runs
globs
one
*file: Permission denied
*new: Permission denied
stays'
    done_quietly
}

@test "Landlock: the network, and what a kernel does not have" {
    needs bash -c 'enable -f "$NSBUILTINS_SO" setpriv_ns; setpriv_ns --list-landlock-rights=net | grep connect-tcp'
    sh_run 'unshare_ns -rn --loopback
            setpriv_ns --landlock-access=net:connect-tcp --landlock-rule=net-port:connect-tcp:9 --landlock-rule=net-port::11
            for port in 9 11; do { : </dev/tcp/127.0.0.1/$port; } 2>&1 | grep -om 1 refused; done; { : </dev/tcp/127.0.0.1/10; } 2>&1 | grep -om 1 "Permission denied"'
    is "$output" $'refused\nrefused\nPermission denied'
    refused "this kernel's Landlock has no net:bind-udp: *" setpriv_ns --landlock-access=net:bind-udp
}

@test "Landlock: mounts and roots are forbidden, and that is named as the cause" {
    needs bash -c 'enable -f "$NSBUILTINS_SO" setpriv_ns; setpriv_ns --landlock-support'
    sh_run 'unshare_ns -rm; mount_ns -t tmpfs tmpfs /mnt; setpriv_ns --landlock-access=fs:make-dir
            mount_ns -t tmpfs tmpfs /mnt; umount_ns /mnt; mount_ns --move /mnt /tmp; mount_ns -o remount,ro /mnt
            nsroot --ro-bind / /; unshare_ns -rm'
    like "$error" '*: cannot mount on /mnt: *; a Landlock domain that restricts files forbids it, or *: mount before setpriv_ns
*: cannot unmount /mnt: *; a Landlock domain *
*: cannot move /mnt: *; a Landlock domain *
*: cannot remount /mnt: *; a Landlock domain *
*nsroot: cannot *; a Landlock domain *
*unshare_ns: cannot change the mount propagation of /: *; a Landlock domain *: do it before setpriv_ns'
    sh_run 'unshare_ns -rm; mount_ns -t tmpfs tmpfs /mnt; setpriv_ns --landlock-access=net; umount_ns /mnt; umount_ns /mnt'
    like "$error" '*: cannot unmount /mnt: it is not mounted'
    sh_run 'unshare_ns -r; umount_ns /; mount_ns -o remount,rw /; unshare_ns -m; mount_ns -o remount,rw /'
    like "$error" '*; one mounts *; one mounts *; its file system belongs to *'
    [[ $error != *Landlock* ]]
}

@test "Landlock: lists are what --landlock-support tells" {
    needs bash -c 'enable -f "$NSBUILTINS_SO" setpriv_ns; setpriv_ns --landlock-support'
    sh_run 'setpriv_ns --landlock-support | grep -E "^access|r(ule|ight|estriction)s:"; for kind in $(setpriv_ns --list-landlock-access); do
                echo $kind $(setpriv_ns --list-landlock-rights=$kind); done'
    like "$output" '*access: fs'*$'\n''fs rights: execute write-file read-file read-dir'*$'\n''fs rules: path-beneath'*$'\n''fs execute write-file read-file'*
    [[ $output != *"scope abstract"* || $output == *$'\nscope restrictions: abstract-unix-socket signal\n'* ]]
    done_quietly
}

@test "Landlock: one domain in the other, up to as many as there can be" {
    needs bash -c 'enable -f "$NSBUILTINS_SO" setpriv_ns; setpriv_ns --landlock-support'
    sh_run 'for n in {1..16}; do setpriv_ns --landlock-access=fs:make-dir || echo "$n"; done; setpriv_ns --landlock-access=fs:make-sym'
    is "$status $output" "1 "
    like "$error" '*: cannot enter the Landlock domain: Argument list too long; no process can be in more than 16 domains, *'
}

@test "Landlock, scope:signal: what the shell no longer reaches, and what it still does" {
    needs bash -c 'enable -f "$NSBUILTINS_SO" setpriv_ns; setpriv_ns --list-landlock-access | grep scope'
    sh_run 'trap "echo caught" USR1; sleep 0.5 & older=$!
            setpriv_ns --landlock-access=scope:signal
            kill $older 2>/dev/null || echo "not the older job"
            kill -USR1 $$; sleep 60 & kill $!; wait $!; echo $?
            wait $older; echo "its end: $?"'
    is "$output" $'not the older job\ncaught\n143\nits end: 0'
    is "$error" ""
}

@test "Landlock, scope:signal: a shell that moved still has its supervisor" {
    needs bash -c 'enable -f "$NSBUILTINS_SO" setpriv_ns; setpriv_ns --list-landlock-access | grep scope'
    sh_start 'trap "echo caught; exit 7" TERM; unshare_ns -rp; setpriv_ns --landlock-access=scope:signal
        echo ready >"$dir/signal"; while :; do sleep 0.1; done'
    await
    kill -TERM "$(<"$dir/pid")"
    sh_wait
    is "$status $output" "7 caught"
    is "$error" ""
}

@test "a filter that refuses unshare" {
    "$with_seccomp" EPERM unshare >"$dir/filter"
    sh_run "$mine"'setpriv_ns --seccomp-filter="$dir/filter" && mine NoNewPrivs Seccomp; unshare_ns -r; echo $?; unshare -r true 2>/dev/null; echo $?'
    is "$output" $'NoNewPrivs: 1\nSeccomp: 2\n1\n1'
    like "$error" '*: cannot make a new user namespace: Operation not permitted; a seccomp filter refuses unshare(2): *'
}

@test "a filter from a descriptor, which stays where it is, and from a pipe; two filters" {
    "$with_seccomp" EPERM unshare >"$dir/filter"
    "$with_seccomp" EPERM sethostname >"$dir/7"
    { echo 1234567 && cat "$dir/filter"; } >"$dir/behind"
    sh_run 'exec 7<"$dir/behind"; dd bs=8 count=1 <&7 >"$dir/first" 2>/dev/null
            setpriv_ns --seccomp-filter=7 unshare -r true 2>/dev/null; echo $?; cat <&7 | wc -c
            setpriv_ns --seccomp-filter <(cat "$dir/filter") unshare -r true 2>/dev/null; echo $?
            cd "$dir"; setpriv_ns --seccomp-filter=./7 --seccomp-filter=7 7<filter grep -E "^Seccomp_f|nothing" /proc/self/status
            setpriv_ns --seccomp-filter=7 true 7<&-; echo $?'
    is "$output" "1
$(stat -c %s "$dir/filter")
1
Seccomp_filters:	2
125"
    like "$error" '*: cannot read the seccomp filter 7: Bad file descriptor'
}

@test "what a plan has opened is closed again" {
    needs bash -c 'enable -f "$NSBUILTINS_SO" setpriv_ns; setpriv_ns --landlock-support'
    "$with_seccomp" EPERM unshare >"$dir/filter"
    sh_run 'open() { local files=(/proc/self/fd/*); echo "${#files[@]}"; }
            open; setpriv_ns --landlock-access=fs:make-dir --landlock-rule=path-beneath::"$dir" --seccomp-filter="$dir/filter"; open
            setpriv_ns -d >"$dir/told"; open'
    is "$(uniq "$dir/output" | wc -l)" 1
    done_quietly
}

@test "filters that are none" {
    : >"$dir/empty"
    printf 1234567 >"$dir/odd"
    printf '\0%.0s' {1..8} >"$dir/malformed"
    head -c 32776 /dev/zero >"$dir/long"
    local file
    for file in empty odd long; do
        refused "the seccomp filter */$file is no BPF program: expected 1 to 4096 instructions of 8 bytes" \
            setpriv_ns --seccomp-filter "$dir/$file"
    done
    refused "cannot set the seccomp filter */malformed: Invalid argument; it is no valid program: *" \
        setpriv_ns --seccomp-filter "$dir/malformed"
    refused "cannot read the seccomp filter */missing: No such file or directory" setpriv_ns --seccomp-filter "$dir/missing"
}

@test "a filter under which the shell cannot go on is refused, and the call named" {
    local call
    for call in read write openat close rt_sigprocmask clone wait4; do
        "$with_seccomp" EPERM $call >"$dir/filter"
        refused "cannot go on under the seccomp filter, which refuses $call: Operation not permitted; allow it, or say --force" \
            setpriv_ns --seccomp-filter "$dir/filter"
    done
    for call in read write openat close rt_sigprocmask clone wait4 rt_sigreturn exit_group; do
        "$with_seccomp" KILL $call >"$dir/filter"
        refused "the shell could not go on under the seccomp filter, which kills it at $call: allow that, or say --force" \
            setpriv_ns --seccomp-filter "$dir/filter"
    done
}

@test "with COMMAND, only what executes it is asked of a filter; with --force, nothing" {
    "$with_seccomp" EPERM clone >"$dir/filter"
    sh_run 'setpriv_ns --seccomp-filter="$dir/filter" echo works; setpriv_ns --seccomp-filter="$dir/filter" --force; echo $?'
    is "$output" $'works\n0'
    done_quietly
    "$with_seccomp" KILL execve >"$dir/filter"
    sh_run 'setpriv_ns --seccomp-filter="$dir/filter" echo works; echo $?'
    is "$output" 125
    like "$error" '*: the shell could not go on under the seccomp filter, which kills it at execve: *'
    "$with_seccomp" EPERM execve >"$dir/filter"
    sh_run 'setpriv_ns --seccomp-filter="$dir/filter" echo works; echo $?'
    is "$output" 125
    like "$error" '*: cannot go on under the seccomp filter, which refuses execve: Operation not permitted; *'
    # The child that took the steps first ended by that, and by SIGSEGV, without the shell.
    local error
    for error in KILL EPERM; do
        "$with_seccomp" $error exit_group >"$dir/filter"
        sh_run 'ulimit -c 0; ( setpriv_ns --seccomp-filter="$dir/filter" --force; echo $?; kill -TERM $BASHPID ); echo $?'
        is "$output" $'0\n143'
    done
}

@test "kernels without Landlock or seccomp filters, or that look so" {
    needs "$with_seccomp" ENOSYS landlock_create_ruleset -- true
    via=("$with_seccomp" ENOSYS landlock_create_ruleset seccomp --)
    refused "cannot make a Landlock ruleset: Function not implemented; this kernel has no Landlock, or a seccomp filter hides it" \
        setpriv_ns --landlock-access=fs
    refused "cannot ask the kernel about Landlock: Function not implemented; *" setpriv_ns --landlock-support
    "$with_seccomp" EPERM unshare >"$dir/filter"
    refused "cannot set the seccomp filter */filter: Function not implemented; this kernel has no seccomp filters, or another filter hides them" \
        setpriv_ns --seccomp-filter "$dir/filter"
    via=("$with_seccomp" EPERM seccomp --)
    refused "cannot set the seccomp filter */filter: Operation not permitted; another filter may refuse it: give this one first" \
        setpriv_ns --seccomp-filter "$dir/filter"
}

@test "a shell that moved keeps its tie to the supervisor through a change of the user" {
    as_root
    sh_run 'declare -A may; unshare_ns -f; setpriv_ns -A may; echo "${may[pdeathsig]}"
            setpriv_ns --reuid=1000 --regid=1000 --clear-groups; setpriv_ns -A may; echo "${may[pdeathsig]}"
            setpriv_ns --pdeathsig=TERM; setpriv_ns -A may; echo "${may[pdeathsig]}"
            setpriv_ns --pdeathsig=clear; setpriv_ns -A may; echo "${may[pdeathsig]}."'
    is "$output" $'KILL\nKILL\nTERM\n.'
    done_quietly
}

@test "such a shell dies with its supervisor" {
    as_root
    sh_start 'unshare_ns -f; setpriv_ns --reuid=1000 --regid=1000 --clear-groups --keep-caps
        echo "$BASHPID" >"$dir/inner"; echo ready >"$dir/signal"; while :; do sleep 0.1; done'
    await
    kill -KILL "$(<"$dir/pid")"
    sh_wait
    is "$status" 137
}

# Another user has no signal for that until it is set again, and that comes too late.
@test "such a shell dies with its supervisor also just when it becomes another user" {
    ((EUID == 0)) || skip "needs root: who traces a change of the user"
    needs strace true
    local inside
    chmod 755 "$dir"
    mkfifo -m 666 "$dir/go"
    via=(strace -f -qq -o /dev/null -e trace=setresuid -e inject=setresuid:delay_exit=2000000)
    sh_start 'unshare_ns -uf; echo "$BASHPID" >"$dir/inside"; echo >"$dir/signal"
              setpriv_ns --reuid=1000 --regid=1000 --clear-groups; read -r -t 20 <>"$dir/go"; echo survived'
    await
    inside=$(<"$dir/inside")
    until grep -q "^Uid:.1000" "/proc/$inside/status"; do sleep 0.01; done
    kill -KILL "$(<"$dir/pid")"
    sh_wait
    is "$output" ""
    nothing_runs
}

@test "-d is what setpriv --dump tells, -A and -p the same" {
    as_root
    # An older setpriv has numbers for the newest capabilities; a newer timeout(1) gives what it runs a parent death signal.
    sh_run 'setpriv() { command setpriv "$@" | sed "s/cap_38/perfmon/; s/cap_39/bpf/; s/cap_40/checkpoint_restore/"; }
            cd "$dir"; setpriv_ns --reuid=0 --regid=5 --groups=7 --inh-caps=+kill --ambient-caps=+kill --securebits=+noroot_locked --pdeathsig=clear
            setpriv_ns -d >ours; setpriv --dump >theirs; diff ours theirs && echo same
            setpriv_ns -dd | grep -c ^Effective; setpriv_ns -ddd | grep -E "^s[ug]id"
            declare -A may; setpriv_ns -A may; echo "${may[egid]} ${may[groups]} ${may[ambient]} ${may[securebits]} ${may[pdeathsig]}."'
    is "$output" $'same\n1\nsuid: 0\nsgid: 5\n5 7 kill noroot_locked .'
    done_quietly
    sh_run 'setpriv_ns --reuid=0 --regid=5 --groups=7,8 --inh-caps=+kill --ambient-caps=+kill --bounding-set=-net_raw --nnp --pdeathsig=clear
            command=$(setpriv_ns -p); setpriv_ns -d >"$dir/first"; unset -f x; echo "$command" >"$dir/command"'
    sh_run 'source "$dir/command"; setpriv_ns -d | diff "$dir/first" - && echo same'
    is "$output" same
}

@test "-dd tells what is in effect, -ddd what a filter does, and -p also that there are no groups" {
    as_root
    "$with_seccomp" EPERM unshare >"$dir/filter"
    sh_run 'setpriv_ns --euid=1000 --inh-caps=+kill --ambient-caps=+kill --seccomp-filter="$dir/filter"
            setpriv_ns -ddd | grep -E "^(Eff|Perm|Secc)" | sed "s/chown,.*/chown and more/"'
    is "$output" 'Effective capabilities: kill
Permitted capabilities: chown and more
Seccomp mode: 2'
    done_quietly
    sh_run 'setpriv_ns --clear-groups --securebits=+noroot; setpriv_ns -p'
    like "$output" '* --clear-groups *--securebits=-all,+noroot --pdeathsig=*'
    [[ $output != *--no-new-privs* ]]
    sh_run 'setpriv_ns -d >/dev/full; echo $?'
    is "$output" 1
    like "$error" '*: setpriv_ns: write error: No space left on device'
}

# The files of AppArmor are made up: it need not be in force here.
@test "the label that AppArmor tells, in a line of its own" {
    [[ -d /sys/kernel/security && -e /proc/self/attr/current ]] || skip "the kernel has no such labels"
    sh_run 'told() { setpriv_ns -d >"$dir/told"; sed "1,/^Parent/d" "$dir/told"; }
            unshare_ns -rm; mount_ns -t tmpfs tmpfs /sys/kernel/security
            >"$dir/label"; mount_ns --bind "$dir/label" /proc/$$/attr/current
            mkdir /sys/kernel/security/apparmor; told; echo "box (enforce)" >"$dir/label"; told
            rmdir /sys/kernel/security/apparmor; told; echo end'
    is "$output" $'AppArmor profile: box (enforce)\nend'
    done_quietly
}

@test "--list-caps has each capability of the kernel, in a line" {
    local last
    last=$(</proc/sys/kernel/cap_last_cap)
    as_root
    sh_run 'setpriv_ns --bounding-set=-all,+kill; setpriv_ns --list-caps'
    like "$output" $'chown\ndac_override\n*'
    is "$(wc -l <"$dir/output")" $((last + 1))
    done_quietly
}

@test "the largest of the groups' numbers is whole" {
    ((EUID == 0)) || skip "needs root, to have such a group"
    sh_run 'setpriv_ns --groups=5,4294967294; setpriv_ns -d | grep ^Supp'
    is "$output" "Supplementary groups: 5,4294967294"
    done_quietly
}

@test "an array of bash's own, and a wrong name, are refused" {
    sh_run 'setpriv_ns -A BASH_ALIASES; echo $?; setpriv_ns -A 1x 2>/dev/null; echo $?'
    is "$output" $'1\n2'
}

@test "--reset-env: no longer exported, and set as for a login" {
    as_root
    sh_run 'export FOO=1 TERM=dumb; setpriv_ns --reset-env; echo "$FOO $UID"; env | grep -vE "^(_|PWD|SHLVL|OLDPWD)=" | sort
            export -p | grep -c FOO'
    like "$output" '1 0
HOME=*
LOGNAME=root
PATH=/usr/local/sbin:*
SHELL=*
TERM=dumb
USER=root
0'
    sh_run 'setpriv_ns --reset-env --reuid=54321 env | grep -E "^(HOME|USER|SHELL)=" | sort; echo "$USER"' 2>/dev/null
    like "$output" $'HOME=/\nSHELL=/bin/sh\nUSER=54321*'
    local name
    for name in HOME SHELL USER LOGNAME PATH; do
        sh_run 'readonly "$1"; fingerprint "$dir/before"; setpriv_ns --reset-env --nnp; status=$?; fingerprint "$dir/after"; exit $status' $name
        is "$status" 1
        like "$error" "*: --reset-env: the variable $name is readonly, or no plain string"
        unchanged
    done
}

@test "what is refused changes nothing, and the sentence names the cause" {
    as_root
    refused "cannot change the ambient capability chown: Operation not permitted; what is ambient must be permitted and inheritable: *" \
        setpriv_ns --reuid=1000 --ambient-caps=+chown
    refused "cannot set the AppArmor profile x: *" setpriv_ns --groups=5 --apparmor-profile=x
    refused "cannot set the AppArmor profile 0*: File name too long*" setpriv_ns --apparmor-profile="$(printf %04091d 0)"
    refused "cannot set the SELinux label x: *" setpriv_ns --reuid=5 --reset-env --selinux-label=x
    if linux 5.13; then
        refused "cannot open /nonexistent for a Landlock rule: No such file or directory" \
            setpriv_ns --reuid=5 --landlock-access=fs --landlock-rule=path-beneath::/nonexistent
        refused "cannot make a Landlock rule for /usr: Invalid argument; *" \
            setpriv_ns --reuid=5 --landlock-access=fs:execute --landlock-rule=path-beneath:read-file:/usr
    fi
    refused "--init-groups: user 54321 has no entry in *" setpriv_ns --reuid=54321 --init-groups
    # A change of IDs that was tried has not made the shell's memory undumpable.
    local ids
    for ids in --ruid=5 --euid=5 --rgid=5 --egid=5; do
        refused "cannot allow to be traced: *" setpriv_ns --keep-groups $ids --ptracer=4194303
    done
}

@test "without privilege" {
    ((EUID != 0)) || skip "needs an ordinary user"
    refused "cannot become user 0: Operation not permitted; that takes cap_setuid, *" setpriv_ns --reuid=0
    refused "cannot become group 0: Operation not permitted; that takes cap_setgid, *" setpriv_ns --regid=0 --keep-groups
    refused "cannot set the supplementary groups: Operation not permitted; that takes cap_setgid, *" setpriv_ns --clear-groups
    refused "cannot drop chown from the bounding set: Operation not permitted; that takes cap_setpcap: *" \
        setpriv_ns --bounding-set=-chown
    refused "cannot set the securebits to noroot: Operation not permitted; that takes cap_setpcap" setpriv_ns --securebits=+noroot
    sh_run 'setpriv_ns --reuid="$UID" --inh-caps=-all --ambient-caps=-all && echo done'
    is "$output" "done"
    done_quietly
}

# The kernel need not have such modules: what asks for them is answered, and the file of the process is descriptor 9.
@test "a label and a profile are what is told, for the next program" {
    [[ $(uname -m) == @(x86_64|aarch64) ]] || skip "structures of the kernel are others here"
    via=(strace -f -qq -o /dev/null -P attr/exec -P /sys/fs/selinux -e trace="openat,statfs"
        -e inject=openat:retval=9 -e inject=statfs:retval=0:poke_exit=@arg2=8cff7cf900000000)
    needs "${via[@]}" true
    local option
    for option in --selinux-label=a:b --apparmor-profile=box; do
        sh_run 'exec 9>>"$dir/told"; before=(/proc/self/fd/*); setpriv_ns $1; after=(/proc/self/fd/*)
                echo $((${#before[@]} - ${#after[@]})); echo >>"$dir/told"' $option
        is "$output" 1
        done_quietly
    done
    is "$(<"$dir/told")" $'a:ba:b\nexec boxexec box' # by the child that tries it, and by the shell
}

@test "in a user namespace: a group without a number" {
    as_root
    sh_run 'unshare_ns --map-users=0:0:1 --map-users=1:1:9 --map-groups=0:0:1 --map-groups=1:1:9; setpriv_ns --groups=9,10'
    like "$error" '*: cannot set the supplementary groups: Invalid argument; a group has no number in this user namespace'
}

@test "in a user namespace: IDs without a number, and groups that are denied" {
    sh_run 'unshare_ns -r; setpriv_ns --reuid=5; setpriv_ns --groups=0; setpriv_ns --regid=5 --keep-groups'
    like "$error" '*: cannot become user 5: Invalid argument; it has no number in this user namespace: map it first (nsmap)
*: cannot set the supplementary groups: Operation not permitted; the user namespace denies setgroups(2): say --keep-groups
*: cannot become group 5: Invalid argument; it has no number in this user namespace: map it first (nsmap)'
}

@test "wrong usage" {
    wrong "no privilege is named"
    wrong "--inh-caps: nosuch: expected capabilities, with + or - before each: *" --inh-caps=nosuch
    wrong "--inh-caps: +nosuch: expected *" --inh-caps=+nosuch
    wrong "--inh-caps: : expected *" --inh-caps=
    wrong "--bounding-set: -63: expected *" --bounding-set=-63
    wrong "--drop-caps: +chown: expected capabilities: *" --drop-caps=+chown
    wrong "--securebits: +all: expected *" --securebits=+all
    wrong "--securebits: +keep_caps: expected *" --securebits=+keep_caps
    wrong "with --rgid, --egid or --regid, say --clear-groups, *" --regid=5
    wrong "with --rgid, --egid or --regid, say --clear-groups, *" --egid=5
    wrong "--init-groups needs --ruid or --reuid" --init-groups
    wrong "--clear-groups, --keep-groups, --init-groups and --groups exclude each other" --keep-groups --clear-groups
    wrong "--groups: 5,: expected *" --groups=5,
    wrong "--reuid: no such user: expected a user name or *" --reuid="no such user"
    wrong "--pdeathsig: NOSUCH: expected keep, clear, *" --pdeathsig=NOSUCH
    wrong "--ptracer: 0: expected a PID, any or none" --ptracer=0
    wrong "--selinux-label: : expected a label" --selinux-label=
    wrong "--apparmor-profile: : expected a profile" --apparmor-profile=
    wrong "--list-landlock-rights: files: expected fs, net or scope" --list-landlock-rights=files
    wrong "--landlock-access: files: expected fs, net or scope, *" --landlock-access=files
    wrong "--landlock-access: fs:fly: expected rights that *" --landlock-access=fs:fly
    wrong "--landlock-rule: path-beneath:/usr: expected path-beneath:RIGHT,...:PATH or *" --landlock-rule=path-beneath:/usr
    wrong "--landlock-rule: net-port:bind-tcp:70000: expected *" --landlock-rule=net-port:bind-tcp:70000
    wrong "--landlock-rule path-beneath needs --landlock-access fs, or it would restrict nothing" --landlock-rule=path-beneath::/
    wrong "--iab stands for --bounding-set, --inh-caps and --ambient-caps: *" --iab=^chown --inh-caps=-all
    wrong "what is shown goes with no other option, and with no COMMAND" --dump --nnp
    wrong "--array and --print exclude each other" -p -A may
    sh_run 'setpriv_ns --dump true'
    is "$status $output" "125 "
    like "$error" "*: what is shown goes with no other option, and with no COMMAND"$'\n'*
}
