# SPDX-License-Identifier: ISC
# soak.py's clients of ftpd: each has one session to the end, stores and fetches files slowly in it, compares them,
# and is in the transfer log once for each. Half of them are under TLS.
import hashlib
import os
import ssl
import time

import ftp

SESSIONS = 20
PATIENCE = 120  # seconds


def configure(place, build):
    """The users and the tree of hostile.py, whose witness is our user."""
    lines = ftp.configure(place, build)
    return [line for line in lines if not line.startswith("idle-timeout")] + ["idle-timeout 0", "max-per-address 0"]


def log_in(daemon, under_tls):
    client = ftp.Client(daemon, "127.0.0.1", PATIENCE)
    certificate = os.path.join(daemon.folder, "own.pem")
    if under_tls and os.path.exists(certificate):
        client.secure(ssl.create_default_context(cafile=certificate))
    client.login("witness", "truth")
    return client


def transfer(soak, client, name, dice):
    body = dice.randbytes(dice.choice([1, 1000, 50_000, 400_000, 2_000_000]))
    pause = dice.uniform(0.01, 0.1)
    data = client.data()
    client.must(f"STOR {name}", 150)
    data = client.protect(data)
    for at in range(0, len(body), 65536):
        data.sendall(body[at:at + 65536])
        time.sleep(pause)
    if client.context:
        data.unwrap()
    data.close()
    code, text = client.reply()
    if code != 226:
        raise RuntimeError(text)
    data = client.data()
    client.must(f"RETR {name}", 150)
    data = client.protect(data)
    fetched = hashlib.sha256()
    while piece := data.recv(65536):
        fetched.update(piece)
        time.sleep(pause)
    data.close()
    code, text = client.reply()
    if code != 226:
        raise RuntimeError(text)
    if fetched.digest() != hashlib.sha256(body).digest():
        soak.fault(f"{name} is not what was stored")
    soak.transferred.append(name)
    soak.count("files stored and fetched under TLS" if client.context else "files stored and fetched")


def use(soak, number, client):
    dice = soak.dice_of(f"transfers{number}")
    turn = 0
    while not soak.is_over():
        turn += 1
        transfer(soak, client, f"f{number}-{turn}", dice)
        time.sleep(dice.uniform(0, 0.3))
    client.must("QUIT", 221)
    client.close()


def wrong_in_log(soak, path):
    """Transfers that are not there twice, once in each direction; waits for the last a little."""
    deadline = time.monotonic() + 15
    while True:
        with open(path, encoding="utf-8", errors="replace") as file:
            log = [line.split() for line in file]
        found = {}
        for words in log:
            key = os.path.basename(words[8]), words[11]
            found[key] = found.get(key, 0) + 1
        wrong = [f"{name} is {found.get((name, way), 0)} times in the transfer log as {way}"
                 for name in soak.transferred for way in "io" if found.get((name, way), 0) != 1]
        if not wrong or time.monotonic() > deadline:
            return wrong
        time.sleep(0.5)
