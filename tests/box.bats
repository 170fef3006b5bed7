#!/usr/bin/env bats
# examples/box, and box-images: images come in, and boxes run on them, are found, joined, stopped, and leave nothing.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

ours=$NSB_SRCDIR/examples/box

# box WORD...: runs it, as bash_run does
box() {
    sh_run 'exec "$@"' "$ours" "$@"
}

# Images have files of users that only a user namespace can remove.
clean_up() {
    bash -c 'source "$1" && source "$1-images" && box_remove "$2"' bash "$ours" "$dir/box"
}

teardown() {
    local left=0
    ((${#targets[@]} == 0)) || kill -KILL "${targets[@]}" 2>/dev/null
    nothing_runs || left=1
    clean_up
    rm -rf "$dir" || left=1
    return $left
}

# tiny: makes $dir/root, a root with busybox, and two users
tiny() {
    export BOX_HOME=$dir/box
    needs bash -c '! ldd "$(type -P busybox)" && busybox true' # one that is static
    mkdir -p "$dir"/root/{bin,etc,tmp,var/www}
    cp "$(type -P busybox)" "$dir/root/bin/busybox"
    local program
    for program in sh true cat chown echo env grep head hostname httpd id ip ls mkdir ps pwd readlink rm setpriv sleep sort stat touch unshare dd wc wget; do
        ln -s busybox "$dir/root/bin/$program"
    done
    printf '%s\n' root:x:0:0::/root:/bin/sh www:x:33:33::/var/www:/bin/sh >"$dir/root/etc/passwd"
    printf '%s\n' root:x:0: www:x:33: staff:x:50:www >"$dir/root/etc/group"
}

# tiny_image: it is imported as "tiny"
tiny_image() {
    ((EUID == 0)) || needs own_subids
    tiny
    box import tiny "$dir/root"
    is "$error" ""
    is "$status" 0
}

# eventually COMMAND...: repeats COMMAND until it succeeds; false where it never does
eventually() {
    local end=$((SECONDS + limit))
    until "$@"; do
        ((SECONDS < end)) || return
        sleep 0.05
    done
}

# detached NAME WORD...: runs in the background
detached() {
    box run --detach --name "$@"
    is "$output" "$1"
    done_quietly
}

# listen TEXT: starts a server on this host's 127.0.0.1 that answers with TEXT, and sets $port
listen() {
    needs perl -MIO::Socket::INET -e 1
    perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die; $| = 1; print $s->sockport, "\n";
        while ($c = $s->accept) { while (<$c>) { last if /^\r?$/ } print $c "HTTP/1.0 200 OK\r\n\r\n$ARGV[0]\n"; close $c }' "$1" >"$dir/port" 3>&- &
    targets+=($!)
    disown
    eventually test -s "$dir/port"
    read -r port <"$dir/port"
}

@test "run: root inside, with namespaces, hostname, /proc, /sys, /dev, /tmp and /run of its own; the status comes out" {
    tiny_image
    box run tiny sh -c 'id -u; id -g; id -G; hostname; echo $$; ls -A /run /tmp /dev/pts; cat /etc/hostname /etc/hosts; pwd
        ls /sys/class/net; ls /proc/self/fd | wc -l; (set -- /proc/[0-9]*; echo $#); echo x >/dev/null; touch /new && exit 7'
    is "$status" 7
    is "$error" ""
    is "$output" "0
0
0
tiny-1
1
/dev/pts:
ptmx

/run:

/tmp:
tiny-1
127.0.0.1 localhost tiny-1
::1 localhost
/
lo
4
2"
    box run tiny sh -c 'for type in cgroup ipc mnt net pid user uts; do readlink "/proc/self/ns/$type"; done'
    is "$(wc -l <"$dir/output")" 7
    ! grep -Fx "$(readlink /proc/self/ns/*)" "$dir/output" || is "a namespace" "another"
    [[ ! -e $dir/box/images/tiny/root/new ]]
    box run tiny no-such-program
    is "$status" 127
    box run tiny cat <<<"standard input"
    is "$output" "standard input"
    done_quietly
    # The last is of ls itself.
    is "$(bash -c '"$1" run tiny ls /proc/self/fd </dev/null 9<"$2" 300<"$2"' bash "$ours" "$dir/root/etc/passwd")" $'0\n1\n2\n3'
}

@test "files have their owners inside, and those are subordinate IDs outside" {
    tiny
    [[ $EUID == 0 ]] || needs own_subids
    # A tar says whose they are.
    tar -C "$dir/root" --owner 0 --group 0 -cf "$dir/tar" .
    mkdir -p "$dir/more/home"
    tar -C "$dir/more" --owner 1000 --group 100 -rf "$dir/tar" ./home
    box import tiny "$dir/tar"
    done_quietly
    box run tiny sh -c 'stat -c "%u:%g" /bin /home; touch /file; chown 33:50 /file; stat -c "%U:%G" /file'
    is "$output" "0:0
1000:100
www:staff"
    done_quietly
    is "$(stat -c %u "$dir/box/images/tiny/root/home")" "$((EUID == 0 ? 1000 : $(own_subids | cut -d' ' -f1) + 999))"
    box rm tiny
    done_quietly
    is "$(ls -A "$dir/box/images")" ""
}

@test "with one's own ID only: it is said, and works" {
    ((EUID)) || skip "root has them all"
    local reason=no_new_privs
    own_subids >/dev/null || reason="no subordinate UIDs"
    tiny
    # newuidmap gives nothing to who may not gain privileges.
    sh_run 'exec setpriv --no-new-privs "$@"' "$ours" import tiny "$dir/root"
    is "$status" 0
    like "$error" "box: tiny: all files belong to one user: *$reason*"
    box run tiny sh -c 'id -u; stat -c %u:%g /etc/passwd'
    is "$output" "0
0:0"
    done_quietly
    box run --user www tiny id
    is "$status" 125
    like "$error" "*33*"
}

@test "a function of the script that sources it runs inside, with its variables" {
    tiny_image
    sh_run 'set -euo pipefail
        source "$1"
        declare -A fruits=([pear]=green)
        look() { echo "$$ on $HOSTNAME, UID $UID: ${fruits[pear]} $1"; return 7; }
        strict() { false; echo "not here"; }
        status=0
        box_run --name lab tiny look 1 || status=$?
        echo "$status"
        box_run --user www --name lab tiny look 2 || echo $?
        box_run tiny echo a program
        [[ $HOSTNAME != lab ]]
        echo "still ${fruits[pear]}"
        box_run tiny strict' "$ours"
    is "$status" 1
    is "$error" ""
    is "$output" "1 on lab, UID 0: green 1
7
1 on lab, UID 33: green 2
7
a program
still green"
}

@test "a function's shell may have any options: what a box is, is still written down" {
    tiny_image
    sh_run 'set -Cf
        source "$1"
        look() { echo "$-:$(mapfile -d "" -t said <"$BOX_HOME/locks/lab" && echo "${said[-1]}")"; }
        echo old >|"$BOX_HOME/locks/lab"
        box_run --name lab --volume "$BOX_HOME:$BOX_HOME:ro" tiny look' "$ours"
    like "$output" "*f*C*:--image=tiny"
    done_quietly
}

@test "exec from another shell, ps, stop" {
    tiny_image
    detached one tiny sh -c 'echo said; trap "echo TERM; exit 3" TERM; sleep 1000 & wait'
    detached two tiny sleep 1000
    box ps
    is "$(cut -d ' ' -f 1,2 <<<"$output" | sort)" "one tiny
two tiny"
    box exec one sh -c 'hostname; id -u; ls /proc/1/cwd >/dev/null && cat /proc/1/comm; exit 4'
    is "$output" "one
0
sh"
    is "$status" 4
    box exec --user www --workdir tmp --env A=b one sh -c 'id -un; pwd; echo $A; grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status'
    is "$output" "www
/tmp
b
CapEff:	0000000000000000
NoNewPrivs:	1
Seccomp:	2"
    box run --name one tiny true
    is "$status" 125
    is "$error" "box: one is running"
    box rm tiny
    is "$status" 1
    like "$error" "box: tiny is in use by *"
    box stop one two
    done_quietly
    is "$(<"$dir/box/logs/one")" $'said\nTERM'
    box ps
    is "$output" ""
    for word in exec stop; do
        box "$word" one
        like "$error" "box: one: no such box is running"
    done
    box rm tiny
    done_quietly
}

@test "the script or the box killed at any moment: no process is left, and the name is free" {
    tiny_image
    local victim
    for victim in outside inside; do
        detached one tiny sh -c 'sleep 1000 & sleep 1000'
        victim=$(bash -c 'source "$1"; box_find one; echo "${!2}"' bash "$ours" "box_$victim")
        kill -KILL "$victim"
        flock --timeout 60 "$dir/box/locks/one" true
        nothing_runs
        box ps
        is "$output" ""
    done
    # At moments that nobody chooses
    local moment
    for moment in 0.005 0.01 0.015 0.02 0.03 0.05; do
        bash_run -c 'set -m; "$1" run --name one tiny sleep 1000 & echo $! >>"$dir/groups"; sleep "$2"; kill -KILL $!; wait' bash "$ours" "$moment"
        nothing_runs
    done
    box run --name one tiny echo again
    is "$output" again
    done_quietly
}

@test "signals are the box's, and its end is ours" {
    tiny_image
    sh_start 'exec "$@" 9>"$dir/signal"' "$ours" run tiny sh -c 'trap "echo TERM; exit 5" TERM; echo up; while :; do sleep 0.1; done'
    eventually grep -qs up "$dir/output"
    kill -TERM "$(<"$dir/pid")"
    sh_wait
    is "$status" 5
    is "$output" $'up\nTERM'
    rm "$dir/signal" "$dir/output"
    sh_start 'exec "$@"' "$ours" run tiny sh -c 'echo up; sleep 1000'
    eventually grep -qs up "$dir/output"
    kill -TERM "$(<"$dir/pid")"
    sh_wait
    is "$status" 143
}

@test "at a terminal: job control, ^C, ^Z" {
    tiny_image
    pty <<-EOT
		line {$ours run tiny sh}
		want {# }
		line {id -u; echo in\$((1+1))}
		want "0\r\n.*in2"
		line {sleep 1000}
		sleep 0.5
		send "\003"
		want {# }
		line {exit 7}
		want \$outer
		line {echo status=\$?}
		want "status=7\r\n\$outer"
		works \$outer
		line {$ours run tiny sh -c 'echo u\p; sleep 1000; echo slept'}
		want "\nup\r\n"
		send "\032"
		want "Stopped.*\$outer"
		line {fg}
		sleep 1
		interrupts
		line {exit}
		ends
	EOT
}

@test "--keep: what was written is there the next time; two at once are refused; rm" {
    tiny_image
    # The kernel takes no layer that lies on an overlay.
    needs bash -c '[[ $(stat --file-system --format %T "$1") != overlay* ]]' bash "$dir"
    box run --keep mine tiny sh -c 'echo kept >/file; chown 33 /file; rm /etc/group'
    [[ $EUID == 0 || $(own_subids) ]] || skip "there is one user"
    done_quietly
    box run tiny ls /file
    is "$status" 1
    box run --keep mine --detach tiny sleep 1000
    is "$output" mine
    box run --keep mine tiny true
    is "$status" 125
    is "$error" "box: mine is running"
    box rm mine
    is "$error" "box: mine is in use"
    box exec mine sh -c 'cat /file; ls /etc/group'
    is "$output" kept
    box stop mine
    box run --keep mine tiny cat /file
    is "$output" kept
    box rm mine
    done_quietly
    is "$(ls "$dir/box/kept")" ""
    box run --keep mine tiny ls /file
    is "$status" 1
    # The image of a kept box that is removed in the same breath
    box rm mine tiny
    done_quietly
    is "$(ls "$dir"/box/{kept,images})" "$dir/box/images:

$dir/box/kept:"
}

@test "--volume, --env, --workdir, --read-only, --entrypoint, --hostname" {
    tiny_image
    mkdir "$dir/shared"
    echo data >"$dir/shared/file"
    cd "$dir"
    FROM_HERE=1 box run --volume shared:/mnt/a --volume="$dir/shared:/b:ro" --env A='b  c' --env FROM_HERE --workdir work --name it --entrypoint sh tiny -c '
        pwd; cat /b/file; echo new >/mnt/a/new; { echo x >/b/x; } 2>/dev/null || echo no; echo "$A|$FROM_HERE|$HOME|$container"; env | wc -l'
    is "$output" "/work
data
no
b  c|1|/root|box
9"
    done_quietly
    is "$(<"$dir/shared/new")" new
    box run --read-only tiny sh -c 'for place in / /etc /tmp /run /dev; do { echo >$place/x; } 2>/dev/null && echo $place; done; true'
    is "$output" $'/tmp\n/run\n/dev'
    done_quietly
    # Not for an image or an option to set
    box run --env BASH_ENV=x --env IFS=x --env box_home=x --env '1=2' --env UID=5 --env 'a[$(touch x)]=y' tiny env
    ! grep -E '^(BASH_ENV|IFS|box_home|1|UID|a.*)=' "$dir/output" || is "the environment" "without it"
}

@test "exec has the environment of the run, its user and its directory; a variable may be called as it likes" {
    tiny_image
    [[ $EUID == 0 || $(own_subids) ]] || skip "there is one user"
    local name words=(--env A='b  c' --env FROM_HERE) expected
    for name in base file group id inside limits line n name net path pid process resolv rest text volume word words; do
        words+=(--env "$name=$name")
    done
    export FROM_HERE=1
    box run --user www --workdir /tmp "${words[@]}" tiny env
    expected=$(sort <<<"$output")
    like "$expected" "*A=b  c
*FROM_HERE=1
*HOME=/var/www
*base=base
*words=words"
    detached tiny-1 --user www --workdir /tmp "${words[@]}" tiny sleep 1000
    unset FROM_HERE
    OUTSIDE=1 A=outside box exec tiny-1 env
    is "$(sort <<<"$output")" "$expected"
    box exec --user 0 --workdir / --env A=new --env FROM_HERE=2 tiny-1 sh -c 'echo "$A $FROM_HERE $HOME $n"; pwd; id -u'
    is "$output" $'new 2 /root n\n/\n0'
    # The hostname of the one who calls is nobody's in there, whatever the variable says; and without COMMAND it is a shell.
    HOSTNAME=outside.example box exec tiny-1 <<<'echo "$HOSTNAME $(hostname)"'
    is "$output" "tiny-1 tiny-1"
    HOSTNAME=outside.example box run tiny sh -c 'echo "$HOSTNAME $(hostname)"'
    is "$output" "tiny-2 tiny-2"
    # What was said of a box is for its user alone.
    is "$(stat -c %a "$dir/box/locks")" 700
    box stop tiny-1
}

@test "--user: a name or number of the image's, with its groups; nothing else steers the shell" {
    tiny_image
    [[ $EUID == 0 || $(own_subids) ]] || skip "there is one user"
    local row
    for row in "www 33:33:33 50" "33 33:33:33 50" "www:staff 33:50:50" "55 55:0:0" "55:66 55:66:66" "0 0:0:0"; do
        box run --user "${row%% *}" tiny sh -c 'echo "$(id -u):$(id -g):$(id -G)"'
        like "$output" "${row#* }*"
        done_quietly
    done
    box run --user nobody tiny id
    is "$status" 125
    is "$error" "box: nobody: not in the box's /etc/passwd"
    # What is no file, or leads out
    local passwd=$dir/root/etc/passwd
    for row in fifo link loop big; do
        rm -f "$passwd"
        case $row in
            fifo) mkfifo "$passwd" ;;
            link) ln -s /../../../../../../etc/passwd "$passwd" ;;
            loop) ln -s passwd "$passwd" ;;
            big) { head -c 3000000 /dev/zero | tr '\0' x && printf '\nnobody:x:1:1::/:/bin/sh\n'; } >"$passwd" ;;
        esac
        box import "$row" "$dir/root"
        done_quietly
        box run --user nobody "$row" id
        is "$status" 125
        is "$error" "box: nobody: not in the box's /etc/passwd"
        box run --user 7 "$row" grep Uid /proc/self/status
        is "$output" $'Uid:\t7\t7\t7\t7'
    done
}

@test "--user: the first line that has the name or the number, whatever bytes it has" {
    tiny_image
    [[ $EUID == 0 || $(own_subids) ]] || skip "there is one user"
    printf 'root:x:0:0::/root:/bin/sh\nwww:x:33:33:M\xfcller:/var/www:/bin/sh\n33:x:34:34::/:/bin/sh\nx.y:x:35:35::/:/bin/sh' >"$dir/box/images/tiny/root/etc/passwd"
    local row
    via=(env LC_ALL=C.UTF-8)
    for row in "www 33 /var/www" "33 33 /var/www" "34 34 /" "x.y 35 /"; do
        box run --user "${row%% *}" tiny sh -c 'echo "$(id -u) $HOME"'
        is "$output" "${row#* }"
        done_quietly
    done
    box run --user x.. tiny true
    is "$error" "box: x..: not in the box's /etc/passwd"
}

@test "no_new_privs, few capabilities, a filter; --privileged without" {
    tiny_image
    local look='grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status; unshare -U true 2>/dev/null && echo nested; true'
    box run tiny sh -c "$look"
    is "$output" "CapEff:	00000000800405fb
CapBnd:	00000000800405fb
NoNewPrivs:	1
Seccomp:	2"
    done_quietly
    box run --privileged tiny sh -c "$look"
    like "$output" "CapEff:	000001ff*NoNewPrivs:	0
Seccomp:	0
nested"
}

@test "the name is taken first, but what is wrong with the options is said" {
    tiny_image
    for words in '--name=a --keep=' '--keep= --name a' '--keep=a --name=' '--env --name --name b --name=a' '--keep b --keep a'; do
        # shellcheck disable=SC2086 # words
        box run $words tiny hostname
        is "$output" a
        done_quietly
    done
    while IFS='|' read -r words said; do
        # shellcheck disable=SC2086 # words
        box run $words
        is "$status" 125
        is "$error" "box: $said"
    done <<-'EOT'
		--rm tiny sh|--rm: no such option
		-- tiny sh|--: no such option
		--privileged=no tiny sh|no: no such image
		--name|--name: expected a value
		--keep a --name b tiny true|--keep says the name: expected no other
	EOT
    # Without flock(1) no name is free.
    mkdir "$dir/bin"
    sh_run 'PATH=$dir/bin; "$BASH" "$1" run tiny true || "$BASH" "$1" run --name x tiny true' "$ours"
    is "$status" 125
    is "$(grep ^box: <<<"$error")" "box: cannot lock $dir/box/locks/tiny-1
box: cannot lock $dir/box/locks/x"
}

@test "20 boxes at once" {
    tiny_image
    sh_run 'mkfifo "$dir"/{up,go} && exec {up}<>"$dir/up" {go}<>"$dir/go"
            for ((n = 0; n < 20; n++)); do "$1" run tiny sh -c "hostname; read word; exit $n" <"$dir/go" >"$dir/up" & pids+=($!); done
            for n in "${!pids[@]}"; do read -r name <&"$up" && names+=("$name"); done
            printf "%s\n" "${names[@]}" | sort -u | wc -l
            "$1" ps | wc -l
            for n in "${!pids[@]}"; do echo >&"$go"; done
            for n in "${!pids[@]}"; do wait "${pids[n]}"; [[ $? == "$n" ]] || echo "$n: $?"; done' "$ours"
    is "$output" $'20\n20'
    done_quietly
}

@test "import refuses what is there, what is not, and names that lead elsewhere" {
    tiny_image
    box import tiny "$dir/root"
    is "$error" "box: there is an image tiny"
    box import other "$dir/nothing"
    like "$error" "realpath: *: No such file or directory"
    for name in ../x .x 'a b' '' a/b; do
        box import "$name" "$dir/root"
        is "$status" 1
        box run "$name" true
        is "$status" 125
        [[ $error == "box: "* ]]
    done
    is "$(ls -A "$dir/box/images")" tiny
    box images
    is "$output" tiny
    box run nothing true
    is "$error" "box: nothing: no such image"
    for words in '' '--name x' '--detach --user=0'; do
        # shellcheck disable=SC2086 # words
        box run $words
        is "$status" 125
        is "$error" "box: expected a name after the options"
    done
    sh_run 'PATH=${1%/*}:$PATH; exec bash box rm nothing' "$ours"
    is "$error" "box: nothing: no such image, nor kept box"
    box rm
    is "$error" "box: rm: expected a name"
    # By a link to it, box-images is found beside it.
    sh_run 'ln -s "$1" "$2" && exec "$2" rm nothing' "$ours" "$dir/link"
    is "$error" "box: nothing: no such image, nor kept box"
    echo garbage >"$dir/tar"
    box import other "$dir/tar"
    is "$status" 1
    like "$error" "tar: *box: other is not imported"
    is "$(ls -A "$dir/box/images")" tiny
    box frobnicate
    is "$status" 2
    like "$error" "*box run *"
}

@test "import: links that lead out write nothing outside, and devices are left out" {
    tiny
    mkdir -p "$dir"/{outside,a,b/out,b/up}
    ln -s "$dir/outside" "$dir/a/out"
    ln -s ../../../../../../../../../../.."$dir/outside" "$dir/a/up"
    echo evil >"$dir/b/out/file"
    echo evil >"$dir/b/up/file"
    tar -C "$dir/a" -cf "$dir/tar" out up
    tar -C "$dir/b" -rf "$dir/tar" out/file up/file
    box import evil "$dir/tar"
    is "$(ls -A "$dir/outside")" ""
    ((EUID == 0)) || return 0
    mknod "$dir/root/null" c 1 3
    box import devices "$dir/root"
    done_quietly
    [[ ! -e $dir/box/images/devices/root/null ]]
}

@test "a full disk: nothing is imported, and nothing left" {
    ((EUID == 0)) || skip "needs root, for a small file system"
    tiny
    mkdir "$dir/box"
    mount -t tmpfs -o size=3m small "$dir/box"
    box import tiny "$dir/root"
    done_quietly
    head -c 4000000 /dev/zero >"$dir/root/large"
    box import large "$dir/root"
    is "$status" 1
    like "$error" "tar: *No space left on device*large is not imported"
    is "$(ls -A "$dir/box/images")" tiny
    box run --keep full tiny sh -c 'cat /dev/zero >/file'
    is "$status" 1
    like "$error" "*No space left on device"
    box run tiny echo never
    is "$output" ""
    like "$error" "*No space left on device*box: others could not find tiny-1"
    is "$status" 125
    box rm full
    done_quietly
    box run tiny echo works
    is "$output" works
    umount "$dir/box"
}

# layer TAG DIRECTORY [ARG...]: adds a layer with what is in there to the image oci:TAG; ARGs are tar's
layer() {
    tar -C "$2" --owner 0 --group 0 -cf layer.tar "${@:3}" .
    umoci raw add-layer --image "oci:$1" layer.tar
}

# layout: makes the layout oci in $dir, with the image "base", of tiny's files, and "app" on it, of layers with whiteouts
layout() {
    needs umoci --version
    needs jq --version
    tiny
    cd "$dir" || return
    mkdir -p root/{opaque/old,gone,becomes,srv} one two/opaque/old three/srv bundle
    ln -s srv root/link
    echo old | tee root/{opaque/old,opaque,gone,becomes,.}/file root/srv/{kept,removed} >/dev/null
    umoci init --layout oci
    umoci new --image oci:base
    layer base root
    umoci tag --image oci:base app
    touch one/.wh.gone one/.wh.file $'one/.wh.no such\nfile'
    layer app one
    echo new | tee two/opaque/new two/opaque/old/new two/becomes >/dev/null
    touch two/opaque/.wh..wh..opq
    layer app two
    # One that umoci makes of what has changed
    umoci unpack --rootless --image oci:app bundle >/dev/null
    rm bundle/rootfs/srv/removed
    echo new >bundle/rootfs/srv/new
    umoci repack --image oci:app bundle
    umoci config --image oci:app --config.entrypoint sh --config.entrypoint -c --config.cmd 'id; pwd; echo "$A"' \
        --config.env 'A=b  c' --config.env PATH=/bin --config.user www:staff --config.workingdir /srv
}

@test "import: an OCI layout of several layers, with whiteouts, opaque directories and settings" {
    layout
    [[ $EUID == 0 || $(own_subids) ]] || skip "there is one user"
    box import any oci
    is "$status" 1
    like "$error" "box: index.json has 2 images for linux/*: expected one, which SOURCE:TAG can name"
    box import tiny oci:app
    done_quietly
    box run tiny
    is "$output" "uid=33(www) gid=50(staff) groups=33(www),50(staff)
/srv
b  c"
    done_quietly
    box run --user 0 --entrypoint '' tiny sh -c 'cd /; ls -R opaque; ls gone file; ls srv; cat becomes; find . -name ".wh*" -xdev; ls -d link/'
    is "$output" "opaque:
new
old

opaque/old:
new
kept
new
new
link/"
    box run --user 0 tiny 'echo "$0" given' word
    is "$output" "word given"
    # skopeo writes the same, once more
    needs skopeo --version
    skopeo --insecure-policy copy -q oci:oci:app oci:copy:x
    box import copied copy
    done_quietly
    box run copied
    like "$output" "uid=33(www)*"
}

# blob: what is on standard input becomes a blob of the layout oci; prints its descriptor, but for the type
blob() {
    cat >blob
    jq --null-input --arg digest "$(sha256sum blob | cut -d ' ' -f 1)" --argjson size "$(stat -c %s blob)" '{digest: "sha256:\($digest)", size: $size}'
    mv blob "oci/blobs/sha256/$(sha256sum blob | cut -d ' ' -f 1)"
}

# index [DESCRIPTOR ARCHITECTURE VARIANT OS]...: an index of these becomes a blob; prints its descriptor
index() {
    local list='[]'
    while (($#)); do
        list=$(jq --arg architecture "$2" --arg variant "$3" --arg os "$4" --argjson it "$1" '. + [$it
            + if $architecture == "" then {} else {platform: ({$architecture, $os} + if $variant == "" then {} else {$variant} end)} end]' <<<"$list")
        shift 4
    done
    jq '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' <<<"$list" | blob |
        jq '.mediaType = "application/vnd.oci.image.index.v1+json"'
}

# tag NAME DESCRIPTOR: puts it into the layout's index.json
tag() {
    jq --arg tag "$1" --argjson it "$2" '.manifests += [$it + {annotations: {"org.opencontainers.image.ref.name": $tag}}]' oci/index.json >new
    mv new oci/index.json
}

# import NAME SOURCE: that a user who has one ID only is told so is another test's matter
import() {
    box import "$@"
    [[ $EUID == 0 || $(own_subids) ]] || error=$(grep -v '^box: .*: all files belong to one user: ' "$dir/error" || :)
}

@test "import: an index of images for several machines, also in an index; what fits is taken, or it is said what does not" {
    layout
    local app other machine variant name inner itself
    case $HOSTTYPE in
        x86_64) machine=amd64 variant=v1 ;;
        aarch64) machine=arm64 variant=v8 ;;
        *) skip "boxes on $HOSTTYPE have no filter" ;;
    esac
    umoci tag --image oci:base other
    umoci config --image oci:other --config.cmd echo --config.cmd other
    app=$(jq '.manifests[] | select(.annotations[] == "app") | del(.annotations)' oci/index.json)
    other=$(jq '.manifests[] | select(.annotations[] == "other") | del(.annotations)' oci/index.json)
    tag plain "$(index "$other" s390x "" linux "$other" "$machine" "" windows "$app" "$machine" "" linux "$other" unknown "" unknown)"
    tag variant "$(index "$other" "$machine" other linux "$app" "$machine" "$variant" linux)"
    inner=$(index "$app" "$machine" "" linux "$other" riscv64 "" linux)
    tag nested "$(index "$(index "$inner" "" "" "")" "" "" "")"
    tag two "$(index "$app" "$machine" "" linux "$other" "$machine" "$variant" linux)"
    tag none "$(index "$app" s390x "" linux "$other" "$machine" other linux)"
    for name in plain variant nested; do
        import "$name" "oci:$name"
        done_quietly
        box run --user 0 "$name" 'cat /becomes'
        is "$output" new
    done
    # What other machines are called: "app" has a user, "other" has none.
    for name in x86_64:amd64: i686:386: aarch64:arm64:v8 armv7l:arm:v7 riscv64:riscv64: powerpc64le:ppc64le: s390x:s390x:; do
        IFS=: read -r name machine variant <<<"$name"
        tag "$name" "$(index "$other" mips "" linux "$app" "$machine" "$variant" linux)"
        HOSTTYPE=$name import "$name" "oci:$name"
        is "$status" 0
        grep -qzx -e --user=www:staff "$dir/box/images/$name/settings"
    done
    like "$error" "box: no filter is known for s390x: boxes run with --privileged only"
    box run s390x
    is "$status" 125
    like "$error" "*the seccomp filter * is no BPF program*"
    box run --user 0 --privileged s390x 'echo "$A"'
    is "$output" "b  c"
    HOSTTYPE=mips import foreign oci:x86_64
    is "$status" 0
    like "$(tr '\0' '\n' <"$dir/box/images/foreign/settings")" "*--cmd=other*"
    for name in two none; do
        import "$name" "oci:$name"
        is "$status" 1
        like "$error" "box: blobs/sha256/* has $([[ $name == two ]] && echo 2 || echo 0) images for linux/*: expected one, *"
    done
    # One that says it is in itself is not what its name says.
    itself=sha256:$(printf '%064d' 7)
    printf '{"schemaVersion": 2, "manifests": [{"digest": "%s", "size": 1}]}' "$itself" >"oci/blobs/sha256/${itself#*:}"
    tag itself "{\"digest\": \"$itself\", \"size\": 1}"
    echo >>"oci/blobs/sha256/$(jq -r '.digest[7:]' <<<"$inner")"
    for name in itself nested; do
        import "again-$name" "oci:$name"
        is "$status" 1
        like "$error" "box: blobs/sha256/* is not what its name says"
    done
    tag garbage "$(blob <<<'not JSON')"
    import garbage oci:garbage
    is "$status" 1
    like "$error" "*box: blobs/sha256/*: no index or manifest"
    import garbage oci:nothing
    like "$error" "box: index.json has 0 images for linux/* called nothing: expected one, *"
}

# header NAME TYPE: the header of a file in an archive, which is empty, by a writer who has no slash behind directories
header() {
    perl -e 'my $h = pack("a100 a8 a8 a8 a12 a12 A8 a1 a100 a6 a2 a183", $ARGV[0], "0000755", "0000000", "0000000", "00000000000", "00000000000", "",
        $ARGV[1], "", "ustar", "00", ""); substr($h, 148, 8) = sprintf("%06o\0 ", unpack("%32C*", $h)); print pack("a512", $h)' "$@"
}

@test "import: directories without a slash, a root that has changed, and names with quotes" {
    layout
    needs perl -e 1
    local name=$'a "b\\'
    mkdir -p bundle/rootfs/more "one/$name" "quoted/$name"
    umoci repack --image oci:more bundle
    { header srv 5 && header srv/new3 0 && header etc 5 && head -c 1024 /dev/zero; } >flat.tar
    umoci raw add-layer --image oci:more flat.tar
    touch "quoted/$name"/{'c"',d} "one/$name/.wh.c\""
    layer more quoted
    rm one/.wh.*
    layer more one
    import more oci:more
    done_quietly
    box run --user 0 more sh -c 'ls -d /srv/* /more /etc/passwd; ls "$1"' sh "$name"
    is "$output" "/etc/passwd
/more
/srv/kept
/srv/new
/srv/new3
d"
}

@test "import: layers that are compressed, by zstd too; a NUL in the settings ends no word" {
    layout
    local config manifest
    needs skopeo --version
    needs zstd --version
    needs skopeo --insecure-policy copy -q --dest-compress-format zstd --dest-compress oci:oci:app oci:zstd:app
    grep -q '+zstd"' zstd/blobs/sha256/*
    import zstd zstd:app
    done_quietly
    box run --user 0 zstd 'cat becomes ../becomes' 2>/dev/null
    is "$output" new
    manifest=oci/blobs/sha256/$(jq -r '.manifests[] | select(.annotations[] == "app").digest[7:]' oci/index.json)
    config=$(jq '.config.Env += ["EVIL=1\u0000--volume=/:/host"]' "oci/blobs/sha256/$(jq -r '.config.digest[7:]' "$manifest")" | blob)
    tag evil "$(jq --argjson config "$config" '.config += $config' "$manifest" | blob)"
    import evil oci:evil
    done_quietly
    box run --user 0 evil 'ls -d /host; echo "$EVIL"'
    is "$output" "1--volume=/:/host"
}

@test "import: a layer that is not what its name says, or that writes through links of the one before" {
    layout
    local blob tag
    mkdir -p outside links b/{out,up} w/up
    ln -s "$dir/outside" links/out
    ln -s ../../../../../../../../../../.."$dir/outside" links/up
    layer base links
    umoci tag --image oci:base evil
    umoci tag --image oci:base wipe
    echo evil | tee b/out/file b/up/file >/dev/null
    tar -C b -cf layer.tar out/file up/file
    umoci raw add-layer --image oci:evil layer.tar
    touch w/up/.wh.kept w/up/.wh..wh..opq
    tar -C w -cf layer.tar up/.wh.kept up/.wh..wh..opq
    umoci raw add-layer --image oci:wipe layer.tar
    echo kept >outside/kept
    for tag in evil wipe; do
        box import "$tag" "oci:$tag"
        is "$(ls -A outside)" kept
    done
    for blob in $(jq -r '.layers[].digest, .config.digest' "oci/blobs/sha256/$(jq -r '.manifests[] | select(.annotations[] == "app").digest[7:]' oci/index.json)"); do
        cp -r oci broken
        echo x >>"broken/blobs/sha256/${blob#sha256:}"
        box import broken broken:app
        rm -rf broken
        is "$status" 1
        is "${error##*$'\n'}" "box: blobs/sha256/${blob#sha256:} is not what its name says"
    done
}

@test "--network slirp: the host's server is reached only where that is allowed" {
    needs slirp4netns --version
    needs test -w /dev/net/tun
    tiny_image
    listen "from the host"
    box run --network slirp:allow_host_loopback=true tiny sh -c "ip -o -4 address show tap0 | wc -l; cat /etc/resolv.conf; wget -qO- http://10.0.2.2:$port/"
    is "$output" "1
nameserver 10.0.2.3
from the host"
    done_quietly
    nothing_runs
    box run --network slirp tiny wget -qO- "http://10.0.2.2:$port/"
    is "$status" 1
    is "$output" ""
    detached one --network slirp tiny sleep 1000
    box exec one ls /sys/class/net
    is "$output" $'lo\ntap0'
    box stop one
    done_quietly
}

# each_killed NETWORK: kills each process of a box with that network in turn: the box ends, or goes on without it; in the end
# nothing is left.
each_killed() {
    local number=0 group name processes
    while true; do
        detached "one-$number" --network "$1" tiny sleep 1000
        group=$(tail -n 1 "$dir/groups")
        mapfile -t processes < <(pgrep -g "$group")
        ((number < ${#processes[@]})) || break
        name=$(<"/proc/${processes[number]}/comm")
        kill -KILL "${processes[number]}"
        if [[ $name == @(slirp4netns|passt*) ]]; then
            eventually test ! -e "/proc/${processes[number]}"
            box exec "one-$number" echo "without $name"
            is "$output" "without $name"
        fi
        box stop "one-$number"
        nothing_runs
        number=$((number + 1))
    done
    box stop "one-$number"
    done_quietly
    nothing_runs
    is "$number" "$2"
}

@test "each process of a box with a network killed: nothing is left" {
    needs slirp4netns --version
    needs pasta --version
    needs test -w /dev/net/tun
    needs bash -c '[[ $(ip route show default) ]]'
    tiny_image
    # Who watches, its witness, who watches inside, the helper, the program
    each_killed slirp 5
    each_killed pasta 5
}

@test "--network pasta: a server in the box is reached by --publish" {
    needs pasta --version
    needs test -w /dev/net/tun
    needs bash -c '[[ $(ip route show default) ]]'
    needs perl -MIO::Socket::INET -e 1
    tiny_image
    local port
    port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1)->sockport')
    echo "from the box" >"$dir/page"
    detached one --network pasta --publish "$port:80" --volume "$dir/page:/srv/page:ro" tiny httpd -f -p 80 -h /srv
    eventually bash -c 'exec 5<>"/dev/tcp/127.0.0.1/$1" && printf "GET /page HTTP/1.0\r\n\r\n" >&5 && grep -q "from the box" <&5' bash "$port"
    box stop one
    done_quietly
    nothing_runs
    box run --network slirp --publish 80:80 tiny true
    is "$error" "box: --publish needs --network pasta"
    box run --network pasta --publish nonsense tiny true
    is "$status" 125
    like "$error" "box: no network: *nonsense*"
}

@test "--network: none, host, and what is said where there is no /dev/net/tun" {
    tiny_image
    box run tiny sh -c 'ls /sys/class/net; ip -o -4 address | grep -o "127.0.0.1/8"; cat /etc/resolv.conf'
    is "$output" $'lo\n127.0.0.1/8'
    box run --network host tiny readlink /proc/self/ns/net
    is "$output" "$(readlink /proc/self/ns/net)"
    done_quietly
    box run --network other tiny true
    is "$error" "box: --network other: expected none, host, slirp or pasta"
    is "$status" 125
    via=(unshare --mount)
    ((EUID == 0)) || via+=(--map-root-user)
    via+=(bash -c 'mount -t tmpfs none /dev && exec "$@" 2>&1' bash)
    bash_run "$ours" run --network slirp tiny true </dev/zero
    like "$output" "*the network needs /dev/net/tun, which is not for you*"
}

@test "--memory, --cpus, --pids: it is said why not, and what they take" {
    tiny_image
    box run --memory 64M tiny true
    [[ $status == 0 ]] || { is "$status" 125 && [[ $error =~ there\ is\ no\ controller|systemd-run ]]; }
    local option
    for option in "--memory 1.5M" "--memory much" "--cpus 1,5" "--cpus ." "--pids 0" "--pids UID" "--pids -1" "--pids 1"; do
        # shellcheck disable=SC2086 # two words
        box run $option tiny true
        is "$status" 125
        is "$error" "box: expected --memory BYTES[K|M|G], --cpus N, or --pids N, of 2 or more"
    done
}

# limits_image CONTROLLER...: sets $base to the cgroup below which root's boxes are, or that a user has for himself, and has
# an image
limits_image() {
    local path controller
    base=/sys/fs/cgroup
    if ((EUID)); then
        IFS=: read -r _ _ path < <(grep ^0:: /proc/self/cgroup)
        base+=${path%/*}
    fi
    for controller; do needs grep -w "$controller" "$base/cgroup.subtree_control"; done
    needs mkdir "$base/probe$$"
    rmdir "$base/probe$$"
    tiny_image
}

# limited NAME WORD...: box run --name NAME WORD..., by a process that is alone in its cgroup, as systemd-run(1) starts a
# user's; sets $cgroup to the box's
limited() {
    local alone=$base
    ((EUID == 0)) || { alone=$(mktemp -d "$base/alone.XXXXXX") && chmod 755 "$alone"; }
    cgroup=$alone/box.$1
    sh_run '[[ $EUID == 0 ]] || echo $$ >"$1/cgroup.procs"; exec "$2" run --name "${@:3}"' "$alone" "$ours" "$@"
}

@test "--pids: more cannot be forked, nor by exec; a network and an init are not counted" {
    limits_image pids
    limited "a$$" --pids 5 tiny sh -c 'cat /proc/self/cgroup; for i in 1 2 3 4 5 6; do sleep 1000 & echo $i; done'
    like "$output" $'*0::/\n1\n2\n3\n4'
    like "$error" "*can't fork*"
    is "$status" 2
    eventually rmdir "$cgroup"
    limited "a$$" --pids 5 --detach tiny sh -c 'for i in 1 2 3; do sleep 1000 & done; wait'
    eventually bash -c '[[ $(<"$1/pids.current") == 6 ]]' bash "$cgroup"
    box exec "a$$" true
    is "$status" 125
    like "$error" "*Resource temporarily unavailable*"
    box stop "a$$"
    eventually rmdir "$cgroup"
    local options=(--init)
    [[ ! -w /dev/net/tun ]] || options+=("--network slirp" "--network pasta")
    for option in "${options[@]}"; do
        # shellcheck disable=SC2086 # words
        limited "a$$" --pids 2 $option tiny sh -c 'for i in 1 2 3; do sleep 1000 & echo $i; done'
        [[ $option == *pasta && $output == $'1\n2' ]] || is "$output" 1
        like "$error" "*can't fork*"
        eventually rmdir "$cgroup"
    done
}

@test "--memory: who takes more is killed, and the box says so" {
    limits_image memory pids
    local take='exec dd if=/dev/zero of=/dev/null count=1 bs='
    limited "a$$" --memory 32M tiny sh -c "${take}200M"
    is "$status" 137
    limited "a$$" --memory 32M tiny sh -c "(${take}200M); echo \$?; (${take}1M 2>/dev/null); echo \$?"
    is "$output" $'137\n0'
    is "$status" 0
    # The next one of this name has no limit of the last.
    limited "a$$" --pids 10 tiny sh -c "${take}200M"
    is "$status" 0
    eventually rmdir "$cgroup"
}

@test "--cpus: the time of the processors is held back" {
    limits_image cpu
    local start=${EPOCHREALTIME/./} took used throttled
    limited "a$$" --cpus .1 tiny sh -c 'i=0; while [ $i -lt 50000 ]; do i=$((i + 1)); done'
    took=$((${EPOCHREALTIME/./} - start))
    done_quietly
    is "$(<"$cgroup/cpu.max")" "10000 100000"
    used=$(sed -n 's/^usage_usec //p' "$cgroup/cpu.stat") throttled=$(sed -n 's/^nr_throttled //p' "$cgroup/cpu.stat")
    echo "$used of $took microseconds, held back $throttled times"
    ((throttled > 0 && used < took / 5))
    eventually rmdir "$cgroup"
}

# debian_tar: sets $tar to one of a small Debian, which root makes once
debian_tar() {
    tar=/var/cache/nsbuiltins/fresh/bookworm.tar
    if ((EUID == 0)) && [[ ! -e $tar ]]; then
        needs "$NSB_SRCDIR/tests/fresh-root" bookworm
        tar -C "${tar%.tar}" --exclude=./usr/share/{doc,locale,man,info} --exclude='./var/cache/*' --exclude='./var/lib/apt/lists/*' -cf "$tar.$$" .
        mv "$tar.$$" "$tar"
    fi
    needs test -r "$tar"
}

@test "a Debian made by debootstrap: apt, dpkg, users and groups" {
    local tar
    debian_tar
    export BOX_HOME=$dir/box
    [[ $EUID == 0 ]] || needs own_subids
    box import debian "$tar"
    done_quietly
    mkdir -p "$dir"/pkg/{DEBIAN,usr/share/trial}
    printf '%s\n' 'Package: trial' 'Version: 1' 'Architecture: all' 'Maintainer: nobody <n@example.org>' 'Description: trial' >"$dir/pkg/DEBIAN/control"
    printf '%s\n' '#!/bin/sh' 'set -e' 'useradd --system --groups mail trial' 'chown trial:games /usr/share/trial' >"$dir/pkg/DEBIAN/postinst"
    chmod 755 "$dir/pkg/DEBIAN/postinst"
    # What the sandbox of apt, a user of its own, may read
    chmod 755 "$dir"
    cp -r "$dir/pkg" "$dir/shared"
    box run --volume "$dir/shared:/shared:ro" debian bash -ec '
        dpkg-deb --root-owner-group --build /shared /tmp/trial.deb >/dev/null
        apt-get --quiet=2 install /tmp/trial.deb </dev/null >/tmp/log 2>&1 || cat /tmp/log
        stat -c %U:%G /usr/share/trial
        setpriv --reuid trial --regid games --init-groups id -nG
        dpkg -s trial | grep Status
        su -s /bin/sh www-data -c id
        stat -c %U:%G /etc/shadow
        perl -e "\$x = q(x) x 100; print ioctl(STDIN, \$_, \$x) ? qq(typed\n) : qq(\$!\n) for 0x5412, 0x541c, 0x5401"'
    is "$output" "trial:games
games mail trial
Status: install ok installed
uid=33(www-data) gid=33(www-data) groups=33(www-data)
root:shadow
Operation not permitted
Operation not permitted
Inappropriate ioctl for device"
    done_quietly
}

# measure ROUNDS NAME...: calls the functions run_NAME in turns, and prints the least and median time of each
measure() {
    local name n start
    local -a sorted
    local -A times=()
    for ((n = 0; n < $1; n++)); do
        for name in "${@:2}"; do
            start=${EPOCHREALTIME/./}
            "run_$name"
            times[$name]+="$((${EPOCHREALTIME/./} - start)) "
        done
    done
    for name in "${@:2}"; do
        # shellcheck disable=SC2086 # words
        mapfile -t sorted < <(printf '%s\n' ${times[$name]} | sort -n)
        printf '%s least %.1f, median %.1f ms; ' "$name" "${sorted[0]}e-3" "${sorted[$1 / 2]}e-3"
    done
}

@test "the time of /bin/true, beside podman and crun with the same root" {
    local names=(box) rootless=(--rootless) measured
    tiny_image
    mkdir -p "$dir"/root/{proc,sys,dev,run}
    if ((EUID == 0)); then
        rootless=()
        # These want a machine with cgroups of version 2 only.
        umount --lazy /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup || true
    fi
    run_box() { "$ours" run tiny true; }
    run_crun() { (cd "$dir/bundle" && XDG_RUNTIME_DIR=$dir crun --root "$dir/crun" run true); }
    run_podman() { XDG_RUNTIME_DIR=$dir podman --root "$dir/podman" --runroot "$dir/podman-run" run --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --rm --network none --cgroups=disabled --rootfs "$dir/root" true; }
    run_box
    if mkdir "$dir/bundle" && cd "$dir/bundle" && crun spec "${rootless[@]}" 2>/dev/null && jq --arg root "$dir/root" '.process.args = ["true"]
        | .process.terminal = false | .process.rlimits = [] | .root.path = $root | del(.linux.resources)' config.json >new && mv new config.json && run_crun; then
        names+=(crun)
    fi
    ! run_podman || names+=(podman)
    measured=$(measure 7 "${names[@]}")
    # What podman leaves running, to join it the next time
    [[ ! -e $dir/libpod/tmp/pause.pid ]] || kill "$(<"$dir/libpod/tmp/pause.pid")"
    echo "# measured: time of /bin/true on a small root, as $( ((EUID)) && echo user || echo root): ${measured%; }" >&3
}
