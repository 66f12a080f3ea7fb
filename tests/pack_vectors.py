#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The second opinion on pack::Struct: test vectors made by Python's own struct module.

usage: pack_vectors.py formats SEED COUNT          random formats, as FORMAT("...") lines
       pack_vectors.py vectors SEED COUNT FORMATS  COUNT rounds of vectors for each format in a file of such lines
       pack_vectors.py check                       judge vectors on standard input; 1 and the wrong ones if any

A vector is a line of four fields with tabs between:
    size    FORMAT          BYTES
    pack    FORMAT  VALUES  HEX, or `overflow'
    unpack  FORMAT  HEX     VALUES
VALUES have blanks between: integers and bools in decimal, c as two hex digits, e f d as the sixteen hex digits of the
double, s and p as ' and hex digits. tests/unit/common/pack/pack_by_text.hh reads and writes the same.
"""

import random
import re
import struct
import sys

FLOAT_EDGES = [
    0.0, -0.0, 1.0, -1.5, 1 / 3, float("inf"), float("-inf"), float("nan"), -float("nan"),
    # half: smallest subnormal, ties around it, largest subnormal, smallest normal, largest, ties at the limit
    2.0**-24, 2.0**-25, 2.0**-25 * 1.0000001, 2.0**-24 * 1.5, 2.0**-14 - 2.0**-24, 2.0**-14 - 2.0**-25, 2.0**-14,
    2049.0, 2051.0, 65504.0, 65519.999, 65520.0, -65520.0,
    # single: the same
    2.0**-149, 2.0**-150, 2.0**-150 * 1.0000001, 2.0**-126 - 2.0**-150, 2.0**-126, 16777217.0, 16777219.0,
    3.4028234663852886e38, 3.4028235677973362e38, 3.4028235677973366e38, -3.5e38,
    # double: smallest, largest
    5e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
]  # fmt: skip


def items(format):
    """The letters of a format, one for each value, with its count when it is a text."""
    for digits, letter in re.findall(r"(\d*)([a-zA-Z?])", format):
        if letter in "sp":
            yield letter, int(digits or 1)
        elif letter != "x":
            yield from [(letter, 0)] * int(digits or 1)


def random_value(rng, format, letter, count):
    if letter == "c":
        return bytes([rng.randrange(256)])
    if letter == "?":
        return rng.random() < 0.5
    if letter in "sp":
        length = max(0, rng.choice([0, 1, count - 1, count, count + 1, count + 300, rng.randint(0, count)]))
        return bytes(rng.choice([0, 65, 255, rng.randrange(256)]) for _ in range(length))
    if letter in "efd":
        if rng.random() < 0.5:
            return rng.choice(FLOAT_EDGES)
        if rng.random() < 0.3:
            return struct.unpack("<d", rng.randbytes(8))[0]
        return rng.uniform(-1, 1) * 2.0 ** rng.randint(-30, 17)
    order = format[0] if format[0] in "@=<>!" else "@"
    bits = 8 * struct.calcsize(order + letter)
    low, high = (0, 2**bits - 1) if letter.isupper() else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return rng.choice([low, high, low + 1, high - 1, 0, 1, rng.randint(low, high), rng.randint(low, high)])


def to_word(value, letter):
    if letter == "c":
        return value.hex()
    if letter in "sp":
        return "'" + value.hex()
    if letter in "efd":
        return struct.pack(">d", value).hex()
    return str(int(value))


def from_word(word, letter):
    if letter == "c":
        return bytes.fromhex(word)
    if letter in "sp":
        return bytes.fromhex(word[1:])
    if letter in "efd":
        return struct.unpack(">d", bytes.fromhex(word))[0]
    return bool(int(word)) if letter == "?" else int(word)


def answer(verb, format, given):
    """What struct says to the first three fields of a vector: the fourth."""
    letters = [letter for letter, _ in items(format)]
    if verb == "size":
        return str(struct.calcsize(format))
    if verb == "unpack":
        return " ".join(map(to_word, struct.unpack(format, bytes.fromhex(given)), letters))
    try:
        return struct.pack(format, *map(from_word, given.split(), letters)).hex()
    except OverflowError:
        return "overflow"


def make_vectors(rng, rounds, formats):
    def vector(verb, format, given):
        result = answer(verb, format, given)
        print(verb, format, given, result, sep="\t")
        return result

    for format in formats:
        vector("size", format, "")
        for _ in range(rounds):
            values = [to_word(random_value(rng, format, *item), item[0]) for item in items(format)]
            packed = vector("pack", format, " ".join(values))
            if packed != "overflow":
                vector("unpack", format, packed)
            unpacked = vector("unpack", format, rng.randbytes(struct.calcsize(format)).hex())
            vector("pack", format, unpacked)


def make_format(rng):
    order = rng.choice(["", "@", "=", "<", ">", "!"])
    codes = "xcbB?hHiIlLqQefdsp" + ("nNP" if order in ("", "@") else "")
    parts = []
    for _ in range(rng.randint(1, 8)):
        letter = rng.choice(codes)
        count = rng.choice(["", "", "1", str(rng.randint(2, 20))])
        if letter != "p" and rng.random() < 0.1:  # CPython 3.11 writes a byte too many for 0p
            count = "0"
        parts.append(count + letter + rng.choice(["", "", " "]))
    return order + "".join(parts)


def main(arguments):
    match arguments:
        case ["formats", seed, count]:
            rng = random.Random(seed)
            for _ in range(int(count)):
                print(f'FORMAT("{make_format(rng)}")')
        case ["vectors", seed, count, path]:
            with open(path, encoding="ascii") as file:
                formats = re.findall(r'^FORMAT\("(.*)"\)', file.read(), re.MULTILINE)
            make_vectors(random.Random(seed), int(count), formats)
        case ["check"]:
            good = True
            for line in sys.stdin:
                verb, format, given, result = line.rstrip("\n").split("\t")
                if (expected := answer(verb, format, given)) != result:
                    good = False
                    print(f"{line.rstrip()}: struct says {expected}")
            return 0 if good else 1
        case _:
            print(__doc__, file=sys.stderr)
            return 64
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
