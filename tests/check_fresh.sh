#!/bin/bash
# SPDX-License-Identifier: ISC
# check_fresh.sh - what a stranger meets: `make', `make run' and `make test' on a minimal Debian that has no more
# than make, as root and then as an ordinary user, with an environment that names a path and a home and nothing
# else. The system is made with debootstrap from this machine's own mirror in build/fresh/base, which is kept; each
# run works on a copy, in a mount and process namespace of its own. Needs root. The last line is
# `N passed, N failed'.
set -u
cd "$(dirname "$0")/.." || exit
user=stranger
. tests/fresh_root.sh
make_root git:git curl:curl

# as WHO COMMAND: in the sources' folder in WHO's home, with next to no environment.
as() {
    local who=$1 home=/home/$user
    [ "$who" != root ] || home=/root
    shift
    chroot --userspec="$who:$who" --groups='' "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=$home \
        sh -c "cd ~/suite && $*" </dev/null
}

sources_for() { # WHO HOME
    mkdir -p "$root$2/suite"
    (cd "$source" && git ls-files -z | tar --null -T - -cf -) | tar -C "$root$2/suite" -xf -
    chroot "$root" chown -R "$1:$1" "$2"
}

# Both daemons are up, files and lines go through them, and Ctrl-C's signal ends them.
make_run() { # WHO
    local log=$fresh/run-$1.log run status answer line
    { as "$1" 'exec make run'; status=$?; echo "make run: status $status"; exit $status; } >"$log" 2>&1 &
    run=$!
    exec 5< <(tail -n +1 --pid=$run -f "$log")
    while IFS= read -t 900 -r line <&5 && [[ $line != hub*'listening on '* && $line != 'make run: status '* ]]; do
        echo "$line"
    done
    exec 5<&-
    answer=$(curl -sS ftp://127.0.0.1:2121/README.txt)
    [ "$answer" = 'Welcome. This file came to you over FTP.' ] || { echo "no file: $answer"; return 1; }
    answer=$(printf 'stranger\n\n/quit\n' | chroot "$root" nc -N 127.0.0.1 2323)
    [[ $answer == *lobby* ]] || { echo "no chat: $answer"; return 1; }
    for pid in $(pgrep -x chatd); do [ "$(readlink "/proc/$pid/root")" != "$root" ] || kill -INT "$pid"; done
    wait "$run"
    status=$?
    tail -n 3 "$log"
    return $status
}

sources_for root /root
check 'root: make run, which installs what it needs' make_run root
check 'root: make test' as root 'make test'
chroot "$root" useradd -m $user
sources_for $user /home/$user
check 'user: make under LANG=C' as $user 'LANG=C make'
check 'user: make run' make_run $user
check 'user: make test' as $user 'make test'
for locale in LC_ALL=POSIX LANG=en_US.UTF-8; do
    check "user: catalogues under $locale" \
        as $user "rm -f build/default/*.cat && $locale make && $locale make test ONLY=\"'*language*'\""
done
without_utf8proc() {
    local said
    chroot "$root" dpkg --remove --force-depends libutf8proc-dev >/dev/null || return
    said=$(as $user 'rm build/default/ftpd build/default/fcp build/default/chatd build/default/chat && make' 2>&1) &&
        { echo 'it says that all is built'; return 1; }
    said=$(grep 'libutf8proc-dev' <<<"$said") || { echo 'it names no package'; return 1; }
    echo "$said"
    as $user 'cd build/default && ls ftpd fcp fls ftpctl chatctl && ! ls chatd chat 2>/dev/null'
}
check 'user: make without utf8proc builds the others' without_utf8proc
left_in_home() { ls -A "$root/home/$user" | grep -vxE 'suite|[.](bash.*|profile)'; }
check 'nothing is left in the home' test -z "$(left_in_home)"
check 'nothing is left in the temporary folder' test -z "$(ls -A "$root/tmp")"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
