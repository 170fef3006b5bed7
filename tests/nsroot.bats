#!/usr/bin/env bats
# nsroot: what stands in the new root is what the operations say; what fails leaves nothing behind, and names the operation.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; $dir is made by setup() in helpers.bash

load helpers

# A root to run programs in
system='--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/sbin /sbin'

# roots SCRIPT [ARG...]: runs SCRIPT in namespaces in which it may mount. There, `mounts` prints the mount table, target,
# attributes, and type; `stays COMMAND...` fails where COMMAND, which is to fail, changes anything.
roots() {
    sh_run '
        mounts() {
            local target rest
            while read -r _ _ _ _ target rest; do
                rest=${rest/ - / } && echo "$target ${rest% * *}"
            done </proc/self/mountinfo | sed -E "s/ (shared|master):[0-9]+//g" | LC_ALL=C sort
        }
        stays() {
            local status=0
            fingerprint "$dir/before"
            "$@" || status=$?
            fingerprint "$dir/after"
            diff "$dir/before" "$dir/after" >&2 && ((status == 1))
        }
        system=($2)
        needed="unshare_ns -mpi --mount-proc"
        ((UID == 0)) || needed="unshare_ns -rmpi --mount-proc"
        cd "$dir" || exit 99
        $needed && eval "$1"' "$1" "$system" "${@:2}"
}

@test "the shell goes on in a root of its own" {
    roots 'list=(a b); f() { echo "f: $1"; }
        nsroot "${system[@]}" --proc /proc --tmpfs /tmp --dir /etc
        f "$? ${list[1]} $$"
        cd / && echo *
        mounts'
    done_quietly
    is "$(grep -vE '^/proc/' <<<"$output")" "f: 0 b 1
bin etc lib lib64 proc sbin tmp usr
/ rw,nosuid,nodev,relatime tmpfs
/proc rw,nosuid,nodev,noexec,relatime proc
/tmp rw,nosuid,nodev,relatime tmpfs
/usr ro,nosuid,nodev,relatime $(findmnt -no FSTYPE -T /usr)"
}

# Each row is given to bwrap(1), and to nsroot: what they make is the same.
rows() {
    cat <<-'END'
		--tmpfs /tmp
		--perms 1777 --tmpfs /tmp --dir /a
		--size 65536 --tmpfs /tmp
		--perms 700 --size 65536 --tmpfs /tmp
		--dir /a/b/c
		--perms 700 --dir /a --dir /a
		--perms 0700 --dir /a/b/c
		--dir /a --symlink b/c /a/link
		--dev /dev
		--dev /dev --tmpfs /tmp --dir /dev/more
		--proc /proc
		--dir /new --proc /new/proc
		--dir /dev --mqueue /dev/mqueue
		--dir /etc --file 7 /etc/some
		--dir /a --file 7 /a/b
		--perms 600 --file 7 /a/b
		--dir /a --bind-data 7 /a/b
		--dir /a --ro-bind-data 7 /a/b
		--perms 640 --file 7 /a/b/c
		--perms 444 --bind-data 7 /etc/passwd
		--dir /a --chmod 0711 /a
		--dir /a --chmod 1777 /a
		--bind SRC /a
		--ro-bind SRC /a
		--dev-bind SRC /a
		--dir /a --bind SRC/file /a/file
		--ro-bind SRC/file /a
		--bind-try /nope /a --bind-try SRC /b
		--ro-bind-try /nope /a --dev-bind-try /nope /b
		--ro-bind SRC /a --tmpfs /a/in
		--bind SRC/in /a --bind SRC/file /a/x
		--tmpfs /a --dir /a/b --remount-ro /a
		--bind SRC /a --remount-ro /a
		--tmpfs /a --file 7 /a/b --remount-ro /a
		--bind SRC/link /a
		--tmpfs /a --tmpfs /a/b --tmpfs /a/b/c
		--chdir /usr
		--dir /a --chdir /a
		--chdir /tmp --tmpfs /tmp
		--bind SRC /a --ro-bind SRC/in /a/in
		--dir /a --symlink /etc/x /a/y --dir /a/z
		--dir /etc --ro-bind SRC/file /etc/one --ro-bind SRC/file /etc/two
	END
}

@test "operation by operation, it makes what bwrap makes" {
    needs bwrap --version
    needs bwrap --ro-bind / / true
    [[ $(bwrap --help 2>&1) == *--size* ]] || skip "this bwrap is too old for --size"
    mkdir -p "$dir/src/in/deep" "$dir/ours"
    echo some >"$dir/src/file"
    ln -s in "$dir/src/link"
    chmod 750 "$dir/src/in"
    cd /
    local row count=0 failed=0 words own=''
    ((UID == 0)) || own=r
    while read -r row; do
        read -ra words <<<"${row//SRC/$dir/src}"
        # shellcheck disable=SC2086 # the words of $system
        env HOME=/usr bwrap --unshare-ipc --unshare-pid $system --proc /look "${words[@]}" bash -c "cd() { :; }; $look_at_root" 7<<<data >"$dir/theirs" 2>&1 || :
        sh_run "unshare_ns -${own}mpi --mount-proc
            HOME=/usr nsroot $system --proc /look \"\$@\" 7<<<data && { $look_at_root; }" "${words[@]}"
        cp "$dir/output" "$dir/ours/x"
        diff "$dir/theirs" "$dir/ours/x" || {
            echo "^-- $row"
            cat "$dir/error"
            failed=$((failed + 1))
        }
        count=$((count + 1))
    done < <(rows)
    ((count >= 40 && failed == 0))
}

@test "--perms and --size are for the next operation, and no other" {
    roots 'nsroot "${system[@]}" --proc /proc --perms 700 --size 65536 --tmpfs /a --tmpfs /b --perms 750 --dir /c --dir /d &&
        stat -c "%a %n" /[abcd] && while read -r _ _ _ _ target rest; do [[ $rest != *size=64k* ]] || echo "$target"; done </proc/self/mountinfo'
    done_quietly
    is "$output" "700 /a
755 /b
750 /c
755 /d
/a"
}

@test "overlays: layers from the lowest, changes that go to a directory, to nowhere, or not at all" {
    overlays
    mkdir -p "$dir"/{low,high,up,work}
    echo low >"$dir/low/both"
    echo high >"$dir/high/both"
    echo only >"$dir/low/only:one"
    # An upper directory must not be on an overlay itself, as a container's may be: so a tmpfs
    roots 'mount -t tmpfs some "$dir/up" && mkdir "$dir"/up/{up,work}
        nsroot "${system[@]}" --overlay-src "$dir/low" --overlay-src "$dir/high" --tmp-overlay /tmp \
            --overlay-src "$dir/low" --overlay "$dir/up/up" "$dir/up/work" /rw \
            --overlay-src "$dir/low" --overlay-src "$dir/high" --ro-overlay /ro --bind "$dir/up/up" /up --proc /proc
        echo "$(</tmp/both) $(</tmp/only:one) $(</rw/both) $(</ro/both)"
        echo new >/tmp/new && echo new >/rw/new && rm -r /rw/both && echo "$(</up/new)"
        (: >/ro/new) 2>&1 | grep -c Read-only; ls /rw; mounts | grep -E "^/(ro|rw|tmp) .* overlay$"'
    done_quietly
    is "$output" "high only low high
new
1
new
only:one
/ro rw,nosuid,nodev,relatime overlay
/rw rw,nosuid,nodev,relatime overlay
/tmp rw,nosuid,nodev,relatime overlay"
    is "$(ls "$dir/low" "$dir/high")" "$dir/high:
both

$dir/low:
both
only:one"
}

@test "overlays: directories of any name, and of more than the 255 bytes that fsconfig(2) takes" {
    overlays
    local long comma expected='3: some, some more
3: some, some more
3: some, some more'
    ! linux 6.5 || { # before, overlays have their options from mount(2)'s text
        comma=a,b
        expected+=$'\n3: some, some more'
    }
    ! linux 6.13 || { # before, there are no descriptors for it
        printf -v long 'long%.0s' {1..50}
        expected+=$'\n402: some, some more'
    }
    roots 'mount -t tmpfs some "$dir" || exit
        for name in a:b "a\\b" "a
b" ${3:+"$3"} ${4:+"$4/$4:"}; do
            mkdir -p "$dir"/{low,up,scratch}/"$name" && echo -n some >"$dir/low/$name/file" &&
                nsroot "${system[@]}" --overlay-src "$dir/low/$name" --overlay "$dir/up/$name" "$dir/scratch/$name" /x \
                    --overlay-src /usr --overlay-src "$dir/low/$name" --ro-overlay /y -- \
                    bash -c "echo -n \" more\" >>/x/file && cat /y/file" >"$dir/lower" &&
                echo "${#name}: $(<"$dir/lower"), $(<"$dir/up/$name/file")"
        done; cd /; umount -l "$dir"' "${comma-}" "${long-}"
    done_quietly
    is "$output" "$expected"
}

@test "what fails names the operation, and leaves all as it was" {
    overlays
    mkdir -p "$dir/real" "$dir/low"
    roots 'trap : USR2
        stays nsroot "${system[@]}" --ro-bind /nope /x
        stays nsroot --bind "$dir/real" / --dir /made/deep --symlink a /link --file 7 /file --tmpfs /made/on --chmod 700 / --ro-bind /nope /x 7<<<data
        stays nsroot "${system[@]}" --remount-ro /bin
        stays nsroot "${system[@]}" --ro-bind "$dir" /real --tmpfs /real/nope
        stays nsroot "${system[@]}" --file 7 /usr/new 7<<<data
        stays nsroot "${system[@]}" --chmod 700 /nope
        stays nsroot "${system[@]}" --chdir /nope
        stays nsroot "${system[@]}" --overlay-src /nope --tmp-overlay /x
        stays nsroot "${system[@]}" --dir /a --file 7 /a 7<<<data
        stays nsroot "${system[@]}" --symlink a /bin
        stays nsroot --proc /proc --bind-fd 7 /x 7< <(:)
        stays nsroot "${system[@]}" --dir "/usr/x/y"
        stays nsroot --bind "$dir/real" / --tmpfs /made/on --file 7 /new/file --dir /new/file/x 7<<<data
        find "$dir/real" -printf "%P %m\n"' "$dir"
    is "$output" " 755"
    like "$error" "*--ro-bind /nope /x: No such file or directory
*--ro-bind /nope /x: No such file or directory
*--remount-ro /bin: cannot set the attributes of /bin: Invalid argument; *
*--tmpfs /real/nope: cannot make or open /real/nope in the new root: Read-only file system; it must be there already *
*--file 7 /usr/new: cannot make or open /usr/new in the new root: Read-only file system; *
*--chmod 700 /nope: cannot make or open /nope in the new root: No such file or directory
*cannot change the working directory to /nope: No such file or directory
*--tmp-overlay /x: *lowerdir=/nope*
*--file 7 /a: cannot make or open /a in the new root: File exists; *
*--symlink a /bin: cannot make or open /bin in the new root: File exists; *
*--bind-fd 7 /x: *
*--dir /usr/x/y: cannot make or open /usr/x/y in the new root: Read-only file system; *
*--dir /new/file/x: cannot make or open /new/file/x in the new root: Not a directory"
    nothing_runs
}

@test "wrong usage: status 2, a sentence and the usage line, before anything is touched" {
    local words
    while IFS='|' read -r words sentence; do
        sh_run "nsroot $words"
        is "$status" 2
        like "$error" "bash: line +([0-9]): nsroot: ${sentence//\[/\\[}
nsroot: usage: nsroot OPERATION... \[--] \[COMMAND \[ARG...]]; see help nsroot"
        [[ $sentence == *requires* ]] || { # which -- would be
            sh_run "nsroot $words -- true"
            is "$status" 125
        }
    done <<-'END'
		|nothing is to be in the new root: say what, as --ro-bind /usr /usr
		--bind /usr|--bind: option requires 2 arguments
		--overlay a b|--overlay: option requires 3 arguments
		--nope|--nope: invalid option
		--unshare-net|--unshare-net: run unshare_ns for that, before
		--cap-drop|--cap-drop: run setpriv_ns for that, afterwards
		--perms 8 --dir /a|--perms: 8: expected an octal mode from 0 to 7777
		--perms 10000 --dir /a|--perms: 10000: expected an octal mode from 0 to 7777
		--perms "" --dir /a|--perms: : expected an octal mode from 0 to 7777
		--perms 700 --bind / /|--perms must be followed by an operation that makes a file or directory
		--perms 700|--perms must be followed by an operation that makes a file or directory
		--size 4096 --dir /a|--size must be followed by --tmpfs
		--size 0 --tmpfs /a|--size: 0: expected a number of bytes from 1
		--size 99999999999999999999 --tmpfs /a|--size: 99999999999999999999: expected a number of bytes from 1
		--file x /a|--file: x: expected the number of an open descriptor
		--file 77 /a|--file: 77: expected an open descriptor; this one is closed
		--bind "" /a|--bind: : expected a path
		--bind /a ""|--bind: : expected a path
		--chdir "" --bind / /|--chdir: : expected a directory
		--keep-fds=x --bind / /|--keep-fds: x: expected numbers of descriptors, 64 at most, with commas between
		--overlay-src / --bind / /|--overlay-src must be followed by another one, or by --overlay, --tmp-overlay or --ro-overlay
		--tmp-overlay /a|an overlay needs an --overlay-src before it
		--overlay-src / --ro-overlay /a|--ro-overlay needs two --overlay-src before it, or more
		--args 77|--args: 77: expected an open descriptor; this one is closed
	END
}

@test "--args reads operations in the place where it stands" {
    roots 'printf "%s\0" --dir /one --args 8 --dir /two >"$dir/first"
        printf "%s\0" --dir /one/three --tmpfs "/with blank" >"$dir/second"
        nsroot "${system[@]}" --args 7 --dir "/one/three/last" -- ls -d /one/three/last "/with blank" /two 7<"$dir/first" 8<"$dir/second"
        printf "%s\0" ls >"$dir/first"
        nsroot "${system[@]}" --args 7 -- true 7<"$dir/first"; echo $?'
    is "$output" "/one/three/last
/two
/with blank
125"
    like "$error" "*nsroot: --args: ls: expected an operation
*"
}

@test "what --args has read from a file is there again after a failure, and --check" {
    roots 'printf "%s\0" one --dir /one >"$dir/words"; printf "%s\0" one --ro-bind /nope /x >"$dir/fails"; printf "%s\0" one --nope >"$dir/wrong"
        exec 6<"$dir/fails" 7<"$dir/words" 8<"$dir/wrong"
        for fd in 6 7 8; do
            read -r -d "" -u "$fd" word
            nsroot --check --args "$fd" 2>/dev/null; echo "$?"
            nsroot --args "$fd" --nope -- true 2>/dev/null; echo "$?"
            ((fd == 7)) || { nsroot --args "$fd" -- true 2>/dev/null; echo "$?"; }
            read -r -d "" -u "$fd" word; echo "$word"
        done'
    done_quietly
    is "$(tr '\n' ' ' <"$dir/output")" "1 125 125 --ro-bind 0 125 --dir 2 125 125 --nope "
}

@test "descriptors that would lead out are named, and refused; --keep-fds keeps them" {
    roots 'exec 5</usr
        stays nsroot "${system[@]}"
        exec 5<&- 6</proc/self/ns/mnt
        stays nsroot "${system[@]}"
        nsroot --keep-fds="$(seq -s , 65)" "${system[@]}"; echo "$?"
        (nsroot --keep-fds "${system[@]}" && echo all)
        (nsroot --keep-fds="$(seq -s , 64)" "${system[@]}" && echo 64)
        nsroot --keep-fds=6,9 "${system[@]}" --proc /proc && readlink /proc/self/fd/6 | grep -c mnt'
    is "$output" $'2\nall\n64\n1'
    like "$error" "*nsroot: descriptor 5 would lead out of the new root: it is a directory outside of the new root; close it (exec 5<&-), or say --keep-fds=5
*nsroot: descriptor 6 would lead out of the new root: it is a mount namespace; close it (exec 6<&-), or say --keep-fds=6
*nsroot: --keep-fds: 1,2*,65: expected numbers of descriptors, 64 at most, with commas between
*"
}

@test "no file is left open" {
    overlays
    mkdir "$dir/low"
    roots 'before=$(echo /proc/self/fd/*)
        nsroot --tmpfs / "${system[@]}" --tmpfs / "${system[@]}" --proc /proc --overlay-src "$dir/low" --tmp-overlay /tmp --dir /dir \
            --symlink dir /link --symlink dir /link --file 7 /file --bind-data 7 /data --ro-bind-data 8 /more --chmod 700 /dir --dev /dev \
            --remount-ro /tmp 7<<<data 8<<<more
        echo "$?"; [[ $(echo /proc/self/fd/*) == "$before" ]] || ls -l /proc/self/fd'
    done_quietly
    is "$output" 0
}

@test "an open process is refused, too" {
    needs perl -e 1
    via=(perl -e '$fd = syscall(434, $$ + 0, 0); open($pidfd, "<&=", $fd); fcntl($pidfd, 2, 0); # pidfd_open, FD_CLOEXEC
        exec { $ARGV[0] } @ARGV' timeout 100)
    roots 'stays nsroot "${system[@]}"'
    like "$error" "*nsroot: descriptor +([0-9]) would lead out of the new root: it is a process outside of the new root; close it *"
}

@test "an open directory is bound by its descriptor, which is used up" {
    mkdir -p "$dir/some/thing"
    roots 'exec 5<"$dir/some" 6</usr/bin/env 7<"$dir/some" 8<"$dir/some"
        nsroot --check "${system[@]}" --keep-fds=7,8 --bind-fd 5 /a && [[ -e /proc/self/fd/5 ]] || exit
        nsroot "${system[@]}" --proc /proc --keep-fds=7 --bind-fd 5 /a --ro-bind-fd 6 /b --bind-fd 7 /c --ro-bind-fd 8 /d || exit
        ls /a /d && cmp /usr/bin/env /b && [[ ! -e /proc/self/fd/5 && -e /proc/self/fd/6 && -e /proc/self/fd/7 && ! -e /proc/self/fd/8 ]] && echo used'
    done_quietly
    is "$output" "/a:
thing

/d:
thing
used"
}

@test "COMMAND runs in there: a program, a function or a builtin; the shell stays" {
    roots 'f() { echo "f $1 $PWD"; cd /tmp; return 7; }
        cd "$dir"
        fingerprint "$dir/before"
        nsroot "${system[@]}" --tmpfs /tmp --chdir /usr -- pwd
        nsroot "${system[@]}" --tmpfs /tmp --chdir /usr f x
        echo $?
        nsroot "${system[@]}" --dir /a ls -d /a
        nsroot "${system[@]}" nope; echo $?
        nsroot "${system[@]}" --ro-bind /nope /x ls; echo $?
        fingerprint "$dir/after"'
    is "$output" "/usr
f x /usr
7
/a
127
125"
    unchanged
    nothing_runs
}

@test "in ( ) the outer shell and other members of the mount namespace stay where they are" {
    roots 'sleep 100 & job=$!
        before=$(mounts)
        (nsroot "${system[@]}" --dir /inside; cd /; echo *)
        [[ $(mounts) == "$before" && $(readlink "/proc/$job/root") == / && ! -e /inside && -e $dir ]] && echo same
        nsroot "${system[@]}" --proc /proc --dir /inside
        [[ -e /inside ]] && ! readlink "/proc/$job/root/inside"; ls "/proc/$job/root/" | grep -cx inside
        kill $job'
    done_quietly
    is "$output" "bin inside lib lib64 sbin usr
same
0"
}

# made_in WHICH SCRIPT: a shell that has moved makes its root, after SCRIPT, in the "same" mount namespace as before, or in an "other"
made_in() {
    sh_run 'look() { after=$(readlink /proc/self/ns/mnt); [[ $after == "$before" ]] && echo same || echo other; }
        unshare_ns -rmp --mount-proc && before=$(readlink /proc/self/ns/mnt) || exit
        system=($2)
        eval "$1"
        nsroot "${system[@]}" --proc /proc && look; cd / && echo *' "$2" "$system"
    is "$error" ""
    is "$output" "$1
bin lib lib64 proc sbin usr"
}

@test "where nobody else is in the mount namespace of a shell that has moved, the root is made in that" {
    linux 6.8 || skip "that takes statmount(2), Linux 6.8"
    made_in same ''
    made_in same 'nsroot "${system[@]}" --bind-data 7 /a --proc /proc 7<<<data'
    made_in same 'nsroot --dev-bind / / --chdir /nope 2>/dev/null; nsroot --dev-bind / / --remount-ro /x 2>/dev/null'
    made_in same 'mount_ns --rbind /usr /usr && mount_ns --make-rshared /usr'
    made_in other 'sleep 1000 & trap "kill $!" EXIT'
    made_in other 'mount_ns --make-shared /'
    made_in other 'mount_ns --rbind / /'
    made_in other 'unshare_ns -p'
    made_in other 'unshare_ns -m; before=$(readlink /proc/self/ns/mnt)'
    made_in other 'nsenter_ns --visit -m"/proc/self/ns/mnt" :'
}

@test "a shell that has moved into a chroot makes its root in another mount namespace, and nothing is left around it" {
    mkdir -p "$dir/tree/"{usr,proc} "$dir/mount"
    ln -s usr/{bin,lib,lib64} "$dir/tree"
    for root in tree mount; do
        sh_run 'look() { readlink /proc/self/ns/mnt; }
            cd "$dir" && unshare_ns -rmp --mount-proc && mount_ns --rbind /usr tree/usr && mount_ns --rbind /proc tree/proc &&
                mount_ns --rbind tree mount && unshare_ns -rmp -R "$1" --mount-proc && before=$(look) &&
                nsroot $2 --proc /proc && [[ $(look) != "$before" ]] && nsenter_ns --mount=/proc/self/ns/mnt && echo /*' \
            "$root" "$system"
        is "$output" "/bin /lib /lib64 /proc /sbin /usr"
        done_quietly
    done
}

@test "an old root that cannot be let go of is the root again" {
    needs strace -f true
    via=(strace -f -qq -o "$dir/trace" -e trace=umount2 -e inject=umount2:error=EPERM:when=1..3)
    sh_run 'unshare_ns -rmp --mount-proc && mapfile -t before </proc/self/mountinfo
        nsroot --tmpfs / --dev-bind / / --bind-data 7 "$dir/new" 7<<<data; echo "$?"
        mapfile -t after </proc/self/mountinfo
        [[ ${before[*]} == "${after[*]}" ]] && echo same
        nsroot $2 --proc /proc && echo /*' "" "$system"
    is "$output" "1
same
/bin /lib /lib64 /proc /sbin /usr"
    like "$error" "bash: line +([0-9]): nsroot: cannot *: Operation not permitted*"
}

@test "a shell that comes back to its old root finds it as it was, whatever has been shared or put on it" {
    sh_run 'unshare_ns -rmp --mount-proc && mount_ns --rbind /usr /usr && mount_ns --make-rshared /usr
        mapfile -t before </proc/self/mountinfo
        nsroot --tmpfs / --bind / / --bind-data 7 /mnt/data --chdir /nope 7<<<data; echo "$?"
        mapfile -t after </proc/self/mountinfo
        [[ ${before[*]} == "${after[*]}" ]] && echo same
        [[ $(readlink -f /..) == / && -e /../proc/1 ]] && echo below nothing'
    is "$output" "1
same
below nothing"
}

@test "the machine's mounts stay byte for byte, shared ones too" {
    ((EUID == 0)) || skip 'needs root'
    mkdir "$dir/shared"
    sh_run 'mount -t tmpfs some "$dir/shared" && mount --make-rshared / && mkdir "$dir/shared/in" && cd / &&
        mapfile -t before </proc/self/mountinfo &&
        (nsroot --bind / / --tmpfs "$dir/shared/in" --dev-bind /dev "$dir/shared/in/dev" --proc "$dir/shared/in/proc" && [[ -e $dir/shared/in/dev/null ]] && echo in) &&
        nsroot --bind "$dir/shared" / --tmpfs /in/more -- true; nsroot --check --bind / / --tmpfs "$dir/shared/in" &&
        mapfile -t after </proc/self/mountinfo && [[ ${before[*]} == "${after[*]}" ]] && echo same'
    done_quietly
    is "$output" "in
same"
}

@test "the shell is true: PWD, OLDPWD, hash, ~, HISTFILE" {
    mkdir "$dir/real" "$dir/other"
    echo : >"$dir/real/history"
    roots 'cd "$dir/real"; cd "$dir/other"; hash -p /nope/ls ls
        HISTFILE=$dir/real/history HOME=/usr/share
        (nsroot "${system[@]}" --bind "$dir/real" "$dir/real"; echo "$PWD ${OLDPWD-unset} $(pwd) ${HISTFILE/$dir/DIR}"; echo ~; [[ $(type -p ls) != /nope/ls ]] && echo ls)
        (nsroot "${system[@]}" --bind "$dir/other" "$dir/other"; echo "${PWD/$dir/DIR} ${HISTFILE-unset}"; cd ..; echo *)
        (HOME=/nope; nsroot "${system[@]}"; echo "$PWD"; cd ..; pwd)
        (nsroot "${system[@]}" --chdir bin; echo "$PWD"; cd ..; pwd)'
    done_quietly
    is "$output" "/usr/share unset /usr/share DIR/real/history
/usr/share
ls
DIR/other unset
other
/
/
/usr/bin
/usr"
}

@test "after a failure, and --check, data can be read again, and a directory of the outside has its mode" {
    roots 'mkdir -m 750 bound; echo text >data; exec 7<data
        for option in --check "--chdir /nowhere"; do
            nsroot "${system[@]}" --bind "$dir/bound" /in --chmod 700 /in --file 7 /file $option
            echo "$? $(stat -c %a bound)"
        done
        cat <&7'
    is "$output" $'0 750\n1 750\ntext'
}

@test "the umask stays, whatever becomes of the root" {
    roots 'umask 0137
        (nsroot "${system[@]}"; umask)
        (nsroot "${system[@]}" --check; umask)
        (nsroot "${system[@]}" --bind /nowhere /in; umask) 2>&-'
    is "$output" $'0137\n0137\n0137'
}

@test "a home that is closed to the user is passed over" {
    ((EUID != 0)) && [[ ! -x /root ]] || skip "needs an ordinary user, and a /root that is closed to him"
    roots 'HOME=/root; nsroot "${system[@]}" --ro-bind /root /root && pwd'
    is "$output" "/"
    done_quietly
}

@test "--check builds and throws away; nothing has changed" {
    mkdir "$dir/real"
    roots 'fingerprint "$dir/before"
        nsroot --check --bind "$dir/real" / --dir /made --tmpfs /made/on --file 7 /file 7<<<data && echo yes
        nsroot --check "${system[@]}" --ro-bind /nope /x || echo no
        nsroot --check "${system[@]}" echo run && echo not run
        fingerprint "$dir/after"; ls "$dir/real"'
    is "$output" "yes
no
not run"
    unchanged
}

@test "where there is no way back, a helper goes first" {
    ((EUID)) || skip 'an ordinary user is in a mount namespace of the machine'
    mkdir "$dir/real"
    sh_run "$(printf 'system=(%s)' "$system")"'
        unshare_ns -r
        fingerprint "$dir/before"
        nsroot "${system[@]}" --ro-bind /nope /x; echo $?
        nsroot --check "${system[@]}"; echo $?
        nsroot --check --bind "$dir/real" / --dir /made; echo $?
        fingerprint "$dir/after"
        ls "$dir/real"
        nsroot "${system[@]}" --dir /in --file 7 /in/file 7<<<data; cd /in; echo "$? $(<file)"'
    like "$error" "*: nsroot: --ro-bind /nope /x: No such file or directory"
    is "$output" "1
0
0
0 data"
    unchanged
    nothing_runs
}

@test "without privilege, it says how to get it" {
    ((EUID)) || skip 'root has it'
    sh_run 'nsroot --bind / /'
    is "$status" 1
    like "$error" "*nsroot: cannot make a new mount namespace: Operation not permitted; without privilege, *"
}

@test "a filter that refuses setns(2) is named" {
    ((EUID == 0)) || skip 'needs root'
    via=("$NSB_BUILDDIR/tests/with-seccomp" EPERM setns --)
    sh_run 'nsroot --ro-bind /usr /usr'
    is "$status" 1
    like "$error" "*nsroot: cannot make it the root: Operation not permitted; a seccomp filter refuses setns(2): allow it *"
}

@test "no path leads out of the new root: symbolic links, .., links of procfs" {
    mkdir -p "$dir/tree/usr" "$dir/outside" "$dir/tree$dir/outside"
    ln -s / "$dir/tree/slash"
    ln -s ../../../../../../../../.. "$dir/tree/up"
    ln -s "$dir/outside" "$dir/tree/out"
    roots 'nsroot --bind "$dir/tree" / --proc /proc --dir /slash/a --dir /up/b --dir "/out/c" --file 7 /up/up/d \
            --symlink x /slash/e --ro-bind /usr /slash/usr --tmpfs /up/f --dir /../../g -- : 7<<<data; echo $?
        nsroot --check --bind "$dir/tree" / --proc /proc --dir /proc/self/root/x; echo $?'
    is "$output" $'0\n1'
    like "$error" "*--dir /proc/self/root/x: cannot make or open /proc/self/root/x in the new root: Invalid cross-device link; a link of procfs to elsewhere is not followed"
    is "$(find "$dir/outside" -mindepth 1)" ""
    is "$(cd "$dir/tree" && find . -mindepth 1 -maxdepth 1 | sort | tr '\n' ' ')" "./a ./b ./d ./e ./f ./g ./out ./proc ./slash ./tmp ./up ./usr "
}

@test "what is mounted on / later is the root, however / is written, and nothing is left below it" {
    local path
    ((EUID)) || before='mount -t tmpfs covers /;'
    for path in / // /. /a/.. /a/./../. /link; do
        roots "${before-}"'nsroot --dir /a --symlink / /link --bind-data 7 /a/data --tmpfs "$3" "${system[@]}" --proc /proc 7<<<data; cd /
            echo "$?" * "$(mounts | grep -v "^/proc/" | cut -d " " -f 1 | tr "\n" " ")"' "$path"
        done_quietly
        is "$output" "0 bin lib lib64 proc sbin usr / /proc /usr "
    done
}

@test "a chrooted shell gets a root that is all there is, too" {
    mkdir -p "$dir/tree/"{usr,proc} "$dir/mount"
    roots 'mount --rbind /usr "$dir/tree/usr" && mount --rbind /proc "$dir/tree/proc" && mount --rbind "$dir/tree" "$dir/mount"
        for root in "$dir/tree" "$dir/mount"; do
            (unshare_ns -m -R "$root" && nsroot "${system[@]}" --proc /proc --dir /in && cd / && echo * &&
                nsenter_ns --mount=/proc/self/ns/mnt && echo /* && mounts | grep -v "^/proc/" | cut -d " " -f 1)
        done
        unshare_ns -m -R "$dir/tree" && nsroot --check "${system[@]}"; nsroot "${system[@]}" --ro-bind /nope /a; echo "$?" /*'
    is "$output" "bin in lib lib64 proc sbin usr
/bin /in /lib /lib64 /proc /sbin /usr
/
/proc
/usr
bin in lib lib64 proc sbin usr
/bin /in /lib /lib64 /proc /sbin /usr
/
/proc
/usr
1 /proc /usr"
    like "$error" "*--ro-bind /nope /a: No such file or directory"
}

@test "from a chroot, nothing is unmounted but in the mount namespace that is new, whatever is shared" {
    ((EUID == 0)) || skip "needs root"
    mkdir "$dir/shared" "$dir/mount"
    for propagation in private shared; do
        sh_run 'unshare_ns -m && mount_ns -t tmpfs x "$dir/shared" && mount_ns --make-shared "$dir/shared" &&
            mount_ns -m -t tmpfs y "$dir/shared/in" && mount_ns --rbind / "$dir/mount" && mount_ns --make-$1 / &&
            mapfile -t before </proc/self/mountinfo || exit
            (chroot "$dir/mount" bash -c "enable -f $3 nsroot
                nsroot $2 --proc /proc && cd / && echo *")
            mapfile -t after </proc/self/mountinfo
            [[ ${before[*]} == "${after[*]}" ]] && echo same' "$propagation" "$system" "$NSBUILTINS_SO"
        is "$output" "bin lib lib64 proc sbin usr
same"
        done_quietly
    done
}

@test "a failure after the last operation, and --check, leave no file that was mounted on, where there is no /proc either" {
    mkdir -p "$dir/real"
    echo some >"$dir/real/file"
    roots 'stays nsroot --bind "$dir/real" / --bind-data 7 /made/data --tmpfs /made/in --dir /made/in/x --ro-bind /usr /made/usr --chdir /nope 7<<<data
        stays nsroot --bind "$dir/real" / --tmpfs /made --dir /file/x
        stays nsroot --bind "$dir/real" / --symlink a /link --file 7 /file 7<<<data
        nsroot --check --bind "$dir/real" / --bind-data 7 /made/data --ro-bind "$dir/real/file" /made/file 7<<<data; echo $?
        cd "$dir/real" && find .'
    is "$output" "0
.
./file"
    like "$error" "*working directory to /nope: No such file or directory
*--dir /file/x: cannot make or open /file/x in the new root: Not a directory
*--file 7 /file: cannot make or open /file in the new root: File exists; *"
}

@test "--chdir by a link of /proc that leads out of the new root is refused, and nothing has changed" {
    roots 'mkdir "$dir/out"; cd "$dir/out"
        nsroot "${system[@]}" --proc /proc --chdir /proc/self/cwd; echo "$? $PWD $(readlink /proc/self/cwd)"'
    is "$output" "1 $dir/out $dir/out"
    like "$error" "*nsroot: cannot change the working directory to /proc/self/cwd: Invalid cross-device link"
}

@test "what others put in the place of a new file is not written" {
    needs strace -o /dev/null true
    mkdir -p "$dir/real"
    echo precious >"$dir/real/precious"
    {
        until [[ -e $dir/real/new ]]; do :; done
        ln -f "$dir/real/precious" "$dir/real/new"
    } &
    local loop=$!
    via=(strace -f -o /dev/null -e trace=openat2 -e inject=openat2:delay_enter=1000000) # time for that
    roots 'nsroot --bind "$dir/real" / --file 7 /new 7<<<data'
    [[ -e $dir/real/new ]] || kill "$loop" # where nothing was made
    wait
    done_quietly
    is "$(<"$dir/real/new")" precious
}

@test "a restricted shell enters no other root" {
    sh_run 'set -r; nsroot --bind / /'
    is "$status" 1
    like "$error" '*restricted*'
}

@test "a wait for what is read ends by ^C, and nothing has changed" {
    roots 'mkfifo "$dir/fifo"; exec 7<>"$dir/fifo"; trap "echo trapped" INT
        fingerprint "$dir/before"
        { sleep 0.5; kill -INT $BASHPID; } & { sleep 0.3; kill -INT $$; } &
        nsroot "${system[@]}" --file 7 /a; echo $?
        wait; jobs >/dev/null; fingerprint "$dir/after"' # of one that ended meanwhile, it is told once
    like "$output" "*trapped*"
    like "$output" "*1*"
    like "$error" "*nsroot: --file 7 /a: cannot go on: interrupted; nothing has changed*"
    unchanged
}

@test "data without an end are read until ^C, and data that are too long fail without a signal" {
    mkdir "$dir/small"
    roots 'mount -t tmpfs -o size=50m some "$dir/small"; trap : INT
        while kill -INT $$; do sleep 0.01; done & loop=$!
        nsroot --bind "$dir/small" / --file 7 /a 7</dev/urandom
        kill $loop; ls -A "$dir/small"
        head -c 100000 /dev/zero >"$dir/long"
        (ulimit -f 8; nsroot --file 7 /a 7<"$dir/long"; nsroot --bind-data 7 /a 7<"$dir/long"; echo alive)'
    is "$output" alive
    like "$error" "*nsroot: --file 7 /a: cannot go on: interrupted; nothing has changed*
*nsroot: --file 7 /a: cannot write /a: File too large
*nsroot: --bind-data 7 /a: cannot write /a: File too large"
}

@test "a hundred in a row leave nothing behind" {
    roots 'cd /; fingerprint "$dir/before"
        for ((i = 0; i < 100; i++)); do
            (nsroot "${system[@]}" --proc /proc --dev /dev --tmpfs /tmp --ro-bind-data 7 /etc/passwd 7<<<data) || echo "$i"
        done
        fingerprint "$dir/after"'
    done_quietly
    unchanged
    nothing_runs
}

# Each of these has attributes to be set, of which the recursive ones are of what is mounted below as well.
attributes='mkdir -p "$dir/src/in" && mount -t tmpfs some "$dir/src/in" && cd / &&
    nsroot "${system[@]}" --proc /proc --dev /dev --ro-bind "$dir/src" /ro --bind "$dir/src" /rw --tmpfs /tmp \
        --ro-bind-data 7 /data --tmpfs /a --dir /a/b --remount-ro /a --ro-bind "$dir" /whole 7<<<data &&
    mounts | grep -v "^/dev/"
    (: >/whole/x) 2>/dev/null || echo "$(</data)"'

@test "before Linux 5.12 attributes are set in place: it makes the same" {
    roots "$attributes"
    local expected=$output
    [[ $output == *"/ro/in ro,nosuid,nodev"*"/rw/in rw,nosuid,nodev"*data ]]
    rm -rf "$dir/src"
    via=("$NSB_BUILDDIR/tests/with-seccomp" ENOSYS mount_setattr --)
    roots "$attributes"
    is "$error" ""
    is "$output" "$expected"
}

@test "a tree with mounts becomes the root, read-only, on older kernels too" {
    local calls
    mkdir -p "$dir/tree/"{in,proc}
    for calls in '' mount_setattr; do
        via=(${calls:+"$NSB_BUILDDIR/tests/with-seccomp" ENOSYS "$calls" --})
        roots 'mount -t tmpfs some "$dir/tree/in" && nsroot --ro-bind "$dir/tree" / --proc /proc && cd / &&
            while read -r _ _ _ _ target attributes _; do [[ $target == /proc* ]] || echo "$target $attributes"; done </proc/self/mountinfo'
        is "$output" "/ ro,nosuid,nodev,relatime
/in ro,nosuid,nodev,relatime"
        done_quietly
    done
}

@test "the first root of all is covered, and left by chroot(2)" {
    roots 'nsroot "${system[@]}" --proc /proc --ro-bind "$NSB_BUILDDIR" /build --ro-bind "${NSBUILTINS_SO%/*}" /so && cd / &&
        exec /build/tests/with-seccomp EINVAL pivot_root -- bash -c "enable -f /so/${NSBUILTINS_SO##*/} nsroot
            nsroot --ro-bind /usr /usr --symlink usr/bin /bin --dir /inside && cd / && echo * && cd .. && pwd"'
    done_quietly
    is "$output" "bin inside usr
/"
}

@test "containers in containers" {
    roots 'nsroot "${system[@]}" --proc /proc --dev /dev --tmpfs /tmp &&
        unshare_ns -rmpui && nsroot --bind / / --tmpfs /one && (
            unshare_ns -rm && nsroot "${system[@]}" --dir /two && cd / && echo *
        ) && cd / && echo * $$'
    done_quietly
    is "$output" "bin lib lib64 sbin two usr
bin dev lib lib64 one proc sbin tmp usr 1"
}
