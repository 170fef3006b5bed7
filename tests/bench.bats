#!/usr/bin/env bats
# The benchmarks measure, and what they measure becomes a table. How long it took is no test.
# shellcheck disable=SC2154 # $dir is made by setup() in helpers.bash

load helpers

@test "one round of some jobs makes a table, a chart and a page in Markdown" {
    local jobs=(load subshell command move bind tmpfs overlay privileges program memory) way
    ((EUID != 0)) || jobs+=(unshare)
    "$NSB_SRCDIR/bench/measure" 1 "${jobs[@]}" >"$dir/samples" 2>"$dir/said"
    run grep -vE '^measuring |skipped' "$dir/said"
    is "$output" ""
    "$NSB_SRCDIR/bench/report" "$dir/samples" "$dir/table" >"$dir/printed"
    diff "$dir/table.txt" "$dir/printed"
    for way in nsbuiltins "floor (C)" "run /bin/true" "with 60 MB of variables" examples/bwrap "supervisor of a moved shell"; do
        grep -qF "$way" "$dir/table.txt"
        grep -qF "$way" "$dir/table.csv"
        grep -qF "$way" "$dir/table.md"
    done
    # Each row has its seven columns, and a median that is a number.
    run grep -vE '^\|[^|]*\|[^|]*\| [0-9.]+ (us|KiB) \| [0-9.]+ to [0-9.]+ \|[^|]*\|[^|]*\|[^|]*\|$' "$dir/table.md"
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

@test "where the samples of a way lie far apart, that is measured again, and said in the end" {
    # This crun takes long every other time.
    printf '%s\n' '#!/bin/sh' "[ ! -e '$dir/late' ] || { rm '$dir/late' && exec sleep 1; }" ": >'$dir/late'" >"$dir/crun"
    chmod +x "$dir/crun"
    PATH=$dir:$PATH "$NSB_SRCDIR/bench/measure" 2 container >"$dir/samples" 2>"$dir/said"
    [ "$(grep -c '^measuring container: [0-9]* % between the quartiles of a way$' "$dir/said")" -eq 3 ]
    [ "$(tail -n 1 "$dir/said")" = "measuring container: the machine was too busy for this to be believed" ]
    [ "$(grep -c '"crun"' "$dir/samples")" -eq 2 ]
    run "$NSB_SRCDIR/bench/report" "$dir/samples" "$dir/table"
    [[ $output == *$'\n  crun '*' us? '*$'\n?: the machine was too busy for this to be believed: '* ]]
}

@test "a ratio is that of each round, and its median and quartiles are told; the table takes the place of an older one" {
    local ours=(20 30 20 10 10) theirs=(200 100 100 50 50) i
    for i in {1..5}; do
        echo "join,\"nsbuiltins\",$i,${ours[i - 1]}000"
        echo "join,\"floor (C)\",$i,${theirs[i - 1]}000"
    done >"$dir/samples"
    printf '%s\n' 'Before' '' '| job | way | median | old |' '|---|' '| a | b |' '' '| another |' >"$dir/page"
    "$NSB_SRCDIR/bench/report" "$dir/samples" "$dir/table" "$dir/page"
    is "$(cat "$dir/table.csv")" "job,way,unit,median,lower_quartile,upper_quartile,samples,nsbuiltins_to_this,its_lower_quartile,its_upper_quartile,spread
join,\"nsbuiltins\",us,20.00,10.00,20.00,5,,,,50
join,\"floor (C)\",us,100.00,50.00,100.00,5,0.2,0.2,0.2,50"
    is "$("$NSB_SRCDIR/bench/report" --spread "$dir/samples")" 50
    is "$(cat "$dir/page")" "Before

$(cat "$dir/table.md")

| another |"
}
