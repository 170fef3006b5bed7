#!/usr/bin/env bats
# examples/bwrap beside bwrap(1), the newest that can be had: each row is given to both, and what COMMAND then sees is the
# same (mounts, files with their modes, IDs, capabilities, namespaces, environment, directory, descriptors), and the status.
# A row may end with a note:
#
#   refused    both refuse it
#   less       bwrap leaves capabilities in the bounding set that COMMAND cannot have any more
#   closed     bwrap leaves descriptors of namespaces open
#   newer      only for a bwrap of 0.11 or newer
#
# shellcheck disable=SC2016,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

ours=$NSB_SRCDIR/examples/bwrap

# What COMMAND is and has; a procfs is on /look.
look_at_self='
    grep -E "^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Seccomp_filters):" "/look/$$/status"
    tail -n +1 /look/$$/{uid_map,gid_map,setgroups} | grep -v "^==" | tr -s " "
    tr "\0" "\n" <"/look/$$/environ" | grep -vE "^(_=|SHLVL=0)" | sort
    for type in cgroup ipc mnt net pid user uts; do
        [[ $host == *"$(readlink "/look/$$/ns/$type")"* ]] || echo "$type of its own"
    done
    uname -n
    echo "$0" "$@"
    [[ $host == *"$(readlink "/look/$$/ns/pid")"* ]] || echo "PID $$, PPID $PPID"
    (cd "/look/$$/fd" && echo [0-9])'

# Whether COMMAND is in the session $1, by the numbers that the caller's /proc has
outer='--ro-bind /proc /outer'
session='read -r stat </outer/self/stat; set -- "$1" ${stat##*) }
    (($5 == $1)) && echo "the same session" || echo "a new session"'
# session: prints the session of who calls it
session() {
    local stat
    read -r stat </proc/self/stat
    # shellcheck disable=SC2086 # words
    set -- ${stat##*) }
    echo "$4"
}

# find_bwrap: sets $theirs to bwrap(1), and $is_new to whether it is new enough for all rows
find_bwrap() {
    local directory version
    local -a loaders
    if directory=$("$NSB_SRCDIR/tests/newer-util-linux" 2.42 2>"$dir/why"); then
        loaders=("$directory"/usr/lib/*/ld*.so.*)
        printf '%s\n' '#!/bin/sh' "exec ${loaders[0]} --library-path ${loaders[0]%/*} $directory/usr/bin/bwrap \"\$@\"" >"$dir/bwrap"
        chmod 755 "$dir/bwrap"
        theirs=$dir/bwrap
    else
        theirs=bwrap
    fi
    needs "$theirs" --unshare-user --unshare-pid --ro-bind / / --proc /proc true
    version=$("$theirs" --version)
    printf '%s\n' 0.11 "${version##* }" | sort --check=quiet --version-sort && is_new=true || is_new=false
}

# run SIDE PROGRAM WORD...: what comes out of it, with the row's descriptors: 3 to 9
run_side() {
    local status=0 base=$PATH
    rm -f "$dir"/info
    # shellcheck disable=SC2094 # it is written, then read
    env -i PATH="$PATH" HOME=/usr FOO=1 SHLVL=1 NSBUILTINS_SO="$NSBUILTINS_SO" host="$host" LC_ALL=C \
        timeout --signal KILL 30 "${@:2}" 3<"$dir/pid" 4<"$dir/src" 5<"$dir/user" 6>"$dir/info" 7<<<data 8<"$dir/args" 9<"$dir/filter" \
        >"$dir/$1" 2>"$dir/$1.error" || status=$?
    {
        echo "status $status"
        sed -E 's/[0-9]{2,}/N/g' "$dir/info"
    } >>"$dir/$1"
}

# compare NOTE WORD...
compare() {
    run_side theirs "$theirs" "${@:2}"
    run_side ours "$ours" "${@:2}"
    case $1 in
        refused)
            grep -q 'status 1$' "$dir/theirs" && grep -q 'status 1$' "$dir/ours" && [[ -s $dir/ours.error ]]
            return
            ;;
        closed) sed -i '/^0 1 2/d' "$dir/theirs" "$dir/ours" ;;
        less) sed -i '/^CapBnd/d' "$dir/theirs" "$dir/ours" ;;
    esac
    diff "$dir/theirs" "$dir/ours" && diff "$dir/theirs.error" "$dir/ours.error"
}

# rows BASE COMMAND: each line of standard input, after the words BASE; without a COMMAND of its own it has this one
rows() {
    local line note count=0 wrong=0 host theirs is_new
    local -a words
    host=$(readlink /proc/self/ns/*)
    find_bwrap
    mkdir -p "$dir"/src/{in/deep,out}
    echo some >"$dir/src/file"
    ln -s in "$dir/src/link"
    chmod 750 "$dir/src/in"
    chmod 755 "$dir"
    printf '%s\0' --setenv FROM args --dir /a/args >"$dir/args"
    "$NSB_BUILDDIR/tests/with-seccomp" EPERM unshare >"$dir/filter"
    target --user --map-root-user --pid --fork
    ln -s "/proc/$target/ns/user" "$dir/user"
    ln -s "/proc/$target/ns/pid" "$dir/pid"
    cd /
    while IFS='|' read -r line note; do
        note=${note# }
        [[ $note != newer ]] || $is_new || continue
        eval "words=($1 ${line//SRC/$dir/src})"
        [[ " ${words[*]} " == *" -- "* ]] || words+=(-- bash -c "$2" name 'an argument')
        compare "$note" "${words[@]}" || {
            echo "^-- $line"
            cat "$dir/ours.error"
            wrong=$((wrong + 1))
        }
        count=$((count + 1))
    done
    echo "# measured: examples/bwrap beside $("$theirs" --version), $BATS_TEST_DESCRIPTION: $count rows" >&3
    ((wrong == 0 && count > 0))
}

# A root to run programs in
system='--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/sbin /sbin --proc /proc
    --proc /look'

@test "namespaces, users, environment and privileges" {
    rows "$system" "$look_at_self" <<-'EOT'
		--unshare-user
		--unshare-user-try
		--unshare-all
		--unshare-all --share-net
		--unshare-ipc
		--unshare-pid
		--unshare-net
		--unshare-uts
		--unshare-cgroup
		--unshare-cgroup-try
		--unshare-user --unshare-pid --unshare-uts
		--unshare-all --uid 0 --gid 0
		--unshare-all --uid 1000
		--unshare-all --gid 1000
		--unshare-all --uid 1000 --gid 5 --dev /dev
		--unshare-user --uid 0 --dev /dev
		--unshare-all --dev /dev
		--dev /dev
		--unshare-all --hostname box
		--unshare-pid --as-pid-1
		--unshare-all --as-pid-1 --uid 0
		--unshare-all --die-with-parent
		--die-with-parent
		--new-session
		--unshare-all --new-session --die-with-parent --setenv host "$host"
		$outer --new-session -- bash -c "$session" bash "$(session)"
		$outer --unshare-pid --new-session -- bash -c "$session" bash "$(session)"
		$outer --unshare-pid -- bash -c "$session" bash "$(session)"
		$outer -- bash -c "$session" bash "$(session)"
		--new-session --json-status-fd 6 --sync-fd 7 -- sh -c 'kill -KILL $$'
		--args 8 --new-session -- sh -c 'exit 9'
		--unshare-user --disable-userns
		--unshare-all --unshare-user --disable-userns --uid 0
		--unshare-all --unshare-user --disable-userns -- unshare -U true
		--unshare-user --disable-userns --assert-userns-disabled
		--assert-userns-disabled | refused
		--setenv FOO 2
		--setenv HOME /nope --setenv EMPTY '' --setenv TWO 'two words'
		--unsetenv FOO --unsetenv NOTHERE
		--clearenv --setenv host "$host"
		--setenv GONE 1 --clearenv --setenv X 1 --setenv PATH /usr/bin --setenv host "$host"
		--setenv root x --setenv list y --setenv name z --setenv type t
		--setenv IFS : --setenv POSIXLY_CORRECT 1
		--chdir /usr
		--chdir /usr --setenv PWD /nope
		--argv0 other | newer
		--unshare-all --cap-add CAP_NET_RAW
		--unshare-all --cap-add cap_net_raw --cap-add CAP_KILL --cap-drop CAP_NET_RAW | less
		--unshare-all --cap-add ALL
		--unshare-all --cap-drop ALL | less
		--unshare-user --uid 0 --cap-drop ALL --cap-add CAP_SYS_ADMIN | less
		--unshare-user --uid 5 --cap-drop ALL --cap-add CAP_CHOWN | less
		--unshare-user --dev /dev --uid 5 --cap-add CAP_NET_BIND_SERVICE
		--cap-drop ALL | less
		--cap-drop CAP_SYS_ADMIN | less
		--cap-add CAP_NET_ADMIN | less
		--seccomp 9
		--unshare-all --seccomp 9 -- unshare -U true
		--add-seccomp-fd 9
		--info-fd 6
		--unshare-all --info-fd 6
		--unshare-pid --unshare-net --info-fd 6 --as-pid-1
		--json-status-fd 6
		--unshare-all --json-status-fd 6
		--unshare-all --json-status-fd 6 -- sh -c 'exit 7'
		--unshare-pid --json-status-fd 6 -- sh -c 'kill -KILL $$'
		--sync-fd 7
		--unshare-pid --sync-fd 7
		--block-fd 7
		--unshare-all --block-fd 7 --info-fd 6
		--args 8
		--unshare-all --args 8 --setenv FROM line
		--unshare-all -- sh -c 'exit 5'
		--unshare-pid -- sh -c 'kill -TERM $$'
		-- sh -c 'kill -9 $$'
		-- sh -c 'exit 200'
		-- cat /look/self/comm
		-- sh -c 'echo "$#" "$@"' sh '' 'a  b' '*'
		-- nosuch | refused
		-- /etc | refused
		--nope | refused
		--uid | refused
		--uid x --unshare-user | refused
		--uid 5 --unshare-pid --userns 7 | refused
		--hostname box | refused
		--userns 5 --unshare-user | refused
		--userns 5 | closed
		--userns 5 --unshare-pid --unshare-uts --hostname box | closed
		--userns 5 --unshare-all | refused
		--userns 5 -- readlink /look/self/ns/user
		--userns 5 --pidns 3 -- readlink /look/self/ns/pid
		--userns 5 --pidns 3 --unshare-pid | closed
		--userns 3 | refused
		--pidns 5 | refused
		--disable-userns --userns 5 | refused
		--seccomp 77 | refused
		--seccomp 7 | refused
		--args 77 | refused
		--chdir /nope | refused
		--ro-bind /nope /a | refused
	EOT
}

@test "the file system, operation by operation" {
    rows "--unshare-ipc $system" "$look_at_root" <<-'EOT'
		--tmpfs /tmp
		--perms 1777 --tmpfs /tmp --dir /a
		--size 65536 --tmpfs /tmp | newer
		--dir /a/b/c
		--perms 0700 --dir /a/b/c
		--dir /a --symlink b/c /a/link --symlink b/c /a/link | newer
		--dev /dev
		--dev /dev --tmpfs /tmp --dir /dev/more --dev-bind /dev/null /dev/other
		--dir /new --proc /new/proc
		--dir /dev --mqueue /dev/mqueue
		--dir /a --file 7 /a/b
		--perms 600 --file 7 /etc/some
		--bind-data 7 /a
		--dir /a --ro-bind-data 7 /a/b --chmod 0711 /a
		--bind SRC /a --remount-ro /a
		--ro-bind SRC /a --bind SRC/file /b
		--bind-try /nope /a --bind SRC/link /a
		--dev-bind-try SRC /a --tmpfs /a/in
		--bind-fd 4 /a | newer
		--ro-bind-fd 4 /a | newer
		--overlay-src SRC --tmp-overlay /a | newer
		--overlay-src SRC/in --overlay-src SRC/out --ro-overlay /a | newer
		--args 8 --dir /a/later
		--unshare-user --uid 7 --gid 8 --dev /dev --dir /a --file 7 /a/b
		--dir /a --chdir /a
		--tmpfs / --dir /a | refused
		--bind SRC / --dir /a | refused
		--overlay-src SRC --bind SRC /a | refused
		--file 77 /a | refused
		--perms 99 --dir /a | refused
		--symlink x /usr | refused
		--dir /usr/nope/deep | refused
	EOT
}

@test "command lines that people write" {
    mkdir -p "$dir/home/.cache" "$dir/app/bin"
    printf '%s\n' '#!/bin/sh' 'echo "the application, $#"' >"$dir/app/bin/app"
    chmod 755 "$dir/app/bin/app" "$dir"
    rows '' "$look_at_self" <<-'EOT'
		--ro-bind / / --proc /proc --dev /dev -- id
		--dev-bind / / --dir /look -- true
		--bind / / --dev /dev --proc /proc --tmpfs /tmp -- sh -c 'ls -a /tmp; id -u'
		--ro-bind / / --tmpfs /tmp --dev /dev --proc /proc --unshare-all --die-with-parent -- sh -c 'ls -a /tmp; echo $$; echo /sys/class/net/*'
		--unshare-all --share-net --ro-bind / / --proc /proc --dev /dev -- sh -c 'echo $$ /proc/[0-9]*'
		--ro-bind /usr /usr --symlink usr/lib64 /lib64 --symlink usr/lib /lib --symlink usr/bin /bin --proc /proc --dev /dev --unshare-pid -- bash -c 'echo $$ $PPID /*; ls -l /dev'
		--ro-bind /usr /usr --dir /tmp --dir /var --symlink ../tmp var/tmp --proc /proc --dev /dev --ro-bind /etc/resolv.conf /etc/resolv.conf --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin --symlink usr/sbin /sbin --chdir / --unshare-all --share-net --die-with-parent --dir "/run/user/$UID" --setenv XDG_RUNTIME_DIR "/run/user/$UID" --setenv PS1 'bwrap-demo$ ' --file 7 /etc/passwd -- sh -c 'echo /* /run/user/*; cat /etc/passwd; echo $XDG_RUNTIME_DIR $PS1; pwd'
		--bind "$dir/home" /home/user --setenv HOME /home/user --chdir /home/user --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --tmpfs /tmp --unshare-net -- sh -c 'echo ~; ls -a; pwd; touch made; ls; rm made'
		--ro-bind /usr /usr --ro-bind "$dir/app" /app --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --clearenv --setenv PATH /app/bin:/usr/bin --unshare-all -- app one two
		--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --unshare-all --uid 0 --gid 0 --hostname build --proc /proc --dev /dev --tmpfs /build --chdir /build -- sh -c 'id -u; uname -n; pwd; echo x >file; cat file'
		--ro-bind /usr /usr --tmpfs /usr/local --bind "$dir/home" /usr/local/home --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --remount-ro /usr/local -- sh -c 'ls /usr/local; touch /usr/local/x /usr/local/home/x; ls /usr/local/home; rm /usr/local/home/x'
		--args 8 --ro-bind / / --unshare-user --unshare-pid --unshare-cgroup-try --proc /proc --dev /dev --seccomp 9 --json-status-fd 6 -- sh -c 'unshare -U true; exit 3'
		--unshare-user-try --unshare-ipc --unshare-pid --unshare-uts --unshare-cgroup-try --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev --perms 1777 --tmpfs /tmp --perms 0700 --dir /run/user/1 --ro-bind-data 7 /etc/ld.so.conf --as-pid-1 --seccomp 9 --info-fd 6 -- sh -c 'echo $$; cat /etc/ld.so.conf; ls -ld /tmp /run/user/1; unshare -U true'
	EOT
}

# ends_with_parent OPTION...: whether COMMAND ends when who called is killed
ends_with_parent() {
    local parent status=0
    mkfifo "$dir/pipe"
    # shellcheck disable=SC2016
    bash -c '"$@" & wait' bash "$ours" --ro-bind / / --proc /proc "$@" bash -c 'echo runs; sleep 1000' >"$dir/pipe" &
    parent=$!
    exec {pipe}<"$dir/pipe"
    targets+=("$parent")
    read -r -t 20 -u "$pipe"
    kill -KILL "$parent"
    is "$REPLY" runs
    read -r -t 20 -u "$pipe" || status=$?
    ((status == 1)) # its end; else it is that nothing comes
}

@test "--die-with-parent: COMMAND, too, ends when who called is killed" {
    local options
    for options in "" --unshare-pid --new-session "--unshare-all --sync-fd 2"; do
        # shellcheck disable=SC2086 # words
        ends_with_parent --die-with-parent $options
        rm "$dir/pipe"
    done
}

@test "--sync-fd is open as long as COMMAND runs, and closed in it; what waits outside leaves nothing behind" {
    sh_run '"$1" --ro-bind / / --proc /proc --unshare-pid --sync-fd 8 bash -c "[[ ! -e /proc/self/fd/8 ]] && echo not in it" 8> >(cat; echo end) | cat' "$ours"
    is "$output" "not in it
end"
    done_quietly
}

@test "what cannot be done is said, with the reason, and nothing is run" {
    local option
    for option in "--lock-file /etc/passwd" "--userns2 7" "--userns-block-fd 7" "--exec-label x" "--file-label x" --level-prefix; do
        # shellcheck disable=SC2086 # words
        run "$ours" --ro-bind / / $option echo it runs
        is "$status" 1
        is "$output" "bwrap: ${option%% *}: not done here; $ours says why"
    done
}
