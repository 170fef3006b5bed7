#!/usr/bin/env bats
# With a PID namespace or --fork a copy of the shell goes on inside; the shell that was waits for it outside.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

@test "the script goes on as PID 1" {
    sh_run 'unshare_ns -rp; echo $$ $BASHPID $PPID'
    is "$output" "1 1 0"
    done_quietly
}

@test "with --fork and no PID namespace, as the child of the one outside" {
    local option
    for option in -f --fork --forward-signals; do
        sh_run 'outside=$$; unshare_ns -ru "$1"; echo $(($$ != outside && $$ == BASHPID && PPID == outside)); exit 3' $option
        is "$output" 1
        is "$status" 3
        is "$error" ""
    done
}

@test "what a shell leaves behind is not handed to its supervisor" {
    sh_run 'outside=$$; unshare_ns -rf
            orphan() { until read -r _ _ _ parent _ </proc/self/stat && ((parent != PPID_BEFORE)); do :; done; echo $((parent == outside)); }
            orphaned=$( (PPID_BEFORE=$BASHPID; orphan & ) )
            echo "$orphaned"'
    is "$output" 0
    done_quietly
}

@test "the exit status comes out" {
    local status_inside
    for status_inside in 0 1 42 127 255; do
        sh_run 'unshare_ns -rp; exit "$1"' $status_inside
        is "$status" $status_inside
    done
    sh_run 'unshare_ns -rp; (exit 9)'
    is "$status" 9
    sh_run 'unshare_ns -rp; exec bash -c "echo \$\$; exit 8"'
    is "$output" 1
    is "$status" 8
    sh_run 'unshare_ns -rp'
    done_quietly
}

@test "death by a signal comes out" {
    sh_run 'outside=$$; unshare_ns -ruf; echo $((PPID == outside)); kill -TERM $$; echo wrong'
    is "$output" 1
    is "$status" 143
    sh_run 'outside=$$; unshare_ns -ruf; echo $((PPID == outside)); kill -KILL $$; echo wrong'
    is "$output" 1
    is "$status" 137
    # What kills a PID 1 must come from outside: /proc is still that of outside, and tells its number there.
    sh_start 'unshare_ns -rp; read -r pid _ </proc/self/stat; echo "$pid" >"$dir/signal"; sleep 1000'
    read -r -t "$limit" -u "$signal" moved
    kill -KILL "$moved"
    sh_wait
    is "$status" 137
}

@test "the EXIT trap runs once, inside" {
    sh_run 'trap "echo bye \$\$" EXIT; unshare_ns -rp; echo in'
    is "$output" $'in\nbye 1'
    done_quietly
    sh_run 'trap "echo bye; exit 5" EXIT; unshare_ns -rp; unshare_ns -p; exit 4'
    is "$output" bye
    is "$status" 5
}

@test "other traps stay, and signals sent inside reach them" {
    sh_run 'trap "echo usr1" USR1; trap "echo err" ERR; trap "" USR2; unshare_ns -rp
            echo $$; kill -USR1 $$; false; kill -USR2 $$; bash -c "kill -USR1 \$PPID"; trap -p USR2'
    is "$output" $'1\nusr1\nerr\nusr1\ntrap -- \'\' SIGUSR2'
}

@test "with a new /proc: process substitution, and only its own processes" {
    sh_run 'unshare_ns -rpm --mount-proc; echo /proc/[0-9]*
            while read -r line; do echo "$line"; done < <(printf "%s\n" a b)
            cat <(echo c) /dev/fd/7 7< <(echo d); readlink /proc/self/exe; echo d > >(cat); wait $!'
    is "$output" $'/proc/1\na\nb\nc\nd\n'"$(readlink -f "$(type -P readlink)")"$'\nd'
    done_quietly
    mkdir "$dir/proc"
    sh_run 'unshare_ns -rp --mount-proc="$dir/proc"; cd "$dir/proc"; echo [0-9]*'
    is "$output" 1
    done_quietly
}

@test "what was started before is no longer the shell's, what is started after is" {
    sh_run 'sleep 1000 & before=$!; echo $before >"$dir/before"; unshare_ns -rp
            jobs; wait $before 2>/dev/null; echo $?; wait; echo at once
            sleep 0.1 & jobs -r | grep -c sleep; wait $!; echo $?; (sleep 0.1; exit 3) & wait -n; echo $?'
    kill "$(<"$dir/before")"
    is "$output" $'127\nat once\n1\n0\n3'
    done_quietly
}

@test "orphans inside are reaped, and end with the script" {
    sh_run 'unshare_ns -rpm --mount-proc
            (sleep 0.1 & sleep 1000 &); until set -- /proc/[0-9]*; (($# == 2)); do sleep 0.1; done; echo $#'
    is "$output" 2 # the shell, and who sleeps still
    done_quietly
    nothing_runs
}

@test "however the script is read, each command runs once" {
    local way
    cat >"$dir/script" <<-EOT
		$(prelude)
		echo before
		for i in 1 2 3; do ((i != 2)) || unshare_ns -rp; echo "\$i"; done
		read -r line <<<"a here string"; echo "\$line"
		if unshare_ns -p; then echo "\$\$"; fi
		f() {
		    local n=\$1
		    ((n == 0)) && unshare_ns -u && return
		    f \$((n - 1)); echo "back \$n"
		}
		f 2
		exit 6
		echo wrong
	EOT
    local expected=$'before\n1\n2\n3\na here string\n1\nback 1\nback 2'
    for way in '"$dir/script"' '<"$dir/script"' '-s <"$dir/script"' '< <(cat "$dir/script")' \
        '-c "$(cat "$dir/script")"' '-c "source \"$dir/script\""' '-c "eval \"\$(cat \"$dir/script\")\""' \
        '-c "f() { source \"$dir/script\"; }; f; echo wrong"'; do
        echo "$way"
        eval "bash_run $way"
        is "$output" "$expected"
        is "$status" 6
        is "$error" ""
    done
}

@test "a script on standard input shares it with its commands" {
    prelude >"$dir/script"
    cat >>"$dir/script" <<-'EOT'
		unshare_ns -rp
		read -r line
		of the script
		echo "$$ $line"
		bash -c 'read -r line; echo "$line"'
		to a program
		echo end
		exit 3
		echo wrong
	EOT
    bash_run <"$dir/script"
    is "$output" $'1 of the script\nto a program\nend'
    is "$status" 3
    bash_run < <(cat "$dir/script")
    is "$output" $'1 of the script\nto a program\nend'
    is "$status" 3
}

@test "in a function, a loop that reads, and a sourced file" {
    printf '%s\n' 'unshare_ns -rp' 'echo "sourced $$ $1"' >"$dir/sourced"
    sh_run 'f() { local v=mine; source "$dir/sourced" arg; echo "$v"; return 3; }; f; echo "$?"
            while read -r word; do [[ $word == b ]] && unshare_ns -p; echo "$word"; done < <(printf "%s\n" a b c)
            printf "%s\n" d e | while read -r word; do echo "$word"; done'
    is "$output" $'sourced 1 arg\nmine\n3\na\nb\nc\nd\ne'
    done_quietly
}

@test "in ( ), in \$( ) and in a pipeline only that moves" {
    sh_run 'shell=$BASHPID
            (unshare_ns -rp; echo $BASHPID; exit 3); echo "$?"
            output=$(unshare_ns -rp; echo "$BASHPID"; exit 4); echo "$output $?"
            echo x | { read -r x; unshare_ns -rp; echo "$x $BASHPID"; exit 5; } | cat; echo "${PIPESTATUS[*]}"
            (trap "echo bye" EXIT; unshare_ns -rp; (exit 6)); echo "$?"
            { unshare_ns -rp; echo "$BASHPID"; exit 7; } & wait $!; echo "$?"
            [[ $BASHPID == "$shell" ]] && echo same'
    is "$output" $'1\n3\n1 4\nx 1\n0 5 0\nbye\n6\n1\n7\nsame'
    done_quietly
}

@test "with errexit, nounset and pipefail" {
    sh_run 'set -euo pipefail; unshare_ns -rp; echo $$ | cat; unshare_ns -p && echo b; ! false; false; echo wrong'
    is "$output" $'1\nb'
    is "$status" 1
    is "$error" ""
}

@test "one move in another" {
    sh_run 'unshare_ns -rpm --mount-proc; for i in {1..5}; do unshare_ns -rpm --mount-proc; done; echo $$ /proc/[0-9]*; exit 7'
    is "$output" "1 /proc/1"
    is "$status" 7
    is "$error" ""
    sh_run 'for i in {1..5}; do unshare_ns -rp; done; echo $$; exit 7'
    is "$output" 1
    is "$status" 7
    is "$error" ""
}

@test "the one outside holds no file of the script open" {
    mkfifo "$dir/eof"
    # The reader's end of file is what lets the script go on.
    sh_run '{ unshare_ns -rp; echo "$BASHPID"; exec >&-; read -r line <"$dir/eof"; exit "$line"; } | { cat; echo 9 >"$dir/eof"; }
            exit ${PIPESTATUS[0]}'
    is "$output" 1
    is "$status" 9
    sh_run 'exec 3>&1 >/dev/null; { unshare_ns -rp; exec >&-; read -r line <"$dir/eof"; } 3>&- |
            { cat; echo >"$dir/eof"; }'
    done_quietly
}

@test "--sync-fd: the one outside holds it until the end, and the shell inside does not" {
    # The lock is free at once when the shell has ended, however often.
    sh_run 'for ((n = 0; n < 50; n++)); do
                (exec {lock}>"$dir/lock"
                flock --nonblock "$lock" || exit 9
                unshare_ns -rp --sync-fd "$lock"
                [[ ! -e /proc/thread-self/fd/$lock ]] || echo inside
                ! flock --nonblock "$dir/lock" true || echo free
                exit 7)
                [[ $? == 7 ]] || exit
            done
            flock --nonblock "$dir/lock" true'
    done_quietly
    is "$output" ""
    sh_run 'exec {pipe}> >(cat; echo end >"$dir/end"); unshare_ns -rf --sync-fd="$pipe"; [[ ! -e /proc/thread-self/fd/$pipe && ! -e $dir/end ]]'
    done_quietly
    # All else it closes: the reader's end of file is what lets the script go on.
    mkfifo "$dir/eof"
    sh_run 'exec 77</dev/null 99>&1; { unshare_ns -rp --sync-fd 77; exec >&- 99>&-; read -r line <"$dir/eof"; exit "$line"; } 99>&1 |
            { cat; echo 9 >"$dir/eof"; } 99>&-
            exit ${PIPESTATUS[0]}'
    is "$status" 9
    sh_run 'unshare_ns -r --sync-fd 0 || echo $?; unshare_ns -rf --sync-fd 77 || echo $?; unshare_ns -rf --sync-fd x || echo $?'
    is "$output" $'2\n2\n2'
    like "$error" "*--sync-fd needs --pid or --fork*77: expected an open descriptor; this one is closed*x: expected the number of*"
}

@test "open files and signal settings inside are those from before" {
    sh_run 'exec 7</dev/null; trap "" USR2
            state() { printf "%s\n" /proc/self/fd/*; grep Sig[BI] /proc/self/status; }
            before=$(state); unshare_ns -rp; after=$(state); [[ $before == "$after" ]] && exit $((40 + $$))'
    is "$status" 41
    is "$error" ""
}

@test "kill -9 of the one outside leaves nothing behind" {
    local options
    for options in -rp -rpm; do
        sh_start 'unshare_ns "$1"; sleep 1000 & echo >"$dir/signal"; wait' $options
        await
        kill -KILL "$(<"$dir/pid")"
        sh_wait
        is "$status" 137
        nothing_runs
        rm "$dir/signal"
    done
    mkfifo "$dir/wait"
    sh_start 'unshare_ns -ruf; echo >"$dir/signal"; read -r line <>"$dir/wait"'
    await
    kill -KILL "$(<"$dir/pid")"
    sh_wait
    is "$status" 137
}

@test "a signal to the one outside ends the tree, and comes out" {
    local name
    for name in TERM HUP USR1 ALRM; do
        sh_start 'unshare_ns -rp; sleep 1000 & echo >"$dir/signal"; wait'
        await
        kill -$name "$(<"$dir/pid")"
        sh_wait
        is "$status" $((128 + $(kill -l $name)))
        is "$error" ""
        nothing_runs
        rm "$dir/signal"
    done
    mkfifo "$dir/wait"
    sh_start 'unshare_ns -ruf; echo >"$dir/signal"; read -r line <>"$dir/wait"'
    await
    kill -TERM "$(<"$dir/pid")"
    sh_wait
    is "$status" 143
}

@test "a signal to the one outside runs the trap" {
    local options
    for options in -rp -ruf; do
        sh_start 'trap "echo caught; exit 5" TERM; trap "echo bye" EXIT; unshare_ns "$1"; sleep 1000 & echo >"$dir/signal"
                  wait; echo wrong' $options
        await
        kill -TERM "$(<"$dir/pid")"
        sh_wait
        is "$output" $'caught\nbye'
        is "$status" 5
        [[ $options == -rp ]] || kill -KILL -- "-$(tail -n 1 "$dir/groups")"
        nothing_runs
        rm "$dir/signal"
    done
}

# The script ends when it has had a signal that the one outside passes on after the ignored one.
@test "an ignored signal to the one outside stays ignored" {
    mkfifo "$dir/go"
    sh_start 'trap "" TERM; trap "over=yes" PWR; unshare_ns -rp; echo >"$dir/signal"
              until [[ $over ]]; do read -r -t 0.1 <>"$dir/go"; done; echo "alive $$"'
    await
    kill -TERM "$(<"$dir/pid")"
    kill -PWR "$(<"$dir/pid")"
    sh_wait
    is "$output" "alive 1"
    is "$status" 0
}

@test "a signal of its own ends a PID 1 as it does a shell that has not moved" {
    local name script plain landing
    for name in HUP INT TERM USR1 PIPE ALRM ABRT SEGV ILL SYS XFSZ; do
        for script in 'kill -$1 $$; echo wrong' \
            'trap "echo bye" EXIT; (kill -$1 $BASHPID) 2>/dev/null; echo $?; kill -$1 $$; echo wrong'; do
            [[ $name != @(ABRT|SEGV|ILL|SYS|XFSZ) || $script != trap* ]] || continue # as an init, bash faults at its end
            sh_run "$script" $name
            plain="$status $output"
            for landing in 'unshare_ns -rp' 'unshare_ns -rp; unshare_ns -p'; do
                sh_run "$landing; $script" $name
                is "$status $output" "$plain"
            done
        done
    done
}

@test "a reader that goes away ends a script that moved, without a word" {
    local options
    for options in -rp '-rp --init' -rf; do
        sh_run "( unshare_ns $options; while :; do echo y; done ) | head -n 1; echo \${PIPESTATUS[0]}"
        is "$output" $'y\n141'
        done_quietly
    done
}

@test "exit with a status that looks like a signal's is no death by a signal" {
    sh_run '(unshare_ns -rp; exit 143); echo $?; for i in 1 2; do (unshare_ns -rp; exit 130); done; echo $?'
    is "$output" $'143\n130'
    done_quietly
}

@test "with lastpipe, in a trap, and with a coprocess" {
    sh_run 'shopt -s lastpipe; echo a | { read -r x; unshare_ns -rp; echo "$x $$"; }; echo "$x $$"'
    is "$output" $'a 1\na 1'
    sh_run 'trap "unshare_ns -rp; echo in \$\$" USR1; kill -USR1 $$; echo "$$"; exit 3'
    is "$output" $'in 1\n1'
    is "$status" 3
    sh_run 'trap "unshare_ns -rp; echo bye \$\$" EXIT; exit 4'
    is "$output" 'bye 1'
    is "$status" 4
    sh_run 'coproc cat; unshare_ns -rp; echo there >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"
            exec {COPROC[1]}>&-; read -r line <&"${COPROC[0]}" || echo closed'
    is "$output" $'there\nclosed'
    done_quietly
}

@test "what was started before is not taken for what has its number now" {
    local first
    for first in '' ': |'; do
        sh_run 'unshare_ns -rp; '"$first"' coproc cat; unshare_ns -p; for i in {1..9}; do /bin/true; done
                echo a >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"'
        is "$output" a
    done
    sh_run 'unshare_ns -rp; . <(echo unshare_ns -p); for i in {1..9}; do sleep 0 & wait $! || echo $?; done; echo end'
    is "$output" end
    done_quietly
}

@test "a process substitution from before is not waited for" {
    mkfifo "$dir/fifo" # what it reads from ends with the script
    sh_run 'exec 3< <(exec cat "$dir/fifo") 4>"$dir/fifo"; unshare_ns -rp; (sleep 20; echo late) & disown; wait; echo end'
    is "$output" end
    done_quietly
}

# It would be bash's, which waits for whatever child has ended.
@test "the one outside hears of an end that comes before it waits for one" {
    needs strace -o /dev/null true
    limit=60 via=(strace -o /dev/null -e trace=close_range -e inject=close_range:delay_enter=300000)
    sh_run 'unshare_ns -rp; exit 3'
    is "$status" 3
}

@test "in a trap for CHLD, while the shell waits" {
    local wait
    for wait in 'wait' 'wait "$a"' 'wait "$b"' 'wait -n' 'sleep 0.4'; do
        sh_run 'set -m; trap "trap - CHLD; unshare_ns -rp; echo \$\$" CHLD; sleep 0.1 & a=$!; sleep 0.3 & b=$!
                eval "$1" 2>/dev/null; sleep 0.1 & wait "$!"; echo "end $?"' "$wait"
        like "$output" $'1\n*end 0' # it is run for each child that has ended
        is "$status" 0
    done
}

@test "in the last element of a pipeline" {
    sh_run 'shopt -s lastpipe; sleep 1 & before=$!
            sleep 0.1 | { unshare_ns -rp; wait "$before" 2>/dev/null; echo $?; jobs -r; sleep 0.1 & false; }; echo "${PIPESTATUS[@]}"
            jobs -r; wait $!; echo $?; wait "$before" 2>/dev/null; echo $?; echo x | { read -r x; echo $x; }'
    like "$output" $'127\n0 1\n?[0-9]?+ +( )Running +( )sleep 0.1 &\n0\n127\nx'
    done_quietly
}

@test "--init: a reaper is PID 1, and the shell ends by the ordinary rules" {
    sh_run 'unshare_ns -rpm --mount-proc --init; echo "$$ $BASHPID $PPID" /proc/[0-9]*
            (sleep 0.1 & sleep 1000 &); until set -- /proc/[0-9]*; (($# == 3)); do sleep 0.1; done; echo $#; exit 3'
    is "$output" $'2 2 1 /proc/1 /proc/2\n3' # init, the shell, and who sleeps still
    is "$status" 3
    is "$error" ""
    nothing_runs
    sh_run 'unshare_ns -rp --init; kill -TERM $$; echo wrong'
    is "$status" 143
    sh_run 'unshare_ns -rp --init; kill -KILL $$; echo wrong'
    is "$status" 137
    sh_run 'unshare_ns -rp --init bash -c "echo \$\$ \$PPID; exit 5"'
    is "$output" '2 1'
    is "$status" 5
}

@test "kill -9 of the one outside an init leaves nothing behind" {
    sh_start 'unshare_ns -rp --init; unshare_ns -p; sleep 1000 & echo >"$dir/signal"; wait'
    await
    kill -KILL "$(<"$dir/pid")"
    sh_wait
    is "$status" 137
    nothing_runs
}

@test "the one outside dies just when the one inside goes on" {
    needs strace true
    local n options sent user=""
    ((EUID == 0)) || user=-r
    for options in '-p' '-p --init'; do
        via=(strace -qq -o "$dir/trace" -e trace=sendto)
        sh_run "unshare_ns $user $options"
        sent=$(grep -c ^sendto "$dir/trace") # words to the helpers, the last of which is the one
        for n in {1..10}; do
            via=(strace -qq -o /dev/null -e trace=sendto -e "inject=sendto:signal=KILL:when=$sent")
            sh_run "unshare_ns $user $options; sleep 1000"
            is "$status" 137
            nothing_runs
        done
    done
}

@test "other credentials inside do not untie it from the one outside" {
    ((EUID == 0)) || skip "needs root, to become another user"
    sh_start 'exec 9>"$dir/signal"; unshare_ns -p; unshare_ns -u -S 65534; echo >&9; exec sleep 1000'
    await
    kill -KILL "$(<"$dir/pid")"
    sh_wait
    nothing_runs
}

@test "as another user inside, the shell is as closed to him as the kernel has made it" {
    ((EUID == 0)) || skip "needs root, to become another user"
    target -pf
    sh_run '[[ -O /proc/self/environ ]] && echo open
            for plan in "unshare_ns -p" "nsenter_ns -t $1 -p"; do
                ($plan -S 65534 -G 65534; echo "$UID"; [[ -O /proc/self/environ ]] && echo open)
            done' "$target"
    is "$output" $'open\n65534\n65534'
}

@test "the one outside stands in /, has no file open, and uses no CPU" {
    sh_start 'cd "$dir"; unshare_ns -rp; exec 7</dev/null; echo >"$dir/signal"; read -r line <"$dir/go"'
    mkfifo "$dir/go"
    await
    outside=$(<"$dir/pid")
    until [[ $(readlink "/proc/$outside/cwd") == / ]]; do sleep 0.01; done # while the script goes on
    is "$(ls "/proc/$outside/fd")" ""
    sleep 1
    read -r _ _ _ _ _ _ _ _ _ _ _ _ _ user system _ <"/proc/$outside/stat"
    sleep 1
    read -r _ _ _ _ _ _ _ _ _ _ _ _ _ user_after system_after _ <"/proc/$outside/stat"
    is "$user_after $system_after" "$user $system"
    echo >"$dir/go"
    sh_wait
}

@test "what the script lets go of first thing is free, also where the one outside is slow" {
    local options
    needs strace true
    via=(strace -qq -o /dev/null -e "trace=close_range,chdir" -e "inject=close_range,chdir:delay_enter=300000")
    for options in -rp '-rp --init' -rf; do
        sh_run "exec 7<>\"\$dir/lock\"; flock 7; unshare_ns $options; exec 7>&-; flock --nonblock \"\$dir/lock\" echo free"
        is "$output" free
        done_quietly
    done
}

@test "the end of what was started before is not taken for the script's" {
    sh_run 'sleep 0.2 & unshare_ns -rp; sleep 0.6; echo on; exit 3'
    is "$status $output" "3 on"
    # Nor is a program told of it.
    needs perl -e 1
    sh_run 'sleep 0.5 & unshare_ns -rp; exec perl -e "\$SIG{CHLD} = sub { print qq(told\n) }; select(undef, undef, undef, 1.5); print qq(end\n)"'
    is "$output" end
    done_quietly
}

@test "death by a signal is told from a status that looks like it" {
    needs perl -e 1
    via=(perl -e 'system(@ARGV); print "signal ", $? & 127, " status ", $? >> 8, "\n"' env)
    sh_run 'unshare_ns -rp; kill -TERM $$; sleep 10'
    is "$output" "signal 15 status 0"
    sh_run 'unshare_ns -rp; unshare_ns --check -T --boottime 5; kill -TERM $$; sleep 10' # a look forgets no tie but its own
    is "$output" "signal 15 status 0"
    sh_run 'unshare_ns -rp; exit 143'
    is "$output" "signal 0 status 143"
}

# Nobody waits for the one outside, so that its limits are there when it has ended. With one that small, no core is written.
@test "the one outside dumps no core" {
    (ulimit -c 1) 2>&- || skip "no process here may dump a core"
    via=(bash -c 'ulimit -c 1; "$@" & exec sleep 1000' bash) # which does not wait for it, once it is sleep
    sh_start 'until [[ $(</proc/$PPID/comm) == sleep ]]; do sleep 0.05; done; unshare_ns -rp; ulimit -c >"$dir/inside"; kill -SEGV $$'
    until [[ -s $dir/inside ]]; do sleep 0.05; done
    outside=$(<"$dir/pid")
    until stat=$(<"/proc/$outside/stat") && [[ $stat == *') Z '* ]]; do sleep 0.05; done
    is "$(<"$dir/inside")" 1
    like "$(<"/proc/$outside/limits")" $'*\nMax core file size +([ ])0 +([ ])0 *'
    read -r _ parent _ <<<"${stat##*) }"
    kill "$parent"
    sh_wait
}

@test "the one outside leaves nothing open that it has opened for a signal" {
    local n outside first
    mkfifo "$dir/go"
    sh_start 'sleep 1000 & unshare_ns -rp; trap "((++got))" USR1; echo >"$dir/signal"; until [[ -e $dir/end ]]; do read -r -t 0.1; done <>"$dir/go"; ((got > 0))'
    await
    outside=$(<"$dir/pid")
    for ((n = 0; n < 20; n++)); do
        kill -USR1 "$outside"
        sleep 0.02
    done
    is "$(ls "/proc/$outside/fd")" ""
    read -r first _ <"/proc/$outside/task/$outside/children" || true # no end of line
    kill "$first"
    : >"$dir/end" # a line that comes as the time is over, bash loses
    sh_wait
    done_quietly
}

@test "the one outside has no file open where the kernel has no close_range(2)" {
    via=("$NSB_BUILDDIR/tests/with-seccomp" ENOSYS close_range --)
    mkfifo "$dir/go"
    sh_start 'cd "$dir"; exec 7<"$dir" 20<"$dir"; unshare_ns -rp; echo >"$dir/signal"; read -r line <"$dir/go"'
    await
    until [[ $(readlink "/proc/$(<"$dir/pid")/cwd") == / ]]; do sleep 0.01; done # the last thing that it lets go of
    is "$(ls "/proc/$(<"$dir/pid")/fd")" ""
    echo >"$dir/go"
    sh_wait
    done_quietly
}

# kilobytes_of_files PID: what it has in memory of the files that it has mapped
kilobytes_of_files() {
    local key value
    while read -r key value _; do
        [[ $key != RssFile: ]] || echo "$value"
    done <"/proc/$1/status"
}

@test "the one outside keeps little of the shell in memory" {
    mkfifo "$dir/go"
    sh_start 'exec 7<>"$dir/go"; echo >"$dir/signal"; read -r -u 7; unshare_ns -rp; echo >"$dir/signal"; read -r -u 7'
    await
    outside=$(<"$dir/pid")
    before=$(kilobytes_of_files "$outside")
    echo >"$dir/go"
    await
    for ((try = 0; try < 50; try++)); do
        after=$(kilobytes_of_files "$outside")
        ((after >= before / 2)) || break
        sleep 0.1 # it lets go of it while the script goes on
    done
    echo >"$dir/go"
    sh_wait
    echo "$before kB before the move, $after kB after it"
    ((after < before / 2))
}

@test "the one outside gives back what the script's variables take, and still passes signals on" {
    local outside key value _
    [[ ! ${NSB_UNDER-}${LD_PRELOAD-} ]] || skip "has the memory of another in the process"
    mkfifo "$dir/go"
    sh_start 'printf -v large %40000000s; for n in {1..100000}; do many[n]=$n; done
              trap "echo got; exit 5" TERM; unshare_ns -rp; echo >"$dir/signal"; read -r <>"$dir/go"'
    await
    outside=$(<"$dir/pid")
    value=1000000
    until ((value < 4000)); do # it lets go of it while the script goes on
        sleep 0.01
        while read -r key value _; do
            [[ $key != RssAnon: ]] || break
        done <"/proc/$outside/status"
    done
    kill -TERM "$outside"
    sh_wait
    is "$status $output" "5 got"
}

# count_copies SCRIPT: sets $copies to how many processes it makes that have a memory of their own
count_copies() {
    via=(strace -f -qq -o "$dir/trace" -e "trace=clone,clone3,fork,vfork")
    sh_run "$1"
    copies=$(grep -E ' (clone3?|fork)\(' "$dir/trace" | grep -vc CLONE_VM || true)
}

# copies_once PLAN...: sees that each makes one copy of the shell; sets $without to how many a script without one makes
copies_once() {
    local plan
    needs strace -f true
    [[ $(readelf --dyn-syms "$NSBUILTINS_SO") == *_Fork* ]] || skip "the C library has no _Fork()"
    count_copies true
    without=$copies
    for plan; do
        count_copies "unshare_ns $plan"
        is "$copies" $((without + 1))
    done
}

@test "nothing is left to an init that does not reap" {
    mkfifo "$dir/fifo"
    via=(unshare -rpf --mount-proc bash -c '"$@" & exec cat "$dir/fifo"' bash)
    sh_run '(unshare_ns -rp --mount-proc); (unshare_ns -rp; exit 3); (unshare_ns -rp --init)
        grep -l "^State:.Z" /proc/[0-9]*/status; echo "none is left"; : >"$dir/fifo"'
    is "$output" "none is left"
    done_quietly
}

@test "a move copies the shell once" {
    local copies without
    copies_once -rp '-rpmu --mount-proc --hostname box' '-rf -w /'
    ((EUID != 0)) || copies_once '--map-users=all --map-groups=all -p' # others' maps take newuidmap
}

@test "a program that is born inside needs no copy of the shell but the one that supervises; what is none has one" {
    local copies without plan program
    program=$(type -P true)
    copies_once "-rp $program" "-rpmu --mount-proc --hostname box --kill-child $program" '-rf /bin/true' "-rp --clear-env $program"
    count_copies 'PATH=/nowhere:$PATH; unshare_ns -rpm env'
    is "$copies" $((without + 1))
    for plan in '-rp :' '-rf -w / /bin/true' '-rp --init /bin/true' '-rpT /bin/true' '-rp -S 0 /bin/true' \
        '-mp --propagation unchanged /bin/true' '-rp no-such-command'; do
        [[ $plan != -mp* ]] || ((EUID == 0)) || continue
        count_copies "unshare_ns $plan"
        ((copies > without + 1))
    done
}

@test "--no-fork: the shell stays outside, its children are inside, and the first one's end ends nothing" {
    sh_run 'before="$$ $BASHPID $PPID"; unshare_ns -rp --no-fork; [[ "$$ $BASHPID $PPID" == "$before" ]] && echo same
            for i in 1 2 3; do bash -c "echo \$((\$\$ > 1)) \$PPID"; done; echo $(echo $((BASHPID > 1)))
            (sleep 0.1 &); sleep 0.5; echo a | cat; wait; jobs; sleep 0 & wait $!; echo $?; exit 3'
    is "$output" $'same\n1 0\n1 0\n1 0\n1\na\n0'
    is "$status" 3
    is "$error" ""
    sh_run 'unshare_ns -rpm --mount-proc --no-fork; bash -c "echo /proc/[0-9]*"; (sleep 0.1 &); sleep 2
            bash -c "echo /proc/[0-9]*"; true'
    like "$output" $'/proc/1 /proc/+([0-9])\n/proc/1 /proc/+([0-9])' # the reaper, and who looks
    done_quietly
}

@test "--no-fork: the reaper ends with the shell, however that ends, and is nobody's job" {
    local end
    for end in 'exit 0' 'kill -KILL $$' 'exec true' 'sleep 1000 & disown; exit 0'; do
        sh_run "unshare_ns -rp --no-fork; wait; sleep 0 & wait -n && wait -n; echo \$?; jobs; $end"
        is "$output" 127
        nothing_runs
    done
    sh_run 'unshare_ns -rp --no-fork; unshare_ns -p --no-fork; (exit 4); echo $?; bash -c "echo \$PPID"; true'
    is "$output" $'4\n0'
    done_quietly
}

@test "--no-fork: no reaper is left of a landing that fails" {
    needs strace -o /dev/null true
    via=(strace -o /dev/null -e trace=setns -e inject=setns:error=EPERM)
    sh_run 'unshare_ns -rp --no-fork; echo "$?"; read -r _ _ _ _ group _ </proc/self/stat; pgrep --runstates DRSTt -c -x -g "$group" bash; exit 0'
    is "$output" $'1\n1' # the shell itself; what has ended is for init to reap
}

@test "--no-fork: what nobody waits for does not stay" {
    sh_run 'name=${dir##*.}; ln -s "$BASH" "$dir/$name"; unshare_ns -rp --no-fork
        is_there() { # by its name, whatever its number
            for stat in /proc/[0-9]*/stat; do
                ! { read -r line <"$stat"; } 2>/dev/null || [[ $line != *"($name)"* ]] || return 0
            done
            return 1
        }
        ("$dir/$name" -c "sleep 0.5; exit" &)
        until is_there; do sleep 0.05; done
        for ((i = 0; i < 200; i++)); do is_there || break; sleep 0.05; done
        is_there && echo "$line"'
    is "$output" ""
}

@test "--no-fork: such a shell itself cannot move on, but a subshell of it can" {
    sh_run 'unshare_ns -rp --no-fork; unshare_ns -p; echo $?; (unshare_ns -p; echo $BASHPID); unshare_ns -p eval "echo \$BASHPID"'
    is "$output" $'1\n1\n1'
    like "$error" "bash: line +([0-9]): unshare_ns: cannot supervise a shell inside: *--no-fork*"
}

@test "--no-fork: what fails or is interrupted then ends no process that has the number elsewhere" {
    local n script='for ((i = 0; i < 40; i++)); do sleep 1000 & pids+=($!); done
        unshare_ns -p --no-fork; for ((i = 0; i < 20; i++)); do (:); done; FAILS
        for pid in "${pids[@]}"; do kill "$pid"; done; exit 0'
    sh_run "unshare_ns -rpm --mount-proc; ${script/FAILS/unshare_ns -f --map-users=0:5:1}"
    like "$error" "bash: line +([0-9]): unshare_ns: cannot write the user namespace's uid_map: Operation not permitted"
    needs strace -o /dev/null true
    for n in 3 4 5; do # the waits of what makes the PID namespace come first
        via=(unshare -Urpf --kill-child --mount-proc strace -o /dev/null -e trace=ppoll -e "inject=ppoll:error=EINTR:when=$n")
        sh_run "${script/FAILS/unshare_ns -f}"
        like "$error" "*unshare_ns: cannot *"
        [[ $error != *kill:* ]]
    done
}

@test "--no-fork and --init: what contradicts them" {
    local options
    for options in '-r --init' '-rp --init --no-fork' '-rpf --no-fork' '-rp --kill-child --no-fork'; do
        sh_run "unshare_ns $options"
        is "$status" 2
        like "$error" 'bash: line +([0-9]): unshare_ns: *--@(init|no-fork) *'
    done
}

@test "bash becomes the last command of a subshell: a program there is PID 1, unless a command follows, or with --init" {
    sh_run '(unshare_ns -rp; sh -c "echo \$\$"); (unshare_ns -rp; sh -c "echo \$\$"; exit)
            (unshare_ns -rp --init; sh -c "echo \$\$")
            (unshare_ns -rp; sh -c "kill \$\$; echo deaf"); (unshare_ns -rp; sh -c "kill \$\$; echo deaf"; exit); echo $?' 2>/dev/null
    # bash 5.1 becomes that of bash -c only.
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 502)); then
        is "$output" $'2\n2\n3\n143'
    else
        is "$output" $'1\n2\n2\ndeaf\n143'
    fi
}

@test "a copy that becomes a program with other credentials is untied from its supervisor by the kernel" {
    ((EUID == 0)) || skip "needs root"
    sh_run 'for program in sleep "setpriv --reuid 1 --clear-groups sleep"; do
                (unshare_ns -f; exec $program 100 >/dev/null) & supervisor=$!
                until copy=$(pgrep -P $supervisor -x sleep); do sleep 0.05; done
                kill -KILL $supervisor; wait $supervisor; sleep 0.2
                [[ $(ps -o stat= "$copy") != [!Z]* ]] || { kill -KILL "$copy"; echo "it lives: $program"; }
            done'
    is "$output" "it lives: setpriv --reuid 1 --clear-groups sleep"
}
