#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# hostile.py FOLDER MINUTES [SEED] - runs the daemons of FOLDER, best a build with sanitizers, among clients that
# do what clients should not: mutated dialogues, floods, connections that say nothing, ends in midst of everything,
# processes killed and stopped, reloads, words on the control socket. From other addresses witnesses use the
# daemons as people do.
# Prints its seed, and at the end counts that must all be zero; then its status is 0.
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True
import chat  # noqa: E402
import control  # noqa: E402
import ftp  # noqa: E402
from mutation import WITNESS_PATIENCE  # noqa: E402

WORKERS = 10  # hostile clients of each daemon at a time
WITNESS = "127.0.0.1"
HOSTILE = [f"127.0.0.{n}" for n in range(2, 12)]
REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error:|LeakSanitizer: detected|terminate called|Assertion")


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
        self.main = int(re.search(r"\w+\[(\d+)\]: listening", self.log())[1])
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

    def lasting(self):
        """The processes that the keeper has started, and itself, by role; a sweeper is none that stays."""
        found = {"keeper": self.process.pid}
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            for pid in map(int, file.read().split()):
                try:
                    with open(f"/proc/{pid}/cmdline", "rb") as words:
                        command = words.read()
                except OSError:
                    continue
                role = "spawner" if command.startswith(b"chatd-spawner") else "authd"
                found["main" if pid == self.main else role] = pid
        return found

    def descriptors(self):
        """What each of them holds: kinds of things, each as often as it is there."""
        found = {}
        for role, pid in self.lasting().items():
            try:
                folder = f"/proc/{pid}/fd"
                found[role] = sorted(re.sub(r"\d+", "N", os.readlink(f"{folder}/{fd}")) for fd in os.listdir(folder))
            except OSError:
                pass
        return found

    def usual(self):
        """What they hold when one client has come and gone, and nothing changes any more."""
        with self.connect(WITNESS, 60) as client:
            client.recv(1)
        before, same = None, 0
        while same < 4:
            time.sleep(0.5)
            now = self.descriptors()
            before, same = now, same + 1 if now == before else 0
        return now

    def settle(self, usual):
        """Who holds something else, once those who were connected are gone; waits for it a while."""
        deadline = time.monotonic() + 120
        while (now := self.descriptors()) != usual and time.monotonic() < deadline:
            time.sleep(0.5)
        return {role: f"{usual.get(role)} before, {now.get(role)} after"
                for role in usual.keys() | now.keys() if usual.get(role) != now.get(role)}

    def kill_helper(self, dice):
        """authd or the spawner, which the keeper starts again."""
        helpers = [pid for role, pid in self.lasting().items() if role in ("authd", "spawner")]
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
        for words, pid in re.findall(r"((?:spawner|authd|hub|parent|sweeper) (\d+) (?:ended|is killed): .*)", log):
            if int(pid) not in self.kills:
                bad.append(words)
        return bad

    def reports(self):
        return [line for line in self.log().splitlines() if REPORT.search(line)]


class Run:
    """What all threads share."""

    def __init__(self, seed, minutes):
        self.seed = seed
        self.minutes = minutes
        self.end = 0
        self.counts = {}
        self.faults = []
        self.lock = threading.Lock()

    def begin(self):
        self.end = time.monotonic() + self.minutes * 60

    def is_over(self):
        return time.monotonic() > self.end

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def fault(self, what):
        print(f"hostile: {what}", flush=True)
        with self.lock:
            self.faults.append(what)

    def attack(self, daemon, sessions, worker):
        """One hostile client after another, each with dice of its own."""
        turn = 0
        while not self.is_over():
            turn += 1
            dice = random.Random(f"{self.seed}/{daemon.name}/{worker}/{turn}")
            session = dice.choice(sessions)
            self.count(f"{daemon.name} {session.__name__}")
            try:
                session(self, daemon, dice, dice.choice(HOSTILE))
            except OSError:
                if daemon.process.poll() is not None:
                    return
            except Exception as error:  # a fault of ours, that must not end the attack unseen
                self.fault(f"{session.__name__} of worker {worker}, turn {turn}: {error!r}")

    def disturb(self, daemon):
        dice = random.Random(f"{self.seed}/{daemon.name}/disturb")
        while not self.is_over() and daemon.process.poll() is None:
            time.sleep(dice.uniform(0.05, 1))
            if dice.random() < 0.05:
                daemon.process.send_signal(signal.SIGHUP)
                self.count(f"{daemon.name} reloads")
            elif dice.random() < 0.03:
                if daemon.kill_helper(dice):
                    self.count(f"{daemon.name} helpers killed")
            else:
                daemon.kill_some(dice)

    def guard(self, witness, *arguments):
        try:
            witness(self, *arguments)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.fault(f"{witness.__name__}: {error!r} at {where.name}:{where.lineno} {where.line}")


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: hostile.py FOLDER MINUTES [SEED]")
    build, minutes = os.path.abspath(sys.argv[1]), float(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) == 4 else random.randrange(10**9)
    print(f"hostile: seed {seed}, {minutes:g} minutes, {build}", flush=True)
    run = Run(seed, minutes)
    place = tempfile.mkdtemp(prefix="hostile-")
    os.chmod(place, 0o755)
    daemons = []
    for name, lines in (("ftpd", ftp.configure(place, build)), ("chatd", chat.configure(build))):
        folder = os.path.join(place, name)
        os.mkdir(folder)
        daemons.append(Daemon(os.path.join(build, name), folder, lines))
    ftpd, chatd = daemons
    held = [daemon.usual() for daemon in daemons]
    run.begin()

    threads = [threading.Thread(target=run.guard, args=(witness, daemon))
               for daemon, witnesses in ((ftpd, ftp.WITNESSES), (chatd, chat.WITNESSES)) for witness in witnesses]
    for daemon, sessions in ((ftpd, ftp.SESSIONS), (chatd, chat.SESSIONS)):
        threads += [threading.Thread(target=run.attack, args=(daemon, sessions, n)) for n in range(WORKERS)]
        threads.append(threading.Thread(target=run.disturb, args=(daemon,)))
        threads.append(threading.Thread(target=run.guard, args=(control.administrators, daemon, build)))
    for thread in threads:
        thread.daemon = True
        thread.start()
    for thread in threads:
        thread.join(max(0, run.end - time.monotonic()) + WITNESS_PATIENCE + 60)
    stuck = sum(thread.is_alive() for thread in threads)

    left = [{} if daemon.process.poll() is not None else daemon.settle(before)
            for daemon, before in zip(daemons, held)]
    verdict = {
        "parents dead": sum(daemon.process.poll() is not None for daemon in daemons),
        "lost lines": chat.lost_lines(run, chatd),
        "half files": ftp.half_files(run, place),
        "processes that hold more or fewer descriptors": sum(map(len, left)),
        "stops that failed": sum(not daemon.stop() for daemon in daemons),
        "ends of children that nobody killed": 0,
        "sanitizer reports": 0,
        "witnesses disappointed": len(run.faults),
        "threads stuck": stuck,
    }
    for daemon, more in zip(daemons, left):
        for role, numbers in more.items():
            print(f"hostile: {daemon.name}: descriptors of {role}: {numbers}")
        for what, found in (("ends of children that nobody killed", daemon.bad_ends()),
                            ("sanitizer reports", daemon.reports())):
            verdict[what] += len(found)
            for line in found[:20]:
                print(f"hostile: {daemon.name}: {what}: {line}")
    for what, number in sorted(run.counts.items()):
        print(f"  {number:8} {what}")
    for daemon in daemons:
        print(f"  {len(daemon.kills):8} processes of {daemon.name} killed")
    print("hostile: " + ", ".join(f"{number} {what}" for what, number in verdict.items()))
    if any(verdict.values()):
        print(f"hostile: seed {seed}; the logs are in {place}")
        sys.exit(1)
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
