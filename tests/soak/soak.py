#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# soak.py FOLDER MINUTES [SEED [GROUP ...]] - runs the daemons of FOLDER under many clients. At random moments it kills
# hub, parent, spawner, authd and some handlers, fills the disk, and puts other programs in the daemons' place (GROUPs
# of deaths.py; `none': nothing happens). SEED may be empty. Nobody may be disconnected, and what was said and stored is
# there at the end, once and in order.
# CLIENTS in the environment: how many talk, 200 unless it says.
# Prints its seed, and at the end counts that must all be zero; then its status is 0.
import asyncio
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hostile"))
import deaths  # noqa: E402
import talkers  # noqa: E402
import transfers  # noqa: E402
import upgrades  # noqa: E402
from daemon import Daemon, certify  # noqa: E402

PATIENCE = 120  # seconds for whatever is to come at the end


class Soak:
    """What all clients and events share."""

    def __init__(self, build, minutes, seed):
        self.build, self.seed = build, seed
        self.dice = self.dice_of("soak")
        self.counts, self.found = {}, []
        self.lock = threading.Lock()
        self.seconds = minutes * 60
        self.end = float("inf")
        self.stayers, self.passers = [], {}
        self.transferred = []
        self.logged = {room: [] for room in talkers.ROOMS}
        self.has_said_all, self.last_call = False, 0
        self.full = []  # from when to when the disk was full
        self.has_disk = False
        self.chatd = self.ftpd = None
        self.secured = None  # how chatd is reached under TLS
        self.place = tempfile.mkdtemp(prefix="soak-")
        os.chmod(self.place, 0o755)
        self.programs = upgrades.Programs(build, os.path.join(self.place, "programs"))

    def dice_of(self, whose):
        return random.Random(f"{self.seed}/{whose}")

    def begin(self):
        self.end = time.monotonic() + self.seconds

    def give_up(self):
        self.end = 0

    def is_over(self):
        return time.monotonic() > self.end

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1
            return self.counts[what]

    def fault(self, what):
        with self.lock:
            self.found.append(what)
        if len(self.found) <= 20:
            print(f"soak: {what}", flush=True)

    def chatctl(self, *words):
        told = subprocess.run([os.path.join(self.build, "chatctl"), "-s", self.chatd.control, *words],
                              capture_output=True, check=False, timeout=PATIENCE)
        return told.stdout.decode("utf-8", "replace")

    def handlers(self):
        """Pid and name of each client."""
        for row in self.chatctl("who").splitlines()[1:]:
            words = row.split()
            if len(words) > 2 and words[0].isdigit():
                yield from ((int(words[0]), word) for word in words if word in self.passers)

    def read_logs(self):
        for room in talkers.ROOMS:
            lines = self.chatctl("history", room, "--since", "1").encode().splitlines()
            found = [talkers.SHOWN.search(line) for line in lines]
            self.logged[room] = [(said[1].decode(), int(said[3])) for said in found if said]

    def was_full(self, when):
        return any(begin - 10 < when < end + 10 for begin, end in self.full)

    def lost_or_doubled(self):
        """Lines that are not in the log of their room once, after those that were said before them."""
        for one in [*self.stayers, *self.passers.values()]:
            numbers = [n for who, n in self.logged[one.rooms[-1]] if who == one.name]
            if numbers != sorted(set(numbers)):
                yield f"{one.name}: not once or out of order in the log: {[n for n in numbers if numbers.count(n) > 1][:9]}"
            lost = sorted(set(range(1, len(one.said) + 1)) - set(numbers))
            lost = [n for n in lost if not (one.refusals and self.was_full(one.said[n - 1]))]
            if lost and not getattr(one, "was_killed", False):
                yield f"{one.name} has said {len(one.said)} lines, and the log does not have {lost[:9]}"

    def start(self):
        chat_place = os.path.join(self.place, "chatd")
        ftp_place = os.path.join(self.place, "ftpd")
        os.mkdir(chat_place)
        os.mkdir(ftp_place)
        self.has_disk = deaths.mount_small(chat_place)
        if not self.has_disk:
            print("soak: the disk is not filled: only root can mount a small one")
        certificate = certify(chat_place, self.build)
        self.chatd = Daemon(self.programs.path("chatd"), chat_place,
                            [*certificate, *(["listen 127.0.0.1:0 tls"] if certificate else []),
                             *(f"room {room}" for room in talkers.ROOMS), "connect-rate 0", "max-per-address 0", "flood off",
                             "flood-per-address off", f"operator chief {self.hash()}"])
        if certificate:
            self.secured = talkers.Secured(self.chatd, os.path.join(chat_place, "own.pem"))
        self.ftpd = Daemon(self.programs.path("ftpd"), ftp_place, transfers.configure(ftp_place, self.build))

    def clear(self):
        """Nothing of ours goes on; chatd's folder is kept where it does not vanish."""
        for daemon in (self.ftpd, self.chatd):
            if daemon and daemon.process.poll() is None:
                daemon.process.kill()
        if self.has_disk:
            folder = os.path.join(self.place, "chatd")
            shutil.copytree(folder, folder + ".kept", ignore=shutil.ignore_patterns("control", "filling"))
            deaths.unmount(folder)

    def hash(self):
        return subprocess.run([os.path.join(self.build, "chatctl"), "user", "hash"], input="moon\n", text=True,
                              capture_output=True, check=True).stdout.strip()

    def guard(self, what, *arguments):
        try:
            what(*arguments)
        except Exception as error:
            self.fault(f"{what.__name__} {arguments[1] if len(arguments) > 1 else ''}: {error!r}")

    async def talk(self, number, happenings):
        """Everybody enters, and then everything happens; returns when all was shown, or it is too late."""
        self.stayers = talkers.make_all(self, number)
        for at in range(0, len(self.stayers), 20):
            await asyncio.gather(*(one.enter() for one in self.stayers[at:at + 20]))
        sessions = [transfers.log_in(self.ftpd, n % 2 == 1) for n in range(transfers.SESSIONS)]
        self.begin()
        threads = [threading.Thread(target=self.guard, args=(transfers.use, self, n, session), daemon=True)
                   for n, session in enumerate(sessions)]
        threads.append(threading.Thread(target=self.guard, args=(happenings.run,), daemon=True))
        for thread in threads:
            thread.start()
        passing = [asyncio.ensure_future(talkers.passers(self)) for _ in range(5)]
        living = [asyncio.ensure_future(one.live()) for one in self.stayers]
        while not self.is_over():
            await asyncio.sleep(0.2)
        await asyncio.wait(passing, timeout=PATIENCE)
        await self.settle()
        done, late = await asyncio.wait(living, timeout=PATIENCE + 10)
        for task in done:
            if task.exception():
                self.fault(str(task.exception()))
        for task in [*late, *passing]:
            task.cancel()
        await asyncio.gather(*(one.close() for one in self.stayers), return_exceptions=True)
        for thread in threads:
            await asyncio.to_thread(thread.join, PATIENCE)
            if thread.is_alive():
                self.fault("a transfer does not end")

    async def settle(self):
        """Until all that was said is in the logs, and none grows any more."""
        deadline = time.monotonic() + PATIENCE
        before = None
        while time.monotonic() < deadline:
            await asyncio.sleep(1)
            await asyncio.to_thread(self.read_logs)
            now = {room: len(lines) for room, lines in self.logged.items()}
            if now == before and (self.found or not any(self.lost_or_doubled())):
                break
            before = now
        self.last_call = time.monotonic() + 30
        self.has_said_all = True


def shared_memory(daemons):
    """Names of these daemons' shared memory; others beside us have theirs."""
    pids = set(re.findall(r"\[(\d+)\]: ", "".join(daemon.log() for daemon in daemons)))
    return {name for name in os.listdir("/dev/shm")
            if (made := re.fullmatch(r"suite-(\d+)-\d+", name)) and made[1] in pids}


def stat(pid):
    """The fields of proc(5) from the third on; none when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def when_started(pid):
    return "".join(stat(pid)[19:20])


def processes_of(daemon):
    """All below the keeper, and it: pid and when it was started."""
    parents = {int(pid): stat(pid)[1:2] for pid in os.listdir("/proc") if pid.isdigit()}
    found = {daemon.process.pid}
    while more := {pid for pid, parent in parents.items() if parent and int(parent[0]) in found} - found:
        found |= more
    return {(pid, when_started(pid)) for pid in found}


def names_in(folder):
    """What there is, numbers left out."""
    return {"".join("N" if c.isdigit() else c for c in os.path.relpath(os.path.join(top, name), folder))
            for top, folders, files in os.walk(folder) for name in folders + files}


def run(soak, happenings):
    """What was found wrong, by kind."""
    daemons = [soak.ftpd, soak.chatd]
    with ThreadPoolExecutor() as both:
        held = list(both.map(Daemon.usual, daemons))
    usual = [(daemon, kept, names_in(os.path.join(daemon.folder, "state"))) for daemon, kept in zip(daemons, held)]
    asyncio.run(soak.talk(int(os.environ.get("CLIENTS", "200")), happenings))
    found = {"clients disappointed": list(soak.found),
             "lines lost or doubled": list(soak.lost_or_doubled()),
             "clients that were not shown what the logs have":
                 [fault for one in [*soak.stayers, *soak.passers.values()] for fault in one.faults()],
             "transfers not logged once": transfers.wrong_in_log(soak, os.path.join(soak.ftpd.folder, "xferlog"))}
    left = []
    for daemon, held, names in usual:
        if daemon.process.poll() is None:
            left += [f"descriptors of {daemon.name}: {role}: {what}" for role, what in daemon.settle(held).items()]
            left += [f"left in the state of {daemon.name}: {name}"
                     for name in names_in(os.path.join(daemon.folder, "state")) - names]
    stored = os.listdir(os.path.join(soak.ftpd.folder, "root", "witness"))
    left += [f"left in the tree: {name}" for name in stored if name not in soak.transferred]
    ran = {one for daemon in daemons for one in processes_of(daemon)}
    found["stops that failed"] = [f"{daemon.name} did not stop in order" for daemon in daemons if not daemon.stop()]
    left += [f"process {pid} is left" for pid, when in ran if when_started(pid) == when]
    left += [f"/dev/shm/{name} is left" for name in shared_memory(daemons)]
    return {**found, "things left over": left, "ends that we did not cause": [e for d in daemons for e in d.bad_ends()]}


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: soak.py FOLDER MINUTES [SEED [GROUP ...]]")
    build, minutes = os.path.abspath(sys.argv[1]), float(sys.argv[2])
    seed = int(sys.argv[3]) if sys.argv[3:4] not in ([], [""]) else random.randrange(10**9)
    groups = sys.argv[4:] or deaths.GROUPS
    print(f"soak: seed {seed}, {minutes:g} minutes, {build}, {' '.join(groups)}", flush=True)
    soak = Soak(build, minutes, seed)
    happenings = deaths.Deaths(soak, groups)
    try:
        soak.start()
        verdict = run(soak, happenings)
    finally:
        soak.clear()
    for what, faults in verdict.items():
        for fault in faults[:20] if what != "clients disappointed" else []:
            print(f"soak: {what}: {fault}")
    for what, number in sorted(soak.counts.items()):
        print(f"  {number:8} {what}")
    print(f"  {happenings.longest:8.2f} s until somebody was let in after a death, at most")
    print("soak: " + ", ".join(f"{len(faults)} {what}" for what, faults in verdict.items()))
    if any(verdict.values()):
        print(f"soak: seed {seed}; the logs are in {soak.place}")
        sys.exit(1)
    shutil.rmtree(soak.place)


if __name__ == "__main__":
    main()
