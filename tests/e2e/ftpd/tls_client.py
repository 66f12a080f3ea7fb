#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Python's ftplib over TLS: tls_client.py PORT CERTIFICATE FOLDER - logs in, lists, stores, fetches, resumes and
deletes over private data connections; FOLDER is what the server serves. The session is resumed on data
connections in a second round, which ftplib itself never does; a fourth word, plain or resuming, chooses one."""
import ftplib
import io
import os
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


def round_trip(kind, version):
    context = ssl.create_default_context(cafile=CERTIFICATE)
    context.minimum_version = context.maximum_version = version
    ftp = kind(context=context, timeout=60)
    ftp.connect("localhost", PORT)
    ftp.login()  # AUTH TLS comes first
    ftp.prot_p()
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
    context = ssl.create_default_context(cafile=CERTIFICATE)
    context.minimum_version = context.maximum_version = version
    ftp = Resuming(context=context, timeout=60)
    ftp.connect("localhost", PORT)
    ftp.login()
    ftp.prot_p()
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


KINDS = {"plain": [ftplib.FTP_TLS], "resuming": [Resuming]}
WORD = sys.argv[4] if len(sys.argv) > 4 else ""
for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
    if WORD == "aborting":
        break_off(version)
        continue
    for kind in KINDS.get(WORD, [ftplib.FTP_TLS, Resuming]):
        round_trip(kind, version)
