#!/usr/bin/env bats
# mount_ns and umount_ns: what is mounted is what was asked for; what fails leaves nothing behind and says why.
# shellcheck disable=SC2001,SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; $dir is made by setup() in helpers.bash

load helpers

# mounts SCRIPT [ARG...]: runs SCRIPT in a mount namespace of its own, in an empty directory on a tmpfs. There, `below`
# prints what is mounted below: what of it, where, attributes, propagation, type, source and the file system's options.
mounts() {
    sh_run '
        below() {
            local id parent device root target rest
            while read -r id parent device root target rest; do
                [[ $target != "$PWD"/* ]] || echo "$root ${target#"$PWD"/} $rest"
            done </proc/self/mountinfo | sed -E "s/,uid=[0-9]+,gid=[0-9]+//; s/,inode64//; s/(shared|master):[0-9]+/\1/g"
        }
        needed="unshare_ns -m"
        ((UID == 0)) || needed="unshare_ns -rm"
        $needed && mkdir -p "$dir/work" && mount_ns -t tmpfs -o mode=755 none "$dir/work" && cd "$dir/work" || exit 99
        '"$1" "${@:2}"
}

# says PATTERN: the last script has failed with this sentence, in which * stands for anything
says() {
    like "$error" "bash: line +([0-9]): $1"
}

@test "a new file system, with attributes and options" {
    mounts 'mkdir a && mount_ns -t tmpfs -o size=1M,nosuid,nodev,mode=700 some a && below'
    done_quietly
    is "$output" "/ a rw,nosuid,nodev,relatime - tmpfs some rw,size=1024k,mode=700"
}

@test "ro is the mount and the file system, or one of them; options add up" {
    mounts 'mkdir a b c d
        mount_ns -t tmpfs -o ro none a && mount_ns -t tmpfs -o ro=vfs none b && mount_ns -t tmpfs -o ro=fs none c &&
        mount_ns -r -t tmpfs -o nosuid -o noexec,suid,,defaults,x-any=thing,_netdev none d && below'
    done_quietly
    is "$output" "/ a ro,relatime - tmpfs none ro
/ b ro,relatime - tmpfs none rw
/ c rw,relatime - tmpfs none ro
/ d ro,noexec,relatime - tmpfs none ro"
}

@test "times of access: all four words" {
    local nosymfollow=''
    ! linux 5.14 || nosymfollow=,nosymfollow
    mounts 'mkdir a b c d e
        mount_ns -t tmpfs -o noatime none a && mount_ns -t tmpfs -o strictatime none b &&
        mount_ns -t tmpfs -o noatime,relatime none c && mount_ns -t tmpfs -o "nodiratime$1" none d &&
        mount_ns -t tmpfs -o strictatime,noatime none e && below' "$nosymfollow"
    done_quietly
    is "$output" "/ a rw,noatime - tmpfs none rw
/ b rw - tmpfs none rw
/ c rw,relatime - tmpfs none rw
/ d rw,nodiratime,relatime$nosymfollow - tmpfs none rw
/ e rw,noatime - tmpfs none rw"
}

@test "user, users, owner and group imply attributes, which can be taken back" {
    mounts 'for words in user=me users owner group nouser users,exec; do
            mount_ns -m -t tmpfs -o "$words" none "${words%=*}" || exit
        done; below'
    done_quietly
    is "$output" "/ user rw,nosuid,nodev,noexec,relatime - tmpfs none rw
/ users rw,nosuid,nodev,noexec,relatime - tmpfs none rw
/ owner rw,nosuid,nodev,relatime - tmpfs none rw
/ group rw,nosuid,nodev,relatime - tmpfs none rw
/ nouser rw,relatime - tmpfs none rw
/ users,exec rw,nosuid,nodev,relatime - tmpfs none rw"
}

# traced_on CALL ERROR SCRIPT: in a mount namespace with a tmpfs at /mnt, the script is run by a shell whose CALLs fail
traced_on() {
    needs strace -f -e "inject=$1:error=$2" true
    sh_run 'unshare_ns -rm && mount_ns -t tmpfs none /mnt && cd /mnt && mkdir a l || exit 99
        strace -qq -o /dev/null -e "trace=$1" -e "inject=$1:error=$2" bash --norc -c "$3"' "$1" "$2" "$(prelude)
        $3"
}

@test "what takes a newer kernel is called so: nosymfollow, an overlay in a user namespace" {
    traced_on fsmount EINVAL 'mount_ns -t tmpfs -o nosymfollow none a'
    is "$status" 1
    says "mount_ns: cannot mount a file system of type tmpfs: Invalid argument; nosymfollow takes Linux 5.14"
    traced_on fsopen EPERM 'mount_ns -t overlay -o lowerdir=l none a'
    is "$status" 1
    says "mount_ns: cannot mount a file system of type overlay: Operation not permitted; in a user namespace, an overlay takes Linux 5.11"
}

@test "where the kernel would take another try, it is said: -r, a program of the type's own" {
    traced_on fsconfig EROFS:when=2 'mount_ns -t tmpfs none a'
    is "$status" 1
    says "mount_ns: cannot mount a file system of type tmpfs: Read-only file system; what it is on may be read-only: say -r"
    mounts 'mkdir a && mount_ns -t tmpfs none /sbin && : >/sbin/mount.some && chmod +x /sbin/mount.some && mount_ns -t some none a'
    is "$status" 1
    says "mount_ns: cannot mount a file system of type some: No such device; it has a program of its own, /sbin/mount.some: run mount\(8\)"
}

@test "a directory and a file are bound, read-only where that is wanted" {
    mounts 'mkdir -p a/in b && echo text >a/file && mount_ns --bind a/in b && mount_ns -m --bind -o ro a/file new/dir/file &&
        below && cat new/dir/file && ! { echo >new/dir/file; } 2>/dev/null'
    done_quietly
    is "$output" "/a/in b rw,relatime - tmpfs none rw,mode=755
/a/file new/dir/file ro,relatime - tmpfs none rw,mode=755
text"
}

@test "--rbind takes what is below with it; attributes for the top, or =recursive for all" {
    linux 5.12 || skip "ro=recursive takes Linux 5.12"
    mounts 'mkdir a b c && mount_ns -m -t tmpfs none a && mount_ns -m -t tmpfs none a/in && mount_ns --rbind -o ro a b &&
        mount_ns -R -o ro=recursive a c && below | grep "^/ [bc]"'
    done_quietly
    is "$output" "/ b ro,relatime - tmpfs none rw
/ b/in rw,relatime - tmpfs none rw
/ c ro,relatime - tmpfs none rw
/ c/in ro,relatime - tmpfs none rw"
}

@test "--move, and --beneath" {
    mounts 'mkdir a b && mount_ns -t tmpfs one a && mount_ns --move a b && below && mount_ns -t tmpfs --beneath two b &&
        umount_ns b && below'
    if ! linux 6.5; then
        is "$output" "/ b rw,relatime - tmpfs one rw"
        says "mount_ns: cannot mount on b: Invalid argument; --beneath takes Linux 6.5"
        return
    fi
    done_quietly
    is "$output" "/ b rw,relatime - tmpfs one rw
/ b rw,relatime - tmpfs two rw"
}

@test "--move makes its target, a directory or a file, and --check leaves none" {
    mounts 'mkdir a && echo text >f && mount_ns -t tmpfs one a && mount_ns --bind f f && mount_ns --check -m --move f new/file && [[ ! -e new ]] &&
        mount_ns -m --move f new/file && mount_ns -m --move a new/dir && below && cat new/file'
    done_quietly
    is "$output" "/ new/dir rw,relatime - tmpfs one rw
/f new/file rw,relatime - tmpfs none rw,mode=755
text"
}

@test "propagation: alone, and with a new mount under a shared one" {
    mounts 'mkdir a && mount_ns -t tmpfs none a && mount_ns --make-shared a && mkdir a/{b,c} && mount_ns -t tmpfs none a/b &&
        mount_ns -t tmpfs --make-private none a/c && below && mount_ns --make-rprivate a && below'
    done_quietly
    is "$output" "/ a rw,relatime shared - tmpfs none rw
/ a/b rw,relatime shared - tmpfs none rw
/ a/c rw,relatime - tmpfs none rw
/ a rw,relatime - tmpfs none rw
/ a/b rw,relatime - tmpfs none rw
/ a/c rw,relatime - tmpfs none rw"
}

@test "propagation: each word, of the mount alone and of what is below" {
    mounts 'for word in {,r}{shared,slave,private,unbindable}; do
            mount_ns -m -t tmpfs x "$word" && mount_ns -m -t tmpfs y "$word/in" && { [[ $word == *shared ]] || mount_ns --make-rshared "$word"; } &&
                mount_ns -m --rbind "$word" "peer/$word" && mount_ns "--make-$word" "$word" || exit
        done; below | sed -n "\\%peer/%d; s/^. //; s/ rw,relatime//; s/ - .*//p"'
    done_quietly
    is "$output" "shared shared
shared/in
slave master
slave/in shared
private
private/in shared
unbindable unbindable
unbindable/in shared
rshared shared
rshared/in shared
rslave master
rslave/in master
rprivate
rprivate/in
runbindable unbindable
runbindable/in unbindable"
}

@test "a mount whose propagation is refused is taken away, without a /proc, too" {
    local covered
    via=("$NSB_BUILDDIR/tests/with-seccomp" EPERM mount_setattr --)
    for covered in "" /proc; do
        mounts 'mkdir a && : >a/under; ${1:+mount_ns -t tmpfs none "$1"}
            mount_ns -t tmpfs --make-private none a; echo "$?" a/*; echo *' "$covered"
        is "$output" $'1 a/under\na'
        says "mount_ns: cannot change the propagation of a: Operation not permitted*"
    done
}

@test "attributes that are locked: what was to be bound with others is not there" {
    local hidden
    for hidden in "" mount_setattr; do
        via=(${hidden:+"$NSB_BUILDDIR/tests/with-seccomp" ENOSYS "$hidden" --})
        mounts 'mkdir b && mount_ns -m -t tmpfs -o nosuid x a && unshare_ns -rm && before=$(echo /proc/self/fd/*)
            mount_ns --rbind -o suid a b; echo "$?"; below; [[ $(echo /proc/self/fd/*) == "$before" ]] || echo more'
        is "$output" "1
/ a rw,nosuid,relatime - tmpfs x rw"
        says "mount_ns: cannot set the attributes of b: Operation not permitted; a mount that came from outside *"
    done
}

@test "remount: what is said changes, and nothing else" {
    mounts 'mkdir a && mount_ns -t tmpfs -o size=1M,nosuid,noatime none a && mount_ns -o remount,size=2M a && below &&
        mount_ns -o remount,ro,noexec a && below && mount_ns -o bind,remount,rw,suid a && below && mount_ns -o remount,rw a && below'
    done_quietly
    is "$output" "/ a rw,nosuid,noatime - tmpfs none rw,size=2048k
/ a ro,nosuid,noexec,noatime - tmpfs none ro,size=2048k
/ a rw,noexec,noatime - tmpfs none ro,size=2048k
/ a rw,noexec,noatime - tmpfs none rw,size=2048k"
}

# remount_refused: prints a mount before and after a remount that fails
remount_refused() {
    mounts 'mkdir a && mount_ns -t tmpfs -o size=1M,noatime none a && head -c 500000 /dev/zero >a/file && below &&
        mount_ns -o remount,size=4k,ro=vfs,nosuid,relatime a; echo $?; below'
    is "$output" "/ a rw,noatime - tmpfs none rw,size=1024k
1
/ a rw,noatime - tmpfs none rw,size=1024k"
}

@test "a remount that the file system refuses takes the attributes back" {
    if linux 5.12; then
        mounts 'mount_ns -m -t tmpfs none a && head -c 500000 /dev/zero >a/file && mount_ns -o remount,size=4k,strictatime a; below'
        is "$output" "/ a rw,relatime - tmpfs none rw"
        remount_refused
        says "mount_ns: cannot remount a: tmpfs: Too small a size for current use"
    fi
    via=("$NSB_BUILDDIR/tests/with-seccomp" ENOSYS mount_setattr --)
    remount_refused
    says "mount_ns: cannot remount a: Invalid argument; its file system refuses an option: dmesg\(1\) may tell why"
}

@test "attributes of all that is below are not set where one is refused, nor are those of the mount itself" {
    linux 5.12 || skip "ro=recursive takes Linux 5.12"
    mounts 'mount_ns -m -t tmpfs x a && mount_ns -m -t tmpfs y a/in && exec {fd}>a/in/file
        mount_ns -o remount,bind,nosuid,ro=recursive a; echo $?; below'
    is "$output" "1
/ a rw,relatime - tmpfs x rw
/ a/in rw,relatime - tmpfs y rw"
    says "mount_ns: cannot set the attributes of a: Device or resource busy; a file is open there for writing"
}

@test "a directory of a file system, in place of all of it" {
    mounts 'mkdir -p a/in b && echo deep >a/in/file && mount_ns --bind -o X-mount.subdir=in a b && below && cat b/file &&
        ln -s / a/out && mount_ns --bind -o X-mount.subdir=out/in a b && below && ! mount_ns --bind -o X-mount.subdir=none a b'
    is "$status" 0
    is "$output" "/a/in b rw,relatime - tmpfs none rw,mode=755
deep
/a/in b rw,relatime - tmpfs none rw,mode=755
/a/in b rw,relatime - tmpfs none rw,mode=755"
    says "mount_ns: cannot find the directory none in the file system: No such file or directory"
}

# For the scripts of the next two: a directory b, a tmpfs on a and another one on a/in, with a file each; and `owners FILE...`
owners='owners() { stat -c "%u %g" "$@"; }; mkdir b && mount_ns -m -t tmpfs x a && : >a/file && mount_ns -m -t tmpfs y a/in && : >a/in/file'

@test "X-mount.idmap: files have the owners that maps give them, or those of a user namespace" {
    linux 6.3 || skip "a tmpfs is mapped since Linux 6.3"
    mounts "$owners"' && mount_ns --bind -o X-mount.idmap="u:5:0:1 g:0:0:1" a b && owners b/file &&
        mount_ns --bind -o X-mount.idmap="u:0:0:1 g:5:0:1" a b && owners b/file && mount_ns --bind -o X-mount.idmap=0:0:1 a b && owners b/file &&
        mount_ns --rbind -o X-mount.idmap=b:5:0:1 a b && owners b/{file,in/file}
        coproc inside { unshare_ns --user --map-users=0:0:1 --map-groups=5:0:1 && echo in; read; }
        read -u "${inside[0]}" && mount_ns --bind -o X-mount.idmap="$inside_PID" a b && owners b/file &&
            mount_ns --bind -o X-mount.idmap="/proc/$inside_PID/ns/user" a b && owners b/file; echo >&"${inside[1]}"'
    done_quietly
    is "$output" "65534 0
0 65534
0 0
65534 65534
65534 65534
0 65534
0 65534"
}

@test "X-mount.idmap: what is wrong with it" {
    linux 5.12 || skip "that takes Linux 5.12"
    sh_run 'unshare_ns -rm && mount_ns -t tmpfs x /mnt && cd /mnt && '"$owners"' || exit
        for map in some "some 0:0:1" 0:99:1 99999999 /mnt/some /proc/self/ns/mnt; do
            mount_ns --bind -o X-mount.idmap="$map" a b && echo "$map"
        done
        echo 0 >/proc/sys/user/max_user_namespaces
        mount_ns --bind -o X-mount.idmap=0:0:1 a b; ls b'
    is "$output" ""
    is "$(sed 's/.*line [0-9]*: mount_ns: //; s/;.*//' <<<"$error")" "cannot map the owners of files by some: Invalid argument
cannot map the owners of files by some 0:0:1: Invalid argument
cannot write the user namespace's uid_map: Operation not permitted
cannot map the owners of files by 99999999: No such process
cannot map the owners of files by /mnt/some: No such file or directory
cannot map the owners of files by /proc/self/ns/mnt: Invalid argument
cannot make a new user namespace: No space left on device"
    like "$error" "*No space left on device; user namespaces are switched off: ask for user.max_user_namespaces above 0"
}

@test "an overlay: it is what it says, and in a user namespace a lower directory can be removed" {
    overlays
    mounts 'mkdir -p {one,two}/d up work o && echo 1 >one/d/1 && echo 2 >two/d/2 &&
        mount_ns -t overlay -o lowerdir=one:two,upperdir=up,workdir=work some o && echo o/d/* && rm -r o/d && ls o && ls one'
    if ((EUID)) && ! linux 6.6; then # a tmpfs has no user.* attributes
        is "$output" "o/d/1 o/d/2"
        is "$error" "rm: cannot remove 'o/d': Input/output error"
        return
    fi
    done_quietly
    is "$output" "o/d/1 o/d/2
d"
}

@test "an overlay of more layers than fit into one option, with colons in their names" {
    overlays
    mounts 'mkdir o && for i in {1..40}; do mkdir "a-long-name-of-a-layer:$i" && echo $i >"a-long-name-of-a-layer:$i/$i"
            layers+=:a-long-name-of-a-layer\\:$i
        done
        mount_ns -t overlay -o "lowerdir=${layers#:}" some o && ls o | wc -l'
    done_quietly
    is "$output" 40
}

@test "a comma in double quotes or after a backslash belongs to the value" {
    overlays
    mounts 'mkdir a,b c o && echo text >a,b/file && mount_ns -t overlay -o '\''lowerdir="a\,b:c",x-thing="a,b"'\'' some o && cat o/file &&
        umount_ns o && mount_ns -t overlay -o '\''lowerdir=a\,b:c'\'' some o && cat o/file && ! mount_ns -t tmpfs -o "mode=700\"" none c 2>/dev/null'
    done_quietly
    is "$output" $'text\ntext'
}

@test "--mkdir makes what is missing, with its mode, and only that" {
    mounts 'umask 022; mkdir a && mount_ns --mkdir=700 -t tmpfs none a/b/c && stat -c "%a %n" a a/b &&
        mount_ns -t tmpfs -o X-mount.mkdir=711 none d/e && stat -c "%a %n" d &&
        : >file && chmod 600 file && mount_ns -m --bind file g/file && umount_ns g/file && stat -c "%a %n" g g/file'
    done_quietly
    is "$output" "755 a
700 a/b
711 d
755 g
644 g/file"
}

@test "what -m has made goes again where the mount fails" {
    mounts 'mkdir a; echo >file; mount_ns -m --bind file a/b/c/ 2>/dev/null; find a
        mount_ns -m -t tmpfs -o size=x none a/b; find a; mount_ns -m -t tmpfs none file/a; mount_ns -m --check -t tmpfs none a/b/c; find a'
    is "$output" "a
a
a"
    like "$error" "*tmpfs: Bad value for 'size'*cannot mount on file/a: Not a directory"
}

@test "--check does all but the last step" {
    mounts 'mkdir a b && mount_ns -t tmpfs one a && mount_ns --check -t tmpfs none b && mount_ns -f --bind a b && mount_ns --check --move a b &&
        mount_ns --check --make-shared a && mount_ns --check -o remount,ro,noexec a && umount_ns --check a && umount_ns --fake -R a && below
        mount_ns --check -t tmpfs -o size=x none b; mount_ns --check -t tmpfs none c; umount_ns --check b'
    is "$status" 1
    is "$output" "/ a rw,relatime - tmpfs one rw"
    like "$error" "*Bad value for 'size'*cannot mount on c: No such file or directory; say -m (--mkdir) to make it*cannot unmount b: it is not mounted"
}

@test "--root: what is in there leads nowhere else" {
    mounts 'mkdir -p root/etc out root/out "root$PWD/out" root/proc/self/root && ln -s /out root/abs && ln -s ../../../../out root/up && ln -s "$PWD/out" root/full &&
        ln -s /proc/self/root root/magic
        for target in /etc ../../etc abs up full "$PWD/out" magic/etc /../../out; do
            mount_ns -m --root root -t tmpfs "for:$target" "$target" || echo "not $target"
        done
        below; ls out'
    is "$status" 0
    is "$(sed "s|$dir/work|PWD|g" <<<"$output")" "/ root/etc rw,relatime - tmpfs for:/etc rw
/ root/etc rw,relatime - tmpfs for:../../etc rw
/ root/out rw,relatime - tmpfs for:abs rw
/ root/out rw,relatime - tmpfs for:up rw
/ rootPWD/out rw,relatime - tmpfs for:full rw
/ rootPWD/out rw,relatime - tmpfs for:PWD/out rw
/ root/proc/self/root/etc rw,relatime - tmpfs for:magic/etc rw
/ root/out rw,relatime - tmpfs for:/../../out rw"
}

@test "--root: what is swapped while a mount is under way leads nowhere else" {
    swap=$NSB_BUILDDIR/tests/swap mounts 'umask 022; mkdir -p root out/to
        for ((i = 0; i < 20; i++)); do
            mount_ns -t tmpfs none root && mkdir -p root/{real/to,plain} && ln -s ../../out root/link && ln -s "$PWD/out" root/full || exit
            "$swap" root/real root/link & swaps=$!
            "$swap" root/full root/plain & swaps+=" $!"
            for ((j = 0; j < 50; j++)); do
                mount_ns --root root -t tmpfs none real/to && ((++done))
                mount_ns --root root -m --bind root plain/new/dir && ((++done))
                mount_ns --root root -o remount,bind,ro real/../plain
            done 2>/dev/null
            kill $swaps && wait $swaps
            below | grep -v "^[^ ]* root"
            umount_ns -l root
        done
        ls out out/to; ((done > 100)) || echo "only $done"; [[ -w out ]]'
    is "$error" ""
    is "$output" "out:
to

out/to:"
    is "$status" 0
}

@test "a symbolic link is not mounted on, but what it points to" {
    mounts 'mkdir a && ln -s a link && mount_ns -t tmpfs none link && below && readlink link && umount_ns link && below'
    done_quietly
    is "$output" "/ a rw,relatime - tmpfs none rw
a"
}

@test "--dev is a /dev that programs can work with" {
    mounts 'mount_ns -m --dev d && cd d && printf "%s\n" * && stat -c "%a %F" . null shm pts/ptmx && echo lost >null && head -c 3 zero | wc -c &&
        readlink fd stdout ptmx core && cd .. && umount_ns -R d && below && mount_ns -o noexec --dev d && below | grep " d "'
    is "$output" "core
fd
full
null
ptmx
pts
random
shm
stderr
stdin
stdout
tty
urandom
zero
755 directory
666 character special file
755 directory
666 character special file
3
/proc/self/fd
/proc/self/fd/1
pts/ptmx
/proc/kcore
/ d rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755"
    done_quietly
}

@test "another mount namespace, without going there" {
    target -rm
    sh_run 'mkdir "$dir/there" && mount_ns -N "$1" -t tmpfs one "$dir/there" && grep -c "$dir/there" "/proc/$1/mountinfo" &&
        mount_ns --namespace "/proc/$1/ns/mnt" --rbind /etc "$dir/there" && grep -c "$dir/there " "/proc/$1/mountinfo" &&
        umount_ns -N "$1" -l "$dir/there" && umount_ns -N "$1" "$dir/there" && grep -c "$dir/there" "/proc/$1/mountinfo"' "$target"
    is "$error" ""
    is "$output" "1
2
0"
    sh_run 'grep -c "$dir/there" /proc/self/mountinfo; mount_ns -N "$1" -t tmpfs -o size=x one /mnt; mount_ns -N /etc/passwd -t tmpfs none /mnt' "$target"
    like "$error" "*cannot give the file system the option size=x: tmpfs: Bad value for 'size'*cannot go to the mount namespace of /etc/passwd: Invalid argument*"
}

@test "the mount table: as mount(8) prints it, in an array, as commands" {
    needs mount --version
    mounts 'mount_ns -m -t tmpfs -o ro,size=1M "some thing" "a b" && mount_ns | sort >"$dir/ours"; mount | sort >"$dir/theirs"
        diff "$dir/ours" "$dir/theirs" && mount_ns -t tmpfs -A table && echo "${table[$PWD/a b]}" | cut -d , -f 1-3 &&
        mount_ns -p -t tmpfs | tail -n 1 | cut -d , -f 1'
    is "$error" ""
    is "$output" "some thing tmpfs ro,relatime,size=1024k
mount_ns -t tmpfs -o ro"
}

@test "the mount table of hundreds of mounts" {
    mounts 'mount_ns -m -t tmpfs -o nodev "odd\040" "a\040 	b" && mkdir {1..300} && for i in {1..300}; do mount_ns --bind "$i" "$i" || exit; done
        count=$(wc -l </proc/self/mountinfo) && (($(mount_ns | wc -l) == count)) &&
            mount_ns -A table && for i in {1..300}; do [[ ${table[$PWD/$i]} ]] || echo "$i"; done
        mount_ns -t tmpfs none /proc && echo $(($(mount_ns | wc -l) - count)) && mount_ns -A without && for i in "${!table[@]}"; do
            [[ $i == /proc* || ${table[$i]} == "${without[$i]}" ]] || echo "$i: ${table[$i]}, ${without[$i]}"
        done'
    if linux 6.13; then # before, the mount table is read from /proc
        done_quietly
        is "$output" 1
    fi
}

@test "umount_ns: several, recursive, all of a file system, by type" {
    mounts 'for i in a b c d; do mount_ns -m -t tmpfs $i $i; done; mount_ns -m -t tmpfs in a/in; mount_ns --bind b c; mount_ns -m --bind b e
        umount_ns -R a && umount_ns -A b && below && umount_ns c d && below'
    done_quietly
    is "$output" "/ c rw,relatime - tmpfs c rw
/ d rw,relatime - tmpfs d rw"
    mounts 'for i in a b; do mount_ns -m -t tmpfs $i $i; done; umount_ns -t notmpfs a b && umount_ns -t ramfs,proc a && below && umount_ns -t ramfs,tmpfs a &&
        ! umount_ns -q a && umount_ns b && below'
    done_quietly
    is "$output" "/ a rw,relatime - tmpfs a rw
/ b rw,relatime - tmpfs b rw"
    mounts 'mkdir some && mount_ns -m -t tmpfs some a && mount_ns -m -t tmpfs some b && umount_ns some && below'
    done_quietly
    is "$output" "/ a rw,relatime - tmpfs some rw"
}

@test "-v says what was mounted, and what was unmounted" {
    mounts 'mkdir a b && mount_ns -v -t tmpfs --source some --target a && mount_ns -v -t tmpfs --make-shared b && mount_ns -v --make-shared a &&
        umount_ns -v a -- b && below'
    done_quietly
    is "$output" "mount_ns: some mounted on a.
mount_ns: tmpfs mounted on b.
umount_ns: a unmounted
umount_ns: b unmounted"
}

@test "umount_ns -f: the kernel is told so, and only then" {
    needs strace true
    via=(strace -f -qq -o "$dir/trace" -e trace=umount2)
    mounts 'mount_ns -m -t tmpfs a a && umount_ns -f a && mount_ns -t tmpfs a a && umount_ns a'
    done_quietly
    is "$(grep -o 'MNT_FORCE\|^.*umount2' "$dir/trace" | sed 's/.*umount2/umount2/' | tr '\n' ' ')" "umount2 MNT_FORCE umount2 "
}

@test "umount_ns -A of the root's file system: where the root cannot go, nothing goes" {
    linux 6.13 || skip "where there is no /proc, the mount table takes Linux 6.13" # and with one, the root is not the first in it
    sh_run 'unshare_ns -rm && nsroot --dir /a --dir /b && mount_ns --bind /a /b && umount_ns -A /b; echo "$?"
        mount_ns -A table; echo "${#table[@]} ${table[/b]:+there}"'
    is "$output" $'1\n2 there'
    like "$error" "*umount_ns: cannot unmount /: *"
}

@test "umount_ns --check takes nothing away, and says what cannot go" {
    mounts 'mount_ns -m -t tmpfs a a; umount_ns --check a && below; umount_ns --check -R a b; echo $?'
    is "$output" "/ a rw,relatime - tmpfs a rw
1"
    like "$error" "*: umount_ns: *b*not*mounted*"
}

@test "umount_ns: the word for a type is one of the list, whole" {
    mounts 'for i in a b c; do mount_ns -m -t tmpfs $i $i; done
        umount_ns -t tmp,tmpfss,xtmpfs a; umount_ns -t notmp,tmpfss b; umount_ns -t noproc,ramfs c; below'
    done_quietly
    is "$output" "/ a rw,relatime - tmpfs a rw"
}

@test "umount_ns -A -R: where it is mounted below itself, and below another; -R of one on the other" {
    mounts 'for i in a b; do mount_ns -m -t tmpfs $i $i; done; mkdir a/in && mount_ns --bind a a/in && mount_ns -m --bind a b/in
        umount_ns -A -R a && below'
    done_quietly
    is "$output" "/ b rw,relatime - tmpfs b rw"
    mounts 'for i in 1 2 3; do mount_ns -m -t tmpfs $i a; done; umount_ns -R a a && below'
    done_quietly
    is "$output" "/ a rw,relatime - tmpfs 1 rw"
}

@test "umount_ns: where one of several cannot go, those before it come back" {
    mounts 'for i in a b c c/in; do mount_ns -m -t tmpfs -o nosuid $i $i; done; echo kept >a/file; exec {fd}>b/open
        below | sort >"$dir/before"; umount_ns a b; umount_ns -R c a b; umount_ns c/in nothing; below | sort >"$dir/after"; cat a/file'
    is "$output" kept
    unchanged
    like "$error" "*cannot unmount */b: busy: the shell's own descriptor*cannot unmount */b: busy: *cannot unmount nothing: it is not mounted"
}

@test "what is busy: by whom" {
    mounts 'for i in a b c; do mount_ns -m -t tmpfs $i $i; done; mount_ns -m -t tmpfs in a/in; umount_ns a
        exec {fd}<b && umount_ns b; (exec {fd}<&-; cd c && exec sleep 1000) &
        until [[ $(</proc/$!/comm) == sleep ]]; do sleep 0.01; done; umount_ns c; kill $!; cd b && exec {fd}<&- && umount_ns .'
    is "$status" 1
    like "$error" "*umount_ns: cannot unmount */a: busy: */a/in is mounted in it; say -R to unmount that too
*umount_ns: cannot unmount */b: busy: the shell's own descriptor +([0-9]) is open in it; say -l *
*umount_ns: cannot unmount */c: busy: process +([0-9]) (sleep) works in it; say -l *
*umount_ns: cannot unmount */b: busy: the shell's own directory is in it; say -l *"
}

@test "where there is no /proc" {
    if ! linux 6.13; then # the mount table is read from there
        mounts 'mount_ns -m -t tmpfs a a && mount_ns -t tmpfs none /proc && mount_ns -m --bind a c && ! mount_ns -A without'
        is "$status" 0
        says "mount_ns: cannot read the mount table: Function not implemented; mount a procfs on /proc"
        return
    fi
    mounts 'mount_ns -m -t tmpfs -o noatime,ro "a b" "a b" && mount_ns --make-shared "a b" && mount_ns -A with && mount_ns -t tmpfs none /proc && [[ ! -e /proc/self ]] &&
        mount_ns -A without && [[ ${with[$PWD/a b]} == "${without[$PWD/a b]}" ]] && echo "${#without[@]}" $((${#with[@]} - ${#without[@]})) &&
        mount_ns -o remount,size=1M,rw "a b" && mount_ns -m --bind "a b" c && mount_ns -m --root . --dev /d && mount_ns -A now && echo "${now[$PWD/c]}" &&
        umount_ns -R d "a b" && umount_ns c'
    done_quietly
    like "$output" "+([0-9]) 0
a b tmpfs rw,noatime,size=1024k*"
}

@test "--onlyonce and --exclusive" {
    mounts 'mount_ns -m -t tmpfs one a && mount_ns --onlyonce -t devpts one a && umount_ns a && ! mount_ns --onlyonce -t tmpfs one a && mount_ns --onlyonce -t tmpfs two a && mount_ns --exclusive -t tmpfs one a && below
        unshare_ns -i && mount_ns -m -t mqueue x q && mount_ns --exclusive -t mqueue x q'
    if ! linux 6.6; then
        is "$status" 1
        like "$error" "*mount_ns: cannot mount a file system of type tmpfs: Operation not supported; --exclusive takes Linux 6.6"
        return
    fi
    is "$status" 1
    is "$output" "/ a rw,relatime - tmpfs one rw
/ a rw,relatime - tmpfs two rw
/ a rw,relatime - tmpfs one rw"
    says "mount_ns: cannot mount on a: Device or resource busy; it is mounted there already, which --onlyonce refuses
bash: *: mount_ns: cannot mount a file system of type mqueue: Device or resource busy; it is mounted already, which --exclusive refuses"
}

@test "a mount table that can be replayed" {
    linux 6.5 || skip "--beneath takes Linux 6.5"
    mounts 'mount_ns -m -t tmpfs -o size=1M,nosuid one a && mkdir a/{in,x} && mount_ns -m --bind a/x x && mount_ns -m --bind -o ro a/in "b c" && mount_ns --beneath -t tmpfs two a &&
        mount_ns -p | tail -n 4 | sed "s|$PWD|.|g; s/,uid=[0-9]*,gid=[0-9]*//; s/,inode64//" && mount_ns -A table && echo "${table[$PWD/a]%% *} ${table[$PWD/b c]%% *}"'
    done_quietly
    is "$output" "mount_ns -t tmpfs -o rw,nosuid,relatime,size=1024k one ./a
mount_ns --bind -o rw,nosuid,relatime ./a/x ./x
mount_ns --bind -o ro,nosuid,relatime ./a/in './b c'
mount_ns -t tmpfs -o rw,relatime two ./a
one one"
}

@test "before Linux 6.15, a /dev is put together elsewhere" {
    needs "$NSB_BUILDDIR/tests/inject" "$dir/report" - true
    sh_run 'exec "$NSB_BUILDDIR/tests/inject" "$dir/report" 0:move_mount:1:EINVAL bash --norc -c "$1"' "$(prelude)
        unshare_ns -rm && mount_ns -t tmpfs none /mnt && cd /mnt && kill -s RTMAX-1 \$\$
        open=(/proc/self/fd/*); mount_ns -m --dev dev && kill -s RTMAX \$\$; [[ \${open[*]} == \"\$(echo /proc/self/fd/*)\" ]] || echo more
        echo lost >dev/null && ls dev | wc -l && grep -c '/mnt/dev' /proc/self/mountinfo"
    is "$error" ""
    is "$output" "14
8"
    grep -q '^hit' "$dir/report"
}

@test "before Linux 6.15, a directory of a file system is found elsewhere" {
    linux 5.12 || skip "to bind with attributes takes mount_setattr(2), Linux 5.12, unless mount(2) can do all of it"
    needs "$NSB_BUILDDIR/tests/inject" "$dir/report" - true
    sh_run 'exec "$NSB_BUILDDIR/tests/inject" "$dir/report" 0:open_tree:2:EINVAL bash --norc -c "$1"' "$(prelude)
        unshare_ns -rm && mount_ns --make-rshared / && mount_ns -t tmpfs none /mnt && cd /mnt && mkdir -p a/in b && echo >a/in/file
        mapfile -t before </proc/self/mountinfo; kill -s RTMAX-1 \$\$
        mount_ns --bind -o X-mount.subdir=in,ro a b && kill -s RTMAX \$\$
        ls b; grep -o ' /a/in .*/b ro' /proc/self/mountinfo; mapfile -t after </proc/self/mountinfo; echo \$((\${#after[@]} - \${#before[@]}))"
    is "$error" ""
    is "$output" "file
 /a/in /mnt/b ro
1"
    grep -q '^hit' "$dir/report"
}

@test "a failure says why, and what to do" {
    overlays inside
    sh_run 'unshare_ns -rm && mount_ns -t tmpfs none /mnt && cd /mnt && mkdir l u w o p in || exit
        mount_ns -t overlay -o lowerdir=/ o o 2>&1 | grep -c "is mounted below lowerdir=/, and came from outside of the user namespace$"
        for options in upperdir=u upperdir=u,workdir=/dev/shm userxattr,metacopy=on; do mount_ns -t overlay -o lowerdir=l,$options o o; done
        mount_ns -t overlay o o
        mount_ns -m -t tmpfs x l-more; mount_ns -t overlay -o lowerdir=l o o; umount_ns l-more
        for type in proc sysfs mqueue cgroup2 bpf nope; do mount_ns -t $type x p; done
        mount_ns --bind / p
        mount_ns -t tmpfs x p && mount_ns --make-unbindable p && mount_ns --rbind p in; umount_ns p
        mount_ns -o remount,size=1M /dev
        mount_ns --move l p
        mount_ns -o remount,bind,ro l
        mount_ns --make-private l
        mount_ns --beneath -t tmpfs x l
        mount_ns --bind l /etc/passwd
        ln -s nope/nope link; mount_ns -m -t tmpfs x link; mount_ns -t tmpfs x link
        mount_ns -t tmpfs --root /nope x p
        mount_ns -t tmpfs --root / x /proc/self/cwd/p'
    is "$output" 1
    is "$(sed 's/.*line [0-9]*: mount_ns: //' <<<"$error")" "cannot mount a file system of type overlay: Invalid argument; with upperdir= goes workdir=, an empty directory of the same file system
cannot mount a file system of type overlay: Invalid argument; upperdir and workdir must be on one mount of one file system
cannot mount a file system of type overlay: Invalid argument; userxattr goes with neither metacopy nor redirect_dir
cannot mount a file system of type overlay: Invalid argument; an overlay needs at least one lowerdir=
cannot mount a file system of type overlay: Invalid argument
cannot mount a file system of type proc: Operation not permitted; a new procfs needs a PID namespace of one's own: unshare_ns -p first
cannot mount a file system of type sysfs: Operation not permitted; a new sysfs needs a network namespace of one's own: unshare_ns -n first
cannot mount a file system of type mqueue: Operation not permitted; a new mqueue needs an IPC namespace of one's own: unshare_ns -i first
cannot mount a file system of type cgroup2: Operation not permitted; a new cgroup2 needs a cgroup namespace of one's own: unshare_ns -C first
cannot mount a file system of type bpf: Operation not permitted; bpf may not be mounted in a user namespace: its data is not checked against who made it
cannot mount a file system of type nope: No such device; the kernel knows no such type: see /proc/filesystems
cannot bind /: Invalid argument; what came from outside of the user namespace is bound with all that is mounted below it: say --rbind
cannot bind p: Invalid argument; it may be unbindable, of another mount namespace, or have locked mounts below it (say --rbind)
cannot remount /dev: Operation not permitted; its file system belongs to another user namespace; the mount itself is changed by -o bind,remount
cannot move l: Invalid argument; only a mount point can be moved, off a mount that is not shared, and none that came from outside of the user namespace
cannot set the attributes of l: Invalid argument; it must be a mount point
cannot change the propagation of l: Invalid argument; it must be a mount point
cannot mount on l: Invalid argument; beneath needs a mount point that is not the root, and whose parent does not pass the mount on
cannot mount on /etc/passwd: Invalid argument; a directory goes on a directory and a file on a file, in this mount namespace
cannot make link to mount on it: No such file or directory; a symbolic link on the way leads to nothing
cannot mount on link: No such file or directory; say -m (--mkdir) to make it
cannot open the root /nope: No such file or directory
cannot mount on /proc/self/cwd/p: Invalid cross-device link; what leads out of --root is not followed"
    sh_run 'unshare_ns -r; mount_ns -t tmpfs x /mnt; mount_ns --rbind / /mnt; umount_ns /proc; mount_ns -o remount,bind,ro /'
    like "$error" "*type tmpfs: Operation not permitted; one mounts in a mount namespace of one's own: unshare_ns -m, or -rm without privilege, first
*cannot bind /: Operation not permitted; one mounts *cannot unmount /proc: Operation not permitted; one mounts *
*cannot set the attributes of /: Operation not permitted; one mounts *"
}

# each COMMAND...: what each command prints, says and leaves, in a directory of its own
each() {
    mounts 'for command; do
            mkdir "$((++n))" && (cd "$n" && mkdir a b c && echo text >f && eval "$command" 2>&1; echo "$n: $?"; below)
        done' "$@"
}

# hidden CALL...: the commands below do the same where these calls are hidden, as on an older kernel
hidden() {
    local -a commands
    local expected
    mapfile -t commands < <(sed -n 's/^#   mount_ns/mount_ns/p; s/^#   mkdir/mkdir/p' "$BATS_TEST_FILENAME")
    ((${#commands[@]} > 15))
    each "${commands[@]}"
    is "$error" ""
    expected=$output
    rm -rf "$dir/work"
    via=("$NSB_BUILDDIR/tests/with-seccomp" ENOSYS "$@" --)
    each "${commands[@]}"
    is "$error" ""
    is "$output" "$expected"
}

# mounted the old way
#   mount_ns -t tmpfs -o size=1M,nosuid,noatime none a
#   mount_ns -t tmpfs -o ro none a
#   mount_ns -t tmpfs -o bogus none a 2>/dev/null
#   mount_ns -t tmpfs none missing
#   mount_ns -m -t tmpfs none new/dir
#   mount_ns -m -t tmpfs -o size=wrong none new/dir 2>/dev/null
#   mount_ns --bind a b
#   mount_ns --bind -o ro,nosuid f c/f 2>/dev/null
#   mount_ns -m --bind -o ro,noexec f new/file
#   mount_ns --bind -o ro,nosymfollow a b
#   mount_ns -t tmpfs one a && mount_ns -m -t tmpfs two a/in && mount_ns --rbind a b
#   mount_ns -t tmpfs one a && mount_ns --move a b
#   mount_ns -t tmpfs one a && mount_ns --make-shared a && mount_ns -m -t tmpfs --make-private two a/in
#   mount_ns -t tmpfs one a && mount_ns --make-rshared a && mount_ns --make-slave a
#   mount_ns -t tmpfs -o noexec,noatime one a && mount_ns -o remount,bind,ro a
#   mount_ns -t tmpfs -o noexec,size=1M one a && mount_ns -o remount,size=2M a
#   mount_ns -t tmpfs -o ro,noexec one a && mount_ns -o remount,rw a
#   mkdir l u w && mount_ns -t overlay -o lowerdir=l,upperdir=u,workdir=w,userxattr o a
#   mkdir l u w && mount_ns -t overlay -o lowerdir=l,upperdir=u,workdir=w o a
#   mount_ns -t tmpfs one a && mount_ns -t tmpfs two b && umount_ns a b
#   mount_ns -t tmpfs -o noatime one a && mount_ns -o remount,bind,relatime a
#   mount_ns -t tmpfs -o strictatime one a && mount_ns -o remount,noatime a
#   mount_ns --check -t tmpfs none a && mount_ns --check --bind a b
#   mount_ns --check -m -t tmpfs none new && ls
#   mount_ns --bind missing b
#   mount_ns -t tmpfs none f 2>/dev/null
#

@test "mount(2) does what it can where the newer calls are hidden" {
    hidden fsopen fsconfig fsmount fspick open_tree move_mount mount_setattr statmount listmount
}

@test "the same where only mount_setattr(2) is hidden, as before Linux 5.12" {
    hidden mount_setattr
}

@test "what mount(2) cannot do is said where the newer calls are hidden" {
    via=("$NSB_BUILDDIR/tests/with-seccomp" ENOSYS open_tree mount_setattr --)
    mounts 'mkdir -p a/in b; mount_ns --bind -o X-mount.subdir=in a b; mount_ns --bind -o ro=recursive a b; below'
    is "$output" ""
    says "mount_ns: cannot bind a: Function not implemented; it takes calls that this kernel, or a seccomp filter, does not have *
bash: line *: mount_ns: cannot bind a: Function not implemented; it takes calls *"
}

@test "an overlay's directories that are missing, or on an overlay, are named, as before Linux 6.5" {
    overlays
    via=("$NSB_BUILDDIR/tests/with-seccomp" ENOSYS fsopen --)
    mounts 'mkdir l u w o
        for options in lowerdir=l:nope,upperdir=u,workdir=w lowerdir=l,upperdir=nope,workdir=w lowerdir=l,upperdir=u,workdir=nope; do
            mount_ns -t overlay -o "$options" o o
        done
        mount_ns -t overlay -o lowerdir=l,upperdir=u,workdir=w o o && mkdir o/{u,w} && mount_ns -t overlay -o lowerdir=l,upperdir=o/u,workdir=o/w o l'
    is "$(sed 's/.*line [0-9]*: mount_ns: //' <<<"$error")" "cannot mount a file system of type overlay: No such file or directory; lowerdir=nope is no directory
cannot mount a file system of type overlay: No such file or directory; upperdir=nope is no directory
cannot mount a file system of type overlay: No such file or directory; workdir=nope is no directory
cannot mount a file system of type overlay: Invalid argument; upperdir must not be on an overlay itself: a tmpfs will do"
}

# What succeeds and what fails, of each kind, for the next test
of_each_kind='mount_ns -t tmpfs one a && mount_ns -t tmpfs -o size=x none a; mount_ns -o remount,size=2M a; mount_ns -o remount,size=x a
    mount_ns -m --root c -t tmpfs none new; mount_ns --root c -t tmpfs none missing; mount_ns -m --root c --bind f new/file; umount_ns c/new
    mount_ns --bind a b; umount_ns b; mount_ns --bind -o ro a b; umount_ns b; mount_ns --bind missing b
    mount_ns --bind -o X-mount.subdir=in a b; mount_ns --bind -o X-mount.idmap=some a b; mount_ns -o X-mount.idmap=some --dev b
    mount_ns --move a b; mount_ns --move b a; mount_ns --move c b; mount_ns --move a missing; mount_ns -m --move --make-shared a d/e
    mount_ns --onlyonce -t tmpfs one d/e; mount_ns --dev b; umount_ns -R b; mount_ns --make-private d/e
    mount_ns -t tmpfs two b; umount_ns b missing; mount_ns --check -m -t tmpfs none b/new; exec 9>b/open; umount_ns d/e b; umount_ns -r d/e b; umount_ns -l b; exec 9<f
    mount_ns -A table; mount_ns -o remount,bind,ro c; mount_ns -N /proc/self/ns/mnt -t tmpfs none a; umount_ns -N /proc/self/ns/mnt a'

@test "no file is left open, and none is closed, whatever becomes of it" {
    local hidden
    for hidden in "" mount_setattr "fsopen fspick open_tree move_mount mount_setattr"; do
        # shellcheck disable=SC2206 # words are what is wanted
        via=(${hidden:+"$NSB_BUILDDIR/tests/with-seccomp" ENOSYS $hidden --})
        mounts 'mkdir a b c && echo text >f && exec 9<f
            while read -r -u 8 command; do
                before=(/proc/self/fd/*)
                eval "$command" 2>/dev/null
                after=(/proc/self/fd/*)
                [[ ${before[*]} == "${after[*]}" ]] || echo "$command"
            done 8<<<"$1"' "${of_each_kind//; /$'\n'}"
        is "$output" ""
    done
}

@test "what was said stays in memory no longer than it is needed" {
    [[ ! ${LD_PRELOAD-}${NSB_UNDER-} ]] || skip "a sanitizer keeps what has been freed"
    mounts 'resident() { local line; while read -r line; do [[ $line != VmRSS:* ]] || echo "${line//[^0-9]/}"; done </proc/$$/status; }
        mkdir a && printf -v long "%100000s" && before=$(resident)
        for i in {1..200}; do
            mount_ns -o "remount,X-mount.subdir=$long" a; mount_ns -o "remount,X-mount.idmap=$long" a; mount_ns --bind -o "some=$long" a a
        done 2>/dev/null
        after=$(resident); ((before > 0 && after < before + 10000)) || echo "$before $after"'
    is "$output" ""
}

@test "EPERM is an answer, and no reason to try another way" {
    via=("$NSB_BUILDDIR/tests/with-seccomp" EPERM fsopen open_tree --)
    needs "${via[@]}" true
    sh_run 'unshare_ns -rm; cd "$dir"; mkdir a; mount_ns -t tmpfs none a; mount_ns --rbind / a; ls a; mount_ns | grep -c "$dir"'
    is "$output" 0
    like "$error" "*cannot mount a file system of type tmpfs: Operation not permitted*cannot bind /: Operation not permitted*"
}

@test "umount_ns -f is for who made the file system" {
    mounts 'mkdir b && mount_ns -m -t tmpfs x a && unshare_ns -rm && mount_ns --rbind a b && umount_ns -f b; echo "$?"; umount_ns b && echo gone'
    is "$output" $'1\ngone'
    says "umount_ns: cannot unmount *b: Operation not permitted"
}

@test "where the mount table cannot be read, the array is as it was" {
    via=("$NSB_BUILDDIR/tests/with-seccomp" ENOSYS statmount listmount --)
    sh_run 'declare -A array=([key]=value)
        ulimit -Sn 3
        mount_ns -A array; mount_ns -A made; echo "$?"
        ulimit -Sn 30
        echo "${array[key]}"; declare -p made 2>/dev/null || echo none'
    is "$output" $'1\nvalue\nnone'
    like "$error" "*: mount_ns: cannot read the mount table: Function not implemented; mount a procfs on /proc*"
}

@test "umount_ns -r: where another fails, what was made read-only is as it was, and there once" {
    local access
    for access in rw ro=vfs ro=fs; do
        mounts 'mkdir a b && mount_ns -t tmpfs -o "$1" one a && mount_ns -t tmpfs two b && exec 9<a 8>b/open
            before=$(below)
            ! umount_ns -r a b && [[ $(below) == "$before" ]] && echo same
            umount_ns -r a && below | head -n 1' "$access"
        is "$output" $'same\n/ a ro,relatime - tmpfs one ro'
        says "umount_ns: cannot unmount *b: busy: *"
    done
}

@test "a lazy umount takes away what is busy; -r makes it read-only" {
    local hidden
    for hidden in "" mount_setattr fspick; do
        via=(${hidden:+"$NSB_BUILDDIR/tests/with-seccomp" ENOSYS mount_setattr "$hidden" --})
        mounts 'mount_ns -m -t tmpfs -o nosuid a a && echo still >a/open && exec {fd}<a/open && umount_ns -r a && below &&
            umount_ns -l a && below && cat <&"$fd"'
        done_quietly
        is "$output" "/ a ro,nosuid,relatime - tmpfs a ro
still"
    done
}

@test "what only mount(8) does is refused, with status 2, and so is what makes no sense" {
    mounts 'mkdir a
        refused() {
            "$@" 2>"$dir/said"
            (($? == 2)) || echo "not 2: $*"
            sed -n "1s/.*: line [0-9]*: //p" "$dir/said"
        }
        refused mount_ns -a
        refused mount_ns -o loop a a
        refused mount_ns -o nosuid,loop a a
        refused mount_ns --exclusive --bind a a
        refused mount_ns --make-shared --make-slave --make-private --make-shared --make-slave a
        refused mount_ns -o X-mount.owner=1 -t tmpfs none a
        refused mount_ns a
        refused mount_ns none a
        refused mount_ns --make-shared none a
        refused mount_ns -t ext4,vfat none a
        refused mount_ns -t auto none a
        refused mount_ns --move
        refused mount_ns --bind -o size=1 a a
        refused mount_ns --bind a
        refused mount_ns a b c
        refused mount_ns -m=9 -t tmpfs a
        refused mount_ns --bogus
        refused mount_ns -A table -t tmpfs none a
        refused mount_ns -m --move -o ro a b
        refused mount_ns -m -o remount a
        refused mount_ns -o bind,remount,X-mount.subdir=in a
        refused mount_ns --move -o X-mount.idmap=0:0:1 a b
        refused mount_ns -m --move -o X-mount.subdir=in a b
        refused mount_ns -A 1x
        refused umount_ns --show-labels a
        refused umount_ns
        refused umount_ns -a
        refused umount_ns -d a
        below'
    is "$output" "mount_ns: -a: run mount(8) for that
mount_ns: --options: loop: run mount(8) for that
mount_ns: --options: nosuid,loop: loop: run mount(8) for that
mount_ns: --exclusive is about a new file system
mount_ns: --make-slave: expected 4 kinds of propagation at most
mount_ns: --options: X-mount.owner=1: run mount(8) for that
mount_ns: say what kind of file system it is: -t TYPE; mount(8) can find that out
mount_ns: say what kind of file system it is: -t TYPE; mount(8) can find that out
mount_ns: say what kind of file system it is: -t TYPE; mount(8) can find that out
mount_ns: --types: ext4,vfat: expected one type; mount(8) can find it out
mount_ns: --types: auto: expected one type; mount(8) can find it out
mount_ns: say what to mount, and on what
mount_ns: only a new file system, or one that is remounted, takes options of its own
mount_ns: say what to mount, and on what
mount_ns: at most two operands are expected: SOURCE and TARGET
mount_ns: --mkdir: =9: expected an octal mode up to 7777
mount_ns: --bogus: invalid option
mount_ns: --array and --print go with no mount
mount_ns: a mount is moved as it is: change its attributes with -o bind,remount
mount_ns: --mkdir makes the target of a new mount
mount_ns: X-mount.subdir and X-mount.idmap are about a new mount
mount_ns: X-mount.subdir and X-mount.idmap are about a new mount
mount_ns: X-mount.subdir and X-mount.idmap are about a new mount
mount_ns: --array: 1x: expected the name of a variable
umount_ns: --show-labels: invalid option
umount_ns: say what to unmount
umount_ns: -a: run umount(8) for that
umount_ns: -d: run umount(8) for that"
}

@test "a restricted shell mounts nothing" {
    mounts 'mkdir a; set -r; mount_ns -t tmpfs none a; umount_ns "$PWD"; below'
    is "$output" ""
    like "$error" "*mount_ns: restricted*umount_ns: restricted"
}

@test "remembered paths of commands are forgotten" {
    mounts 'mkdir bin && printf "#!/bin/sh\necho below\n" >bin/thing && chmod +x bin/thing && PATH=$PWD/bin:$PWD/other:$PATH && mkdir other &&
        printf "#!/bin/sh\necho other\n" >other/thing && chmod +x other/thing && thing && mount_ns -t tmpfs none bin && thing && umount_ns bin && thing'
    done_quietly
    is "$output" "below
other
below"
}
