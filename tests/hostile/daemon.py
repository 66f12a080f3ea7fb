# SPDX-License-Identifier: ISC
# A daemon that hostile.py or soak.py runs: its processes, what they hold, what its log says of their ends.
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter

WITNESS = "127.0.0.1"
REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error:|LeakSanitizer: detected|terminate called|Assertion")


def certify(place, build):
    """The line of a configuration with a certificate for localhost, own.pem of this folder; none without TLS."""
    if not os.access(os.path.join(build, "suite-tls"), os.X_OK):
        return []
    made = subprocess.run([os.path.join(build, "ftpctl"), "certificate", "make", os.path.join(place, "own.pem"),
                           os.path.join(place, "own.key"), "localhost"], capture_output=True, text=True, check=True)
    return [made.stdout.splitlines()[0]]


class Daemon:
    """One daemon in a folder of its own; its log is followed while it runs."""

    def __init__(self, program, folder, lines):
        self.name = os.path.basename(program)
        self.folder = folder
        self.log_path = os.path.join(folder, "log")
        state = os.path.join(folder, "state")
        self.control = os.path.join(state, "control")
        self.kills = set()  # processes that we killed
        self.pids = []  # of hostile clients, the last ones
        self.accepted, self.accepts_seen, self.log_lock = set(), 0, threading.Lock()
        self.lock = threading.Lock()
        command = [program, "-d"]
        for line in ["listen 127.0.0.1:0", f"state {state}", *lines]:
            command += ["-o", line]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not (found := re.search(r"listening on 127\.0\.0\.1:(\d+)\n", self.log())):
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{self.name} does not start:\n{self.log()}")
            time.sleep(0.05)
        self.port = int(found[1])
        self.seen = 0

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def connect(self, address, timeout=10):
        return socket.create_connection((WITNESS, self.port), timeout, (address, 0))

    def follow(self):
        """Takes what is new in the log: who serves the hostile clients."""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            file.seek(self.seen)
            new = file.read()
            self.seen = file.tell()
        for address, pid in re.findall(r"accept (127\.0\.0\.\d+):\d+ pid (\d+)", new):
            if address != WITNESS:
                self.pids = (self.pids + [int(pid)])[-200:]

    def kill_some(self, dice):
        """Kills one of their processes, or stops it for a moment."""
        with self.lock:
            self.follow()
            dice.shuffle(self.pids)
            for pid in self.pids:
                if not self.is_ours(pid):
                    continue
                try:
                    if dice.random() < 0.3:
                        os.kill(pid, signal.SIGSTOP)
                        time.sleep(dice.uniform(0, 0.5))
                        os.kill(pid, signal.SIGCONT)
                    else:
                        self.kills.add(pid)
                        os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                return

    def role(self, pid, command, sockets):
        """What a child of the keeper is; None: it serves a client, and has lost the process that had forked it."""
        try:
            held = {sockets.get(os.readlink(f"/proc/{pid}/fd/{fd}")) for fd in os.listdir(f"/proc/{pid}/fd")}
        except OSError:  # of another user's, or no more there
            held = {"listener"} if re.search(rf"(hub|parent)\[{pid}\]: ", self.log()) else set()
        if "listener" in held:
            return "main"
        if "client" in held or pid in self.sessions():
            return None
        if command.startswith(b"suite-tls\0"):
            return command.split(b"\0")[1].decode()
        return "spawner" if command.startswith(b"chatd-spawner") else "authd"

    def sessions(self):
        """All that there were: one whose client speaks TLS holds no socket of its own."""
        with self.log_lock, open(self.log_path, "rb") as file:
            file.seek(self.accepts_seen)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self.accepts_seen += len(line)
                if found := re.search(rb"\]: accept \S+ pid (\d+) ", line):
                    self.accepted.add(int(found[1]))
        return self.accepted

    def sockets(self):
        """The TCP sockets of its port, as a descriptor's link has them."""
        with open("/proc/net/tcp", encoding="ascii") as file:
            rows = [line.split() for line in file]
        return {f"socket:[{row[9]}]": "listener" if row[3] == "0A" else "client"
                for row in rows if row[1].endswith(f":{self.port:04X}")}

    def main(self):
        """The hub's or the parent's number; None while there is none."""
        return self.lasting().get("main")

    def lasting(self):
        """The processes that the keeper has started, and itself, by role; a sweeper is none that stays."""
        found, sockets = {"keeper": self.process.pid}, self.sockets()
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            for pid in map(int, file.read().split()):
                try:
                    with open(f"/proc/{pid}/cmdline", "rb") as words:
                        command = words.read()
                except OSError:
                    continue
                if role := self.role(pid, command, sockets):
                    found[role] = pid
        return found

    def descriptors(self):
        """What each of them holds: kinds of things, each as often as it is there."""
        found = {}
        for role, pid in self.lasting().items():
            try:
                folder = f"/proc/{pid}/fd"
                held = (os.readlink(f"{folder}/{fd}").removesuffix(" (deleted)") for fd in os.listdir(folder))
                found[role] = sorted(re.sub(r"\d+", "N", one) for one in held)
            except OSError:
                pass
        return found

    def usual(self):
        """What they hold when one client has come and gone, and nothing changes any more."""
        with self.connect(WITNESS, 60) as client:
            client.recv(1)
        before, same = None, 0
        while same < 14:  # what is kept of who has left is let go after 5 s
            time.sleep(0.5)
            now = self.descriptors()
            before, same = now, same + 1 if now == before else 0
        return now

    def settle(self, usual):
        """Who holds something else, once those who were connected are gone; waits for it a while."""
        deadline = time.monotonic() + 120
        while (now := self.descriptors()) != usual and time.monotonic() < deadline:
            time.sleep(0.5)
        before, after = ({role: Counter(held) for role, held in some.items()} for some in (usual, now))
        return {role: f"gone: {dict(before.get(role, Counter()) - after.get(role, Counter()))}, "
                      f"new: {dict(after.get(role, Counter()) - before.get(role, Counter()))}"
                for role in usual.keys() | now.keys() if usual.get(role) != now.get(role)}

    def kill_helper(self, dice):
        """One of those that the keeper starts again."""
        helpers = [pid for role, pid in self.lasting().items() if role in ("authd", "spawner", "keyd", "tlsd")]
        if not helpers:
            return False
        pid = dice.choice(helpers)
        with self.lock:
            self.kills.add(pid)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return False
        return True

    def is_ours(self, pid):
        """Whether it is still this daemon's, and no other that was given its number."""
        try:
            for _ in range(4):
                with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                    pid = int(file.read().rpartition(")")[2].split()[1])
                if pid == self.process.pid:
                    return True
        except (OSError, ValueError):
            pass
        return False

    def stop(self):
        """Whether it was still there, and ended well."""
        if self.process.poll() is not None:
            return False
        self.process.terminate()
        try:
            return self.process.wait(120) == 0
        except subprocess.TimeoutExpired:
            self.process.kill()
            return False

    def bad_ends(self):
        """Ends of children that nobody killed."""
        log = self.log()
        bad = []
        if self.name == "ftpd":
            for pid, how in re.findall(r"end pid (\d+) (exit \d+|signal \d+)", log):
                if how != "exit 0" and int(pid) not in self.kills:
                    bad.append(f"session {pid}: {how}")
        else:
            ends = re.findall(r"a handler ended: (exit \d+|signal \d+)", log)
            bad = [f"a handler: {how}" for how in ends if how != "signal 9"]
            if (more := len(ends) - len(bad) - len(self.kills)) > 0:
                bad.append(f"{more} handlers that we did not kill: signal 9")
        for words, pid in re.findall(r"((?:spawner|authd|keyd|tlsd|relay|hub|parent|sweeper) (\d+) (?:ended|is killed): .*)", log):
            if int(pid) not in self.kills:
                bad.append(words)
        return bad

    def reports(self):
        return [line for line in self.log().splitlines() if REPORT.search(line)]
