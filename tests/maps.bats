#!/usr/bin/env bats
# ID maps of more than one ID: ranges, subordinate IDs, and the programs that write them for an ordinary user.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# The maps and setgroups of the shell, one blank between numbers
maps='show() { tr -s " " <"/proc/${1:-self}/uid_map" | sed "s/^ //"; echo .
    tr -s " " <"/proc/${1:-self}/gid_map" | sed "s/^ //"; cat "/proc/${1:-self}/setgroups"; }
'

# The first subordinate range of who runs this: its start and count
subordinate() {
    needs command -v newuidmap
    needs own_subids
    read -r first count < <(own_subids)
}

# Runs a script as root of a system in which root has subordinate IDs, or as the ordinary user who has some
with_subordinate_ids() {
    if ((EUID == 0)); then
        echo "root:300000:65536" >"$dir/subids"
        # A mount namespace of the test's own, see run-bats.
        mount --bind "$dir/subids" /etc/subuid
        mount --bind "$dir/subids" /etc/subgid
    fi
    subordinate
}

teardown() {
    local left=0
    ((EUID != 0)) || umount -q /etc/subuid /etc/subgid /etc/nsswitch.conf || true
    nothing_runs || left=1
    rm -rf "$dir"
    return $left
}

@test "subordinate IDs, from 0 on or to themselves" {
    with_subordinate_ids
    sh_run "$maps"'unshare_ns --map-auto && show'
    is "$output" "0 $first $count"$'\n.\n'"0 $first $count"$'\nallow'
    done_quietly
    sh_run "$maps"'unshare_ns --map-subids && show'
    is "$output" "$first $first $count"$'\n.\n'"$first $first $count"$'\nallow'
    done_quietly
    sh_run "$maps"'unshare_ns --map-users=auto --map-groups=subids && show'
    is "$output" "0 $first $count"$'\n.\n'"$first $first $count"$'\nallow'
    done_quietly
}

@test "one's own ID goes before the ranges, and they leave it out" {
    with_subordinate_ids
    local own group
    own=$EUID group=$(id -g)
    sh_run "$maps"'unshare_ns --map-auto -r && show'
    is "$output" "0 $own 1"$'\n'"1 $first $count"$'\n.\n'"0 $group 1"$'\n'"1 $first $count"$'\nallow'
    done_quietly
    sh_run "$maps"'unshare_ns --map-users=0:'"$first"':10 --map-groups=0:'"$first"':10 --map-user=5 --map-group=9 && show'
    is "$output" "5 $own 1"$'\n'"0 $first 5"$'\n'"6 $((first + 5)) 4"$'\n.\n'"9 $group 1"$'\n'"0 $first 9"$'\nallow'
    done_quietly
}

@test "several ranges, in both syntaxes" {
    with_subordinate_ids
    sh_run "$maps"'unshare_ns --map-users=0:$1:1 --map-users=$(($1 + 10)),5,3 --map-groups=7:$1:2 --setgroups=deny && show' \
        "$first"
    is "$output" "0 $first 1"$'\n'"5 $((first + 10)) 3"$'\n.\n'"7 $first 2"$'\ndeny'
    done_quietly
}

@test "as many ranges as the kernel takes, and not one more" {
    ((EUID == 0)) || skip "needs root: a command line of newuidmap's takes fewer"
    sh_run "$maps"'for ((i = 0; i < 340; i++)); do ranges+=(--map-users=$((2 * i)):$((3 * i)):1); done
            unshare_ns "${ranges[@]}" --map-groups=0:0:1 && show | sed -n "340p;341p"; nsmap -p | grep -o "=678:1017:1"
            unshare_ns --map-users=all && show | sed -n "340p;341p"'
    is "$output" $'678 1017 1\n.\n=678:1017:1\n678 678 1\n.'
    done_quietly
    sh_run 'for ((i = 0; i < 341; i++)); do ranges+=(--map-users=$((2 * i)):$((3 * i)):1); done
            unshare_ns "${ranges[@]}"'
    is "$status" 2
    like "$error" '*--map-users: 680:1020:1: the kernel takes 340 ranges at most*'
}

@test "more text than the kernel takes is refused" {
    local options=() i
    for ((i = 0; i < 340; i++)); do options+=("--map-users=$((100000 + 2 * i)):$((200000 + 2 * i)):1"); done
    sh_run 'fingerprint "$dir/before"; unshare_ns -U "$@"; status=$?; fingerprint "$dir/after"; exit $status' "${options[@]}"
    is "$status" 2
    like "$error" "bash: line +([0-9]): unshare_ns: --map-users: all of them together: the kernel takes less than a page of text*"
    unchanged
}

@test "all IDs that there are" {
    ((EUID == 0)) || skip "needs root: newuidmap gives nobody all"
    sh_run "$maps"'unshare_ns --map-users=all --map-groups=all && show'
    is "$output" "$(bash -c "$maps"'show')"
    done_quietly
    sh_run "$maps"'unshare_ns --map-users=0:0:10 --map-groups=0:0:10 && unshare_ns --map-users=all && show | sed /^[.]/q'
    is "$output" $'0 0 10\n.'
}

@test "IDs at the end of what there is" {
    ((EUID == 0)) || skip "needs root"
    sh_run "$maps"'unshare_ns --map-users=4294967294:4294967294:1 --map-group=4294967294 && show'
    is "$output" $'4294967294 4294967294 1\n.\n4294967294 0 1\ndeny'
    done_quietly
}

@test "a map for another process, through newuidmap as well" {
    with_subordinate_ids
    sh_run "$maps"'coproc { unshare_ns -U && echo ready; read -r; id -u; read -r; }
            read -r -u "${COPROC[0]}"
            nsmap -t "$COPROC_PID" --map-auto -r && show "$COPROC_PID"
            echo go >&"${COPROC[1]}"
            read -r -u "${COPROC[0]}" id; echo "it is $id"'
    is "$output" "0 $EUID 1"$'\n'"1 $first $count"$'\n.\n'"0 $(id -g) 1"$'\n'"1 $first $count"$'\nallow\nit is 0'
    done_quietly
}

@test "a shell that is in cannot map ranges itself, and says why" {
    ((EUID != 0)) || skip "needs an ordinary user: root's capabilities reach into the namespace"
    with_subordinate_ids
    sh_run 'unshare_ns -U && nsmap --map-users=0:'"$first"':10; echo $?'
    is "$output" 1
    like "$error" 'bash: line +([0-9]): nsmap: *from outside*'
}

@test "a range that was not given is refused, and nothing has changed" {
    ((EUID != 0)) || skip "needs an ordinary user: root may map any"
    with_subordinate_ids
    sh_run 'fingerprint "$dir/before"; unshare_ns --map-users=0:1:10; status=$?; fingerprint "$dir/after"; exit $status'
    is "$status" 1
    like "$error" "*unshare_ns: cannot write the user namespace's uid_map with newuidmap: *getsubids*"
    unchanged
    sh_run 'unshare_ns --map-users=0:$EUID:2'
    is "$status" 1
    like "$error" "*unshare_ns: cannot write the user namespace's uid_map with newuidmap: *getsubids*"
}

@test "a single ID that is one's own, and one that is not" {
    ((EUID != 0)) || skip "needs an ordinary user: root may map any"
    with_subordinate_ids
    sh_run "$maps"'unshare_ns --map-users=5:$EUID:1 --map-groups=6:$(id -g):1 && show'
    is "$output" "5 $EUID 1"$'\n.\n'"6 $(id -g) 1"$'\ndeny' # as newgidmap has it
    done_quietly
    sh_run "$maps"'unshare_ns --map-users=5:$1:1 --map-groups=6:$1:1 --setgroups=deny && show' "$first"
    is "$output" "5 $first 1"$'\n.\n'"6 $first 1"$'\ndeny'
    done_quietly
}

@test "a user without subordinate IDs is told what is missing" {
    needs command -v newuidmap
    : >"$dir/empty"
    via=(unshare --user --map-root-user --mount bash -c 'mount --bind "$0/empty" /etc/subuid; exec "$@"' "$dir")
    sh_run 'fingerprint "$dir/before"; unshare_ns --map-auto; status=$?; fingerprint "$dir/after"; exit $status'
    is "$status" 1
    like "$error" '*unshare_ns: user 0 has no subordinate UIDs: a line in /etc/subuid gives some*'
    unchanged
}

@test "newuidmap is found where PATH is not exported" {
    own_subids 65536 >"$dir/range" || skip "user $UID has no 65536 subordinate IDs in /etc/subuid"
    needs command -v newuidmap
    sh_run 'export -n PATH; unshare_ns -r --map-auto && wc -l </proc/self/uid_map'
    is "$output" 2
    done_quietly
}

# A command line in which newuidmap cannot be found, or has lost its privilege
@test "newuidmap is missing, or disabled" {
    ((EUID != 0)) || skip "needs an ordinary user: root writes the maps himself"
    with_subordinate_ids
    sh_run 'fingerprint "$dir/before"; PATH=/nowhere unshare_ns --map-auto; status=$?; fingerprint "$dir/after"; exit $status'
    is "$status" 1
    like "$error" '*newuidmap: No such file or directory; *install the package uidmap*'
    unchanged
    via=(setpriv --no-new-privs)
    sh_run 'fingerprint "$dir/before"; unshare_ns --map-auto; status=$?; fingerprint "$dir/after"; exit $status'
    is "$status" 1
    like "$error" '*no_new_privs is set for this shell*'
    unchanged
    via=()
    mkdir "$dir/bin"
    cp "$(command -v newuidmap)" "$dir/bin"
    sh_run 'PATH=$dir/bin:$PATH; fingerprint "$dir/before"; unshare_ns --map-auto; status=$?; fingerprint "$dir/after"
            exit $status'
    is "$status" 1
    like "$error" '*the program has lost its set-user-ID bit*'
    unchanged
}

@test "subordinate IDs come from the name service that nsswitch.conf names" {
    ((EUID == 0)) || skip "needs root: a nsswitch.conf of the test's own"
    ldconfig -p | grep -q 'libsubid\.so\.[456]' || skip "libsubid is not installed"
    with_subordinate_ids
    { grep -v '^subid:' /etc/nsswitch.conf || true; } >"$dir/nsswitch.conf"
    echo "subid: nothing-of-this-name" >>"$dir/nsswitch.conf"
    mount --bind "$dir/nsswitch.conf" /etc/nsswitch.conf
    sh_run "$maps"'unshare_ns --map-auto && show'
    local without=$status
    sed -i 's/^subid:.*/subid: files/' "$dir/nsswitch.conf"
    sh_run "$maps"'unshare_ns --map-auto && show'
    umount /etc/nsswitch.conf
    is "$output" "0 300000 65536"$'\n.\n'"0 300000 65536"$'\nallow'
    done_quietly
    echo "with a source that does not exist: $without"
}

@test "a group range stands in the user's line" {
    ((EUID == 0)) || skip "needs root: a subgid file of the test's own"
    with_subordinate_ids
    printf '%s\n' "$(id -gn)-other:700000:10" "root:400000:65536" >"$dir/subgid"
    mount --bind "$dir/subgid" /etc/subgid
    sh_run "$maps"'unshare_ns --map-auto && show'
    umount /etc/subgid
    is "$output" "0 300000 65536"$'\n.\n'"0 400000 65536"$'\nallow'
    done_quietly
}

@test "the owner of a user namespace" {
    ((EUID == 0)) || skip "needs root"
    sh_run "$maps"'unshare_ns --owner 1234:4321 --map-users=0:1234:1 --map-groups=0:4321:1 && show && id -u && id -g && id -G'
    is "$output" $'0 1234 1\n.\n0 4321 1\nallow\n0\n0\n0'
    done_quietly
    sh_run 'unshare_ns --owner nobody:nogroup --map-users=0:65534:1 && id -u'
    is "$output" 0
    done_quietly
    sh_run 'unshare_ns --owner 1234:4321; nsmap -r && cat /proc/self/[ug]id_map | tr -s " "'
    is "$output" $' 0 4321 1\n 0 1234 1'
    done_quietly
}

@test "the owner of a user namespace need not deny setgroups" {
    ((EUID == 0)) || skip "needs root"
    sh_run "$maps"'unshare_ns --owner 1234:4321 -r && show'
    is "${output##*$'\n'}" allow
    done_quietly
}

@test "one's own user and group by name, and nothing of the call before" {
    sh_run "$maps"'unshare_ns --check -r; unshare_ns --map-user=daemon --map-group=daemon && show'
    is "$output" "$(id -u daemon) $EUID 1"$'\n.\n'"$(id -g daemon) $(id -g) 1"$'\ndeny'
    done_quietly
    sh_run "$maps"'unshare_ns --check -r; unshare_ns --map-user=7 && show'
    is "$output" "7 $EUID 1"$'\n.\nallow'
    done_quietly
}

@test "only root can make it for another" {
    ((EUID != 0)) || skip "needs an ordinary user"
    sh_run 'fingerprint "$dir/before"; unshare_ns --owner 1234:4321 -r; status=$?; fingerprint "$dir/after"; exit $status'
    is "$status" 1
    like "$error" "*cannot become user 1234 and group 4321: *only a privileged user*"
    unchanged
}

@test "-G in a namespace without groups says so" {
    sh_run 'unshare_ns --map-user=0 -G 0'
    is "$status" 1
    like "$error" "*cannot drop the supplementary groups: *no group is mapped*"
}

@test "-G in a namespace that denies setgroups is refused, and nothing has changed" {
    sh_run 'fingerprint "$dir/before"; unshare_ns -r -G 0; status=$?; fingerprint "$dir/after"; exit $status'
    is "$status" 1
    like "$error" "*cannot drop the supplementary groups: *denies setgroups(2)*"
    unchanged
}

# A newuidmap of the test's own, a script, in $dir/bin
own_newuidmap() {
    mkdir -p "$dir/bin"
    printf '%s\n' '#!/bin/bash' "$@" >"$dir/bin/newuidmap"
    chmod 755 "$dir/bin/newuidmap"
}

@test "what can be written directly needs no newuidmap" {
    sh_run "$maps"'PATH=/nowhere unshare_ns -r; PATH=/bin:/usr/bin show'
    is "$output" "0 $EUID 1"$'\n.\n'"0 $(id -g) 1"$'\ndeny'
    done_quietly
    ((EUID == 0)) || return 0
    sh_run "$maps"'PATH=/nowhere unshare_ns --map-users=0:70000:10 --map-groups=0:80000:5; PATH=/bin:/usr/bin show'
    is "$output" $'0 70000 10\n.\n0 80000 5\nallow'
    done_quietly
}

@test "a capability that is permitted, but not in effect, writes no map" {
    ((EUID == 0)) || skip "needs root"
    needs setpriv --version
    via=(setpriv --ruid 0 --euid 1234 --clear-groups)
    own_newuidmap 'exit 1'
    chmod 777 "$dir"
    bash_run -pc "$(prelude)"'
        PATH=$dir/bin:$PATH; unshare_ns --map-users=0:70000:10; echo $?'
    is "$output" 1
    like "$error" '*uid_map with newuidmap: *'
}

@test "newuidmap has no signal blocked and no open file of ours, reads nothing and prints nothing" {
    ((EUID != 0)) || skip "needs an ordinary user: root writes the maps himself"
    with_subordinate_ids
    own_newuidmap 'echo noise; cat >"$dir/eaten"
        mapfile -t seen </proc/$$/status
        seen+=($(readlink /proc/$$/fd/0 /proc/$$/fd/1) $(readlink /proc/$$/fd/* | grep ^/proc/))
        printf "%s\n" "${seen[@]}" | grep -e SigBlk: -e ^/ >"$dir/seen"' "exec $(command -v newuidmap)"' "$@"'
    sh_run 'PATH=$dir/bin:$PATH; unshare_ns --map-auto && cat' <<<input
    is "$output" input
    done_quietly
    is "$(<"$dir/seen")" $'SigBlk:\t0000000000000000\n/dev/null\n/dev/null'
    is "$(<"$dir/eaten")" ""
}

@test "a newuidmap that may not be executed, or cannot be" {
    ((EUID != 0)) || skip "needs an ordinary user: root writes the maps himself"
    with_subordinate_ids
    own_newuidmap
    chmod 644 "$dir/bin/newuidmap"
    sh_run "$maps"'PATH=$dir/bin:$PATH; unshare_ns --map-auto && show'
    is "${output%%$'\n'*}" "0 $first $count"
    done_quietly
    sh_run 'PATH=$dir/bin; unshare_ns --map-auto'
    is "$status" 1
    like "$error" '*with newuidmap: No such file or directory; *'
    chmod 755 "$dir/bin/newuidmap"
    echo "no program" >"$dir/bin/newuidmap"
    sh_run 'fingerprint "$dir/before"; PATH=$dir/bin:$PATH unshare_ns --map-auto; status=$?; fingerprint "$dir/after"; exit $status'
    is "$status" 1
    like "$error" '*with newuidmap: Exec format error'
    unchanged
}

@test "newuidmap is interrupted by HUP, INT, QUIT and TERM, unless they are blocked, and then nothing has changed" {
    ((EUID != 0)) || skip "needs an ordinary user: root writes the maps himself"
    with_subordinate_ids
    own_newuidmap 'kill -s "$SIGNAL" $PPID; exec sleep 1000'
    local signal
    for signal in HUP INT QUIT TERM; do
        SIGNAL=$signal sh_run 'trap "echo caught" HUP INT QUIT TERM; fingerprint "$dir/before"
            PATH=$dir/bin:$PATH unshare_ns --map-auto; status=$?; fingerprint "$dir/after"; exit $status'
        is "$status" 1
        is "$output" caught
        like "$error" '*newuidmap: Interrupted system call*'
        unchanged
    done
    own_newuidmap 'kill -s TERM $PPID; sleep 0.3' "exec $(command -v newuidmap)"' "$@"'
    via=(env --block-signal=TERM)
    sh_run "$maps"'PATH=$dir/bin:$PATH; unshare_ns --map-auto && show'
    is "${output%%$'\n'*}" "0 $first $count"
    done_quietly
}

@test "newuidmap is not told a number that is another process in its /proc" {
    ((EUID == 0)) || skip "needs root: a shell in a PID namespace whose /proc is not its own"
    own_newuidmap 'echo ran >"$dir/ran"'
    via=(unshare --pid --fork setpriv --bounding-set=-setuid --inh-caps=-setuid)
    sh_run 'PATH=$dir/bin:$PATH; unshare_ns --map-users=0:70000:10'
    is "$status" 1
    like "$error" '*: cannot use /proc: Invalid cross-device link; mount a procfs on /proc, of this PID namespace*'
    [ ! -e "$dir/ran" ]
}

# left FILE: what the shell has that a landing may have left behind
left='left() {
    local status children
    mapfile -t status </proc/$BASHPID/status
    read -r children <"/proc/$BASHPID/task/$BASHPID/children" || :
    { printf "%s\n" /proc/$BASHPID/fd/* "children: $children"; printf "%s\n" "${status[@]}" | grep "^Sig[BIC]"; } >"$dir/$1"
}
'

@test "no file is left open, no signal blocked and no child behind" {
    with_subordinate_ids
    sh_run "$left"'left before; unshare_ns --map-auto && left after'
    done_quietly
    unchanged
}

# A subuid file of the test's own, as root
subuid_file() {
    ((EUID == 0)) || skip "needs root: a subuid file of the test's own"
    printf '%s\n' "$@" >"$dir/subuid"
    mount --bind "$dir/subuid" /etc/subuid
    mount --bind "$dir/subuid" /etc/subgid
}

@test "lines of /etc/subuid that are none of the user's, or no range, are passed over" {
    subuid_file rootless:1:5 root-1:1:5 rootx1:5 :1:5 root:1 root:x:5 root:1x5 root:1:5x root:1:5:5 root:1:0 root:4294967290:10 \
        root:4294967295:1 root:4294967296:1 '' 0:300000:65536 root:1:5
    sh_run "$maps"'unshare_ns --map-auto && show'
    is "$output" $'0 300000 65536\n.\n0 300000 65536\nallow'
    done_quietly
}

@test "a user that has no name is known by the number" {
    subuid_file 4711:400000:10
    needs setpriv --version
    chmod 777 "$dir"
    via=(setpriv --reuid 4711 --regid 4711 --clear-groups --inh-caps=-all)
    sh_run 'unshare_ns --map-auto'
    is "$status" 1
    like "$error" '*uid_map with newuidmap: *' # which needs a name
    : >"$dir/subuid"
    sh_run 'unshare_ns --map-auto'
    is "$status" 1
    like "$error" '*user 4711 has no subordinate UIDs: *'
    sh_run 'unshare_ns --map-auto --map-subids'
    is "$(wc -l <"$dir/error")" 1 # said once
}

@test "subordinate IDs by the number, where there is no list of users" {
    ((EUID == 0)) || skip "needs root: a /etc of the test's own"
    via=(unshare --mount bash -c 'mount -t tmpfs none /etc; echo 0:300000:10 | tee /etc/subuid >/etc/subgid; exec "$@"' bash)
    sh_run "$maps"'unshare_ns --map-auto && show'
    is "$output" $'0 300000 10\n.\n0 300000 10\nallow'
    done_quietly
}

# A libsubid of the test's own, which $ANSWER tells what to do
own_libsubid() {
    ((EUID == 0)) || skip "needs root: a nsswitch.conf of the test's own"
    needs command -v cc
    cat >"$dir/subid.c" <<-'END'
		#include <signal.h>
		#include <stdbool.h>
		#include <stdlib.h>
		#include <string.h>
		#include <unistd.h>

		struct range {
		    unsigned long start, count;
		};

		bool subid_init(const char *program, void *log)
		{
		    return log && strcmp(program, "nsbuiltins") == 0;
		}

		static int answer(const char *owner, struct range **ranges, unsigned long start)
		{
		    const char *answer = getenv("ANSWER");

		    if (strcmp(owner, "root") != 0 || strcmp(answer, "none") == 0)
		        return 0;
		    if (strcmp(answer, "wait") == 0) {
		        kill(getppid(), SIGTERM);
		        sleep(1000);
		    }
		    if (strcmp(answer, "linger") == 0) {
		        if (fork() == 0)
		            usleep(200000), _exit(0);
		        return 0;
		    }
		    if (strcmp(answer, "crash") == 0)
		        abort();
		    *ranges = malloc(sizeof **ranges);
		    **ranges = (struct range){start, strcmp(answer, "nothing") == 0 ? 0 : 7};
		    return 1;
		}

		int subid_get_uid_ranges(const char *owner, struct range **ranges)
		{
		    return answer(owner, ranges, 500000);
		}

		int subid_get_gid_ranges(const char *owner, struct range **ranges)
		{
		    return answer(owner, ranges, 600000);
		}
	END
    cc -shared -fPIC -o "$dir/libsubid.so.6" "$dir/subid.c"
    subuid_file root:300000:65536
    sed '/^ *subid:/d' /etc/nsswitch.conf >"$dir/nsswitch.conf"
    echo " subid: own" >>"$dir/nsswitch.conf"
    mount --bind "$dir/nsswitch.conf" /etc/nsswitch.conf
}

@test "what libsubid says is what counts: ranges, none, or that it crashes" {
    own_libsubid
    via=(env LD_LIBRARY_PATH="$dir" ANSWER=ranges)
    sh_run "$maps$left"'left before; unshare_ns --map-auto; left after; show'
    is "$output" $'0 500000 7\n.\n0 600000 7\nallow'
    done_quietly
    unchanged
    via=(env LD_LIBRARY_PATH="$dir" ANSWER=none)
    sh_run 'unshare_ns --map-auto'
    is "$status" 1
    like "$error" '*user 0 has no subordinate UIDs: *'
    via=(env LD_LIBRARY_PATH="$dir" ANSWER=linger) # a process of the library's own outlives it
    sh_run 'unshare_ns --map-auto'
    is "$status" 1
    like "$error" '*user 0 has no subordinate UIDs: *'
    via=(env LD_LIBRARY_PATH="$dir" ANSWER=nothing)
    sh_run 'unshare_ns --map-auto'
    is "$status" 1
    like "$error" '*user 0 has no subordinate UIDs: *'
    via=(env LD_LIBRARY_PATH="$dir" ANSWER=crash)
    sh_run 'unshare_ns --map-auto'
    is "$status" 1
    like "$error" '*cannot look up subordinate UIDs: Input/output error'
}

@test "a libsubid that does not answer can be interrupted" {
    own_libsubid
    via=(env LD_LIBRARY_PATH="$dir" ANSWER=wait)
    sh_run 'trap "echo caught" TERM; fingerprint "$dir/before"; unshare_ns --map-auto; status=$?; fingerprint "$dir/after"; exit $status'
    is "$status" 1
    is "$output" caught
    like "$error" '*cannot look up subordinate UIDs: Interrupted system call'
    unchanged
}
