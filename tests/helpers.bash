# shellcheck shell=bash
# What every test file loads: runs scripts in a shell that has the builtins, and looks at what they did and left.

setup() {
    dir=$(mktemp -d)
    targets=() via=() slow=${NSB_SLOW:-1} # how much slower the machine is than one may expect
    limit=$((180 * slow))                 # what takes that long, on a machine however busy, hangs
    read -ra wrapper <<<"${NSB_UNDER-}"
    [[ ! ${LD_PRELOAD-}${NSB_UNDER-} ]] || limit=600 # a sanitizer takes its time
    export dir
    exec </dev/null
    needs unshare --user --map-root-user true
}

teardown() {
    local left=0
    ((${#targets[@]} == 0)) || kill -KILL "${targets[@]}" 2>/dev/null
    nothing_runs || left=1
    rm -rf "$dir"
    return $left
}

# needs COMMAND [ARG...]: skips the test, and says why, where COMMAND fails
needs() {
    local reason
    reason=$("$@" 2>&1 >/dev/null) || skip "'$*' fails: ${reason//$'\n'/; }"
}

# linux MAJOR.MINOR: whether the kernel is that one, or newer
linux() {
    local -a have want
    IFS=.- read -ra have < <(uname -r)
    IFS=. read -ra want <<<"$1"
    ((have[0] * 1000 + have[1] >= want[0] * 1000 + want[1]))
}

# overlays [inside]: skips where an ordinary user, or root too inside a user namespace, cannot mount them
overlays() {
    [[ $EUID${1-} == 0 ]] || linux 5.11 || skip "an overlay in a user namespace takes Linux 5.11"
}

# own_subids [COUNT]: prints start and count of the first subordinate range (of COUNT IDs) of who runs this, a user that
# may have no name; fails where there is none
own_subids() {
    sed -nE "s/^($(id -un 2>/dev/null)|$EUID):([0-9]+):(${1-[0-9]+})$/\\2 \\3/p" /etc/subuid | grep -m 1 .
}

# The names of all builtins, from the list in Makefile.am
builtins=$(<"$NSB_BUILDDIR/help/builtins")

# What a script of these tests starts with. $dir is the test's own directory; the shell's process group is noted there
# for nothing_runs.
prelude() {
    declare -f fingerprint same_but
    declare -p of_landing
    echo "read -r _ _ _ _ group _ </proc/self/stat; echo \"\$group\" >>'$dir/groups'; unset group"
    echo "enable -f '$NSBUILTINS_SO' $builtins"
}

# sh_run SCRIPT [ARG...]: runs SCRIPT in a new bash that has the builtins
sh_run() {
    bash_run -c "$(prelude)
$1" bash "${@:2}"
}

# bash_run ARG...: runs bash, in a process group of its own, and sets $status, $output (stdout) and $error (stderr).
# The program and options in the array $via, if any, start it, and below them $NSB_UNDER (valgrind and its options).
# What the shell leaves running does not hold this up. It is killed after $limit seconds, since it hangs.
bash_run() {
    status=0
    # Under nohup(1) SIGHUP is ignored, in the background of a script SIGINT and SIGQUIT: timeout(1) of coreutils 9.10
    # hands that down; others do not.
    timeout --signal KILL "$limit" env --default-signal=HUP,INT,QUIT "${via[@]}" "${wrapper[@]}" \
        bash --norc --noprofile "$@" >"$dir/output" 2>"$dir/error" || status=$?
    output=$(<"$dir/output")
    error=$(<"$dir/error")
    echo "$status" >"$dir/status"
    printf '%s\n' "status: $status" "$output" "$error"
}

# sh_start SCRIPT [ARG...]: as sh_run, in the background, until sh_wait
sh_start() {
    # Opened for writing too, so that it opens at once.
    mkfifo "$dir/signal"
    exec {signal}<>"$dir/signal"
    sh_run "echo \$\$ >'$dir/pid'
$1" "${@:2}" 3>&- &
    started=$!
}

# await: what the script that was started does next: echo >"$dir/signal"
await() {
    read -r -t "$limit" -u "$signal"
}

# sh_wait: the end of the script that was started; sets $status, $output and $error
sh_wait() {
    wait "$started" || true
    status=$(<"$dir/status") output=$(<"$dir/output") error=$(<"$dir/error")
}

# done_quietly: the last script succeeded, and had nothing to complain of
done_quietly() {
    is "$status" 0 && is "$error" ""
}

# is ACTUAL EXPECTED
is() {
    [[ $1 == "$2" ]] || {
        printf '%s\n' "--- expected" "$2" "--- but it is" "$1"
        return 1
    }
}

# like ACTUAL PATTERN: a pattern as in case
like() {
    # shellcheck disable=SC2053 # the right side is a pattern
    [[ $1 == $2 ]] || {
        printf '%s\n' "--- expected, as a pattern" "$2" "--- but it is" "$1"
        return 1
    }
}

# fingerprint FILE: writes to FILE, of the shell it is called in, what a builtin must leave alone but for what it is asked
# to change. Each line begins with a word for what it is, which unchanged() takes.
fingerprint() {
    local proc file line lines
    enable test_look 2>&- || enable -f "$NSB_BUILDDIR/tests/look.so" test_look
    test_look "$1"
    read -r proc _ </proc/self/stat # the number that this /proc has for it
    proc=/proc/$proc
    {
        jobs
        trap
        export -p
        # mapfile reads a file as it was at one moment; read goes back and forth in it, and /proc changes meanwhile.
        mapfile -t lines <"$proc/status"
        for line in "${lines[@]}"; do
            [[ $line != @(Umask|Uid|Gid|Groups|NS*|Threads|Sig[BIC]*|Cap*|NoNewPrivs|Seccomp|Cpus_allowed):* ]] || echo "$line"
        done
        for file in {uid_map,gid_map,setgroups,mountinfo,cgroup,limits,maps} "task/${proc##*/}/children" ../sys/kernel/hostname; do
            mapfile -t lines <"$proc/$file"
            for line in "${lines[@]}"; do
                # What is not shared is malloc's, which may grow, or a library's, which stays.
                [[ $file != maps || $line == *" rw-s "* ]] && echo "${file##*/} $line"
            done
        done
        for file in "$dir"/*; do
            [[ $file == */@(before|after) ]] || echo "file $file"
        done
        mapfile -t lines <"$proc/stat"
        # shellcheck disable=SC2206 # words are what is wanted; group, session, terminal
        lines=(${lines[0]##*) })
        echo "group ${lines[*]:2:4}"
        echo "PIDs $$ $BASHPID $PPID"
        echo "IDs $UID $EUID ${GROUPS[*]}"
        echo "directories $PWD ${OLDPWD-}"
        echo "HOSTNAME $HOSTNAME"
        echo "options $- $BASHOPTS"
    } >>"$1"
}

# Words of the fingerprint for what a plan that succeeds may change: with a user namespace; by a move, which ties the shell
# to its supervisor; by any landing
of_user='ns/user Cap... [ug]id_map setgroups Uid Gid Groups IDs'
of_move='PIDs NS.* group pdeathsig SigCgt maps.*rw-s'
of_landing="$of_user $of_move ns/.* mountinfo cgroup hostname HOSTNAME"

# unchanged [WORD...]: the fingerprints "before" and "after" are one, but for lines that begin with one of these words
# (each a pattern of grep -E)
unchanged() {
    same_but "$dir/before" "$dir/after" "$@"
}

# same_but FILE FILE [WORD...]
same_but() {
    local IFS='|' words
    words=${*:3}
    diff <(grep -Ev "^(${words:-^})[: ]" "$1") <(grep -Ev "^(${words:-^})[: ]" "$2")
}

# What there is in a new root that has a procfs on /look: the mounts, and the entries of what is new, with modes, links
# and contents
# shellcheck disable=SC2016,SC2034 # for other shells, of the tests that look there
look_at_root='mounts=$(while read -r _ _ _ root target rest; do
        [[ $target == /look* ]] || echo "$root $target ${rest/ - / }"
    done </look/self/mountinfo | sed -E "s/ (shared|master|propagate_from):[0-9]+//g; s/,(uid|gid|size|nr_inodes)=[0-9]+k?//g; s/,inode64//
        s,^[^ ]*/(data|bindfile)[^ ]*//deleted (.*) tmpfs .*,DATA \\2,; s,^[^ ]* / (.*) tmpfs.*,/ \1 tmpfs,; s/ (tmpfs|none|proc|sysfs|devpts|mqueue|overlay) [^ ]+ / \1 /; s/( overlay r[ow]),.*/\1/" | sort)
    echo "$mounts"
    pwd
    find / -xdev ! -path "/usr/*" -printf "%M %p %l\n" | sort
    for place in /a /b /tmp /etc /dev; do
        [[ ! -e $place ]] || find "$place" -printf "%M %p %l\n" | sort
    done
    for file in /a/* /b/* /etc/*; do [[ ! -f $file ]] || cat "$file"; done'

# target [OPTION...]: starts a process in namespaces that unshare(1) makes, and sets $target to its PID. There, the
# script in $in_target comes first, if any.
target() {
    mkfifo "$dir/target"
    unshare "$@" bash -ec "read -r pid _ </proc/self/stat
        echo \"\$pid\" >'$dir/target'
        ${in_target-}
        exec sleep 1000" >/dev/null 3>&- &
    targets+=($!)
    disown
    read -r target <"$dir/target"
    targets+=("$target")
    rm "$dir/target"
    until [[ $(<"/proc/$target/comm") == sleep ]]; do sleep 0.01; done
}

# pty: at a terminal, types what expect's script on standard input says into an interactive bash. There, $dir/rc loads the
# builtins; line TEXT types a line, want PATTERN waits for a match, awaits COMMAND for a program that has the terminal and
# runs; works PROMPT has a pipeline and a job run; leaves TEXT types how the shell inside ends with status 7, and sees that
# the outer one has the terminal back, and ends it; interrupts ends a script by ^C.
pty() {
    needs expect -v
    {
        prelude | grep -v '^read' >"$dir/rc"
        echo "set timeout $((60 * slow))"
        cat <<-'EOT'
			proc line {text} { send -- "$text\r" }
			proc want {pattern} {
			    expect {
			        -re $pattern {}
			        timeout { puts "\n-- never came: $pattern"; exit 1 }
			        eof { puts "\n-- ended without: $pattern"; exit 1 }
			    }
			}
			proc awaits {command} {
			    global spawn_out
			    for {set n 0} {$n < 1200} {incr n} {
			        set there [exec ps -o stat=,comm= -t $spawn_out(slave,name)]
			        if {[regexp "\[SR]\\S*\\+ +$command\n" "$there\n"]} return
			        after 50
			    }
			    puts "\n-- never ran: $command"
			    exit 1
			}
			proc works {prompt} {
			    line {echo a b | tr a-z A-Z | cat; sleep 0.1 & wait; echo waited}
			    want "A B\r\n.*waited\r\n.*$prompt"
			    line {sleep 1000}
			    awaits sleep
			    send "\003"
			    want "\\^C\r\n$prompt"
			}
			set outer {outer\$ }
			proc ends {} {
			    expect {
			        eof {}
			        timeout { puts "\n-- never ended"; exit 1 }
			    }
			}
			proc interrupts {} {
			    global outer
			    send "\003"
			    want $outer
			    line {echo status=$?}
			    want "status=130\r\n$outer"
			}
			proc leaves {text} {
			    global outer
			    line $text
			    want $outer
			    line {echo status=$?}
			    want "status=7\r\n$outer"
			    works $outer
			    line {exit}
			    ends
			}
			spawn -noecho bash --norc --noprofile -i
			line {PS1='outer$ '}
			want {\noute[r]\$ }
		EOT
        cat
    } >"$dir/expect"
    TERM=dumb timeout --signal KILL $((300 * slow)) expect "$dir/expect"
}

# nothing_runs: no process of the scripts that were run is alive, nor will be. One that nobody has waited for yet is not:
# some systems' init takes seconds to.
nothing_runs() {
    local group tries
    [[ -e $dir/groups ]] || return 0
    while read -r group; do
        ((group > 1)) || continue # a group from outside of a PID namespace has no number, and 0 and 1 are others
        for ((tries = 0; tries < 100; tries++)); do
            kill -0 -- "-$group" 2>/dev/null || continue 2
            pgrep --runstates DRSTt --pgroup "$group" >/dev/null || continue 2
            sleep 0.05
        done
        echo "still running: $(pgrep -a -g "$group")"
        kill -KILL -- "-$group"
        return 1
    done <"$dir/groups"
}
