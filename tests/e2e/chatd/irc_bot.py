#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A bot as people write them, with nothing but a socket: irc_bot.py PORT CHANNEL - joins the channel, answers
`!sum A B' there with the sum, and `!end' by leaving. It splits lines as such bots do, and knows no tags."""
import socket
import sys

port, channel = int(sys.argv[1]), sys.argv[2]
server = socket.create_connection(("127.0.0.1", port))


def send(line):
    server.sendall(line.encode() + b"\r\n")


send("NICK summer")
send("USER summer 0 * :A bot")
send("PING :are you there")
for line in server.makefile(encoding="utf-8", newline="\r\n"):
    words = line.rstrip("\r\n").split(" ")
    if words[0] == "PING":
        send("PONG " + words[1])
    elif words[1] == "001":
        send("JOIN " + channel)
    elif words[1] == "PONG":
        assert line.endswith(":are you there\r\n"), line
    elif words[1] == "PRIVMSG" and words[2] == channel:
        if words[3] == ":!sum":
            send("PRIVMSG %s :%s: %d" % (channel, words[0][1:].split("!")[0], sum(map(int, words[4:]))))
        elif words[3] == ":!end":
            send("QUIT :bye")
    elif words[0] == "ERROR":
        break
