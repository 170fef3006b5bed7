#!/usr/bin/env bats
# The unlucky machine: what the shell has around it is missing, false, used up or refused, or things happen meanwhile.
# Whatever it is, a plan is carried out, all of it, or fails with a sentence and has changed nothing.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# How often what happens at any moment is tried; with NSB_FAULTS=all, ten times that
[[ ${NSB_FAULTS-} == all ]] && times=100 || times=10

# Functions for scripts. whole PLAN [CHECK [WORD...]] tries PLAN in a subshell of its own, and says whether it was "done",
# all of it, as CHECK tells, and nothing else, but for lines of the fingerprint that begin with WORD; or "nothing" was. A
# subshell has no traps: $in_each sets them there.
whole='
    say() { builtin echo "$1" >&"${said-1}"; }
    in_box() { [[ $(uname -n) == box ]]; }
    whole() {
        (
            local said_of_it=done words=("${@:3}")
            eval "${in_each-}"
            fingerprint "$dir/before"
            if eval "$1"; then
                eval "${2-true}" || said_of_it=half
                words+=($of_landing)
            else
                said_of_it=nothing
            fi
            fingerprint "$dir/after"
            changed=$(same_but "$dir/before" "$dir/after" "${words[@]}") && say "$said_of_it" || say "$changed"
        )
    }
    all_kinds() {
        whole "unshare_ns -rmu --hostname box" in_box
        whole "unshare_ns -rpu --hostname box" in_box
        whole "unshare_ns -rpu --init --hostname box" in_box
        whole "unshare_ns -rpu --no-fork --hostname box" in_box
        whole "unshare_ns -ru --hostname box in_box"
    }
'
all_done=$'done\ndone\ndone\ndone\ndone'

# all_or_nothing: of what the last script has tried
all_or_nothing() {
    is "$(grep -vx 'done\|nothing' <<<"$output")" ""
}

# sentences FILE: each line of it is a complaint of a builtin
sentences() {
    is "$(grep -Ev '^(bash|environment): (line [0-9]+: )?(unshare_ns|nsenter_ns|nsmap): .' "$1")" ""
}

@test "a false /proc is found out, and never written to" {
    via=(unshare -rm)
    sh_run '
        mkdir "$dir/false" && mount -t tmpfs -o size=1m false "$dir/false"
        (
            cd "$dir/false"
            mkdir -p self/ns self/task/1 sys/kernel
            for file in self/{uid_map,gid_map,setgroups,timens_offsets,attr,status,cgroup,environ,ns/user,ns/mnt,ns/uts} sys/kernel/hostname; do
                echo 0 >$file
            done
            for ((pid = $$; pid < $$ + 500; pid++)); do ln -s self $pid; done
        )
        written() { find "$dir/false" -type f -newer "$dir/mark"; find "$dir/false" -type f -exec cat {} + | sort -u; }
        sleep 0.05; touch "$dir/mark"; sleep 0.05
        fingerprint "$dir/before"
        mount --bind "$dir/false" /proc
        unshare_ns -ru; echo $?
        unshare_ns -rp; echo $?
        unshare_ns -rT --boottime 5 true; echo $?
        (unshare_ns -m --propagation private); echo $?
        nsenter_ns -t $$ -m -w /; echo $?
        nsmap; echo $?
        nsmap -t $$ --map-root-user; echo $?
        umount /proc
        fingerprint "$dir/after"
        written'
    is "$output" $'1\n1\n125\n0\n125\n1\n1\n0'                                           # with "/" and "true" as COMMAND; -m needs no /proc
    is "$(grep -vc '^==[0-9]*==WARNING: reading executable name failed' "$dir/error")" 6 # a sanitizer looks for it in /proc
    is "$(grep -c ': No such device' "$dir/error")" 6
    unchanged
}

@test "no more open files: all or nothing at each number" {
    local n seen=""
    target -rpu
    for n in {3..20}; do
        sh_run "$whole"'
            old=$(ulimit -Sn) n=$1 target=$2
            with_few() {
                ulimit -Sn "$n"
                eval "$1"
                set -- $?
                ulimit -Sn "$old"
                return "$1"
            }
            whole "with_few \"unshare_ns -rpu --init --hostname box\"" in_box
            whole "with_few \"unshare_ns -rpu --no-fork --hostname box\"" in_box
            whole "with_few \"unshare_ns -ruin --hostname box --loopback\"" in_box
            whole "with_few \"nsenter_ns -t $target -U -u --env\"" true declare
            whole "with_few \"nsenter_ns -t $target -a\""
            whole "with_few \"nsmap -t $target >/dev/null\""' "$n" "$target"
        all_or_nothing
        seen+=$output
    done
    like "$seen" "*nothing*"
    is "$output" "$all_done"$'\ndone'
}

@test "no more processes: all or nothing at each number" {
    ((EUID != 0)) || skip "needs an ordinary user: the limit does not bind root"
    local n seen=""
    # In a user namespace that is its own, no other test's processes count. At last with plenty:
    via=(unshare --user --map-current-user)
    for n in {1..8} 200; do
        sh_run "$whole"'
            old=$(ulimit -Su) n=$1
            with_few() {
                ulimit -Su "$n"
                eval "$1"
                set -- $?
                ulimit -Su "$old"
                return "$1"
            }
            whole "with_few \"unshare_ns -rmu --hostname box\"" in_box
            whole "with_few \"unshare_ns -rpu --hostname box\"" in_box
            whole "with_few \"unshare_ns -rpu --init --hostname box\"" in_box
            whole "with_few \"unshare_ns -rpu --no-fork --hostname box\"" in_box' "$n"
        all_or_nothing
        seen+=$output
    done
    like "$seen" "*nothing*"
    is "$output" $'done\ndone\ndone\ndone'
}

@test "a root that is read-only" {
    via=(unshare -rm)
    sh_run "$whole"'
        (unshare_ns -ru; exec sleep 1000) &
        until [[ $(</proc/$!/comm) == sleep ]]; do :; done
        mount --bind "$dir" "$dir"
        mount -o remount,bind,ro / || exit # busy, where somebody writes to a mapped file there
        touch /read-only 2>/dev/null && say wrong
        all_kinds
        whole "unshare_ns -rpm --mount-proc" "[[ -e /proc/1 && ! -e /proc/9 ]]"
        whole "nsenter_ns -t $! -a"
        whole "unshare_ns --uts=/nonexistent-file"
        kill $!'
    is "$output" "$all_done"$'\ndone\ndone\nnothing'
    is "$(wc -l <"$dir/error")" 1
    sentences "$dir/error"
}

@test "a working directory that was deleted" {
    target -rmu
    sh_run "$whole"'
        mkdir "$dir/gone" && cd "$dir/gone" && rmdir "$dir/gone"
        all_kinds
        whole "unshare_ns -rm -w /" "[[ \$PWD == / ]]" cwd directories declare
        whole "nsenter_ns -t $1 -a --preserve-credentials" "[[ \$PWD == / ]]" cwd directories declare
        whole "nsenter_ns -t $1 -U -u --preserve-credentials"' "$target"
    is "$output" "$all_done"$'\ndone\ndone\ndone'
}

@test "standard input, output and error closed, each and all" {
    local closed
    target -rpu
    for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
        sh_run "$whole"'
            exec 9>"$dir/said"
            said=9
            exec '"$closed"'
            all_kinds
            whole "nsenter_ns -t $1 -a --preserve-credentials"
            whole "nsenter_ns -t $1 -U -u --preserve-credentials eval true"
            whole "unshare_ns -rp -w /nonexistent"
            whole "unshare_ns -rm -w /nonexistent true"
            whole "nsenter_ns -t 999999999 -a"' "$target"
        is "$(<"$dir/said")" "$all_done"$'\ndone\ndone\nnothing\nnothing\nnothing'
    done
}

# Run beside a script, until it ends: sends these signals again and again, to the process that says it is the one.
pester() {
    local signal pid
    trap - DEBUG # of bats, which makes a loop slow
    until [[ -s $dir/pid ]]; do sleep 0.01; done
    while kill -0 "$(<"$dir/pid")"; do
        read -r pid <"$dir/whom" || continue # it is just being written
        for signal; do
            kill -s "$signal" "$pid" || : # it has ended
            ((RANDOM % 3)) || sleep "0.00$((RANDOM % 10))"
        done
    done 2>/dev/null
}

# One after the other, each in a subshell that ends with it, or in the script's shell; $1: how many of each. No $( ) is in
# it: bash complains of a trap that comes due as it reads one.
landings='
    it_is_me() { echo "$BASHPID" >"$dir/whom"; }
    in_box() { read -r name </proc/sys/kernel/hostname && [[ $name == box ]]; }
    landings() {
        local n
        for ((n = 0; n < $1; n++)); do
            (eval "$in_each"; it_is_me; unshare_ns -rmu --hostname box && in_box) && ((++did))
            (eval "$in_each"; it_is_me; unshare_ns -rpu --hostname box && in_box && (($$ == 1))) && ((++did))
            it_is_me
            unshare_ns -ru --hostname box in_box && ((++did))
            nsenter_ns -t $2 -U -u --preserve-credentials true && ((++did))
        done
        uname -n >/dev/null && ((did == 4 * $1)) || echo "did $did"
    }
    eval "$in_each"
    landings '"$times"' "$1"
'

# pestered SIGNAL...: a script of landings that get these signals, and do $in_each about it, lands each time
pestered() {
    target -ru
    limit=$((limit + times))
    sh_start "in_each='${in_each-}'$landings" "$target"
    pester "$@" &
    sh_wait
    is "$output" ""
    done_quietly
}

@test "signals at any moment, which nobody cares for" {
    pestered CHLD WINCH URG CONT
}

@test "signals at any moment, which are ignored" {
    in_each='trap "" USR1 INT TERM HUP QUIT' pestered USR1 INT TERM HUP QUIT CHLD
}

@test "signals at any moment, which are trapped" {
    in_each='trap "echo got >>\"\$dir/got\"" USR1 WINCH CHLD' pestered USR1 WINCH CHLD
    [[ -s $dir/got ]]
}

@test "stopped and continued at any moment" {
    pestered STOP CONT
}

# Run beside a script, until it ends: who asks for it, by writing its PID to $dir/asks, gets a SIGINT, a bit later each time.
interrupt_each() {
    local pid n delay
    trap - DEBUG # of bats, which makes a loop slow
    for ((n = 0; ; n++)); do
        read -r pid <&"$asks"
        for ((delay = n % 20 * 200; delay > 0; delay--)); do :; done
        kill -INT "$pid" 2>/dev/null || : # it has ended
    done
}

@test "interrupted at any moment, with a trap: done, or nothing" {
    limit=$((limit + times))
    mkfifo "$dir/asks"
    exec {asks}<>"$dir/asks"
    interrupt_each 3>&- &
    interrupter=$!
    sh_run "$whole"'
        in_each="got=0; trap got=1 INT"
        asked() {
            local status=0
            echo "$BASHPID" >'"&$asks"'
            "$@" || status=$?
            until ((got)); do sleep 0.01; done # it is not lost, and what looks is not interrupted
            return "$status"
        }
        for ((n = 0; n < 2 * '"$times"' || $(grep -c nothing "$dir/output") < '"$times"'; n++)); do
            whole "asked unshare_ns -rmu --hostname box" in_box
            whole "asked unshare_ns -rmun --hostname box --loopback" in_box
            whole "asked unshare_ns -rpu --hostname box" in_box
            whole "asked unshare_ns -ru --hostname box in_box"
        done 2>"$dir/words"'
    kill "$interrupter"
    done_quietly
    is "$(sort -u <<<"$output")" $'done\nnothing'
    is "$(grep -v 'cannot go on: interrupted; nothing has changed$' "$dir/words")" ""
}

@test "killed at any moment: nothing is left running" {
    local n
    for ((n = 0; n < times; n++)); do
        sh_start 'while :; do (unshare_ns -rpmuin --loopback); unshare_ns -rpf true; unshare_ns -rT --boottime 5 true; done' 2>/dev/null
        until [[ -s $dir/pid ]]; do sleep 0.01; done
        sleep "0.0$((RANDOM % 60))"
        kill -KILL "$(<"$dir/pid")"
        sh_wait
        is "$status" 137
        exec {signal}>&-
        rm "$dir/pid" "$dir/signal"
        nothing_runs
        : >"$dir/groups"
    done
}

@test "a target that dies or executes a program between the look and the join" {
    limit=300 # forks by the dozen, on a machine that may be busy
    sh_run "$whole"'
        target_of_a_moment() {
            coproc unshare -ru bash -c "echo; sleep 0.00$((RANDOM % 10)); [[ $1 == dies ]] || exec sleep 5"
            target=$!
            read -r -u "${COPROC[0]}"
        }
        for ((n = 0; n < 2 * '"$times"'; n++)); do
            target_of_a_moment dies
            whole "nsenter_ns -t $target -u -U --preserve-credentials"
            whole "nsenter_ns -t $target -u -U --preserve-credentials true"
            wait "$target"
            target_of_a_moment executes
            whole "nsenter_ns -t $target -u -U --preserve-credentials"
            kill "$target"
            wait "$target"
        done 2>"$dir/words"'
    is "$(sort -u <<<"$output")" $'done\nnothing'
    is "$(wc -l <<<"$output")" $((6 * times))
    sentences "$dir/words"
}

with_seccomp=$NSB_BUILDDIR/tests/with-seccomp

# What this system call is for, when it is refused: a plan, and what the sentence has
refused=(
    "unshare|unshare_ns -rmu --hostname box|new user, mount and UTS namespace: *seccomp*unshare(2)*"
    "unshare|unshare_ns -rpu --hostname box|new user, UTS and PID namespace: *seccomp*unshare(2)*"
    "setns|unshare_ns -rmu --hostname box|follow the helper*seccomp*setns(2)*"
    "setns|nsenter_ns -t \$1 -U -u --preserve-credentials|join the user and UTS namespace: *seccomp*setns(2)*"
    "setns|nsenter_ns -t \$1 -a --preserve-credentials true|join the *seccomp*setns(2)*"
    "chroot|unshare_ns -rmu --hostname box|keep the root directory in the new namespaces: *"
    "mount|unshare_ns -rmu --hostname box|change the mount propagation of /: *"
    "socketpair|unshare_ns -rp|talk to the helper process: *"
    "sethostname|unshare_ns -rpu --hostname box|set the hostname \"box\": *"
)

@test "a seccomp filter that refuses one system call" {
    local row call plan sentence code
    target -ru
    for code in EPERM ENOSYS; do
        for row in "${refused[@]}"; do
            IFS='|' read -r call plan sentence <<<"$row"
            via=("$with_seccomp" "$code" "$call" --)
            sh_run "fingerprint \"\$dir/before\"
                    $plan
                    status=\$?
                    fingerprint \"\$dir/after\"
                    exit \$status" "$target"
            is "$status" "$([[ $plan == *" true" ]] && echo 125 || echo 1)"
            is "$(wc -l <"$dir/error")" 1
            like "$error" "bash: line +([0-9]): @(unshare_ns|nsenter_ns): cannot *$sentence"
            unchanged
        done
    done
}

@test "a seccomp filter that refuses clone3" {
    target -ru
    via=("$with_seccomp" ENOSYS clone3 --)
    sh_run "$whole"'all_kinds; whole "nsenter_ns -t $1 -a --preserve-credentials"' "$target"
    is "$output" "$all_done"$'\ndone'
    done_quietly
}

@test "a kernel without pidfds, or that does not take them for setns(2)" {
    via=("$with_seccomp" ENOSYS pidfd_open --)
    sh_run "$whole"'whole "unshare_ns -rmu --hostname box"; whole "nsenter_ns -t $PPID -n"'
    is "$output" $'nothing\nnothing'
    like "$error" "*unshare_ns: cannot follow the helper*: Function not implemented; *Linux 5.8 or newer"$'\n'"*nsenter_ns: *"
    via=("$NSB_BUILDDIR/tests/inject" /dev/null 0:setns:1:EINVAL)
    needs "${via[@]}" true
    sh_run 'fingerprint "$dir/before"
            kill -s RTMAX-1 $$
            unshare_ns -rmu --hostname box
            status=$?
            fingerprint "$dir/after"
            exit $status'
    is "$status" 1
    like "$error" "*unshare_ns: cannot follow the helper*: Invalid argument; *Linux 5.8 or newer"
    unchanged
}

# many N PLAN: a script that lands N times in one shell, and takes no more memory or descriptors for the last half
many='
    state() {
        local line fds=(/proc/self/fd/*)
        while read -r line; do
            [[ $line != VmRSS:* ]] || rss=${line//[!0-9]/}
        done </proc/self/status
        open=${#fds[@]}
    }
    many() {
        local n rss open start=$EPOCHREALTIME middle
        for ((n = 0; n < $1; n++)); do
            eval "$2" || return
            ((2 * n != $1)) || { state; middle=$rss; }
        done
        echo "$1 of $2: $(((${EPOCHREALTIME/./} - ${start/./}) / $1)) us each"
        set -- "$open"
        state
        echo "memory: $middle kB halfway, $rss kB at the end; open files: $1, $open"
        ((rss <= middle + 64 && $1 == open))
    }
'

@test "ten thousand landings in one shell" {
    [[ ! ${LD_PRELOAD-} ]] || skip "a sanitizer keeps memory that was freed"
    ((EUID == 0)) || via=(unshare -ru)
    sh_run "$many"'
        many 10000 "nsenter_ns --uts=/proc/self/ns/uts" &&
            many 10000 "unshare_ns --uts" &&
            many 1000 "unshare_ns --uts --hostname box" &&
            many 300 "unshare_ns --mount" &&
            many 300 "unshare_ns -u -w /nonexistent 2>/dev/null || true" &&
            many 100 "unshare_ns -p true"'
    done_quietly
    printf '# %s\n' "${output//$'\n'/$'\n# '}" >&3
}
