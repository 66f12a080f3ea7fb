# SPDX-License-Identifier: ISC
# The upgrades of soak.py: another program takes the place of a daemon's, by rename(2), and ftpctl or chatctl asks for
# it. One that is worth nothing is refused, and the old one goes on; the hub or parent may die in the midst of it.
import os
import re
import shutil
import signal
import subprocess
import time

PATIENCE = 90  # seconds for one upgrade
MOST = 8  # seconds that one takes at the most, when somebody dies in it
SCRIPT = "#!/bin/sh\nfor word do case $word in\n-V) echo NAME 9.9; exit 0;;\n-n) {check}\nesac done\n{main}\n"
CRASHING = SCRIPT.format(check="echo good; exit 0;;", main="kill -SEGV $$")
REFUSING = SCRIPT.format(check="echo NAME: not in the winter >&2; exit 1;;", main="exit 1")


class Programs:
    """A folder with the daemons' programs, from where they run, and what these need beside them."""

    def __init__(self, build, folder):
        self.folder, self.bytes = folder, {}
        os.mkdir(folder)
        for name in os.listdir(build):
            if name.endswith(".cat") or name == "suite-tls":
                shutil.copy(os.path.join(build, name), folder)
        for name in ("chatd", "ftpd"):
            with open(os.path.join(build, name), "rb") as file:
                same = file.read()
            version = subprocess.run([os.path.join(build, name), "-V"], capture_output=True, check=True).stdout.split()[1]
            # It stands by itself, or the linker has made it the end of a longer text.
            stands = rb"(?<=[\0 -])" + re.escape(version) + rb"(?=\0)"
            other = re.sub(stands, re.sub(rb"\d", b"9", version), same)
            assert other != same
            self.bytes[name] = {"same": same, "other": other, "crashing": CRASHING.replace("NAME", name).encode(),
                                "refusing": REFUSING.replace("NAME", name).encode()}
            self.put(name, "same")

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, what):
        fresh = self.path(name) + ".new"
        with open(fresh, "wb") as file:
            file.write(self.bytes[name][what])
        os.chmod(fresh, 0o755)
        os.rename(fresh, self.path(name))

    def is_run_by(self, pid, name):
        try:
            return os.path.samefile(f"/proc/{pid}/exe", self.path(name))
        except OSError:
            return False


def upgrade(what, deaths):
    """Of one of the daemons, to this; sometimes who serves is killed in the midst of it."""
    soak, dice = deaths.soak, deaths.dice
    daemon = dice.choice([soak.ftpd, soak.chatd])
    soak.programs.put(daemon.name, what)
    since, before = time.monotonic(), len(daemon.log())
    asking = subprocess.Popen([os.path.join(soak.build, "ftpctl" if daemon.name == "ftpd" else "chatctl"),
                               "-s", daemon.control, "upgrade"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    has_death = dice.random() < 0.3
    if has_death:
        time.sleep(dice.uniform(0, 6))
        kill_main(daemon)
    try:
        said = asking.communicate(timeout=PATIENCE)[0].decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        asking.kill()
        soak.fault(f"an upgrade of {daemon.name} to {what} has no end")
        soak.give_up()
        return False
    if has_death:
        time.sleep(max(0, since + MOST - time.monotonic()))
    forgive_ends(daemon, daemon.log()[before:])
    is_new = soak.programs.is_run_by(daemon.process.pid, daemon.name)
    has_to = what in ("same", "other")
    if not has_death and (asking.returncode != (0 if has_to else 1) or is_new != has_to):
        soak.fault(f"an upgrade of {daemon.name} to {what} ended with {asking.returncode}: {said}")
    if is_new and not has_to:
        soak.fault(f"{daemon.name} has become what crashes or refuses")
    if has_death:
        soak.count("deaths in an upgrade")
    return deaths.await_next(daemon, None, time.monotonic())


def kill_main(daemon):
    pid = daemon.main()
    if pid is not None:
        daemon.kills.add(pid)
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def forgive_ends(daemon, log):
    """What an upgrade ends, and a program that was to crash."""
    for role, pid, how in re.findall(r"(spawner|authd|hub|parent|sweeper) (\d+) (?:ended|is killed): (.*)", log):
        if how.startswith("exit 0") or role in ("hub", "parent", "sweeper"):
            daemon.kills.add(int(pid))
