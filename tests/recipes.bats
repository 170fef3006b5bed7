#!/usr/bin/env bats
# doc/recipes.md and doc/from-programs-to-builtins.md: each recipe prints what stands below it.
# shellcheck disable=SC2154 # helpers.bash has $dir

load helpers

# take N: writes the Nth recipe of $page to $dir/recipe, and what it is to print to $dir/expected; sets $title
take() {
    title=$(awk -v n="$1" '/^## / { title = substr($0, 4) } /^```bash$/ && ++count == n { print title }' "$page")
    awk -v n="$1" -v script="$dir/recipe" -v expected="$dir/expected" '
        /^```bash$/ { count++; out = script; next }
        /^```text$/ { out = expected; next }
        /^```$/ { out = ""; next }
        out != "" && count == n { print > out }' "$page"
}

# lacks TITLE: prints what this machine lacks for that recipe
lacks() {
    case $1 in
        "The network of the user" | "The network")
            command -v slirp4netns >/dev/null || echo "no slirp4netns"
            { : <>/dev/net/tun; } 2>/dev/null || echo "/dev/net/tun is not for this user"
            ;;
        Maps)
            ((EUID == 0)) || own_subids >/dev/null || echo "no subordinate IDs"
            ;;
        Limits)
            [[ $(cat /sys/fs/cgroup/cgroup.controllers 2>/dev/null) == *pids* && -w /sys/fs/cgroup ]] || echo "no cgroup with limits"
            ;;
    esac
}

# prints_what_it_says PAGE
prints_what_it_says() {
    local n count lack page=$NSB_SRCDIR/doc/$1
    export BASH_LOADABLES_PATH=${NSBUILTINS_SO%/*}
    count=$(grep -c '^```bash$' "$page")
    ((count > 5))
    for ((n = 1; n <= count; n++)); do
        take "$n"
        lack=$(lacks "$title")
        if [[ $lack ]]; then
            echo "# measured: $1, $title: not run, ${lack//$'\n'/, }" >&3
            continue
        fi
        timeout --signal KILL 120 bash "$dir/recipe" >"$dir/out" 2>&1 </dev/null || true
        echo "$title"
        diff -u "$dir/expected" "$dir/out"
    done
}

@test "each recipe prints what the page says" {
    prints_what_it_says recipes.md
}

@test "from programs to builtins: each step prints what the page says" {
    prints_what_it_says from-programs-to-builtins.md
}
