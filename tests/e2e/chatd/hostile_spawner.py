#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# Stands for chatd's spawner and for all its handlers, so that a test can be a handler in any state of mind:
# what the client types goes to the hub on the client's pair, and what the hub says comes back, one line each.
#   HEX        send this packet; answered with `sent'
#   fd HEX     the same with a descriptor on board
#   deaf       read no more from the hub
#   close      close the pair
#   fail       end as if with exit status 1
#   forge HEX  send this to the hub as the spawner
# With LATE in the environment it tells the hub of no handler but the first, and of no end.
# From the hub: HEX, with ` fd' behind it when a descriptor came along; `end' when it has closed the pair.
import os
import selectors
import socket
import struct

CONFIGURE, SPAWN, KILL, SPAWNED, ENDED, READY = 200, 201, 202, 300, 301, 302

hub = socket.socket(fileno=3)
hub.setblocking(True)
events = selectors.DefaultSelector()
handlers = {}  # by number
late = "LATE" in os.environ
told = 0  # handlers


class Handler:
    def __init__(self, number, client, pair):
        self.number, self.client, self.pair = number, client, pair
        self.typed = b""
        for end in (client, pair):
            end.setblocking(True)
        events.register(client, selectors.EVENT_READ, self.read_client)
        events.register(pair, selectors.EVENT_READ, self.read_pair)

    def tell(self, line):
        try:
            self.client.sendall(line.encode() + b"\n")
        except OSError:
            pass

    def read_client(self):
        try:
            got = self.client.recv(65536)
        except OSError:
            got = b""
        if not got:
            return self.end(0)
        *lines, self.typed = (self.typed + got).split(b"\n")
        for line in lines:
            self.obey(line.decode().split())

    def obey(self, words):
        if words == ["deaf"]:
            events.unregister(self.pair)
        elif words == ["close"]:
            self.close_pair()
        elif words == ["fail"]:
            self.end(1 << 8)
        elif words[0] == "forge":
            hub.send(bytes.fromhex(words[1]))
        else:
            try:
                passed = [0] if words[0] == "fd" else []
                socket.send_fds(self.pair, [bytes.fromhex(words[-1])], passed)
            except OSError:
                pass
            self.tell("sent")

    def read_pair(self):
        packet, passed, _, _ = socket.recv_fds(self.pair, 65536, 4)
        for fd in passed:
            os.close(fd)
        if packet:
            self.tell(packet.hex() + (" fd" if passed else ""))
        else:
            self.close_pair()
            self.tell("end")

    def close_pair(self):
        if self.pair.fileno() != -1 and self.pair in events.get_map():
            events.unregister(self.pair)
        self.pair.close()

    def end(self, status):
        self.close_pair()
        events.unregister(self.client)
        self.client.close()
        del handlers[self.number]
        if not late:
            hub.send(struct.pack("=HQi", ENDED, self.number, status))


def read_hub():
    global told
    try:
        packet, passed, _, _ = socket.recv_fds(hub, 65536, 4)
    except ConnectionResetError:  # the hub has ended and not read all
        packet = b""
    if not packet:
        raise SystemExit(0)
    (kind,) = struct.unpack_from("=H", packet)
    if kind == SPAWN:
        number, _ = struct.unpack_from("=QI", packet, 2)
        handlers[number] = Handler(number, *(socket.socket(fileno=fd) for fd in passed))
        if not late or told == 0:
            hub.send(struct.pack("=HQq", SPAWNED, number, 1000000 + number % 1000000))
            told += 1
    elif kind == KILL:
        number, signal = struct.unpack_from("=QB", packet, 2)
        if number in handlers:
            handlers[number].end(signal)
    else:
        for fd in passed:
            os.close(fd)


hub.send(struct.pack("=HH", READY, 9))
events.register(hub, selectors.EVENT_READ, read_hub)
while True:
    events.select()[0][0].data()  # one at a time: it may close another
