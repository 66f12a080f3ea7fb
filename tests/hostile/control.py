# SPDX-License-Identifier: ISC
# hostile.py's administrators: they use the daemons' control sockets as people do, and as nobody should.
import os
import random
import socket
import subprocess
import time

from mutation import gone, mutate, send_in_pieces

# None is about the witnesses' address or names, mutated neither.
GOOD = {"ftpd": ["who", "stats", "top", "kick 127.0.0.7", "reload", "help"],
        "chatd": ["who", "stats", "history lobby", "history court --since 1", "kick n1", "kick 127.0.0.7",
                  "ban 127.0.0.7 1m", "unban 127.0.0.7", "reload", "help"]}
RAW = [b"help", b"who", b"stats", b"top", b"kick n1", b"history lobby", b"history court --since 1 --follow", b"reload",
       b"unban x", b"nonsense", b'kick "n1', b"say hello"]


def ask(run, daemon, dice, build):
    """One of its commands, whose answer is good or a refusal."""
    words = dice.choice(GOOD[daemon.name]).split()
    program = os.path.join(build, "ftpctl" if daemon.name == "ftpd" else "chatctl")
    told = subprocess.run([program, "-s", daemon.control, *words], capture_output=True, check=False, timeout=120)
    if told.returncode not in (0, 1):
        run.fault(f"{daemon.name}: {' '.join(words)}: status {told.returncode}: {told.stderr!r}")
    run.count(f"{daemon.name} control commands")


def misuse(run, daemon, dice):
    """Connections that say anything, and read their answers or not."""
    many = []
    for _ in range(dice.randrange(1, 24)):
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        one.settimeout(3)
        many.append(one)
        try:
            one.connect(daemon.control)
        except OSError:
            break
        for _ in range(dice.randrange(6)):
            line = dice.choice(RAW)
            if not send_in_pieces(dice, one, (mutate(dice, line) if dice.random() < 0.5 else line) + b"\n"):
                break
        if dice.random() < 0.5:
            try:
                one.settimeout(0.2)
                one.recv(65536)
            except OSError:
                pass
    for one in many:
        gone(dice, one)
    run.count(f"{daemon.name} control connections misused")


def administrators(run, daemon, build):
    dice = random.Random(f"{run.seed}/{daemon.name}/control")
    while not run.is_over() and daemon.process.poll() is None:
        time.sleep(dice.uniform(0.05, 1.5))
        if dice.random() < 0.5:
            ask(run, daemon, dice, build)
        else:
            misuse(run, daemon, dice)
