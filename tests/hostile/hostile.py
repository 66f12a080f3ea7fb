#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# hostile.py FOLDER MINUTES [SEED] - runs the daemons of FOLDER, best a build with sanitizers, among clients that
# do what clients should not: mutated dialogues, floods, connections that say nothing, ends in midst of everything,
# processes killed and stopped, reloads, words on the control socket. From other addresses witnesses use the
# daemons as people do.
# Prints its seed, and at the end counts that must all be zero; then its status is 0.
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True
import chat  # noqa: E402
import control  # noqa: E402
import ftp  # noqa: E402
from daemon import WITNESS, Daemon  # noqa: E402
from mutation import WITNESS_PATIENCE  # noqa: E402

WORKERS = 10  # hostile clients of each daemon at a time
HOSTILE = [f"127.0.0.{n}" for n in range(2, 12)]


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
