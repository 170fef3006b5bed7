#!/usr/bin/env bats
# Joining a container that is not trusted gives it nothing: it finds no way into a helper, and nothing of it is used.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# hold FAULT PLAN: a script carries out PLAN until the process and call that FAULT names; that process is $held
hold() {
    local fault=$1 report=$dir/report
    shift
    [[ ! ${LD_PRELOAD-} ]] || skip "with a sanitizer, it would be its own calls that are held"
    needs "$NSB_BUILDDIR/tests/inject" "$report" - true
    : >"$report"
    setsid "$NSB_BUILDDIR/tests/inject" "$report" "$fault" bash --norc --noprofile -c "$(prelude)
        exec 7</dev/null 8<>'$dir/secret'
        kill -s RTMAX-1 \$\$
        $*" >"$dir/output" 2>&1 3>&- &
    holder=$!
    until held=$(sed -n 's/^held //p' "$report") && [[ $held ]]; do
        [[ $(ps -o stat= "$holder") == [^Z]* ]] || {
            cat "$dir/output"
            return 1
        }
        sleep 0.01
    done
}

let_go() {
    kill -0 "$held"
    kill -KILL "$holder"
    wait "$holder" || true
}

# seen_inside PID NSENTER-OPTION...: what of that process somebody who is root in the container can open
seen_inside() {
    local number
    number=$(sed -n 's/^NSpid:.*\t//p' "/proc/$1/status")
    nsenter --target "$target" --user --preserve-credentials --mount "${@:2}" bash -c '
        cd "/proc/$1" || exit
        for file in exe mem environ maps cwd root; do
            { : <"$file"; } 2>/dev/null && echo "$file"
        done
        readlink fd/* ns/*' bash "$number"
}

# sees_nothing ROLE "PLAN|..." NSENTER-OPTION...: as each plan's helper of that role is about to say that it is ready
sees_nothing() {
    local plan plans role
    IFS='|' read -ra plans <<<"$2"
    for plan in "${plans[@]}"; do
        role=$1
        [[ $plan != *" true" ]] || role=$((role + 1)) # after COMMAND's subshell
        hold "$role:sendmsg:1:HOLD" nsenter_ns -t "$target" "$plan"
        is "$(seen_inside "$held" "${@:3}")" ""
        let_go
    done
}

@test "nobody inside can look into the helper of a shell that enters" {
    target -rmu
    [[ $(seen_inside "$target" | wc -l) -gt 10 ]] # who looks can see
    sees_nothing 1 "-a|-U -u -m -S 0|-U -u --env|--check -a|-m -u -U/proc/$target/ns/user|-a true"
}

@test "nobody inside can look into what will be the shell, until it is" {
    in_target='mount -t proc proc /proc' target -rmpu --fork --kill-child
    [[ $(seen_inside "$target" --pid | wc -l) -gt 10 ]]
    sees_nothing 2 "-a|-a --no-fork|--check -a|-a true" --pid
    # An ordinary user who has moved can be looked into as if he had entered.
    sh_run 'nsenter_ns -t "$1" -a; [[ -O /proc/self/mem ]] && echo open' "$target"
    is "$output" open
    done_quietly
}

@test "nor into one of root's that stays who it is in another user's namespaces" {
    ((EUID == 0)) || skip "needs root, in namespaces of another user"
    chmod 777 "$dir"
    umask 0
    unshare() {
        command setpriv --reuid 65534 --regid 65534 --clear-groups unshare "$@"
    }
    in_target='mount -t proc proc /proc' target -rmpu --fork --kill-child
    [[ $(seen_inside "$target" --pid --setuid 0 | wc -l) -gt 10 ]]
    mkfifo "$dir/hold"
    sh_start 'nsenter_ns -t "$1" -a --preserve-credentials; echo >"$dir/signal"; read -r <>"$dir/hold"' "$target"
    await
    until held=$(sed -n 's/^watches //p' "/proc/$(<"$dir/pid")/comm") && [[ $held ]]; do sleep 0.01; done
    is "$(seen_inside "$held" --pid --setuid 0)" ""
    kill -KILL "$(<"$dir/pid")"
    sh_wait
}

@test "a helper inside has no file open but the standard ones and its socket" {
    ((EUID == 0)) || skip "needs root: nobody else can look"
    local plan try
    target -rmu
    for plan in -a '-U -u -m -S 0' '-U -u -m --root --wd --env'; do
        for try in {1..20}; do # unless the shell was faster, and ended it
            ! hold 1:recvfrom:1:HOLD nsenter_ns -t "$target" "$plan" || break
        done
        like "$(for fd in "/proc/$held/fd/"*; do ((${fd##*/} < 3)) || readlink "$fd"; done)" "socket:[[]+([0-9])]"
        let_go
    done
}

# opens_nothing PLAN...: inside, that is after the first join
opens_nothing() {
    local plan
    for plan; do
        via=(strace -f -o "$dir/trace" -e 'trace=setns,open,openat,openat2,execve,connect')
        sh_run "nsenter_ns -t $target $plan; exit \$?"
        done_quietly
        grep -q 'setns(.* = 0$' "$dir/trace"
        # A path that is held is not a file that is read.
        is "$(sed '1,/setns(.* = 0$/d' "$dir/trace" | grep -E '(open|openat|openat2|execve|connect)\(' | grep -v O_PATH)" ""
    done
}

@test "no file inside is opened, loaded or executed" {
    needs strace -f -o /dev/null true
    target -rmu
    opens_nothing -a '-U -u -m -S 0 -G 0' '-a --env' '-a --root --wd' '-a --check' '-a :'
    target -rmpu --fork --kill-child
    opens_nothing -a '-a --no-fork' '-a :'
}
