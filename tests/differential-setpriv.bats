#!/usr/bin/env bats
# setpriv_ns beside setpriv(1) of the newest util-linux that can be had: each row of options is given to both, and what the
# program that setpriv(1) started is then must be what the shell is (next), what COMMAND is as a function (function), and as a
# program (program). A row may end with a note:
#
#   refused         both refuse it: setpriv(1) with 1 or 127, ours with 1 or 2, or 125 where there is a COMMAND
#   theirs refuses  what setpriv(1) of this version does not take, or sets although it is so already
#   ours refuses    setpriv(1) goes on although the kernel has refused it, or restricts nothing
#   exec gains      of the capabilities that the exec gives, the shell has not all
#
# shellcheck disable=SC2016,SC2034,SC2054,SC2089,SC2090,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# What is looked at, by the shell itself: its IDs, groups, sets and filters, its securebits, and what it exports.
probe='probe() {
    local key status
    mapfile -t status </proc/self/status # at one moment
    for key in "${status[@]}"; do
        [[ $key != @(Uid|Gid|Groups|Cap*|NoNewPrivs|Seccomp|Seccomp_filters):* ]] || echo "$key"
    done
    setpriv --dump | grep Securebits
    for key in FOO HOME SHELL USER LOGNAME TERM; do [[ ! -v $key || ${!key@a} != *x* ]] || echo "$key=${!key}"; done
}'

# find_setpriv: sets $setpriv to one of a newer util-linux, where any user can run it
find_setpriv() {
    local directory
    local -a loaders
    directory=$("$NSB_SRCDIR/tests/newer-util-linux" 2.42 2>"$dir/why") || skip "no util-linux 2.42: $(tail -n 1 "$dir/why")"
    loaders=("$directory"/usr/lib/*/ld*.so.*)
    export setpriv=$dir/setpriv
    {
        echo '#!/bin/sh'
        echo "exec ${loaders[0]} --library-path ${loaders[0]%/*} $directory/usr/bin/setpriv \"\$@\""
    } >"$setpriv"
    chmod 755 "$setpriv"
    chmod 777 "$dir" # a row may begin as another user
}

# run_forms OPTION...: all forms, in one shell; the last changes it
run_forms() {
    local status=0
    rm -f "$dir"/*.status
    FOO=1 TERM=dumb "${via[@]}" bash --norc -p -c "$probe"'
        enable -f "$NSBUILTINS_SO" setpriv_ns
        form() { "${@:2}" >"$dir/$1" 2>"$dir/$1.error"; echo $? >"$dir/$1.status"; }
        form theirs "$setpriv" "$@" bash --norc -p -c "$probe; probe"
        form function setpriv_ns "$@" probe
        form program setpriv_ns "$@" bash --norc -p -c "$probe; probe"
        { setpriv_ns "$@" && probe; } >"$dir/next" 2>"$dir/next.error"' bash "$@" </dev/null || status=$?
    echo "$status" >"$dir/next.status"
}

# see FORM: sets $seen to what the probe saw, or to how it was refused
see() {
    local status
    status=$(<"$dir/$1.status")
    seen=$(<"$dir/$1")
    if ((status == 0)); then
        [[ ! -s $dir/$1.error ]] || seen+="with words: $(<"$dir/$1.error")"
    elif [[ $1:$status == @(theirs:@(1|127)|next:@(1|2)|@(function|program):125) ]]; then
        seen=refused
    else
        seen="status $status: $(<"$dir/$1.error")"
    fi
}

# without_gains TEXT: without the permitted and effective set
without_gains() {
    grep -vE '^Cap(Prm|Eff)' <<<"$1"
}

# compare NOTE OPTION...: fails, and tells, where the sides differ
compare() {
    local note=$1 form theirs
    shift
    run_forms "$@"
    see theirs
    theirs=$seen
    [[ $note != @(refused|theirs refuses) || $theirs == refused ]] || { echo "setpriv $*: is not refused" && return 1; }
    [[ $note != "ours refuses" ]] || theirs=refused
    for form in next function program; do
        see "$form"
        [[ $note != "exec gains" ]] || theirs=$(without_gains "$theirs") seen=$(without_gains "$seen")
        [[ $seen == "$theirs" || $note == "theirs refuses" && $seen == *Uid:* ]] || {
            echo "setpriv_ns $* ($form): $note"
            diff <(echo "$theirs") <(echo "$seen")
            cat "$dir/theirs.error" "$dir/$form.error"
            return 1
        }
    done
}

# rows: compares each line of standard input
rows() {
    local line note count=0 wrong=0
    local -a options
    export probe
    [[ ${setpriv-} ]] || find_setpriv
    while IFS='|' read -r line note; do
        note=${note# }
        eval "options=($line)" # a row may have blanks in an argument
        count=$((count + 1))
        compare "$note" "${options[@]}" || wrong=$((wrong + 1))
    done
    echo "# measured: setpriv_ns beside setpriv(1), $BATS_TEST_DESCRIPTION: $count rows, in 3 forms each" >&3
    ((wrong == 0 && count > 0))
}

needs_root() {
    ((EUID == 0)) || skip "needs root"
}

# What any user may do
of_anybody() {
    "$NSB_BUILDDIR/tests/with-seccomp" EPERM unshare >"$dir/filter"
    cat <<-'EOT'
		--nnp
		--no-new-privs
		--inh-caps=-all
		--inh-caps=-chown,-net_raw
		--ambient-caps=-all
		--reuid=$UID
		--ruid=$UID --euid=$UID
		--keep-groups
		--pdeathsig=TERM
		--pdeathsig=clear
		--pdeathsig=keep
		--reset-env
		--reset-env --nnp --inh-caps=-all
		--seccomp-filter=$dir/filter
		--seccomp-filter $dir/filter --seccomp-filter $dir/filter --nnp | theirs refuses
		--landlock-access=fs:make-dir
		--landlock-access fs:make-dir,make-sym --landlock-rule path-beneath:make-dir:/tmp
		--landlock-access=fs:write-file --landlock-rule=path-beneath::/ | theirs refuses
		--inh-caps=nosuch | refused
		--inh-caps=+nosuch | refused
		--inh-caps=+ | refused
		--inh-caps= | refused
		--ambient-caps=+chown,-nosuch | refused
		--bounding-set=chown | refused
		--securebits=+all | refused
		--securebits=+keep_caps | refused
		--securebits=+nosuch | refused
		--securebits=noroot | refused
		--reuid=nosuch | refused
		--ruid= | refused
		--regid=nosuch --clear-groups | refused
		--regid=5 | refused
		--init-groups | refused
		--ruid=99999 --init-groups | refused
		--groups=nosuch | refused
		--keep-groups --clear-groups | refused
		--clear-groups --groups=5 | refused
		--pdeathsig=NOSUCH | refused
		--ptracer=0 | refused
		--ptracer=x | refused
		--landlock-access=files | ours refuses
		--landlock-access=fs:fly | refused
		--landlock-rule=nosuch:read-file:/usr | refused
		--landlock-rule=path-beneath:fly:/usr | refused
		--landlock-rule=path-beneath:read-file | refused
		--landlock-access=fs --landlock-rule=path-beneath:read-file:/nonexistent | refused
		--landlock-access=fs:execute --landlock-rule=path-beneath:read-file:/usr | refused
		--seccomp-filter=/nonexistent | refused
		--seccomp-filter=/dev/null | refused
		--seccomp-filter=/etc/passwd | refused
		--selinux-label=nosuch | refused
		--apparmor-profile=nosuch | refused
		--dump --nnp | refused
		--no-such-option | refused
		--nnp=yes | refused
	EOT
}

# What takes privilege
of_root() {
    cat <<-'EOT'
		--reuid=1000
		--ruid=1000
		--euid=1000
		--ruid=1000 --euid=1001
		--ruid=0 --euid=1001
		--reuid=daemon
		--reuid=0
		--regid=1000 --clear-groups
		--rgid=5 --keep-groups
		--egid=5 --groups=1,2
		--regid=daemon --groups=daemon,5,5
		--clear-groups
		--groups=7
		--groups=7,5,6
		--reuid=1 --regid=1 --init-groups
		--reuid=daemon --init-groups
		--reuid=1000 --regid=1000 --clear-groups
		--reuid=1000 --regid=1000 --clear-groups --nnp
		--reuid=1000 --reset-env
		--reuid=daemon --reset-env
		--bounding-set=+chown
		--bounding-set=-chown
		--bounding-set=-CHOWN,-cap_7
		--bounding-set=-all
		--bounding-set=-all,+kill,+net_raw
		--bounding-set=-kill,+kill
		--bounding-set=-all --reuid=1000
		--bounding-set=-all --inh-caps=-all --securebits=+noroot
		--bounding-set=-setpcap
		--bounding-set=-setpcap,-chown --inh-caps=+kill
		--inh-caps=+chown
		--inh-caps=+chown,+cap_5
		--inh-caps=+chown,-chown
		--inh-caps=-all,+net_raw --reuid=1000
		--inh-caps=+net_raw --bounding-set=-net_raw
		--inh-caps=+net_raw --ambient-caps=+net_raw
		--inh-caps=+net_raw,+kill --ambient-caps=+net_raw,+kill --reuid=1000
		--inh-caps=+net_raw --ambient-caps=+net_raw --euid=1000
		--inh-caps=+net_raw --ambient-caps=+net_raw --ruid=1000
		--inh-caps=+net_raw --ambient-caps=+net_raw,-all --reuid=1000
		--inh-caps=+net_raw --ambient-caps=+net_raw --reuid=1000 --regid=1000 --clear-groups --nnp
		--inh-caps=+net_raw --ambient-caps=+net_raw --bounding-set=-all --reuid=1000
		--ambient-caps=+net_raw | ours refuses
		--ambient-caps=+net_raw --reuid=1000 | ours refuses
		--securebits=-all
		--securebits=+noroot
		--securebits=+noroot,+noroot_locked
		--securebits=+noroot,-noroot
		--securebits=+no_setuid_fixup
		--securebits=+no_setuid_fixup --reuid=1000
		--securebits=+noroot,+no_setuid_fixup,+no_setuid_fixup_locked,+keep_caps_locked
		--securebits=+noroot --inh-caps=+chown --ambient-caps=+chown
		--securebits=+noroot --reuid=1000 --regid=1000 --keep-groups --nnp
		--securebits=+noroot --seccomp-filter=$dir/filter --landlock-access=fs:make-dir
		--reuid=1000 --seccomp-filter=$dir/filter
		--reuid=1000 --bounding-set=-all --landlock-access=fs:make-dir
		--euid=1000 --nnp --pdeathsig=TERM
	EOT
}

@test "what anybody may do, and what is wrong" {
    of_anybody | rows
}

@test "what takes privilege, as root" {
    needs_root
    "$NSB_BUILDDIR/tests/with-seccomp" EPERM unshare >"$dir/filter"
    of_root | rows
}

# The IDs 0 to 65535 of a user namespace
in_user_namespace() {
    local maps="--map-users=0:0:65536 --map-groups=0:0:65536"
    ((EUID == 0)) || maps="-r --map-auto"
    ((EUID == 0)) || own_subids 65536 >/dev/null || skip "user $UID has no 65536 subordinate IDs in /etc/subuid"
    via=(bash -c "enable -f '$NSBUILTINS_SO' unshare_ns && unshare_ns $maps && exec \"\$@\"" bash)
    needs "${via[@]}" true
}

@test "what takes privilege, as root of a user namespace" {
    in_user_namespace
    "$NSB_BUILDDIR/tests/with-seccomp" EPERM unshare >"$dir/filter"
    of_root | rows
}

@test "what anybody may do, as root of a user namespace" {
    in_user_namespace
    of_anybody | rows
}

@test "as root of a user namespace with one user" {
    via=(unshare --user --map-root-user)
    rows <<-'EOT'
		--nnp
		--reuid=0
		--bounding-set=-all,+kill
		--inh-caps=+kill --ambient-caps=+kill --securebits=+noroot
		--keep-groups
		--reuid=5 | refused
		--regid=5 --keep-groups | refused
		--groups=0 | refused
		--clear-groups | refused
	EOT
}

@test "without privilege" {
    ((EUID != 0)) || skip "needs an ordinary user"
    rows <<-'EOT'
		--reuid=0 | refused
		--euid=1 | refused
		--regid=0 --keep-groups | refused
		--clear-groups | refused
		--groups=$GROUPS | refused
		--reuid=$UID --init-groups | refused
		--bounding-set=-chown | refused
		--bounding-set=-all | refused
		--bounding-set=+chown | theirs refuses
		--securebits=-all | theirs refuses
		--inh-caps=+chown | refused
		--ambient-caps=+chown | ours refuses
		--securebits=+noroot | refused
	EOT
}

# after OPTION...: the rows are compared where setpriv(1) has done that before
after() {
    find_setpriv
    via=("$setpriv" "$@")
}

@test "with capabilities that are inheritable and ambient already" {
    needs_root
    after --inh-caps=+net_raw,+kill,+chown --ambient-caps=+net_raw,+kill
    rows <<-'EOT'
		--nnp
		--reuid=1000
		--euid=1000
		--inh-caps=-kill
		--inh-caps=-all
		--ambient-caps=-kill
		--ambient-caps=-all,+chown
		--bounding-set=-all
		--reuid=1000 --ambient-caps=+kill
		--reuid=1000 --inh-caps=-kill --ambient-caps=+net_raw
		--securebits=+noroot
		--securebits=+noroot --ambient-caps=-net_raw
	EOT
}

@test "where user 0 is not root, or keeps its capabilities" {
    needs_root
    after --inh-caps=+setuid,+setgid,+setpcap,+kill --ambient-caps=+setuid,+setgid,+setpcap,+kill --securebits=+noroot
    rows <<-'EOT'
		--nnp
		--reuid=1000
		--regid=5 --clear-groups
		--securebits=-noroot | exec gains
		--bounding-set=-all
		--ambient-caps=-all
		--inh-caps=-setpcap --bounding-set=-chown
	EOT
    after --securebits=+no_setuid_fixup --inh-caps=+kill --ambient-caps=+kill
    rows <<-'EOT'
		--reuid=1000
		--euid=1000
		--reuid=1000 --inh-caps=+net_raw --ambient-caps=+net_raw
		--securebits=-no_setuid_fixup --reuid=1000
	EOT
    after --securebits=+keep_caps_locked
    rows <<-'EOT'
		--reuid=1000 | refused
		--nnp | theirs refuses
		--securebits=+noroot | theirs refuses
		--securebits=-all | refused
	EOT
}

@test "as a user with a few ambient capabilities" {
    needs_root
    after --reuid=1000 --regid=1000 --clear-groups --inh-caps=+setuid,+setpcap,+net_raw --ambient-caps=+setuid,+setpcap,+net_raw
    rows <<-'EOT'
		--nnp
		--reuid=0 | exec gains
		--reuid=1001
		--euid=0 | exec gains
		--ruid=0 | exec gains
		--ambient-caps=-setuid
		--inh-caps=-setuid
		--bounding-set=-all
		--inh-caps=+chown
		--securebits=+noroot --reuid=0
		--groups=5 | refused
		--regid=5 --keep-groups | refused
	EOT
}
