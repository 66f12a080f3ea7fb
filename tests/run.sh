#!/bin/sh
# SPDX-License-Identifier: ISC
# run.sh BUILD - what `make run' does once everything is built: a scratch folder, the lines to type in another
# shell, and ftpd in the foreground until Ctrl-C.
set -eu

bin=$PWD/$1
scratch=$PWD/build/run
address=127.0.0.1 port=2121

mkdir -p "$scratch/files" "$scratch/state"
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
printf '\nCtrl-C here stops it.\n\n'

# At a terminal a process group of its own takes Ctrl-C, so that make does not and ends with ftpd's status.
[ ! -t 0 ] || set -m
"$bin/ftpd" -d -o "listen $address:$port" -o "root $scratch/files" -o 'anonymous write' -o "state $scratch/state"
