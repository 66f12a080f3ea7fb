# SPDX-License-Identifier: ISC
# hostile.py's clients of ftpd: those that attack, and the witness, whose files must stay whole.
import hashlib
import os
import random
import re
import socket
import ssl
import subprocess
import time

from daemon import certify
from mutation import WITNESS_PATIENCE, gone, mutate, send_in_pieces

VERBS = ["USER ann", "PASS sesame", "PASS wrong", "USER anonymous", "TYPE I", "TYPE A", "PWD", "CWD /", "CWD ..",
         "CWD m", "MKD m", "RMD m", "LIST", "LIST -la m", "NLST *", "MLSD", "MLST m1", "STAT", "STAT m1", "SIZE m1",
         "MDTM m1", "MDTM 20260101000000 m1", "REST 10", "REST 99999999999", "EPSV", "EPSV ALL", "PASV",
         "PORT 127,0,0,1,200,1", "EPRT |1|127.0.0.1|1|", "STOR m1", "STOR m2", "APPE m1", "RETR m1", "STOU",
         "ALLO 10", "PUT m3", "GET m1", "LS", "LS m", "DELE m1", "DELE m2", "RNFR m1", "RNTO m2", "SITE HELP",
         "SITE CHMOD 777 m1", "HELP", "FEAT", "OPTS UTF8 ON", "OPTS MLST size;", "ABOR", "NOOP", "SYST", "STRU F",
         "MODE S", "ACCT x", "REIN", "QUIT", "GET / HTTP/1.0"]


def configure(place, build):
    def hash_of(password):
        return subprocess.run([os.path.join(build, "ftpctl"), "user", "hash"], input=password + "\n", text=True,
                              capture_output=True, check=True).stdout.strip()

    root = os.path.join(place, "root")
    for folder in (root, os.path.join(root, "witness"), os.path.join(root, "ann")):
        os.mkdir(folder)
        os.chmod(folder, 0o777)
    users = os.path.join(place, "ftp-users")
    with open(users, "w", encoding="ascii") as file:
        rights = "list,read,write,overwrite,delete,rename,mkdir"
        file.write(f"ann:{hash_of('sesame')}:/ann:{rights}\n")
        file.write(f"witness:{hash_of('truth')}:/witness:{rights}\n")
    os.chmod(users, 0o600)
    certificate = certify(place, build)
    return certificate + (["log-level detail"] if certificate else []) + [f"root {root}", f"users {users}", "anonymous read", "connect-rate 0", "idle-timeout 20",
            "login-holdoff 0", f"xferlog {place}/xferlog"]


class Client:
    def __init__(self, daemon, address, timeout=10):
        self.socket = daemon.connect(address, timeout)
        self.address, self.port = address, daemon.port
        self.file = self.socket.makefile("rb")
        self.context = None  # under TLS

    def reply(self):
        line = self.file.readline(8192)
        if not line:
            raise ConnectionError("ended")
        if line[3:4] == b"-":
            last = line[:3] + b" "
            while not line.startswith(last):
                line = self.file.readline(8192)
                if not line:
                    raise ConnectionError("ended")
        return int(line[:3]), line.decode("utf-8", "replace").rstrip()

    def do(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def must(self, line, code):
        got, text = self.do(line)
        if got == 421:  # an administrator has closed it, say
            raise ConnectionError(text)
        if got != code:
            raise RuntimeError(f"{line}: {text}")
        return text

    def secure(self, context):
        """Speaks TLS from now on; data connections, too. To be called at the greeting."""
        self.reply()
        code, text = self.do("AUTH TLS")
        if code == 431:  # tlsd was killed just then
            raise ConnectionError(text)
        if code != 234:
            raise RuntimeError(text)
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")
        self.must("PBSZ 0", 200)
        self.must("PROT P", 200)
        self.context = context
        return self

    def login(self, user, password):
        if not self.context:
            self.reply()
        self.must(f"USER {user}", 331)
        code, text = self.do(f"PASS {password}")
        if code == 421 or "connect again in a moment" in text:  # authd was killed just then, or so
            raise ConnectionError(text)
        if code != 230:
            raise RuntimeError(text)
        self.must("TYPE I", 200)
        return self

    def data(self):
        port = int(re.search(r"\|(\d+)\|\)", self.must("EPSV", 229))[1])
        return socket.create_connection(("127.0.0.1", port), 10, (self.address, 0))

    def store(self, name, body):
        data = self.data()
        self.must(f"STOR {name}", 150)
        data = self.protect(data)
        data.sendall(body)
        if self.context:
            data.unwrap()
        data.close()
        code, text = self.reply()
        if code != 226:
            raise RuntimeError(text)

    def protect(self, data):
        if not self.context:
            return data
        return self.context.wrap_socket(data, server_hostname="localhost", session=self.socket.session)

    def fetch(self, name):
        data = self.data()
        self.must(f"RETR {name}", 150)
        data = self.protect(data)
        body = bytearray()
        while piece := data.recv(65536):
            body += piece
        data.close()
        code, text = self.reply()
        if code != 226:
            raise RuntimeError(text)
        return bytes(body)

    def close(self):
        self.file.close()
        self.socket.close()


def sealed(dice, size):
    """A body that shows whether it is whole."""
    body = dice.randbytes(size)
    return hashlib.sha256(body).hexdigest().encode() + b" %d\n" % size + body


def is_whole(bytes_):
    head, _, body = bytes_.partition(b"\n")
    return head == hashlib.sha256(body).hexdigest().encode() + b" %d" % len(body)


# --- those that attack ---


def dialogue(run, daemon, dice, address):
    """Lines of FTP, most of them mutated, and an end in some way."""
    client = Client(daemon, address, 5)
    data = []
    if dice.random() < 0.7:
        client.login("ann", "sesame")
    for _ in range(dice.randrange(60)):
        line = dice.choice(VERBS).encode()
        if dice.random() < 0.5:
            line = mutate(dice, line)
        if not send_in_pieces(dice, client.socket, line + dice.choice([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b""])):
            break
        if dice.random() < 0.6:
            try:
                client.socket.settimeout(0.3)
                _, text = client.reply()
                if port := re.search(r"\|(\d+)\|\)", text):
                    data.append(socket.create_connection(("127.0.0.1", int(port[1])), 1, (address, 0)))
                    if dice.random() < 0.5:
                        data[-1].sendall(dice.randbytes(dice.randrange(5000)))
            except (OSError, ValueError):
                break
    for one in data:
        gone(dice, one)
    gone(dice, client.socket)


def flood(run, daemon, dice, address):
    """Thousands of commands, no reply read."""
    client = Client(daemon, address, 2)
    if dice.random() < 0.5:
        client.login("ann", "sesame")
    lines = b"".join(dice.choice(VERBS).encode() + b"\r\n" for _ in range(50))
    try:
        for _ in range(dice.randrange(100)):
            client.socket.sendall(lines)
    except OSError:
        pass
    gone(dice, client.socket)


def silence(run, daemon, dice, address):
    """Many connections that say nothing, or half a line."""
    many = []
    try:
        for _ in range(dice.randrange(1, 60)):
            many.append(daemon.connect(address, 2))
            if dice.random() < 0.3:
                many[-1].sendall(b"USER an")
        time.sleep(dice.uniform(0, 2))
    finally:
        for one in many:
            gone(dice, one)


def half_upload(run, daemon, dice, address):
    """Stores a file that shows whether it is whole, and goes away in midst of it, in each way that tells."""
    client = Client(daemon, address).login("ann", "sesame")
    name = f"sealed-{dice.randrange(8)}"
    body = sealed(dice, dice.randrange(1, 300_000))
    cut = dice.randrange(len(body))
    try:
        if dice.random() < 0.5:
            client.must(f"ALLO {len(body)}", 200)
            client.socket.sendall(f"PUT {name}\r\n".encode() + body[:cut])
        else:
            data = client.data()
            client.must(f"STOR {name}", 150)
            data.sendall(body[:cut])
            if dice.random() < 0.5:
                gone(dice, data, reset=True)
    except RuntimeError:
        pass  # another has it under way
    gone(dice, client.socket)


def whole_upload(run, daemon, dice, address):
    client = Client(daemon, address).login("ann", "sesame")
    try:
        client.store(f"sealed-{dice.randrange(8)}", sealed(dice, dice.randrange(1, 100_000)))
        run.count("files stored by attackers")
    except RuntimeError as refusal: # another has it under way, most often
        run.count(f"stores refused: {re.sub(r'^[^:]*: ', '', str(refusal))[:60]}")
    gone(dice, client.socket)


def in_band(run, daemon, dice, address):
    """Files and lists on the control connection, bodies that are too short, too long or none, then commands."""
    client = Client(daemon, address, 5).login("ann", "sesame")
    for _ in range(dice.randrange(1, 8)):
        name = f"in-band-{dice.randrange(4)}"
        body = dice.randbytes(dice.randrange(20_000))
        said = dice.randrange(len(body) + 1) if dice.random() < 0.3 else len(body)
        line = dice.choice([b"ALLO %d\r\nPUT " % said + name.encode() + b"\r\n" + body, b"GET " + name.encode() + b"\r\n",
                            b"LS\r\n", b"LS " + name.encode() + b"\r\n", b"STAT\r\n",
                            b"WRITE " + name.encode() + b"\r\n" + body.hex().encode() + b"\r\n..\r\n.\r\n",
                            b"PUT " + name.encode() + b"\r\n" + body])
        if not send_in_pieces(dice, client.socket, mutate(dice, line) if dice.random() < 0.3 else line):
            break
        if dice.random() < 0.7:
            client.socket.settimeout(0.3)
            try:
                client.socket.recv(65536)
            except OSError:
                pass
            client.socket.settimeout(5)
    gone(dice, client.socket)


def slow_reader(run, daemon, dice, address):
    """Fetches, reads nothing, asks for more."""
    client = Client(daemon, address).login("ann", "sesame")
    client.socket.settimeout(2)
    try:
        data = client.data()
        client.socket.sendall(b"RETR sealed-1\r\n" + b"STAT\r\nNOOP\r\n" * dice.randrange(2000))
        time.sleep(dice.uniform(0, 1))
        gone(dice, data)
    except RuntimeError:
        pass
    gone(dice, client.socket)


def trust(daemon):
    """What believes the daemon's certificate; None where it has none."""
    certificate = os.path.join(os.path.dirname(daemon.folder), "own.pem")
    return ssl.create_default_context(cafile=certificate) if os.path.exists(certificate) else None


def hellos(run, daemon, dice, address):
    """AUTH TLS and a hello that is mutated, cut, sent in pieces, or followed by anything."""
    context = trust(daemon)
    if not context:
        return
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(into, out, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = out.read()
    if dice.random() < 0.6:
        hello = mutate(dice, hello)
    if dice.random() < 0.3:
        hello = hello[:dice.randrange(len(hello) + 1)]
    client = Client(daemon, address, 2)
    client.reply()
    client.must("AUTH TLS", 234)
    send_in_pieces(dice, client.socket, hello + dice.randbytes(dice.choice([0, 0, 5, 5000])))
    client.socket.settimeout(0.3)
    try:
        client.socket.recv(65536)
    except OSError:
        pass
    gone(dice, client.socket)


def half_secured_upload(run, daemon, dice, address):
    """As half_upload, but under TLS, whose own end never comes."""
    context = trust(daemon)
    if not context:
        return
    client = Client(daemon, address).secure(context).login("ann", "sesame")
    body = sealed(dice, dice.randrange(1, 300_000))
    try:
        data = client.data()
        client.must(f"STOR sealed-{dice.randrange(8)}", 150)
        data = client.protect(data)
        data.sendall(body[:dice.randrange(len(body))])
        if dice.random() < 0.5:
            plain = socket.socket(fileno=data.detach())
            plain.sendall(dice.randbytes(dice.randrange(1, 50)))
            gone(dice, plain)
        else:
            gone(dice, data, reset=dice.random() < 0.5)
        run.count("uploads cut under TLS")
    except RuntimeError:
        pass  # another has it under way
    gone(dice, client.socket)


SESSIONS = [hellos, half_secured_upload, dialogue, dialogue, dialogue, in_band, flood, silence, half_upload, whole_upload, slow_reader]


# --- the witness ---


def enter(run, daemon, context):
    """In the end: who comes while authd or tlsd is started again is told to come again."""
    deadline = time.monotonic() + WITNESS_PATIENCE
    while True:
        client = Client(daemon, "127.0.0.1", WITNESS_PATIENCE)
        try:
            if context:
                client.secure(context)
            return client.login("witness", "truth")
        except (ConnectionError, ssl.SSLError) as told:
            is_cut = isinstance(told, ssl.SSLError)  # tlsd or keyd was killed in the handshake
            if not (is_cut or "moment" in str(told)) or time.monotonic() > deadline:
                raise
            run.count("logins of the witness that had to come again")
            client.close()
            time.sleep(0.1)


def witness(run, daemon):
    """Stores files and fetches them, all the time, and they are whole."""
    dice = random.Random(f"{run.seed}/witness")
    while not run.is_over():
        client = enter(run, daemon, trust(daemon) if dice.random() < 0.5 else None)
        for _ in range(20):
            body = sealed(dice, dice.randrange(200_000))
            client.store("file", body)
            if client.fetch("file") != body:
                run.fault("the witness was given another file")
            run.count("files of the witness under TLS" if client.context else "files of the witness")
        client.must("QUIT", 221)
        client.close()


WITNESSES = [witness]


def half_files(run, place):
    """How many files under a name are not whole; and lines of the transfer log."""
    bad = 0
    for folder in ("ann", "witness"):
        for name in os.listdir(os.path.join(place, "root", folder)):
            if not re.fullmatch(r"sealed-\d|file", name):
                continue
            with open(os.path.join(place, "root", folder, name), "rb") as file:
                if not is_whole(file.read()):
                    bad += 1
                    print(f"hostile: not whole: {folder}/{name}")
    with open(os.path.join(place, "xferlog"), encoding="utf-8", errors="replace") as file:
        for line in file:
            if len(line.split()) != 18 or not line.endswith("\n"):
                bad += 1
                print(f"hostile: half a line in the transfer log: {line!r}")
    return bad
