#!/usr/bin/env bats
# doc/before-and-after.md: each pair of scripts prints the same.
# shellcheck disable=SC2016,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

page=$NSB_SRCDIR/doc/before-and-after.md

# block KIND N: the Nth script of this kind
block() {
    awk -v kind="$1" -v n="$2" '
        /^```/ { on = $0 == "```" kind && ++count == n; next }
        on' "$page"
}

# prints KIND N: runs that script, which ends at the first failure, lest it go on outside; sets $output
prints() {
    sh_run "set -e; cd '$dir'; target=$target lab=nsb-$$
$(block "$1" "$2")"
    done_quietly && [[ -n $output ]]
}

@test "before and after print the same" {
    needs ip -V
    local n pairs before
    pairs=$(grep -c '^```before$' "$page")
    ((pairs >= 7))
    is "$(grep -c '^```after$' "$page")" "$pairs"
    in_target="hostname box" target -ru
    for ((n = 1; n <= pairs; n++)); do
        echo "pair $n"
        # What root's half sees of it
        if [[ $(block before "$n") == *"ip netns exec"*class* ]] && ((EUID != 0)); then
            before='it has lo'
        elif [[ $(block before "$n") == *"ip netns add"* ]] && ((EUID != 0)); then
            before='one has 1, lo; two has 1, lo'
        else
            prints before "$n"
            before=$output
        fi
        prints after "$n"
        is "$output" "$before"
    done
}

@test "nothing of the second kind starts a shell, or a program that makes namespaces" {
    awk '/^```/ { on = $0 == "```after"; next } on' "$page" >"$dir/after"
    [ -s "$dir/after" ]
    run grep -nE '(^|[ |(])(bash|unshare|nsenter|setpriv|ip netns|sudo) ' "$dir/after"
    [ "$status" -eq 1 ]
}
