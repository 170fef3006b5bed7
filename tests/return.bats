#!/usr/bin/env bats
# A shell that is come back to: with --return, and at a prompt where it moves.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

@test "--return: inside the status is 0, outside 3, and the variable has that of the copy" {
    local how
    for how in -rmn -ru -rf -rp "-rmnp --init" "-rp --no-fork"; do
        echo "$how"
        sh_run 'for end in "exit 0" "exit 1" "exit 3" "kill -KILL \$BASHPID; exit 137" "exec true" "exec nsb-nothing" "set -e; false"; do
                way=outside rc=old
                if unshare_ns '"$how"' --return=rc; then
                    way=inside
                    [[ $(id -u) == 0 ]] && eval "$end"
                    exit 99
                fi
                echo "$? $rc $way"
            done
            unshare_ns '"$how"' --return || echo "$?"
            exit 0'
        is "$status" 0
        is "$output" $'0 0 outside\n0 1 outside\n0 3 outside\n0 137 outside\n0 0 outside\n0 127 outside\n0 1 outside\n3'
    done
}

# The script is one open file.
@test "--return: each of the two goes on at the next line of the script" {
    local how
    for how in -rn -rp; do
        { prelude && cat; } >"$dir/script" <<-END
			outer=\$\$
			unshare_ns $how --return; status=\$?
			here() { [[ \$\$ == "\$outer" ]] && echo "outside \$status \$1" || echo "inside \$status \$1"; }
			: $(printf '%10000s' '' | tr ' ' x)
			here one
			here two
			exit \$((status + 4))
		END
        bash_run "$dir/script"
        is "$output" $'inside 0 one\ninside 0 two\noutside 3 one\noutside 3 two'
        is "$status" 7
        bash_run -s <"$dir/script"
        is "$output" $'inside 0 one\ninside 0 two\noutside 3 one\noutside 3 two'
        is "$status" 7
    done
}

@test "--return: afterwards a program has the next line of a script on standard input, as before" {
    {
        prelude
        echo 'unshare_ns -ru --return=rc && exit 5
head -n 1
data
echo "$rc after"'
    } >"$dir/script"
    bash_run <"$dir/script"
    is "$output" $'data\n5 after'
    done_quietly
}

@test "--return: afterwards the shell is as it was" {
    local how
    for how in -rmnu -rp "-rpm --init --mount-proc" "-rp --no-fork" "-r --clear-env"; do
        echo "$how"
        sh_run 'sleep 1000 & job=$!
            sleep 1000 > >(cat) & exec 7</etc/passwd; pushd /tmp >/dev/null; umask 27
            trap "echo hup" HUP; trap "echo exit" EXIT; trap "" PIPE; export kept=1
            rc=1
            fingerprint "$dir/before"
            if unshare_ns '"$how"' --return=rc; then
                jobs
                wait "$job"; [[ $? == 127 ]] || exit 9
                cd /; umask 0; exec 7<&-; trap - HUP; trap PIPE; kept=2; array=(1); set -x
                exit 1
            fi
            fingerprint "$dir/after"
            [[ $kept == 1 ]]; echo "$? $(umask) ${#DIRSTACK[@]}"
            kill %1 %2 && wait %1; echo "$?"'
        is "$status" 0
        is "$output" $'0 0027 2\n143\nexit'
        unchanged
    done
}

@test "--return: where nothing was entered, the shell and the variable are as they were" {
    sh_run 'rc=old; trap "echo exit" EXIT
        : >"$dir/said"
        tries() { "$@" 2>>"$dir/said"; echo "$? $rc"; }
        readonly fixed=1; declare -rn name=fixed
        fingerprint "$dir/before"
        tries unshare_ns -rm -w /nowhere --return=rc
        tries unshare_ns -rp -w /nowhere --return=rc
        tries unshare_ns -rn --return=fixed
        tries unshare_ns -rn --return=name
        tries unshare_ns -rn --return=UID
        tries unshare_ns -rn --return=a-b
        tries unshare_ns -rn --return=a[1]
        tries unshare_ns -rn --return=
        tries unshare_ns --return
        tries unshare_ns -rn --return --no-return
        tries unshare_ns -rn --return=rc echo inside
        tries unshare_ns -rn --return --no-return echo inside
        tries unshare_ns -rn --return=rc --check
        tries unshare_ns -rn -w /nowhere --return=rc --check
        tries nsenter_ns -t 0 -n --return=rc
        tries nsenter_ns -t $$ -n --return=rc --no-return
        fingerprint "$dir/after"'
    is "$status" 0
    is "$output" $'1 old\n1 old\n2 old\n2 old\n2 old\n2 old\n2 old\n2 old\n2 old\n2 old\n125 old\n125 old\n0 old\n1 old\n2 old\n2 old\nexit'
    is "$(grep -c 'expected the name of a variable that can be set' "$dir/said")" 6
    unchanged
}

@test "--return: the variable may be local, another's name, or a number" {
    sh_run 'f() { local rc=1; unshare_ns -rn --return=rc && exit 5; echo "f $rc"; }
        g() { local -n ref=$1; unshare_ns -rn --return=ref && exit 6; }
        f; echo "${rc-unset}"
        g there; echo "$there"
        declare -i number; unshare_ns -rn --return=number && exit 7; echo "$number"'
    is "$output" $'f 5\nunset\n6\n7'
    done_quietly
}

@test "--return: in a subshell, a pipeline, a substitution, a function, and in a copy" {
    local how
    for how in -rn -rp; do
        sh_run '( unshare_ns '"$how"' --return=rc && exit 5; echo "$? $rc" )
            echo "$(unshare_ns '"$how"' --return=rc && echo in && exit 6; echo "$? $rc")"
            { unshare_ns '"$how"' --return=rc && exit 7; echo "$? $rc"; } | cat
            if unshare_ns '"$how"' --return=rc; then
                if unshare_ns '"$how"' --return=rc; then
                    exit 4
                fi
                exit $((rc + 4))
            fi
            echo "$rc"
            f() { unshare_ns '"$how"' --return=rc; }
            for i in 1 2; do f && { ((i == 1)) && continue; exit 9; }; echo "$i $rc"; done'
        is "$output" $'3 5\nin\n3 6\n3 7\n8\n2 9\n1 0\n2 9'
        done_quietly
    done
}

@test "--return: the EXIT trap is the outer shell's, unless it is set inside" {
    local how
    for how in -rn -rp; do
        sh_run 'trap "echo outer" EXIT
            unshare_ns '"$how"' --return && exit 0
            unshare_ns '"$how"' --return && { trap "echo inner" EXIT; exit 0; }
            echo end'
        is "$output" $'inner\nend\nouter'
        done_quietly
    done
}

@test "--return: who logs out is the outer shell" {
    { prelude && echo 'unshare_ns -rn --return && { echo inside; exit; }; exit 5'; } >"$dir/script"
    echo 'echo logged out' >"$dir/.bash_logout"
    HOME=$dir bash_run -l "$dir/script"
    is "$output" $'inside\nlogged out'
    is "$status" 5
}

@test "--return: set -e ends the shell that came back, where the status is not looked at" {
    sh_run 'set -e; unshare_ns -rn --return=rc; [[ $(id -u) == '"$EUID"' ]] && exit 5; exit 4'
    [[ $status == 3 ]] || { ((EUID == 0)) && is "$status" 3; }
}

@test "a shell that is interactive by -i, but has no prompt, ends with the copy" {
    { prelude && printf '%s\n' 'unshare_ns -rp' 'echo "in $$"; exit 4'; } >"$dir/script"
    bash_run -i "$dir/script"
    is "$status" 4
    is "$output" "in 1"
    bash_run -i -c "$(<"$dir/script")"
    is "$status" 4
    is "$output" "in 1"
}

@test "--return: nsenter_ns" {
    target -rn
    sh_run 'if nsenter_ns -t '"$target"' -U -n --return=rc; then [[ /proc/self/ns/net -ef /proc/'"$target"'/ns/net ]]; exit; fi
        echo "$? $rc"
        nsenter_ns -t '"$target"' -U -n --env --return=rc && { [[ ! ${here-} ]]; exit; }
        echo "$? $rc"
        [[ ! /proc/self/ns/net -ef /proc/'"$target"'/ns/net ]]; echo "$?"'
    is "$output" $'0 0\n3 0\n0'
    done_quietly
}

@test "--return: a signal that is trapped does not end the copy before it is inside" {
    sh_run 'trap : USR1
        (while kill -USR1 "$$"; do :; done) 2>/dev/null &
        for i in {1..100}; do
            unshare_ns -rp --return=rc && exit 7
            [[ $? == 3 && $rc == 7 ]] || echo "$i: $rc"
        done
        kill "$!"
        wait
        echo all'
    is "$output" all
    done_quietly
}

@test "--return: a signal to the shell that waits is the copy's" {
    local how
    for how in -rn -rp; do
        echo "$how"
        sh_start 'trap "echo outer" USR1
            if unshare_ns '"$how"' --return=rc; then
                trap "echo inner; exit 5" TERM; trap "echo once" USR1
                echo >"$dir/signal"
                while :; do sleep 0.1; done
            fi
            echo "$rc"
            unshare_ns '"$how"' --return=rc && exit 138 # as if by USR1
            unshare_ns '"$how"' --return=rc && { echo >"$dir/signal"; while :; do sleep 0.1; done; }
            echo not here'
        await
        kill -USR1 "$(<"$dir/pid")"
        until [[ $(<"$dir/output") ]] || ! kill -0 "$started" 2>/dev/null; do sleep 0.1; done
        kill -TERM "$(<"$dir/pid")"
        await
        kill -TERM "$(<"$dir/pid")"
        sh_wait
        is "$output" $'once\ninner\n5'
        is "$status" 143
        nothing_runs
        rm "$dir/signal"
    done
    # What was passed on to one copy says nothing of how the next has ended.
    sh_run 'unshare_ns -rn --return=rc && { trap "exit 5" TERM; kill -TERM $PPID; while :; do sleep 0.1; done; }; echo "$rc"
        unshare_ns -rn --return=rc && exit 143; echo "$rc"'
    is "$output" $'5\n143'
    done_quietly
}

@test "--return: the copy ends with a shell that is killed" {
    local how
    for how in -rn -rp; do
        sh_start 'unshare_ns '"$how"' --return && { echo >"$dir/signal"; while :; do sleep 0.1; done; }'
        await
        kill -KILL "$(<"$dir/pid")"
        sh_wait
        is "$status" 137
        nothing_runs
        rm "$dir/signal"
    done
}

# At a prompt of the shell "old", in whose directory and with whose jobs the shell inside goes on
at_old_prompt() {
    pty <<-EOT
		line {bash --rcfile "\$dir/rc" -i}
		want {\\$ |# }
		line {PS1='old\\$ '; HISTFILE=\$dir/history; set -o history}
		want {\nold[\$#] }
		$(cat)
	EOT
}

@test "at a prompt without job control, the old one has its terminal back, too" {
    local command
    for command in "unshare_ns -rp" "unshare_ns -rn --return"; do
        export command
        at_old_prompt <<-'EOT'
			line {set +m}
			want {\nold. }
			line $env(command)
			want {\nold. }
			line {echo "inside $PPID"; exit 6}
			want {inside \d+\r\n.*\nold. }
			line {echo "it was $?"; exit 8}
			want {\r\nit was 6\r\n}
			want {outer. }
			line {exit}
			ends
		EOT
    done
}

@test "at a prompt: exit and ^D bring the old one back, as it was" {
    local command
    for command in "unshare_ns -rpm --mount-proc" "unshare_ns -rp --init" "unshare_ns -rf" "unshare_ns -rn --return"; do
        echo "$command"
        export command
        at_old_prompt <<-'EOT'
			line {cd /tmp; x=1; trap 'echo ended' EXIT; sleep 1000 &}
			want {\n\[1\] \d+\r\nold. }
			line "$env(command) -w /nowhere"
			want {nowhere\r\nbash: unshare_ns: [^\n]*/nowhere[^\n]*\r\nold. }
			line "$env(command)"
			want {\r\nunshare_ns: 1 job stays outside\r\nold# }
			line {kill $$; x=2; cd /; jobs; trap 'echo inner' EXIT; PS1='new# '}
			want {new# }
			works {new# }
			line {exit 7}
			want {exit\r\ninner\r\nold. }
			line {echo "$? $x $PWD"; jobs; kill %1; wait}
			want {\n7 1 /tmp\r\n\[1\]\+  Running .*old. }
			works {old. }
			line "$env(command)"
			want {\r\nold# }
			send "\004"
			want {exit\r\nold. }
			line {echo "status=$?"; stty -a | grep -c ' echo '}
			want {\nstatus=0\r\n1\r\nold. }
			line {exit 3}
			want {exit\r\nended\r\nouter. }
			line {echo status=$?}
			want {\nstatus=3\r\nouter. }
			line {exit}
			ends
		EOT
    done
}

@test "at a prompt: what else stands on the line is done inside only" {
    at_old_prompt <<-'EOT'
		foreach line {
		    {unshare_ns -rp; echo "in $$"}
		    {unshare_ns -rp && echo "in $$"}
		    {if unshare_ns -rp; then echo "in $$"; fi}
		    {for i in 1 2; do unshare_ns -rp; echo "in $$"; break; done}
		    {f() { unshare_ns -rp; echo "in $$"; }; f}
		    {eval 'unshare_ns -rp; echo "in $$"'}
		    {unshare_ns -rn --return; echo "in 1"}
		} {
		    line $line
		    want {\nin 1\r\nold# }
		    line {exit}
		    want {exit\r\nold. }
		    line {echo "status=$? $PIPESTATUS"}
		    want {\nstatus=0 0\r\nold. }
		}
		line {f() { if unshare_ns -rn --return=rc; then exit 5; fi; echo "$? $rc"; unshare_ns -rn --return || echo $?; }; f}
		want {\n0 5\r\nold# }
		line {exit}
		want {exit\r\n3\r\nold. }
		line {trap 'echo urgent' URG; unshare_ns -rp; exit}
		want {exit\r\nold. }
		line {kill -URG $$}
		want {\nurgent\r\nold. }
		line {exit}
		want {outer. }
		line {exit}
		ends
	EOT
}

@test "at a prompt: --no-return ends with the copy" {
    at_old_prompt <<-'EOT'
		line {unshare_ns -rp --no-return}
		want {\r\nold# }
		line {exit 7}
		want {outer. }
		line {echo status=$?}
		want {\nstatus=7\r\nouter. }
		line {exit}
		ends
	EOT
}

@test "at a prompt: a copy that is killed, execs or stops leaves a working prompt" {
    local command
    for command in "unshare_ns -rpm --mount-proc" "unshare_ns -rp --init" "unshare_ns -rn --return"; do
        echo "$command"
        export command
        at_old_prompt <<-'EOT'
			set pid {read -r pid _ </proc/self/stat; echo $pid >$dir/pid; echo noted}
			line {outer=$BASHPID}
			want {old. }
			line "$env(command)"
			want {\r\nold# }
			line {kill -KILL $BASHPID; kill -HUP $BASHPID}
			want {(Killed|Hangup).*old. }
			works {old. }
			line "$env(command)"
			want {\r\nold# }
			line {stty -echo; exec sh -c 'exit 9'}
			want {old. }
			line {status=$?; stty echo; echo status=$status}
			want {status=9\r\nold. }
			works {old. }
			line "$env(command)"
			want {\r\nold# }
			line {sleep 1000}
			awaits sleep
			send "\032"
			want {Stopped *sleep 1000\r\nold# }
			line {kill -KILL %1; while kill -0 %1; do sleep 0.1; done 2>/dev/null; x=inside}
			want {old# }
			line {exit}
			want {exit\r\nold. }
			line {echo "${x-unset}"}
			want {\nunset\r\nold. }
			line {exit}
			want {outer. }
			line {exit}
			ends
		EOT
    done
    at_old_prompt <<-'EOT'
		foreach command {{unshare_ns -rf} {unshare_ns -rn --return}} {
		    line $command
		    want {\r\nold# }
		    line {x=inside; suspend}
		    want {Stopped *unshare_ns.*old. }
		    line {echo "$? ${x-unset}"; jobs}
		    want {\n\d+ unset\r\n\[1\]\+  Stopped *unshare_ns .*old. }
		    works {old. }
		    line {fg}
		    want {unshare_ns.*\r\nold# }
		    works {old# }
		    line {echo $x; exit 4}
		    want {\ninside\r\nexit\r\nold. }
		    line {echo "status=$?"; jobs}
		    want {\nstatus=4\r\nold. }
		    works {old. }
		}
		line {exit}
		want {outer. }
		line {exit}
		ends
	EOT
    # As PID 1, it can be stopped from outside only.
    at_old_prompt <<-'EOT'
		line {unshare_ns -rp}
		want {\r\nold# }
		line {read -r pid _ </proc/self/stat; echo $pid >$dir/pid; echo noted}
		want {\nnoted\r\nold# }
		exec kill -STOP [exec cat $env(dir)/pid]
		want {Stopped *unshare_ns.*old. }
		works {old. }
		line {fg}
		want {unshare_ns.*\r\n}
		line {echo "pid=$$"}
		want {pid=1\r\nold# }
		works {old# }
		line {exit 6}
		want {exit\r\nold. }
		line {echo "status=$?"; jobs; exit}
		want {\nstatus=6\r\nexit\r\nouter. }
		line {exit}
		ends
	EOT
}

@test "--return: ^C and ^Z reach a script and its copy" {
    local how
    for how in -rn -rp "-rp --init"; do
        echo "$how"
        { prelude && echo "unshare_ns $how --return=rc && { echo in; for ((;;)); do sleep 1000; done; }; echo went on"; } >"$dir/script"
        { prelude && echo "unshare_ns $how --return=rc && { trap 'echo caught; exit 5' INT; echo in; for ((;;)); do sleep 1000; done; }; echo \"back \$rc\""; } >"$dir/traps"
        pty <<-'EOT'
			line {bash "$dir/script"}
			want {\nin\r\n}
			sleep 0.3
			send "\032"
			want {Stopped.*outer\$ }
			line {fg}
			want {bash.*script}
			sleep 0.3
			interrupts
			line {bash "$dir/traps"}
			want {\nin\r\n}
			sleep 0.3
			send "\003"
			want {caught\r\nback 5\r\nouter. }
			works {outer. }
			line {exit}
			ends
		EOT
        nothing_runs
    done
}

@test "at a prompt: there and back, and there, in each other" {
    at_old_prompt <<-'EOT'
		line {unshare_ns -rp; PS1='one# '}
		want {one# }
		line {unshare_ns -pm --mount-proc; PS1='two# '}
		want {two# }
		works {two# }
		line {exit 2}
		want {exit\r\none# }
		line {echo $?; unshare_ns -n --return; PS1='three# '}
		want {\n2\r\nthree# }
		works {three# }
		line {exit 3}
		want {exit\r\none# }
		line {echo $?}
		want {\n3\r\none# }
		works {one# }
		line {exit 1}
		want {exit\r\nold. }
		line {echo $?; exit}
		want {\n1\r\n.*outer. }
		line {exit}
		ends
	EOT
}

@test "at a prompt: the history goes on inside and afterwards, and each line is written once" {
    local command
    for command in "unshare_ns -rp" "unshare_ns -rn --return" 'unshare_ns -rmp; mount -t tmpfs none $dir'; do
        echo "$command"
        rm -f "$dir/history"
        echo 'echo earlier' >"$dir/history"
        export command
        at_old_prompt <<-'EOT'
			line {echo be''fore}
			want {\nbefore\r\nold. }
			line "$env(command)"
			want {\r\nold# }
			line {echo in''side}
			want {\ninside\r\nold# }
			line {exit}
			want {exit\r\nold. }
			line {echo af''ter}
			want {\nafter\r\nold. }
			line {history | tail -n 6}
			want {echo be''fore\r\n[^\n]*unshare_ns[^\n]*\r\n[^\n]*echo in''side\r\n[^\n]*exit\r\n[^\n]*echo af''ter\r\n.*old. }
			line {unshare_ns -rp}
			want {\r\nold# }
			line {exec true}
			want {old. }
			line {echo last}
			want {\nlast\r\nold. }
			line {exit}
			want {outer. }
			line {exit}
			ends
		EOT
        is "$(grep -v '^#' "$dir/history" | tail -n +2)" "PS1='old\\$ '; HISTFILE=\$dir/history; set -o history
echo be''fore
$command
echo in''side
exit
echo af''ter
history | tail -n 6
unshare_ns -rp
exec true
echo last
exit"
    done
}

@test "at a prompt: the lines of the history keep their numbers" {
    at_old_prompt <<-'EOT'
		line {HISTSIZE=2}
		want {old. }
		line {unshare_ns -rp}
		want {\r\nold# }
		line {echo in''side}
		want {\ninside\r\nold# }
		line {exit}
		want {exit\r\nold. }
		line {history}
		expect -re {\n +(\d+)  exit\r\n +\d+  history\r\nold. }
		if {$expect_out(1,string) < 5} { exit 1 }
		line {exit}
		want {outer. }
		line {exit}
		ends
	EOT
}

@test "at a prompt: a history that is in no file yet is written once, by the shell" {
    at_old_prompt <<-'EOT'
		line {unshare_ns -rp}
		want {\r\nold# }
		line {echo in''side; echo "<$HISTFILE>"}
		want {\ninside\r\n<>\r\nold# }
		line {exit}
		want {exit\r\nold. }
		line {exit}
		want {outer. }
		line {exit}
		ends
	EOT
    is "$(grep -v '^#' "$dir/history" | tail -n +2)" "unshare_ns -rp
echo in''side; echo \"<\$HISTFILE>\"
exit
exit"
}

@test "at a prompt: history -n reads no line that is there already" {
    local -x HOME=$dir # bash counts the lines of the file that it has read first
    echo 'echo earlier' >"$dir/history"
    at_old_prompt <<-'EOT'
		line {unshare_ns -rp}
		want {\r\nold# }
		line {echo in''side}
		want {\ninside\r\nold# }
		line {exit}
		want {exit\r\nold. }
		line {history -n; history | grep -c "[e]cho in''side"}
		want {\n1\r\nold. }
		line {: mar''ked; unshare_ns -rf}
		want {\r\nold# }
		line {exec true}
		want {old. }
		line {history -n; history | grep -c "[:] mar"}
		want {\n1\r\nold. }
		line {exit}
		want {outer. }
		line {exit}
		ends
	EOT
}

@test "at a prompt: lines of the history that there is no room for are left out, and no other is" {
    at_old_prompt <<-'EOT'
		line {unshare_ns -rp}
		want {\r\nold# }
		line {history -s "$(printf %06000000d 1)"; echo in''side}
		want {\ninside\r\nold# }
		line {exit}
		want {exit\r\nold. }
		line {echo status=$?; history | cut -c 1-40}
		want {status=0\r\n +[0-9]+  exit\r\n +[0-9]+  echo status[^\n]*\r\nold. }
		line {exit}
		want {outer. }
		line {exit}
		ends
	EOT
}
