#!/usr/bin/env bats
# Completion, as it is at a terminal: with bash-completion, which loads it by name, and without.
# shellcheck disable=SC2016,SC2154 # scripts are quoted for another shell; $dir is made by setup() in helpers.bash

load helpers

library=/usr/share/bash-completion/bash_completion

# prompt SETUP: as pty, and SETUP comes before what is typed. For that, there is also
# tab TEXT PATTERN: types TEXT and a tab, and waits for the line to become that; then clears it
# tabs TEXT PATTERN: likewise for a list, which takes more tabs
prompt() {
    {
        cat <<-'EOT'
			line {source "$dir/rc"}
			want $outer
			line {bind 'set page-completions off'; bind 'set completion-query-items -1'; bind 'set bell-style none'}
			want $outer
			proc clear {} { global outer; send "\025"; line {echo cl''ean}; want "clean\r\n$outer" }
			proc tab {text pattern} { send -- "$text\t"; want $pattern; clear }
			proc tabs {text pattern} { send -- "$text\t\t\t"; want $pattern; clear }
		EOT
        printf 'line {%s}\nwant $outer\n' "$1"
        cat
        printf '%s\n' 'line {exit}' ends
    } >"$dir/typed"
    pty <"$dir/typed"
}

with_library() {
    needs test -r "$library"
    mkdir -p "$dir/user/completions"
    for name in $builtins; do
        ln -s "$NSB_BUILDDIR/completions/nsbuiltins" "$dir/user/completions/$name"
    done
    prompt "BASH_COMPLETION_USER_DIR=\$dir/user; source $library"
}

without_library() {
    prompt "source '$NSB_BUILDDIR/completions/nsbuiltins'"
}

@test "options, with what they take, and their arguments" {
    cat >"$dir/tabs" <<-'EOT'
		tab {unshare_ns --roo} {--root=}
		tab {unshare_ns --roo} {--root=$}
		tabs {unshare_ns --mount-} {--mount-binfmt\[=DIR\] +--mount-proc\[=DIR\]}
		tabs {nsmap --map-user} {--map-user=UID\|NAME\s+--map-users=INNER:OUTER:COUNT\|auto}
		tab {nsenter_ns --targ} {--target=}
		tab {unshare_ns --root=/us} {--root=/usr/}
		tab {unshare_ns -R /us} { /usr/}
		tab {unshare_ns -rR /us} { /usr/}
		tab {unshare_ns --propagation=sl} {=slave }
		tabs {unshare_ns --propagation=} {private +shared +slave +unchanged}
		tab {unshare_ns --propagation unch} {unchanged }
		tab {unshare_ns --map-users=subi} {=subids }
		tab {unshare_ns --setgroups d} {deny }
		tab {unshare_ns --kill-child=WIN} {=WINCH }
		tabs {unshare_ns --kill-child=} {ABRT .*ALRM .*HUP .*XFSZ}
		tab {unshare_ns --kill-child=SIGWIN} {=SIGWINCH }
		tab {unshare_ns --owner roo} {root:}
		tab {unshare_ns --owner root:roo} {root:root }
		tab {unshare_ns -S roo} {root }
		tab {unshare_ns --map-group=roo} {=root }
		tab {nsenter_ns -S foll} {follow }
		tab {nsmap --same=cgr} {=cgroup }
		line {declare -A facts_here=(); facts_list=()}
		want $outer
		tab {nsmap -A facts_} {facts_here }
		tab {unshare_ns --return=facts_l} {=facts_list }
		tab {unshare_ns -rw/us} {-rw/usr/}
		tab {nsenter_ns -w=/us} {-w=/usr/}
		tab {nsenter_ns -eS=foll} {-eS=follow }
		line {export EXPORTED_HERE=1}
		want $outer
		tab {unshare_ns --whitelist-env=PATH,EXPORTED_H} {PATH,EXPORTED_HERE }
		tab {setpriv_ns --bounding-set=-all,+net_ra} {=-all,\+net_raw }
		tab {setpriv_ns --drop-caps chown,setg} {chown,setgid }
		tab {setpriv_ns --drop-caps al} {all }
		tab {setpriv_ns --securebits=+noroot_l} {=\+noroot_locked }
		tab {setpriv_ns --groups 5,roo} {5,root }
		tab {setpriv_ns --pdeathsig=WIN} {=WINCH }
		tab {setpriv_ns --pdeathsig=kee} {=keep }
		tab {setpriv_ns --reuid roo} {root }
		tab {mount_ns -t overl} {overlay }
		tab {mount_ns --types=tmpf} {=tmpfs }
		tab {mount_ns -o nosuid,nosym} {nosuid,nosymfollow }
		tab {mount_ns --bind /us} {/usr/}
		tab {mount_ns --root=/us} {=/usr/}
		tab {mount_ns --source /us} {/usr/}
		tab {umount_ns -t tmpfs,overl} {tmpfs,overlay }
		tab {umount_ns /pro} {/proc/}
		tab {umount_ns /proc --laz} {--lazy }
	EOT
    without_library <"$dir/tabs"
    with_library <"$dir/tabs"
}

@test "processes and jobs, with their commands" {
    cat >"$dir/tabs" <<-'EOT'
		line {sleep 1234 & sleep 4321 &}
		want {\[2\].*outer\$ }
		tabs {nsenter_ns --target=%} {%1 +sleep 1234.*%2 +sleep 4321}
		tab {nsenter_ns -a -t %2} {%2 }
		tabs {nsenter_ns -t } {sleep 1234}
		tabs {nsmap --same=net } {sleep 4321}
		tabs {nsmap --list net u} {user +uts}
		tab {nsmap --pid %2} {%2 }
		line {kill %1 %2; wait}
		want {outer\$ }
	EOT
    without_library <"$dir/tabs"
    with_library <"$dir/tabs"
}

@test "files that hold a namespace come before others" {
    sh_run 'unshare_ns -rm; unshare_ns --uts="$dir/held" true
            source "$NSB_BUILDDIR/completions/nsbuiltins"
            COMP_WORDS=(nsenter_ns --uts = "") COMP_CWORD=3 COMP_LINE="nsenter_ns --uts=" COMP_POINT=17
            _nsbuiltins nsenter_ns
            printf "%s\n" "${COMPREPLY[@]}" | grep -xF "$dir/held"
            umount "$dir/held"'
    is "$output" "$dir/held"
    done_quietly
}

# In a root of their own: what others have mounted elsewhere is offered, too.
@test "network namespaces that ip-netns(8) has named" {
    sh_run 'unshare_ns -rm; mount -t tmpfs root /mnt; mkdir -p /mnt/{dev,proc,run/netns}; touch /mnt/run/netns/{blue,green}
            mount --rbind /proc /mnt/proc; mount --rbind /dev /mnt/dev; cp "$NSB_BUILDDIR/completions/nsbuiltins" /mnt; unshare_ns -R /mnt
            source /nsbuiltins
            for value in bl "" /run/netns/g; do
                COMP_WORDS=(nsenter_ns --net = "$value") COMP_CWORD=3
                COMP_LINE="nsenter_ns --net=$value" COMP_POINT=$((17 + ${#value}))
                _nsbuiltins nsenter_ns
                echo "${COMPREPLY[*]}"
            done'
    like "$output" "/run/netns/blue
*/run/netns/blue /run/netns/green
/run/netns/green"
    done_quietly
}

@test "network namespaces by name" {
    sh_run 'unshare_ns -rmn; mount -t tmpfs run /run; mkdir /run/netns; touch /run/netns/{green,grey,"a b"}
            source "$NSB_BUILDDIR/completions/nsbuiltins"
            offer() {
                COMP_LINE=$1 COMP_POINT=${#1}; read -ra COMP_WORDS <<<"${1/=/ = }"; [[ $1 != *[\ =] ]] || COMP_WORDS+=("")
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _nsbuiltins "${COMP_WORDS[0]}"; (IFS=,; echo "${COMPREPLY[*]}")
            }
            offer "nsenter_ns --netns "; offer "nsenter_ns --netns=gr"; offer "nsenter_ns --netns gree"; offer "unshare_ns --netns g"; echo end'
    is "$output" $'a\\ b,green,grey\ngreen,grey\ngreen\n\nend'
    done_quietly
}

@test "behind sudo, which runs no builtin, nothing is offered; behind a builtin, all is" {
    needs test -r "$library" -a -r "${library%/*}/completions/sudo"
    mkdir -p "$dir/user/completions"
    ln -s "$NSB_BUILDDIR/completions/nsbuiltins" "$dir/user/completions/nsenter_ns"
    sh_run 'BASH_COMPLETION_USER_DIR=$dir/user; set +u; source "$1"; source "${1%/*}/completions/sudo"
            source "$NSB_BUILDDIR/completions/nsbuiltins"
            for COMP_LINE in "sudo nsenter_ns --targ" "unshare_ns nsenter_ns --targ"; do
                read -ra COMP_WORDS <<<"$COMP_LINE"
                COMP_CWORD=2 COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMPREPLY=()
                [[ $(complete -p "${COMP_WORDS[0]}") =~ -F\ ([^ ]+) ]]
                "${BASH_REMATCH[1]}" "${COMP_WORDS[@]::1}" "${COMP_WORDS[@]:2}" "${COMP_WORDS[1]}" 2>/dev/null
                echo "<${COMPREPLY[*]}>"
            done' "$library"
    is "$output" $'<>\n<--target=>'
    is "$error" ""
}

@test "what there is nothing to offer for" {
    local line
    for line in "nsmap x" "nsmap -p x" "nsmap -A tak" "nsmap -A BASH_"; do
        sh_run 'source "$NSB_BUILDDIR/completions/nsbuiltins"
            COMP_LINE=$1 COMP_POINT=${#1}; read -ra COMP_WORDS <<<"$1"; [[ $1 != *" " ]] || COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _nsbuiltins nsmap; printf "%s\n" "${COMPREPLY[@]-none}"' "$line"
        is "$output" none
        done_quietly
    done
}

@test "after the options, the command's own completion" {
    cat >"$dir/tabs" <<-'EOT'
		line {function_of_mine() { :; }; complete -W "forward backward" function_of_mine}
		want $outer
		tab {unshare_ns -r function_of} {function_of_mine }
		tab {unshare_ns -rS 0 function_of_mine forw} {forward }
		tab {unshare_ns --wd=/ function_of_mine forw} {forward }
		tab {unshare_ns --mount-proc function_of_mine forw} {forward }
		tab {unshare_ns --wd / -- function_of_mine back} {backward }
		tab {nsenter_ns -t $$ -a function_of_mine back} {backward }
		tab {unshare_ns -r cd /us} {/usr/}
	EOT
    without_library <"$dir/tabs"
    with_library <"$dir/tabs"
}

@test "in a menu, what is written is not what is told" {
    without_library <<-'EOT'
		line {bind '"\C-t": menu-complete'}
		want $outer
		send "unshare_ns --mount-\024"
		want {--mount-binfmt[^\[]}
		clear
	EOT
}

@test "each option of help is completed, with its argument, and no other" {
    for name in $builtins; do
        sh_run 'source "$NSB_BUILDDIR/completions/nsbuiltins"
            COMP_WORDS=($1 --) COMP_CWORD=1 COMP_LINE="$1 --" COMP_POINT=$((${#1} + 3)) COMP_TYPE=63
            _nsbuiltins $1
            printf "%s\n" "${COMPREPLY[@]}" | sort
            help $1 | sed -nE "s/^ {6}(-[A-Za-z], |    )(--[a-z-]+([^ ]+|( [A-Z]+)+)?)( .*)?$/\2/p" | sort >"$dir/help"' "$name"
        done_quietly
        [ -s "$dir/help" ]
        diff "$dir/help" "$dir/output"
    done
}
