#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a client can do to TLS: tls_attacker.py WHAT PORT CERTIFICATE [N] - fails unless the server deals with it.

slow_hello     its hello comes byte by byte, and it is served
plain_hello    a hello where FTP is spoken
large_hello    1 MiB of a hello
halves         N connections that send half a hello and wait; prints `sent', and in the end `ended'
aborts         N downloads that are broken off, each after its first bytes
cuts           uploads cut at the end of a record and in the middle, and continued
trusted_cuts   the same where bare ends are trusted
large_message  a message of a handshake behind the handshake, of 16 MiB, alone and between data
slow_download  a download that is taken slowly but steadily
no_notify      a download whose client says nothing of its end
late_hello     a hello that comes two seconds after AUTH
empty_records  some records of TLS with nothing in them, which are let pass, and N, after `there' and a line, which are
               cut off
chat_hello     to chatd, where TLS comes first: a hello byte by byte, which is served, and 1 MiB of one
chat_cut       and connections cut in a record
signatures     N data connections, none of which resumes a session; prints `there' after the first ones, and `done'
at_POINT       prints `there' at a point of a client's life, reads a line, goes on, and says what became of it:
               before_auth, in_handshake, when_idle, in_download, in_upload; to chatd: chat_in_handshake,
               chat_when_idle, and chat_in_line, in the middle of a line and of a record
"""
import ctypes
import ftplib
import hmac
import io
import os
import resource
import socket
import ssl
import sys
import tempfile
import time

WHAT, PORT, CERTIFICATE = sys.argv[1], int(sys.argv[2]), sys.argv[3]
PATIENCE = 60
HALF = 10_000_000  # bytes


def context(version=None):
    made = ssl.create_default_context(cafile=CERTIFICATE)
    if version:
        made.minimum_version = made.maximum_version = version
    return made


def log_in(version=None):
    ftp = ftplib.FTP_TLS(context=context(version), timeout=PATIENCE)
    ftp.connect("localhost", PORT)
    ftp.login()
    ftp.prot_p()
    ftp.voidcmd("TYPE I")
    return ftp


class Plain:
    """A connection whose bytes we make ourselves, under TLS or not."""

    def __init__(self, port=PORT):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.into, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = None

    def line(self):
        line = b""
        while not line.endswith(b"\n"):
            got = self.socket.recv(1)
            if not got:
                raise EOFError(line)
            line += got
        return line.decode()

    def ask(self, words):
        self.socket.sendall(words.encode() + b"\r\n")
        return self.line()

    def begin(self, made=None):
        self.tls = (made or context()).wrap_bio(self.into, self.out, server_hostname="localhost")

    def hello(self):
        self.begin()
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.out.read()

    def shake_hands(self, send):
        while True:
            try:
                self.tls.do_handshake()
                return send(self.out.read())
            except ssl.SSLWantReadError:
                send(self.out.read())
                got = self.socket.recv(65536)
                if not got:
                    raise EOFError("no handshake") from None
                self.into.write(got)

    def read(self):
        while True:
            try:
                return self.tls.read(65536)
            except ssl.SSLWantReadError:
                got = self.socket.recv(65536)
                if not got:
                    raise EOFError("no close_notify") from None
                self.into.write(got)


def with_auth():
    client = Plain()
    client.line()
    assert client.ask("AUTH TLS").startswith("234 ")
    return client


def slow_hello():
    client = with_auth()
    client.begin()
    client.shake_hands(drip(client))
    client.tls.write(b"NOOP\r\n")
    drip(client)(client.out.read())
    assert client.read().startswith(b"200 ")


def plain_hello():
    client = Plain()
    client.line()
    client.socket.sendall(client.hello())
    client.socket.settimeout(PATIENCE)
    try:
        while client.socket.recv(1000):
            pass
    except ConnectionError:
        pass


def large_hello():
    for total in (0x100000, 0x3ffc):  # one message, or many
        client = with_auth()
        record = b"\x16\x03\x01\x40\x00"
        try:
            for number in range(64):
                head = b"\x01" + total.to_bytes(3, "big") if number == 0 or total < 0x4000 else b""
                client.socket.sendall(record + head.ljust(0x4000, b"x"))
            while client.socket.recv(1000):
                pass
        except ConnectionError:
            pass


def halves(count):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    hello = Plain().hello()
    clients = [Plain() for _ in range(count)]
    for client in clients:
        client.line()
        client.socket.sendall(b"AUTH TLS\r\n")
    let_in = 0
    for client in clients:
        answer = client.line()
        assert answer.startswith(("234 ", "431 ")), answer  # more at once than wait for a relay are told to try again
        if answer.startswith("234 "):
            client.socket.sendall(hello[:len(hello) // 2])
            let_in += 1
        else:
            client.socket.shutdown(socket.SHUT_WR)
    assert let_in >= count / 4, let_in
    print("sent", flush=True)
    for client in clients:
        try:
            while client.socket.recv(1000):
                pass
        except ConnectionError:
            pass
    print("ended", flush=True)


def aborts(count):
    ftp = log_in()
    for _ in range(count):
        data = ftp.transfercmd("RETR large")
        data.recv(1000)
        ftp.putcmd("ABOR")
        assert ftp.getmultiline().startswith("426 ")
        assert ftp.getmultiline().startswith("226 ")
        data.close()
    assert ftp.pwd() == "/"
    ftp.quit()


def no_notify():
    ftp = log_in()
    for _ in range(3):
        data = ftp.transfercmd("RETR small")
        while data.recv(65536):
            pass
        data.close()  # lftp does no more
        assert ftp.voidresp().startswith("226 ")
    ftp.quit()


def cut_upload(ftp, name, bytes_, cut):
    """An upload of these bytes without the last of the records, and the reply to it."""
    port = ftp.makepasv()[1]
    ftp.putcmd(f"STOR {name}")
    data = Plain(port)
    assert ftp.getmultiline().startswith("150 ")
    data.begin(ftp.context)
    data.shake_hands(data.socket.sendall)
    data.tls.write(bytes_)
    records = data.out.read()
    data.socket.sendall(records[:len(records) - cut])
    data.socket.shutdown(socket.SHUT_WR)
    return ftp.getmultiline()


def fetch(ftp, name):
    got = []
    ftp.retrbinary(f"RETR {name}", got.append)
    return b"".join(got)


def cuts():
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        for cut in 0, 1, 1000, 17_000:  # bytes
            ftp = log_in(version)
            ftp.storbinary("STOR file", io.BytesIO(b"old"))
            bytes_ = os.urandom(50_000)  # four records
            reply = cut_upload(ftp, "file", bytes_, cut)
            assert reply.startswith("426 ") and "can be continued" in reply, reply
            assert fetch(ftp, "file") == b"old"
            name = f"new{version}{cut}"
            cut_upload(ftp, name, bytes_, cut)
            there_are = ftp.size(name)
            assert there_are == {0: 50_000, 1: 49_152}.get(cut, 32_768)
            ftp.storbinary(f"STOR {name}", io.BytesIO(bytes_[there_are:]), rest=there_are)
            assert fetch(ftp, name) == bytes_
            ftp.quit()


def trusted_cuts():
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        for cut in 0, 1, 1000, 17_000:
            ftp = log_in(version)
            ftp.storbinary("STOR file", io.BytesIO(b"old"))
            bytes_ = os.urandom(50_000)
            reply = cut_upload(ftp, "file", bytes_, cut)
            assert reply.startswith("426 " if cut else "226 "), (cut, reply)
            assert fetch(ftp, "file") == (b"old" if cut else bytes_)
            ftp.quit()


class Sealer:
    """Makes records of any kind for a connection under TLS 1.3 that has sent none yet."""

    def __init__(self, cipher, secrets):
        name, hash_ = {"TLS_AES_256_GCM_SHA384": (b"AES-256-GCM", "sha384"),
                       "TLS_AES_128_GCM_SHA256": (b"AES-128-GCM", "sha256")}[cipher]
        secret = next(line.split()[2] for line in secrets.splitlines() if line.startswith("CLIENT_TRAFFIC_SECRET_0 "))

        def expand(label, size):  # RFC 8446, section 7.1
            label = b"tls13 " + label
            info = size.to_bytes(2, "big") + bytes([len(label)]) + label + b"\0\1"
            return hmac.digest(bytes.fromhex(secret), info, hash_)[:size]

        self.gnutls = ctypes.CDLL("libgnutls.so.30")
        self.cipher, self.number = ctypes.c_void_p(), 0
        key = expand(b"key", int(name[4:7]) // 8)
        self.iv = int.from_bytes(expand(b"iv", 12), "big")

        class Datum(ctypes.Structure):
            _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_uint)]

        key = Datum(key, len(key))
        assert self.gnutls.gnutls_aead_cipher_init(ctypes.byref(self.cipher), self.gnutls.gnutls_cipher_get_id(name),
                                                   ctypes.byref(key)) == 0

    def seal(self, kind, body):
        tag, inner = 16, body + bytes([kind])
        head = b"\x17\x03\x03" + (len(inner) + tag).to_bytes(2, "big")
        nonce = (self.iv ^ self.number).to_bytes(12, "big")
        self.number += 1
        sealed, size = ctypes.create_string_buffer(len(inner) + tag), ctypes.c_size_t(len(inner) + tag)
        assert self.gnutls.gnutls_aead_cipher_encrypt(
            self.cipher, nonce, ctypes.c_size_t(12), head, ctypes.c_size_t(5), ctypes.c_size_t(tag), inner,
            ctypes.c_size_t(len(inner)), sealed, ctypes.byref(size)) == 0
        return head + sealed.raw[:size.value]


def large_message():
    handshake, data, key_update = 22, 23, 24
    for between in b"", b"NOOP\r\n":
        client = with_auth()
        made = context(ssl.TLSVersion.TLSv1_3)
        with tempfile.NamedTemporaryFile("r") as secrets:
            made.keylog_filename = secrets.name
            client.begin(made)
            client.shake_hands(client.socket.sendall)
            sealer = Sealer(client.tls.cipher()[0], secrets.read())
        client.socket.sendall(sealer.seal(data, b"NOOP\r\n"))
        assert client.read().startswith(b"200 ")
        client.socket.settimeout(10)
        body = bytes([key_update]) + b"\xff\xff\xff"
        try:
            for _ in range(16):
                client.socket.sendall(sealer.seal(handshake, body.ljust(0x4000, b"x")))
                body = b""
                if between:
                    client.socket.sendall(sealer.seal(data, between))
            while client.socket.recv(65536):
                pass
        except TimeoutError:
            sys.exit("the relay still collects")
        except ConnectionError:
            pass


def slow_download(size):
    made = context()
    ftp = ftplib.FTP_TLS(context=made, timeout=PATIENCE)
    ftp.connect("localhost", PORT)
    ftp.login()
    ftp.prot_p()
    ftp.voidcmd("TYPE I")
    port = ftp.makepasv()[1]
    ftp.putcmd("RETR large")
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)  # else the system takes megabytes for the network
    plain.connect(("127.0.0.1", port))
    assert ftp.getmultiline().startswith("150 ")
    data = made.wrap_socket(plain, server_hostname="localhost")
    data.suppress_ragged_eofs = False
    total = 0
    while got := data.recv(20_000):
        total += len(got)
        time.sleep(len(got) / 500_000)
    assert total == size, total
    data.unwrap()
    reply = ftp.voidresp()
    assert reply.startswith("226 "), reply


def late_hello():
    client = with_auth()
    time.sleep(2)
    client.begin()
    client.shake_hands(client.socket.sendall)
    assert ask_behind(client) == "served"


def empty_records(count):
    """By GnuTLS itself, which makes them for who asks: Python and OpenSSL send none."""
    gnutls = ctypes.CDLL("libgnutls.so.30")
    gnutls.gnutls_strerror.restype = ctypes.c_char_p
    client = with_auth().socket
    client.setblocking(True)
    session, credentials = ctypes.c_void_p(), ctypes.c_void_p()
    as_client, certificate, nothing, again = 2, 1, ctypes.c_size_t(0), -28

    def must(result):
        assert result >= 0, gnutls.gnutls_strerror(result)

    must(gnutls.gnutls_init(ctypes.byref(session), as_client))
    must(gnutls.gnutls_certificate_allocate_credentials(ctypes.byref(credentials)))
    must(gnutls.gnutls_credentials_set(session, certificate, credentials))
    must(gnutls.gnutls_set_default_priority(session))
    gnutls.gnutls_transport_set_int2(session, client.fileno(), client.fileno())
    must(gnutls.gnutls_handshake(session))
    for _ in range(1000):
        must(gnutls.gnutls_record_send2(session, b"", nothing, ctypes.c_size_t(1), 0))  # a byte of padding
    must(gnutls.gnutls_record_send(session, b"NOOP\r\n", ctypes.c_size_t(6)))
    reply = ctypes.create_string_buffer(1000)
    while gnutls.gnutls_record_recv(session, reply, ctypes.c_size_t(len(reply))) == again:
        pass  # that was a ticket
    assert reply.value.startswith(b"200 "), reply.value
    there()
    for _ in range(count):
        if gnutls.gnutls_record_send2(session, b"", nothing, ctypes.c_size_t(1), 0) < 0:
            return
    try:
        while client.recv(65536):
            pass
    except ConnectionError:
        pass


def drip(client):
    def send(some):
        for byte in some:
            client.socket.sendall(bytes([byte]))
            time.sleep(0.0005)
    return send


def chat_hello():
    client = Plain()
    client.begin()
    client.shake_hands(drip(client))
    assert b"name" in client.read()
    client = Plain()
    try:
        for number in range(64):
            head = b"\x01\x10\0\0" if number == 0 else b""
            client.socket.sendall(b"\x16\x03\x01\x40\0" + head.ljust(0x4000, b"x"))
        while client.socket.recv(1000):
            pass
    except ConnectionError:
        pass


def chat_cut():
    for cut in 1, 10, 25:  # of a record of about 30 bytes
        client = Plain()
        client.begin()
        client.shake_hands(client.socket.sendall)
        client.read()
        client.tls.write(b"mallory\n\n")
        client.socket.sendall(client.out.read()[:-cut])
        client.socket.shutdown(socket.SHUT_WR)
        try:
            while client.socket.recv(1000):
                pass
        except ConnectionError:
            pass


def signatures(count):
    ftp = log_in()
    for number in range(count):
        if number == 20:  # so that more than it has at once is used up
            print("there", flush=True)
        ftp.nlst()
    print("done", flush=True)
    ftp.quit()


# --- somebody dies ---


def there():
    print("there", flush=True)
    sys.stdin.readline()


def ask_behind(client):
    """Whether a session answers; a relay shakes hands before it sees that there is none any more."""
    client.tls.write(b"NOOP\r\n")
    client.socket.sendall(client.out.read())
    return "served" if client.read().startswith(b"200 ") else "cut"


def at_before_auth():
    client = Plain()
    client.line()
    there()
    reply = client.ask("AUTH TLS")
    if not reply.startswith("234 "):
        return reply[:3]
    client.begin()
    client.shake_hands(client.socket.sendall)
    return ask_behind(client)


def at_in_handshake():
    client = with_auth()
    hello = client.hello()
    client.socket.sendall(hello[:3])
    there()
    client.socket.sendall(hello[3:])
    client.shake_hands(client.socket.sendall)
    return ask_behind(client)


def at_when_idle():
    ftp = log_in()
    there()
    got = []
    ftp.retrbinary("RETR small", got.append)
    return "served" if b"".join(got) == b"small" else "WRONG"


def at_in_download():
    ftp = log_in()
    data = ftp.transfercmd("RETR large")
    data.suppress_ragged_eofs = False
    total = len(data.recv(1000))
    there()
    try:
        while got := data.recv(65536):
            total += len(got)
        end = "clean"
    except OSError:
        end = "cut"
    is_whole = total == 2 * HALF
    try:
        reply = ftp.getmultiline()[:3]
    except (EOFError, OSError, ftplib.Error):
        reply = "none"
    if not is_whole and (end == "clean" or reply == "226"):
        return "WRONG: half a file looks whole"
    return "served" if is_whole and reply == "226" else "cut"


def at_in_upload():
    ftp = log_in()
    ftp.voidcmd("NOOP")
    data = ftp.transfercmd("STOR target")
    data.sendall(b"n" * HALF)
    there()
    try:
        data.sendall(b"n" * HALF)
        data.unwrap()
    except OSError:
        pass
    data.close()
    try:
        reply = ftp.getmultiline()[:3]
    except (EOFError, OSError, ftplib.Error):
        reply = "none"
    return "served" if reply == "226" else "cut"


def enter_chat(client):
    client.tls.write(b"mallory\n\n")
    client.socket.sendall(client.out.read())
    heard = b""
    while b"/resume " not in heard:
        some = client.read()
        if not some:
            raise EOFError("a clean end")
        heard += some
    return client


def say_last(client, records):
    """Says these, and that it leaves; whether the server has ended in order then."""
    client.tls.write(b"/quit\n")
    client.socket.sendall(records + client.out.read())
    while client.read():
        pass
    return "served"


def shake_chat_hands():
    client = Plain()
    client.begin()
    client.shake_hands(client.socket.sendall)
    return client


def at_chat_in_handshake():
    client = Plain()
    hello = client.hello()
    client.socket.sendall(hello[:3])
    there()
    client.socket.sendall(hello[3:])
    client.shake_hands(client.socket.sendall)
    enter_chat(client).tls.write(b"a whole line\n")
    return say_last(client, client.out.read())


def at_chat_when_idle():
    client = enter_chat(shake_chat_hands())
    there()
    client.tls.write(b"a whole line\n")
    return say_last(client, client.out.read())


def at_chat_in_line():
    client = enter_chat(shake_chat_hands())
    client.tls.write(b"a wh")
    client.socket.sendall(client.out.read())
    client.tls.write(b"ole line\n")
    record = client.out.read()
    client.socket.sendall(record[:10])
    there()
    return say_last(client, record[10:])


if WHAT.startswith("at_"):
    try:
        print(globals()[WHAT](), flush=True)
    except (EOFError, OSError, ftplib.Error):
        print("cut", flush=True)
else:
    globals()[WHAT](*map(int, sys.argv[4:]))
