#!/usr/bin/env bats
# The examples that need nothing but this library, as a reader would call them.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

container=$NSB_SRCDIR/examples/rootless-container
no_programs=$NSB_SRCDIR/examples/no-programs
join=$NSB_SRCDIR/examples/container-exec
two_step=$NSB_SRCDIR/examples/two-step
ci_step=$NSB_SRCDIR/examples/ci-step

# That of a Debian user who is no administrator
PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games

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
    sh_run 'export TMPDIR=$dir/tmp
            fingerprint "$dir/before"
            for ((n = 0; n < 100; n++)); do "$1" bash -c "exit 3"; [[ $? == 3 ]] || exit; done
            fingerprint "$dir/after"' "$container"
    done_quietly
    unchanged
    is "$(ls -A "$dir/tmp")" ""
    nothing_runs
}

@test "rootless-container executes no program before COMMAND" {
    needs strace -V
    needs strace -f -e trace=execve true
    mkdir "$dir/tmp"
    sh_run 'exec strace -f -qq -e trace=execve -e signal=none -o "$dir/trace" "$BASH" "$@"' "$container" /bin/true
    done_quietly
    # An older strace shows calls that it does not know, too.
    is "$(sed -nE 's/^[0-9]+ +(execve\([^,]*).*/\1/p' "$dir/trace")" "execve(\"$(type -P bash)\"
execve(\"/bin/true\""
}

@test "no-programs answers lines and an HTTP request from a root with nothing in it" {
    export LC_ALL=C.UTF-8
    sh_run '"$@"' "$no_programs" <<<$'abc\nüber uns'
    is "$output" $'cba\nsnu rebü'
    done_quietly
    sh_run '"$@"' "$no_programs" <<<$'GET /inside HTTP/1.1\r\nHost: here\r\n\r\n'
    like "$output" $'HTTP/1.1 200 OK\r\n*Content-Length: 43\r\n*\r\n\r\nPID 1 of empty is in /, which has 0 files.'
    done_quietly
    sh_run '"$@"' "$no_programs" <<<$'GET /nope HTTP/1.0\r\n\r\n'
    like "$output" $'HTTP/1.1 404 Not Found\r\n*\r\n\r\nThere is no /nope.'
    sh_run '"$@"' "$no_programs" </dev/null
    is "$output" ""
    done_quietly
}

@test "no-programs answers on a connected socket that it inherits" {
    needs perl -MIO::Socket::INET -e 1
    perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die; $| = 1;
        print $s->sockport, "\n"; $c = $s->accept; open(STDIN, "<&", $c); open(STDOUT, ">&", $c); exec @ARGV' "$no_programs" \
        >"$dir/port" 2>"$dir/error" 3>&- &
    until read -r port <"$dir/port"; do sleep 0.05; done
    exec 5<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET / HTTP/1.1\r\nHost: here\r\n\r\n' >&5
    like "$(cat <&5)" $'HTTP/1.1 200 OK\r\n*\r\n\r\nThis page lives in a variable.'
    wait "$!"
    is "$(<"$dir/error")" ""
}

@test "container-exec joins it, with a program" {
    sh_start 'exec "$1" bash -c "hostname > /tmp/name; echo >&9; sleep 1000" 9>"$dir/signal"' "$container"
    await
    local supervisor init
    supervisor=$(<"$dir/pid")
    read -r init _ <"/proc/$supervisor/task/$supervisor/children" || : # the first child; no line ends it
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

@test "two-step: the caller again, without power over what root made" {
    bash_run "$two_step"
    is "$output" "uid_map: $UID 0 1
/mnt was made by UID 0 of workshop
UID $UID may not hostname elsewhere
UID $UID may not touch /mnt/file
UID $UID may not umount /mnt"
    done_quietly
    [[ ! -e /mnt/made-by && $(uname -n) != workshop ]]
}

@test "two-step: COMMAND has the caller's IDs, and its status and output come out" {
    local command='id -u; id -g; uname -n; cat /mnt/made-by; exit 6'
    bash_run "$two_step" bash -c "$command"
    is "$output" "$(
        id -u
        id -g
    )
workshop
UID 0 of workshop"
    is "$status" 6
    is "$error" ""
    bash_run "$two_step" cat <<<"standard input"
    is "$output" "standard input"
    done_quietly
}

@test "two-step: an ordinary user's COMMAND has no capability" {
    ((EUID != 0)) || skip "needs an ordinary user"
    bash_run "$two_step" sed -nE '/^Cap(Inh|Prm|Eff|Amb)/s/.*\t//p' /proc/self/status
    is "$(sort -u "$dir/output")" 0000000000000000
    is "$(wc -l <"$dir/output")" 4
    done_quietly
}

@test "two-step: in another user namespace than the one that the mounts belong to" {
    # Whoever holds the capabilities of the outer one could undo this mount.
    bash_run "$two_step" unshare --user --map-root-user bash -c 'id -u; umount /mnt || mount -o remount,bind,rw /mnt || ls /mnt'
    is "$output" $'0\nmade-by'
    is "$status" 0
    like "$error" "umount: /mnt: *"$'\n'"mount: /mnt: permission denied*"
}

@test "ci-step: lo and nothing else, and the job keeps its network" {
    bash_run "$ci_step"
    is "$output" "the step is run by $(id -un 2>/dev/null) and has lo
127.0.0.1: Connection refused
192.0.2.1: Network is unreachable
the job still has $(sed -n 's/^ *\(.*\):.*/\1/p' /proc/net/dev | sort | xargs)"
    done_quietly
}

@test "ci-step: COMMAND is in a network namespace of its own, as the same user, and its status comes out" {
    bash_run "$ci_step" bash -c 'readlink /proc/self/ns/net; id -u; id -g; exit 5'
    mapfile -t lines <<<"$output"
    like "${lines[0]}" "net:*"
    [[ ${lines[0]} != "$(readlink /proc/self/ns/net)" ]]
    is "${lines[*]:1}" "$(id -u) $(id -g)"
    is "$status" 5
    is "$error" ""
}

@test "ci-step: where no namespace can be made, COMMAND runs all the same, and it is said" {
    via=(unshare --user --map-root-user bash -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' bash)
    bash_run "$ci_step" bash -c 'readlink /proc/self/ns/net; exit 5'
    is "$output" "$(readlink /proc/self/ns/net)"
    is "$status" 5
    like "$error" "ci-step: the step is not isolated
sysctl: cannot make a new user and network namespace: *user.max_user_namespaces*"
}

@test "ci-step --require: where no namespace can be made, nothing is run" {
    via=(unshare --user --map-root-user bash -c 'echo 0 >/proc/sys/user/max_uts_namespaces && exec "$@"' bash)
    bash_run "$ci_step" --require --hostname stage echo ran
    is "$status $output" "125 "
    like "$error" "ci-step: the step is not run, since it cannot be isolated
sysctl: cannot make a new user, UTS and network namespace: *"
    bash_run "$ci_step" --require echo ran
    is "$status $output" "0 ran"
}

@test "ci-step: the reason is told by a word" {
    local call word
    for call in unshare:seccomp mount:seccomp setns:seccomp sethostname:other; do
        via=("$NSB_BUILDDIR/tests/with-seccomp" EPERM "${call%:*}" --)
        bash_run "$ci_step" --private-tmp --hostname stage echo ran
        is "$status $output" "0 ran"
        word=$(tail -n 1 "$dir/error")
        is "${word%%: *}" "${call#*:}"
    done
    via=(unshare --user --map-root-user --keep-caps bash -c 'echo 1 >/proc/sys/user/max_user_namespaces && exec unshare -cU "$@"' bash)
    bash_run "$ci_step" true
    like "$(tail -n 1 "$dir/error")" "limit: *"
}

@test "ci-step: a /tmp, a name, and files of /etc of the step's own" {
    needs test -e /etc/hosts -a -e /etc/resolv.conf
    mkdir "$dir/of"
    echo "192.0.2.7 registry" >"$dir/of/hosts"
    echo "nameserver 192.0.2.53" >"$dir/of/resolv.conf"
    sh_run 'cd "$dir" && touch here && "$@"' "$ci_step" --private-tmp --hosts "$dir/of/hosts" --resolv-conf "$dir/of/resolv.conf" \
        --hostname stage -- sh -c 'cat /etc/hosts /etc/resolv.conf; ls -A /tmp; uname -n; stat -c %a /tmp; ls here'
    is "$output" "192.0.2.7 registry
nameserver 192.0.2.53
stage
1777
here"
    done_quietly
    bash_run "$ci_step" --hosts "$dir/nowhere" echo ran
    is "$status $output $error" "125  ci-step: $dir/nowhere: expected a file that can be read"
    bash_run "$ci_step" --nonsense echo ran
    is "$status $output $error" "125  ci-step: --nonsense: no such option"
    bash_run "$ci_step" --help
    like "$status $output" "0 A step of a CI job*Usage:*--require*or other."
    done_quietly
}

@test "ci-step: a server and a client on 127.0.0.1 find each other" {
    needs bash -c 'enable -f accept accept' # one of bash's own loadables
    bash_run "$ci_step" bash -c '
        enable -f accept accept
        { accept -b 127.0.0.1 -v connection 8000 && echo "hello from the server" >&"$connection"; } &
        until { exec {server}<>/dev/tcp/127.0.0.1/8000; } 2>/dev/null; do sleep 0.1; done
        cat <&"$server"
        wait $!'
    is "$output" "hello from the server"
    done_quietly
}
