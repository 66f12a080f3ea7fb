#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh BUILD FTP-PORT CHAT-PORT - what `make run' does once everything is built: a scratch folder, both daemons
# in the foreground, and the lines to type in another shell, until Ctrl-C. When one daemon ends, so does the other.
set -eu

build=$1 port=$2 chat_port=$3
bin=$(cd "$build" && pwd)
address=127.0.0.1
run=build/run # of its own for other ports, so that two can run side by side
[ "$port $chat_port" = '2121 2323' ] || run=build/run-$port-$chat_port
scratch=$PWD/$run

for number in "$port" "$chat_port"; do
    case $number in
    '' | *[!0-9]* | ??????*) echo "run.sh: '$number' is no port: make run FTP=2122 CHAT=2324" >&2 && exit 64 ;;
    esac
done

mkdir -p "$scratch/files" "$scratch/state" "$scratch/chat"
[ -e "$scratch/files/README.txt" ] ||
    printf 'Welcome. This file came to you over FTP.\n' >"$scratch/files/README.txt"
# Started by root, the hub is another user, who may not be let through the folders above, as below /root.
reaches() {
    folder=$1
    while [ "$folder" != / ]; do
        [ -n "$(find "$folder" -prune -perm -001)" ] || return 1
        folder=$(dirname "$folder")
    done
}
chat=$run/chat own_chat=
if [ "$(id -u)" = 0 ] && ! reaches "$scratch"; then
    chat=$(mktemp -d)
    own_chat=$chat
fi
# Started by root, sessions run as nobody: who may write here as in /tmp.
[ "$(id -u)" != 0 ] || chmod 1777 "$scratch/files"

# TLS with a certificate of our own making, where it was built.
secure="$scratch/own.pem"
if [ -e "$bin/suite-tls" ] && [ ! -e "$scratch/own.told" ]; then
    rm -f "$secure" "$scratch/own.key"
    "$bin/ftpctl" certificate make "$secure" "$scratch/own.key" localhost "$address" >"$scratch/own.told.new"
    mv "$scratch/own.told.new" "$scratch/own.told"
fi
certificate=
[ ! -e "$bin/suite-tls" ] || certificate="certificate \"$secure\" \"$scratch/own.key\""
# For chat at a port of its own: 6697 beside 2323.
secure_port=$((chat_port + 4374))
[ "$chat_port" != 0 ] && [ "$secure_port" -lt 65536 ] || secure_port=0

# explain NAME LOG: why NAME did not start, where its log tells.
explain() {
    echo >&2
    if grep -q 'Address already in use' "$2"; then
        echo "run.sh: $1's port is taken. With two that are free:  make run FTP=2122 CHAT=2324" >&2
    else
        echo "run.sh: $1 did not start" >&2
    fi
}

help() {
    cat <<END

ftpd serves $scratch/files on $address port $port to anybody on this machine.
Type in another shell:

  nc $address $port                                      then: LS, GET README.txt, HELP, QUIT
  telnet $address $port                                  the same words
  printf 'GET README.txt\n' | nc -N $address $port
  printf 'PUT hello\nhello, world\n' | nc -N $address $port
  curl ftp://$address:$port/
  curl -T LICENSE ftp://$address:$port/
  $build/ftpctl -s $run/state/control who
END
    [ -z "$certificate" ] || cat <<END
  curl --ssl-reqd --cacert $run/own.pem ftp://$address:$port/
END
    [ ! -e "$build/fls" ] || cat <<END
  $build/fls -P $port $address:
  $build/fcp -P $port $address:README.txt /tmp/
END
    [ -z "$certificate" ] || [ ! -e "$build/fls" ] || cat <<END
  $build/fls --tls --ca-file $run/own.pem -P $port $address:
END
    [ -z "$certificate" ] || echo "
Its certificate, which is chatd's, too: SHA-256
  $(sed -n 's/^# SHA-256 //p' "$scratch/own.told")"
    cat <<END

chatd has two rooms on $address port $chat_port: lobby, which is open, and cellar, whose code is sesame.
In three more shells: a name, then Enter alone for the lobby, or sesame, or lobby:

  nc $address $chat_port
  telnet $address $chat_port
  $build/chat $address:$chat_port
  $build/chatctl -s $chat/control announce hello everybody
END
    [ -z "$certificate" ] || [ "$secure_port" = 0 ] || cat <<END
  openssl s_client -quiet -CAfile $run/own.pem -connect $address:$secure_port
  $build/chat --tls --ca-file $run/own.pem $address:$secure_port
END
    cat <<END

Its log here names the process that serves them all, hub[PID]. Kill that, and type on; so with ftpd's parent[PID]:

  kill -9 PID

END
}

# A daemon's log goes through a pipe, so that it can be heeded when one listens and when one ends.
rm -f "$scratch/ftpd.pipe" "$scratch/chatd.pipe"
mkfifo "$scratch/ftpd.pipe" "$scratch/chatd.pipe"

"$bin/ftpd" -d -o "listen $address:$port" -o "root $scratch/files" -o 'anonymous write' -o "state $scratch/state" \
    ${certificate:+-o "$certificate"} 2>"$scratch/ftpd.pipe" &
ftpd=$!
exec 3<"$scratch/ftpd.pipe"
trap 'kill "$ftpd" 2>/dev/null || :; [ -z "$own_chat" ] || rm -rf "$own_chat"' EXIT
: >"$scratch/ftpd.log"
listens=
while [ -z "$listens" ] && IFS= read -r line <&3; do
    printf '%s\n' "$line" | tee -a "$scratch/ftpd.log" >&2
    case $line in *'listening on '*) listens=yes ;; esac
done
[ -n "$listens" ] || { explain ftpd "$scratch/ftpd.log" && exit 1; }

help
{ cat <&3 >&2; [ ! -e "$scratch/chatd.pid" ] || kill "$(cat "$scratch/chatd.pid")"; } & # ends chatd when ftpd ends
tee "$scratch/chatd.log" <"$scratch/chatd.pipe" >&2 &
log=$!
exec 3<&-
# At a terminal chatd has a process group of its own, and Ctrl-C reaches it alone, so that make does not take it.
# It stays in front: what is typed here is announced in its rooms.
[ ! -t 0 ] || set -m
status=0
sh -c 'echo $$ >"$0" && exec "$@"' "$scratch/chatd.pid" \
    "$bin/chatd" -d -o "listen $address:$chat_port" -o 'room lobby' -o 'room cellar code sesame' \
    -o "state ${own_chat:-$scratch/chat}" ${certificate:+-o "listen $address:$secure_port tls" -o "$certificate"} 2>"$scratch/chatd.pipe" || status=$?
exec 5>&2 2>/dev/null # with job control some shells tell how each job ended
rm -f "$scratch/chatd.pid"
trap - EXIT
set +m
wait "$log" || :
[ "$status" = 0 ] || grep -q 'listening on ' "$scratch/chatd.log" || explain chatd "$scratch/chatd.log" 2>&5
kill "$ftpd" || :
wait "$ftpd" || status=$?
wait
[ -z "$own_chat" ] || rm -rf "$own_chat"
exit "$status"
