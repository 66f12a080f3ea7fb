#!/bin/sh
# SPDX-License-Identifier: ISC
# check_install.sh - holds `make install' and `make uninstall' to what they promise: each file of service/ has a
# place, with PREFIX in it, units are as systemd wants them, their processes as little exposed as can be, and nothing
# is left afterwards. PREFIX is the usual one: another would compile anew what other checks read meanwhile.
set -u
cd "$(dirname "$0")/.." || exit

top=$(mktemp -d) && trap 'rm -rf "$top"' EXIT
status=0
fault() { echo "check_install.sh: $*" && status=1; }

${MAKE:-make} --no-print-directory install DESTDIR="$top" PREFIX=/usr/local >/dev/null || exit
for file in $(find service -type f ! -name '*.sysusers' ! -name '*.tmpfiles' ! -name '*.logrotate' -printf '%f\n'); do
    [ "$(find "$top" -name "$file" | wc -l)" -gt 0 ] || fault "service/$file is not installed"
done
grep -rn '@PREFIX@' "$top" && fault 'a place stands in no file as it is'
if command -v systemd-analyze >/dev/null; then
    # The programs are below $top, and the manuals of nothing that is not installed.
    for unit in "$top"/usr/local/lib/systemd/system/*; do
        sed -i "s,/usr/local/sbin/,$top/usr/local/sbin/,; /^Documentation=/d" "$unit"
    done
    # What systemd makes of their exposure, in tenths: a worse one is a fault.
    for unit in chatd:12 ftpd:12 ftpd-root:24; do
        systemd-analyze security --offline=true --no-pager --threshold="${unit#*:}" \
            "$top/usr/local/lib/systemd/system/${unit%:*}.service" >"$top/said" 2>&1 ||
            fault "${unit%:*}.service is more exposed than ${unit#*:} tenths: $(grep -E '^✗|exposure' "$top/said")"
        rm "$top/said"
    done
    said=$(SYSTEMD_UNIT_PATH="$top/usr/local/lib/systemd/system:" systemd-analyze verify --man=no "$top"/usr/local/lib/systemd/system/* 2>&1 |
        grep -E "/(chatd|ftpd)[a-z-]*\.(service|socket)") && fault "$said"
fi
${MAKE:-make} --no-print-directory uninstall DESTDIR="$top" PREFIX=/usr/local >/dev/null || exit
[ -z "$(find "$top" -mindepth 1)" ] || fault "left by uninstall: $(find "$top" -mindepth 1 -type f -o -type l)"
exit $status
