#!/bin/sh
# SPDX-License-Identifier: ISC
# peers.sh FOLDER - unpacks the programs that the suite is measured against, Debian's packages, side by side
# below FOLDER (installed, most of them would conflict), with the shared libraries that are not installed.
# Each gets FOLDER/NAME/run, which starts it, and FOLDER/NAME/version. What is there already is left alone;
# what cannot be had is named, and the measuring goes on without it. Nothing is installed. pure-ftpd serves
# the home of the system's user `ftp' and nothing else to anonymous users: it is started in a mount namespace
# with a passwd file that has such a user, whose home is ANONYMOUS_ROOT; so it needs root. A user `bench' of its
# own has the same folder, since it lets no anonymous user change a file.
set -u

mkdir -p "$1" && peers=$(cd "$1" && pwd) || exit
here=$(cd "$(dirname "$0")" && pwd)

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# unpack NAME PACKAGE...: the packages, and of what they depend on the libraries that are not installed.
unpack() (
    name=$1
    shift
    rm -rf "$peers/$name.new" && mkdir -p "$peers/$name.new/root" && cd "$peers/$name.new" || exit
    unpacked=' '
    while [ $# -gt 0 ]; do
        package=$1
        shift
        case $unpacked in *" $package "*) continue ;; esac
        unpacked="$unpacked$package "
        apt-get -q download "$package" >download.log 2>&1 || { cat download.log >&2; exit 1; }
        dpkg-deb -x "$package"_*.deb root || exit
        [ -e version ] || dpkg-deb -f "$package"_*.deb Version >version
        for library in $(dpkg-deb -f "$package"_*.deb Pre-Depends Depends | grep -oE '\<lib[a-z0-9.+-]+'); do
            installed "$library" || set -- "$@" "$library"
        done
    done
    rm -f ./*.deb download.log
)

# peer NAME COMMAND PACKAGE...: COMMAND starts it, in a script where $root is the folder it was unpacked in.
peer() {
    name=$1 command=$2
    shift 2
    if [ ! -e "$peers/$name/run" ]; then
        if ! unpack "$name" "$@"; then
            echo "peers.sh: $name is missing: its packages could not be downloaded" >&2
            rm -rf "$peers/$name.new"
            return
        fi
        rm -rf "${peers:?}/$name" && mv "$peers/$name.new" "$peers/$name"
    fi
    root=$peers/$name/root
    libraries=$(find "$root" -name '*.so*' -path '*/lib/*' -printf '%h\n' | sort -u | paste -sd:)
    printf '%s\n' '#!/bin/sh' "root='$root'" "export LD_LIBRARY_PATH='$libraries'" "$command" >"$peers/$name/run"
    chmod +x "$peers/$name/run"
}

peer vsftpd 'exec "$root/usr/sbin/vsftpd" "$@"' vsftpd
peer proftpd 'exec "$root/usr/sbin/proftpd" "$@"' proftpd-core proftpd-mod-crypto
peer ngircd 'exec "$root/usr/sbin/ngircd" "$@"' ngircd
peer ncat 'exec "$root/usr/bin/ncat" "$@"' ncat
peer lftp 'exec "$root/usr/bin/lftp" "$@"' lftp
peer rclone 'exec "$root/usr/bin/rclone" "$@"' rclone
peer rsync 'exec "$root/usr/bin/rsync" "$@"' rsync
peer ssh 'program=$1; shift; exec "$root/usr/bin/$program" "$@"' openssh-client
peer sshd "passwd='$peers/sshd/passwd'
[ \"\$(id -u)\" = 0 ] || exec \"\$root/usr/sbin/sshd\" \"\$@\"
{ grep -v ^sshd: /etc/passwd; echo 'sshd:x:65534:65534::/run/sshd:/usr/sbin/nologin'; } >\"\$passwd\"
exec unshare --mount sh -c 'mount --bind \"\$0\" /etc/passwd && mount -t tmpfs tmpfs /run && mkdir /run/sshd &&
    exec \"\$@\"' \"\$passwd\" \"\$root/usr/sbin/sshd\" \"\$@\"" openssh-server
peer pyftpdlib "export PYTHONPATH=\"\$root/usr/lib/python3/dist-packages\"
exec /usr/bin/python3 '$here/servers/serve_pyftpdlib.py' \"\$@\"" python3-pyftpdlib python3-sendfile
peer pure-ftpd "passwd='$peers/pure-ftpd/passwd' users='$peers/pure-ftpd/users'
rm -f \"\$users\" \"\$users.pdb\"
printf '%s\\n' bench@ bench@ | \"\$root/usr/bin/pure-pw\" useradd bench -f \"\$users\" -F \"\$users.pdb\" -m \\
    -u 65534 -g 65534 -d \"\${ANONYMOUS_ROOT:-/}\" >/dev/null
{ grep -v ^ftp: /etc/passwd; echo \"ftp:x:65534:65534::\${ANONYMOUS_ROOT:-/}:/usr/sbin/nologin\"; } >\"\$passwd\"
exec unshare --mount sh -c 'mount --bind \"\$0\" /etc/passwd && exec \"\$@\"' \"\$passwd\" \\
    \"\$root/usr/sbin/pure-ftpd\" \"\$@\"" pure-ftpd
exit 0
