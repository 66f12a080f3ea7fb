#!/bin/sh
# SPDX-License-Identifier: ISC
# need.sh WHAT:PACKAGE ... - sees to it that each WHAT (a command, or the absolute path of a file) is there.
# What is missing is installed with apt-get, as root or where sudo asks for no password; otherwise the line
# that would do it is printed and the status is 1.
set -u

missing() {
    for pair; do
        case $pair in
        /*) [ -e "${pair%%:*}" ] ;;
        *) command -v "${pair%%:*}" >/dev/null ;;
        esac || printf '%s ' "${pair#*:}"
    done
}

packages=$(missing "$@")
[ -z "$packages" ] && exit 0

install="apt-get install -y --no-install-recommends $packages"
if ! command -v apt-get >/dev/null; then
    echo "need.sh: please install what Debian calls: $packages" >&2
    exit 1
elif [ "$(id -u)" = 0 ]; then
    sudo=
elif sudo -n true 2>/dev/null; then
    sudo='sudo -n'
else
    echo "need.sh: missing; please type:  sudo apt-get update && sudo $install" >&2
    exit 1
fi

echo "need.sh: installing $packages" >&2
log=$(mktemp) && trap 'rm -f "$log"' EXIT
for command in 'apt-get -q update' "$install"; do
    echo "need.sh: $command" >&2
    # It waits for another that installs something at the same time.
    { $sudo env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -o DPkg::Lock::Timeout=300 ${command#apt-get } \
        </dev/null 2>&1 || echo "need.sh: failed: $command"; } |
        tee "$log" | sed -unE 's/^(Get:|Setting up |Need to get )/  \1/p' >&2
    if tail -n 1 "$log" | grep -q '^need.sh: failed'; then
        cat "$log" >&2
        exit 1
    fi
done

packages=$(missing "$@")
[ -z "$packages" ] || { echo "need.sh: installed, and still not there: $packages" >&2; exit 1; }
