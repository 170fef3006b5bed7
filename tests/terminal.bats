#!/usr/bin/env bats
# At a real terminal: the shell that moved owns it and works as before, and the outer one has it back.
# shellcheck disable=SC2089,SC2090,SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

@test "at a prompt: the moved shell owns the terminal, the outer one has it back" {
    pty <<-'EOT'
		line {bash --rcfile "$dir/rc" -i}
		want {\$ |# }
		line {PS1='\u@\h \$ '; HISTFILE=$dir/history; set -o history}
		want { [$#] }
		line {unshare_ns -rpmu --mount-proc --hostname box --no-return}
		want {root@box # }
		line {echo pid=$$ ppid=$PPID}
		want {pid=1 ppid=0\r\nroot@box # }
		line {echo a b | tr a-z A-Z | cat}
		want {A B\r\nroot@box # }
		line {sleep 0.3 & wait; echo waited}
		want {waited\r\nroot@box # }
		line {sleep 1000}
		awaits sleep
		send "\003"
		want {\^C\r\nroot@box # }
		line {echo status=$?}
		want {status=130\r\nroot@box # }
		line {sleep 1000}
		awaits sleep
		send "\032"
		want {Stopped.*root@box # }
		line {bg; jobs -r | grep -c sleep}
		want {\n1\r\nroot@box # }
		line {fg}
		want {sleep 1000\r\n}
		awaits sleep
		send "\003"
		want {root@box # }
		line {unshare_ns -u sleep 1000}
		awaits sleep
		send "\003"
		want {root@box # }
		line {exit 7}
		want {outer\$ }
		line {echo status=$? | cat}
		want {status=7\r\nouter\$ }
		line {sleep 0.1 & wait; jobs; echo waited}
		want {waited\r\nouter\$ }
		line {exit}
		ends
	EOT
    is "$(grep -c 'echo pid=' "$dir/history")" 1
}

@test "at a prompt: jobs that stay outside are told, once, and those that have ended are not" {
    pty <<-'EOT'
		line {source "$dir/rc"}
		want $outer
		line {true & wait; sleep 1000 & echo $! >"$dir/outside"; sleep 2000}
		awaits sleep
		send "\032"
		want {Stopped.*outer\$ }
		line {unshare_ns -rpm --mount-proc}
		want {--mount-proc\r\nunshare_ns: 2 jobs stay outside\r\nouter\$ }
		line {jobs; unshare_ns -r --fork}
		want {--fork\r\nouter\$ }
		line {sleep 3000 & true & while kill -0 $! 2>/dev/null; do :; done; unshare_ns -r --fork; (unshare_ns -r --fork; echo deep''er)}
		want {\nunshare_ns: 1 job stays outside\r\ndeeper\r\nouter\$ }
		line {exit}
		want {exit}
	EOT
    kill "$(<"$dir/outside")" 2>/dev/null || : # or the end of the terminal has ended it
}

@test "at a prompt: a plan that fails, and one without a move" {
    pty <<-'EOT'
		line {source "$dir/rc"}
		want {outer\$ }
		line {unshare_ns -rp -w /nowhere}
		want {unshare_ns: .*outer\$ }
		line {echo a | cat}
		want {\na\r\nouter\$ }
		line {PS1='\u \$ '; unshare_ns -rn}
		want {root # }
		line {echo a | cat; sleep 0.1 & wait; echo waited}
		want {waited\r\nroot # }
		line {exit}
		want {exit}
		ends
	EOT
}

@test "^C, ^Z and hangup reach a script that moved" {
    { prelude && echo 'unshare_ns -rp; echo in $$; sleep 1000; echo went on'; } >"$dir/script"
    { prelude && echo 'trap "echo caught; exit 5" INT; unshare_ns -rp; echo in $$; sleep 1000'; } >"$dir/traps"
    pty <<-'EOT'
		line {bash "$dir/script"}
		want {\nin 1\r\n}
		awaits sleep
		send "\003"
		want {outer\$ }
		line {echo status=$?}
		want {status=130\r\nouter\$ }
		line {bash "$dir/traps"}
		want {\nin 1\r\n}
		awaits sleep
		send "\003"
		want {caught\r\nouter\$ }
		line {echo status=$?}
		want {status=5\r\nouter\$ }
		line {bash "$dir/script"}
		want {\nin 1\r\n}
		awaits sleep
		send "\032"
		want {Stopped.*outer\$ }
		line {fg}
		want {bash.*script}
		awaits sleep
		send "\003"
		want {outer\$ }
		line {bash "$dir/script"}
		want {\nin 1\r\n}
		close
	EOT
    nothing_runs
}

# The kernel tells the session leader only.
@test "a terminal that is closed ends a script that moved in the session leader" {
    local options
    for options in -rp "-rp --init" -rf; do
        { prelude && echo "trap 'echo bye \$\$ >>\"\$dir/bye\"' EXIT; unshare_ns $options; echo in; sleep 1000"; } >"$dir/script"
        rm -f "$dir/bye"
        pty <<-'EOT'
			line {exec bash "$dir/script"}
			want {\nin\r\n}
			awaits sleep
			close
		EOT
        nothing_runs
        is "$(wc -l <"$dir/bye")" 1
    done
}

# hangs_up COMMAND...: each runs in place of the shell at a terminal that is closed when it has said "in"; prints the status
hangs_up() {
    pty <<-'EOT'
		line "exec $env(hangs)"
		want {\nin\r\n}
		sleep 0.3
		close
		puts "ended [lrange [wait] 3 end]"
	EOT
}

# The shell may see the end of the terminal first. What ended by SIGHUP ends by that, and an interactive one tells its jobs.
@test "a terminal that is closed ends by SIGHUP who reads from it, moved or not, and the jobs of a prompt" {
    local move
    for move in true "unshare_ns -rp" "unshare_ns -rp --init" "unshare_ns -rf" "unshare_ns -rf; unshare_ns -p"; do
        { prelude | grep -v '^read' && echo "$move; echo in; read -r line; exit 3"; } >"$dir/script"
        {
            prelude | grep -v '^read'
            # A job that is not told would be there for longer than nothing_runs waits.
            echo "$move; PS1=; { read -r _ _ _ _ group _ </proc/self/stat; echo \"\$group\" >>'$dir/groups'; exec sleep 1000; } & sleep 0.2; echo in"
        } >"$dir/prompt"
        for hangs in 'bash "$dir/script"' 'bash --rcfile "$dir/prompt" -i'; do
            echo "$hangs after $move"
            export hangs
            like "$(hangs_up)" '*ended * CHILDKILLED SIGHUP *'
            [[ $hangs != *script* ]] || continue
            nothing_runs
            rm "$dir/groups"
        done
    done
}

@test "a script that moved and reads from the terminal in the background is stopped by tty input" {
    local move
    for move in "unshare_ns -rf" "unshare_ns -rp" "unshare_ns -rp --init" "unshare_ns -rf; unshare_ns -p"; do
        { prelude && echo "$move; read -r line; echo \"read \$line\""; } >"$dir/script"
        pty <<-'EOT'
			for {set i 0} {$i < 5} {incr i} {
			    line {bash "$dir/script" & for ((n = 0; n < 50; n++)); do [[ $(jobs) == *Stopped* ]] && break; sleep 0.1; done; jobs -l}
			    want {\d Stopped \(tty input\) [^\r]*\r\n.*outer\$ }
			    line {fg}
			    want {bash.*script}
			    sleep 0.2
			    line {typed}
			    want {read typed\r\n.*outer\$ }
			}
		EOT
        nothing_runs
    done
}

@test "^Z, fg, bg and ^C reach a script that moved twice" {
    local moves
    for moves in "unshare_ns -rp; unshare_ns -p" "unshare_ns -rf; unshare_ns -f" "unshare_ns -rf; unshare_ns -p" \
        "unshare_ns -rp; unshare_ns -f" "unshare_ns -rp --init; unshare_ns -p" "unshare_ns -rp; unshare_ns -p; unshare_ns -p"; do
        { prelude && echo "$moves; echo in; for ((;;)); do sleep 2; done"; } >"$dir/script"
        pty <<-'EOT'
			proc begin {} { line {bash "$dir/script"}; want {\nin\r\n} }
			proc stop {} { awaits sleep; send "\032"; want {Stopped.*outer\$ } }
			proc go_on {} { line {fg}; want {bash.*script} }
			begin
			for {set i 0} {$i < 5} {incr i} { stop; go_on }
			stop
			line {bg; sleep 0.3; kill $!; wait $!; echo status=$?}
			want {status=143\r\n.*outer\$ }
			begin
			stop
			go_on
			awaits sleep
			interrupts
		EOT
        nothing_runs
    done
}

# Each of the group has the signal, and is passed it once more.
@test "a stop sent to the whole process group by kill reaches a script that moved, and so does what follows" {
    local moves
    for moves in "unshare_ns -rp; unshare_ns -p; unshare_ns -p" "unshare_ns -rp --init; unshare_ns -p" \
        "unshare_ns -rf; unshare_ns -f; unshare_ns -f"; do
        { prelude && echo "$moves; echo in; sleep 1000"; } >"$dir/script"
        pty <<-'EOT'
			line {bash "$dir/script" & sleep 0.5}
			want {\nin\r\n.*outer\$ }
			for {set i 0} {$i < 15} {incr i} {
			    line {kill -TSTP %1; for ((n = 0; n < 50; n++)); do [[ $(jobs) == *Stopped* ]] && break; sleep 0.1; done; echo n''=$n}
			    want {n=[0-9]\r\n.*outer\$ }
			    line {bg; sleep 0.1}
			    want {script.*outer\$ }
			}
			line {fg}
			want {bash.*script}
			awaits sleep
			interrupts
		EOT
        nothing_runs
    done
}

@test "a stop sent to the supervisor in the middle alone stops nothing" {
    local moves
    for moves in "unshare_ns -rp --init" "unshare_ns -rp; unshare_ns -p"; do
        mkfifo "$dir/go"
        exec {go}<>"$dir/go" # it may come to read later
        sh_start "$moves"'; echo >"$dir/signal"; for n in 1 2; do read -r -t 100 _ <>"$dir/go"; echo "$n" >&2; done'
        await
        pgrep --oldest -P "$(<"$dir/pid")" >"$dir/middle"
        kill -TSTP "$(<"$dir/middle")"
        sleep 1
        echo >&"$go"
        sleep 0.2
        echo >&"$go"
        sh_wait
        is "$status" 0
        rm "$dir/go" "$dir/signal"
    done
}

@test "suspend: the shell goes on where nobody outside can be told, else it stops" {
    local moves
    for moves in "unshare_ns -rp --init --no-return" "unshare_ns -rp --no-return; unshare_ns -f --no-return" "unshare_ns -rp --no-return"; do
        export moves
        pty <<-'EOT'
			line {bash --rcfile "$dir/rc" -i}
			want {\$ |# }
			line {PS1='inner \$ '}
			want {inner [$#] }
			line "$env(moves)"
			want {inner # }
			line {suspend}
			want {inner # }
			line {echo back=$?}
			want {back=0\r\ninner # }
			line {echo a | cat}
			want {\na\r\ninner # }
			line {exit}
			want {outer\$ }
		EOT
    done
    pty <<-'EOT'
		line {bash --rcfile "$dir/rc" -i}
		want {\$ |# }
		line {PS1='inner \$ '; unshare_ns -rf --no-return}
		want {inner # }
		line {suspend}
		want {Stopped.*outer\$ }
		line {fg}
		want {inner # }
		line {exit}
		want {outer\$ }
	EOT
}

@test "at a prompt: a job of a moved shell that was stopped has the terminal again when that is continued" {
    pty <<-'EOT'
		line {bash --rcfile "$dir/rc" -i}
		want {[$#] }
		line {unshare_ns -rf --no-return}
		want {[$#] }
		line {sh -c 'kill -STOP $PPID; until [ -e "$dir/go" ]; do sleep 0.05; done; read -r word; echo "job has $word"'}
		want {Stopped.*outer\$ }
		line {fg}
		want {bash --rcfile}
		sleep 0.3
		line {word}
		exec touch $env(dir)/go
		expect {
		    -re {job has word\r\n} {}
		    -re {Stopped} { exit 1 }
		    timeout { exit 1 }
		}
		line {exit}
		want {outer\$ }
	EOT
}

@test "at a prompt: with --init, with --fork alone, and joining" {
    local command child=
    in_target='mount -t proc proc /proc; hostname box' target -rpmu --fork
    read -r child _ <"/proc/$target/task/$target/children" || : # where the target is already the one inside
    for command in "unshare_ns -rpmu --mount-proc --hostname box --init" "unshare_ns -ruf --hostname box" \
        "nsenter_ns --target ${child:-$target} --user --pid --mount --uts"; do
        export command
        pty <<-'EOT'
			line {bash --rcfile "$dir/rc" -i}
			want {\$ |# }
			line {PS1='\u@\h \$ '}
			want { [$#] }
			line "$env(command) --no-return"
			want {root@box # }
			works {root@box # }
			line {sleep 1000}
			awaits sleep
			send "\032"
			want {Stopped.*root@box # }
			leaves {kill %1; wait; fg; exit 7}
		EOT
    done
}

@test "at a prompt: what the moved shell becomes has the terminal in a process group of its own" {
    pty <<-'EOT'
		line {bash --rcfile "$dir/rc" -i}
		want {[$#] }
		line {unshare_ns -rf --no-return}
		want {[$#] }
		line {exec sh -c 'read -r pid _ _ _ group _ _ terminal _ </proc/self/stat; echo $((pid == group)) $((pid == terminal))'}
		expect {
		    -re {\n1 1\r\nouter\$ } {}
		    -re {\n(0 [01]|1 0)\r} { exit 1 }
		    timeout { exit 1 }
		}
		line {exit}
		ends
	EOT
}

@test "at a prompt: ^C on a half line, a job in the background, ^D" {
    pty <<-'EOT'
		line {bash --rcfile "$dir/rc" -i}
		want {\$ |# }
		line {PS1='\u \$ '}
		want { [$#] }
		line {unshare_ns -rpm --mount-proc --no-return}
		want {root # }
		send "echo no"
		want {echo no}
		sleep 0.3 ;# when readline has drawn it, bash itself may see the ^C with the next key only
		send "\003"
		want {\^C\r\nroot # }
		line {sleep 1000 | cat & }
		want {\[1\] \d+\r\nroot # }
		line {jobs; fg}
		want {Running.*sleep 1000 \| cat\r\n}
		awaits sleep.*cat
		send "\032"
		want {Stopped.*root # }
		line {bg; kill %1; wait; jobs; echo end=$?}
		want {end=0\r\nroot # }
		works {root # }
		send "\004"
		want {exit\r\nouter\$ }
		works {outer\$ }
		line {stty -a | grep -c ' echo '}
		want {\n1\r\nouter\$ }
		send "\004"
		ends
	EOT
}

@test "the outer shell has the terminal back after kill -9, exec, and death by a signal" {
    local outer options end
    # The shell is killed while readline has the terminal, and while a job has it; exec; a signal of its own.
    while IFS='|' read -r outer options end <&9; do
        export outer options end
        pty <<-'EOT'
		line "exec env PS1='out''er$ ' $env(outer) -i"
		want {\nouter\$ }
		line {bash --rcfile "$dir/rc" -i}
		want {bash.*[$#] }
		line {PS1='\u \$ '}
		want { [$#] }
		line "unshare_ns -rp --no-return $env(options)"
		want {root # }
		line {read -r pid _ </proc/self/stat; echo $pid >$dir/pid; echo noted}
		want {noted\r\nroot # }
		if {$env(end) == "kill" || $env(end) == "sleep"} {
		    if {$env(end) == "sleep"} { line {sleep 1000}; awaits sleep }
		    exec kill -KILL [exec cat $env(dir)/pid]
		} else {
		    line $env(end)
		}
		want {outer\$ }
		line {}
		want {outer\$ }
		works {outer\$ }
		line {stty -a | grep -c ' echo '}
		want {\n1\r\n.*outer\$ }
		line {exit}
		ends
		EOT
    done 9<<-'END'
		bash --norc --noprofile||kill
		bash --norc --noprofile||sleep
		bash --norc --noprofile||exec sh -c 'exit 9'
		bash --norc --noprofile||kill -HUP $BASHPID
		bash --norc --noprofile|--init|kill
		bash --norc --noprofile|--init|sleep
		dash||kill
		dash||sleep
		dash||exec sh -c 'exit 9'
		dash|--init|kill
	END
}

@test "one move in another, each with a terminal of its own to give back" {
    pty <<-'EOT'
		line {bash --rcfile "$dir/rc" -i}
		want {\$ |# }
		line {PS1='\u \$ '}
		want { [$#] }
		line {unshare_ns -rp --no-return; PS1='one \$ '}
		want {one # }
		line {unshare_ns -pm --mount-proc --no-return; PS1='two \$ '}
		want {two # }
		works {two # }
		line {bash --rcfile "$dir/rc" -i}
		want {# }
		line {PS1='three \$ '; unshare_ns -pm --init --mount-proc --no-return}
		want {three # }
		works {three # }
		line {echo pid=$$; exit 5}
		want {pid=2\r\n.*two # }
		line {echo status=$?}
		want {status=5\r\ntwo # }
		works {two # }
		line {exit 6}
		want {outer\$ }
		line {echo status=$?}
		want {status=6\r\nouter\$ }
		works {outer\$ }
		line {exit}
		ends
	EOT
}

@test "COMMAND is stopped by ^Z and continued by fg" {
    pty <<-'EOT'
		line {source "$dir/rc"; type -t unshare_ns}
		want {builtin\r\nouter\$ }
		foreach options {-ru -rp {-rp --init}} {
		    line "unshare_ns $options sleep 1000"
		    awaits sleep
		    send "\032"
		    want {Stopped.*outer\$ }
		    line {bg; jobs}
		    want {Running.*outer\$ }
		    line {fg}
		    want {unshare_ns.*\r\n}
		    awaits sleep
		    send "\003"
		    want {\^C\r\nouter\$ }
		    works {outer\$ }
		}
		line {exit}
		ends
	EOT
}

@test "^C ends a loop over scripts that moved" {
    { prelude && echo 'unshare_ns -rp $1; echo in $$; sleep 1000; echo went on'; } >"$dir/script"
    { prelude && echo 'unshare_ns -rp $1; echo in $$; wait < <(sleep 1000); read -r line; echo went on'; } >"$dir/reads"
    pty <<-'EOT'
		foreach script {script {script --init} reads {reads --init}} {
		    line "for i in 1 2 3; do bash \$dir/$script; echo again; done"
		    want {\nin \d\r\n}
		    awaits sleep
		    send "\003"
		    expect {
		        again { puts "\n-- the loop went on"; exit 1 }
		        -re {\^C\r\nouter\$ } {}
		        timeout { puts "\n-- never came: the prompt"; exit 1 }
		    }
		    works {outer\$ }
		}
		line {exit}
		ends
	EOT
}

@test "with --no-fork, jobs and pipelines work as before, without a complaint" {
    pty <<-'EOT'
		line {source "$dir/rc"; type -t unshare_ns}
		want {builtin\r\nouter\$ }
		line {unshare_ns -rp --no-fork; PS1='\u \$ '}
		want {warning: [^\n]*/proc\r\nroot # }
		line {unshare_ns -p --no-fork; echo "$(echo once | cat)"}
		want {no-fork; echo "\$\(echo once \| cat\)"\r\nonce\r\nroot # }
		line {bash -c 'echo pid=$$'; echo a b | tr a-z A-Z | cat}
		want {\npid=\d+\r\nA B\r\nroot # }
		works {root # }
		line {sleep 1000 | cat | cat}
		awaits sleep.*cat.*cat
		send "\032"
		want {\^Z\r\n\[1\]\+  Stopped [^\n]*\r\nroot # }
		line {bg; jobs -r | grep -c sleep}
		want {\n1\r\nroot # }
		line {fg}
		want {sleep 1000 \| cat \| cat\r\n}
		awaits sleep.*cat.*cat
		send "\003"
		want {\^C\r\nroot # }
		line {while read -r l; do echo "l=$l"; done < <(echo x | cat); cat <(echo y)}
		want {l=x\r\ny\r\nroot # }
		line {exit}
		ends
	EOT
}

@test "in a startup file, which bash reads without job control" {
    local move
    for move in "unshare_ns -rp" "unshare_ns -rp --init" "unshare_ns -ruf"; do
        export move
        pty <<-'EOT'
			line {{ cat "$dir/rc"; echo "$move; PS1='inner\\$ '"; } >"$dir/rc.moves"; bash --rcfile "$dir/rc.moves" -i}
			want {inner. }
			works {inner. }
			line {sed -u s/typed/read/}
			awaits sed
			line {typed}
			want {read\r\n}
			send "\032"
			want {Stopped.*inner. }
			leaves {kill %1; wait; fg; exit 7}
		EOT
    done
}

@test "job control that is turned on after the move" {
    { prelude && echo 'unshare_ns -rp; set -m; sed -u s/typed/read/; echo "sed: $?"; (exec sleep 0.1); echo end'; } >"$dir/script"
    { prelude && echo '(unshare_ns -rp; set -m; sed -u s/typed/read/; echo "sed: $?"); echo end'; } >"$dir/subshell"
    local script
    for script in script subshell; do
        export script
        pty <<-'EOT'
			line {bash "$dir/$script"}
			awaits sed
			line {typed}
			want {read\r\n}
			send "\004"
			want {sed: 0\r\nend\r\n.*outer\$ }
			works {outer\$ }
			line {set +m; source "$dir/rc"; unshare_ns -rp --no-return; PS1='inner\$ '; set -m}
			want {inner. }
			works {inner. }
			line {exit}
			ends
		EOT
    done
}

@test "a script has the terminal back from one that moved and had job control then" {
    { prelude && echo 'unshare_ns -rp; set -m; sleep 0.2; echo end'; } >"$dir/moves"
    echo 'bash "$dir/moves"; read -r line; echo "read $line"' >"$dir/script"
    pty <<-'EOT'
		line {bash "$dir/script"}
		want {end\r\n}
		sleep 0.5
		line {typed}
		want {read typed\r\n.*outer\$ }
		line {exit}
		ends
	EOT
}

@test "a script has the terminal back from a prompt that moved" {
    echo 'bash --rcfile "$dir/rc" -i; read -r line; echo "read $line"' >"$dir/script"
    pty <<-'EOT'
		line {bash "$dir/script"}
		line {PS1='inner$ '; unshare_ns -ruf --no-return}
		want {inner\$ .*inner\$ }
		line {exit}
		sleep 0.5
		line {typed}
		want {read typed\r\n.*outer\$ }
		line {exit}
		ends
	EOT
}

@test "a script has the terminal back from a program that took it and was killed" {
    # It is born inside, so that there is no copy of the shell that would see to it.
    { prelude && echo 'unshare_ns -rf bash --norc -ic "stty -echo; kill -KILL \$\$"; read -r line; echo "got $line, $(stty -a | grep -o "[^ ]*echo\>")"'; } >"$dir/script"
    pty <<-'EOT'
		line {bash "$dir/script"}
		want {Killed}
		line {something}
		want {\ngot something, echo\r\n}
		want {outer\$ }
		line exit
		ends
	EOT
}

@test "a script that moved, and ends in the background, leaves the terminal to who has it" {
    { prelude && echo 'unshare_ns -rp; echo in $$; read -r line <"$dir/go"; echo "$line"'; } >"$dir/script"
    mkfifo "$dir/go"
    pty <<-'EOT'
		line {bash "$dir/script"}
		want {\nin 1\r\n}
		sleep 0.3
		send "\032"
		want {Stopped.*outer\$ }
		line {bg; echo en''ded >"$dir/go"; while [[ -d /proc/$! ]]; do :; done; read -ra stat </proc/$$/stat; echo kept''=$((stat[7] == $$))}
		want {\nended\r\n.*kept=1\r\n.*outer\$ }
		line {exit}
		want {exit}
		ends
	EOT
}

@test "without job control, and without a terminal" {
    pty <<-'EOT'
		line {source "$dir/rc"; set +m; unshare_ns -rp --no-return; PS1='\u \$ '}
		want {root # }
		line {echo pid=$$; echo a b | tr a-z A-Z | cat; sleep 0.1 & wait; echo waited}
		want {pid=1\r\nA B\r\n.*waited\r\nroot # }
		line {exit}
		ends
	EOT
    printf '%s\n' 'unshare_ns -rp' 'echo "$$ $-"' 'echo a | cat; sleep 0.1 & wait; echo waited' 'exit 4' >"$dir/typed"
    status=0
    setsid --wait timeout --signal KILL "$limit" bash --rcfile "$dir/rc" -i <"$dir/typed" >"$dir/output" 2>"$dir/error" || status=$?
    is "$(<"$dir/output")" $'1 hiBHs\na\nwaited'
    is "$status" 4
}

@test "in tmux, the pane's own shell moves" {
    needs tmux -V
    prelude | grep -v '^read' >"$dir/rc"
    tmux -S "$dir/tmux" -f /dev/null new-session -d -s nsb -x 100 -y 30 "bash --rcfile '$dir/rc' -i" 3>&-
    # shows TEXT: types a command, and waits for its output
    shows() {
        local tries
        tmux -S "$dir/tmux" send-keys -t nsb "$2" Enter
        for ((tries = 0; tries < 200; tries++)); do
            ! tmux -S "$dir/tmux" capture-pane -p -t nsb | grep -qx "$1" || return 0
            sleep 0.1
        done
        tmux -S "$dir/tmux" capture-pane -p -t nsb
        return 1
    }
    shows 'pid=1' 'unshare_ns -rpm --mount-proc --no-return; echo pid=$$'
    shows 'A B' 'echo a b | tr a-z A-Z | cat'
    tmux -S "$dir/tmux" send-keys -t nsb 'sleep 1000' Enter
    sleep 0.5
    tmux -S "$dir/tmux" send-keys -t nsb C-c
    shows 'status=130' 'echo status=$?'
    tmux -S "$dir/tmux" send-keys -t nsb 'exit' Enter
    for ((tries = 0; tries < 100; tries++)); do
        tmux -S "$dir/tmux" has-session 2>/dev/null || return 0
        sleep 0.1
    done
    tmux -S "$dir/tmux" kill-server
    return 1
}
