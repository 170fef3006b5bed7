#!/usr/bin/env bats
# nsmap --list: all namespaces that can be seen, as lsns(8) has them, and what holds the others.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# In a world of their own, what is counted is all there is, and stays.
world=(unshare -rmnpf --mount-proc --kill-child --propagation private)

# find_lsns: sets $lsns to one of a newer util-linux, where any user can run it
find_lsns() {
    local directory
    local -a loaders
    directory=$("$NSB_SRCDIR/tests/newer-util-linux" 2.42 2>"$dir/why") || skip "no util-linux 2.42: $(tail -n 1 "$dir/why")"
    loaders=("$directory"/usr/lib/*/ld*.so.*)
    export lsns="${loaders[0]} --library-path ${loaders[0]%/*} $directory/usr/bin/lsns"
}

# What the scripts here share. row NUMBER sets the words of its row, of whatever type, and $holder to its last; holds PATH:
# sets $number to the one that is there; stays NUMBER COMMAND...: COMMAND ends as "sleep NUMBER", which is waited for.
tools='
row() {
    local key
    for key in "${!list[@]}"; do
        [[ $key != *":$1" ]] || read -r processes pid owner parent user holder <<<"${list[$key]}"
    done
}
holds() { number=$(stat -L -c %i "$1"); }
stays() {
    "${@:2}" &
    until [[ $(tr "\0" " " </proc/$!/cmdline) == "sleep $1 " ]]; do sleep 0.01; done
}
crowd() {
    local i sets=(-rmuinC -rn -rmu -rU -ruiC -rmT)
    for ((i = 0; i < $1; i++)); do unshare "${sets[i % ${#sets[@]}]}" sleep 1000 & done
    until [[ $(pgrep -cxf "sleep 1000") == "$1" ]]; do sleep 0.1; done
}
declare -A list
'

# What is held without a process, by all that can hold it: descriptors 10 (a mount that is gone), 11 (a socket), 12
holders='
mount -t tmpfs none /mnt && touch /mnt/{net,uts,covered,gone,top}
unshare --net=/mnt/net true
unshare --uts=/mnt/uts true
unshare --uts=/mnt/gone true && holds /mnt/gone && gone=$number && exec 10</mnt/gone && umount -l /mnt/gone
stays 1001 unshare -m bash -c "mount -t tmpfs none /mnt && touch /mnt/net && unshare --net=/mnt/net true && exec sleep 1001"
foreign=$!
exec 13</proc/self/ns/net
unshare_ns -n --loopback && exec 11<>/dev/udp/127.0.0.1/9 && socket=$(stat -L -c %i /proc/self/ns/net)
nsenter_ns --net=/dev/fd/13 && exec 13<&-
stays 1002 unshare -i sleep 1002
exec 12</proc/$!/ns/ipc && kill $! && wait $! 2>/dev/null
stays 1003 unshare -r unshare -r sleep 1003
nested=$!
stays 1004 unshare -p bash -c "(:); exec sleep 1004"
birthplace=$!
'

@test "each row of lsns(8) is there, with its number, count, PID, owner and relations; each beyond with what holds it" {
    find_lsns
    via=("${world[@]}")
    sh_run "$tools$holders"'
        # A child that ends when nobody waits for it any more
        stays 1005 bash -c "(until grep -qx sleep /proc/\$\$/comm; do sleep 0.01; done) & exec sleep 1005"
        until grep -q "^State:.Z" /proc/[0-9]*/status; do sleep 0.01; done
        crowd 200
        $lsns -n --raw -o TYPE,NS,NPROCS,UID,PNS,ONS,PID >"$dir/theirs" # a process more; the next line, too
        (nsmap --list -A list
        for key in "${!list[@]}"; do
            read -r processes pid owner parent user holder <<<"${list[$key]}"
            echo "${key/:/ } $processes $owner ${parent/#-/0} ${user/#-/0} ${pid/#-}"
            [[ $holder != - ]] || echo "nothing holds $key" >&2
        done >"$dir/ours")
        # Where there is no process, there is no PID. lsns(8) says 0 where it does not know a relation, or whose it is.
        awk "NR == FNR { ours[\$1, \$2] = \$0; next }
             { rows++; split(ours[\$1, \$2], of) }
             of[3] != \$3 || (of[4] != \$4 && of[3] of[4] != \"0-\") || of[7] != \$7 || (\$5 && of[5] != \$5) || (\$6 && of[6] != \$6) {
                 print \$0, \"is not\", ours[\$1, \$2] | \"cat >&2\" }
             { delete ours[\$1, \$2] }
             END { print rows; for (row in ours) { split(ours[row], of); if (of[3] > 0) print ours[row] } }" "$dir/ours" "$dir/theirs"'
    done_quietly
    ((output > 600)) # and nothing else: no namespace has processes but those that lsns(8) sees
}

@test "what holds a namespace without processes is named, by a path that leads there" {
    via=("${world[@]}")
    sh_run "$tools$holders"'
        unshare --ipc=/mnt/covered true && holds /mnt/covered && covered=$number && unshare --ipc=/mnt/covered true
        nsmap --list -A list || exit
        is_held() { # NUMBER BY
            row "$1"
            echo "$processes $pid $owner $holder"
            [[ $holder == @([!/]*|/mnt/covered) ]] || { holds "$holder"; [[ $number == "$1" ]] || echo "$number?"; }
        }
        holds /mnt/net; is_held "$number"
        holds /mnt/uts; is_held "$number"
        holds /proc/$foreign/root/mnt/net; is_held "$number"; [[ $holder == "/proc/$foreign/root/mnt/net" ]] || echo "$foreign?"
        is_held $gone; is_held $socket
        holds /proc/self/fd/12; is_held "$number"
        is_held $covered
        holds /proc/$birthplace/ns/pid_for_children; is_held "$number"; [[ $holder == "/proc/$birthplace/"* ]] || echo "$birthplace?"
        row "$(stat -L -c %i /proc/$nested/ns/user)"; inner=$(stat -L -c %i /proc/$nested/ns/user)
        row "$parent"; echo "$processes $pid $owner ${holder/$inner/inner} $parent"; [[ $user == "$parent" ]] || echo "$user?"
        holds /proc/self/ns/user; echo "$number"
        stays 1006 nsenter --uts=/mnt/uts sleep 1006; nsmap --list uts >"$dir/list"
        while read -r line; do [[ $line != *" $! "* ]] || echo $line; done <"$dir/list"'
    done_quietly
    mapfile -t lines <<<"$output"
    is "${lines[0]}" "0 - 0 /mnt/net"
    is "${lines[1]}" "0 - 0 /mnt/uts"
    like "${lines[2]}" "0 - 0 /proc/*/root/mnt/net"
    is "${lines[3]}" "0 - 0 /proc/1/fd/10"
    is "${lines[4]}" "0 - 0 socket:/proc/1/fd/11"
    is "${lines[5]}" "0 - 0 /proc/1/fd/12"
    is "${lines[6]}" "0 - - /mnt/covered"
    like "${lines[7]}" "0 - 0 /proc/*/ns/pid_for_children"
    is "${lines[8]}" "0 - 0 user:[inner] ${lines[9]}"
    like "${lines[10]}" "* uts 1 * /mnt/uts sleep 1006" # with a process, too
    is "${#lines[@]}" 11
}

@test "of types that are named, by lsns(8)'s names and ours" {
    via=("${world[@]}")
    sh_run "$tools"'stays 1001 unshare -uC sleep 1001
        nsmap --list -A list net mount uts || exit
        for key in "${!list[@]}"; do echo "${key%:*}"; done | sort | uniq -c
        nsmap --list mnt | sed -nE "s/^ *[0-9NS]+ ([^ ]+) .*/\1/p" | uniq
        nsmap --list --json cgroup | grep -o "\"type\": [^,]*" | sort | uniq -c
        nsmap --list | wc -l; nsmap --list user mount uts ipc net pid cgroup time | wc -l'
    done_quietly
    mapfile -t lines <<<"$output"
    like "${lines[0]}" "*1 mnt"
    like "${lines[1]}" "*([ ])[1-9]*([0-9]) net" # the machine's own may be mounted here
    like "${lines[2]}" "*([ ])[2-9]*([0-9]) uts"
    is "${lines[3]} ${lines[4]}" "TYPE mnt"
    like "${lines[5]}" '*2 "type": "cgroup"'
    is "${lines[6]}" "${lines[7]}"
}

@test "what others have written is shown as text: a command, a path" {
    local name path
    name=$'"q" \\ \n\e[31m\x01\x7f\xff\xc3\xa9\xe2\x82\xac\xc2\x9b\xed\xa0\x80\xf0\x9f\x90\xa7\xf4\x90\x80\x80\xe2\x82'
    path=$'/mnt/a "b"\n\\'
    via=("${world[@]}")
    sh_run "$tools"'mount -t tmpfs none /mnt && touch "$2" && unshare --net="$2" true
        unshare -u bash -c "exec -a \"\$0\" sleep 1002" "$1" &
        until [[ $(</proc/$!/comm) == sleep ]] && grep -q 1002 /proc/$!/cmdline; do sleep 0.01; done
        nsmap --list uts | sed -n "s/^[0-9]* uts *1 *$! .* - *\(.q.*\)/\1/p"
        nsmap --list --json uts | grep -A 5 "/proc/$!/" | grep "\"command\":"
        nsmap --list -A list uts net && row "$(stat -L -c %i /proc/$!/ns/uts)" && echo "$holder"
        row "$(stat -L -c %i "$2")" && echo "$holder"
        nsmap --list net | sed -n "s/^[0-9]* net *0 .* \(\/mnt.*\)/\1/p"; nsmap --list --json net | grep "\"nsfs\": \"/mnt"' "$name" "$path"
    done_quietly
    mapfile -t lines <<<"$output"
    local text='"q" \ \x0a\x1b[31m\x01\x7f\xffé€\xc2\x9b\xed\xa0\x80🐧\xf4\x90\x80\x80\xe2\x82 1002'
    is "${lines[0]}" "$text"
    is "${lines[1]}" '         "command": "\"q\" \\ \u000a\u001b[31m\u0001\u007f\ufffdé€\ufffd\ufffd\ufffd\ufffd\ufffd🐧\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd 1002",'
    is "${lines[2]}" "$text"
    is "${lines[3]}" "/mnt/a \"b\"\\x0a\\"
    is "${lines[4]}" '/mnt/a\x20"b"\x0a\ -'
    is "${lines[5]}" '         "nsfs": "/mnt/a \"b\"\u000a\\",'
}

@test "JSON has the names and the form of lsns(8), and what holds it" {
    find_lsns
    via=("${world[@]}")
    # Of both, the names, and what stands between them
    sh_run 'form() { sed -E "s/: ([^[].*[^,]|.)(,?)$/\2/" | sort -u; }
        $lsns -J --list --output-all | form | grep -vE "\"(ppid|netnsid)\"" >"$dir/theirs"
        nsmap --list --json | form | diff "$dir/theirs" -'
    is "$output" $'1a2\n>          "holder"\n5c6\n<          "ons"\n---\n>          "ons",'
}

@test "a person sees as much of a command as there is room" {
    pty <<-'EOT'
		fconfigure $spawn_id -encoding utf-8
		line {. "$dir/rc"; stty columns 90}
		line {unshare -rn "$BASH" -c 'exec -a "$0" sleep 1004' "$(printf 'n\303\251%098d' 7)" &}
		line {until [[ $(</proc/$!/comm) == sleep ]]; do sleep 0.01; done; nsmap --list net; kill %1; echo en''d}
		expect {
		    -re {\n([^\r\n]*n.0+)\r\n} {}
		    timeout { exit 1 }
		}
		if {[string length $expect_out(1,string)] != 90} { exit 1 }
		want "end"
	EOT
}

@test "the table says the same as the array" {
    via=("${world[@]}")
    sh_run "$tools$holders"'nsmap --list -A list; nsmap --list >"$dir/table"
        while read -r number type processes pid owner parent user holder _; do
            [[ $number != NS ]] || continue
            [[ ${list[$type:$number]} == "$processes $pid ${owner/#root/0} $parent $user "* ]] || echo "$type:$number is not ${list[$type:$number]}"
            [[ $parent == "$user" ]] || differ=yes
            [[ $pid != - ]] || none+=x
            [[ $pid != - || ${list[$type:$number]} == *" $holder" ]] || echo "$type:$number is not held by $holder"
        done <"$dir/table"
        nsmap --list --json >"$dir/json"; [[ $(grep -c "\"pid\": null," "$dir/json") == "${#none}" ]] || echo "not ${#none} without a PID"
        echo "$differ"'
    done_quietly
    is "$output" yes
}

@test "a process without a command line has its name" {
    via=("${world[@]}")
    sh_run "$tools"'mkfifo "$dir/fifo"; exec {fifo}<>"$dir/fifo"
        unshare -u bash -c "exec -a \"\" cat" <"$dir/fifo" &
        until [[ $(</proc/$!/comm) == cat ]]; do sleep 0.01; done
        nsmap --list -A list uts; row "$(stat -L -c %i /proc/$!/ns/uts)"; echo "$holder"'
    done_quietly
    is "$output" cat
    needs perl -e 1
    sh_run "$tools"'unshare -u perl -e "\$0 = \"\"; sleep 1000" &
        until [[ ! $(</proc/$!/comm) ]]; do sleep 0.01; done
        nsmap --list -A list uts; row "$(stat -L -c %i /proc/$!/ns/uts)"; echo "<$holder>"'
    done_quietly
    is "$output" "<->"
}

@test "among many processes, each namespace is printed once, and each command is its own" {
    via=("${world[@]}")
    sh_run "$tools"'crowd 100; nsmap --list --json >"$dir/json"; nsmap --list -A list
        [[ $(wc -c <"$dir/json") -gt 65536 && $(grep -c "\"ns\":" "$dir/json") == "${#list[@]}" ]] && echo once
        for key in "${!list[@]}"; do
            read -r processes pid owner parent user command <<<"${list[$key]}"
            [[ $pid != - ]] && mapfile -d "" words <"/proc/$pid/cmdline" && [[ ${words[0]} == sleep && $command != "${words[*]}" ]] &&
                echo "$pid: $command"
        done; true'
    done_quietly
    is "$output" once
}

@test "among many mounts" {
    via=("${world[@]}")
    sh_run "$tools"'mount_ns -t tmpfs none /mnt && mkdir "/mnt/$1" && cd "/mnt/$1" || exit
        for ((i = 0; i < 400; i++)); do
            mkdir "$i" && mount_ns --bind "$i" "$i" || exit
            ((i % 40 != 39)) || { touch "uts$i" && unshare_ns --uts="uts$i" : || exit; }
        done
        wc -c </proc/self/mountinfo
        nsmap --list uts | grep -c "/mnt/$1/uts[0-9]*9 "' "$(printf '%0200d' 1)"
    done_quietly
    ((${output%%$'\n'*} > 80000))
    is "${output##*$'\n'}" 10
}

@test "options that do not go together, and what is no type" {
    local words
    for words in "--list -p" "--list --pid" "--list -t 1" "--list -r" "--list --same=net 1 1" "--json" "--list -J -A map" \
        "--list nets" "--list net 1" "--list --list=net" "-A map net"; do
        sh_run "declare -A map=([a]=b); nsmap $words; echo \$? \${map[*]}"
        is "$output" "2 b"
        like "$error" "bash: line +([0-9]): nsmap: *"
    done
    sh_run 'declare -rA map=([a]=b); nsmap --list -A map; echo "$? ${map[*]}"'
    is "$output" "1 b"
}

@test "where /proc is missing, or of another PID namespace, it is refused, and the array stays" {
    via=("${world[@]}")
    sh_run 'declare -A map=([a]=b); umount -l /proc; nsmap --list -A map; echo $? "${map[@]}"'
    is "$output" "1 b"
    like "$error" "bash: line +([0-9]): nsmap: /proc: *; mount a procfs on /proc, of this PID namespace"
    sh_run 'unshare_ns -p --init && nsmap --list; echo $?'
    is "$output" 1
    like "$error" "bash: line +([0-9]): nsmap: /proc: *; mount a procfs on /proc, of this PID namespace"
}

@test "where there is no memory to print or keep it, it says so" {
    [[ ! ${LD_PRELOAD-} ]] || skip "a sanitizer is to be the first library"
    local option
    via=(env LD_PRELOAD="$NSB_BUILDDIR/tests/no-memory.so")
    for option in --list '--list --json'; do
        sh_run 'nsmap $1; echo $?' "$option"
        is "$output" 1
        like "$error" "bash: line +([0-9]): nsmap: Cannot allocate memory"
    done
    sh_run 'declare -A map=([a]=b); nsmap; echo $?; nsmap -A map; echo "$? ${map[*]}"'
    is "$output" $'1\n1 b'
    like "$error" "*nsmap: /proc: Cannot allocate memory*nsmap: /proc: Cannot allocate memory"
}

@test "what a user may not look at is not there, and nothing is said of it" {
    ((EUID == 0)) || skip "what is another user's is a root's to make"
    via=(unshare -mpf --mount-proc --kill-child --propagation private)
    sh_run "$tools"'stays 1001 unshare -u sleep 1001
        uts=$(stat -L -c %i /proc/$!/ns/uts)
        nsmap --list -A list uts; echo "${list[uts:$uts]%% *}"
        setpriv_ns --reuid=1007 --regid=1007 --clear-groups || exit
        nsmap --list -A list uts; echo "$? ${#list[@]} ${list[uts:$uts]-none}"'
    done_quietly
    is "$output" $'1\n0 1 none'
    sh_run "$tools"'mount -t proc -o hidepid=2 none /proc; setpriv_ns --reuid=1007 --regid=1007 --clear-groups || exit
        nsmap --list -A list uts; echo "$? ${#list[@]}"'
    done_quietly
    is "$output" "0 1"
}

@test "a user without a name has his number, and is not taken for another" {
    ((EUID == 0)) || skip "what is another user's is a root's to make"
    via=(unshare -mpf --mount-proc --kill-child --propagation private)
    # The two share a place among the users that are remembered.
    sh_run "$tools"'stays 1001 setpriv --reuid=640000 --regid=640000 --clear-groups unshare -U sleep 1001
        stays 1002 unshare -U sleep 1002
        nsmap --list --json user | grep -E "^ *\"(uid|user)\":" | paste - - | tr -d "\t " | sort | uniq -c
        nsmap --list user | sed -nE "s/.* (root|[0-9]{6}) .*/\1/p" | sort -u'
    done_quietly
    is "$(tr -s ' ' <<<"$output")" ' 2 "uid":0,"user":"root",
 1 "uid":640000,"user":"640000",
640000
root'
}

@test "processes come and go meanwhile; nothing stays open, no child is made, and the shell is as it was" {
    sh_run 'while :; do (: & :); done &
        sleep 1000 5<>/dev/udp/127.0.0.1/9 &
        fingerprint "$dir/before"
        for ((i = 0; i < 20; i++)); do nsmap --list >/dev/null || echo "$i"; nsmap --list -A list || echo "$i"; done
        unset list; fingerprint "$dir/after"; kill $(jobs -p); wait 2>/dev/null'
    is "$error" ""
    is "$output" ""
    same_but "$dir/before" "$dir/after" x
}

@test "^C ends it" {
    pty <<-'EOT'
		line {. "$dir/rc"}
		line {while nsmap --list 2>>"$dir/said" >/dev/null; do :; done}
		sleep 1
		interrupts
		line exit
		ends
	EOT
    is "$(<"$dir/said")" ""
}
