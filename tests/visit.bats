#!/usr/bin/env bats
# nsenter_ns --visit: there and back.
# shellcheck disable=SC2016,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

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
        look() { where=$(stands) name=$HOSTNAME first=$1 pid=$BASHPID directory=$PWD; return 7; }
        nsenter_ns --visit -t "$away" -a look word || status=$?
        [[ $where == "$there" && $name == away && $first == word && $pid == "$$" && $directory == / ]] && echo inside
        home && echo "home $status $HOSTNAME"'
    is "$output" $'inside\nhome 7 '"$(uname -n)"
    done_quietly
}

@test "builtins and programs" {
    visit_run '
        nsenter_ns --visit -t "$away" -n read -r word <<<"a b" && echo "$word"
        [[ $(nsenter_ns --visit -t "$away" -n readlink /proc/self/ns/net) == "$(readlink "/proc/$away/ns/net")" ]] && echo program
        nsenter_ns --visit -t "$away" -n mapfile -t lines < <(echo 1; echo 2) && echo "${#lines[@]}"
        nsenter_ns --visit -t "$away" -n eval "x=5; (exit 3)"; echo "$? $x"
        nsenter_ns --visit -t "$away" -n nothing-of-this-name 2>said; echo "$?"
        home && echo home'
    is "$output" $'a b\nprogram\n2\n3 5\n127\nhome'
    done_quietly
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
        done'
    is "$output" $'2\n125\n125\n125'
}
