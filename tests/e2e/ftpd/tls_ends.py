#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""FTP under TLS whose connections end in odd ways: tls_ends.py WHAT PORT CERTIFICATE

aborts_unread  downloads of which nothing is read until they are broken off with ABOR: more than a relay carries at
               once; then each has been reset, and the session goes on
stale          an upload that is settled by the next command soon after it was looked whether its reply has been
               acknowledged, and then one whose client is killed before its reply reaches it
"""
import ftplib
import os
import socket
import ssl
import struct
import sys
import threading
import time

WHAT, PORT, CERTIFICATE = sys.argv[1], int(sys.argv[2]), sys.argv[3]
PATIENCE = 60


def log_in(port=PORT):
    ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=CERTIFICATE), timeout=PATIENCE)
    ftp.connect("localhost", port)
    ftp.login()
    ftp.prot_p()
    ftp.voidcmd("TYPE I")
    return ftp


def aborts_unread():
    ftp = log_in()
    opened = []
    for _ in range(20):
        data = ftp.transfercmd("RETR large")
        opened.append(data)
        time.sleep(0.05)  # until nothing goes any more
        ftp.putcmd("ABOR")
        assert ftp.getmultiline().startswith("426 ")
        assert ftp.getmultiline().startswith("226 ")
    assert ftp.pwd() == "/"
    for data in opened:
        try:
            while socket.socket.recv(data, 1 << 20):
                pass
            sys.exit("it ended as if it were whole")
        except ConnectionResetError:
            pass
    ftp.quit()


def carry_slowly(listener, killed):
    """Between a client and the server; what the server says comes late, as over a long way."""
    client, _ = listener.accept()
    server = socket.create_connection(("127.0.0.1", PORT))

    def carry_up():
        try:
            while some := client.recv(65536):
                server.sendall(some)
        except OSError:
            pass

    threading.Thread(target=carry_up, daemon=True).start()
    while some := server.recv(65536):
        if killed.wait(0.15):
            server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            server.close()
            return
        client.sendall(some)


def stale():
    listener = socket.create_server(("127.0.0.1", 0))
    killed = threading.Event()
    way = threading.Thread(target=carry_slowly, args=(listener, killed), daemon=True)
    way.start()
    ftp = log_in(listener.getsockname()[1])

    def put(name, bytes_, is_last=False):
        data = ftp.transfercmd(f"STOR {name}")
        data.sendall(bytes_)
        time.sleep(0.3)  # until it is there
        if is_last:
            killed.set()
        os.close(data.detach())
        if not is_last:
            assert ftp.voidresp().startswith("226 ")

    put("file", b"A" * 100_000)
    ftp.voidcmd("NOOP")
    put("other", b"first")
    time.sleep(2.6)  # after two seconds of silence it looks
    ftp.voidcmd("NOOP")
    put("file", b"B" * 1000, is_last=True)
    way.join(PATIENCE)
    time.sleep(1)


globals()[WHAT]()
