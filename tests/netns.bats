#!/usr/bin/env bats
# Network namespaces by their names, beside ip-netns(8): --netns makes one, and enters it.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# net_run SCRIPT [ARG...]: runs SCRIPT where it may mount and make networks, with an empty /run, and an /etc of its own that
# has hosts, resolv.conf and a directory. All of it goes away with the script.
net_run() {
    via=(unshare --mount --net)
    ((EUID == 0)) || via+=(--map-root-user)
    sh_run 'set -e
            rm -rf "$dir/etc"; mkdir -p "$dir"/etc/{netns/blue,directory}
            cp -L /etc/{passwd,group,nsswitch.conf} "$dir/etc"
            for file in hosts resolv.conf; do echo "of the host" >"$dir/etc/$file"; done
            mount --bind "$dir/etc" /etc
            mount -t tmpfs run /run
            cd /
            set +e
'"$1" "${@:2}"
}

# In what runs in net_run: where one is, as it shows
looking='look() { readlink /proc/self/ns/net; echo /sys/class/net/*; cat /etc/hosts /etc/resolv.conf; }
         table() { ls -Rl /run /etc/netns; cut -d " " -f 3- /proc/self/mountinfo; }
'

# refused PATTERN: the last script failed with 1 in the shell, and with 125 where there was COMMAND, with one sentence each,
# which the pattern fits, and nothing has changed
refused() {
    is "$output" "1 125"
    is "$(wc -l <"$dir/error")" 2
    like "$(head -n 1 "$dir/error")" "*: line +([0-9]): $1"
    like "$(tail -n 1 "$dir/error")" "*: line +([0-9]): $1"
    unchanged
}

# both PLAN: in a script: the plan without COMMAND and with it
both='both() { fingerprint "$dir/before"; "$@"; local first=$?; "$@" echo wrong; echo "$first $?"; fingerprint "$dir/after"; }
      '

@test "a name that is made, where ip netns was never used: ip lists, uses and deletes it" {
    needs ip -V
    net_run 'made=$(unshare_ns --netns blue && readlink /proc/self/ns/net && ip netns identify) || exit
            stat -c "%a %U" /run/netns; findmnt -no PROPAGATION /run/netns | tail -n 1
            ip netns list
            [[ $made == "$(ip netns exec blue readlink /proc/self/ns/net)"$'\''\nblue'\'' ]] && echo same
            ip netns add red && ip netns list | sort
            ip netns delete blue && ip netns delete red && ls /run/netns'
    is "$output" $'755 root\nshared\nblue\nsame\nblue\nred'
    done_quietly
}

@test "a name that ip netns made is entered as by ip netns exec: in place, by COMMAND, by a function" {
    needs ip -V
    net_run "$looking"'ip netns add blue; ip -netns blue link add green type veth peer name yellow
            echo "of blue" >/etc/netns/blue/resolv.conf
            look >"$dir/before"
            expected=$(ip netns exec blue bash -c "$(declare -f look); look")
            echo "$expected" | tail -n +2
            [[ $(nsenter_ns --netns blue && look) == "$expected" ]] && echo "in place"
            [[ $(nsenter_ns --netns=blue look) == "$expected" ]] && echo "a function"
            [[ $(nsenter_ns --netns blue bash -c "$(declare -f look); look") == "$expected" ]] && echo "a program"
            look >"$dir/after"; diff "$dir/before" "$dir/after"
            nsenter_ns --netns blue; [[ $(look) == "$expected" ]] && echo "the shell itself"
            nsenter_ns --netns blue; [[ $(look) == "$expected" ]] && echo again'
    is "$output" $'/sys/class/net/green /sys/class/net/lo /sys/class/net/yellow\nof the host\nof blue
in place\na function\na program\nthe shell itself\nagain'
    done_quietly
}

@test "what is mounted for a name is not seen outside, whatever / is" {
    local propagation
    for propagation in private shared; do
        net_run "$looking"'mount --make-r$1 /
                echo "of blue" >/etc/netns/blue/hosts
                table >"$dir/before"; (unshare_ns --netns blue && cat /etc/hosts) || exit
                table >"$dir/held"; (nsenter_ns --netns blue && cat /etc/hosts) || exit
                table | diff "$dir/held" - || exit
                umount_ns /run/netns/blue && rm /run/netns/blue
                umount_ns /run/netns && rmdir /run/netns; table >"$dir/after"; diff <(sort "$dir/before") <(sort "$dir/after")' "$propagation"
        is "$output" $'of blue\nof blue'
        done_quietly
    done
}

@test "the name is there inside as well, wherever the mounts are passed on to" {
    needs ip -V
    local propagation before
    for propagation in private shared; do
        for before in : 'mkdir /run/netns' 'ip netns add red' 'ip netns add red; mount --make-private /run/netns'; do
            net_run 'mount --make-r$1 /; eval "$2"
                    (unshare_ns --netns blue && ip netns exec blue ip netns identify && nsenter_ns --netns blue ip netns identify)
                    ip netns delete blue && ls /run/netns' "$propagation" "$before"
            is "${output%$'\n'red}" $'blue\nblue'
            done_quietly
        done
    done
}

@test "lo is up where that is asked for" {
    net_run 'for word in "" --loopback; do
                (unshare_ns --netns "blue$word" $word && { : <"/dev/tcp/127.0.0.1/1"; } 2>&1 | sed "s/.*: //" | uniq)
            done'
    is "$output" $'Network is unreachable\nConnection refused'
    done_quietly
}

@test "with a PID namespace, with a user namespace, with COMMAND" {
    net_run 'ours() { [[ $(readlink /proc/self/ns/net) == net:* && $(echo /sys/class/net/*) == /sys/class/net/lo ]] && echo "$1"; }
            (unshare_ns -p --netns one && ours "moved $$")
            unshare_ns -r --netns two ours "a user namespace"
            (unshare_ns -m --propagation private --netns three && ours private)
            (nsenter_ns --netns one && ours joined)
            (unshare_ns -p && nsenter_ns --netns one && ours "PID 1: $$")'
    is "$output" $'moved 1\na user namespace\nprivate\njoined\nPID 1: 1'
    done_quietly
}

@test "a user namespace that is joined as well: its root mounts what belongs to it" {
    net_run "$looking"'mkdir /run/netns; : >/run/netns/blue; echo "of blue" >/etc/netns/blue/hosts
            unshare -rn sleep 1000 & until [[ $(<"/proc/$!/comm") == sleep ]]; do sleep 0.02; done
            mount --bind "/proc/$!/ns/net" /run/netns/blue
            (nsenter_ns -t "$!" -U --netns blue && look | tail -n +2 && [[ /proc/self/ns/user -ef /proc/$!/ns/user ]] && echo joined)
            kill "$!"'
    is "$output" $'/sys/class/net/lo\nof blue\nof the host\njoined'
    done_quietly
    nothing_runs
}

@test "names that no file can have" {
    local name long
    printf -v long %0256d 1
    for name in '' . .. / a/b /run/netns/blue "$long"; do
        net_run "$looking"'table >"$dir/before"
                for builtin in unshare_ns nsenter_ns; do
                    $builtin --netns "$1"; echo $?; $builtin --netns "$1" echo wrong; echo $?
                done
                table >"$dir/after"; diff "$dir/before" "$dir/after"' "$name"
        is "$output" $'2\n125\n2\n125'
        is "$(grep -cE "_ns: --netns: .*: expected a name of 1 to 255 bytes without /, and not \. or \.\.$" "$dir/error")" 4
    done
    printf -v long '%0255d' 1
    for name in "$long" '...' '-' 'a b' $'a\nb'; do
        net_run 'unshare_ns --netns="$1" true && nsenter_ns --netns="$1" readlink /run/netns/"$1" /proc/self/ns/net | grep -c net:' "$name"
        is "$output" 1
        done_quietly
    done
}

@test "a name that is there already is not made" {
    local what
    for what in '(unshare_ns --netns blue)' 'mkdir /run/netns; : >/run/netns/blue' 'mkdir -p /run/netns/blue' \
        'mkdir /run/netns; ln -s nowhere /run/netns/blue'; do
        net_run "$both$what"' || exit; both unshare_ns --netns blue'
        refused 'unshare_ns: cannot hold the new network namespace in /run/netns/blue: File exists; nsenter_ns --netns enters what has that name; ip netns delete takes it away'
    done
}

@test "a name that is not there, or holds no network namespace, is not entered" {
    net_run "$both"'both nsenter_ns --netns blue'
    refused 'nsenter_ns: /run/netns/blue: No such file or directory'
    net_run "$both"'mkdir /run/netns; : >/run/netns/blue; both nsenter_ns --netns blue'
    refused 'nsenter_ns: /run/netns/blue: expected a network namespace file'
    net_run "$both"'mkdir /run/netns; : >/run/netns/blue; mount --bind /proc/self/ns/uts /run/netns/blue; both nsenter_ns --netns blue'
    refused 'nsenter_ns: /run/netns/blue: expected a network namespace file'
}

@test "files of all kinds and names are bound, and none is opened" {
    net_run '(unshare_ns --netns blue)
            cd /etc/netns/blue
            echo one >"a file"; echo two >$'\''a\nline'\''; echo three >"-n"; mkdir directory; echo four >directory/file
            mkdir netns; echo five >.hidden; mkfifo fifo; echo six >"$dir/elsewhere"; ln -s "$dir/elsewhere" link
            ln -s /etc/hosts ../../outside; echo seven >outside
            cd /etc; : >"a file"; : >$'\''a\nline'\''; : >-n; : >.hidden; : >fifo; : >link
            nsenter_ns --netns blue
            cat "a file" $'\''a\nline'\'' ./-n directory/file .hidden link hosts; [[ -p fifo && ! -e netns/blue ]] && echo covered'
    is "$output" $'one\ntwo\nthree\nfour\nfive\nsix\nseven\ncovered'
    done_quietly
}

@test "a file that cannot be bound is named, and nothing has changed" {
    local made
    declare -A wanted=(
        ['for file in {1..9}; do : >$file; : >../../$file; done; echo >other']='bind /etc/netns/blue/other on its file in /etc: No such file or directory; make /etc/other, which it is to cover, or remove the file'
        ['echo >directory']='bind /etc/netns/blue/directory on its file in /etc: *; a directory goes on a directory and a file on a file'
        ['mkdir hosts']='bind /etc/netns/blue/hosts on its file in /etc: *; a directory goes on a directory and a file on a file'
        ['ln -s nowhere hosts']='read /etc/netns/blue/hosts: No such file or directory'
        ['ln -s hosts hosts']='read /etc/netns/blue/hosts: Too many levels of symbolic links'
        ['rmdir /etc/netns/blue; echo >/etc/netns/blue']='read /etc/netns/blue: Not a directory'
    )
    for made in "${!wanted[@]}"; do
        net_run "$both(unshare_ns --netns blue); (cd /etc/netns/blue; $made)"'; both nsenter_ns --netns blue'
        refused "nsenter_ns: cannot ${wanted[$made]}"
        net_run "$both(cd /etc/netns/blue; $made)"'; both unshare_ns --netns blue; ls /run'
        refused "unshare_ns: cannot ${wanted[$made]}"
    done
}

@test "a file that has gone since the directory was read is none of them" {
    needs strace -o /dev/null true
    net_run '(unshare_ns --netns blue); echo "of blue" >/etc/netns/blue/hosts; echo >/etc/netns/blue/gone
            strace -f -qq -o "$dir/trace" -P gone -e trace=openat,newfstatat,fstatat64 -e inject=all:error=ENOENT \
                bash --norc -c "enable -f $NSBUILTINS_SO nsenter_ns; nsenter_ns --netns blue cat /etc/hosts"'
    is "$output" "of blue"
    done_quietly
    grep -q 'openat(.*"gone".*INJECTED' "$dir/trace"
}

@test "a look enters nothing, and leaves nothing" {
    net_run "$looking"'table >"$dir/before"; unshare_ns --check --netns blue; echo $?; table >"$dir/after"; diff "$dir/before" "$dir/after"
            (unshare_ns --netns blue); fingerprint "$dir/before"
            nsenter_ns --check --netns blue; echo $?; unshare_ns --check --netns blue; echo $?; fingerprint "$dir/after"' 2>/dev/null
    is "$output" $'0\n0\n1'
    unchanged
}

@test "a plan that fails leaves the directory of ip netns as it was, shared or not" {
    net_run "$looking"'mkdir /run/netns /run/peer; mount --bind /run/netns /run/netns
            for propagation in private shared slave; do
                mount --make-$propagation /run/netns
                [[ $propagation != shared ]] || mount --bind /run/netns /run/peer # whose slave it is then
                table >"$dir/before"
                unshare_ns --netns blue -w /nowhere; echo $?
                table >"$dir/after"; diff "$dir/before" "$dir/after"
            done'
    is "$output" $'1\n1\n1'
}

@test "a directory of ip netns that cannot be looked at is none that will do" {
    needs strace -o /dev/null true
    local call
    for call in newfstatat statx openat; do
        net_run "$looking"'mkdir /run/netns; mount --bind /run/netns /run/netns; mount --make-private /run/netns; table >"$dir/before"
                strace -f -qq -o "$dir/trace" -P /run/netns -P /proc/self/mountinfo -e "trace=$1" -e "inject=$1:error=ENOMEM" \
                    bash --norc -c "enable -f $NSBUILTINS_SO unshare_ns; unshare_ns --netns blue; echo \$?"
                table >"$dir/after"; diff "$dir/before" "$dir/after"' "$call"
        is "$output" 1
        like "$error" "*cannot hold the new network namespace in /run/netns/blue: Cannot allocate memory"
        grep -q INJECTED "$dir/trace"
    done
}

@test "the way into the network is closed at the last moment: the name is taken back" {
    needs strace -f -e inject=setns:error=EPERM true
    net_run "$looking"'table >"$dir/before"
            strace -f -qq -o /dev/null -e trace=setns -e inject=setns:error=EPERM \
                bash --norc -c "enable -f $NSBUILTINS_SO unshare_ns; unshare_ns --netns blue; echo \$?"
            table >"$dir/after"; diff "$dir/before" "$dir/after"'
    is "$output" 1
}

@test "a /sys that is read-only stays so, and one that is missing is named" {
    net_run 'mount --rbind /sys /sys; mount -o remount,bind,ro /sys
            unshare_ns --netns blue findmnt -no VFS-OPTIONS /sys | tail -n 1 | cut -d , -f 1'
    is "$output" ro
    done_quietly
    net_run "$both"'mkdir -p "$dir/root/etc"; both unshare_ns --netns blue -R "$dir/root"'
    is "$output" "1 125"
    is "$(grep -c "unshare_ns: cannot mount the network namespace's sysfs on /sys: No such file or directory$" "$dir/error")" 2
    unchanged
}

@test "without the newer calls for mounts, by mount(2)" {
    net_run '(unshare_ns --netns blue); echo "of blue" >/etc/netns/blue/hosts; mkdir /etc/netns/blue/netns
            "$NSB_BUILDDIR/tests/with-seccomp" ENOSYS fsopen fsconfig fsmount open_tree move_mount mount_setattr openat2 -- \
                bash --norc -c "enable -f $NSBUILTINS_SO nsenter_ns; nsenter_ns --netns blue; cat /etc/hosts; echo /sys/class/net/* /etc/netns/*"'
    is "$output" $'of blue\n/sys/class/net/lo /etc/netns/*'
    done_quietly
}

@test "what it does not go with" {
    net_run 'for plan in "unshare_ns --netns blue --net=/run/netns/red" "unshare_ns --net=/run/netns/red --netns blue" \
                "nsenter_ns --netns blue -n/proc/self/ns/net" "nsenter_ns -t $$ -N 0 --netns blue"; do
                $plan; echo $?
            done 2>&1 | grep -v "^unshare_ns\|^nsenter_ns"
            unshare_ns --netns blue --propagation shared 2>&1 | head -n 1 | cut -d : -f 4-
            ls /run'
    is "$(grep -c '^2$' <<<"$output")" 4
    is "$(grep -c 'unshare_ns: --netns and --net=FILE exclude each other' <<<"$output")" 2
    is "$(grep -c 'nsenter_ns: --netns, --net and --net-socket exclude each other' <<<"$output")" 2
    is "$(tail -n 1 <<<"$output")" " with --netns, --propagation must be slave or private, or its mounts would be seen outside"
}

@test "what is elsewhere is not looked through for what there is to mount" {
    net_run '(unshare_ns --netns blue); unshare --mount sleep 1000 & until [[ $(<"/proc/$!/comm") == sleep ]]; do sleep 0.02; done
            for words in "-t $! -m" "-t $! -a" "-t $! -r" --root=/usr "-m/proc/$!/ns/mnt" "--visit --netns-mounts -t $! -m"; do
                nsenter_ns $words --netns blue true; echo $?
            done
            nsenter_ns --visit -t "$!" -m --netns blue true; echo $?; kill "$!"'
    is "$output" $'125\n125\n125\n125\n125\n125\n0'
    is "$(grep -c 'nsenter_ns: --netns mounts in this root and mount namespace, and another is to be entered: say --net=/run/netns/blue$' "$dir/error")" 6
    nothing_runs
}

@test "who may not mount is told so" {
    ((EUID != 0)) || skip "needs an ordinary user"
    sh_run 'fingerprint "$dir/before"; unshare_ns --netns nsb-$$; first=$?; unshare_ns -r --netns nsb-$$; echo "$first $?"; fingerprint "$dir/after"'
    is "$output" "1 1"
    unchanged
    like "$error" "*unshare_ns: *"
}

@test "a visit by a name is to the network alone, and with --netns-mounts to what shows it; either comes home" {
    net_run "$looking"'(unshare_ns --netns blue); echo "of blue" >/etc/netns/blue/hosts
            look >"$dir/before"; mounts=$(readlink /proc/self/ns/mnt) mounted=$(</proc/self/mountinfo)
            note() { seen=$(readlink /proc/self/ns/net) shown=$(</etc/hosts) there=$(readlink /proc/self/ns/mnt); }
            nsenter_ns --visit --netns blue note && [[ $there == "$mounts" ]] && echo "$shown"
            first=$seen; [[ $first != "$(head -n 1 "$dir/before")" ]] && echo elsewhere
            nsenter_ns --visit --netns blue --netns-mounts note && [[ $there != "$mounts" && $seen == "$first" ]] && echo "$shown"
            : >/etc/netns/blue/nothing
            nsenter_ns --visit --netns blue --netns-mounts note; echo $?
            nsenter_ns --visit --netns green note; echo $?
            look >"$dir/after"; diff "$dir/before" "$dir/after"
            [[ $(readlink /proc/self/ns/mnt) == "$mounts" && $(</proc/self/mountinfo) == "$mounted" ]] && echo home
            nsenter_ns --netns-mounts --visit -n/proc/self/ns/net true 2>&1 | head -n 1 | cut -d : -f 4-'
    is "$output" $'of the host\nelsewhere\nof blue\n125\n125\nhome\n --netns-mounts needs --netns'
    is "$(grep -c 'nsenter_ns: cannot bind /etc/netns/blue/nothing on its file in /etc: ' "$dir/error")" 1
    is "$(grep -c 'nsenter_ns: /run/netns/green: No such file or directory' "$dir/error")" 1
}

@test "the root stays: so do OLDPWD and the file of the history" {
    net_run '(unshare_ns --netns blue); cd /usr; cd /tmp; HISTFILE=$dir/history
            for plan in "nsenter_ns --netns blue" "unshare_ns --netns red" "nsenter_ns --visit --netns blue --netns-mounts true"; do
                ($plan && echo "$PWD $OLDPWD ${HISTFILE#"$dir/"}")
            done'
    is "$output" $'/tmp /usr history\n/tmp /usr history\n/tmp /usr history'
    done_quietly
}

# What the tests of examples/netns-report start with: two networks, joined by a cable
networks='ip netns add blue && ip netns add red && ip -n blue link add eth0 type veth peer name eth1 netns red &&
          ip -n blue link set eth0 addrgenmode none && ip -n red link set eth1 addrgenmode none &&
          ip -n blue link set lo up && ip -n blue addr add 10.1.2.3/20 dev eth0 && ip -n red addr add 2001:db8::5/64 dev eth1 nodad &&
          ip -n red addr add fe80::1/10 dev eth1 nodad &&
          ip -n blue link set eth0 up && ip -n red link set eth1 up && ip -n blue route add default via 10.1.0.1 &&
          ip -n blue route add 172.16.0.0/12 via 10.1.2.9 && ip -n red route add 2001:db8:5::/48 via 2001:db8::1 || exit
'

needs_networks() {
    needs ip -V
    needs unshare -rn ip link add eth0 type veth peer name eth1
}

@test "netns-report: addresses and routes as ip(8) has them, by one process" {
    needs_networks
    needs strace -o /dev/null true
    net_run "$networks"'for name in blue red; do
                ip -n $name -o address | while read -r _ device _ address _; do echo "address $address on $device"; done
                ip -n $name -4 route; ip -n $name -6 route
            done | sed -E "/^address/! { s/ (proto|scope|src|metric|pref) .*//; s/ via / by /; s/ dev / on /; s/ *$//; s/^/route / }" | sort >"$dir/expected"
            strace -f -o "$dir/trace" -e trace=process bash "$NSB_SRCDIR/examples/netns-report" blue red | sed -E "s/^ +//; s/ +/ /" | sort'
    is "$(grep -vxE 'blue|red|networks: .*' <<<"$output")" "$(<"$dir/expected")"
    (($(wc -l <"$dir/expected") > 10))
    is "$(grep -cE '^[0-9]+ +(execve|clone|clone3|v?fork)\(' "$dir/trace")" 1
    done_quietly
}

@test "netns-report: sockets as ss(8) has them, of all families and byte orders" {
    needs_networks
    needs ss -V
    needs perl -MSocket -e 1
    net_run "$networks"'ip netns exec blue perl -MSocket=:all -e '\''
                sub at { my ($family, $type, $address) = @_;
                    my $socket; socket($socket, $family, $type, 0) && bind($socket, $address) && ($type == SOCK_DGRAM || listen($socket, 1)) || die $!;
                    push @all, $socket }
                at(AF_INET, SOCK_STREAM, pack_sockaddr_in(80, inet_aton("10.1.2.3")));
                at(AF_INET, SOCK_STREAM, pack_sockaddr_in(443, INADDR_ANY));
                at(AF_INET6, SOCK_STREAM, pack_sockaddr_in6(8080, inet_pton(AF_INET6, "::1")));
                at(AF_INET, SOCK_DGRAM, pack_sockaddr_in(53, inet_aton("127.0.0.1")));
                open F, ">$ENV{dir}/listens"; close F; sleep 1000'\'' &
            until [[ -e $dir/listens || ! -e /proc/$! ]]; do sleep 0.05; done
            ip netns exec blue ss -HltnuO | while read -r protocol _ _ _ address _; do echo "$protocol $address"; done | sort >"$dir/expected"
            "$NSB_SRCDIR/examples/netns-report" blue | sed -n "s/^ *listens *//p; /^networks/p" | sort; kill $!'
    is "$output" "$(sort "$dir/expected" <(echo "networks: 1, sockets that listen: 4"))"
    is "$(wc -l <"$dir/expected")" 4
    nothing_runs
}

@test "netns-report: all networks, each once, of names, processes and files; a device of any name" {
    needs_networks
    net_run "$networks"'ip netns attach again $$; : >/run/netns/stale
            ip -n red link add '\''$(id)*;'\'' type veth peer name down && ip -n red addr add 10.9.0.1/24 dev '\''$(id)*;'\'' &&
                ip -n red link set '\''$(id)*;'\'' up && ip -n red addr add 10.8.0.1/24 dev down || exit
            unshare --net bash -c "exec 7</proc/self/ns/net; exec unshare --net sleep 1000" &
            until [[ $(<"/proc/$!/comm") == sleep ]]; do sleep 0.02; done
            mkdir "/run/a place"; : >"/run/a place/net"; (unshare_ns --net="/run/a place/net")
            "$NSB_SRCDIR/examples/netns-report" >"$dir/report"; echo $?
            grep -v "^ " "$dir/report" | grep -E "^(this|blue|red|again|stale|of process $! |held by /(proc/$!|run)/)" | sed "s/[0-9][0-9]*/N/" | sort
            grep "10\.[89]\.0\.1" "$dir/report"
            kill $!'
    is "$output" $'1\nblue\nheld by /proc/N/fd/7\nheld by /run/a\\ place/net\nof process N (sleep)\nred\nthis shell\'s\n    address  10.8.0.1\n    address  10.9.0.1/24 on \\$\\(id\\)\\*\\;'
    is "$(grep -c 'nsenter_ns: /run/netns/stale: expected a network namespace file' "$dir/error")" 1
    nothing_runs
}
