#!/usr/bin/env bats
# nsenter_ns --visit: there and back.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# visit_run SCRIPT [ARG...]: as sh_run, where the process $away stands in namespaces of its own that can be visited, as
# user 0 in any case; `stands` prints where the shell stands, $here where it is at home, and $there where $away is
visit_run() {
    sh_run "
        cd '$dir'
        ((UID == 0)) || unshare_ns -rmuinC
        coproc other { unshare_ns -muinC --hostname away; cd /; umask 77; echo; read -r; }
        away=\$other_PID
        read -r <&\${other[0]}
        stands() { readlink /proc/\${1-self}/ns/* /proc/\${1-self}/{root,cwd}; }
        home() { [[ \$(stands) == \"\$here\" && \$PWD == '$dir' && \$(pwd) == '$dir' && \$(umask) == \$mask && \$(uname -n) == \"\$HOSTNAME\" ]]; }
        here=\$(stands) there=\$(stands \$away) mask=\$(umask)
        $1" "${@:2}"
}

@test "a function runs inside, in this very shell, and the shell is home again" {
    visit_run '
        look() { where=$(stands) name=$HOSTNAME first=$1 pid=$BASHPID directory=$PWD mask=$(umask); umask 7; cd /usr; return 7; }
        umask 23
        nsenter_ns --visit -t "$away" -a look word || status=$?
        [[ $mask == 0023 && $(umask) == 0023 && $where == "$there" && $name == away && $first == word && $pid == "$$" && $directory == / ]] && echo inside
        home && echo "home $status $HOSTNAME"'
    is "$output" $'inside\nhome 7 '"$(uname -n)"
    done_quietly
}

@test "--check of a visit: the status tells whether it would work, and COMMAND is not run" {
    visit_run '
        nsenter_ns --check --visit -t "$away" -n -u echo run && home && echo works
        nsenter_ns --check --visit -t "$away" -n -m nothing-of-this-name && home && echo "not looked for"
        nsenter_ns --check --visit -t "$away" -m --wd=/nowhere echo run 2>said; echo "$?"
        home && echo home'
    is "$output" $'works\nnot looked for\n125\nhome'
    done_quietly
}

@test "builtins and programs" {
    visit_run '
        nsenter_ns --visit -t "$away" -n read -r word <<<"a b" && echo "$word"
        [[ $(nsenter_ns --visit -t "$away" -n readlink /proc/self/ns/net) == "$(readlink "/proc/$away/ns/net")" ]] && echo program
        nsenter_ns --visit -t "$away" -n mapfile -t lines < <(echo 1; echo 2) && echo "${#lines[@]}"
        nsenter_ns --visit -t "$away" -n eval "x=5; (exit 3)"; echo "$? $x"
        nsenter_ns --visit -t "$away" -n nothing-of-this-name 2>said; echo "$?"
        nsenter_ns --visit -t "$away" -n cd /nothing
        home && echo home'
    is "$output" $'a b\nprogram\n2\n3 5\n127\nhome'
    like "$error" '*: cd: /nothing: No such file or directory'
    is "$status" 0
}

# ends SCRIPT STATUS: a script that visits ($visit) and ends in there does so as without the visit, with this status; its
# EXIT trap runs at home
ends() {
    local reference script='
        trap "echo exit \$?; home && echo home" EXIT
        '"$1"'
        echo "it went on"'
    visit_run "visit=; $script"
    is "$status" "$2"
    like "$output" $'exit +([0-9])\nhome'
    reference=$output$error
    visit_run "visit=\"nsenter_ns --visit -t \$away -a\"; $script"
    is "$output$error" "$reference"
    is "$status" "$2"
}

@test "where the shell ends inside, it is home first, and its EXIT trap runs there" {
    ends 'f() { exit 5; }; $visit f' 5
    ends '$visit eval "exit 5"' 5
    ends '$visit exit 5' 5
    ends 'f() { (exit 3); exit; }; $visit f' 3
    ends 'f() { g() { ${visit:+nsenter_ns --visit -t $$ -n} exit 5; }; g; }; $visit f' 5
    ends 'set -e; f() { false; echo "it went on"; }; $visit f' 1
    ends 'set -e; $visit eval "false; :"' 1
    ends 'set -e; $visit false' 1
    ends 'set -e; f() { eval "(exit 3); :"; echo "it went on"; }; $visit f' 3
    ends 'set -u; f() { echo "$unset"; }; $visit f' 127
    ends 'set -eu; f() { echo "$unset"; }; $visit f' 1
    ends 'f() { : "${unset?}"; }; $visit f' 127
    ends 'f() { eval "kill -TERM $$"; sleep 100; }; $visit f' 143
    ends 'f() { kill -INT $$; sleep 100; }; $visit f' 130
    ends 'f() { ${visit:+nsenter_ns --visit -t $$ -n} true; kill -TERM $$; sleep 100; }; $visit f' 143
    ends 'f() { set -o posix; readonly x=1; x=2; }; $visit f' 127
}

@test "an EXIT trap whose way home is barred does not run inside" {
    local bar
    for bar in 'enable -n nsenter_ns' 'enable -d nsenter_ns' 'enable -n builtin' 'builtin() { :; }' 'visits() { :; }'; do
        visit_run 'trap "echo \"EXIT \$?'"'"'\"; home && echo home; false" EXIT
            set -e
            f() { '"$bar"'; kill -TERM $$; :; }
            nsenter_ns --visit -t $away -a f
            echo "it went on"'
        is "$status" 143
        [[ $bar == visits* ]] || is "$output" ""
    done
    is "$output" $'EXIT 0\'\nhome'
}

@test "where the program that was to replace the shell is not there, the shell ends at home" {
    visit_run 'visit="nsenter_ns --visit -t $away -a"
        f() { exec /nothing; }
        trap "home && echo home" EXIT
        $visit f
        echo "it went on"'
    is "$status" 127
    like "$output" "@(|home)" # some versions of bash have forgotten the trap by then
}

@test "errors that end a command only, and what returns or breaks" {
    visit_run 'visit="nsenter_ns --visit -t $away -a"
        f() { local x=5; echo "$((1 / 0))"; echo "no $x"; }
        eval "\$visit f"; echo "division $? ${x-}"; home && echo home
        f() { readonly r=1; eval "r=2"; echo "on $?"; }
        $visit f; home && echo home
        f() { $visit return 4; echo no; }
        f; echo "return $?"; home && echo home
        f() { $visit eval "return 4"; echo no; }
        f; echo "return $?"; home && echo home
        echo "\$visit return 6; echo no" >part
        source ./part; echo "source $?"; home && echo home
        for i in 1 2 3; do
            [[ $i != 1 ]] || $visit continue
            [[ $i != 2 ]] || $visit break
            echo no
        done
        echo "loop $i"; home && echo home'
    is "$output" "division 1 
home
on 1
home
return 4
home
return 4
home
source 6
home
loop 2
home"
}

@test "set -e ends COMMAND, whose status may be tested" {
    visit_run '
        set -e
        f() { local x=inside; (exit 3); echo no; }
        g() { local x=outside; nsenter_ns --visit -t "$away" -a f || echo "status $? $x ${#FUNCNAME[@]}"; echo "on $x"; }
        g
        if nsenter_ns --visit -t "$away" -a f; then echo no; fi
        for i in 1 2; do
            ! nsenter_ns --visit -t "$away" -a f || echo no
        done
        home && echo "home $i"'
    is "$output" $'status 3 outside 1\non outside\nhome 2'
    done_quietly
}

@test "where eval is left in the midst of a function, set -e ends the shell in any case" {
    visit_run '
        trap "echo EXIT; home && echo home" EXIT
        set -e
        f() { eval "(exit 3); :"; }
        g() { local x=outer; nsenter_ns --visit -t "$away" -a f || echo "went on $x"; }
        g 2>said'
    is "$output" $'EXIT\nhome'
    is "$status" 3
}

@test "traps run where they come due, and once" {
    visit_run 'visit="nsenter_ns --visit -t $away -a"
        where() { if home; then echo "$1 home"; else echo "$1 away"; fi; }
        trap "where USR1" USR1
        f() { kill -USR1 $$; :; return 1; }
        $visit f || echo "status $?"
        trap "where ERR" ERR
        $visit f
        $visit ls /nothing 2>/dev/null
        trap - ERR
        set -T
        trap "where RETURN" RETURN
        f() { :; }
        $visit f
        trap - RETURN
        trap "where EXIT" EXIT
        f() { trap "where own" EXIT; }
        $visit f
        trap -p EXIT
        trap "where EXIT" EXIT
        $visit true
        trap -p EXIT
        trap "" EXIT
        $visit true
        trap -p EXIT
        sleep 1000 &
        { sleep 0.3; kill -USR1 $$; } &
        $visit wait %sleep || echo "wait $?"
        kill %sleep'
    is "$output" "USR1 away
status 1
USR1 away
ERR home
ERR home
RETURN away
trap -- 'where own' EXIT
trap -- 'where EXIT' EXIT
trap -- '' EXIT
USR1 home
wait 138"
    done_quietly
}

@test "--home comes home at once, from all visits" {
    visit_run '
        f() { nsenter_ns --visit -t $$ -n g; home && echo home; }
        g() { home || echo away; (exit 4); nsenter_ns --home; echo "$?"; home && echo home; return 3; }
        nsenter_ns --visit -t "$away" -a f
        (exit 5)
        nsenter_ns --home
        echo "$?"'
    is "$output" $'away\n4\nhome\nhome\n5'
    done_quietly
}

@test "exit in another root reads the .bash_logout of home" {
    mkdir -p "$dir/root/$dir/user" "$dir/user"
    echo "echo away" >"$dir/root/$dir/user/.bash_logout"
    echo "echo home" >"$dir/user/.bash_logout"
    prelude >"$dir/script"
    echo 'cd "$dir"
        ((UID == 0)) || unshare_ns -rm
        HOME=$dir/user
        nsenter_ns --visit -t $$ -m -r"$dir/root" "$1"' >>"$dir/script"
    bash_run -l "$dir/script" exit
    is "$output" home
    done_quietly
    bash_run -l "$dir/script" true
    is "$output" ""
    done_quietly
}

@test "visits in visits, and landings on a visit" {
    visit_run 'visit="nsenter_ns --visit -t $away"
        f() { $visit -u g; echo "$(uname -n) $HOSTNAME"; exit_from=$(stands); }
        g() { unshare_ns -u --hostname third; cd /usr; echo "$(uname -n) $HOSTNAME $PWD"; }
        $visit -n f
        home && echo home
        f() { unshare_ns -nm -R /usr; echo "$PWD $(cd /; echo bin/tr)"; }
        $visit -u f
        home && echo home
        f() { unshare_ns -u; before=(/proc/self/fd/*); unshare_ns -u; after=(/proc/self/fd/*); }
        $visit -n f
        [[ ${after[*]} == "${before[*]}" ]] && echo "as many files"
        f() { unshare_ns -r 2>said; echo $?; nsenter_ns -t "$$" -S 5 -u 2>>said; echo $?; (unshare_ns -r; echo "$UID"); }
        $visit -n f
        home && echo home
        while read -r line; do echo "${line#*_ns: }"; done <said'
    is "$output" "third third /usr
$(uname -n) $(uname -n)
home
/ bin/tr
home
as many files
1
1
0
home
cannot land there: the shell is on a visit, from which it would not come back; use ( ), or a COMMAND
cannot land there: the shell is on a visit, from which it would not come back; use ( ), or a COMMAND"
    done_quietly
}

@test "a landing in another root that the visit went to stays in there" {
    visit_run '
        mkdir -p root/inner/directory
        land() { unshare_ns "$1" || return; echo "$1" /* "$PWD"; }
        both() { land -m && land -u && land -m; }
        nsenter_ns --visit --root="$dir/root" --wdns=/inner both
        home && echo home'
    is "$output" $'-m /inner /inner\n-u /inner /inner\n-m /inner /inner\nhome'
    done_quietly
}

@test "nsroot on a visit: the old root stays what is come back to, also where the shell is alone" {
    visit_run '
        new() { nsroot --dir /new "$@" && echo "$PWD" /*; }
        nsenter_ns --visit -t "$away" -n new
        home && echo home
        exec 9</
        nsenter_ns --visit -t "$away" -n new; echo "$?"
        exec 9<&-
        home && echo home
        unshare_ns -rmnp --no-return --mount-proc
        nsroot --bind / / --proc /proc --tmpfs /tmp --dir /tmp/mine
        before=$(stands) table=$(</proc/self/mountinfo)
        nsenter_ns --visit --net=/proc/self/ns/net new
        [[ -d /tmp/mine && $(stands) == "$before" && $(</proc/self/mountinfo) == "$table" ]] && echo "home, alone"'
    is "$output" $'/ /new\nhome\n1\nhome\n/ /new\nhome, alone'
    like "$error" "*: nsroot: descriptor 9 would lead out of the new root: *"
}

@test "a copy of the shell that moves on a visit comes home, too" {
    visit_run '
        f() { unshare_ns -p; echo "$$ $HOSTNAME"; }
        [[ $here == *net:* ]] && before=$(readlink /proc/self/ns/net)
        nsenter_ns --visit -t "$away" -n -u f
        echo "$$ $HOSTNAME"
        [[ $(readlink /proc/self/ns/net) == "$before" ]] || echo "not home"
        exit 6'
    like "$output" "1 away
1 $(uname -n)"
    is "$status" 6
}

@test "a copy that one comes back from comes home from the visit, as well" {
    visit_run '
        f() { unshare_ns -u --return=status; result=$?; [[ $(readlink /proc/self/ns/net) != "$before" ]] && echo "away $result"; }
        before=$(readlink /proc/self/ns/net)
        nsenter_ns --visit -t "$away" -n f
        [[ $(readlink /proc/self/ns/net) == "$before" ]] && echo "home $result ${status-}"
        ((result == 0)) && exit 4
        f() { unshare_ns -r --return 2>said; echo "$?"; }
        nsenter_ns --visit -t "$away" -n f
        home && echo home'
    is "$output" $'away 0\nhome 0 \naway 3\nhome 3 4\n1\nhome'
    done_quietly
}

@test "what is started inside stays there, and is a job of the shell" {
    visit_run '
        f() { { uname -n >started; read -r; uname -n; } <&"$in" & }
        mkfifo pipe
        exec {in}<>pipe
        nsenter_ns --visit -t "$away" -u f
        until [[ -s started ]]; do sleep 0.1; done
        home && echo home
        readlink /proc/$!/fd/* | grep -c "uts:"
        echo >&"$in"
        wait "$!"
        echo "$?"'
    is "$output" $'home\n0\naway\n0' # nothing of home is open in there
    done_quietly
}

@test "descriptors that a function opens by number, and closes" {
    visit_run '
        (ulimit -n 100; nsenter_ns --visit -t "$away" -a true; home && echo home)
        f() {
            exec 3<<<three 4<<<four 5<<<five 9<<<nine
            for ((i = 10; i < 256; i++)); do eval "exec $i<&-"; done
        }
        nsenter_ns --visit -t "$away" -a f
        home && cat <&9'
    is "$output" $'home\nnine'
    done_quietly
}

@test "exec replaces the shell inside, without a way home" {
    visit_run 'nsenter_ns --visit -t "$away" -a exec bash -c "readlink /proc/self/ns/uts; for fd in /proc/self/fd/*; do readlink \$fd; done; :"'
    [[ $output == uts:* && $output != *$'\n'@(net|mnt|uts|ipc):* ]]
    done_quietly
}

@test "a job, a coprocess and < <( ) inside, and words in between" {
    visit_run '
        f() {
            local line
            while read -r line; do words+=("$line $HOSTNAME"); done < <(uname -n; echo 2)
            mapfile -t lines < <(uname -n)
            read -r first <<<"$(uname -n)"
            echo a | cat | { read -r last; echo "$last"; }
            shopt -s lastpipe
            uname -n | read -r piped
            exec {fd}<<<"stays"
        }
        nsenter_ns --visit -t "$away" -a f
        home && printf "%s\n" "${words[@]}" "${lines[@]}" "$first" "$piped" "$(cat <&"$fd")"'
    is "$output" $'a\naway away\n2 away\naway\naway\naway\nstays'
    done_quietly
}

@test "in the background and in a pipeline" {
    visit_run '
        nsenter_ns --visit -t "$away" -u uname -n | cat
        nsenter_ns --visit -t "$away" -u uname -n &
        wait "$!"
        echo "$(nsenter_ns --visit -t "$away" -u uname -n)"'
    is "$output" $'away\naway\naway'
    done_quietly
}

@test "directory, root and remembered commands" {
    visit_run '
        mkdir -p sub other
        cd sub
        ln -s sub ../link; cd ../link
        before="$PWD $OLDPWD $(dirs)" declared=$(declare -p PWD OLDPWD)
        hash -p /nothing/ls ls
        nsenter_ns --visit -t "$away" -n eval "cd /usr; cd /"
        [[ "$PWD $OLDPWD $(dirs)" == "$before" && $(pwd -P) == */sub ]] && echo same
        hash -t ls
        nsenter_ns --visit -t "$away" -m eval "hash -t ls; hash -p /there/ls ls"
        hash -t ls
        nsenter_ns --visit -t "$away" -m -r/usr -w/usr/bin eval "echo \$PWD; cd /; [[ -d bin && ! -e usr/bin ]] && echo inside"
        [[ "$PWD $OLDPWD $(dirs)" == "$before" && $(pwd -P) == */sub ]] && echo same
        nsenter_ns --visit -r/usr eval "[[ -d /bin && ! -e /usr/bin ]] && echo inside"
        [[ -d /usr/bin ]] && echo outside
        nsenter_ns --visit -t "$away" -m -r/usr eval "echo \${OLDPWD-unset}"
        [[ $(declare -p PWD OLDPWD) == "$declared" && $(printenv OLDPWD) == "$OLDPWD" ]] && echo same
        nsenter_ns --visit -t "$away" -n -w"$dir/other" pwd
        [[ "$PWD $OLDPWD $(dirs)" == "$before" && $(pwd -P) == */sub ]] && echo same
        rmdir ../other; true'
    is "$output" "same
/nothing/ls
/bin
inside
same
inside
outside
unset
same
$dir/other
same"
    is "$status" 0
}

@test "at a prompt: ^C in a function, an error, and exit" {
    pty <<-'EOT'
		line {exec bash --rcfile "$dir/rc" -i}
		line {PS1='p\u\$ '; HISTFILE=$dir/history; ((UID == 0)) || unshare_ns -rmu}
		want {root# }
		line {unshare_ns -mu --hostname away sleep 1000 & sleep 0.5}
		want {root# }
		line {until [[ $(cat /proc/$!/comm) == sleep ]]; do sleep 0.1; done; PS1='p\h\$ '; home=$HOSTNAME}
		want {p[^ ]+# }
		line {visit="nsenter_ns --visit -t $! -m -u"; f() { cd /usr; echo "in $HOSTNAME"; sleep 1000; echo on; }}
		want {p[^ ]+# }
		line {$visit f; echo no}
		want {\nin away\r\n}
		awaits sleep
		send "\003"
		want {\^C\r\np[^ ]+# }
		line {echo "$? $([[ $HOSTNAME == $home && $(uname -n) == $home ]] && echo home)" $PWD}
		want "\n130 home $env(PWD)\r\n"
		line {g() { while :; do [[ $HOSTNAME == away ]] || break; done; }; $visit g}
		sleep 0.3
		send "\003"
		want {\^C\r\np[^ ]+# }
		line {uname -n; $visit eval 'echo ${none?} ; echo no'; $visit uname -n}
		want "none: .*\n.*p\[^ ]+# "
		line {$visit f}
		want {\nin away\r\n}
		awaits sleep
		send "\032"
		want {Stopped.*\non\r\n.*p[^ ]+# }
		line {kill %%; wait %% 2>/dev/null; [[ $(uname -n) == $home ]] && echo 'ho'me}
		want {\nhome\r\n}
		line {echo a b | tr a-z A-Z | cat}
		want {A B\r\n}
		line {trap 'echo "exit $([[ $(uname -n) == $home ]] && echo home)"' EXIT}
		line {e() { (exit 3); echo no; }; set -e; $visit e || set +e; echo 'ca'ught}
		want {\ncaught\r\n}
		line {if sleep 1000; then :; else echo 'in'terrupted; fi}
		awaits sleep
		send "\003"
		want {\ninterrupted\r\n}
		line {h() { kill %1; exit 3; }; $visit h}
		want {\nexit home\r\n}
		ends
	EOT
    grep -x "h() { kill %1; exit 3; }; .visit h" "$dir/history"
}

@test "a script ends by ^C inside" {
    { prelude && echo 'cd "$dir"
        ((UID == 0)) || unshare_ns -rmu
        coproc other { unshare_ns -mu --hostname away; echo; read -r; }
        read -r <&${other[0]}
        f() { echo in; sleep 1000; echo "it went on"; }
        nsenter_ns --visit -t "$other_PID" -u f
        echo "it went on"'; } >"$dir/script"
    pty <<-'EOT'
		line {bash "$dir/script"}
		want {\nin\r\n}
		awaits sleep
		interrupts
		line {exit}
		ends
	EOT
}

@test "where the way home is blocked, the shell says so, and ends" {
    visit_run '
        trap "echo EXIT" EXIT
        f() { setpriv_ns --drop-caps=all; cd /; }
        echo before
        nsenter_ns --visit -t "$away" -n -i f
        echo "it went on"'
    is "$status" 125
    is "$output" before
    like "$error" "*: nsenter_ns: the shell ends here: cannot come back to this IPC namespace: Operation not permitted; *"
    visit_run '
        f() { setpriv_ns --drop-caps=all; exit 3; }
        (trap "echo EXIT" EXIT; nsenter_ns --visit -t "$away" -n f; echo "it went on")
        echo "$?"'
    is "$output" 125
}

@test "nothing is forked" {
    needs strace -V
    via=(strace -f -e 'trace=process,openat' -o "$dir/trace")
    visit_run '
        f() { ((++n)); }
        for n in begin end; do
            : >"$n"
            nsenter_ns --visit -t "$away" -n -u -m f
            nsenter_ns --visit -n"/proc/$away/ns/net" f
        done'
    done_quietly
    sed -n '/"begin"/,/"end"/p' "$dir/trace" >"$dir/calls"
    [[ $(grep -c '/ns/net"' "$dir/calls") == 1 ]]
    run grep -E '(fork|clone3?)\(' "$dir/calls"
    [ "$status" -eq 1 ]
}

@test "nothing grows" {
    visit_run '
        f() { local x; ((++n)); }
        visits() { for ((i = 0; i < $1; i++)); do nsenter_ns --visit -t "$away" -n -u -m f || exit; done; }
        weighs() {
            local size rest fds
            read -r size rest </proc/self/statm
            fds=(/proc/self/fd/*)
            weight="$size ${#fds[@]}"
        }
        trap f EXIT
        # What is needed in the end may come late, but only once.
        for round in 0 1 2 3; do
            visits 1500
            weighs
            weights[round]=$weight
        done
        [[ ${weights[3]} == "${weights[2]}" || ${weights[2]} == "${weights[1]}" ]] || declare -p weights'
    is "$output" ""
    done_quietly
}

@test "users are looked up as before, at home" {
    local version
    version=$(getconf GNU_LIBC_VERSION)
    [[ ${version#* 2.} -ge 34 ]] || skip "that takes glibc 2.34: this is $version"
    echo "passwd: db" >"$dir/nsswitch" # in which there is nobody
    via=(unshare --user --map-root-user --mount bash -c 'mount --bind "$0" /etc/nsswitch.conf; exec "$@"' "$dir/nsswitch")
    visit_run '
        users() { compgen -u | wc -l; }
        users
        nsenter_ns --visit -t "$away" -m users
        users
        nsenter_ns --visit -t "$away" -m users'
    like "$output" $'0\n[1-9]*\n0\n[1-9]*'
    is "$status" 0
}

@test "where the limit of open files is low, nothing is visited" {
    visit_run '
        for limit in {3..16}; do
            (ulimit -Sn "$limit"; nsenter_ns --visit -t "$away" -n -m :) 2>>said
        done
        grep -v "Too many open files" said
        home && echo home'
    is "$output" home
    done_quietly
}

@test "where the way back is tried and fails, root and directory are as before" {
    visit_run '
        mkdir -p root/proc root/here
        "$NSB_BUILDDIR/tests/with-seccomp" EPERM chroot >filter
        (
            unshare_ns -m
            mount --rbind /proc root/proc
            exec 8<filter
            nsenter_ns -r"$dir/root" -w"$dir/root/here"
            setpriv_ns --no-new-privs --seccomp-filter=8
            nsenter_ns --visit -t "$away" -m :; echo "$?"
            [[ -d /here && . -ef /here ]] && echo same
        )'
    is "$output" $'125\nsame'
    like "$error" "*cannot come back to this root directory: Operation not permitted*"
}

@test "what cannot be left again is refused" {
    target -r
    visit_run '
        nsenter_ns --visit -t "$1" -U true; echo $?
        nsenter_ns --visit -p/proc/self/ns/pid true; echo $?
        nsenter_ns --visit -t "$away" -U -n true; echo $?
        unshare_ns -r
        nsenter_ns --visit -t "$away" -n true; echo $?' "$target"
    is "$output" $'125\n125\n0\n125'
    like "$error" '*: nsenter_ns: --visit: no process comes back from another user namespace; *
*: nsenter_ns: --visit: no process comes back from another PID namespace; *
*: nsenter_ns: cannot come back to this network namespace: Operation not permitted; it belongs to a user namespace in which the shell has no CAP_SYS_ADMIN'
}

@test "wrong usage" {
    visit_run '
        for words in "-n" "-n -S 5 true" "-n -e true" "true"; do
            nsenter_ns --visit -t "$away" $words 2>said; echo "$?"
        done
        for words in "-n -t $away" true --visit; do
            nsenter_ns --home $words 2>said; echo "$?"
        done'
    is "$output" $'2\n125\n125\n125\n2\n125\n2'
}
