#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# make_tables.py - writes chatd/unicode_tables.hh to its standard output: what utf8proc does not say of
# characters. Run by hand when one of the files beside it has changed; `make check' compares. Scripts.txt,
# ScriptExtensions.txt, PropertyValueAliases.txt and emoji-data.txt are Unicode's own (Debian: unicode-data, in
# /usr/share/unicode), of the version that utf8proc has, too; look_alikes.txt is ours.
#
# Only the scripts of letters, digits, marks and emoji are kept, since names hold nothing else; what lies between
# two characters with the same scripts is given the same. Han counts as part of the writing of three languages,
# and so on, as UTS #39 says in 5.1.
import pathlib
import re

here = pathlib.Path(__file__).parent
writings = {'Hani': ['Hanb', 'Jpan', 'Kore'], 'Hira': ['Jpan'], 'Kana': ['Jpan'], 'Hang': ['Kore'], 'Bopo': ['Hanb']}
unknown, everybodys, emoji = (), ('Zyyy',), ('Zyyy', 'emoji')


def rows(name):
    """The rows `FIRST[..LAST] ; VALUE # COMMENT' of a file: the range, the value, the comment."""
    for line in (here / name).read_text(encoding='utf-8').splitlines():
        row = re.match(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*([^#]*?)\s*#\s*(.*)", line)
        if row:
            yield range(int(row[1], 16), int(row[2] or row[1], 16) + 1), row[3], row[4]


def short_names():
    text = (here / 'PropertyValueAliases.txt').read_text(encoding='utf-8')
    return {row[2]: row[1] for row in re.finditer(r"^sc ; (\w+)\s*; (\w+)", text, re.M)}


def scripts_of_characters():
    """For each character that a name may hold its scripts, as a sorted tuple."""
    shorts = short_names()
    scripts = {}
    for characters, script, comment in rows('Scripts.txt'):
        category = comment.split()[0]
        if category in ('Lu', 'Ll', 'Lt', 'Lm', 'Lo', 'L&', 'Nd', 'Mn', 'Mc') or 0x3007 in characters:
            scripts.update((c, (shorts[script],)) for c in characters)
    for characters, extensions, _ in rows('ScriptExtensions.txt'):
        scripts.update((c, tuple(extensions.split())) for c in characters if c in scripts)
    for c, those in scripts.items():
        if 'Zyyy' in those or 'Zinh' in those:
            scripts[c] = everybodys
        else:
            scripts[c] = tuple(sorted({*those, *(w for s in those for w in writings.get(s, []))}))
    for characters, value, _ in rows('emoji-data.txt'):
        if value == 'Emoji_Presentation':
            scripts.update((c, emoji) for c in characters)
    return scripts


def numbers(name, kind, comment, values):
    lines, line = [], ' '
    for value in values:
        if len(line) + len(value) > 108:
            lines.append(line)
            line = ' '
        line += f' {value},'
    return '\n'.join([*(f'// {c}' for c in comment), f'inline constexpr std::array<{kind}, {len(values)}> {name}{{',
                      *lines, line.rstrip(',') + '};', ''])


scripts = scripts_of_characters()
sets = [unknown, everybodys, emoji]
sets += sorted(set(scripts.values()) - set(sets))
names = sorted({s for those in sets[3:] for s in those})
number_of = {those: i for i, those in enumerate(sets)}
assert len(sets) < 1 << 11 and len(names) < 256

runs, before = [], None
for c in sorted(scripts):
    # A gap between two characters with the same scripts is theirs, but between two emoji nothing is one.
    has_gap = before is not None and before + 1 != c
    is_new = before is None or scripts[before] != scripts[c] or (has_gap and scripts[c] == emoji)
    if has_gap and is_new:
        runs.append((before + 1, number_of[unknown]))
    if is_new:
        runs.append((c, number_of[scripts[c]]))
    before = c
runs.append((before + 1, number_of[unknown]))

ends, members = [], []
for those in sets:
    members += [] if those in (unknown, everybodys, emoji) else [names.index(s) for s in those]
    ends.append(len(members))

look_alikes = sorted((c, value) for characters, value, _ in rows('look_alikes.txt') for c in characters)
assert len({c for c, _ in look_alikes}) == len(look_alikes)
assert all(len(value) == 1 and value.isascii() for _, value in look_alikes)

print('''// SPDX-License-Identifier: ISC AND Unicode-DFS-2016
// clang-format off
//
// What utf8proc does not say of characters: their scripts, which are emoji, and what looks like a character of
// ASCII. Made by chatd/unicode/make_tables.py from the files beside it (Unicode 15.0.0), which are there to be
// read; for chatd/unicode.cc alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace chatd::tables {
''')
print(f'inline constexpr std::size_t script_count = {len(names)};')
print('// By number: ' + ', '.join(f'{s} {names.index(s)}' for s in ('Latn', 'Hanb', 'Jpan', 'Kore')))
for s in ('Latn', 'Hanb', 'Jpan', 'Kore'):
    print(f'inline constexpr std::size_t {s.lower()} = {names.index(s)};')
print('// Sets of scripts: unknown, that of everybody, and of everybody and emoji, are the first three.')
print('inline constexpr std::uint32_t unknown_set = 0, everybodys_set = 1, emoji_set = 2;\n')
print(numbers('script_runs', 'std::uint32_t', ['From which character on, shifted by 11 bits, which set; sorted.'],
              [hex(c << 11 | s) for c, s in runs]))
print(numbers('set_ends', 'std::uint16_t', ['Behind the last script of each set in set_scripts.'], [str(e) for e in ends]))
print(numbers('set_scripts', 'std::uint8_t', ['The scripts of the sets, one set after the other.'], [str(m) for m in members]))
print(numbers('look_alikes', 'std::uint32_t', ['A character, shifted by 8 bits, and the one of ASCII that it looks like; sorted.'],
              [hex(c << 8 | ord(v)) for c, v in look_alikes]))
print('''} // namespace chatd::tables''')
