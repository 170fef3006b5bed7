#!/usr/bin/env bats
# All or nothing: a plan that fails says why in a sentence, and leaves the shell as it was.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

long_name=$(printf 'x%.0s' {1..65})

# refused PLAN [ARG...]: PLAN, whose COMMAND is called true, fails with one sentence, and the shell that it left as it was
# works on
refused() {
    sh_run 'cd "$dir"; echo >file; plan=$1; shift
            fingerprint before; eval "$plan"; status=$?; fingerprint after
            sleep 0 & wait $! && echo "$(echo works)" | cat; exit $status' "$@"
    if [[ $1 == *" true" ]]; then is "$status" 125; else like "$status" "[12]"; fi
    is "$output" works
    like "$(head -n 1 "$dir/error")" "bash: line +([0-9]): @(unshare_ns|nsenter_ns): ?*"
    like "$(tail -n +2 "$dir/error")" "?([a-z]*_ns: usage: *)" # that of wrong usage
    unchanged
}

# refused_all: each line of standard input is a plan
refused_all() {
    local plan
    while read -r plan <&9; do
        refused "$plan" "$@"
    done 9<&0 </dev/null
}

@test "steps inside the new namespaces" {
    refused "unshare_ns -ru --hostname $long_name"
    refused "unshare_ns -rpu --hostname $long_name"
    refused "unshare_ns -rmuinC --hostname $long_name --loopback true"
    refused_all <<-'EOT'
		unshare_ns -r -R /nonexistent
		unshare_ns -rmuin --root=file
		unshare_ns -rm -w /nonexistent
		unshare_ns -rf -w file
		unshare_ns -rp -R / -w "$dir/nonexistent"
		unshare_ns -rpm --mount-proc=/nonexistent
		unshare_ns -rp --mount-proc=file
		unshare_ns -rpm --mount-proc=/nonexistent true
	EOT
}

@test "ID maps" {
    refused_all <<-'EOT'
		unshare_ns --map-user=4294967295
		unshare_ns --map-group=4294967295
		unshare_ns --map-user=4294967296
		unshare_ns --map-user=-1
		unshare_ns --map-user=
		unshare_ns --map-user=no-such-user
		unshare_ns --map-group=no-such-group
		unshare_ns -r --setgroups allow
		unshare_ns -mu --setgroups allow --map-group=5
	EOT
}

@test "targets that are gone, or are no namespaces" {
    refused_all <<-'EOT'
		nsenter_ns -t 999999999 -m
		nsenter_ns -t 4194304 -a
		nsenter_ns --net=/dev/null
		nsenter_ns --net=file
		nsenter_ns --net=.
		nsenter_ns -n/nonexistent
		nsenter_ns --net=/proc/self/ns/uts
		nsenter_ns -t $$ -U
		nsenter_ns -t $$ -U -p true
	EOT
}

@test "targets that can be joined in part" {
    target --map-user=5 --map-group=6 -mnu
    refused_all "$target" <<-'EOT'
		nsenter_ns -t "$1" -U
		nsenter_ns -t "$1" -U -n -S 7 -G 6
		nsenter_ns -t "$1" -U -n -S 5 -G 7
		nsenter_ns -t "$1" -U -n -S 7 -G 6 --env
		nsenter_ns -t "$1" -a --preserve-credentials --wd=/nonexistent
		nsenter_ns -t "$1" -U -m -u --preserve-credentials --root=/nonexistent
		nsenter_ns -t "$1" -U -u --preserve-credentials --net=/dev/null
		nsenter_ns -t "$1" -U -u -m --preserve-credentials --net=/proc/1/ns/uts
	EOT
}

@test "a PID namespace whose PID 1 has ended" {
    in_target=/bin/true target -rp
    refused 'nsenter_ns -U"/proc/$1/ns/user" -p"/proc/$1/ns/pid_for_children"' "$target"
    refused 'nsenter_ns -U"/proc/$1/ns/user" -p"/proc/$1/ns/pid_for_children" true' "$target"
}

@test "what an ordinary user may not do" {
    ((EUID != 0)) || skip "needs an ordinary user"
    refused_all <<-'EOT'
		unshare_ns -m
		unshare_ns -u
		unshare_ns -i
		unshare_ns -n
		unshare_ns -p
		unshare_ns -C
		unshare_ns -T
		unshare_ns -muinpC
		unshare_ns -u --hostname box
		unshare_ns -m true
		unshare_ns -f -R /
		nsenter_ns -t 1 -m
		nsenter_ns -t 1 -a
		nsenter_ns -t 1 -U
		nsenter_ns -n/proc/self/ns/net
	EOT
}

@test "no more processes allowed" {
    ((EUID != 0)) || skip "needs an ordinary user: the limit does not bind root"
    refused 'old=$(ulimit -Su); ulimit -Su 1; unshare_ns -rm; status=$?; ulimit -Su "$old"; (exit $status)'
    refused 'old=$(ulimit -Su); ulimit -Su 1; unshare_ns -rp; status=$?; ulimit -Su "$old"; (exit $status)'
}

@test "no more open files allowed: all or nothing at each number" {
    local options n
    for options in -rmu -rp; do
        for n in {3..14}; do
            sh_run 'where() { readlink "${@/#//proc/$BASHPID/}"; }
                    fingerprint "$dir/before"; before=$(where ns/{mnt,uts,user} cwd root)
                    old=$(ulimit -Sn); ulimit -Sn "$2"
                    unshare_ns "$1" --hostname box -u; status=$?
                    ulimit -Sn "$old"
                    ((status == 0)) && { [[ $(uname -n) == box && $UID == 0 ]]; exit; }
                    fingerprint "$dir/after"; exit $status' $options "$n"
            ((status == 0)) && continue
            is "$status" 1
            like "$error" "bash: line +([0-9]): unshare_ns: *Too many open files*"
            unchanged
        done
        # The last had enough, the first had not.
        is "$status" 0
        [[ -s $dir/after ]]
        rm "$dir/after"
    done
}

# It has said that it is ready, the shell calls itself the one that watches it, and then it cannot say that it goes on.
@test "what is inside ends at the last moment" {
    needs strace true
    local plan
    via=(strace -f -qq -o /dev/null -e trace=sendmsg -e inject=sendmsg:error=EPIPE:when=2+)
    for plan in -rp -rf; do
        sh_run 'fingerprint "$dir/before"; unshare_ns "$1"; echo "$? $(</proc/$$/comm)"; fingerprint "$dir/after"' "$plan"
        is "$output" "1 bash"
        like "$error" "bash: line +([0-9]): unshare_ns: *; nothing has changed"
        unchanged
    done
}

# The helper has as many as the shell, and needs more: so the limit is lowered when it has been made.
@test "no more open files allowed for what the helper passes" {
    needs strace true
    via=(strace -qq -o /dev/null -e trace=recvmsg -e inject=recvmsg:delay_enter=1000000)
    sh_start 'fingerprint "$dir/before"; old=$(ulimit -Sn); unshare_ns -rmu; status=$?; ulimit -Sn "$old"; fingerprint "$dir/after"; exit $status'
    until [[ -s $dir/pid ]]; do sleep 0.01; done
    shell=$(<"$dir/pid")
    until [[ -n $(find "/proc/$shell/fd" -lname "socket:*") && -n $(<"/proc/$shell/task/$shell/children") ]]; do sleep 0.01; done
    for ((free = 3; free < 1000; free++)); do [[ -e /proc/$shell/fd/$free ]] || break; done
    prlimit --pid "$shell" --nofile="$((free + 2)):" # one for what is passed for the maps, one for a map
    sh_wait
    is "$status" 1
    like "$error" "*unshare_ns: *Too many open files*"
    unchanged
}

@test "without a /proc" {
    via=(unshare -rm)
    sh_run 'fingerprint "$dir/before"; mount -t tmpfs tmpfs /proc
            unshare_ns -ru --hostname box; echo $?; unshare_ns -rp; echo $?; unshare_ns -r true; echo $?
            umount /proc; fingerprint "$dir/after"'
    is "$output" $'1\n1\n125'
    is "$(grep -c 'unshare_ns: .*/proc.*No such device' "$dir/error")" 3
    unchanged
}

@test "a system call that fails, or kills the helper" {
    needs strace -f -e inject=sethostname:error=EPERM true
    local fault
    for fault in unshare:error=ENOSPC unshare:error=EUSERS setns:error=EPERM setns:error=ENOMEM mount:error=EACCES \
        pidfd_open:error=ENOSYS sethostname:error=EPERM sethostname:signal=KILL mount:signal=KILL unshare:signal=KILL; do
        via=(strace -f -qq -o /dev/null -e "trace=${fault%%:*}" -e "inject=$fault")
        refused 'unshare_ns -rmu --hostname box'
        is "$status" 1
        [[ $fault != *KILL ]] || like "$error" "*: cannot go on: the helper process was killed; nothing has changed"
    done
}

@test "with errexit, the script ends; with a condition, it goes on" {
    sh_run 'set -e; unshare_ns -r -w /nonexistent || echo "handled $?"; unshare_ns -rp -w /nonexistent; echo wrong'
    is "$output" "handled 1"
    is "$status" 1
    is "$(wc -l <"$dir/error")" 2
}

@test "standard input and a process substitution are not eaten" {
    bash_run < <(
        prelude
        cat <<-'EOT'
			while read -r line; do echo "$line"; unshare_ns -rp -w /nonexistent 2>/dev/null || echo no; done < <(seq 2)
			unshare_ns -rm -w /nonexistent 2>/dev/null; read -r line
			of the script
			echo "$line"; echo "$(cat)"
			to a program
		EOT
    )
    is "$output" $'1\nno\n2\nno\nof the script\nto a program'
    done_quietly
}

@test "with closed standard files" {
    local closed
    for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- >&- 2>&-'; do
        sh_run "exec $closed"'
                fingerprint "$dir/before"; unshare_ns -rmu -w /nonexistent; first=$?; unshare_ns -rp -w /nonexistent
                second=$?; fingerprint "$dir/after"; exit $first$second'
        is "$status" 11
        is "$output" ""
        unchanged
        sh_run "exec $closed"'; unshare_ns -rmuinC --hostname box; unshare_ns -p; [[ $(uname -n) == box ]] && exit $((40 + $$))'
        is "$status" 41
        is "$output$error" ""
    done
}

@test "what was taken outside is given back where the shell cannot follow" {
    ((EUID == 0)) || skip "needs root: who may drop groups"
    needs strace -o /dev/null true
    local hierarchy=/sys/fs/cgroup
    [[ $(stat -f -c %T "$hierarchy") == cgroup2fs ]] || hierarchy+=/unified
    target -ru
    ! mkdir "$hierarchy/nsbuiltins-${dir##*.}" || echo "$target" >"$hierarchy/nsbuiltins-${dir##*.}/cgroup.procs"
    # Not of the helper, which has done the same by then
    via=(setpriv --groups "5,6,7" strace -o "$dir/trace" -e trace=setns -e inject=setns:error=EINVAL)
    sh_run 'grep ^Groups /proc/self/status >"$dir/before"; cat /proc/self/cgroup >>"$dir/before"
            nsenter_ns -t "$1" -U -u -c; status=$?
            grep ^Groups /proc/self/status >"$dir/after"; cat /proc/self/cgroup >>"$dir/after"; exit $status' "$target"
    kill -KILL "$target"
    while [[ -e $hierarchy/nsbuiltins-${dir##*.} ]] && ! rmdir "$hierarchy/nsbuiltins-${dir##*.}" 2>/dev/null; do sleep 0.05; done
    is "$status" 1
    like "$error" '*: cannot follow the helper process into the namespaces: Invalid argument; *'
    like "$(<"$dir/before")" '*5 6 7*'
    unchanged
}

@test "a shell that goes into a mount namespace by itself comes back" {
    ((EUID == 0)) || via=(unshare -rm)
    local plan
    for plan in "-m -w /nowhere" "-m -R /nowhere" "-m --check" "-mu -w /nowhere"; do
        # shellcheck disable=SC2086
        sh_run 'fingerprint "$dir/before"; unshare_ns "$@"; fingerprint "$dir/after"' $plan
        unchanged
    done
}

@test "a look leaves no memory mapped that is shared with the helper" {
    sh_run 'unshare_ns --check -rp; unshare_ns --check -rp --init; grep /dev/zero "/proc/$BASHPID/maps"; :'
    is "$output" ""
}

@test "a shell that orphans go to stays one" {
    needs perl -e 'require "syscall.ph"'
    via=(perl -e 'require "syscall.ph"; my $set_child_subreaper = 36; syscall(&SYS_prctl, $set_child_subreaper, 1, 0, 0, 0); exec @ARGV')
    sh_run 'fingerprint "$dir/before"; unshare_ns -rp -w /nowhere; fingerprint "$dir/after"; grep subreaper "$dir/after"'
    is "$output" "subreaper 1"
    unchanged
}

@test "two hundred plans leave no file open and no child" {
    sh_run 'f() { return 3; }
            plans() {
                local n
                for ((n = 0; n < $1; n++)); do
                    unshare_ns -ru -w /nonexistent && echo wrong
                    unshare_ns -rp -R /nonexistent && echo wrong
                    nsenter_ns -t 999999999 -m && echo wrong
                    unshare_ns -r f
                    [[ $? == 3 ]] || echo wrong
                done 2>/dev/null
            }
            plans 1; fingerprint "$dir/before"; plans 50; fingerprint "$dir/after"'
    is "$output" ""
    done_quietly
    unchanged
}

# What works, as root and as an ordinary user
workable=(
    "unshare_ns --check -rumin --hostname box --loopback"
    "unshare_ns --check -rpm --mount-proc"
    "unshare_ns --check -rp --init"
    "unshare_ns --check -rp --no-fork"
    "unshare_ns --check -rT --boottime 1000"
    "unshare_ns --check -c --keep-caps --clear-env"
    "nsenter_ns --check -t TARGET -a"
    "nsenter_ns --check -t TARGET -U -u -e"
)

@test "--check tries the last step too: with a filter that refuses or kills it, and where it takes none" {
    local plan answer
    for plan in "-rmu" "-ru --hostname box" "-rT" "-rp --no-fork" "-rp" "-U" "-r -w /"; do
        for answer in EPERM KILL; do
            via=("$NSB_BUILDDIR/tests/with-seccomp" "$answer" setns --)
            sh_run "fingerprint \"\$dir/before\"; unshare_ns --check $plan; status=\$?; fingerprint \"\$dir/after\"; exit \$status"
            local checked=$status sentence=$error
            unchanged
            sh_run "(unshare_ns $plan)"
            [[ $checked == 0 ]] || is "$checked" 1
            is "$((status != 0))" "$((checked != 0))"
            [[ $answer == KILL ]] || is "$sentence" "$error"
        done
    done
}

# What does not, whoever asks
unworkable=(
    "unshare_ns --check -rm --root /nowhere"
    "unshare_ns --check -rpm -w /nowhere"
    "nsenter_ns --check -t TARGET -U --wdns /nowhere"
)

@test "--check says what would work, changes nothing, and runs no COMMAND" {
    local plan
    target -ru
    for plan in "${workable[@]}"; do
        sh_run "hash -p /nowhere/tool tool; fingerprint \"\$dir/before\"
                ${plan/TARGET/$target} echo ran; status=\$?; fingerprint \"\$dir/after\"; hash -t tool; exit \$status"
        is "$output" /nowhere/tool
        done_quietly
        unchanged
    done
}

# What is inside has a helper above it that is gone by then.
@test "--check waits for what fails late, inside" {
    needs strace true
    local option
    via=(strace -f -qq -o /dev/null -e trace=chdir -e inject=chdir:delay_enter=500000)
    for option in -rp -rf; do
        sh_run 'unshare_ns --check "$1" -w /nowhere' "$option"
        like "$error" "*: cannot change the working directory to /nowhere: No such file or directory*"
        is "$status" 1
    done
}

@test "--check says what would not work, in the same words" {
    local plan
    target -ru
    for plan in "${unworkable[@]}"; do
        sh_run "fingerprint \"\$dir/before\"; ${plan/TARGET/$target}; status=\$?; fingerprint \"\$dir/after\"; exit \$status"
        is "$status $output" "1 "
        unchanged
        local sentence=$error
        plan=${plan/TARGET/$target}
        sh_run "fingerprint \"\$dir/before\"; ${plan/--check/}; status=\$?; fingerprint \"\$dir/after\"; exit \$status"
        is "$status $error" "1 $sentence"
        unchanged
    done
}

# Plans that succeed, for all or only for root, the words of the fingerprint for what they are to change, and what comes
# before
changes=(
    "all|unshare_ns -U|$of_user"
    "all|unshare_ns -r|$of_user"
    "all|unshare_ns -c --keep-caps|$of_user"
    "all|unshare_ns -rmu --hostname box|$of_user ns/mnt mountinfo ns/uts hostname HOSTNAME"
    "all|unshare_ns -rn --loopback|$of_user ns/net"
    "all|unshare_ns -riC|$of_user ns/ipc ns/cgroup cgroup mountinfo"
    "all|unshare_ns -rm -w /tmp|$of_user ns/mnt mountinfo cwd directories declare"
    "all|unshare_ns -r --clear-env --whitelist-env PATH|$of_user declare"
    "all|unshare_ns -rp|$of_user $of_move ns/pid.*"
    "all|unshare_ns -rp --init|$of_user $of_move ns/pid.*"
    "all|unshare_ns -rp --no-fork|$of_user ns/pid_for_children"
    "all|unshare_ns -rf|$of_user $of_move"
    "all|unshare_ns -rT --boottime 1000|$of_user $of_move ns/time.*"
    "all|unshare_ns -rmu true|"
    "all|unshare_ns -rp true|"
    "all|unshare_ns --check -rmu|"
    "all|nsenter_ns -t TARGET -a --preserve-credentials|$of_user ns/uts hostname HOSTNAME"
    "all|nsenter_ns -t TARGET -U -u -S 0 -G 0|$of_user ns/uts hostname HOSTNAME"
    "all|nsenter_ns -U/proc/TARGET/ns/user -u/proc/TARGET/ns/uts|$of_user ns/uts hostname HOSTNAME"
    "all|nsenter_ns -t TARGET -U --env|$of_user declare"
    "all|nsenter_ns -t TARGET -U -u --preserve-credentials true|"
    "all|nsmap >/dev/null|"
    "all|nsmap -t TARGET >/dev/null|"
    "all|nsmap --same uts TARGET TARGET|"
    "all|nsmap -r|$of_user|unshare_ns -U"
    "all|nsmap -c|$of_user|unshare_ns -U"
    "root|unshare_ns -u|ns/uts"
    "root|unshare_ns -mn --loopback|ns/mnt mountinfo ns/net"
    "root|unshare_ns -u --hostname box|ns/uts hostname HOSTNAME"
    "root|unshare_ns -p|$of_move ns/pid.*"
    "root|unshare_ns --map-users=0:200000:1000 --map-groups=0:200000:1000|$of_user"
    "root|unshare_ns --map-users=0:200000:9 --map-groups=0:200000:9 -S 5 -G 6 --keep-caps|$of_user dumpable"
    "root|unshare_ns -i -S 1007 -G 1007|ns/ipc Uid Gid Groups IDs Cap... dumpable"
    "root|nsenter_ns -t TARGET -u|ns/uts hostname HOSTNAME"
    "root|nsenter_ns -n/proc/TARGET/ns/net|ns/net"
)

@test "a plan that succeeds changes what it is asked to, and nothing else" {
    local row who plan words before
    in_target='hostname box' target -ru
    chmod 777 "$dir" # for who has become somebody else
    install -m 666 /dev/null "$dir/after"
    for row in "${changes[@]}"; do
        IFS='|' read -r who plan words before <<<"${row//TARGET/$target}"
        [[ $who == all || $EUID == 0 ]] || continue
        echo "$plan"
        sh_run "trap : USR2 EXIT; $before
                fingerprint \"\$dir/before\"; $plan; status=\$?; fingerprint \"\$dir/after\"; exit \$status"
        done_quietly
        # shellcheck disable=SC2086 # words are what is wanted
        unchanged $words
    done
}
