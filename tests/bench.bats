#!/usr/bin/env bats
# The benchmarks measure, and what they measure becomes a table. How long it took is no test.
# shellcheck disable=SC2154 # $dir is made by setup() in helpers.bash

load helpers

@test "one round of some jobs makes a table, a chart and what the README has" {
    local jobs=(load subshell bind tmpfs overlay memory) way
    ((EUID != 0)) || jobs+=(unshare)
    "$NSB_SRCDIR/bench/measure" 1 "${jobs[@]}" >"$dir/samples" 2>"$dir/said"
    run grep -vE '^measuring |skipped' "$dir/said"
    is "$output" ""
    "$NSB_SRCDIR/bench/report" "$dir/samples" "$dir/table" >"$dir/printed"
    diff "$dir/table.txt" "$dir/printed"
    for way in nsbuiltins "floor (C)" "run /bin/true" "supervisor of a moved shell"; do
        grep -qF "$way" "$dir/table.txt"
        grep -qF "$way" "$dir/table.csv"
        grep -qF "$way" "$dir/table.md"
    done
    # Each row has its six columns, and a median that is a number.
    run grep -vE '^\|[^|]*\|[^|]*\| [0-9.]+ (us|KiB) \| [0-9.]+ to [0-9.]+ \|[^|]*\|[^|]*\|$' "$dir/table.md"
    [ "${#lines[@]}" -eq 2 ]
    grep -q '</svg>' "$dir/table.svg"
}

@test "a way that does not work here is left out, and that is said" {
    printf '#!/bin/sh\nexit 1\n' >"$dir/crun"
    chmod +x "$dir/crun"
    PATH=$dir:$PATH "$NSB_SRCDIR/bench/measure" 1 container >"$dir/samples" 2>"$dir/said"
    grep -qxF "container: crun: skipped, it does not work here" "$dir/said"
    grep -q '^container,"nsbuiltins",1,' "$dir/samples"
    run grep crun "$dir/samples"
    [ "$status" -eq 1 ]
}
