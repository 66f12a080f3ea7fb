#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Python's ftplib over TLS: tls_client.py PORT CERTIFICATE FOLDER - logs in, lists, stores, fetches, resumes and
deletes over private data connections; FOLDER is what the server serves. The session is resumed on data
connections in a second round, which ftplib itself never does; a fourth word, plain or resuming, chooses one."""
import ftplib
import io
import os
import socket
import ssl
import sys

PORT, CERTIFICATE, FOLDER = int(sys.argv[1]), sys.argv[2], sys.argv[3]


class Resuming(ftplib.FTP_TLS):
    def ntransfercmd(self, cmd, rest=None):
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if self._prot_p:
            conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
            assert conn.session_reused, "the server did not resume the session"
        return conn, size


def log_in(kind, version):
    context = ssl.create_default_context(cafile=CERTIFICATE)
    context.minimum_version = context.maximum_version = version
    ftp = kind(context=context, timeout=60)
    ftp.connect("localhost", PORT)
    ftp.login()  # AUTH TLS comes first
    ftp.prot_p()
    return ftp


def round_trip(kind, version):
    ftp = log_in(kind, version)
    content = os.urandom(300000)
    for number in range(8):
        name = f"file{number}"
        ftp.storbinary(f"STOR {name}", io.BytesIO(content))
        with open(os.path.join(FOLDER, name), "rb") as stored:
            assert stored.read() == content
        got = []
        ftp.retrbinary(f"RETR {name}", got.append)
        assert b"".join(got) == content
        got = []
        ftp.retrbinary(f"RETR {name}", got.append, rest=299000)
        assert b"".join(got) == content[299000:]
    assert sorted(ftp.nlst()) == [f"file{number}" for number in range(8)]
    ftp.prot_c()
    assert len(ftp.nlst()) == 8
    ftp.prot_p()
    for name in ftp.nlst():
        ftp.delete(name)
    assert ftp.nlst() == []
    ftp.quit()


def expect_abort(ftp):
    ftp.putcmd("ABOR")
    for code in "426", "226":
        reply = ftp.getmultiline()
        assert reply.startswith(code), reply


def expect_reset(data):
    data.suppress_ragged_eofs = False
    try:
        while data.recv(65536):
            pass
    except (ConnectionError, ssl.SSLEOFError):
        data.close()
        return
    sys.exit("it ended as if it were whole")


def break_off(version):
    ftp = log_in(Resuming, version)
    ftp.voidcmd("TYPE I")
    ftp.storbinary("STOR large", io.BytesIO(bytes(20_000_000)))
    for number in range(3):
        data = ftp.transfercmd("RETR large")
        assert data.recv(1000)
        expect_abort(ftp)
        expect_reset(data)
        ftp.storbinary("STOR old", io.BytesIO(b"old"))
        for name in "old", "new":
            data = ftp.transfercmd(f"STOR {name}")
            data.sendall(bytes(1_000_000))
            expect_abort(ftp)
            expect_reset(data)
        with open(os.path.join(FOLDER, "old"), "rb") as stored:
            assert stored.read() == b"old"
        assert sorted(ftp.nlst()) == ["large", "old"]
        got = []
        ftp.retrbinary("RETR large", got.append)
        assert sum(map(len, got)) == 20_000_000
        ftp.storbinary(f"STOR whole{number}", io.BytesIO(b"whole"))
        ftp.delete(f"whole{number}")
    ftp.delete("large")
    ftp.delete("old")
    ftp.quit()


def take(data):
    got = b""
    while some := data.recv(65536):
        got += some
    return got


def look_at_tickets(version):
    """Under 1.3 one before each data connection, on the control connection; none over a data connection."""
    ftp = log_in(ftplib.FTP_TLS, version)
    ftp.storbinary("STOR file", io.BytesIO(b"content"))
    seen = set()
    for _ in range(5):
        data = ftp.transfercmd("RETR file")
        assert ftp.sock.session.has_ticket
        seen.add(ftp.sock.session.id)
        assert take(data) == b"content"
        if version == ssl.TLSVersion.TLSv1_3:
            assert not data.session.has_ticket
        data.unwrap()
        ftp.voidresp()
    assert len(seen) == (5 if version == ssl.TLSVersion.TLSv1_3 else 1), seen
    ftp.quit()


def come_from_elsewhere(version):
    ftp = log_in(Resuming, version)
    ftp.storbinary("STOR file", io.BytesIO(b"content"))
    for foreign in "PORT 127,0,0,2,200,1", "EPRT |1|127.0.0.2|51201|":
        try:
            ftp.sendcmd(foreign)
            sys.exit(f"it would connect there: {foreign}")
        except ftplib.error_perm as error:
            assert str(error).startswith("504 "), error
    port = ftp.makepasv()[1]
    thief = socket.create_connection(("127.0.0.1", port), timeout=60, source_address=("127.0.0.2", 0))
    ftp.putcmd("RETR file")
    assert ftp.getmultiline().startswith("150 ")
    try:
        assert thief.recv(1) == b""
    except ConnectionResetError:
        pass
    data = ftp.context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=60),
                                   server_hostname=ftp.host, session=ftp.sock.session)
    assert take(data) == b"content"
    data.unwrap()
    ftp.voidresp()
    ftp.quit()


WHOLE = {"aborting": break_off, "tickets": look_at_tickets, "elsewhere": come_from_elsewhere}
KINDS = {"plain": [ftplib.FTP_TLS], "resuming": [Resuming]}
WORD = sys.argv[4] if len(sys.argv) > 4 else ""
for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
    if WORD in WHOLE:
        WHOLE[WORD](version)
        continue
    for kind in KINDS.get(WORD, [ftplib.FTP_TLS, Resuming]):
        round_trip(kind, version)
