#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# A soak of chatd: clients join, talk, change rooms, leave, are killed, come back with their tokens; half of
# them read slowly, and now and then a handler is killed. At the end every client that is left must have seen
# exactly the lines that its rooms' logs hold for it, in their order.
#
#   tests/bench/chat_soak.py [--seconds 600] [--clients 200] [--seed N] [--bin build/default]
#
# Starts a chatd of its own on a port of the system's choice, in a folder of its own, and stops it. Prints
# figures and exits with 0, or what was wrong and exits with 1.
import argparse
import asyncio
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

HEAD = struct.Struct("<IIQqQBBH")
JOINED, LEFT, SAID, ANNOUNCED, ACTED = 10, 11, 12, 13, 14
ROOMS = {"lobby": "lobby", "plans": "s3cret", "attic": "attic"}
STAMP = re.compile(rb"^\[(?:(\S+) )?(\d+) (?:\d{4}-\d\d-\d\d )?\d\d:\d\d(?: UTC)?\] (.*)$")
OVER = "the soak is over"


class Failure(Exception):
    pass


def read_log(folder):
    """The records of a room's log: line -> (speaker, kind, what a client is shown)."""
    records = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            log = file.read()
        at = 0
        while at + HEAD.size <= len(log):
            check, size, line, micros, speaker, kind, n, m = HEAD.unpack_from(log, at)
            start = at + size - n - m  # behind the serial, if there is one
            kind &= 127
            who = log[start:][:n]
            words = log[start + n:][:m]
            shown = {
                JOINED: who + b" joined",
                LEFT: who + b" left" + (b" (" + words + b")" if words else b""),
                SAID: who + b" say: " + words,
                ANNOUNCED: b"administrator say: " + words,
                ACTED: b"* " + who + b" " + words,
            }.get(kind)
            if shown is not None:
                records[line] = (speaker, kind, shown, who)
            at += size
    return records


class Client:
    def __init__(self, soak, number, slow, stays):
        self.soak, self.slow, self.stays = soak, slow, stays
        self.name = f"c{number}"
        self.seen = {}  # room -> [(line, checksum of what was shown)] in the order it came
        self.first = {}  # room -> the first line that had to be shown; None: its own joining tells
        self.current = None
        self.token = None
        self.over = set()
        self.buffer = b""

    async def connect(self, first_line):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        if self.slow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", self.soak.port))
        await self.send("/time on\n" + first_line)

    async def send(self, words):
        await asyncio.get_running_loop().sock_sendall(self.socket, words.encode())

    async def read_once(self, most):
        got = await asyncio.get_running_loop().sock_recv(self.socket, most)
        if not got:
            raise ConnectionError("closed")
        *lines, self.buffer = (self.buffer + got).split(b"\n")
        for line in lines:
            self.hear(line)

    def hear(self, line):
        stamp = STAMP.match(line)
        if stamp:
            room = (stamp[1] or self.current.encode()).decode()
            self.seen.setdefault(room, []).append((int(stamp[2]), zlib.crc32(stamp[3])))
            self.soak.heard += 1
            if OVER.encode() in stamp[3]:
                self.over.add(room)
            return
        words = line.decode()
        if "You were too far behind" in words or "You have skipped" in words:
            raise Failure(f"{self.name}: {words}")
        entered = re.search(r"You are in (\S+)\. ", words)
        if entered:
            self.current = entered[1]
            self.seen.setdefault(self.current, [])
            self.first.setdefault(self.current, None)
        token = re.search(r"/resume ([0-9a-f]{32})$", words)
        if token:
            self.token = token[1]

    async def enter(self):
        room = random.choice(list(ROOMS))
        await self.connect(f"{self.name}\n{ROOMS[room]}\n")
        while self.token is None:
            await self.read_once(4096)
        if not self.slow and random.random() < 0.3:
            other = random.choice([other for other in ROOMS if other != room])
            await self.send(f"/join {other} {ROOMS[other]}\n" if ROOMS[other] != other else f"/join {other}\n")

    async def read(self):
        while True:
            if self.slow and not self.soak.is_over:
                await self.read_once(random.choice([50, 500, 5000]))
                await asyncio.sleep(random.uniform(0, 1.5))
            else:
                await self.read_once(65536)

    async def talk(self):
        count = 0
        while not self.soak.is_over:
            await asyncio.sleep(random.expovariate(1 / 3))
            if self.soak.is_over:
                return
            count += 1
            kind = random.random()
            if kind < 0.8:
                words = f"{self.name} line {count} " + "x" * random.randrange(80)
            elif kind < 0.9:
                words = f"/me does {count}"
            else:
                words = f"/paste\n{count} one\n{count} two\n.\n/who"
            await self.send(words + "\n")

    async def live(self):
        """Until the end, or until something ends this connection. True: it is still there at the end."""
        tasks = [asyncio.ensure_future(self.read()), asyncio.ensure_future(self.talk())]
        lifetime = None if self.stays else random.expovariate(1 / 40)
        try:
            started = time.monotonic()
            while not self.soak.is_over:
                for task in tasks:
                    if task.done() and task.exception():
                        raise task.exception()
                if lifetime is not None and time.monotonic() - started > lifetime:
                    return False
                await asyncio.sleep(0.2)
            while not self.over >= set(self.first):
                if tasks[0].done():
                    raise tasks[0].exception() or Failure(f"{self.name}: reading has ended")
                await asyncio.sleep(0.1)
            return True
        except (ConnectionError, OSError):
            return False  # its handler was killed
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def end(self, how):
        try:
            if how == "quit":
                await self.send("/quit\n")
            elif how == "reset":
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.socket.close()

    async def resume(self):
        """Takes the place again; with the last line where there is one room."""
        old_first, old_seen = self.first, self.seen
        last = None
        if len(old_first) == 1 and old_seen[self.current]:
            last = old_seen[self.current][-1][0]
        token, self.token, self.buffer = self.token, None, b""
        self.goes_on = {room: lines[-1][0] + 1 for room, lines in old_seen.items() if lines}
        self.first, self.seen, self.over = {}, {}, set()
        await self.connect(f"/resume {token}" + (f" {last}" if last else "") + "\n")
        while self.token is None:
            await asyncio.wait_for(self.read_once(4096), 60)
            if b"not valid" in self.buffer:
                raise ConnectionError("no token")
        if last is not None:
            self.first[self.current] = last + 1
        self.soak.resumed += 1

    def check(self, logs):
        for room, first in self.first.items():
            log = logs[room]
            mine = max((line, record[0]) for line, record in log.items()
                       if record[1] == JOINED and record[3] == self.name.encode())
            own_line, own_number = mine
            seen = self.seen[room]
            if first is None and not self.has_resumed:
                first = own_line
            if first is None:  # lines may have come twice, but none is missed
                first = min((line for line, _ in seen), default=own_line)
                if first > self.goes_on.get(room, own_line):
                    raise Failure(f"{self.name} in {room} goes on from {first}, not {self.goes_on[room]}")
            wanted = [(line, zlib.crc32(record[2])) for line, record in sorted(log.items())
                      if line >= first and not (record[0] == own_number and record[1] in (JOINED, LEFT, SAID, ACTED))]
            got = [(line, shown) for line, shown in seen if line >= first]
            if got != wanted:
                both = set(got) & set(wanted)
                raise Failure(f"{self.name} in {room} from {first}: saw {len(got)} lines, the log has {len(wanted)}; "
                              f"missed {[l for l, s in wanted if (l, s) not in both][:5]}, "
                              f"too many {[l for l, s in got if (l, s) not in both][:5]}")
            self.soak.checked += len(got)

    has_resumed = False


class Soak:
    def __init__(self, options):
        self.options = options
        self.heard = self.checked = self.resumed = self.killed = self.lives = 0
        self.is_over = False
        self.survivors = []

    async def person(self, slow, stays):
        while not self.is_over:
            self.lives += 1
            client = Client(self, self.lives, slow, stays)
            try:
                await client.enter()
                while True:
                    if await client.live():
                        self.survivors.append(client)
                        return
                    how = random.choice(["quit", "close", "reset", "reset"])
                    await client.end(how)
                    if how == "quit" or random.random() < 0.5 or self.is_over:
                        break
                    client.has_resumed = True
                    await client.resume()
            except (ConnectionError, OSError, asyncio.TimeoutError):
                client.socket.close()

    async def killer(self):
        while not self.is_over:
            await asyncio.sleep(2)
            who = (await self.chatctl("who")).splitlines()[1:]
            handlers = [line.split()[0] for line in who]
            if handlers:
                pid = int(random.choice(handlers))
                if pid > 0:
                    os.kill(pid, signal.SIGKILL)
                    self.killed += 1

    async def chatctl(self, *words):
        process = await asyncio.create_subprocess_exec(
            os.path.join(self.options.bin, "chatctl"), "-s", os.path.join(self.state, "control"), *words,
            stdout=subprocess.PIPE)
        out, _ = await process.communicate()
        return out.decode()

    async def run(self):
        people = [asyncio.ensure_future(self.person(slow=i % 2 == 1, stays=i % 5 == 0))
                  for i in range(self.options.clients)]
        killer = asyncio.ensure_future(self.killer())
        deadline = time.monotonic() + self.options.seconds
        while time.monotonic() < deadline:
            await asyncio.sleep(1)
            for person in people:
                if person.done() and person.exception():
                    raise person.exception()
        self.is_over = True
        await killer
        await asyncio.sleep(3)  # who is coming in just now is in
        await self.chatctl("announce", OVER)
        done, waiting = await asyncio.wait(people, timeout=120)
        for person in done:
            person.result()
        if waiting:
            raise Failure(f"{len(waiting)} clients do not come to the end")
        logs = {room: read_log(os.path.join(self.state, "rooms", room)) for room in ROOMS}
        for client in self.survivors:
            client.check(logs)
            client.socket.close()
        lines = sum(len(log) for log in logs.values())
        print(f"{self.options.seconds} s: {self.lives} clients came, {len(self.survivors)} are left, "
              f"{self.resumed} places taken again, {self.killed} handlers killed; {lines} lines in the logs, "
              f"{self.heard} shown; of those who are left {self.checked} checked, all as the logs have them")
        if len(self.survivors) < self.options.clients / 2:
            raise Failure("too few are left to say anything")

    def start(self, folder):
        self.state = os.path.join(folder, "state")
        lines = ["listen 127.0.0.1:0", f"state {self.state}", "room lobby", "room plans code s3cret", "room attic",
                 "connect-rate 0", "max-per-address 0", "flood off"]
        command = [os.path.join(self.options.bin, "chatd"), "-d"]
        for line in lines:
            command += ["-o", line]
        self.log = open(os.path.join(folder, "log"), "w+")
        self.daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=self.log)
        end = time.monotonic() + 20
        while time.monotonic() < end and self.daemon.poll() is None:
            with open(self.log.name) as log:
                found = re.search(r"listening on 127\.0\.0\.1:(\d+)\n", log.read())
            if found:
                self.port = int(found[1])
                return
            time.sleep(0.05)
        raise Failure("chatd does not listen")

    def stop(self):
        self.daemon.terminate()
        if self.daemon.wait(60) != 0:
            raise Failure(f"chatd has ended with {self.daemon.returncode}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--bin", default="build/default")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(1 << 32)
    random.seed(seed)
    with tempfile.TemporaryDirectory(prefix="chat-soak.") as folder:
        os.chmod(folder, 0o755)  # the hub that root starts is a user of its own
        soak = Soak(options)
        try:
            soak.start(folder)
            try:
                asyncio.run(soak.run())
            finally:
                soak.stop()
        except Failure as failure:
            with open(os.path.join(folder, "log")) as log:
                sys.stderr.write("".join(log.readlines()[-20:]))
            sys.exit(f"chat_soak, seed {seed}: {failure}")


main()
