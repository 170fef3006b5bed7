#!/usr/bin/env bats
# Signals to the process that was started, from outside: a script that moved feels them as one that did not.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# Runs its arguments in a process group of their own, and says what their parent sees. The PID comes first.
watch='
    use strict;
    use POSIX ":sys_wait_h";
    use constant WCONTINUED => 8; # of Linux; POSIX.pm has none
    $| = 1;
    my $pid = fork // die;
    if (!$pid) { setpgrp; print "pid $$\n"; exec @ARGV; die }
    while (waitpid($pid, WUNTRACED | WCONTINUED) > 0) {
        if (WIFSTOPPED(${^CHILD_ERROR_NATIVE})) { print "stopped ", WSTOPSIG(${^CHILD_ERROR_NATIVE}), "\n" }
        elsif (WIFSIGNALED(${^CHILD_ERROR_NATIVE})) { print "killed ", WTERMSIG(${^CHILD_ERROR_NATIVE}), "\n" }
        elsif (WIFEXITED(${^CHILD_ERROR_NATIVE})) { print "exited ", WEXITSTATUS(${^CHILD_ERROR_NATIVE}), "\n" }
        else { print "continued\n" }
    }
'

# How a shell comes to be where the signal finds it; the first has not moved.
ways=(true 'unshare_ns -rp' 'unshare_ns -rp --init' 'unshare_ns -rp && unshare_ns -p && unshare_ns -uf')

# What it is at then, until there is a line in the FIFO $go.
declare -gA activities=(
    [read]='echo ready; read -r line <>"$go"'
    [wait]='bash -c "read -r line <>\"\$go\"" & echo ready; wait'
    [program]='bash -c "echo ready; read -r line <>\"\$go\""'
)

# Where the files of a run begin: $place, of its activity, beside the other ones

# log N: sets $log to the lines of run N's log
log() {
    log=()
    [[ ! -e $place.$1.log ]] || mapfile -t log <"$place.$1.log"
}

# logged N PATTERN: run N's log has a line like this, now or within a minute
logged() {
    local tries
    for ((tries = 0; tries < 3000; tries++)); do
        log "$1"
        # shellcheck disable=SC2053 # the right side is a pattern
        for line in "${log[@]}"; do [[ $line != $2 ]] || return 0; done
        sleep 0.02
    done
    echo "run $1 (${ways[$1]}) has no '$2':" "${log[@]}"
    return 1
}

# begin N TRAP ACTIVITY: starts run N, that is way N
begin() {
    mkfifo "$place.$1.go"
    # What runs in the background of a script has SIGINT and SIGQUIT ignored.
    go=$place.$1.go env --default-signal=HUP,INT,QUIT perl -e "$watch" bash -c "$(prelude)
        $2; ${ways[$1]} || exit; ${activities[$3]}; echo after; exit 7" >"$place.$1.log" 2>&1 3>&- &
}

# begun N: run N is at its activity
begun() {
    logged "$1" ready
    pids[$1]=${log[0]#pid }
}

# settle N: the log of run N, when it has that of run 0 or when it should long have it
settle() {
    local tries
    for ((tries = 0; tries < 1500; tries++)); do
        log "$1"
        [[ ${log[*]:1} != "$expected" ]] || return 0
        sleep 0.02
    done
}

# finish N: continues a run that has stopped, and lets it come to its end
finish() {
    log "$1"
    if [[ ${log[-1]} == stopped* ]]; then
        kill -CONT "${pids[$1]}"
        logged "$1" continued
    fi
    if [[ ${log[-1]} != @(killed|exited)* ]]; then
        echo >"$place.$1.go"
        logged "$1" '@(exited|killed)*'
    fi
    log "$1"
    results[$1]=${log[*]:1}
    # A plain script that is killed leaves its children behind.
    kill -KILL -- "-${pids[$1]}" 2>/dev/null || true
    rm "$place.$1".{go,log}
}

# same SIGNAL TRAP ACTIVITY: all ways feel SIGNAL as the first does
same() {
    local n expected place=$dir/$3 pids=() results=()
    for n in "${!ways[@]}"; do begin "$n" "$2" "$3"; done
    for n in "${!ways[@]}"; do begun "$n"; done
    sleep 0.1 # from "ready" to the activity
    for n in "${!ways[@]}"; do kill -"$1" "${pids[n]}"; done
    sleep 0.3 # for what shall not happen, too
    log 0
    expected=${log[*]:1}
    for n in "${!ways[@]}"; do settle "$n"; done
    for n in "${!ways[@]}"; do finish "$n"; done
    [[ $2 != *"echo caught"* ]] || like "${results[0]}" "*caught*" # it is not ignored from the start
    for n in "${!ways[@]}"; do
        is "${results[n]}" "${results[0]}" || {
            echo "SIG$1, $2, $3, ${ways[n]}"
            return 1
        }
    done
}

# in_all_states SIGNAL [SETTING...]: without a trap, with one, and ignored, or with SETTINGs, whatever the shell is at
in_all_states() {
    local setting activity run runs failed=no settings=("${@:2}")
    needs perl -v
    (($# > 1)) || settings=(true "trap 'echo caught' $1" "trap '' $1")
    for setting in "${settings[@]}"; do
        runs=()
        for activity in "${!activities[@]}"; do
            same "$1" "$setting" "$activity" 3>&- &
            runs+=($!)
        done
        for run in "${runs[@]}"; do wait "$run" || failed=yes; done
        [[ $failed == no ]]
    done
}

@test "HUP" { in_all_states HUP; }
@test "INT" { in_all_states INT; }
@test "QUIT" { in_all_states QUIT; }
@test "TERM" { in_all_states TERM; }
@test "USR1" { in_all_states USR1; }
@test "TSTP" { in_all_states TSTP; }
@test "CONT" { in_all_states CONT; }

@test "with an EXIT trap, and with a trap that exits" {
    in_all_states INT 'trap "echo bye" EXIT' 'trap "echo caught; exit 5" INT'
    in_all_states TERM 'trap "echo bye" EXIT' 'trap "echo caught; exit 5" TERM'
}

@test "with a trap that is taken back to die by the same signal" {
    in_all_states INT 'trap "echo caught; trap - INT; kill -INT \$\$" INT'
    in_all_states TERM 'trap "echo caught; trap - TERM; kill -TERM \$BASHPID" TERM'
}

# The one outside is slow: half a second lies between what it sees of the moved shell and what it does then.
slowly() {
    needs strace true
    via=(strace -qq -o /dev/null -e trace=kill -e inject=kill:delay_enter=500000)
}

@test "a signal that comes as the moved shell becomes a program ends it, too" {
    local before
    slowly
    for before in true 'trap "echo bye" EXIT'; do
        sh_start "$before"'; unshare_ns -rp; mkfifo "$dir/go"; echo >"$dir/signal"; read -r _ <"$dir/go"; exec sleep 1000'
        await
        kill -TERM "$(<"$dir/pid")"
        sleep 0.2
        echo 1<>"$dir/go" # does not wait for a reader, which may have ended
        sh_wait
        is "$status" 143
        rm "$dir/signal" "$dir/go"
    done
}

@test "a signal that was caught does not end the program that the trap becomes" {
    mkfifo "$dir/go"
    exec {go}<>"$dir/go"
    sh_start 'trap "echo caught; exec bash -c \"read -r status <\\\"$dir/go\\\"; exit \\\$status\"" TERM
              unshare_ns -rp; sleep 1000 & echo >"$dir/signal"; wait; echo wrong'
    await
    kill -TERM "$(<"$dir/pid")"
    sleep 1 # for what shall not happen
    echo 5 >&"$go"
    sh_wait
    is "$output" caught
    is "$status" 5
}

@test "a shell in many groups, and one with many children" {
    local before
    for before in true 'for i in {1..900}; do sleep 1000 & done'; do
        via=()
        if [[ $before == true ]]; then
            ((EUID == 0)) || continue # only root chooses groups
            via=(setpriv --groups "$(seq -s , 1 900)")
        fi
        sh_start "$before"'; jobs -p >"$dir/children"; unshare_ns -rp; echo >"$dir/signal"; exec sleep 100'
        await
        kill -TERM "$(<"$dir/pid")"
        sh_wait
        is "$status" 143
        # shellcheck disable=SC2046 # a list
        [[ ! -s $dir/children ]] || kill $(<"$dir/children")
        rm "$dir/signal"
    done
}

@test "both are stopped, and continued, at once" {
    mkfifo "$dir/go"
    exec {go}<>"$dir/go" # what a reader that is stopped has not read yet stays there
    for ((n = 0; n < 5; n++)); do
        sh_start 'unshare_ns -rp; echo >"$dir/signal"; read -r status <"$dir/go"; exit "$status"'
        await
        outside=$(<"$dir/pid")
        read -r inside _ <"/proc/$outside/task/$outside/children" || : # no line ends it
        kill -STOP "$outside" "$inside"
        until [[ $(<"/proc/$outside/stat") == *') T '* && $(<"/proc/$inside/stat") == *') T '* ]]; do sleep 0.01; done
        kill -CONT "$outside" "$inside"
        echo 3 >&"$go"
        sh_wait
        is "$status" 3
        rm "$dir/signal"
    done
}

@test "a process group that is stopped and continued runs a trap for CONT once" {
    mkfifo "$dir/go"
    via=(setsid --wait) # timeout(1) is in the group
    sh_start 'trap "echo continued" CONT; unshare_ns -rp; echo >"$dir/signal"; until [[ -e $dir/end ]]; do read -r -t 0.01 <>"$dir/go"; done'
    await
    outside=$(<"$dir/pid")
    read -r inside _ <"/proc/$outside/task/$outside/children" || : # no line ends it
    for ((n = 0; n < 10; n++)); do
        kill -STOP -- "-$outside"
        until [[ $(<"/proc/$outside/stat") == *') T '* && $(<"/proc/$inside/stat") == *') T '* ]]; do sleep 0.01; done
        kill -CONT -- "-$outside"
        until (($(wc -l <"$dir/output") > n)); do sleep 0.01; done
        sleep 0.1 # for what shall not come, too
    done
    : >"$dir/end" # a line that comes as the time is over, bash loses
    sh_wait
    is "$output" "$(yes continued | head -n 10)"
}

# A shell that stays, or an element of a pipeline, stops sooner than a supervisor in its process group.
@test "both are continued while the one outside is about to stop" {
    local call
    needs strace true
    mkfifo "$dir/go"
    exec {go}<>"$dir/go"
    for call in 1 2; do # it stops the shell, and itself
        via=(strace -qq -o /dev/null -e trace=kill -e "inject=kill:delay_enter=500000:when=$call")
        sh_start 'unshare_ns -rp; echo >"$dir/signal"; read -r status <"$dir/go"; exit "$status"'
        await
        outside=$(<"$dir/pid")
        read -r inside _ <"/proc/$outside/task/$outside/children" || : # no line ends it
        kill -TSTP "$outside"
        sleep 0.25
        kill -CONT "$outside" "$inside"
        sleep 0.5
        echo 3 >&"$go"
        sh_wait
        is "$status" 3
        rm "$dir/signal"
    done
}

# stopped_once MOVE END: a script that moves, is stopped from outside by TSTP, is continued, and goes on to its END
stopped_once() {
    local tries outside
    limit=60
    mkfifo "$dir/go"
    exec {go}<>"$dir/go" # it may come to read later
    sh_start "$1"'; echo >"$dir/signal"; read -r _ <>"$dir/go"; '"$2"
    await
    outside=$(<"$dir/pid")
    kill -TSTP "$outside"
    for ((tries = 0; tries < 500; tries++)); do
        [[ $(<"/proc/$outside/stat") != *') T '* ]] || break
        sleep 0.02
    done
    ((tries < 500))
    kill -CONT "$outside"
    echo >&"$go"
    sh_wait
    rm "$dir/go" "$dir/signal"
}

@test "a trap for TSTP that is taken back inside lets the one outside be stopped" {
    local plan
    for plan in -rp -rf; do
        stopped_once "trap 'echo caught' TSTP; unshare_ns $plan; trap - TSTP" 'exit 3'
        is "$status $output" "3 "
    done
}

@test "a shell below an init that has been stopped once stops by itself, and goes on" {
    stopped_once 'unshare_ns -rp; unshare_ns -uf' 'kill -STOP $BASHPID; exit 3'
    is "$status" 3
}

@test "a subshell that has moved does not pass for the shell: signals reach that" {
    limit=60
    sh_start 'unshare_ns -rp; (unshare_ns -p; :); echo >"$dir/signal"; exec sleep 1000'
    await
    kill -TERM "$(<"$dir/pid")"
    sh_wait
    is "$status" 143
}

@test "the moved shell ends just as the one outside is continued" {
    needs strace true
    via=(strace -qq -o /dev/null -e trace=rt_sigtimedwait -e inject=rt_sigtimedwait:delay_exit=500000)
    mkfifo "$dir/go"
    exec {go}<>"$dir/go" # it may come to read later
    sh_start 'unshare_ns -rp; echo >"$dir/signal"; read -r status <"$dir/go"; exit "$status"'
    await
    sleep 1
    kill -CONT "$(<"$dir/pid")"
    sleep 0.2
    echo 3 >&"$go"
    sh_wait
    is "$status" 3
}

# Another one has its processor, and the second that it has for it is over at once: the third wait is for its stop.
@test "an init that waits for a processor is held still all the same" {
    local processor
    needs chrt --idle 0 true
    needs strace true
    processor=$(taskset --cpu-list --pid $$ | grep -oE '[0-9]+$')
    taskset --cpu-list "$processor" yes 3>&- >/dev/null &
    targets+=($!)
    disown
    via=(strace -qq -o "$dir/trace" -e "trace=kill,rt_sigtimedwait" -e inject=rt_sigtimedwait:error=EAGAIN:when=3)
    sh_start 'unshare_ns -rp; taskset --cpu-list --pid "$1" $$ >/dev/null; chrt --idle --pid 0 $$
              mkfifo "$dir/go"; echo >"$dir/signal"; read -r _ <"$dir/go"' "$processor"
    await
    kill -TERM "$(<"$dir/pid")"
    sh_wait
    is "$status" 143
    is "$(grep -o 'kill(.*SIG[A-Z]*' "$dir/trace" | sed 's/.* //; 3 q')" $'SIGSTOP\nSIGTERM\nSIGCONT'
}

# To it, the init never seems to have stopped: what it waits for next, for a second at most, is the word that it has.
# has_said N: the script that was started has printed so many lines
has_said() {
    local end=$((SECONDS + limit))
    until (($(grep -c '' "$dir/output") >= $1)); do
        ((SECONDS < end)) || return
        sleep 0.05
    done
    sleep 0.1 # for what shall not come, too
}

# Each process of the group has the signal, and one that supervises has nobody to pass it on to.
@test "a signal to the whole process group runs a trap once, one to the process outside too" {
    local move n
    via=(setsid --wait) # timeout(1) is in the group
    for move in "${ways[@]}"; do
        for ((n = 0; n < 3; n++)); do
            mkfifo "$dir/go"
            sh_start 'trap "echo group" USR1; trap "echo stop" TSTP; trap "echo own" USR2; trap "echo TERM; exit 5" TERM
                      '"$move"' || exit; kill -USR1 0; echo >"$dir/signal"; for ((;;)); do read -r -t 0.01 <>"$dir/go"; done'
            await
            has_said 1
            kill -USR1 -- "-$(tail -n 1 "$dir/groups")"
            has_said 2
            kill -TSTP -- "-$(tail -n 1 "$dir/groups")"
            has_said 3
            kill -USR2 "$(<"$dir/pid")"
            has_said 4
            kill -USR1 "$(<"$dir/pid")"
            has_said 5
            kill -TERM -- "-$(tail -n 1 "$dir/groups")"
            sh_wait
            is "$output" $'group\ngroup\nstop\nown\ngroup\nTERM'
            is "$status" 5
            rm "$dir/signal" "$dir/go"
        done
    done
}

# by_group PROGRAM DELAY...: starts a program inside that has a trap for USR1; calls of who brings that about take longer
by_group() {
    local -a delays=("${@:2}")
    printf '%s\n' "${1}trap 'echo program' USR1; echo >ready; until [[ -e end ]]; do read -r -t 0.05 <>go; done; exit 7" >"$dir/program"
    chmod +x "$dir/program"
    via=(setsid --wait strace -DDD -f -qq -o "$dir/trace" -e "trace=close_range,recvfrom" "${delays[@]/#/--inject=}")
    sh_start 'cd "$dir"; trap : USR1; unshare_ns -rp ./program; echo $?'
}

@test "a signal to the whole process group comes once to a program that is born inside" {
    local first inside
    needs strace -f true
    [[ $(readelf --dyn-syms "$NSBUILTINS_SO") == *_Fork* ]] || skip "the C library has no _Fork()"
    mkfifo "$dir/go"
    # As it begins to be supervised; one without a first line is a copy of the shell, after all
    for first in $'#!/bin/bash\n' ''; do
        by_group "$first" close_range:delay_enter=2000000
        until [[ -e $dir/ready ]]; do sleep 0.05; done
        [[ $first ]] || sleep 3
        is "$(pgrep -c -P "$(pgrep -P "$(<"$dir/pid")")")" 2 # with the witness
        kill -USR1 -- "-$(tail -n 1 "$dir/groups")"
        sleep 3
        : >"$dir/end"
        sh_wait
        is "$output" $'program\n7'
        rm "$dir"/{end,ready,signal}
    done
    # Before it has got to run, and it is one that catches it by the time it begins to be supervised
    by_group $'#!/bin/bash\n' close_range:delay_enter=2000000 recvfrom:delay_enter=1000000
    until inside=$(pgrep -P "$(pgrep -P "$(<"$dir/pid")")"); do sleep 0.05; done 2>/dev/null
    sleep 0.2
    kill -USR1 -- "-$(tail -n 1 "$dir/groups")"
    sleep 5
    : >"$dir/end"
    sh_wait
    is "$output" 138
}

@test "a signal to a job in a process group of its own is not taken for one that its parent's group was sent" {
    local first
    via=(setsid --wait)
    for first in -rp -rf; do
        mkfifo "$dir/go"
        sh_start "unshare_ns $first"'
            trap "echo outer" USR1
            set -m
            (trap "echo inner; exit 6" USR1; unshare_ns -p; echo >"$dir/signal"; for ((;;)); do read -r -t 0.01 <>"$dir/go"; done) &
            until [[ -e $dir/now ]]; do sleep 0.05; done; kill -USR1 0; sleep 0.2; kill -USR1 $!; wait'
        await
        sleep 0.1
        : >"$dir/now"
        sh_wait
        is "$output" $'outer\ninner'
        rm "$dir/signal" "$dir/go" "$dir/now"
    done
}

@test "a witness of signals to the group that is gone or stopped holds none of them up" {
    local signal
    for signal in KILL STOP; do
        sh_start 'trap "echo caught" USR1; unshare_ns -rp; echo >"$dir/signal"; until [[ -e $dir/end ]]; do sleep 0.1; done'
        await
        kill -$signal "$(pgrep -P "$(<"$dir/pid")" | tail -n 1)"
        kill -USR1 "$(<"$dir/pid")"
        sleep 2
        kill -USR1 "$(<"$dir/pid")"
        sleep 0.5
        : >"$dir/end"
        sh_wait
        is "$output" $'caught\ncaught'
        is "$status" 0
        nothing_runs
        rm "$dir/signal" "$dir/end"
    done
}

# says N: the program that was started has said N lines, now or within a minute
says() {
    local tries
    for ((tries = 0; tries < 3000; tries++)); do
        [[ ! -e $dir/output || $(wc -l <"$dir/output") != "$1" ]] || return 0
        sleep 0.02
    done
    cat "$dir/output"
    return 1
}

# It catches none, and the kernel drops what an init does not catch, unless each of its threads blocks it.
@test "a program takes its signals by sigwait, in any thread, or by signalfd" {
    local way line number program=$NSB_BUILDDIR/tests/takes-signals
    for way in wait thread fd late; do
        for line in 'unshare_ns -rp; exec "$@"' 'unshare_ns -rp --init; exec "$@"' 'unshare_ns -rp; unshare_ns -p; exec "$@"' \
            'unshare_ns -rf; exec "$@"' 'unshare_ns -rp "$@" & echo $! >"$dir/pid"; wait $!'; do
            mkfifo "$dir/go"
            sh_start "exec <>\"\$dir/go\"; $line" "$program" $way
            says 1
            sleep 0.1 # from "ready" to the wait
            number=1
            for name in USR1 HUP USR2; do
                kill -$name "$(<"$dir/pid")"
                [[ $way == late ]] || says $((++number))
            done
            echo >"$dir/go"
            says 4
            kill -TERM "$(<"$dir/pid")"
            sh_wait
            is "$(sort <<<"$output")" $'Hangup\nUser defined signal 1\nUser defined signal 2\nready'
            is "$status" 3
            rm "$dir/signal" "$dir/go"
        done
    done
}

@test "what one thread of a program does not block ends it as outside" {
    local line
    for line in 'exec "$@"' 'unshare_ns -rp; exec "$@"' 'unshare_ns -rp; unshare_ns -p; exec "$@"'; do
        sh_start "$line" "$NSB_BUILDDIR/tests/takes-signals" open
        says 1
        kill -USR1 "$(<"$dir/pid")"
        sh_wait
        is "$status" 138
        nothing_runs
        rm "$dir/signal" "$dir/output"
    done
}
