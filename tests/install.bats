#!/usr/bin/env bats
# What make install puts where, what that is good for, and that make uninstall takes it away.
# shellcheck disable=SC2016,SC2154 # scripts are quoted for another shell; $dir is made by setup() in helpers.bash

load helpers

# installed: the tree of the build, below $dir/root; sets $loadables and $completions. What make compares with is a
# tree that can be built, and all that it would build is here.
installed() {
    needs test -w "$NSB_BUILDDIR" # an ordinary user is shown a build that is root's
    needs make --version
    unset MAKEFLAGS MFLAGS MAKELEVEL
    make -C "$NSB_BUILDDIR" --silent install DESTDIR="$dir/root"
    loadables=$dir/root$(make_variable loadablesdir)
    completions=$dir/root$(make_variable completionsdir)
}

make_variable() {
    printf 'show:\n\t@echo $(%s)\n' "$1" | make -C "$NSB_BUILDDIR" --silent --no-print-directory -f Makefile -f - show
}

@test "enable NAME alone finds each builtin (bash 5.2)" {
    local name
    installed
    bash_run -c '((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 502))'
    [ "$status" -eq 0 ] || skip 'bash is older than 5.2'
    for name in $builtins; do
        BASH_LOADABLES_PATH=$loadables bash_run -c "enable $name && $name --help"
        is "$status" 2
        is "$error" ""
        like "$output" "$name: $name *"
    done
    BASH_LOADABLES_PATH=$loadables bash_run -c 'enable unshare_ns && enable nsmap && unshare_ns -r && nsmap | grep -c uid_map'
    is "$output" 1
    done_quietly
}

@test "bash-completion finds each of them by its name" {
    needs test -r /usr/share/bash-completion/bash_completion
    installed
    BASH_LOADABLES_PATH=$loadables XDG_DATA_DIRS=${completions%/bash-completion/completions} bash_run -c '
        source /usr/share/bash-completion/bash_completion
        loader=_completion_loader
        ! declare -F _comp_load >/dev/null || loader=_comp_load
        for name in '"$builtins"'; do
            complete -r
            "$loader" "$name"
            complete -p "$name"
            COMP_WORDS=("$name" --hel) COMP_CWORD=1 COMP_LINE="$name --hel" COMP_POINT=$((${#name} + 6))
            _nsbuiltins "$name"
            echo "${COMPREPLY[@]}"
        done'
    is "$(grep -c -- '^--help$' <<<"$output")" "$(wc -w <<<"$builtins")"
    is "$(grep -c -- '-F _nsbuiltins [a-z]' <<<"$output")" "$(wc -w <<<"$builtins")"
    is "$error" ""
}

@test "man finds the pages" {
    needs man --version
    installed
    local page
    for page in $builtins nsbuiltins; do
        LD_PRELOAD='' MANPATH=$dir/root$(make_variable mandir) run man "$page" # it forbids itself what a sanitizer calls
        [ "$status" -eq 0 ]
        [[ $output == *"$page"*SYNOPSIS* || $output == *"$page"*DESCRIPTION* ]]
    done
}

@test "the pages that are installed link to what is installed, too" {
    installed
    local pages page links link
    pages=$dir/root$(make_variable docdir)
    while IFS= read -r page; do
        links=$(grep -oE '\]\([^):#]+\)' "$page") || continue
        while IFS= read -r link; do
            link=${link#??}
            test -e "${page%/*}/${link%?}" || { echo "$page: ${link%?}" && return 1; }
        done <<<"$links"
    done < <(find "$pages" -name '*.md' && echo "$pages/examples/README.md")
}

@test "installed twice is as installed once, and uninstalled leaves nothing" {
    installed
    (cd "$dir/root" && find . | sort) >"$dir/once"
    grep -q nsbuiltins.so "$dir/once"
    installed
    (cd "$dir/root" && find . | sort) | diff "$dir/once" -
    make -C "$NSB_BUILDDIR" --silent uninstall DESTDIR="$dir/root"
    is "$(find "$dir/root" ! -type d)" ""
}

@test "the README's line for .bashrc is silent, with the library and without, and where it is another bash's" {
    local line
    line=$(grep -E '^    enable -f .* \|\| :$' "$NSB_SRCDIR/README.md")
    [ -n "$line" ]
    { echo 'set -e' && echo "$line" && echo 'type -t unshare_ns || echo none'; } >"$dir/bashrc"

    BASH_LOADABLES_PATH=${NSBUILTINS_SO%/*} bash_run "$dir/bashrc"
    is "$output" builtin
    done_quietly

    mkdir "$dir/empty" "$dir/other"
    BASH_LOADABLES_PATH=$dir/empty bash_run "$dir/bashrc"
    is "$output" none
    done_quietly

    # The name of the version that it was built for stands in it, where shell_is_ours() compares it.
    local version
    version=$(bash -c 'echo "${BASH_VERSINFO[0]}.${BASH_VERSINFO[1]}"')
    sed "s/\x00$version\x00/\x009.9\x00/g; s/\x00$version\.0\x00/\x009.9.0\x00/g" "$NSBUILTINS_SO" >"$dir/other/nsbuiltins.so"
    [ -n "$(cmp "$NSBUILTINS_SO" "$dir/other/nsbuiltins.so")" ]
    BASH_LOADABLES_PATH=$dir/other bash_run -c 'enable -f nsbuiltins.so unshare_ns'
    like "$error" "*built for bash 9.9*"
    BASH_LOADABLES_PATH=$dir/other bash_run "$dir/bashrc"
    is "$output" none
    done_quietly
}
