# SPDX-License-Identifier: ISC
# soak.py's clients of chatd, of every dialect, a third of them under TLS. Each says numbered lines in its room and keeps what it is shown.
# Whoever stays to the end must have been shown every line of its rooms, once and in the log's order; nobody
# may be disconnected, but whose handler was killed.
import asyncio
import fcntl
import os
import pty
import re
import socket
import ssl
import struct
import termios
import time

ROOMS = ["r1", "r2", "r3", "r4", "r5"]
SHOWN = re.compile(rb"(\w+) say: (r\d) (\d+)$")
TOLD = re.compile(rb"(\w+) tells you: word (\d+)$")
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
REFUSED = b"disk is full"


class Secured:
    """Where chatd listens for TLS, and what its certificate is."""

    def __init__(self, daemon, certificate):
        self.certificate = certificate
        deadline = time.monotonic() + 60
        while len(found := re.findall(r"listening on 127\.0\.0\.1:(\d+)\n", daemon.log())) < 2:
            if time.monotonic() > deadline:
                raise RuntimeError("chatd does not listen for TLS")
            time.sleep(0.05)
        self.port = int(found[1])


class Disappointed(Exception):
    pass


class Talker:
    """A client over a socket, as nc makes one."""

    end = b"\n"

    def __init__(self, soak, name, rooms):
        self.soak, self.name, self.rooms = soak, name, rooms
        self.dice = soak.dice_of(name)
        self.shown = {room: [] for room in ROOMS}  # (speaker, number), as they came
        self.told = {}  # by whom -> numbers
        self.said = []  # when each line was said
        self.words = {}  # to whom -> how many private words
        self.refusals = 0
        self.rest = b""
        self.entered = set()

    under_tls = False  # where there is any

    async def open(self):
        secured = self.soak.secured if self.under_tls else None
        self.reader, self.writer = await asyncio.open_connection(
            "localhost" if secured else "127.0.0.1", secured.port if secured else self.soak.chatd.port,
            family=socket.AF_INET, ssl=ssl.create_default_context(cafile=secured.certificate) if secured else None)

    async def enter(self):
        await self.open()
        await self.say(self.name)
        await self.hear_until(lambda: b"Room code" in self.rest)
        while self.rooms[0] not in self.entered:  # with a full disk nobody is let in
            refusals = self.refusals
            await self.say(self.rooms[0])
            await self.hear_until(lambda: self.rooms[0] in self.entered or self.refusals > refusals)
            await asyncio.sleep(0.5 if self.refusals > refusals else 0)
        for room in self.rooms[1:]:
            await self.say(f"/join {room}")
            await self.hear_until(lambda room=room: room in self.entered)

    async def say(self, words):
        self.writer.write(words.encode() + self.end)
        await self.writer.drain()

    async def hear(self):
        got = await self.reader.read(65536)
        if not got:
            raise Disappointed(f"{self.name} was disconnected")
        *lines, self.rest = re.split(rb"[\r\n]+", self.rest + got)
        for line in lines:
            self.take(ESCAPES.sub(b"", line))

    def take(self, line):
        if found := SHOWN.search(line):
            self.shown[found[2].decode()].append((found[1].decode(), int(found[3])))
            self.soak.count("lines shown under TLS" if self.under_tls and self.soak.secured else "lines shown")
        elif found := TOLD.search(line):
            self.told.setdefault(found[1].decode(), []).append(int(found[2]))
            self.soak.count("private words shown")
        elif found := re.search(rb"You are in (\w+)\.", line):
            self.entered.add(found[1].decode())
        elif REFUSED in line:
            self.refusals += 1

    async def hear_until(self, is_so, seconds=120):
        deadline = time.monotonic() + seconds
        while not is_so():
            try:
                await asyncio.wait_for(self.hear(), max(0, deadline - time.monotonic()))
            except asyncio.TimeoutError:
                raise Disappointed(f"{self.name} waits in vain; it has {self.rest!r}") from None

    async def hear_always(self):
        while True:
            await self.hear()

    async def talk(self):
        """One line after another, now and then several at once or a private word."""
        room = self.rooms[-1]
        while not self.soak.is_over():
            await asyncio.sleep(self.dice.uniform(0.2, 3))
            for _ in range(3 if self.dice.random() < 0.1 else 1):
                self.said.append(time.monotonic())
                await self.say(f"{room} {len(self.said)}")
            if self.dice.random() < 0.1:
                other = self.dice.choice(self.soak.stayers).name
                if other != self.name:
                    self.words[other] = self.words.get(other, 0) + 1
                    await self.say(f"/msg {other} word {self.words[other]}")

    async def live(self):
        """Until the end, and until it has been shown what the logs have."""
        hearing = asyncio.ensure_future(self.hear_always())
        talking = asyncio.ensure_future(self.talk())
        try:
            done, _ = await asyncio.wait([hearing, talking], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            while not self.soak.has_said_all or not self.has_all():
                if self.soak.has_said_all and time.monotonic() > self.soak.last_call:
                    return
                done, _ = await asyncio.wait([hearing], timeout=0.2)
                if done:
                    hearing.result()
        finally:
            for task in (hearing, talking):
                task.cancel()
            await asyncio.gather(hearing, talking, return_exceptions=True)

    def wanted(self, room):
        return [(who, number) for who, number in self.soak.logged[room] if who != self.name]

    def has_all(self):
        return (all(len(self.shown[room]) >= len(self.wanted(room)) for room in self.rooms)
                and all(len(self.told.get(one.name, [])) >= one.words.get(self.name, 0) for one in self.soak.stayers))

    def faults(self):
        """What is wrong with what it was shown."""
        for room in self.rooms:
            shown, wanted = self.shown[room], self.wanted(room)
            if shown != wanted:
                at = next((i for i, (a, b) in enumerate(zip(shown, wanted)) if a != b), min(len(shown), len(wanted)))
                yield (f"{self.name} was shown {len(shown)} lines of {room}, and the log has {len(wanted)}; from number "
                       f"{at} on {shown[at:at + 4]} instead of {wanted[at:at + 4]}")
        for one in self.soak.stayers:
            told, wanted = self.told.get(one.name, []), list(range(1, one.words.get(self.name, 0) + 1))
            if told != wanted:
                yield f"{one.name} has told {self.name} {len(wanted)} words, and it was shown {told}"

    async def close(self):
        self.writer.close()


class Telnet(Talker):
    end = b"\r\n"


class SecuredTalker(Talker):
    under_tls = True


class SecuredTelnet(Telnet):
    under_tls = True


class Pipe(Talker):
    """chat(1) between two pipes."""

    def command(self):
        secured = self.soak.secured if self.under_tls else None
        where = f"localhost:{secured.port}" if secured else f"127.0.0.1:{self.soak.chatd.port}"
        return [os.path.join(self.soak.build, "chat"), *(["--tls", "--ca-file", secured.certificate] if secured else []),
                f"{self.name}@{where}", self.rooms[0]]

    async def open(self):
        self.process = await asyncio.create_subprocess_exec(
            *self.command(),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
        self.reader, self.writer = self.process.stdout, self.process.stdin

    async def enter(self):
        await self.open()
        await self.hear_until(lambda: self.rooms[0] in self.entered)

    async def close(self):
        """It ends well when its input does, unless it was refused a line."""
        self.writer.close()
        try:
            await asyncio.wait_for(self.process.wait(), 60)
        except asyncio.TimeoutError:
            self.process.kill()
            self.soak.fault(f"{self.name}: chat does not end")
        if self.process.returncode != 0 and self.refusals == 0:
            self.soak.fault(f"{self.name}: chat ended with {self.process.returncode}")


class Terminal(Pipe):
    """chat(1) at a terminal."""

    end = b"\r"

    async def open(self):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
        self.process = await asyncio.create_subprocess_exec(
            *self.command(),
            stdin=theirs, stdout=theirs, env={**os.environ, "TERM": "xterm"}, start_new_session=True)
        os.close(theirs)
        loop = asyncio.get_running_loop()
        self.reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(self.reader), os.fdopen(ours, "rb", 0))
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin,
                                                            os.fdopen(os.dup(ours), "wb", 0))
        self.writer = asyncio.StreamWriter(transport, protocol, None, loop)

    async def close(self):
        await self.say("/quit")
        try:
            await asyncio.wait_for(self.process.wait(), 60)
        except asyncio.TimeoutError:
            self.process.kill()
            self.soak.fault(f"{self.name}: chat does not end")
        self.writer.close()


class SecuredPipe(Pipe):
    under_tls = True


class SecuredTerminal(Terminal):
    under_tls = True


class Passer(Talker):
    """Comes, says some lines and leaves in order. Its handler may be killed: then its last lines may be lost."""

    was_killed = False

    async def pass_by(self):
        try:
            await self.enter()
            self.soak.passers[self.name] = self
            for _ in range(self.dice.randrange(1, 8)):
                self.said.append(time.monotonic())
                await self.say(f"{self.rooms[0]} {len(self.said)}")
                await asyncio.sleep(self.dice.uniform(0, 1))
            await self.say("/quit")
            await asyncio.wait_for(self.hear_always(), 120)
        except (Disappointed, OSError) as error:
            is_good = isinstance(error, Disappointed) and "disconnected" in str(error) and b"Goodbye" in self.goodbye
            if not is_good and not self.was_killed:
                self.soak.fault(f"{self.name} ends with {error!r}")
        except asyncio.TimeoutError:
            self.soak.fault(f"{self.name} has said /quit and is not let go")

    goodbye = b""

    def take(self, line):
        self.goodbye = line or self.goodbye
        super().take(line)

    def faults(self):
        """What it was shown is a piece of the log without its own lines."""
        shown, wanted = self.shown[self.rooms[0]], self.wanted(self.rooms[0])
        if shown:
            at = wanted.index(shown[0]) if shown[0] in wanted else 0
            if wanted[at:at + len(shown)] != shown:
                yield f"{self.name} was shown {shown}, and the log has {wanted[at:at + len(shown)]}"


KINDS = [(Talker, 0.4), (Telnet, 0.15), (Pipe, 0.08), (Terminal, 0.05), (SecuredTalker, 0.2), (SecuredTelnet, 0.05),
         (SecuredPipe, 0.05), (SecuredTerminal, 0.02)]


def make_all(soak, number):
    """So many clients, of all kinds in their proportions; some are in two rooms."""
    made = []
    for kind, share in KINDS:
        for n in range(max(1, round(number * share))):
            first = soak.dice.sample(ROOMS, 2 if not issubclass(kind, Pipe) and n % 5 == 0 else 1)
            made.append(kind(soak, f"{kind.__name__.lower()}{n}", first))
    return made


async def passers(soak):
    while not soak.is_over():
        number = soak.count("clients that came")
        await Passer(soak, f"passer{number}", [soak.dice.choice(ROOMS)]).pass_by()
        await asyncio.sleep(soak.dice.uniform(0, 0.5))
