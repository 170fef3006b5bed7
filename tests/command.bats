#!/usr/bin/env bats
# unshare_ns OPTION... COMMAND: a child enters and runs COMMAND, the calling shell does not change.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

@test "a program, a builtin, a function" {
    sh_run 'f() { echo "$# $2 $(id -u)"; }
            unshare_ns -r id -u; unshare_ns -r echo "a  b" c; unshare_ns -r f "a b" "c  d"'
    is "$output" $'0\na  b c\n2 c  d 0'
    done_quietly
}

@test "the status is COMMAND's" {
    sh_run 'f() { return 4; }; g() { exit 5; }
            for command in true false f g "exit 6" "eval exit 7" "exec bash -c \"exit 8\"" \
                "bash -c \"kill -TERM \\\$\\\$\"" "eval kill -KILL \\\$BASHPID"; do
                eval "unshare_ns -r $command"; echo $?
            done'
    is "$(xargs <<<"$output")" "0 1 4 5 6 7 8 143 137"
}

@test "not found is 127, not executable 126" {
    echo >"$dir/file"
    sh_run 'unshare_ns -r no-such-command; echo $?; unshare_ns -r "$dir/file"; echo $?; unshare_ns -r "$dir"; echo $?'
    is "$output" $'127\n126\n126'
    like "$error" "*no-such-command: command not found"$'\n'"*$dir/file: Permission denied"$'\n'"*$dir: Is a directory"
}

@test "options after COMMAND are COMMAND's, -- ends those of unshare_ns" {
    sh_run 'unshare_ns -r echo -m --user; unshare_ns -r -- printf "%s\n" --'
    is "$output" $'-m --user\n--'
    done_quietly
}

@test "the calling shell does not change" {
    local command
    for command in true 'cd /' 'eval "x=2; declare -g y=3"' 'umask 077' 'exec 9</dev/null' 'trap "echo no" USR1' \
        'unshare_ns -m' 'exit 0' 'sleep 0' 'set -f' 'no-such-command 2>/dev/null' 'eval "echo >ran"'; do
        : >"$dir/ran"
        sh_run 'x=1; cd "$dir"; fingerprint before; eval "unshare_ns -rmuin $1"; fingerprint after; echo "$x ${y-}"' \
            "$command"
        is "$output" "1 "
        done_quietly
        unchanged
    done
    [[ -s $dir/ran ]]
}

@test "in a PID namespace COMMAND is PID 1, and the calling shell does not move" {
    sh_run 'f() { echo "$BASHPID"; }
            unshare_ns -rp bash -c "echo \$\$"; unshare_ns -rp f
            unshare_ns -rpm --mount-proc eval "echo /proc/[0-9]*"
            fingerprint "$dir/before"; unshare_ns -rp exit 3; status=$?; fingerprint "$dir/after"; exit $status'
    is "$output" $'1\n1\n/proc/1'
    is "$status" 3
    is "$error" ""
    unchanged
}

@test "nothing of a PID namespace outlives COMMAND" {
    sh_run 'f() { sleep 1000 & }; unshare_ns -rp f; unshare_ns -rp bash -c "sleep 1000 & exit 7"'
    is "$status" 7
    nothing_runs
}

@test "the environment, and redirections, are the command's" {
    sh_run 'FOO=1 unshare_ns -r printenv FOO; echo "${FOO-unset}"
            unshare_ns -r echo "to a file" >"$dir/file"; cat "$dir/file"
            unshare_ns -r cat <"$dir/file"; unshare_ns -r cat <<<here; unshare_ns -r bash -c "echo >&2 quiet" 2>/dev/null'
    is "$output" $'1\nunset\nto a file\nto a file\nhere'
    done_quietly
}

@test "in a pipeline, a substitution, the background, a condition" {
    sh_run 'echo abc | unshare_ns -r cat | tr a x; echo "$(unshare_ns -r id -u)"
            if unshare_ns -r false; then echo wrong; else echo else; fi
            unshare_ns -r bash -c "exit 3" & wait $!; echo $?
            while read -r line; do echo "$line"; done < <(unshare_ns -rp echo from 1)
            ! unshare_ns -r true && echo wrong; unshare_ns -r false | true; echo "${PIPESTATUS[@]}"'
    is "$output" $'xbc\n0\nelse\n3\nfrom 1\n1 0'
    done_quietly
}

@test "one in another, and through builtin and command" {
    sh_run 'unshare_ns -r unshare_ns -p eval "echo \$BASHPID \$EUID"; builtin unshare_ns -r id -u; command unshare_ns -r id -u
            unshare_ns -rp unshare_ns -p unshare_ns -p bash -c "exit 9"'
    is "$output" $'1 0\n0\n0'
    is "$status" 9
    is "$error" ""
}

@test "traps as in a subshell: EXIT runs in the caller, once" {
    sh_run 'trap "echo bye $((n += 1)) \$n" EXIT; n=0; f() { n=5; }
            unshare_ns -r echo command; unshare_ns -rp f; unshare_ns -r exit; (unshare_ns -r true); echo end'
    is "$output" $'command\nend\nbye 1 0'
    done_quietly
}

@test "COMMAND has no open file and no signal setting that the caller did not give it" {
    local state='printf "%s\n" /proc/self/fd/*; grep Sig[BI] /proc/self/status'
    sh_run "$state; bash -c '$state'"
    local without=$output
    sh_run "trap '' USR2 && trap - USR2; $state; unshare_ns -rmuin bash -c '$state'"
    is "$output" "$without"
    sh_run "$state; unshare_ns -rp bash -c '$state'"
    is "$output" "$without"
    done_quietly
}

@test "set -x shows the builtin once, and COMMAND" {
    sh_run 'set -x; unshare_ns -r echo "$-" hi; echo "$-"'
    is "$output" $'hxBc hi\nhxBc'
    is "$error" $'+ unshare_ns -r echo hxBc hi\n+ echo hxBc hi\n+ echo hxBc'
}

@test "other calls on the way to COMMAND: in PS4, in a DEBUG trap, in its words" {
    sh_run 'PS4="+\$(nsenter_ns --net=/nowhere 2>/dev/null; unshare_ns -r --check || echo no) "; set -x; unshare_ns -r id -u' 2>&1
    is "$output" 0
    is "$error" $'+ unshare_ns -r id -u\n+ id -u'
    sh_run 'set -T; trap "unshare_ns --bogus 2>/dev/null; nsenter_ns --net=/nowhere 2>/dev/null" DEBUG
            unshare_ns -r eval "id -u; true"; unshare_ns -r unshare_ns -u "$(unshare_ns -r echo id)" -u'
    is "$output" $'0\n0'
    done_quietly
}

@test "with functrace a DEBUG trap sees the builtin once, and COMMAND as in a subshell" {
    sh_run 'f() { :; }; set -T; trap "echo \"\$BASH_SUBSHELL \$BASH_COMMAND\"" DEBUG
            unshare_ns -r true; unshare_ns -rp f; unshare_ns -r unshare_ns -u eval ":"; unshare_ns -r trap -p; trap -p DEBUG'
    is "$output" "0 unshare_ns -r true
1 true
0 unshare_ns -rp f
1 f
1 f
1 :
0 unshare_ns -r unshare_ns -u eval \":\"
1 unshare_ns -u eval :
2 eval :
2 :
0 unshare_ns -r trap -p
1 trap -p
trap -- 'echo \"\$BASH_SUBSHELL \$BASH_COMMAND\"' DEBUG
0 trap -p DEBUG
trap -- 'echo \"\$BASH_SUBSHELL \$BASH_COMMAND\"' DEBUG"
    done_quietly
    sh_run 'set -T; trap "" DEBUG; unshare_ns -r trap -p DEBUG; trap -p DEBUG; set +T
            trap "echo \"\$BASH_SUBSHELL \$BASH_COMMAND\"" DEBUG; unshare_ns -r true'
    is "$output" $'trap -- \'\' DEBUG\ntrap -- \'\' DEBUG\n0 unshare_ns -r true'
    done_quietly
}

@test "a COMMAND that cannot enter is not run" {
    sh_run 'unshare_ns -r --root="$dir/nowhere" echo no; echo $?; unshare_ns -rp -w "$dir/nowhere" echo no; echo $?'
    is "$output" $'125\n125'
    is "$(grep -c 'unshare_ns: ' "$dir/error")" 2
}

@test "what does not come as far as COMMAND is 125: its own status may be 1 or 2" {
    local words tried=0
    while read -r words; do
        ((tried += 1))
        sh_run 'eval "$1 echo no"; echo "$?"; eval "$1"; echo "$?"; eval "$1 -- echo no" | cat; echo "${PIPESTATUS[0]}"' "$words"
        case $words in
            *--nonsense* | *=0* | *=maybe* | unshare_ns | *"-t x"*) is "$output" $'125\n2\n125' ;;
            *) is "$output" $'125\n1\n125' ;;
        esac
    done <<-'EOT'
		unshare_ns -r -R "$dir/nowhere"
		unshare_ns -r --check -R "$dir/nowhere"
		unshare_ns --nonsense -r
		unshare_ns -r --map-root-user=0
		unshare_ns -r --setgroups=maybe
		unshare_ns
		nsenter_ns --net="$dir/nowhere"
		nsenter_ns -t %9 -a
		nsenter_ns -t x -a
		nsenter_ns --nonsense -t $$
	EOT
    is "$tried" 10
    sh_run 'unshare_ns -r bash -c "exit 1"; echo $?; unshare_ns -r bash -c "exit 2"; echo $?; nsmap --nonsense x 2>&-; echo $?'
    is "$output" $'1\n2\n2'
}

@test "an ERR trap has the line of the script as \$BASH_COMMAND, and the status" {
    sh_run "trap 'echo \"\$BASH_COMMAND: \$?\"' ERR; unshare_ns -r false; f() { unshare_ns -r bash -c 'exit 3'; }; f"
    is "$output" $'unshare_ns -r false: 1\nunshare_ns -r bash -c \'exit 3\': 3'
    is "$error" ""
}

@test "with errexit, a COMMAND that fails ends the script" {
    sh_run 'set -e; unshare_ns -r false || echo handled; unshare_ns -rp eval "exit 3"; echo wrong'
    is "$output" handled
    is "$status" 3
}

@test "a signal to a background COMMAND reaches it through another builtin, too" {
    sh_run 'unshare_ns -r unshare_ns -u bash -c "exec sleep 1000" & sleep 0.3; kill -TERM $!; wait $!'
    is "$status" 143
    nothing_runs
    sh_run 'unshare_ns -r unshare_ns -r bash -c "trap \"echo got; exit 3\" USR1; while :; do sleep 0.1; done" & sleep 0.4
            kill -USR1 $!; wait $!'
    is "$output $status" "got 3"
    nothing_runs
}

@test "a background COMMAND dies by a signal to it" {
    local option
    for option in -r -rp; do
        sh_run 'unshare_ns "$1" bash -c "exec sleep 1000" & sleep 0.3; kill -TERM $!; wait $!' "$option"
        is "$status" 143
        nothing_runs
    done
}
