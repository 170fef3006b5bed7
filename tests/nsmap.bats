#!/usr/bin/env bats
# nsmap: showing where a process stands, and writing ID maps.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

types="cgroup ipc mnt net pid time user uts"

# numbers PID: the inode numbers of its namespaces, in the order of $types
numbers() {
    local type
    for type in $types; do
        readlink "/proc/$1/ns/$type" | tr -dc '0-9\n'
    done
}

maps='cat /proc/self/{uid_map,gid_map,setgroups}; id -u; id -g; echo $UID $EUID'

@test "shows the namespaces and ID maps of the shell" {
    local type
    sh_run 'unshare_ns -rmuin || exit
            nsmap && for type in cgroup ipc mnt net pid time user uts; do readlink /proc/self/ns/$type; done' >/dev/null
    done_quietly
    for type in $types; do
        local inode
        inode=$(grep "^$type:\[" "$dir/output" | tr -dc 0-9)
        [[ $type != pid ]] || type=pid_ns # "pid" is the process
        grep -Ew "$type" "$dir/output" | grep -v '\[.*\]$' | grep -w "$inode"
    done
    grep -Ew "0 +$EUID +1" "$dir/output"
}

@test "shows those of another process" {
    target --map-user=5 --map-group=6 -mu
    sh_run 'nsmap -t "$1"' "$target"
    done_quietly
    local inode
    for inode in $(numbers "$target"); do
        grep -w "$inode" "$dir/output"
    done
    grep -w "5[ :]*${EUID}[ :]*1" "$dir/output"
    grep -w "6[ :]*$(id -g)[ :]*1" "$dir/output"
    target -rp # before the first child there
    sh_run 'nsmap -A map -t "$1" && echo "${map[pid_ns]} ${map[pid_for_children]-none}"' "$target"
    is "$output" "$(numbers "$target" | sed -n 5p) none"
    done_quietly
}

@test "-A: into an associative array" {
    target --map-user=5 --map-group=6 -mT
    sh_run 'nsmap -t "$1" -A map || exit
            for type in cgroup ipc mnt net pid_ns time user uts; do echo "${map[$type]}"; unset "map[$type]"; done
            echo "${map[pid_for_children]} ${map[time_for_children]} ${map[uid_map]},${map[gid_map]} ${map[setgroups]}"
            echo "${map[pid]}"
            unset "map["{pid,pid_for_children,time_for_children,uid_map,gid_map,setgroups}"]"; echo "${#map[@]}"' "$target"
    done_quietly
    mapfile -t lines <<<"$output"
    is "$(printf '%s\n' "${lines[@]:0:8}")" "$(numbers "$target")"
    local pid time
    pid=$(readlink "/proc/$target/ns/pid_for_children" | tr -dc 0-9)
    time=$(readlink "/proc/$target/ns/time_for_children" | tr -dc 0-9)
    like "${lines[8]}" "$pid $time *([ ])5*([ ])$EUID*([ ])1,*([ ])6*([ ])$(id -g)*([ ])1 deny"
    is "${lines[*]:9}" "$target 0"
}

@test "-A: of the shell, into what there was, and a local one" {
    sh_run 'declare -A map=([old]=1); nsmap -A map; echo "${map[old]-gone} ${map[user]}"
            f() { local -A mine; nsmap -A mine; echo "${mine[user]}"; }; f; echo "${mine-unset}"'
    local user
    user=$(readlink /proc/self/ns/user | tr -dc 0-9)
    is "$output" "gone $user"$'\n'"$user"$'\nunset'
    done_quietly
}

@test "-A: an array of bash's own is refused" {
    sh_run 'nsmap -A BASH_ALIASES; echo $?; alias'
    is "$output" 1
    like "$error" "bash: line +([0-9]): nsmap: BASH_ALIASES: an array of bash's own"
}

@test "-A: in an array of integers the values are text, too" {
    sh_run 'unshare_ns -U; declare -Ai map; before=(/proc/$$/fd/*); for i in 1 2 3; do nsmap -t $$ -A map || exit; done
            after=(/proc/$$/fd/*); echo "${#map[@]} ${map[setgroups]} $((${#after[@]} - ${#before[@]}))"'
    like "$output" "1[234] allow 0"
    done_quietly
}

@test "-A: what is no name, or cannot be one, is refused" {
    local name
    for name in 1x "" 'a b' list scalar constant UID; do
        sh_run 'list=(1); scalar=2; declare -rA constant; fingerprint "$dir/before"
                nsmap -A "$1"; status=$?; fingerprint "$dir/after"; echo "${list[0]} $scalar ${#constant[@]}"
                exit $status' "$name"
        like "$status" "[12]"
        is "$output" "1 2 0"
        like "$error" "bash: line +([0-9]): *"
        unchanged
    done
}

@test "-p: a command that can be replayed" {
    sh_run 'unshare_ns --map-user=5 --map-group=6 && nsmap -p && cat /proc/self/{uid_map,gid_map,setgroups} >"$dir/maps"'
    done_quietly
    like "$output" "@(unshare_ns|nsmap) *5*$EUID*"
    sh_run "unshare_ns -U; $output; cat /proc/self/{uid_map,gid_map,setgroups}"
    is "$output" "$(<"$dir/maps")"
    done_quietly
}

@test "writes the maps of the shell itself, as unshare(1) does" {
    local option by_unshare
    for option in "-r" "-c" "--map-user=5 --map-group=6" "--map-user=daemon --map-group=daemon" "--map-root-user" \
        "--map-current-user" "--map-user=5" "--map-group=6" "--setgroups=deny"; do
        # shellcheck disable=SC2086 # words
        by_unshare=$(unshare --user $option bash -c "$maps")
        # shellcheck disable=SC2086
        sh_run "unshare_ns -U && nsmap \"\$@\" && $maps" $option
        is "$output" "$by_unshare"
        done_quietly
    done
}

@test "writes the maps of another process" {
    target -U
    sh_run 'nsmap -t "$1" --map-user=5 --map-group=6 && cat "/proc/$1/"{uid_map,gid_map,setgroups}' "$target"
    like "$output" "*([ ])5 *([ ])$EUID *([ ])1"$'\n'"*([ ])6 *([ ])$(id -g) *([ ])1"$'\n'deny
    done_quietly
}

@test "the prompt knows who the shell has become" {
    sh_run 'PS1="\u \\$"; unshare_ns -U && echo "$UID" && nsmap -r && echo "${PS1@P} $UID $EUID"'
    is "$output" "$(cat /proc/sys/kernel/overflowuid)"$'\nroot # 0 0'
    done_quietly
}

@test "the IDs outside are those from before the user namespace that the shell is in" {
    sh_run 'unshare_ns -r; unshare -U sleep 100 & trap "kill $!" EXIT; until [[ $(</proc/$!/comm) == sleep ]]; do :; done
            nsenter_ns -t $! -U --preserve-credentials && { nsmap -r; echo $?; }'
    is "$output" 1
    like "$error" "bash: line +([0-9]): nsmap: the IDs outside are not known: *"
    via=(unshare -r)
    sh_run 'unshare_ns --check -U; nsmap -r'
    is "$status" 1
    like "$error" "bash: line +([0-9]): nsmap: the IDs outside are not known: *"
}

@test "what was written already cannot be written again" {
    sh_run 'unshare_ns -r; fingerprint "$dir/before"; nsmap -c; status=$?; fingerprint "$dir/after"; id -u; exit $status'
    is "$output" 0
    is "$status" 1
    like "$error" "bash: line +([0-9]): nsmap: the user namespace has a uid_map already, and takes only one"
    unchanged
}

@test "a map that is refused in part is not written in part" {
    ((EUID != 0)) || skip "needs an ordinary user: root may write any"
    local option
    for option in "--map-user=5 --map-group=6 --setgroups=allow" "-r --setgroups=allow" "--map-group=5 --setgroups=allow"; do
        # shellcheck disable=SC2086
        sh_run 'unshare_ns -U; fingerprint "$dir/before"; nsmap "$@"; status=$?; fingerprint "$dir/after"
                exit $status' $option
        like "$status" "[12]"
        like "$error" "bash: line +([0-9]): nsmap: *"
        unchanged
    done
}

@test "maps of another process that are refused in part are not written in part" {
    sh_run 'unshare_ns -r; (unshare_ns -U; exec sleep 30) &
            until [[ $(</proc/$!/comm) == sleep ]]; do sleep 0.01; done
            for maps in "--map-users=0:0:1 --map-groups=0:50:1 --setgroups=deny" "-r --map-groups=1:1:1"; do
                nsmap -t $! $maps; echo $?
                cat /proc/$!/{uid_map,setgroups}
            done
            nsmap -t $! -r && grep -c . /proc/$!/uid_map; kill $!'
    is "$output" $'1\ndeny\n1\ndeny\n1'
    is "$(grep -c ': nsmap: cannot write the user namespace.s gid_map' "$dir/error")" 2
}

@test "a setgroups file that cannot be written is told; once more is tried" {
    needs strace -o /dev/null true
    local when
    for when in 1+ 1; do
        target -U
        via=(strace -o "$dir/trace" -P "/proc/$target/setgroups" -e trace=write -e "inject=write:error=EIO:when=$when")
        sh_run 'nsmap -t "$1" -r --setgroups=deny; echo $?' "$target"
        [[ $when == 1 ]] || {
            is "$output" 1
            like "$error" "*nsmap: cannot write the user namespace's setgroups file: Input/output error"
        }
    done
    is "$output" 0
    done_quietly
}

@test "what the shell cannot map from inside is refused before anything is written" {
    local user=$EUID group maps
    group=$(id -g)
    for maps in "--map-users=0:$user:1 --map-groups=0:$group:1" "--map-users=0:$((user + 4242)):1" \
        "--map-users=0:$user:1 --map-groups=0:$((group + 4242)):1 --setgroups=deny"; do
        # shellcheck disable=SC2086
        sh_run 'unshare_ns -U; fingerprint "$dir/before"; nsmap "$@"; status=$?; fingerprint "$dir/after"
                exit $status' $maps
        is "$status" 1
        like "$error" "bash: line +([0-9]): nsmap: *inside*"
        unchanged
        # shellcheck disable=SC2086
        sh_run 'unshare_ns -U; nsmap -t $$ "$@"; cat /proc/self/uid_map' $maps
        is "$output" ""
        like "$error" "bash: line +([0-9]): nsmap: *inside*"
    done
    sh_run 'unshare_ns -U; nsmap -t $$ --map-users="0:$1:1" --map-groups="0:$2:1" --setgroups=deny; echo "$? $UID $EUID"' "$user" "$group"
    is "$output" "0 0 0"
    sh_run 'unshare_ns -U --setgroups=deny; nsmap --setgroups=allow; echo $?; nsmap --map-users="0:$1:1" --map-groups="0:$2:1"
            id -u; id -g' "$user" "$group"
    is "$output" $'1\n0\n0'
    like "$error" "bash: line +([0-9]): nsmap: the user namespace denies setgroups(2) already, which is for good"
}

@test "setgroups(2) that can no longer be denied, or allowed, is refused before a map is written" {
    target -U --map-group=0
    sh_run 'nsmap -t "$1" --map-users="0:$EUID:1" --setgroups="$2"; echo $?; cat "/proc/$1/uid_map"' "$target" allow
    is "$output" 1
    like "$error" '*nsmap: the user namespace denies setgroups(2) already, which is for good'
    sh_run 'nsmap -t "$1" --map-users="0:$EUID:1" --setgroups="$2"; echo $?; cat "/proc/$1/uid_map"' "$target" deny
    is "$output" 1
    like "$error" '*nsmap: the user namespace has a gid_map already, and setgroups(2) is denied before that'
}

@test "nobody writes maps of the namespace that all start in" {
    sh_run 'fingerprint "$dir/before"; nsmap -r; status=$?; fingerprint "$dir/after"; exit $status'
    is "$status" 1
    like "$error" "bash: line +([0-9]): nsmap: *"
    unchanged
}

@test "in the /proc of another PID namespace, it says what to do" {
    sh_run 'unshare_ns -rp; nsmap -t $$; echo $?; nsmap -t $$ -A array; echo $?'
    is "$output" $'1\n1'
    is "$(grep -c '1: Invalid cross-device link; mount a procfs on /proc, of this PID namespace$' "$dir/error")" 2
    sh_run 'unshare_ns -rp; nsmap -A map && [[ $(readlink /proc/self/ns/pid) == "pid:[${map[pid_ns]}]" ]]'
    done_quietly
}

@test "a process that is gone, or is none" {
    sh_run 'sleep 0 & wait; jobs >/dev/null; fingerprint "$dir/before"; nsmap -t $!; echo $?; nsmap -t 999999999; echo $?
            nsmap -t $! -A map; echo $?; nsmap -t $! -r; echo $?; fingerprint "$dir/after"; declare -p map'
    is "$output" $'1\n1\n1\n1'
    is "$(grep -c 'nsmap: ' "$dir/error")" 4
    unchanged
}

@test "a write to a closed standard output is an error" {
    sh_run 'nsmap >&-'
    is "$status" 1
    like "$error" "bash: line +([0-9]): nsmap: *"
}

@test "a process behind the options is the target" {
    target -mru
    sh_run '[[ $(nsmap "$1") == "$(nsmap -t "$1")" ]] && nsmap -A map "$1" && echo "${map[pid]}"' "$target"
    is "$output" "$target"
    done_quietly
    sh_run 'sleep 1000 & nsmap --pid %1; echo "$!"; kill %1'
    is "$(sed -n 1p <<<"$output")" "$(sed -n 2p <<<"$output")"
    sh_run 'nsmap abc'
    like "$error" "*nsmap: abc: expected a PID from 1, PID:INODE, %JOB, or /dev/fd/N (a pidfd or an open /proc/PID)"$'\n'*
}

@test "wrong usage: status 2, a sentence and the usage line" {
    local usage
    while read -r usage; do
        sh_run "nsmap $usage"
        is "$status" 2
        is "$output" ""
        like "$error" "bash: line +([0-9]): nsmap: *"$'\n'"nsmap: usage: nsmap [*"
    done <<-'EOT'
		-t
		-t abc
		-A
		operand
		-t 1 1
		1 1
		-r --setgroups maybe
		-r -p
		-r -A map
		-A map -p
		--same uts 1 1 1
	EOT
}

@test "--pid: of the shell, of a target, of the shell inside" {
    target -mru
    sh_run 'nsmap --pid; echo $$; (nsmap --pid; echo $BASHPID); nsmap -t "$1" --pid
            unshare_ns -rp eval "echo >\"\$dir/ready\"; sleep 1000; true" & until [[ -e $dir/ready ]]; do sleep 0.02; done
            nsmap -t %1 -A map; nsmap -t %1 --pid; echo "${map[pid]}"; sed -n "s/^NSpid:.*\t//p" "/proc/${map[pid]}/status"
            [[ ${map[pid_ns]} == "$(stat -L -c %i "/proc/${map[pid]}/ns/pid")" ]] && echo "in its namespace"
            kill %1' "$target" 2>/dev/null
    mapfile -t lines <<<"$output"
    is "${lines[0]} ${lines[2]} ${lines[4]} ${lines[5]}" "${lines[1]} ${lines[3]} $target ${lines[6]}"
    is "${lines[*]:7}" "1 in its namespace"
    nothing_runs
    for option in -p '-A map' --map-root-user '--same net 1 1'; do
        sh_run 'nsmap --pid $1' "$option" 2>/dev/null
        is "$status" 2
    done
}
