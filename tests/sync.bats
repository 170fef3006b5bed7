#!/usr/bin/env bats
# What the shell says about itself after it landed, where it entered and where it moved.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# both SCRIPT [ARG...]: runs SCRIPT after an unshare_ns that enters, and after one that moves: both print the same.
# SCRIPT calls land OPTION... for it.
both() {
    sh_run "land() { unshare_ns \"\$@\"; }; $1" "${@:2}"
    done_quietly
    local entered=$output
    sh_run "land() { unshare_ns -p \"\$@\"; }; $1" "${@:2}"
    is "$output" "$entered"
    done_quietly
}

@test "UID, EUID and GROUPS, readonly as before" {
    both 'declare -p UID EUID >"$dir/declared"; land -r
          echo "$UID $EUID"; (UID=5) 2>/dev/null || echo readonly; declare -p UID EUID
          [[ $(printf "%s\n" "${GROUPS[@]}" | sort -u) == "$(id -G | tr " " "\n" | sort -u)" ]] && echo groups'
    is "$output" $'0 0\nreadonly\n'"$(sed 's/".*"/"0"/' "$dir/declared")"$'\ngroups'
    both 'land -U; [[ "$UID $EUID" == "$(id -u) $(id -u)" && $UID == "$(</proc/sys/kernel/overflowuid)" ]] && echo nobody'
    is "$output" nobody
    both 'land --map-user=5 --map-group=6; echo "$UID $EUID ${GROUPS[0]}"'
    is "$output" "5 5 6"
}

@test "in a subshell, of the subshell only" {
    sh_run '(unshare_ns -r && echo "$UID" && unshare_ns -p && echo $BASHPID); echo "$UID"'
    is "$output" $'0\n1\n'"$EUID"
    done_quietly
}

@test "the prompt: user, host, dollar and directory" {
    both 'PS1="\u \h \H \\$ \w"; cd /; land -ru --hostname box.example; echo "${PS1@P}"'
    is "$output" "root box box.example # /"
    both 'PS1="\u \\$"; land --map-user=1; echo "${PS1@P}"'
    is "$output" "$(id -un 1) \$"
}

@test "HOSTNAME, unless it was changed" {
    both 'land -ru --hostname box; echo "$HOSTNAME"'
    is "$output" box
    both 'HOSTNAME=mine; PS1="\h"; land -ru --hostname box; echo "$HOSTNAME ${PS1@P}"'
    is "$output" "mine box"
    both 'unset HOSTNAME; land -ru --hostname box; echo "${HOSTNAME-unset}"'
    is "$output" unset
}

@test "HOSTNAME and prompt after a change by hand, at the next landing" {
    both 'PS1="\h"; unshare_ns -ru; hostname box; land -U -r; echo "$HOSTNAME ${PS1@P}"'
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
    both 'cd "$dir"; land -r -w sub; echo "$PWD"; pwd; pwd -P; echo "${PS1@P}"; cd -; pwd'
    is "$output" "$(printf '%s\n' "$dir/sub"{,,} "" "$dir"{,})"
    both 'cd "$dir"; land -r -R root -w /inner; echo "$PWD"; pwd; PS1="\w"; echo "${PS1@P}"; cd ..; echo "$PWD $OLDPWD"'
    is "$output" $'/inner\n/inner\n/inner\n/ /inner'
    both 'cd "$dir"; land -r -R root; echo "$PWD"; cd inner; echo "$PWD"; cd -'
    is "$output" $'/\n/inner\n/'
}

@test "a path through a symbolic link stays as it was" {
    mkdir "$dir/sub"
    ln -s sub "$dir/link"
    both 'cd "$dir/link"; land -rm; echo "$UID $PWD"; pwd; pwd -P'
    is "$output" "0 $dir/link"$'\n'"$dir/link"$'\n'"$dir/sub"
}

@test "remembered commands are forgotten with the mounts or the root, not else" {
    both 'hash -p /nowhere/ls ls; land -rm; hash -t ls 2>&- || echo forgotten; ls -d /'
    is "$output" $'forgotten\n/'
    both 'hash -p /nowhere/ls ls; land -r -R "$dir"; hash -t ls 2>&- || echo forgotten'
    is "$output" forgotten
    both 'hash -p /nowhere/ls ls; land -ru; hash -t ls'
    is "$output" /nowhere/ls
}

@test "test -O and -G compare with the IDs now" {
    both 'echo >"$dir/mine"; land --map-user=5 --map-group=6; [[ $UID == 5 && -O $dir/mine && -G $dir/mine ]] && echo mine'
    is "$output" mine
}

@test "BASHPID and PPID are those of the process, where nothing moved" {
    sh_run 'before="$$ $BASHPID $PPID"; unshare_ns -rmuin && echo "$UID" && [[ "$$ $BASHPID $PPID" == "$before" ]] && echo same'
    is "$output" $'0\nsame'
    done_quietly
}
