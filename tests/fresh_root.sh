# SPDX-License-Identifier: ISC
# fresh_root.sh - sourced by the checks that want a minimal Debian: a copy of one made with debootstrap from this
# machine's own mirror, in a mount and process namespace of its own. Sets source, fresh and root.
source=$PWD fresh=$PWD/build/fresh
root=$fresh/root

# make_root WHAT:PACKAGE...: runs the script that calls it once more in a namespace; there it makes root and goes on.
# Needs root, and what is named on this machine.
make_root() {
    if [ "${in_namespace-}" != yes ]; then
        [ "$(id -u)" = 0 ] || { echo "$0: please run it as root, with sudo" >&2; exit 1; }
        tests/need.sh debootstrap:debootstrap unshare:util-linux "$@" || exit
        in_namespace=yes exec unshare --mount --pid --fork --kill-child "$0"
    fi
    mount -t proc proc /proc || exit # of this namespace
    [ -e "$fresh/base.ready" ] || make_base || exit
    echo "$0: copying it"
    rm -rf "$root" && cp -a --reflink=auto "$fresh/base" "$root" || exit
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    for file in $(grep -lis 'proxy' /etc/apt/apt.conf.d/*); do cp "$file" "$root/etc/apt/apt.conf.d/"; done
    mount -t proc proc "$root/proc" || exit
    mount -t tmpfs -o mode=755 tmpfs "$root/dev" || exit
    for device in null zero full random urandom tty; do
        touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device" || exit
    done
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts" || exit
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" || exit
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
}

make_base() {
    local release mirror
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE)' |
        awk -v release="$release" '$2 == release { print $1; exit }')
    echo "$0: making a minimal $release in $fresh/base"
    rm -rf "$fresh/base" && mkdir -p "$fresh"
    debootstrap --variant=minbase --include=make "$release" "$fresh/base" "$mirror" >"$fresh/debootstrap.log" 2>&1 ||
        { tail -n 20 "$fresh/debootstrap.log" >&2; return 1; }
    touch "$fresh/base.ready"
}

passed=0 failed=0
check() { # NAME COMMAND...
    local name=$1 started=$SECONDS status
    shift
    echo "--- $name"
    "$@"
    status=$?
    if [ $status = 0 ]; then ((passed += 1)); else ((failed += 1)); fi
    echo "--- $name: status $status after $((SECONDS - started)) s"
}
