#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A TLS client for tests: tls_client.py PORT CERTIFICATE STEP ... - does one step after the other.

options, before connect:  max=1.2, min=1.3, alpn=NAME, no_tickets, narrow (little waits for it to be read)
connect             over TCP and TLS; prints the version and whether the session was resumed
again               a further connection, which resumes the session of the one before
as_first            and one which resumes that of the first
send=TEXT  bytes=N  sends a text, or N bytes of "x"
read=TEXT           reads exactly that, or fails
count               reads to the end and prints how much it was and how it ended: clean or cut
sip=N               the same by N bytes, with pauses
how                 reads what comes beneath TLS, and prints how that ended: fin or reset
half                sends close_notify, and waits for nothing
unwrap              sends close_notify, waits for that of the server, and prints that it came
close  reset        ends the TCP connection, without close_notify
fin                 ends only this side of it, so
slowly=N            sends N bytes, each in a record of its own
pause               waits to be killed
line                waits for a line of its input
wait                reads until the connection ends, in whichever way, and says so
"""
import signal
import socket
import ssl
import struct
import sys
import time


class Client:
    def __init__(self, port, certificate):
        self.port = port
        self.context = ssl.create_default_context(cafile=certificate)
        self.socket = None
        self.kept = []
        self.is_narrow = False

    def connect(self, session=None):
        if self.socket:
            self.kept.append(self.socket)
        plain = socket.socket()
        plain.settimeout(60)
        if self.is_narrow:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        plain.connect(("127.0.0.1", self.port))
        try:
            self.socket = self.context.wrap_socket(plain, server_hostname="localhost", session=session,
                                                   suppress_ragged_eofs=False)
        except (ssl.SSLError, ConnectionError) as error:
            print("refused", getattr(error, "reason", error), flush=True)
            sys.exit(0)
        print(self.socket.version(), "resumed" if self.socket.session_reused else "new", flush=True)

    def count(self, at_once=65536, pause=0):
        total = 0
        while True:
            time.sleep(pause)
            try:
                got = self.socket.recv(at_once)
            except (ssl.SSLEOFError, ConnectionError):
                return print(total, "cut", flush=True)
            if not got:
                return print(total, "clean", flush=True)
            total += len(got)

    def how(self):
        try:
            while socket.socket.recv(self.socket, 65536):
                pass
            print("fin", flush=True)
        except ConnectionError:
            print("reset", flush=True)

    def half(self):
        self.socket.setblocking(False)
        try:
            self.socket.unwrap()
        except ssl.SSLError:  # it would read the server's
            pass
        self.socket.settimeout(60)

    def read(self, wanted):
        got = b""
        while len(got) < len(wanted):
            some = self.socket.recv(len(wanted) - len(got))
            if not some:
                break
            got += some
        if got != wanted:
            sys.exit(f"read {got!r} instead of {wanted!r}")

    def unwrap(self):
        try:
            self.socket.unwrap()
            print("unwrapped", flush=True)
        except OSError as error:
            print("not unwrapped:", error, flush=True)

    def step(self, name, value):
        versions = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
        if name == "max":
            self.context.maximum_version = versions[value]
        elif name == "min":
            self.context.minimum_version = versions[value]
        elif name == "alpn":
            self.context.set_alpn_protocols([value])
        elif name == "connect":
            self.connect()
        elif name == "again":
            self.connect(self.socket.session)
        elif name == "as_first":
            self.connect(self.kept[0].session)
        elif name == "no_tickets":
            self.context.options |= ssl.OP_NO_TICKET
        elif name == "narrow":
            self.is_narrow = True
        elif name == "sip":
            self.count(int(value), 0.05)
        elif name == "how":
            self.how()
        elif name == "half":
            self.half()
        elif name == "line":
            sys.stdin.readline()
        elif name == "send":
            self.socket.sendall(value.encode())
        elif name == "bytes":
            self.socket.sendall(b"x" * int(value))
        elif name == "slowly":
            for _ in range(int(value)):
                self.socket.sendall(b"x")
        elif name == "pause":
            signal.pause()
        elif name == "read":
            self.read(value.encode())
        elif name == "count":
            self.count()
        elif name == "unwrap":
            self.unwrap()
        elif name == "close":
            self.socket.close()
        elif name == "fin":
            socket.socket.shutdown(self.socket, socket.SHUT_WR)
        elif name == "reset":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()
        elif name == "wait":
            try:
                while self.socket.recv(65536):
                    pass
            except OSError:
                pass
            print("ended", flush=True)
        else:
            sys.exit(f"no step is called {name}")


client = Client(int(sys.argv[1]), sys.argv[2])
for word in sys.argv[3:]:
    client.step(*(word.split("=", 1) if "=" in word else (word, "")))
