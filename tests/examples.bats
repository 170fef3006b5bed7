#!/usr/bin/env bats
# Both examples, as a reader would call them.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

container=$NSB_SRCDIR/examples/rootless-container
join=$NSB_SRCDIR/examples/container-exec

# TMPDIR is the place for what a test starts to leave things in.
run_container() {
    mkdir -p "$dir/tmp"
    sh_run 'TMPDIR=$dir/tmp "$@"' "$container" "$@"
}

@test "rootless-container reports from inside" {
    run_container
    done_quietly
    grep -q root "$dir/output"
    grep -qw lo "$dir/output"
    grep -qw proc "$dir/output"
    grep -qw overlay "$dir/output"
    is "$(ls -A "$dir/tmp")" ""
}

@test "COMMAND is the container's init, and its status and output come out" {
    run_container bash -c 'echo "$$ $PPID $(id -u)"; exit 7'
    is "$output" "1 0 0"
    is "$status" 7
    is "$error" ""
    run_container printf '%s|' 'a  b' '' "c'd"
    is "$output" "a  b||c'd|"
    done_quietly
    run_container no-such-command
    is "$status" 127
    run_container cat <<<"standard input"
    is "$output" "standard input"
    done_quietly
}

@test "the container has namespaces, root, /proc, /sys, /dev, /tmp, hostname and lo of its own" {
    local type
    run_container bash -c 'readlink /proc/self/ns/{cgroup,ipc,mnt,net,pid,user,uts}'
    done_quietly
    is "$(wc -l <"$dir/output")" 7
    for type in cgroup ipc mnt net pid user uts; do
        ! grep -Fx "$(readlink "/proc/self/ns/$type")" "$dir/output" || is "$type" "another namespace"
    done

    run_container bash -c 'set -e
        [[ ! -e $1 ]]
        [[ $(uname -n) != "$2" ]]
        set -- /proc/[0-9]*; [[ $# == 1 ]]
        set -- /sys/class/net/*; [[ $* == /sys/class/net/lo ]]
        echo x >/dev/null; [[ $(head -c 4 /dev/zero | wc -c) == 4 && -r /dev/urandom ]]
        echo kept >/tmp/file; [[ $(</tmp/file) == kept ]]
        findmnt -no FSTYPE /usr; findmnt -no FSTYPE /proc; findmnt -no FSTYPE /sys; findmnt -no FSTYPE /
        (exec 3<>/dev/tcp/127.0.0.1/1) 2>&1 | grep -o "Connection refused"' bash "$dir" "$(uname -n)"
    is "$output" $'overlay\nproc\nsysfs\ntmpfs\nConnection refused\nConnection refused'
    is "$error" ""
}

@test "what is written under /usr never reaches the host" {
    run_container bash -c 'echo inside >/usr/nsbuiltins-test && cat /usr/nsbuiltins-test'
    is "$output" inside
    done_quietly
    [[ ! -e /usr/nsbuiltins-test ]]
}

@test "no mount and no directory of the host is left inside" {
    run_container bash -c 'cut -d" " -f5 /proc/self/mountinfo; pwd; echo /*'
    done_quietly
    ! grep -E '^/(mnt|old|home|run|var)' "$dir/output" || is "mounts inside" "none of the host's"
    grep -qx / "$dir/output"
}

@test "a hundred runs leave no process, mount, open file and file behind" {
    mkdir "$dir/tmp"
    # On a machine with better things to do, half a second each.
    limit=600
    ls -A /mnt >"$dir/files"
    sh_run 'export TMPDIR=$dir/tmp
            fingerprint "$dir/before"
            for ((n = 0; n < 100; n++)); do "$1" bash -c "exit 3"; [[ $? == 3 ]] || exit; done
            fingerprint "$dir/after"' "$container"
    done_quietly
    unchanged
    is "$(ls -A "$dir/tmp")" ""
    is "$(ls -A /mnt)" "$(<"$dir/files")"
    nothing_runs
}

@test "container-exec joins it, with a program" {
    sh_start 'exec "$1" bash -c "hostname > /tmp/name; echo >&9; sleep 1000" 9>"$dir/signal"' "$container"
    await
    local supervisor init
    supervisor=$(<"$dir/pid")
    init=$(tr -d ' ' <"/proc/$supervisor/task/$supervisor/children")
    bash_run "$join" "$init" bash -c 'cat /tmp/name; uname -n; id -u; readlink /proc/self/ns/pid; exit 4'
    mapfile -t lines <<<"$output"
    is "${lines[1]}" "${lines[0]}"
    is "${lines[2]}" 0
    is "${lines[3]}" "$(readlink "/proc/$init/ns/pid")"
    is "$status" 4
    is "$error" ""
    kill -TERM "$supervisor"
    sh_wait
    is "$status" 143
    nothing_runs
}

@test "container-exec of what is no container says so" {
    bash_run "$join" 999999999 true
    [[ $status != 0 ]]
    [[ -n $error ]]
    bash_run "$join"
    [[ $status != 0 ]]
    like "$error" "*[Uu]sage*"
}
