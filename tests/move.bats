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
    for option in -f --fork; do
        sh_run 'outside=$$; unshare_ns -ru "$1"; echo $(($$ != outside && $$ == BASHPID && PPID == outside)); exit 3' $option
        is "$output" 1
        is "$status" 3
        is "$error" ""
    done
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
    read -r -t 20 -u "$signal" moved
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
    sh_run 'sleep 2 & before=$!; unshare_ns -rp
            jobs; wait $before 2>/dev/null; echo $?; wait; ((SECONDS < 2)) && echo at once
            sleep 0.1 & jobs -r | grep -c sleep; wait $!; echo $?; (exit 3) & wait -n; echo $?'
    is "$output" $'127\nat once\n1\n0\n3'
    done_quietly
}

@test "orphans inside are reaped, and end with the script" {
    sh_run 'unshare_ns -rpm --mount-proc
            (sleep 0.1 & sleep 1000 &); sleep 0.5; set -- /proc/[0-9]*; echo $#'
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

@test "open files and signal settings inside are those from before" {
    sh_run 'exec 7</dev/null; trap "" USR2
            state() { printf "%s\n" /proc/self/fd/*; grep Sig[BI] /proc/self/status; }
            before=$(state); unshare_ns -rp; after=$(state); [[ $before == "$after" ]] && exit $$'
    is "$status" 1
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

@test "an ignored signal to the one outside stays ignored" {
    mkfifo "$dir/go"
    sh_start 'trap "" TERM; unshare_ns -rp; echo >"$dir/signal"; read -r line <"$dir/go"; echo "$line $$"'
    await
    kill -TERM "$(<"$dir/pid")"
    echo alive >"$dir/go"
    sh_wait
    is "$output" "alive 1"
    is "$status" 0
}
