#!/usr/bin/env bats
# nsenter_ns: joining the namespaces of a process that unshare(1) started.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# as_nsenter OPTION...: the shell and a COMMAND stand where nsenter(1), given the same OPTIONs, puts a program
as_nsenter() {
    local by_nsenter reference=(nsenter) probe='
        readlink /proc/self/ns/*; readlink /proc/self/{root,cwd}; uname -n; pwd -P; id -u; id -g; id -G
        grep -E "^(Cap|Uid|Gid|Groups)" /proc/self/status'
    # util-linux 2.38 gives up where setgroups(2) is denied; who maps nobody but himself has the same IDs without it.
    ((EUID == 0)) || reference+=(--preserve-credentials)
    by_nsenter=$("${reference[@]}" "$@" bash -c "$probe")
    sh_run 'probe=$1; shift; nsenter_ns "$@" || exit; bash -c "$probe"; exit' "$probe" "$@"
    is "$output" "$by_nsenter"
    done_quietly
    sh_run 'probe() { bash -c "$probe"; }; probe=$1; shift; nsenter_ns "$@" probe' "$probe" "$@"
    is "$output" "$by_nsenter"
    done_quietly
}

# namespace TYPE: the target's
namespace() {
    readlink "/proc/$target/ns/$1"
}

# Before Linux 6.3, only a fork goes to a new time namespace.
@test "each type from the target, by letter and by name" {
    local option
    target -rmuinCTf
    as_nsenter -t "$target" -U
    for option in -m -u -i -n -C -T --mount --uts --ipc --net --cgroup --time; do
        as_nsenter --target "$target" --user $option
    done
}

@test "root needs no user namespace" {
    ((EUID == 0)) || skip "needs root"
    local option
    target -muinCTf
    for option in -m -u -i -n -C -T; do
        as_nsenter -t "$target" $option
    done
}

@test "all of a target that has all of its own" {
    in_target='hostname target' target -rmuinCTpf
    as_nsenter -t "$target" -a
    is "$(sed -n '/^target$/p' "$dir/output")" target
}

@test "-a joins what differs, and only that" {
    target -ru
    sh_run 'nsenter_ns -t "$1" --all && readlink /proc/self/ns/{user,uts}' "$target"
    is "$output" "$(namespace user)"$'\n'"$(namespace uts)"
    done_quietly
}

@test "each type from a file" {
    local option type
    target -rmuinCTf
    for option in -m:mnt -u:uts -i:ipc -n:net -C:cgroup -T:time \
        --mount=:mnt --uts=:uts --ipc=:ipc --net=:net --cgroup=:cgroup --time=:time; do
        type=${option#*:}
        # The user namespace comes first, wherever its option stands.
        sh_run 'nsenter_ns "$@" && readlink /proc/self/ns/'"$type" \
            "${option%:*}/proc/$target/ns/$type" "-U/proc/$target/ns/user"
        is "$output" "$(namespace "$type")"
        done_quietly
    done
    sh_run 'nsenter_ns --user="$1" && readlink /proc/self/ns/user && id -u' "/proc/$target/ns/user"
    is "$output" "$(namespace user)"$'\n0'
    done_quietly
}

@test "a file and a target together" {
    target -ru
    local uts=$target
    target -rn
    ((EUID == 0)) || skip "an ordinary user's two user namespaces exclude each other"
    sh_run 'nsenter_ns -t "$1" -n --uts="/proc/$2/ns/uts" && readlink /proc/self/ns/{net,uts}' "$target" "$uts"
    is "$output" "$(namespace net)"$'\n'"$(readlink "/proc/$uts/ns/uts")"
    done_quietly
    local net=$target
    target -rpf # of the two, the file
    sh_run 'nsenter_ns -t "$1" -n --pid="/proc/$2/ns/pid" readlink /proc/self/ns/{net,pid}' "$net" "$target"
    is "$output" "$(readlink "/proc/$net/ns/net")"$'\n'"$(readlink "/proc/$target/ns/pid")"
    done_quietly
}

@test "credentials are those of nsenter(1)" {
    target -r
    as_nsenter -t "$target" -U --preserve-credentials
    as_nsenter -t "$target" -U -S 0 -G 0
    target --map-user=5 --map-group=6
    as_nsenter -t "$target" -U --preserve-credentials
    as_nsenter -t "$target" -U -S 5 -G 6
    as_nsenter -t "$target" -U --setuid 5 --setgid 6
}

@test "root takes any credentials" {
    ((EUID == 0)) || skip "needs root"
    target -u
    as_nsenter -t "$target" -u -S 1 -G 2
    as_nsenter -t "$target" -u -S 1
    as_nsenter -t "$target" -u -G 2
    sh_run 'nsenter_ns -t "$1" -u -S 1 && while read -r line; do echo "$line"; done < <(echo substituted)' "$target"
    is "$output" substituted
    done_quietly
}

@test "supplementary groups go where they can" {
    ((EUID == 0)) || skip "needs root: who maps his own IDs alone must give up setgroups(2)"
    target -U
    echo "0 0 10" >"/proc/$target/uid_map"
    echo "0 0 10" >"/proc/$target/gid_map"
    via=(setpriv --groups "3,4")
    sh_run 'nsenter_ns -t "$1" -U && id -G && echo "${GROUPS[*]}"' "$target"
    is "$output" $'0\n0'
    done_quietly
    sh_run 'nsenter_ns -t "$1" -U --preserve-credentials && id -G' "$target"
    is "$output" "0 3 4"
    done_quietly
}

@test "supplementary groups are dropped outside where they cannot be inside" {
    ((EUID == 0)) || skip "needs root, for groups of its own"
    target -ru
    via=(setpriv --groups "5,6")
    sh_run 'nsenter_ns -t "$1" -U -u && grep ^Groups: "/proc/$BASHPID/status"' "$target"
    is "${output//[[:blank:]]/}" Groups:
    done_quietly
}

@test "a namespace that neither who is outside nor who is inside may join" {
    ((EUID != 0)) || skip "needs an ordinary user"
    target -ru
    sh_run 'fingerprint "$dir/before"; nsenter_ns --user="/proc/$1/ns/user" --uts=/proc/self/ns/uts; echo $?; fingerprint "$dir/after"' "$target"
    is "$output" 1
    like "$error" '*: cannot join the user and UTS namespace: Operation not permitted; *'
    unchanged
}

@test "a namespace that only who is outside may join, and a user namespace" {
    ((EUID == 0)) || skip "needs root"
    local inside
    target -ru
    inside=$target
    target -n
    sh_run 'nsenter_ns --user="/proc/$1/ns/user" --net="/proc/$2/ns/net" && readlink /proc/self/ns/{user,net}' "$inside" "$target"
    is "$output" "$(readlink "/proc/$inside/ns/user" "/proc/$target/ns/net")"
    done_quietly
}

@test "-r and -w: root and working directory of the target" {
    mkdir -p "$dir/root/in" "$dir/other"
    in_target="mount --rbind / '$dir/root' && cd '$dir'" target -rm
    as_nsenter -t "$target" -U -m
    as_nsenter -t "$target" -U -m -w
    as_nsenter -t "$target" -U -m --wd
    as_nsenter -t "$target" -U -w
    as_nsenter -t "$target" -U -m "--wd=$dir/other"
    as_nsenter -t "$target" -U -m "-w$dir/other"
    as_nsenter -t "$target" -U -m "--root=/" "--wd=$dir/other"
    as_nsenter -t "$target" -U -m -r -w
}

@test "-r of a target with another root" {
    mkdir "$dir/root"
    in_target="mount --rbind / '$dir/root'; exec chroot '$dir/root' sleep 1000" target -rm
    as_nsenter -t "$target" -U -m -r -w
    sh_run 'nsenter_ns -t "$1" -U -m -r && echo "$PWD" && nsmap -A here && echo "${here[mnt]}"' "$target"
    like "$output" "/"$'\n'"$(namespace mnt | tr -dc 0-9)"
}

@test "--wdns of a target with another root" {
    [[ $(nsenter --help) == *--wdns* ]] || skip "this nsenter(1) is too old for --wdns"
    mkdir "$dir/root"
    in_target="mount --rbind / '$dir/root'; exec chroot '$dir/root' sleep 1000" target -rm
    as_nsenter -t "$target" -U -m -r --wdns=/usr
}

@test "-r alone goes to the new root, and leaves no way out" {
    local options
    mkdir -p "$dir/root/inner"
    target -r
    for options in "-r$dir/root" "-t $target -U --root=$dir/root" "-t $target --user -r$dir/root"; do
        [[ $options != -r* || $EUID == 0 ]] || continue
        # shellcheck disable=SC2086 # words
        sh_run 'cd "$dir/root"; cd "$dir"; nsenter_ns "$@" && echo * && pwd && pwd -P && echo "$PWD ${OLDPWD-none}"
                cd ..; echo *; PS1="\w"; echo "${PS1@P}"; cd inner; cd -' $options
        is "$output" $'inner\n/\n/\n/ none\ninner\n/\n/'
        done_quietly
    done
    mkdir "$dir/all"
    in_target="mount --rbind / '$dir/all'; cd /; exec chroot '$dir/all' sleep 1000" target -rm
    sh_run 'nsenter_ns -t "$1" -a -r && [[ . -ef / && .. -ef / ]] && echo "$PWD ${OLDPWD-none}" && pwd -P' "$target"
    is "$output" $'/ none\n/'
    done_quietly
    via=("$NSB_BUILDDIR/tests/with-seccomp" EPERM chroot --)
    sh_run 'nsenter_ns -t "$1" -U -r' "$target"
    like "$error" "*: cannot change the root directory to the target's: Operation not permitted*"
}

@test "a working directory outside of the root, or one that is gone, has no name" {
    mkdir "$dir"/{root,gone}
    sh_run 'cd "$dir/gone"; sleep 100 & cd ..; rmdir gone
            (nsenter_ns -t $! -w && echo "${PWD-none} ${OLDPWD-none}" && PS1="\w" && echo "${PS1@P}" && cd - && pwd)
            kill $!
            unshare_ns -r; nsenter_ns -r"$dir/root" -w"$dir" && echo "${PWD-none} ${OLDPWD-none}"; cd /; echo "$PWD"; pwd'
    is "$output" "none $dir"$'\n.\n'"$dir"$'\n'"$dir"$'\nnone none\n/\n/'
    sh_run 'mkdir "$dir/gone"; cd "$dir/gone"; rmdir "$dir/gone"; unshare_ns -r --mount; pwd'
    is "$output" "$dir/gone" # where neither changes, bash keeps the name
}

@test "without -m, the working directory stays" {
    target -rn
    mkdir "$dir/sub"
    sh_run 'cd "$dir/sub" && nsenter_ns -t "$1" -U -n && pwd -P && echo "$PWD" && readlink /proc/self/ns/net' "$target"
    is "$output" "$dir/sub"$'\n'"$dir/sub"$'\n'"$(namespace net)"
    done_quietly
}

@test "-p moves the shell into the target's PID namespace" {
    target -rpfm
    sh_run 'trap "echo bye \$BASHPID" EXIT
            nsenter_ns -t "$1" -U -p -m && echo $(($$ == BASHPID && $$ > 1)) $PPID; readlink /proc/self/ns/pid; exit 4' \
        "$target"
    mapfile -t lines <<<"$output"
    is "${lines[0]}" "1 0"
    is "${lines[1]}" "$(namespace pid)"
    like "${lines[2]}" "bye +([0-9])"
    is "$status" 4
    is "$error" ""
}

@test "who stands in the target already, or is the target" {
    sh_run 'unshare_ns -ru; readlink /proc/self/ns/uts; nsenter_ns -t $$ -u && readlink /proc/self/ns/uts'
    is "$(uniq <<<"$output" | wc -l)" 1
    [[ $output != *"$(readlink /proc/self/ns/uts)"* ]]
    done_quietly
}

@test "COMMAND, the caller unchanged" {
    target -rmun
    sh_run 'f() { hostname "$1" && uname -n && return 3; }
            fingerprint "$dir/before"; nsenter_ns -t "$1" -a f inside; status=$?; fingerprint "$dir/after"
            exit $status' "$target"
    is "$output" inside
    is "$status" 3
    unchanged
}

@test "a target alone: what to say is said" {
    sh_run 'nsenter_ns -t $$'
    is "$status" 2
    like "$error" "bash: line +([0-9]): nsenter_ns: no namespace is named: say --all (-a) for those *"$'\n'*
}

@test "wrong usage: status 2, a sentence and the usage line, nothing changed" {
    local usage expected
    while read -r usage; do
        sh_run "fingerprint \$dir/before
                nsenter_ns $usage; status=\$?
                fingerprint \$dir/after; exit \$status"
        [[ $usage == true ]] && expected=125 || expected=2 # with COMMAND, as env(1) has it
        is "$status" "$expected"
        is "$output" ""
        like "$error" "bash: line +([0-9]): nsenter_ns: *"$'\n'"nsenter_ns: usage: nsenter_ns [*"
        is "$(wc -l <"$dir/error")" 2
        unchanged
    done <<-'EOT'

		--
		true
		-t
		-t $$
		-t abc -m
		-t -1 -m
		-m
		-a
		-t $$ -u -S abc
		-t $$ -u -S
		-t $$ -u -G -1
		--all=x -t $$
	EOT
}
