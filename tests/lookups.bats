#!/usr/bin/env bats
# In another root, no library of it is loaded to look something up, and what it says is taken for no more than it is.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# hostile_root: $dir/root, in which each library that the C library may look for notes its name in the file /ran
hostile_root() {
    local directory name libc conversions
    root=$dir/root ran=$dir/root/ran
    libc=$(ldd "$BASH" | sed -nE 's|.* => (/.*)/libc\.so.*|\1|p')
    local directories=({,/usr}/lib{,64} "$libc" "/usr${libc#/usr}") # searched without an ld.so.cache
    conversions=$root/usr${libc#/usr}/gconv
    mkdir -p "$root"/{dev,etc} "${directories[@]/#/$root}" "$conversions"
    : >"$root/dev/null"
    PATH=$PATH:/usr/sbin
    needs cc --version
    needs iconvconfig --version
    cc -shared -fPIC -o "$dir/hostile.so" -x c - <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <fcntl.h>
		#include <string.h>
		#include <unistd.h>
		__attribute__((constructor)) static void run(void)
		{
		    Dl_info own;
		    dladdr((void *)run, &own);
		    int fd = open("/ran", O_WRONLY | O_CREAT | O_APPEND, 0666);
		    (void)!write(fd, own.dli_fname, strlen(own.dli_fname));
		    (void)!write(fd, "\n", 1);
		    close(fd);
		}
	END
    for name in hostile files dns db compat systemd; do
        for directory in "${directories[@]}"; do
            ln -f "$dir/hostile.so" "$root$directory/libnss_$name.so.2"
        done
    done
    for name in HOSTILE ISO8859-15; do
        ln "$dir/hostile.so" "$conversions/$name.so"
    done
    printf '%s\n' 'alias '{ASCII,ANSI_X3.4-1968,ISO-8859-15}'// HOSTILE//' 'module HOSTILE// INTERNAL HOSTILE 1' \
        'module INTERNAL HOSTILE// HOSTILE 1' >"$conversions/gconv-modules"
    iconvconfig --prefix "$root"
    printf '%s: hostile files\n' passwd group hosts services >"$root/etc/nsswitch.conf"
    printf '%s\n' 'boss:x:0:0::/office:/bin/sh' 'sam:x:5:5::/home/sam:/bin/sh' >"$root/etc/passwd"
    printf '%s\n' 'bosses:x:0:' 'sams:x:5:sam,boss' >"$root/etc/group"
    echo '127.0.0.1 localhost' >"$root/etc/hosts"
    echo 'nothing 9/tcp' >"$root/etc/services"
}

# What bash looks up
looks_up='looks_up() {
    local PS1="\u \w" HOME
    unset HOME
    : ~root ~nobody
    echo "${PS1@P}" ~ ~sam
    compgen -u
    compgen -g
    compgen -A service
    : "${GROUPS[@]}"
    : </dev/tcp/localhost/nothing
    : </dev/tcp/name.invalid/9
    printf "\u20ac\n"
} 2>/dev/null
'
found=$'boss / /office /home/sam\nboss\nsam\nbosses\nsams\nnothing\n'

# a_target: a shell that stands in the hostile root; its PID is $target
a_target() {
    mkfifo "$dir/hold"
    bash --norc --noprofile -c "$(prelude | grep -v '^read')
        unshare_ns -rm -R '$root'
        echo \$\$
        read -r <&4" >"$dir/target" 4<>"$dir/hold" 3>&- &
    targets+=($!)
    until [[ -s $dir/target ]]; do sleep 0.01; done
    target=$(<"$dir/target")
}

landings() {
    local options
    for options in -r -rm -rmp '-rmp --init' '-rm --fork' '-rm --no-fork -p'; do
        echo "unshare_ns $options -R '$root'; looks_up"
    done
    echo "unshare_ns -rm -R '$root' looks_up"
    echo "unshare_ns -rmp -R '$root' looks_up"
    echo "(unshare_ns -rm -R '$root'; looks_up)"
    echo "nsenter_ns -t $target -a -r -w; looks_up"
    echo "nsenter_ns -t $target -a -r -w looks_up"
    echo "nsenter_ns -t $target -U -r -w; looks_up"
}

# runs_nothing SCRIPT: each landing, after SCRIPT, finds what is there, and no library of it has run
runs_nothing() {
    local landing
    a_target
    while IFS= read -r landing; do
        rm -f "$ran"
        sh_run "$looks_up $1; $landing"
        [[ ! -e $ran ]] || is "$landing: $(sort -u "$ran")" ""
        is "$status" 0
        like "$output" "$found*"
    done < <(landings)
}

@test "users, groups, hosts and services: none is looked up by a library of the other root" {
    hostile_root
    runs_nothing :
}

@test "a group has its number by its name, and no members that are not the shell's business" {
    ((EUID == 0)) || skip "needs root, to become anybody"
    mkdir -p "$dir/root/etc"
    echo 'boss:x:0:0::/office:/bin/sh' >"$dir/root/etc/passwd"
    echo 'sams:x:5:sam,boss' >"$dir/root/etc/group"
    sh_run 'unshare_ns -m -R "$dir/root"
            setpriv_ns --reuid=0 --regid=sams --init-groups && echo "${GROUPS[@]}"'
    is "$output" "5 0"
    done_quietly
}

@test "nor where the shell had looked up before" {
    hostile_root
    runs_nothing 'looks_up >/dev/null'
}

@test "conversions: no library of the other root, in any locale that the shell is in" {
    hostile_root
    needs localedef -c -i de_DE -f ISO-8859-15 "$dir/de_DE"
    local locale
    for locale in C C.UTF-8 de_DE; do
        rm -f "$ran"
        via=(env "LOCPATH=$dir" "LC_ALL=$locale")
        # The second time, the locale is the one in memory: inside there is none of its name.
        sh_run 'unshare_ns -rm -R "$1"; printf "\u20ac"; LC_ALL=C; printf "\u20ac"; LC_ALL=$2; printf "\u20ac"' "$root" "$locale"
        [[ ! -e $ran ]] || is "$locale: $(sort -u "$ran")" ""
        done_quietly
    done
    is "$(od -An -tx1 "$dir/output")" " a4 5c 75 32 30 41 43 a4"
}

@test "conversions that there are not, where they are held, are none inside either" {
    needs localedef -c -i de_DE -f ISO-8859-15 "$dir/de_DE"
    local libc
    libc=$(ldd "$BASH" | sed -nE 's|.* => (/.*)/libc\.so.*|\1|p')
    mkdir "$dir/root"
    via=(unshare -rm bash -c 'mount -t tmpfs tmpfs "$0" && exec "$@"' "$(readlink -f "$libc")/gconv" env "LOCPATH=$dir" LC_ALL=de_DE)
    sh_run 'unshare_ns -m -R "$dir/root"; printf "\u20ac"'
    is "$output" "\u20AC"
    done_quietly
}

# catalogue TEXT TRANSLATION: a file of messages, as msgfmt(1) makes it
catalogue() {
    local number shift
    for number in 0x950412de 0 1 28 36 0 0 ${#1} 44 ${#2} $((45 + ${#1})); do
        for shift in 0 8 16 24; do
            printf '%b' "\\x$(printf %x $((number >> shift & 255)))"
        done
    done
    printf '%s\0' "$@"
}

@test "messages are those from outside: one from inside would be a format" {
    hostile_root
    needs localedef -c -i de_DE -f UTF-8 "$dir/de_DE"
    mkdir -p "$root/usr/share/locale/de/LC_MESSAGES"
    catalogue 'No such file or directory' hostile >"$root/usr/share/locale/de/LC_MESSAGES/libc.mo"
    catalogue '%s: readonly variable' hostile >"$root/usr/share/locale/de/LC_MESSAGES/bash.mo"
    via=(env "LOCPATH=$dir" LC_ALL=de_DE)
    sh_run 'unshare_ns -rm -R "$1"; cd /nowhere; readonly x; x=1' "$root"
    like "$error" "*/nowhere*x*"
    [[ $error != *hostile* ]]
}

@test "a user's name is plain: bash evaluates it in a prompt" {
    hostile_root
    printf '%s\n' 'boss$(echo>/ran):x:0:0::/office:/bin/sh' ':x:1:1::/:/bin/sh' '-n:x:2:2::/:/bin/sh' 'short:x:3' \
        'minus:x:-1:3::/:/bin/sh' 'sam:x:5:5::/home/sam:/bin/sh' >"$root/etc/passwd"
    via=(env SHELL=/bin/sh) # else bash asks outside, and knows
    sh_run 'unshare_ns -m --map-user=0 -R "$1"; PS1="\u"; echo "${PS1@P}"; compgen -u' "$root"
    is "$output" $'0\nsam'
    [[ ! -e $ran ]]
    done_quietly
}

@test "whoever the other root does not know is known from outside, or by his number" {
    hostile_root
    local who
    who=$(id -un) || skip "$EUID has no name"
    echo 'sam:x:4000:5::/home/sam:/bin/sh' >"$root/etc/passwd"
    local script='unset HOME; PS1="\u"; '
    sh_run "$script"': "${PS1@P}"; home=~; unshare_ns -cm -R "$1"; echo "${PS1@P}"; [[ ~ == "$home" ]]' "$root"
    is "$output" "$who"
    done_quietly
    sh_run "$script"': "${PS1@P}"; unshare_ns -m --map-user=4000 -R "$1"; echo "${PS1@P}" ~' "$root"
    is "$output" "sam /home/sam"
    done_quietly
    sh_run "$script"': "${PS1@P}"; unshare_ns -m --map-user=4001 -R "$1"; echo "${PS1@P}" ~' "$root"
    is "$output" "4001 /"
    done_quietly
}

@test "nobody waits for a file that is none, or has no end" {
    hostile_root
    limit=20 via=(env SHELL=/bin/sh)
    rm "$root"/etc/{passwd,group,nsswitch.conf}
    mkfifo "$root"/etc/{passwd,group,nsswitch.conf}
    sh_run "$looks_up"'unshare_ns -rm -R "$1"; looks_up >/dev/null; PS1="\u"; echo "${PS1@P}"' "$root"
    is "$output" 0
    done_quietly
    rm "$root/etc/passwd"
    echo 'boss:x:0:0::/office:/bin/sh' >"$root/etc/passwd"
    truncate -s 5M "$root/etc/passwd"
    sh_run 'unshare_ns -rm -R "$1"; PS1="\u"; compgen -u; echo "${PS1@P}" ~boss' "$root"
    is "$output" "0 ~boss"
    done_quietly
    printf '%0100000d\nboss:x:0:0::/office:/bin/sh' 0 >"$root/etc/passwd"
    sh_run 'unshare_ns -rm -R "$1"; PS1="\u"; compgen -u; echo "${PS1@P}" ~boss' "$root"
    is "$output" $'boss\nboss /office'
    done_quietly
}

@test "the groups of a user are those of the file inside, read as data" {
    hostile_root
    local landing=-m file
    ((EUID == 0)) || { needs own_subids && landing='--map-root-user --map-auto -m'; }
    printf '%s\n' 'more:x:7:other,sam' 'not:x:8:samson,sa' 'short:x:9' 'last:x:10:sam' >>"$root/etc/group"
    local script='unshare_ns $2 -R "$1"; setpriv_ns --reuid=sam --regid=5 --init-groups; echo "${GROUPS[*]}"'
    sh_run "$script" "$root" "$landing"
    is "$output" "5 7 10"
    done_quietly
    # More than the C library has made room for
    for file in {1000..1099}; do echo "g$file:x:$file:sam"; done >>"$root/etc/group"
    sh_run "$script" "$root" "$landing"
    is "$(wc -w <"$dir/output")" 103
    done_quietly
    seq -f 'many:x:%.0f:sam' 100000 320000 >>"$root/etc/group"
    sh_run "$script" "$root" "$landing"
    like "$error" "*--init-groups: user 5 is in more groups than a process can have"
    limit=20
    for file in fifo long; do
        rm "$root/etc/group"
        [[ $file == long ]] || mkfifo "$root/etc/group"
        [[ $file == fifo ]] || { echo 'more:x:7:sam' && head -c 5M /dev/zero; } >"$root/etc/group"
        sh_run "$script" "$root" "$landing"
        is "$output" 5
        done_quietly
    done
    [[ ! -e $ran ]] || is "$(sort -u "$ran")" ""
}

@test "nothing inside is asked how to look up: not nsswitch.conf, not nscd" {
    needs strace true
    hostile_root
    via=(env LC_ALL=C SHELL=/bin/sh strace -f -qq -o "$dir/trace" -e 'trace=open,openat,connect,setns')
    sh_run "$looks_up"'unshare_ns -rm -R "$1"; looks_up >/dev/null' "$root"
    sed '1,/setns(.* = 0$/d' "$dir/trace" >"$dir/inside"
    grep -q '"/etc/passwd"' "$dir/inside"
    is "$(grep -E 'nsswitch|nscd|gconv' "$dir/inside")" ""
    # Where root and mounts stay the same, nothing is made ready.
    sh_run 'unshare_ns -ru'
    is "$(grep -E 'nsswitch|nscd|gconv-modules' "$dir/trace")" ""
}

@test "subordinate IDs inside are those of the files, whatever nsswitch.conf says there" {
    hostile_root
    for directory in "$root"{,/usr}/lib "$root$libc"; do
        ln -f "$dir/hostile.so" "$directory/libsubid.so.4"
    done
    echo 'subid: hostile' >>"$root/etc/nsswitch.conf"
    echo 'boss:100:5' | tee "$root/etc/subuid" >"$root/etc/subgid"
    sh_run 'unshare_ns -rm -R "$1"; unshare_ns --map-auto 2>/dev/null; exit 0' "$root"
    [[ ! -e $ran ]] || is "$(sort -u "$ran")" ""
    done_quietly
}

@test "a landing fails, and bash does not end, where there is no memory for what bash will need" {
    local options expected=1 plans=(-rm -r '-r -R /' -rmp '-rm true')
    ((EUID != 0)) || plans=(-m "${plans[@]}")
    for options in "${plans[@]}"; do
        [[ $options != *true ]] || expected=125
        sh_run 'ulimit -d 512; unshare_ns '"$options"'; echo $?'
        is "$output" "$expected"
        like "$error" "bash: line +([0-9]): unshare_ns: cannot make room for what bash will need: Cannot allocate memory; *"
    done
}

@test "the memory that is asked for is given back" {
    sh_run 'size() {
            local key number
            while read -r key number _; do
                [[ $key != VmSize: ]] || echo "$number"
            done </proc/$$/status
        }
        unshare_ns -rm; unshare_ns -m; before=$(size)
        for ((i = 0; i < 20; i++)); do unshare_ns -m; done
        (($(size) - before < 500)) && echo same'
    is "$output" same
    done_quietly
}
