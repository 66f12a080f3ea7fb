#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh BUILD - what `make run' does once everything is built: a scratch folder, the lines to type in another
# shell, and both daemons in the foreground until Ctrl-C.
set -eu

bin=$PWD/$1
scratch=$PWD/build/run
address=127.0.0.1 port=2121 chat_port=2323

mkdir -p "$scratch/files" "$scratch/state" "$scratch/chat"
[ -e "$scratch/files/README.txt" ] ||
    printf 'Welcome. This file came to you over FTP.\n' >"$scratch/files/README.txt"
# Started by root, sessions run as nobody: who may write here as in /tmp.
[ "$(id -u)" != 0 ] || chmod 1777 "$scratch/files"

cat <<END

ftpd serves $scratch/files on $address port $port to anybody on this machine.
Type in another shell:

  nc $address $port                                      then: LS, GET README.txt, HELP, QUIT
  telnet $address $port                                  the same words
  printf 'GET README.txt\n' | nc -N $address $port
  printf 'PUT hello\nhello, world\n' | nc -N $address $port
  curl ftp://$address:$port/
  curl -T LICENSE ftp://$address:$port/
  $1/ftpctl -s build/run/state/control who
END
[ ! -e "$1/fls" ] || cat <<END
  $1/fls $address:
  $1/fcp $address:README.txt /tmp/
END
cat <<END

chatd has two rooms on $address port $chat_port: lobby, which is open, and cellar, whose code is sesame.
In three more shells: a name, then Enter alone for the lobby, or sesame, or lobby:

  nc $address $chat_port
  nc -C $address $chat_port
  $1/chat $address:$chat_port
  $1/chatctl -s build/run/chat/control announce hello everybody

A line typed here is announced to everybody there. Ctrl-C stops both.

END

# At a terminal each has a process group of its own, and Ctrl-C reaches chatd alone, so that make does not take
# it. chatd stays in front: what is typed here is announced in its rooms. When it ends, so does ftpd.
[ ! -t 0 ] || set -m
"$bin/ftpd" -d -o "listen $address:$port" -o "root $scratch/files" -o 'anonymous write' -o "state $scratch/state" &
ftpd=$!
trap 'kill "$ftpd" 2>/dev/null || :' EXIT
status=0
NLSPATH="$bin/%N.cat" "$bin/chatd" -d -o "listen $address:$chat_port" -o 'room lobby' -o 'room cellar code sesame' \
    -o "state $scratch/chat" || status=$?
trap - EXIT
set +m
kill "$ftpd" 2>/dev/null || :
wait "$ftpd" || status=$?
exit "$status"
