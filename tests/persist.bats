#!/usr/bin/env bats
# Files that hold a namespace: --TYPE=FILE. They are joined when the shell that made them is gone.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# holding_run SCRIPT [ARG...]: runs SCRIPT where it may mount, in three directories for files that hold a namespace. What
# is mounted in "shared" is mounted in its "peer" as well. All of it goes away with the script. The program and options in
# the array $under, if any, start the shell.
holding_run() {
    via=(unshare --mount --net)
    ((EUID == 0)) || via+=(--map-root-user)
    via+=("${under[@]}")
    sh_run 'set -e; cd "$dir"; mkdir -p private shared peer
            for place in private shared; do mount -t tmpfs "$place" $place; mount --make-$place $place; done
            mount --bind shared peer
            set +e
'"$1" "${@:2}"
}

# In what runs in holding_run: where a type's namespace is seen, and all mounts and files there are
looking='link() { echo "/proc/self/ns/${1/mount/mnt}"; }
         look() { find private shared peer -printf "%M %n %u %s %p\n"; cut -d " " -f 3- /proc/self/mountinfo; }
'

@test "each type but PID, held on a private and on a shared mount, is joined when its maker is gone" {
    local place type expected=
    holding_run "$looking"'
            for place in private shared; do
                for type in cgroup ipc mount net time user uts; do
                    file=$place/$type link=$(link $type)
                    made=$(unshare_ns "--$type=$file" && readlink "$link")
                    [[ $made == *:* && $made != "$(readlink "$link")" ]] || echo "not made: $file"
                    joined=$(nsenter_ns --preserve-credentials "--$type=$file" && readlink "$link")
                    by_program=$(nsenter --preserve-credentials "--$type=$file" readlink "$link")
                    [[ $joined == "$made" && $by_program == "$made" ]] && echo "$file"
                done
            done'
    for place in private shared; do
        for type in cgroup ipc mount net time user uts; do expected+=$place/$type$'\n'; done
    done
    is "$output" "${expected%$'\n'}"
    done_quietly
}

@test "a mount namespace is held whatever the number it gets and wherever its mounts are propagated to" {
    holding_run 'for n in {1..10}; do
                for propagation in private slave shared unchanged; do
                    (unshare_ns --mount=shared/$n$propagation --propagation $propagation) &&
                        nsenter_ns --mount=shared/$n$propagation true || exit
                    (unshare_ns --mount=private/$n$propagation --propagation $propagation) &&
                        nsenter --mount=private/$n$propagation true || exit
                done
            done'
    done_quietly
}

@test "the shell that moves runs on the processors that it was allowed before, wherever the file could be bound" {
    needs strace -o /dev/null true
    # Refused at first, as with a number that is too high; then each processor is tried.
    local under=(strace -o "$dir/trace" -e trace=mount -e inject=mount:error=EINVAL:when=1..2)
    holding_run 'grep Cpus_allowed: /proc/self/status >before
                 unshare_ns --mount=private/mount --fork && grep Cpus_allowed: "/proc/$BASHPID/status" >after
                 diff before after'
    is "$output" ""
    done_quietly
}

@test "a mount namespace that a file cannot hold is made anew on the first processor" {
    needs strace -o /dev/null true
    # The shell's mount(2) is refused twice; the helper makes none.
    via=(unshare -rm --propagation private strace -f -qq -o "$dir/trace" -e "trace=mount,sched_setaffinity"
        -e inject=mount:error=EINVAL:when=1..2)
    sh_run 'unshare_ns --mount="$dir/mount" --propagation unchanged'
    done_quietly
    grep -E 'sched_setaffinity\(0, [0-9]+, \[0\]\)' "$dir/trace"
}

@test "what was mounted for a file that then cannot hold a mount namespace is unmounted" {
    needs strace -o /dev/null true
    # The file is bound, refused, on itself, made private, bound, refused; and then all over, for another processor.
    local place under=(strace -o "$dir/trace" -e trace=mount -e inject=mount:error=EINVAL:when=1..4+3)
    for place in private shared; do
        holding_run "$looking"'look >before; unshare_ns --check --mount=$1/mount || exit
                look >after; diff <(sort before) <(sort after)' "$place"
        is "$output" ""
        done_quietly
        is "$(grep -c INJECTED "$dir/trace")" 2
    done
}

@test "a look leaves no file" {
    holding_run 'unshare_ns --check --uts=private/file; unshare_ns --check -m --mount=shared/file; ls private shared'
    [[ $output != *file* ]]
    done_quietly
}

@test "what was done inside is still there" {
    holding_run 'mkdir inside
            (
                unshare_ns --uts=private/uts --hostname held --net=private/net --loopback --mount=private/mount \
                    --time=private/time --boottime=1000 || exit
                mount -t tmpfs tmpfs inside
                echo "of the maker" >inside/file
            )
            [[ ! -e inside/file ]] || exit
            (
                nsenter_ns --uts=private/uts --net=private/net --mount=private/mount --time=private/time || exit
                echo "$HOSTNAME, $(<"$dir/inside/file")"
                (exec 3<>/dev/tcp/127.0.0.1/1) 2>&1 | sed "s/.*: //" | uniq
                cat /proc/self/timens_offsets | xargs
            )
            nsenter --mount=private/mount cat "$dir/inside/file"'
    is "$output" $'held, of the maker\nConnection refused\nmonotonic 0 0 boottime 1000 0\nof the maker'
    done_quietly
}

@test "a user namespace and what belongs to it" {
    holding_run "$looking"'
            look() { for type in user mount net uts; do readlink "$(link $type)"; done; id -u; uname -n; }
            made=$(unshare_ns -r --user=shared/user --mount=shared/mount --net=shared/net --uts=shared/uts --hostname held &&
                look)
            echo "$made" | tail -n 2
            joined=$(nsenter_ns --user=shared/user --mount=shared/mount --net=shared/net --uts=shared/uts && look)
            # This program wants to give up groups, which this namespace denies, if it is to become root inside.
            by_program=$(nsenter --preserve-credentials --user=shared/user --mount=shared/mount --net=shared/net --uts=shared/uts \
                bash -c "$(declare -f link look); look")
            [[ $joined == "$made" && $by_program == "$made" ]] || printf "%s\n" "$made" "$joined" "$by_program"'
    is "$output" $'0\nheld'
    done_quietly
}

@test "a PID namespace is joined while its PID 1 lives, though the shell that started that is gone" {
    holding_run 'mkfifo ready
            (
                (unshare_ns --pid=private/pid && { readlink /proc/self/ns/pid >ready; exec sleep 1000; }) &
                echo $! >supervisor
            )
            read -r made <ready
            joined=$(nsenter_ns --pid=private/pid readlink /proc/self/ns/pid)
            by_program=$(nsenter --pid=private/pid readlink /proc/self/ns/pid)
            [[ $joined == "$made" && $by_program == "$made" ]] || echo "$made, $joined, $by_program"
            (nsenter_ns --pid=private/pid && (($$ > 1 && $$ < 100)) && echo moved; true)
            kill "$(<supervisor)"
            while nsenter_ns --pid=private/pid true 2>/dev/null; do sleep 0.1; done
            nsenter_ns --pid=private/pid echo wrong'
    is "$output" moved
    is "$status" 125
    like "$error" "bash: line +([0-9]): nsenter_ns: *PID namespace*"
    is "$(wc -l <"$dir/error")" 1
}

@test "a file that was there before is covered, not changed" {
    holding_run 'echo before >private/file
            (unshare_ns --uts=private/file --hostname first) && (unshare_ns --uts=private/file --hostname second) || exit
            nsenter_ns --uts=private/file uname -n
            umount private/file && nsenter_ns --uts=private/file uname -n
            umount private/file && cat private/file'
    is "$output" $'second\nfirst\nbefore'
    done_quietly
}

@test "umount and rm are all it takes to let go; of a mount namespace on a shared mount, umount twice" {
    holding_run "$looking"'look >before
            for file in private/{cgroup,ipc,mount,net,time,user,uts}; do
                (unshare_ns --${file#*/}=$file) && umount $file && rm $file || exit
            done
            (unshare_ns --mount=shared/mount) && umount shared/mount && umount shared/mount && rm shared/mount || exit
            look >after; diff <(sort before) <(sort after)'
    done_quietly
    [[ -s $dir/before ]]
}

@test "a plan that fails leaves no file and no mount behind, and a file that was there as it was" {
    local plans=(
        '--net=shared/net --uts=nowhere/uts'
        '--uts=nowhere/uts --net=shared/net --mount=shared/mount --user=shared/user'
        '--mount=shared/mount --cgroup=nowhere/cgroup'
        '--mount=private/mount --time=nowhere/time'
        '--net=private'
        '--uts=shared/uts --net=shared'
        '--net=shared/net -R /nowhere'
        '--net=shared/net -R /nowhere true'
        '--mount=shared/mount -w /nowhere'
        '--mount=private/mount --mount-proc=/nowhere'
        '-p --pid=shared/pid --uts=peer/uts -w /nowhere'
        '--pid=private/pid -w /nowhere true'
        '--time=shared/time --boottime=-999999999'
        '--uts=shared/held --net=shared/net -w /nowhere'
        '--uts=shared/held --net=nowhere/net'
        '--uts=private/text -w /nowhere'
        '--uts=private/text --net=nowhere/net'
    )
    holding_run "$looking"'(unshare_ns --uts=shared/held --hostname first) && echo text >private/text || exit
            look >before
            for plan; do
                (eval "unshare_ns $plan") 2>>refusals
                status=$?
                [[ $status == 1 || $status == 125 && $plan == *" true" ]] || echo "status $status: $plan"
                look >after
                diff before after || { echo "left by: $plan"; break; }
            done
            nsenter_ns --uts=shared/held uname -n
            cat private/text' "${plans[@]}"
    is "$output" $'first\ntext'
    done_quietly
    is "$(wc -l <"$dir/refusals")" "${#plans[@]}"
}

@test "two types in one file, and one that cannot be made, leave nothing behind" {
    sh_run 'unshare_ns -rm; cd "$dir"; mkdir directory
            fingerprint "$dir/before"; unshare_ns --check --uts=f --ipc=./f; first=$?
            unshare_ns --uts=f --ipc=f --net=directory; second=$?
            fingerprint "$dir/after"; echo "$first $second"'
    is "$output" "0 1"
    unchanged
}

@test "a procfs that would be mounted outside, too, is refused" {
    ((EUID == 0)) || skip "needs root: an ordinary user's mounts are not seen outside"
    mkdir "$dir/proc"
    sh_run 'unshare_ns -m --propagation shared; fingerprint "$dir/before"
            for propagation in unchanged shared; do
                unshare_ns -mp --propagation $propagation --mount-proc="$dir/proc" && exit; echo $?
            done
            fingerprint "$dir/after"
            mount --bind "$dir/proc" "$dir/proc"
            before=$(</proc/self/mountinfo); unshare_ns -mp --propagation unchanged --mount-proc="$dir/proc" --check; echo $?
            [[ $(</proc/self/mountinfo) == "$before" ]] && echo same'
    is "$output" $'1\n1\n0\nsame'
    is "$(grep -c '; it would be mounted outside, too' "$dir/error")" 2
    unchanged
}

@test "a shell that cannot enter takes back the files it has made" {
    needs strace -f -e inject=setns:error=EPERM true
    local under=(strace -f -qq -o /dev/null -e trace=setns -e inject=setns:error=EPERM)
    holding_run "$looking"'look >before
            unshare_ns --uts=private/uts --net=shared/net --mount=shared/mount 2>refusal
            status=$?
            look >after; diff before after && cat refusal && exit $status'
    is "$status" 1
    like "$output" "bash: line +([0-9]): unshare_ns: *"
}

@test "who may not mount is told so, and no file is made" {
    ((EUID != 0)) || skip "needs an ordinary user"
    local type
    for type in cgroup ipc mount net pid time user uts; do
        sh_run 'cd "$dir"; unshare_ns -r "--$1=file"; status=$?; [[ ! -e file ]] || echo left; exit $status' $type
        is "$output" ""
        is "$status" 1
        is "$(wc -l <"$dir/error")" 1
        like "$error" "*file: Operation not permitted*"
    done
}

@test "ip netns sees and uses what --net=/run/netns/NAME made, and the other way round" {
    needs type -P ip
    # /var/run, which ip may ask for, leads to /run.
    holding_run 'mount -t tmpfs run /run && mkdir /run/netns || exit
            made=$(unshare_ns --net=/run/netns/blue --loopback && readlink /proc/self/ns/net)
            ip netns list
            by_ip=$(ip netns exec blue readlink /proc/self/ns/net)
            [[ $by_ip == "$made" && $by_ip != "$(readlink /proc/self/ns/net)" ]] || echo "$made is not $by_ip"
            ip -netns blue -brief address show | cut -d " " -f 1
            ip -netns blue link add green type veth peer name yellow
            nsenter_ns --net=/run/netns/blue sed -n "s/^ *\(.*\):.*/\1/p" /proc/net/dev | sort
            ip netns delete blue
            ls /run/netns
            ip netns add red
            nsenter_ns --net=/run/netns/red ip netns identify'
    is "$output" $'blue\nlo\ngreen\nlo\nyellow\nred'
    done_quietly
}

@test "--net=/run/netns/NAME where ip netns was never used: its directory is made as ip does, and ip lets go of it" {
    needs type -P ip
    local name
    for name in /run/netns/blue /var/run/netns/blue /proc/self/cwd/run/netns/blue; do
        holding_run "$looking"'mount -t tmpfs run /run || exit
                cd /
                [[ $1 != /proc/* ]] || mkdir /run/netns
                made=$(unshare_ns --net="$1" readlink /proc/self/ns/net) && [[ $made == net:* ]] || exit
                stat -c "%a %U" /run/netns; findmnt -no PROPAGATION /run/netns | tail -n 1
                ip netns add red && nsenter_ns --net=/run/netns/blue readlink /proc/self/ns/net | grep -cF "$made"
                ip netns list | sed "s/ .*//" | sort
                ip netns delete blue && ip netns delete red && ls /run/netns' "$name"
        is "$output" $'755 root\nshared\n1\nblue\nred'
        done_quietly
    done
    holding_run 'mount -t tmpfs run /run && mkdir /run/netns && cd /run/netns && unshare_ns --net=blue &&
            nsenter_ns --net=/run/netns/blue'
    done_quietly
}

@test "what was made of the directory of ip netns is taken back, unless it is in use" {
    holding_run 'mount -t tmpfs run /run; exec 2>/dev/null
            look() { ls -dl /run/*; cut -d " " -f 3- /proc/self/mountinfo; }
            look >before
            unshare_ns --check --net=/run/netns/blue || exit
            look | diff before - || exit
            unshare_ns --net=/run/netns/blue --uts=nowhere/uts && exit 1
            unshare_ns --net=/run/netns/blue/green && exit 2
            look | diff before - || exit
            mkdir /run/netns; look >before
            unshare_ns --check --net=/run/netns/blue && look | diff before - || exit
            unshare_ns --net=/run/netns/red && look >before && unshare_ns --check --net=/run/netns/blue && look | diff before -'
    done_quietly
}
