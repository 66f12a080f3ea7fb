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


KINDS = {"plain": [ftplib.FTP_TLS], "resuming": [Resuming]}
for kind in KINDS[sys.argv[4]] if len(sys.argv) > 4 else [ftplib.FTP_TLS, Resuming]:
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        round_trip(kind, version)
