#!/usr/bin/env bats
# The examples that need other programs, bubblewrap and iproute2, as a reader would call them.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

enter=$NSB_SRCDIR/examples/enter-bwrap
pair=$NSB_SRCDIR/examples/veth-pair

# That of a Debian user who is no administrator
PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games

needs_bwrap() {
    needs bwrap --unshare-all --unshare-user --ro-bind / / --proc /proc --dev /dev true
}

needs_veth() {
    needs unshare -rn ip link add eth0 type veth peer name eth1
    needs unshare -rn bash -c 'ip link set lo up && ping -c 1 -W 5 127.0.0.1'
}

@test "enter-bwrap: the script's function and variables, inside" {
    needs_bwrap
    sh_run '"$1"' "$enter"
    is "$output" "box: mail is port 25, /tmp/note is a note of the container
box: here are /bin /dev /lib /lib64 /proc /tmp /usr
$(uname -n): and here goes the script"
    done_quietly
    nothing_runs
}

@test "enter-bwrap: COMMAND is in the container's namespaces, as the caller, and its status comes out" {
    needs_bwrap
    # Who may look: PID 1 there was started by the same user.
    sh_run '"$1" bash -c "$2"' "$enter" '
        for type in cgroup ipc mnt net pid user uts; do
            [[ $(readlink "/proc/self/ns/$type") == "$(readlink "/proc/1/ns/$type")" ]] && readlink "/proc/self/ns/$type"
        done
        id -u
        pwd
        cat /tmp/note
        exit 9'
    mapfile -t lines <<<"$output"
    is "${#lines[@]}" 10
    is "${lines[*]:7:3}" "$UID / a note of the container"
    is "$status" 9
    is "$error" ""
    nothing_runs
}

@test "enter-bwrap: without bwrap it says so" {
    mkdir "$dir/bin"
    ln -s "$(type -P bash)" "$dir/bin"
    sh_run 'PATH=$dir/bin "$BASH" "$1"' "$enter"
    is "$status" 1
    like "$error" "*bwrap: not found*"
}

@test "veth-pair: both hosts see each other" {
    needs_veth
    local before
    before=$(ip -oneline link)
    sh_run '"$1"' "$pair"
    is "$output" $'left sees 10.0.0.2\nright sees 10.0.0.1'
    done_quietly
    is "$(ip -oneline link)" "$before"
    nothing_runs
}

@test "veth-pair: COMMAND is on the left host, and its status comes out" {
    needs_veth
    sh_run '"$1" bash -c "$2"' "$pair" 'uname -n; cat /proc/net/dev | sed -n "s/^ *\(.*\):.*/\1/p" | sort
        ping -c 1 -W 5 10.0.0.2 >/dev/null && echo "right is there"
        ping -c 1 -W 1 10.0.0.3 >/dev/null || echo "and nobody else"
        exit 3'
    is "$output" $'left\neth0\nlo\nright is there\nand nobody else'
    is "$status" 3
    is "$error" ""
    nothing_runs
}
