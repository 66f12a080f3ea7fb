#!/bin/bash
# SPDX-License-Identifier: ISC
# check_deb.sh - what an administrator meets: the packages that `make deb' has built are installed on a minimal
# Debian, tried with the tests of debian/tests, removed, installed once more and purged. Nothing but the packages is
# there, no systemd runs. Needs root. The last line is `N passed, N failed'.
set -u
cd "$(dirname "$0")/.." || exit
. tests/fresh_root.sh
make_root lintian:lintian

packages=$(find build/deb -name 'suite-*.deb')
[ -n "$packages" ] || { echo 'check_deb.sh: make deb first' >&2; exit 1; }
mkdir -p "$root/suite/debian" && cp $packages "$root/suite/" && cp -r debian/tests "$root/suite/debian/"

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C sh -c "cd /suite && $*" </dev/null; }
try() {
    inside "rm -rf /tmp/try && mkdir -m 777 /tmp/try && AUTOPKGTEST_TMP=/tmp/try sh debian/tests/$1"
    local status=$?
    [ $status = 0 ] || inside 'tail -n 5 /tmp/try/heard* /tmp/try/replies /tmp/try/said'
    return $status
}
is_gone() { # what only a purge removes, and what nothing leaves
    local left
    left=$(inside 'find / -xdev \( -name "*ftpd*" -o -name "*chatd*" -o -name "*suite*" \) ! -path "/suite*" ! -path "/proc/*" ! -path "/tmp/*" ! -path "/var/lib/dpkg/*" ! -path "/var/log/*" ! -path "/var/cache/*"')
    [ -z "$left" ] || { echo "left: $left"; return 1; }
}

check 'lintian' lintian --allow-root --fail-on error,warning build/deb/*.changes
check 'install' inside 'apt-get -q update >/dev/null && apt-get -qy --no-install-recommends install ./*.deb curl netcat-openbsd' >"$fresh/deb-install.log" 2>&1
[ $failed = 0 ] || tail -n 20 "$fresh/deb-install.log"
check 'the names are there, and none that another package has' inside 'command -v fcp ftpd chatd chat ftpctl chatctl >/dev/null && ! command -v fls'
for test in $(sed -n "s/^Tests: //p" debian/tests/control); do check "debian/tests/$test" try $test; done
check 'the daemons go on while their packages are removed' inside 'ftpctl stats >/dev/null && chatctl stats >/dev/null'
check 'both stop' inside 'ftpctl shutdown && chatctl shutdown'
check 'remove' inside 'apt-get -qy remove suite-ftpd suite-chatd suite-clients suite-tls suite-common' >"$fresh/deb-remove.log" 2>&1
check 'what was said is still there' inside 'ls /var/lib/chatd/rooms /etc/chatd.conf /etc/ftpd.conf'
check 'purge' inside 'apt-get -qy purge suite-ftpd suite-chatd' >"$fresh/deb-purge.log" 2>&1
check 'nothing is left' is_gone

echo "$passed passed, $failed failed"
[ $failed = 0 ]
