#!/usr/bin/env bats
# The clocks of a time namespace: --monotonic and --boottime. They hold for what the shell starts from then on.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

# For scripts: the seconds since boot as a child sees them, and the offsets
clocks='uptime() { cut -d . -f 1 <(cat /proc/uptime); }
        offsets() { cat /proc/self/timens_offsets | xargs; }
'

# How far back a clock can be set that has run no longer than the system
half_the_uptime() {
    local seconds
    IFS=. read -r seconds _ </proc/uptime
    echo $((seconds / 2))
}

@test "the shell's later children see the boot time shifted, forward and back" {
    local offset
    for offset in 0 1 100000 -1 -"$(half_the_uptime)"; do
        sh_run "$clocks"'before=$(uptime)
                unshare_ns -rT --boottime "$1" || exit
                shifted=$(($(uptime) - before - $1))
                ((shifted >= 0 && shifted < 20)) || echo "first child: off by $shifted"
                shifted=$(($(bash -c "cat /proc/uptime" | cut -d . -f 1) - before - $1))
                ((shifted >= 0 && shifted < 20)) || echo "later child: off by $shifted"
                offsets' "$offset"
        is "$output" "monotonic 0 0 boottime $offset 0"
        done_quietly
    done
}

@test "the monotonic clock, forward and back" {
    needs perl -MTime::HiRes -e 1
    local offset
    for offset in 0 1 100000 -1 -"$(half_the_uptime)"; do
        sh_run "$clocks"'now() { perl -MTime::HiRes=:DEFAULT,clock_gettime,CLOCK_MONOTONIC -e "print int clock_gettime(CLOCK_MONOTONIC)"; }
                before=$(now)
                unshare_ns -rT --monotonic="$1" || exit
                shifted=$(($(now) - before - $1))
                ((shifted >= 0 && shifted < 20)) || echo "off by $shifted"
                offsets' "$offset"
        is "$output" "monotonic $offset 0 boottime 0 0"
        done_quietly
    done
}

@test "both clocks, wherever a child comes from" {
    sh_run "$clocks"'unshare_ns -rT --monotonic 5 --boottime -1 || exit
            offsets
            (offsets) | cat
            offsets & wait $!
            cat < <(offsets)
            exec bash -c "xargs </proc/self/timens_offsets"'
    is "$output" "$(printf 'monotonic 5 0 boottime -1 0\n%.0s' {1..5})"
    done_quietly
}

@test "COMMAND has them, and the shell keeps its own" {
    sh_run "$clocks"'mine=$(offsets)
            unshare_ns -rT --boottime 7 offsets
            unshare_ns -rT --boottime 7 xargs -a /proc/self/timens_offsets
            [[ $(offsets) == "$mine" ]]'
    is "$output" $'monotonic 0 0 boottime 7 0\nmonotonic 0 0 boottime 7 0'
    done_quietly
}

@test "a shell that moves has them, too" {
    sh_run "$clocks"'read -r before _ </proc/uptime
            unshare_ns -rTpm --mount-proc --boottime 100000
            offsets
            read -r after _ </proc/uptime
            echo $((${after%.*} - ${before%.*} >= 100000))'
    is "$output" $'monotonic 0 0 boottime 100000 0\n1'
    done_quietly
}

@test "line by line, and a namespace within, as with unshare(1)" {
    local by_unshare
    by_unshare=$(unshare -rT --boottime 7 --monotonic 3 unshare -T --boottime 9 xargs -a /proc/self/timens_offsets)
    sh_run "$clocks"'unshare_ns -r && unshare_ns -T --boottime 7 --monotonic 3 && unshare_ns -T --boottime 9 && offsets'
    is "$output" "$by_unshare"
    done_quietly
}

@test "who joins has them" {
    target -rT --boottime 100000 --monotonic -1
    sh_run "$clocks"'(nsenter_ns -t "$1" -U -T && offsets)
            nsenter_ns -t "$1" -a offsets' "$target"
    is "$output" $'monotonic -1 0 boottime 100000 0\nmonotonic -1 0 boottime 100000 0'
    done_quietly
}

@test "a clock cannot go back behind its start, nor forward to its end" {
    local offset
    for offset in --boottime=-999999999 --monotonic=-999999999 --monotonic=9223372036854775807; do
        sh_run 'fingerprint "$dir/before"
                unshare_ns -rT "$1"; status=$?
                fingerprint "$dir/after"; exit $status' "$offset"
        is "$status" 1
        is "$(wc -l <"$dir/error")" 1
        like "$error" "bash: line +([0-9]): unshare_ns: *"
        unchanged
    done
}

@test "wrong usage of the clocks" {
    local usage
    for usage in '-r --boottime 1' '-r --monotonic 1' '-rT --boottime' '-rT --boottime=' '-rT --boottime=x' \
        '-rT --boottime=1.5' '-rT --monotonic=1s' '-rT --monotonic=-' '-rT --monotonic=9223372036854775808'; do
        sh_run "unshare_ns $usage"
        is "$status" 2
        is "$(wc -l <"$dir/error")" 2
    done
}

@test "a clock that would be behind its start, or beyond what it can count, is named" {
    sh_run 'unshare_ns -rT --boottime -999999999'
    is "$status" 1
    like "$error" '*: cannot set the clocks of the time namespace: Numerical result out of range; the clock would be *'
}
