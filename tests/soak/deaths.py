# SPDX-License-Identifier: ISC
# What soak.py does to the daemons: each event is a row of the table, with how often it comes and in which group it
# is. The hub and the parent are to be there again, and to let somebody in, before long.
import os
import signal
import subprocess
import time
from functools import partial

import upgrades

PATIENCE = 60  # seconds
MEAN_PAUSE = 1.2  # seconds between two events: nearly 500 deaths of hub and parent in half an hour
LIFE = 1.3  # seconds: who dies sooner counts as one that cannot live, and the keeper gives up after five


class Deaths:
    def __init__(self, soak, groups):
        self.soak, self.dice = soak, soak.dice_of("deaths")
        self.events = [event for event in EVENTS if event[0] in groups]
        self.hurried = {}  # by daemon: deaths in a row before it has lived LIFE
        self.longest = 0

    def run(self):
        while self.events and not self.soak.is_over():
            time.sleep(self.dice.uniform(0, 2 * MEAN_PAUSE))
            if self.soak.is_over():
                return
            _, _, name, event = self.dice.choices(self.events, [weight for _, weight, _, _ in self.events])[0]
            try:
                if event(self):
                    self.soak.count(name)
            except ProcessLookupError:
                pass  # it has ended by itself

    def await_next(self, daemon, old, since):
        """Until there is another that lets a client in."""
        while time.monotonic() < since + PATIENCE:
            new = daemon.main()
            if new not in (None, old) and self.lets_in(daemon):
                self.longest = max(self.longest, time.monotonic() - since)
                hurried = self.hurried.get(daemon, 0) + 1
                if hurried < 3 and self.dice.random() < 0.2:
                    self.hurried[daemon] = hurried
                else:
                    self.hurried[daemon] = 0
                    time.sleep(LIFE)
                return True
            if daemon.process.poll() is not None:
                break
            time.sleep(0.02)
        self.soak.fault(f"{daemon.name}: nobody follows {old}")
        self.soak.give_up()
        return False

    def lets_in(self, daemon):
        try:
            with daemon.connect("127.0.0.1", 5) as client:
                return len(client.recv(1)) == 1
        except OSError:
            return False

    def end_main(self, daemon, *signals):
        pid = daemon.main()
        if pid is None:
            return False
        daemon.kills.add(pid)
        since = time.monotonic()
        for number, which in enumerate(signals):
            if number > 0:
                time.sleep(self.dice.uniform(0, 1))
            os.kill(pid, which)
        return self.await_next(daemon, pid, since)

    def end_helper(self, role):
        daemon = self.dice.choice([self.soak.ftpd, self.soak.chatd])
        pid = daemon.lasting().get(role)
        if pid is None or daemon.main() is None:
            return False
        daemon.kills.add(pid)
        os.kill(pid, signal.SIGKILL)
        return True

    def end_handler(self):
        """Of somebody who only passes by."""
        for pid, name in self.soak.handlers():
            passer = self.soak.passers.get(name)
            if passer is not None and not passer.was_killed and self.soak.chatd.is_ours(pid):
                passer.was_killed = True
                self.soak.chatd.kills.add(pid)
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    def fill_disk(self):
        """That of chatd's logs, for some seconds."""
        if not self.soak.has_disk:
            return False
        path = os.path.join(self.soak.chatd.folder, "filling")
        window = [time.monotonic(), float("inf")]
        self.soak.full.append(window)
        try:
            with open(path, "wb", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass
        except OSError:
            pass
        time.sleep(self.dice.uniform(0.5, 3))
        os.unlink(path)
        window[1] = time.monotonic()
        return True


def end(group, signals, deaths):
    return deaths.end_main(deaths.soak.chatd if group == "hub" else deaths.soak.ftpd, *signals)


# Group, weight, what is counted, event: true when it was done.
EVENTS = [
    *((group, weight, f"{what} of the {group}", partial(end, group, signals))
      for group in ("hub", "parent")
      for weight, what, *signals in ((3, "kills", signal.SIGKILL), (1, "faults", signal.SIGSEGV),
                                     (1, "stops, then kills,", signal.SIGSTOP, signal.SIGKILL),
                                     (0.05, "hangs", signal.SIGSTOP))),
    ("helpers", 1, "kills of authd", lambda deaths: deaths.end_helper("authd")),
    ("helpers", 1, "kills of the spawner", lambda deaths: deaths.end_helper("spawner")),
    ("helpers", 0.5, "kills of keyd", lambda deaths: deaths.end_helper("keyd")),
    ("helpers", 0.5, "kills of tlsd", lambda deaths: deaths.end_helper("tlsd")),
    ("handlers", 2, "kills of handlers", lambda deaths: deaths.end_handler()),
    ("disk", 1, "full disks", lambda deaths: deaths.fill_disk()),
    *(("upgrades", weight, f"upgrades to {what}", partial(upgrades.upgrade, program))
      for weight, what, program in ((0.5, "the same program", "same"), (0.5, "another version", "other"),
                                    (0.3, "what crashes", "crashing"), (0.3, "what refuses", "refusing"))),
]
GROUPS = sorted({group for group, _, _, _ in EVENTS})


def mount_small(folder):
    """A file system of its own, which only root can mount."""
    return os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "none", folder],
                                                capture_output=True, check=False).returncode == 0


def unmount(folder):
    subprocess.run(["umount", "-l", folder], check=False)
