#!/usr/bin/env bats
# What the shell says about itself after it landed, whichever way.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# each SCRIPT [ARG...]: runs SCRIPT, in which there is one `land OPTION...;`, with each kind of landing in its place: all
# print the same. Where a subshell lands, the rest of the script is its COMMAND.
each() {
    local before=${1%%land *} after=${1#*land } options landing expected
    options=${after%%;*}
    export after=${after#*;}
    for landing in "$options; $after" "-p $options; $after" "-p --init $options; $after" "--fork $options; $after" \
        "-p --no-fork $options; $after" "$options eval \"\$after\"" "-p $options eval \"\$after\""; do
        sh_run "$before unshare_ns $landing" "${@:2}"
        done_quietly
        is "$output" "${expected=$output}"
    done
}

@test "UID, EUID and GROUPS, readonly as before" {
    each 'declare -p UID EUID >"$dir/declared"; land -r;
          echo "$UID $EUID"; (UID=5) 2>/dev/null || echo readonly; declare -p UID EUID
          [[ $(printf "%s\n" "${GROUPS[@]}" | sort -u) == "$(id -G | tr " " "\n" | sort -u)" ]] && echo groups'
    is "$output" $'0 0\nreadonly\n'"$(sed 's/".*"/"0"/' "$dir/declared")"$'\ngroups'
    each 'land -U; [[ "$UID $EUID" == "$(id -u) $(id -u)" && $UID == "$(</proc/sys/kernel/overflowuid)" ]] && echo nobody'
    is "$output" nobody
    each 'land --map-user=5 --map-group=6; echo "$UID $EUID ${GROUPS[0]}"'
    is "$output" "5 5 6"
}

# bash leaves a UID alone that comes from the environment: then it is just a name.
@test "variables called UID and EUID that are no IDs stay" {
    via=(env UID=5 EUID=6)
    sh_run 'declare -i UID; readonly EUID; unshare_ns -r && declare -p UID EUID'
    is "$output" $'declare -ix UID="5"\ndeclare -rx EUID="6"'
    done_quietly
}

@test "GROUPS has the primary group first, and once" {
    ((EUID == 0)) || skip "needs root, for groups of its own"
    local groups
    for groups in 5,6,7 6,7 5,7; do
        via=(setpriv --regid 6 --groups "$groups")
        sh_run 'before=${GROUPS[*]}; unshare_ns -u -S 0 && [[ ${GROUPS[*]} == "$before" ]] || echo "$before, now ${GROUPS[*]}"'
        is "$output" ""
        done_quietly
    done
}

@test "GROUPS does not depend on what a container's /proc says about groups" {
    ((EUID == 0)) || skip "needs root, for groups of its own"
    in_target='mount -t tmpfs none /proc/sys/kernel; echo 1 >/proc/sys/kernel/ngroups_max; ' target -m
    via=(setpriv --groups "6,7,8")
    sh_run 'nsenter_ns -t "$1" -m && echo "${GROUPS[*]}"' "$target"
    is "$output" "0 6 7 8"
    done_quietly
}

@test "GROUPS has no groups that are dropped" {
    ((EUID == 0)) || skip "needs root, for groups of its own"
    via=(setpriv --groups "6,7,8")
    sh_run 'echo "${GROUPS[*]}"; unshare_ns -u -G 5; echo "${GROUPS[*]}"'
    is "$output" $'0 6 7 8\n5'
    done_quietly
}

@test "in a subshell, of the subshell only" {
    sh_run '(unshare_ns -r && echo "$UID" && unshare_ns -p && echo $BASHPID); echo "$UID"'
    is "$output" $'0\n1\n'"$EUID"
    done_quietly
}

@test "the prompt: user, host, dollar and directory" {
    each 'PS1="\u \h \H \\$ \w"; cd /; land -ru --hostname box.example; echo "${PS1@P}"'
    is "$output" "root box box.example # /"
    each 'PS1="\u \\$"; land --map-user=1; echo "${PS1@P}"'
    is "$output" "$(id -un 1) \$"
}

@test "HOSTNAME, unless it was changed" {
    each 'land -ru --hostname box; echo "$HOSTNAME"'
    is "$output" box
    each 'HOSTNAME=mine; PS1="\h"; land -ru --hostname box; echo "$HOSTNAME ${PS1@P}"'
    is "$output" "mine box"
    each 'unset HOSTNAME; land -ru --hostname box; echo "${HOSTNAME-unset}"'
    is "$output" unset
}

@test "variables that are no plain strings are left alone, and nothing is evaluated" {
    each 'declare -i HOSTNAME; PS1="\h"; land -ru --hostname "x[\$(id>&2)]"; echo "$? $HOSTNAME ${PS1@P}"'
    is "$output" "0 $(uname -n) x[\$(id>&2)]"
    each 'unset HOSTNAME; declare -n HOSTNAME="x[\$(id>&2)]"; land -ru --hostname box; echo "$?"'
    is "$output" 0
    each 'cd /usr; cd /; readonly OLDPWD; land -rm -R /; echo "$? $OLDPWD $PWD"'
    is "$output" "0 /usr /"
}

@test "HOSTNAME and prompt after a change by hand, at the next landing" {
    each 'PS1="\h"; unshare_ns -ru; hostname box; land -U -r; echo "$HOSTNAME ${PS1@P}"'
    is "$output" "box box"
}

@test "HOSTNAME and prompt where a namespace is joined" {
    in_target='hostname target' target -ru
    sh_run 'PS1="\u@\h"; nsenter_ns -t "$1" -U -u && echo "$HOSTNAME ${PS1@P} $UID"' "$target"
    is "$output" "target root@target 0"
    done_quietly
}

@test "PWD and OLDPWD" {
    mkdir -p "$dir/root/inner" "$dir/sub"
    each 'cd "$dir"; land -r -w sub; echo "$PWD"; pwd; pwd -P; echo "${PS1@P}"; cd -; pwd'
    is "$output" "$(printf '%s\n' "$dir/sub"{,,} "" "$dir"{,})"
    each 'cd "$dir"; land -r -R root -w /inner; echo "$PWD"; pwd; PS1="\w"; echo "${PS1@P}"; cd ..; echo "$PWD $OLDPWD"'
    is "$output" $'/inner\n/inner\n/inner\n/ /inner'
    each 'cd "$dir"; land -r -R root; echo "$PWD"; cd inner; echo "$PWD"; cd -; declare -p OLDPWD'
    is "$output" $'/\n/inner\n/\ndeclare -x OLDPWD="/inner"'
    each 'cd "$dir"; cd sub; land -r -R ../root; cd - 2>&1; echo "[${!OLDPWD*}]"; declare -p OLDPWD' # as in a shell that starts there
    like "$output" $'*: OLDPWD not set\n[[]]\ndeclare -x OLDPWD'
    each 'cd /usr; cd /; land -r -R "$dir/root"; echo "$PWD ${OLDPWD-none}"'
    is "$output" "/ none"
}

@test "a path through a symbolic link stays as it was" {
    mkdir "$dir/sub"
    ln -s sub "$dir/link"
    each 'cd "$dir/link"; land -rm; echo "$UID $PWD"; pwd; pwd -P'
    is "$output" "0 $dir/link"$'\n'"$dir/link"$'\n'"$dir/sub"
}

@test "remembered commands are forgotten with the mounts or the root, not else" {
    each 'hash -p /nowhere/ls ls; land -rm; hash -t ls 2>&- || echo forgotten; ls -d /'
    is "$output" $'forgotten\n/'
    each 'hash -p /nowhere/ls ls; land -r -R "$dir"; hash -t ls 2>&- || echo forgotten'
    is "$output" forgotten
    each 'hash -p /nowhere/ls ls; land -ru; hash -t ls'
    is "$output" /nowhere/ls
}

@test "test -r, -w and -x say what the process may now" {
    each 'cd "$dir"; rm -f file; echo echo ran >file; chmod 000 file; land -r;
          for way in r w x; do test -$way file && echo $way; done; read -r line <file && echo "$line"'
    is "$output" $'r\nw\necho ran' # its own root, with all capabilities but for what nobody may execute
    mkdir "$dir/root"
    each 'cd "$dir"; : >a; land -r -R "$dir/root"; [[ -e $dir/a ]] || echo gone'
    is "$output" gone
}

@test "PS1 and HOSTNAME that the user has changed are left alone" {
    each 'PS1="mine \h"; PS2=">"; HOSTNAME=mine; land -ru --hostname box; echo "$PS1 $PS2 $HOSTNAME"'
    is "$output" 'mine \h > mine'
    each 'readonly HOSTNAME; old=$HOSTNAME; land -ru --hostname box; [[ $HOSTNAME == "$old" ]] && echo same'
    is "$output" same
}

@test "the user's name and home are those of the new root's passwd" {
    mkdir -p "$dir/root/etc"
    echo 'boss:x:0:0::/office:/bin/sh' >"$dir/root/etc/passwd"
    each 'unset HOME; PS1="\u"; : ~ "${PS1@P}"; land -r -R "$dir/root"; echo "${PS1@P}" ~'
    is "$output" 'boss /office'
    each 'HOME=/mine; land -r -R "$dir/root"; echo ~'
    is "$output" /mine
    sh_run 'unshare_ns -rm; unset HOME; PS1="\u"; : ~ "${PS1@P}"; unshare_ns -m -R "$dir/root"; echo "${PS1@P}" ~'
    is "$output" 'boss /office'
    done_quietly
}

@test "nothing is looked up for it: no user, no group, no file of /etc" {
    needs strace true
    local options by_itself=()
    # Before glibc 2.34, bash is told who its user is.
    [[ $(getconf GNU_LIBC_VERSION) != "glibc 2."@([12]?|3[0-3]) ]] || by_itself=('"/etc/passwd')
    for options in -ru -rp '-rp --init' '-rp --no-fork' '-rm -R /'; do
        # bash itself looks for the user where these are not set
        via=(env SHELL=/bin/sh HOME=/ strace -f -qq -o "$dir/trace" -e 'trace=open,openat,connect')
        sh_run "unshare_ns $options --hostname box -u; exit 0"
        is "$status" 0
        # How the C library is to look up is read outside, where the root changes.
        is "$options: $(grep -oE '"/etc/(passwd|group|nsswitch|hosts)|connect\(' "$dir/trace")" \
            "$options: $([[ $options != *-R* ]] || printf '%s\n' '"/etc/nsswitch' "${by_itself[@]}")"
    done
}

@test "variables, functions, arrays, options, traps and open files are as they were" {
    each 'declare -A map=([a b]="c d"); list=(x "y z"); declare -i number=6; f() { local v=$1; echo "$v ${FUNCNAME[0]}"; }
          exec 8<<<here; exec 7< <(echo there); shopt -s extglob; set -u; trap "echo usr1" USR1
          land -ru;
          declare -p map list number; f "a b"; read -r line <&8; echo "$line"; read -r line <&7; echo "$line"
          [[ $- == *u* ]] && shopt -q extglob && echo options
          trap -p USR1'
    is "$(tail -n 5 <<<"$output")" $'a b f\nhere\nthere\noptions\ntrap -- \'echo usr1\' SIGUSR1'
}

@test "jobs: where the shell has stayed the same process they are its own, where it moved they are not" {
    local script='sleep 0.2 & job=$!; (exit 3) & wait -n %2; land; wait $job 2>/dev/null; echo $?; sleep 0 & wait $! && echo new'
    sh_run "${script/land/unshare_ns -ru}"
    is "$output" $'0\nnew'
    sh_run "${script/land/unshare_ns -rp --no-fork}"
    is "$output" $'0\nnew'
    local options
    for options in -rp '-rp --init' -rf; do
        sh_run "${script/land/unshare_ns $options}"
        is "$output" $'127\nnew'
    done
}

@test "the EXIT trap and the history file: once, by the shell that goes on" {
    local landing
    for landing in 'unshare_ns -ru' 'unshare_ns -rp' 'unshare_ns -rp --init' 'unshare_ns -rf' 'unshare_ns -rp --no-fork' \
        'unshare_ns -rp true' 'unshare_ns -rp; unshare_ns -p'; do
        printf '%s\n' "HISTFILE='$dir/history'; shopt -s histappend; set -o history; trap 'echo bye' EXIT" "$landing" \
            'echo one; echo two' 'exit 0' >"$dir/typed"
        bash_run --init-file <(prelude) -i <"$dir/typed"
        is "$output" $'one\ntwo\nbye'
        is "$(grep -c 'echo one' "$dir/history")" 1
        is "$(grep -cxF "$landing" "$dir/history")" 1
        rm "$dir/history"
    done
}

@test "test -O and -G compare with the IDs now" {
    each 'echo >"$dir/mine"; land --map-user=5 --map-group=6; [[ $UID == 5 && -O $dir/mine && -G $dir/mine ]] && echo mine'
    is "$output" mine
}

@test "BASHPID and PPID are those of the process, where nothing moved" {
    sh_run 'before="$$ $BASHPID $PPID"; unshare_ns -rmuin && echo "$UID" && [[ "$$ $BASHPID $PPID" == "$before" ]] && echo same'
    is "$output" $'0\nsame'
    done_quietly
}
