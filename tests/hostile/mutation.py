# SPDX-License-Identifier: ISC
# What hostile.py's clients do to bytes and to connections, by dice.
import socket
import struct
import time

# How long a witness waits for one thing, in seconds: a machine that is too slow for so many clients is no fault.
WITNESS_PATIENCE = 300

SPICE = [b"\0", b"\r", b"\n", b"\r\n", b"\xff\xf4\xff\xf2", b"\xff\xfd\x06", b"\xff\xfa\x1f\0\x50\0\x18\xff\xf0", b"\xff",
         b"../" * 30, b"%s%n", b"/" * 300, b"\xc3", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\x1b[2J", b"\x7f", b"a" * 5000,
         b" " * 600, b"*" * 40, b"-9223372036854775808", b"99999999999999999999", b".", b"..", b"\t"]


def mutate(dice, line):
    """A few changes to a line."""
    line = bytearray(line)
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(line) + 1)
        what = dice.randrange(5)
        if what == 0:
            line[at:at] = dice.choice(SPICE)
        elif what == 1 and at < len(line):
            line[at] = dice.randrange(256)
        elif what == 2:
            del line[at:at + dice.randrange(6)]
        elif what == 3:
            line[at:at] = line[:dice.randrange(len(line) + 1)]
        else:
            line[at:at] = dice.randbytes(dice.randrange(20))
    return bytes(line)


def send_in_pieces(dice, to, line):
    """All of it, cut anywhere; False: the other side is gone, or does not read."""
    try:
        while line:
            size = dice.choice([1, 2, 7, len(line), len(line)])
            to.sendall(line[:size])
            line = line[size:]
            if dice.random() < 0.05:
                time.sleep(dice.uniform(0, 0.02))
        return True
    except OSError:
        return False


def gone(dice, one, reset=None):
    """Ends a connection in one of the ways that there are."""
    how = dice.randrange(4)
    try:
        if reset or (reset is None and how == 0):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif how == 1:
            one.shutdown(socket.SHUT_WR)
            one.settimeout(0.5)
            while one.recv(65536):
                pass
        elif how == 2:
            one.shutdown(socket.SHUT_RD)
    except OSError:
        pass
    one.close()
