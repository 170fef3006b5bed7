#!/usr/bin/env bats
# help, man pages and completion say the same, and the man pages' examples print what they say.
# shellcheck disable=SC2016,SC2154 # scripts are quoted for another shell; $dir is made by setup() in helpers.bash

load helpers

man=$NSB_SRCDIR/man

# help_options NAME: the options of a builtin as its help spells them: "-m, --mount[=FILE]"
help_options() {
    bash -c 'enable -f "$NSBUILTINS_SO" "$1" && help "$1"' bash "$1" |
        sed -nE 's/^ {6}((-[A-Za-z], |    )--[a-z-]+([^ ]+|( [A-Z]+)+)?)( .*)?$/\1/p' | sed 's/^ *//'
}

# man_options NAME: likewise, as its man page spells them
man_options() {
    sed -nE 's/^\.It (Fl .*)$/\1/p' "$man/$1.1" |
        sed -E 's/ , /, /g; s/ Ns Op = Ns Ar (.*)$/[=\1]/; s/ Ns = Ns Ar /=/; s/ Ar / /; s/Fl /-/g'
}

# plain FILE: the text of a man page without its markup, in one line
plain() {
    sed -E -e '/^\.\\"/d' -e 's/^\.([A-Z][a-z])( |$)/\1 /' -e 's/\\-/-/g; s/\\\(aq/'\''/g; s/\\\(dq/"/g; s/\\e/\\/g' "$1" |
        sed -E 's/\<(It|Bl|Bd|El|Ed|Pp|Ar|Cm|Fl|Ql|Pa|Li|Dv|Ss|Sh)( |$)//g' | tr -s '\n ' ' '
}

# phrases FILE...: the sentences of C sources, one a line: string literals, those that stand together as one
phrases() {
    cat "$@" | sed -E 's|/\*.*\*/||; /^#/d' | tr -s '\n ' ' ' | sed 's/\\"/\x01/g; s/" "//g' |
        grep -oE "${pattern-}\"[^\"]*\"" | sed -E 's/^[^"]*"//; s/"$//; s/\x01/"/g' | grep ' ' | sort -u
}

# are_told PHRASE...: nsbuiltins(7) has each of them, with a word for each %s. Words of a frame are not phrases.
are_told() {
    local text phrase expression
    text=$(plain "$man/nsbuiltins.7")
    for phrase; do
        [[ $phrase =~ [a-z]{2} && $phrase != "cannot %s"* && $phrase != "%s: %s" ]] || continue
        expression=$(sed -E 's/[][\.*^$()+?{|]/\\&/g; s/%[sudc]/[^ ]+/g' <<<"$phrase")
        [[ $text =~ $expression ]] || {
            echo "not in nsbuiltins(7): $phrase"
            return 1
        }
    done
}

@test "each option of help is in the man page, with the same argument, and no other" {
    local name
    for name in $builtins; do
        help_options "$name" | sort >"$dir/help"
        [ -s "$dir/help" ]
        man_options "$name" | sort | diff -u "$dir/help" -
    done
}

@test "no line of help is wider than a terminal" {
    for name in $builtins; do
        bash -c 'enable -f "$NSBUILTINS_SO" "$1" && help "$1"' bash "$name" >"$dir/help"
        ! grep -E '^.{81}' "$dir/help"
    done
}

@test "each default that help names is in the man page" {
    local name option default defaults=0
    for name in $builtins; do
        bash -c 'enable -f "$NSBUILTINS_SO" "$1" && help "$1"' bash "$name" |
            awk '/^      (-., |    )--/ { option = $0; sub(/^ +(-., )?/, "", option); sub(/[^a-z-].*/, "", option); text = "" }
                 substr($0, 1, 33) ~ /^ +$/ { sub(/^ +/, " ") }
                 option { text = text $0; while (match(text, / \([^()]+\)/)) {
                     print option, substr(text, RSTART + 2, RLENGTH - 3); text = substr(text, RSTART + RLENGTH) } }' |
            sort -u >"$dir/defaults"
        while read -r option default; do
            defaults=$((defaults + 1))
            # The item of the option, up to the next
            awk -v option="Fl ${option#-}" '/^\.It / { on = index($0 " ", option " ") > 0 } on' "$man/$name.1" >"$dir/item"
            [[ " $(plain "$dir/item") " == *"$default"* ]] || {
                echo "$name: $option: $default"
                return 1
            }
        done <"$dir/defaults"
    done
    ((defaults > 5))
}

@test "each sentence of an error is in nsbuiltins(7)" {
    mapfile -t phrases < <(phrases "$NSB_SRCDIR"/lib/*/diagnose.c)
    ((${#phrases[@]} > 70))
    are_told "${phrases[@]}"
    pattern='\.(phrase|cure) = '
    mapfile -t phrases < <(phrases "$NSB_SRCDIR"/builtins/shell/*.c)
    ((${#phrases[@]} > 1))
    are_told "${phrases[@]}"
    pattern='builtin_(error|warning)\(' # in the others, only these
    mapfile -t phrases < <(phrases "$NSB_SRCDIR"/builtins/{,*/}*.c)
    ((${#phrases[@]} > 12))
    are_told "${phrases[@]}"
}

# example N SCRIPT EXPECTED FILE: writes the Nth script of a man page, and what it prints. They take turns there.
example() {
    awk -v n="$1" -v script="$2" -v expected="$3" '
        /^\.Sh / { on = $0 == ".Sh EXAMPLES" }
        on && /^\.Bd -literal/ { out = ++count == 2 * n - 1 ? script : count == 2 * n ? expected : ""; next }
        /^\.Ed/ { out = ""; next }
        out != "" { gsub(/\\-/, "-"); gsub(/\\\(aq/, "\047"); gsub(/\\e/, "\\"); print > out }' "$4"
}

@test "each example of the man pages prints what they say" {
    local name n scripts=0
    export BASH_LOADABLES_PATH=${NSBUILTINS_SO%/*}
    for name in ${builtins// /.1 }.1 nsbuiltins.7; do
        for ((n = 1; ; n++)); do
            script=$dir/$name.$n
            example "$n" "$script" "$script.expected" "$man/$name"
            [[ -s $script ]] || break
            [ -s "$script.expected" ]
            bash "$script" >"$script.out" 2>&1 </dev/null || true
            diff -u "$script.expected" "$script.out"
            scripts=$((scripts + 1))
        done
        ((n > 1))
    done
    ((scripts >= 11))
}
