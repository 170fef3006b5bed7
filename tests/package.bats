#!/usr/bin/env bats
# The release: a tarball that builds without the autotools, and the Debian package, tried where nothing is installed.
# shellcheck disable=SC2016,SC2154 # scripts are quoted for another shell; $dir is made by setup() in helpers.bash

load helpers

# copy_of_tree: as $dir/tree; an ordinary user is shown a build that is root's, whose half does all this
copy_of_tree() {
    needs test -w "$NSB_BUILDDIR"
    mkdir "$dir/tree"
    tar -C "$NSB_SRCDIR" --exclude=./.git --exclude=./build -cf - . | tar -C "$dir/tree" -xf - --no-same-owner
}

@test "the tarball of make dist builds, and installs, where there are no autotools" {
    needs test -w "$NSB_BUILDDIR"
    unset MAKEFLAGS MFLAGS MAKELEVEL
    make -C "$NSB_BUILDDIR" --silent dist
    mkdir "$dir/tarball"
    tar -C "$dir/tarball" -xf "$NSB_BUILDDIR"/nsbuiltins-*.tar.gz --strip-components 1
    mkdir "$dir/bin"
    ln -s /usr/bin/* /bin/* "$dir/bin" 2>/dev/null || true
    rm -f "$dir"/bin/{auto*,aclocal*,m4}
    PATH=$dir/bin run command -v autoconf autoreconf automake aclocal m4
    is "$output" ""
    cat >"$dir/script" <<-'EOT'
		set -e
		PATH=$dir/bin
		cd "$dir/tarball"
		./configure
		make
		make install DESTDIR="$dir/root"
	EOT
    bash "$dir/script" >"$dir/log" 2>&1 || {
        tail -n 20 "$dir/log"
        return 1
    }
    bash_run -c "enable -f '$(find "$dir/root" -name nsbuiltins.so)' unshare_ns && unshare_ns -r && echo \$UID"
    is "$output" 0
    done_quietly
}

@test "the package has the version of the tarball" {
    local version
    version=$(sed -nE 's/^AC_INIT\(\[nsbuiltins\], \[(.*)\]\)$/\1/p' "$NSB_SRCDIR/configure.ac")
    [ -n "$version" ]
    is "$(head -n 1 "$NSB_SRCDIR/debian/changelog" | cut -d ' ' -f 2)" "($version)"
}

# Of the files of a root, what is not a note of the package manager's
listing='find / -xdev \( -path /src -o -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path "/var/lib/apt/*" \
    -o -path "/var/lib/dpkg/*" -o -path "/var/cache/*" -o -path "/var/log/*" \) -prune -o -print | sort'

@test "./bootstrap deb: lintian has no complaint; installed in a new Debian it works, and purged it leaves nothing" {
    local release fresh=$NSB_SRCDIR/tests/fresh-root
    for name in dh dpkg-buildpackage lintian; do
        needs command -v "$name"
    done
    copy_of_tree
    run bash "$dir/tree/bootstrap" deb
    echo "$output"
    [ "$status" -eq 0 ]
    mkdir "$dir/deb"
    mv "$dir"/tree/build/nsbuiltins_*.deb "$dir/deb/nsbuiltins.deb"
    is "$(dpkg-deb --field "$dir/deb/nsbuiltins.deb" Depends | grep -o 'bash ([^)]*)' | tr '\n' ' ')" \
        "$(bash -c 'echo "bash (>= ${BASH_VERSINFO[0]}.${BASH_VERSINFO[1]}) bash (<< ${BASH_VERSINFO[0]}.$((BASH_VERSINFO[1] + 1))~)"') "

    release=$(. /etc/os-release && echo "${VERSION_CODENAME-sid}")
    needs "$fresh" "$release"
    cat >"$dir/deb/script" <<-EOT
		set -e
		export DEBIAN_FRONTEND=noninteractive
		useradd --create-home --home-dir /tmp/somebody somebody
		$listing >/tmp/before
		apt-get install --quiet --yes --no-install-recommends /src/nsbuiltins.deb >/tmp/log 2>&1 || {
		    apt-get update && apt-get install --quiet --yes --no-install-recommends /src/nsbuiltins.deb
		} >/tmp/log 2>&1 || { tail -n 3 /tmp/log; exit; }
	EOT
    cat >>"$dir/deb/script" <<-'EOT'
		for who in root somebody; do
		    cat >/tmp/work <<-'END'
			enable unshare_ns nsmap && enable nsenter_ns || enable -f nsbuiltins.so unshare_ns nsenter_ns nsmap
			(unshare_ns -r && echo "the user is $UID")
			for example in ci-step rootless-container two-step; do
			    /usr/share/doc/nsbuiltins/examples/$example true && echo "$example runs"
			done
		END
		    setpriv --reuid "$who" --regid "$who" --clear-groups bash /tmp/work
		done
		head -n 1 <(zcat /usr/share/man/man7/nsbuiltins.7.gz)
		[[ -L /usr/share/bash-completion/completions/nsmap ]] && bash -n /usr/share/bash-completion/completions/nsmap
		apt-get purge --quiet --yes --auto-remove nsbuiltins >/tmp/log 2>&1 || { tail -n 3 /tmp/log; exit; }
	EOT
    echo "$listing | diff /tmp/before - && echo nothing is left" >>"$dir/deb/script"
    run timeout 600 "$fresh" "$release" "$dir/deb" bash /src/script
    is "$output" "the user is 0
ci-step runs
rootless-container runs
two-step runs
the user is 0
ci-step runs
rootless-container runs
two-step runs
.Dd November 24, 2026
nothing is left"
}
