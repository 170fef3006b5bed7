#!/usr/bin/env bats
# unshare_ns without COMMAND and without a PID namespace: the shell itself enters.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# entered OPTION...: runs unshare_ns, and sets $output to the types whose namespace the shell is no longer in. A time
# namespace holds from the next program on: this asks one.
entered() {
    sh_run 'types=({cgroup,ipc,mnt,net,pid,time,user,uts})
            before=($(readlink "${types[@]/#//proc/self/ns/}"))
            unshare_ns "$@" || exit
            after=($(readlink "${types[@]/#//proc/self/ns/}"))
            for i in "${!types[@]}"; do
                [[ ${before[i]} == "${after[i]}" ]] || printf "%s " "${types[i]}"
            done' "$@"
}

# as_unshare SCRIPT OPTION...: SCRIPT prints the same after unshare_ns as in unshare(1), given the same OPTIONs
as_unshare() {
    local by_unshare
    by_unshare=$(unshare "${@:2}" bash -c "$1")
    sh_run "unshare_ns \"\$@\" || exit; $1" "${@:2}"
    is "$output" "$by_unshare"
    done_quietly
}

maps='cat /proc/self/{uid_map,gid_map,setgroups}; id -u; id -g; id -G; grep Cap /proc/self/status'

@test "each type alone, by letter and by name, changes nothing else" {
    local type
    for type in cgroup=-C ipc=-i mnt=-m net=-n time=-T user=-U uts=-u \
        cgroup=--cgroup ipc=--ipc mnt=--mount net=--net time=--time user=--user uts=--uts; do
        entered -r "${type#*=}"
        is "$output" "$(tr ' ' '\n' <<<"${type%%=*} user" | sort -u | tr '\n' ' ')"
        done_quietly
    done
}

@test "root needs no user namespace" {
    ((EUID == 0)) || skip "needs root"
    local type
    for type in cgroup=-C ipc=-i mnt=-m net=-n time=-T uts=-u; do
        entered "${type#*=}"
        is "$output" "${type%%=*} "
        done_quietly
    done
}

@test "all types in one word" {
    entered -UrmuinCT
    is "$output" "cgroup ipc mnt net time user uts "
    done_quietly
}

@test "line by line, as in one step" {
    sh_run 'unshare_ns --user --map-root-user
            whoami
            user=$(readlink /proc/self/ns/user)
            for type in mount uts ipc net cgroup time; do unshare_ns --$type || exit; done
            [[ $(readlink /proc/self/ns/user) == "$user" ]] && hostname box && uname -n'
    is "$output" $'root\nbox'
    done_quietly
}

@test "an ordinary user's mount namespace is refused with the advice of -r, and the script goes on" {
    ((EUID != 0)) || skip "needs an ordinary user"
    sh_run 'unshare_ns -m; echo "status $?"; unshare_ns -rm; echo "status $?"'
    is "$output" $'status 1\nstatus 0'
    like "$error" "bash: line +([0-9]): unshare_ns: *-r*"
}

@test "ID maps are those of unshare(1)" {
    as_unshare "$maps" -c
    as_unshare "$maps" --map-current-user
    as_unshare "$maps" --map-user=5
    as_unshare "$maps" --map-group=6
    as_unshare "$maps" --map-user=5 --map-group=6
    as_unshare "$maps" --map-user=daemon --map-group=daemon
    as_unshare "$maps" -U
    as_unshare "$maps" -U --setgroups=deny
    as_unshare "$maps" -U --setgroups=allow
    as_unshare "$maps" -r
    as_unshare "$maps" --map-root-user
    local at_once=$output
    sh_run "unshare_ns -r --setgroups deny; $maps" # unshare(1) of util-linux 2.38 stumbles over this one
    is "$output" "$at_once"
}

@test "propagation is that of unshare(1)" {
    local propagation
    via=(unshare -rm --propagation shared)
    for propagation in "" slave shared private unchanged; do
        sh_run 'findmnt -no PROPAGATION /
                (unshare_ns -m "$@" && findmnt -no PROPAGATION /)
                unshare -m "$@" findmnt -no PROPAGATION / || exit' ${propagation:+--propagation "$propagation"}
        done_quietly
        mapfile -t lines <<<"$output"
        like "${lines[0]}" 'shared?(,slave)' # the machine's, if that is shared, stays above it
        is "${lines[1]}" "${lines[2]}"
    done
}

@test "propagation is that of what is mounted below as well" {
    local word
    # A mount namespace of one's own, in which all is shared
    via=(unshare --user --map-root-user --mount bash -ec 'mount --make-rshared /; mkdir "$dir/below"
        mount -t tmpfs none "$dir/below"; mount --make-shared "$dir/below"; exec "$@"' bash)
    for word in private slave shared; do
        sh_run '(unshare_ns -m --propagation "$1" && findmnt -n -o PROPAGATION "$dir/below"); exit' "$word"
        is "${output#private,}" "$word"
        rmdir "$dir/below"
    done
}

@test "a mount made inside is not seen outside" {
    sh_run 'before=$(</proc/self/mountinfo)
            (unshare_ns -rm && mount -t tmpfs tmpfs "$dir" && ls -A "$dir") &&
            [[ -n $(ls -A "$dir") && $(</proc/self/mountinfo) == "$before" ]]'
    is "$output" ""
    done_quietly
}

@test "-R: the root, seen by the shell itself" {
    mkdir -p "$dir/root/some/where"
    sh_run 'unshare_ns -r -R "$dir/root" && echo / /* /*/* "$PWD" && pwd -P'
    is "$output" $'/ /some /some/where /\n/'
    done_quietly
    sh_run 'unshare_ns -r --root="$dir/root" --wd=/some && echo * && pwd -P && cd .. && echo *'
    is "$output" $'where\n/some\nsome'
    done_quietly
}

@test "-w: the working directory" {
    mkdir "$dir/sub"
    sh_run 'unshare_ns -r -w "$dir/sub" && pwd -P && readlink /proc/self/cwd'
    is "$output" "$dir/sub"$'\n'"$dir/sub"
    done_quietly
    sh_run 'cd "$dir" && unshare_ns -rm --wd sub && pwd -P'
    is "$output" "$dir/sub"
    done_quietly
}

@test "-w alone takes no privilege: the root is not touched, nor the remembered paths of commands" {
    local builtin
    mkdir "$dir/sub"
    via=("$NSB_BUILDDIR/tests/with-seccomp" EPERM chroot --)
    for builtin in "unshare_ns --wd" "unshare_ns -f --wd" "nsenter_ns --wdns" "nsenter_ns --wd"; do
        sh_run 'cd "$dir"; hash -p /nowhere/tool tool; $1=sub && pwd -P && hash -t tool' "$builtin"
        is "$output" "$dir/sub"$'\n/nowhere/tool'
        done_quietly
    done
    sh_run 'fingerprint "$dir/before"; unshare_ns --check -w "$dir/sub"; status=$?; fingerprint "$dir/after"; exit $status'
    done_quietly
    unchanged
    sh_run 'unshare_ns -rm -w "$dir/sub"' # as ever, where setns(2) resets the root
    is "$status" 1
    in_target='cd "$dir/sub"' target -ru
    sh_run 'cd "$dir"; nsenter_ns -t "$1" -w && pwd -P && echo "$PWD $OLDPWD"' "$target"
    is "$output" "$dir/sub"$'\n'"$dir/sub $dir"
    done_quietly
}

@test "a restricted shell goes to no other directory or root" {
    local option
    for option in --wd=/usr --root=/usr; do
        # It redirects no output to files either, so no fingerprint.
        sh_run 'state() { echo "$(readlink /proc/self/ns/{user,mnt} /proc/self/{cwd,root})"; }
            set -r; before=$(state); unshare_ns -rm "$1"; echo "$?"; [[ $(state) == "$before" ]]' $option
        is "$status" 0
        is "$output" 1
        like "$error" "*unshare_ns: ${option%=*}: restricted"
    done
    sh_run 'set -r; nsenter_ns -t $$ --root --wd'
    is "$status" 1
    like "$error" "*nsenter_ns: --root: restricted"
    sh_run 'set -r; unshare_ns -rm; echo $UID'
    is "$output" 0
    done_quietly
}

@test "without -R and -w, root and working directory stay" {
    mkdir "$dir/sub"
    sh_run 'cd "$dir/sub" && unshare_ns -rmuinC && pwd -P && readlink /proc/self/root && echo "$PWD"'
    is "$output" "$dir/sub"$'\n/\n'"$dir/sub"
    done_quietly
    mkdir "$dir/here"
    sh_run 'unshare_ns -r -R "$dir" && cd /here && unshare_ns -m --propagation unchanged && pwd -P && cd / && echo *'
    like "$output" $'/here\n*here*sub'
    done_quietly
}

@test "-m where no /proc is mounted, as by unshare(1)" {
    local options expected
    mkdir "$dir"/{sub,there,root}
    via=(unshare -rm --propagation shared)
    for options in -m -mu "-m --propagation slave" "-mu --hostname box" "-mn --loopback" "-m --wd $dir/there" "-mn -R $dir/root" \
        "-mp --no-fork" "-mp" "-mp --init"; do
        case $options in
            *wd*) expected=$dir/there ;;
            *-R*) expected=/ ;;
            *) expected=$dir/sub ;;
        esac
        # shellcheck disable=SC2086 # words
        sh_run 'cd "$dir/sub"; mount -t tmpfs tmpfs /proc
                (unshare_ns "$@" && echo "$PWD" && [[ . -ef $PWD ]] || exit
                    [[ $PWD == / ]] || { mount -n -t tmpfs inside "$dir/root" && : >"$dir/root/in"; })
                unshare_ns "$@" pwd; unshare_ns --check "$@"; echo "$?"
                [[ ! -e $dir/root/in ]]' $options
        is "$output" "$expected"$'\n'"$expected"$'\n0'
        done_quietly
    done
    ((EUID == 0)) || return 0
    via=(unshare -m)
    sh_run 'while umount -l /proc 2>/dev/null; do :; done; (unshare_ns -m --mount-proc && [[ -e /proc/self/stat ]]) && [[ ! -e /proc/self ]]'
    done_quietly
}

@test "-m where the root is a plain directory: no mount is seen outside, and the way back is the same" {
    local propagation
    mkdir -p "$dir"/root/{here,p}
    via=(unshare -rm --propagation shared)
    for propagation in private slave; do
        sh_run 'before=$(</proc/self/mountinfo)
                (files=(/proc/self/fd/*)
                unshare_ns -R "$dir/root" && cd here && unshare_ns -mu --propagation "$1" && echo /* "$PWD" &&
                    [[ .. -ef / && /.. -ef / ]] && unshare_ns -mp --propagation "$1" --mount-proc=/p &&
                    [[ -d /p/1 && $PWD == /here ]] && open=(/p/self/fd/*) && ((${#open[@]} == ${#files[@]})) && read -r _ _ _ _ place _ </p/self/mountinfo && echo "$place")
                [[ $before == "$(</proc/self/mountinfo)" ]] && ls "$dir/root/p"' $propagation
        is "$output" $'/here /p /here\n/p'
        done_quietly
    done
}

@test "--hostname, of the longest name too" {
    local name
    for name in box "$(printf 'x%.0s' {1..64})"; do
        sh_run 'unshare_ns -ru --hostname "$1" && uname -n' "$name"
        is "$output" "$name"
        done_quietly
    done
    [[ $(uname -n) != box ]]
}

@test "--loopback: lo is up, else it is down" {
    local connect='(exec 3<>/dev/tcp/127.0.0.1/1)'
    sh_run "unshare_ns -rn && $connect"
    like "$error" "*Network is unreachable*"
    sh_run "unshare_ns -rn --loopback && $connect"
    like "$error" "*Connection refused*"
}

@test "an option about a namespace makes it" {
    sh_run 'host=$HOSTNAME; (unshare_ns -r --hostname box && echo "$HOSTNAME" && uname -n) && [[ $(uname -n) == "$host" ]]'
    is "$output" $'box\nbox'
    done_quietly
    sh_run '(unshare_ns -r --loopback && ! nsmap --same net $$ $BASHPID && echo >/dev/tcp/127.0.0.1/1)'
    like "$error" "*Connection refused*"
}

@test "--mount-proc in place, and in another directory" {
    ((EUID == 0)) || skip "an ordinary user's new /proc needs a PID namespace of his own"
    mkdir "$dir/proc"
    sh_run 'findmnt -no TARGET "$dir/proc"; unshare_ns --mount-proc="$dir/proc" && findmnt -no FSTYPE "$dir/proc"'
    is "$output" proc
    done_quietly
    sh_run 'count() { grep -c " /proc proc " /proc/self/mounts; }
            before=$(count); unshare_ns --mount-proc && echo $(($(count) - before))'
    is "$output" 1
    done_quietly
}

@test "--mount-proc: no program there has more rights, no file there is a device" {
    sh_run 'unshare_ns -rmp --mount-proc; findmnt -n -o OPTIONS /proc | tail -n 1'
    like "$output" "*nosuid*"
    like "$output" "*nodev*"
    like "$output" "*noexec*"
}

@test "variables, arrays, functions, traps, options and open files stay" {
    echo "a line" >"$dir/file"
    sh_run 'set -u; shopt -s nullglob; list=(a "b c"); declare -A map=([k]=v); f() { echo "f $1"; }
            trap "echo bye" EXIT; exec 7<"$dir/file"; umask 027; set -- one two
            unshare_ns -rmuinC
            echo "$UID ${list[1]} ${map[k]} $- $2 $(umask)"; f x; shopt -p nullglob; read -r line <&7; echo "$line"'
    like "$output" $'0 b c v *u* two 0027\nf x\nshopt -s nullglob\na line\nbye'
    done_quietly
}

@test "in a subshell, a substitution or a pipeline, only that changes" {
    sh_run 'where() { readlink /proc/self/ns/user; }
            here=$(where)
            (unshare_ns -r && [[ $(where) != "$here" ]]) && [[ $(where) == "$here" ]] || exit 1
            there=$(unshare_ns -r && where); [[ $there != "$here" && $(where) == "$here" ]] || exit 2
            { unshare_ns -r && where; } | { read -r there && [[ $there != "$here" ]]; } || exit 3
            [[ $(where) == "$here" ]] || exit 4'
    done_quietly
}

@test "--clear-env: what a local variable hides is not exported either" {
    sh_run 'export FOO=1 BAR=1 BAZ=1; inner() { local FOO=2; unshare_ns -r --clear-env --whitelist-env=BAR; printenv FOO BAR BAZ; }
            outer() { inner; printenv FOO BAR BAZ; }
            BAZ=3 outer; printenv FOO BAR BAZ; echo "$FOO $BAR $BAZ"'
    is "$output" $'1\n1\n1\n1 1 1'
    done_quietly
}

@test "--clear-env alone, and --whitelist-env, which implies it" {
    sh_run 'unshare_ns --clear-env; export -p'
    is "$output" ""
    done_quietly
    sh_run 'export KEPT=1 KEP=2 GONE=3; unshare_ns -r --whitelist-env OTHER,KEPT,MORE; export -p'
    is "$output" 'declare -x KEPT="1"'
    done_quietly
    sh_run 'GIVEN=1 unshare_ns -r --clear-env /usr/bin/env'
    [[ $output != *GIVEN* ]]
    done_quietly
    sh_run 'options=(); for n in {1..64}; do options+=(--whitelist-env NAME$n); done; export NAME1=1 NAME64=64
            unshare_ns "${options[@]}"; export -p; unshare_ns "${options[@]}" --whitelist-env NAME65'
    is "$output" $'declare -x NAME1="1"\ndeclare -x NAME64="64"'
    is "$status" 2
    like "$error" '*--whitelist-env: NAME65: this option can be given 64 times at most*'
}

@test "--clear-env: an exported function is exported no more" {
    sh_run 'f() { echo f; }; export -f f; unshare_ns -r --clear-env; declare -Fx; f'
    is "$output" f
    done_quietly
}

@test "an option that is no letter of ASCII" {
    sh_run $'unshare_ns -r\xc3\xa4'
    is "$status" 2
    like "$(sed 1q <<<"$error")" $'bash: line +([0-9]): unshare_ns: -r\xc3\xa4: invalid option'
    sh_run $'unshare_ns -u\xff'
    like "$(sed 1q <<<"$error")" $'bash: line +([0-9]): unshare_ns: -u\xff: invalid option'
    sh_run $'unshare_ns -u\xe9 -r'
    like "$(sed 1q <<<"$error")" $'bash: line +([0-9]): unshare_ns: -u\xe9: invalid option'
}

@test "wrong usage: status 2, a sentence and the usage line, nothing changed" {
    local usage expected
    while read -r usage; do
        sh_run "fingerprint \$dir/before
                unshare_ns $usage; status=\$?
                fingerprint \$dir/after; exit \$status"
        [[ $usage == true ]] && expected=125 || expected=2 # with COMMAND, as env(1) has it
        is "$status" "$expected"
        is "$output" ""
        like "$error" "bash: line +([0-9]): unshare_ns: *"$'\n'"unshare_ns: usage: unshare_ns [*"
        is "$(wc -l <"$dir/error")" 2
        unchanged
    done <<-'EOT'

		--
		true
		--user --map-user
		-r --setgroups
		-r --setgroups maybe
		-m --propagation nonsense
		-r --propagation slave
		-r --hostname
		-r --wd
		-r --root
		-r=0
		-u -S 4294967296
		-r --map-users 0:4294967290:10
		--map-root-user=0
		-ru --hostname=
		-r --kill-child=NOSUCH
		-r --kill-child=DEBUG
		-u --setgroups=deny
	EOT
}
