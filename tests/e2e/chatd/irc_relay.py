#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Joins a channel of one server with one of another, as small bridges do: irc_relay.py PORT CHANNEL PORT CHANNEL -
what is said in one is said in the other, with the name of who said it before it."""
import select
import socket
import sys


class Side:
    def __init__(self, port, channel):
        self.channel, self.buffer = channel, b""
        self.socket = socket.create_connection(("127.0.0.1", int(port)))
        self.send("NICK relay", "USER relay 0 * :A relay")

    def send(self, *lines):
        self.socket.sendall("".join(line + "\r\n" for line in lines).encode())

    def read(self):
        """What was said, each with who said it."""
        got = self.socket.recv(65536)
        if not got:
            sys.exit("a server has gone")
        *lines, self.buffer = (self.buffer + got).split(b"\r\n")
        for line in lines:
            head, _, said = line.decode().partition(" :")
            words = head.split(" ")
            if words[0] == "PING":
                self.send("PONG :" + said)
            elif words[1] == "001":
                self.send("JOIN " + self.channel)
            elif words[1:] == ["PRIVMSG", self.channel]:
                yield words[0][1:].split("!")[0], said


one, other = Side(*sys.argv[1:3]), Side(*sys.argv[3:5])
while True:
    ready, _, _ = select.select([one.socket, other.socket], [], [])
    for here, there in (one, other), (other, one):
        if here.socket in ready:
            for name, said in here.read():
                there.send("PRIVMSG %s :<%s> %s" % (there.channel, name, said))
