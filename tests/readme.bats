#!/usr/bin/env bats
# The README is true: its scripts print what it says they print, and its commands work.

# shellcheck disable=SC2154 # $dir is the directory of the test, made by setup() in helpers.bash
load helpers

readme=$NSB_SRCDIR/README.md

# Writes the Nth ```bash block to $1 and the ```text block that follows it to $2.
block() {
    awk -v n="$3" -v script="$1" -v expected="$2" '
        /^```bash$/ { count++; out = script; next }
        /^```text$/ { out = expected; next }
        /^```$/ { out = ""; next }
        out != "" && count == n { print > out }' "$readme"
}

@test "the README is short enough to be read" {
    [ "$(wc -l <"$readme")" -lt 150 ]
}

@test "each script of the tour prints what the README says" {
    export BASH_LOADABLES_PATH=${NSBUILTINS_SO%/*}
    enable=$(grep -E '^    enable -f .* \|\| :$' "$readme")
    count=$(grep -c '^```bash$' "$readme")
    [ "$count" -gt 0 ]
    for ((n = 1; n <= count; n++)); do
        script=$dir/$n.sh
        block "$script.block" "$script.expected" "$n"
        [ -s "$script.block" ] && [ -s "$script.expected" ]
        { echo "$enable" && cat "$script.block"; } >"$script"
        bash "$script" >"$script.out" 2>&1 </dev/null || true
        diff -u "$script.expected" "$script.out"
    done
}

# How wide ps makes its columns depends on the machine.
@test "the picture is what doc/session makes, which types at a terminal" {
    needs tmux -V
    [[ ! ${LD_PRELOAD-} ]] || skip "a sanitizer would have to be in the picture's shell, and ps(1) does not start with it"
    timeout 300 "$NSB_SRCDIR/doc/session" | tr -s ' ' >"$dir/session.svg"
    tr -s ' ' <"$NSB_SRCDIR/doc/session.svg" | diff - "$dir/session.svg"
}

@test "the README's commands are bootstrap's" {
    grep -qx '    ./bootstrap demo' "$readme"
    grep -qx '    ./bootstrap check' "$readme" # which runs this
    grep -qx '    ./bootstrap build .*' "$readme"
    local command
    bash "${readme%/*}/bootstrap" --help | grep -oE '\./bootstrap [a-z]+' >"$dir/commands"
    [ -s "$dir/commands" ]
    while read -r command; do
        grep -qF "$command" "$readme"
    done <"$dir/commands"
}

@test "./bootstrap demo assembles the container, in a tree that is read-only and has a space in its name" {
    tree="$dir/a tree"
    mkdir "$tree"
    tar -C "${readme%/*}" --exclude=./.git --exclude=./build -cf - . | tar -C "$tree" -xf - --no-same-owner
    chmod -R a-w "$tree"
    XDG_CACHE_HOME=$dir/cache run bash "$tree/bootstrap" demo </dev/null
    sed -n 's/^    //p' <<<"$output" >"$dir/pasted"
    bash "$dir/pasted" >"$dir/said" 2>&1 <<<'echo "and bash is $UID"' || true
    chmod -R u+w "$dir"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"PID 1"* ]]
    [[ $output == *"the host"*"has no /usr/proof"* ]]
    is "$(head -n 3 "$dir/said")" "root of box, PID 1, and nobody else: /proc/1
and bash is 0
unshare_ns: unshare_ns [OPTION...] [COMMAND [ARG...]]"
}

@test "where there is no apt-get, ./bootstrap names what is missing as that system does" {
    local name tool
    mkdir "$dir/bin"
    for name in bash dirname; do ln -s "$(command -v "$name")" "$dir/bin/$name"; done
    for tool in dnf:glibc-devel:bash-devel pacman:glibc:bash apk:linux-headers:bash-dev none:libc6-dev:bash-builtins; do
        IFS=: read -r tool libc headers <<<"$tool"
        printf '#!/bin/sh\n' >"$dir/bin/$tool"
        chmod +x "$dir/bin/$tool"
        PATH=$dir/bin run bash "$NSB_SRCDIR/bootstrap" build
        rm "$dir/bin/$tool"
        is "$status" 1
        [[ $output == *" ${tool/none/Debian} "*"autoconf"*" $libc "*" $headers "* ]]
    done
}

@test "every option that the README names is one" {
    help=$(bash -c 'enable -f "$NSBUILTINS_SO" $1; help $1' bash "$builtins")
    awk '/^```bash$/ { on = 1 } /^```$/ { on = 0 } on && /(unshare_ns|nsenter_ns|nsmap) /' "$readme" |
        grep -oE -- ' --[a-z-]+' | sort -u >"$dir/options"
    [ -s "$dir/options" ]
    while read -r option; do
        grep -qE -- "$option([=[ ]|\$)" <<<"$help" || [ "$option" = --root ]
    done <"$dir/options"
}
