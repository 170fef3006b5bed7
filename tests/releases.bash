# shellcheck shell=bash disable=SC2034 # those who source this use the variables
# What is run in a Debian of its own: a root that debootstrap makes, kept in $releases, and what is run in it in
# namespaces that end with the script.

readonly releases=/var/cache/nsbuiltins/releases
here=$(cd "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
umask 022 # ordinary users run what is there

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# The first mirror of Debian in apt's lists: one of Ubuntu has no releases of Debian.
mirror() {
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' |
        awk '!uri && $1 == "Debian" && $2 !~ /security/ { uri = $3 } END { print uri }'
}

# find_mirror: sets $uri, and the proxies that apt uses; fails, and says why
find_mirror() {
    ((EUID == 0)) || fail "only root can make the root of a release"
    command -v debootstrap >/dev/null || fail "debootstrap is not installed"
    command -v apt-get >/dev/null || fail "there is no apt-get to tell a mirror of Debian"
    uri=$(mirror)
    [[ $uri ]] || { apt-get --quiet=2 update &>/dev/null && uri=$(mirror) && [[ $uri ]]; } ||
        fail "apt knows no mirror of Debian"
    eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
    export http_proxy https_proxy
}

# apart COMMAND ARG...: runs a program, or a function of the script, in namespaces that end with it. For that, the script
# calls be_apart "$@" when its functions are there.
apart() {
    setpriv --pdeathsig KILL unshare --mount --pid --uts --ipc --fork --kill-child --propagation private -- \
        "$here/tests/${0##*/}" --apart "$@" </dev/null
}

be_apart() {
    [[ ${1-} == --apart ]] || return 0
    "${@:2}"
    exit
}

# plain_root RELEASE DIRECTORY: makes a minimal one there; its output is a log
plain_root() {
    apart debootstrap --force-check-gpg --variant=minbase --include=ca-certificates "$1" "$2" "$uri" 2>&1
}

# make_release RELEASE: makes one that is kept, with what the tests need; prints why not, where it fails. Only what is complete gets
# its name.
make_release() {
    local new=$releases/$1.new
    [[ ! -d $releases/$1 ]] || return 0
    rm -rf --one-file-system "$new"
    if ! plain_root "$1" "$new" >"$new.log"; then
        tail -n 1 "$new.log"
    else
        apart equip "$new" &>"$new.log" || :
        rm -rf --one-file-system "$new/src" "$new.log"
        mv -T "$new" "$releases/$1"
        return 0
    fi
    rm -rf --one-file-system "$new"
    return 1
}

# These are called by what runs apart.

# cover DIRECTORY: sets $root to a layer over it, in memory
cover() {
    mount -t tmpfs layer /mnt
    mkdir /mnt/changes /mnt/work /mnt/root
    mount -t overlay -o "lowerdir=$1,upperdir=/mnt/changes,workdir=/mnt/work" overlay /mnt/root
    root=/mnt/root
}

# bring DIRECTORY ROOT: a copy of it, as /src there
bring() {
    mkdir "$2/src"
    tar -C "$1" --exclude=./.git --exclude=./build -cf - . | tar -C "$2/src" -xf - --no-same-owner
}

# enter DIRECTORY [NAME=VALUE...] COMMAND...: becomes root of the release there
enter() {
    cd "$1" || exit
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup || :
    mount -t tmpfs tmpfs dev
    mkdir dev/pts dev/shm
    for device in null zero full random urandom tty; do
        : >"dev/$device"
        mount --bind "/dev/$device" "dev/$device"
    done
    mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
    mount -t tmpfs -o mode=1777 tmpfs dev/shm
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    [[ ! -r /etc/resolv.conf ]] || cat /etc/resolv.conf >etc/resolv.conf
    mkdir .outside
    pivot_root . .outside
    cd /
    umount --lazy /.outside
    rmdir /.outside
    exec env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
        ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} "${@:2}"
}

# build DIRECTORY: the copy of this tree that is there, with what its tests need
build() {
    mount --bind "$1" "$1"
    enter "$1" NSB_TESTS=tests/unit_number /src/bootstrap check
}

# equip DIRECTORY: installs there what the tests need. What else fails of that fails in the run, too.
equip() {
    bring "$here" "$1"
    build "$1"
}
