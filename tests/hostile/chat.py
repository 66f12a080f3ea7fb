# SPDX-License-Identifier: ISC
# hostile.py's clients of chatd: those that attack, and the witnesses, who must be shown each line once.
import os
import subprocess
import time

from mutation import WITNESS_PATIENCE, gone, mutate, send_in_pieces

WORDS = ["hello", "/help", "/who", "/rooms", "/join plans s3cret", "/join lobby", "/join vault x", "/leave", "/switch",
         "/nick n{n}", "/nick administrator", "/me waves", "/msg witness1 hi", "/reply x", "/paste", ".", "/topic t",
         "/away", "/away gone", "/history 5", "/history 100000", "/since 1", "/search hello", "/live", "/ignore n1",
         "/quiet", "/time on", "/time Asia/Shanghai", "/bell all", "/colour on", "/lang zh", "/lang en", "/kick witness1",
         "/mute n1", "/ban n1", "/ban 127.0.0.1", "/bans", "/moderate on", "/voice n1", "/oper chief sun",
         "/oper chief {x}", "/bot", "/resume {x} 1", "/quit bye", "//slash", "\xe4\xbd\xa0\xe5\xa5\xbd"]
SAID = "the witness has seen "


def configure(build):
    # Nobody knows the operator's password, but many try: authd has work.
    hashed = subprocess.run([os.path.join(build, "chatctl"), "user", "hash"], input="moon\n", text=True,
                            capture_output=True, check=True).stdout.strip()
    return ["room lobby", "room plans code s3cret", "room court code justice", f"operator chief {hashed}",
            "connect-rate 0", "history-on-join 5", "create-rooms on", "login-holdoff 0"]


def lines_of(dice, number):
    for _ in range(number):
        line = dice.choice(WORDS).format(n=dice.randrange(30), x="0123456789abcdef" * dice.randrange(9))
        line = line.encode("latin-1")
        yield (mutate(dice, line) if dice.random() < 0.4 else line) + dice.choice([b"\n", b"\n", b"\n", b"\r\n", b""])


def drain(client):
    client.setblocking(False)
    try:
        while client.recv(65536):
            pass
    except OSError:
        pass
    client.setblocking(True)
    client.settimeout(3)


def enter(daemon, dice, address):
    client = daemon.connect(address, 3)
    client.sendall(b"n%d\n%s\n" % (dice.randrange(100000), dice.choice([b"", b"", b"s3cret", b"nonsense"])))
    return client


def talk(dice, client):
    """Lines and commands to the end, some of them read."""
    for line in lines_of(dice, dice.randrange(60)):
        if not send_in_pieces(dice, client, line):
            break
        if dice.random() < 0.5:
            drain(client)
    gone(dice, client)


def dialogue(run, daemon, dice, address):
    """Lines and commands, many of them mutated."""
    talk(dice, enter(daemon, dice, address))


def bot(run, daemon, dice, address):
    """What a program says: without a dialogue, and with answers that it asks for."""
    client = enter(daemon, dice, address)
    client.sendall(b"/bot\n")
    talk(dice, client)


def first_words(run, daemon, dice, address):
    """The dialogue before one is somebody."""
    client = daemon.connect(address, 3)
    for line in lines_of(dice, dice.randrange(8)):
        send_in_pieces(dice, client, line)
    if dice.random() < 0.3:
        send_in_pieces(dice, client, dice.randbytes(dice.randrange(3000)))
    gone(dice, client)


def telnet(run, daemon, dice, address):
    """CRLF, options, sub-negotiations, keys."""
    client = daemon.connect(address, 3)
    client.sendall(b"n%d\r\n" % dice.randrange(100000))
    time.sleep(0.05)
    client.sendall(b"\r\n")
    for _ in range(dice.randrange(60)):
        keys = dice.choice([b"\xff\xfb\x18", b"\xff\xfd\x01", b"\xff\xfa\x1f\0\x01\0\x01\xff\xf0", b"\xff\xfa\x18\0xterm\xff\xf0",
                            b"\x1b[A", b"\x1b[D\x1b[C", b"\x7f\x7f", b"\t", b"\x01\x0b\x15\x17", b"word ", b"\r\0", b"\r\n",
                            b"\xe4\xbd\xa0", dice.randbytes(9)])
        if not send_in_pieces(dice, client, mutate(dice, keys) if dice.random() < 0.3 else keys):
            break
        if dice.random() < 0.3:
            drain(client)
    gone(dice, client)


def flood(run, daemon, dice, address):
    """Lines as fast as they go, nothing read."""
    client = enter(daemon, dice, address)
    client.settimeout(1)
    try:
        for _ in range(dice.randrange(100)):
            client.sendall(b"".join(lines_of(dice, 20)))
    except OSError:
        pass
    gone(dice, client)


def silence(run, daemon, dice, address):
    """Many connections that say nothing."""
    many = []
    try:
        for _ in range(dice.randrange(1, 60)):
            many.append(daemon.connect(address, 2))
            if dice.random() < 0.3:
                many[-1].sendall(b"n%d\n" % dice.randrange(100000))
        time.sleep(dice.uniform(0, 2))
    finally:
        for one in many:
            gone(dice, one)


SESSIONS = [dialogue, dialogue, dialogue, bot, first_words, telnet, flood, silence]


class Witness:
    def __init__(self, daemon, name):
        self.name = name
        self.socket = daemon.connect("127.0.0.1", WITNESS_PATIENCE)
        self.socket.settimeout(WITNESS_PATIENCE)
        self.file = self.socket.makefile("rb")
        self.socket.sendall(name.encode() + b"\njustice\n")
        self.read_up_to("You are in court")

    def read_up_to(self, words):
        """What stands before the line with these words."""
        before = []
        while True:
            line = self.file.readline().decode("utf-8", "replace")
            if not line:
                raise ConnectionError(f"{self.name} was disconnected")
            if words in line:
                return before
            before.append(line)


def witnesses(run, daemon):
    """Two people in a room with a code; each is shown what the other says, once and in order."""
    one, two = Witness(daemon, "witness1"), Witness(daemon, "witness2")
    number = 0
    while not run.is_over():
        for speaker, hearer in ((one, two), (two, one)):
            number += 1
            line = f"{SAID}{number}"
            speaker.socket.sendall(line.encode() + b"\n")
            for other in hearer.read_up_to(f"{speaker.name} say: {line}\n"):
                if SAID in other:
                    run.fault(f"{hearer.name} was shown once more, or late: {other!r}")
            run.count("lines of the witnesses")
        time.sleep(0.05)
    for speaker in (one, two):
        speaker.socket.close()


WITNESSES = [witnesses]


def lost_lines(run, daemon):
    """How many lines of the witnesses are not in the log, once."""
    chatctl = os.path.join(os.path.dirname(daemon.process.args[0]), "chatctl")
    told = subprocess.run([chatctl, "-s", daemon.control, "history", "court", "--since", "1"], capture_output=True,
                          check=False, timeout=120)
    log = told.stdout.decode("utf-8", "replace")
    logged = [int(line.rpartition(" ")[2]) for line in log.splitlines() if SAID in line]
    said = run.counts.get("lines of the witnesses", 0)
    if logged[:said] != list(range(1, said + 1)):
        print(f"hostile: the witnesses have said {said} lines, and the log has {len(logged)}: {told.stderr}")
    return len(set(range(1, said + 1)) - set(logged)) + len(logged) - len(set(logged))
