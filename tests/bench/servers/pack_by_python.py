#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# pack_by_python.py pack|unpack - nanoseconds that CPython's struct module takes for one.
import struct
import sys
import timeit

packed = struct.Struct("!IHHq16s")
works = {
    "pack": timeit.Timer("pack(7, 300, 65535, -5, name)", globals={"pack": packed.pack, "name": b"ann"}),
    "unpack": timeit.Timer("unpack(bytes)", globals={"unpack": packed.unpack, "bytes": packed.pack(7, 300, 65535, -5, b"ann")}),
}
count = 500_000
print(works[sys.argv[1]].timeit(count) / count * 1e9)
