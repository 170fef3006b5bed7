#!/usr/bin/env bats
# The loadable itself: loading and unloading it, its help, and how it takes wrong words.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154 # scripts are quoted for another shell; helpers.bash has the rest

load helpers

@test "enable -f loads all builtins" {
    sh_run "type -t $builtins | sort | uniq -c"
    is "$output" "$(printf '%7d builtin' "$(wc -w <<<"$builtins")")"
    done_quietly
}

@test "a disabled builtin is gone, an enabled one is back" {
    sh_run 'enable -n unshare_ns; unshare_ns -r; echo $?; enable unshare_ns; unshare_ns -r; id -u'
    is "$output" $'127\n0'
}

@test "enable -d unloads them, before and after they were used" {
    sh_run "enable -d $builtins
            unshare_ns -r 2>/dev/null || echo gone \$?
            enable -f '$NSBUILTINS_SO' $builtins
            unshare_ns -r && echo \$EUID
            enable -d $builtins
            type -t $builtins || echo gone"
    is "$output" $'gone 127\n0\ngone'
    done_quietly
}

@test "a shell that moved can unload them and still ends as it should" {
    sh_run "trap 'echo bye' EXIT; unshare_ns -rp; enable -d $builtins; echo \$(echo \$\$); exit 9"
    is "$output" $'1\nbye'
    is "$status" 9
}

@test "help and --help say the same, in the manner of bash" {
    local name
    for name in $builtins; do
        sh_run "help $name"
        done_quietly
        like "$output" "$name: $name *"$'\n'"    *Exit Status:"$'\n'*
        local help=$output
        sh_run "$name --help"
        is "$output" "$help"
        sh_run "$name -h"
        is "$output" "$help"
        is "$status" 2
        is "$error" ""
    done
}

# names OPTION...: the last output has each of them as a word
names() {
    local option
    for option; do
        grep -qE -- "(^|[][ ,|])$option([][ ,|=]|\$)" "$dir/output" || {
            echo "no $option"
            return 1
        }
    done
}

@test "help names every option" {
    sh_run 'help unshare_ns'
    names -{m,u,i,n,p,U,C,T} --{mount,uts,ipc,net,pid,user,cgroup,time} -{r,c,f,R,w} --{fork,root,wd} \
        --map-{root-user,current-user,user,group} --setgroups --propagation --mount-proc --hostname --loopback
    sh_run 'help nsenter_ns'
    names -{t,a,m,u,i,n,p,U,C,T} --{target,all,mount,uts,ipc,net,pid,user,cgroup,time} -{S,G,r,w} \
        --{setuid,setgid,preserve-credentials,root,wd}
    sh_run 'help nsmap'
    names -{t,A,p,r,c} --map-{root-user,current-user,user,group} --setgroups
}

@test "an unknown option: status 2, the option and the usage line" {
    local name option
    for name in $builtins; do
        for option in --nonsense -x; do
            sh_run "$name $option"
            is "$status" 2
            is "$output" ""
            like "$error" "bash: line +([0-9]): $name: *$option*"$'\n'"$name: usage: $name +([^;]); see help $name"
        done
    done
}

@test "needs no other library than libc, and libcap where that is not a part of it; and all at once" {
    needs readelf --version
    [[ ! ${LD_PRELOAD-} ]] || skip "a sanitizer has libraries of its own"
    readelf --dynamic "$NSBUILTINS_SO" >"$dir/dynamic"
    local needed='[libc.so.6]'
    grep -q '^LIBCAP_LIBS = .*libcap\.a' "$NSB_BUILDDIR/Makefile" || needed+='[libcap.so.2]'
    is "$(grep -o 'NEEDED.*' "$dir/dynamic" | grep -o '\[.*\]' | sort | tr -d '\n')" "$needed"
    grep -q 'FLAGS.*NOW' "$dir/dynamic"
}

@test "gives bash its builtins, the C library a module for users and groups, and nothing else to anybody" {
    needs readelf --version
    [[ ! ${LD_PRELOAD-} ]] || skip "a sanitizer adds names of its own"
    run awk '$5 == "GLOBAL" && $7 != "UND" { print $8 }' < <(readelf --wide --dyn-syms "$NSBUILTINS_SO")
    is "$(sort <<<"$output")" "$({
        for name in $builtins; do printf '%s\n' "${name}_builtin_load" "${name}_struct"; done
        printf '_nss_nsbuiltins_%s\n' {end,set}{gr,pw}ent get{gr{ent,gid,nam},pw{ent,nam,uid}}_r initgroups_dyn
    } | sort)"
}

@test "loading it, beside running /bin/true (measured)" {
    # In a subshell of its own each time: once in memory, it stays there.
    bash_run -c "microseconds() {
                  local n took=0
                  for ((n = 0; n < 50; n++)); do
                      ((took += \$(start=\${EPOCHREALTIME/./}; \"\$@\"; echo \$((\${EPOCHREALTIME/./} - start)))))
                  done
                  echo \$((took / n))
              }
              microseconds enable -f '$NSBUILTINS_SO' $builtins; microseconds /bin/true"
    done_quietly
    # shellcheck disable=SC2086 # two numbers
    printf '# measured: loading: %d us, /bin/true from bash: %d us\n' $output >&3
}
