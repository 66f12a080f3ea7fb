#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""check_messages.py [-l] - what a user or an administrator can be told stands in the manuals: each UsageError, UserError
and line of the log that is an error or a warning has to stand in one of the pages for its source, where something varies
stands in both. -l prints what is missing, as items of a list of mdoc(7). Texts that are put together elsewhere are not seen."""
import pathlib
import re
import sys

BEGINS = re.compile(r"\b(?:UsageError|UserError|throw_at|refuse)\s*[({]|\.(?:error|warning)\(|log_?\.write\(Severity::(?:error|warning),|"
                    r"Severity::(?:error|warning),")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def arguments(source, at):
    """The text from behind a bracket to its end, and the arguments between commas of that level."""
    depth, parts, start = 0, [], at
    while at < len(source):
        c = source[at]
        if c in "\"'":
            at = re.compile(c + r"(?:[^%s\\]|\\.)*" % c + c).match(source, at).end()
            continue
        if c in "([{":
            depth += 1
        elif c in ")]}":
            if depth == 0:
                break
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(source[start:at])
            start = at + 1
        at += 1
    return parts + [source[start:at]]


def words_of(argument):
    """One argument as it is shown: its literal, or what varies."""
    argument = argument.strip()
    inner = re.match(r"(?:common::)?text\(", argument)
    if inner and arguments(argument, inner.end())[-1] is not None:
        return "".join(words_of(part) for part in arguments(argument, inner.end()))
    if re.fullmatch(r'(?:"(?:[^"\\]|\\.)*"\s*)+', argument):
        text = "".join(STRING.findall(argument))
        return text.replace('\\"', '"').replace("\\'", "'").replace("\\n", "\n").replace("\\\\", "\\")
    if re.fullmatch(r"'(?:[^'\\]|\\.)'", argument):
        return argument[1:-1].replace("\\'", "'").replace("\\n", "\n")
    return "\N{HORIZONTAL ELLIPSIS}"


def messages(path):
    source = re.sub(r"^\s*//.*$|\s//[^\n\"]*$", "", path.read_text(), flags=re.M)
    for begin in BEGINS.finditer(source):
        shown = "".join(words_of(part) for part in arguments(source, begin.end()))
        shown = re.sub("\N{HORIZONTAL ELLIPSIS}+", "\N{HORIZONTAL ELLIPSIS}", shown).strip()
        if re.search("[a-z]{2}", shown):
            yield shown


# Of a source, the first that its path begins with, and lists of pages: its messages stand in all pages of one list.
# Those of several programs stand in one page for all.
COMMON = "suite-messages.7"
PAGES = [
    ("common/ctl/", ["ftpctl.8", "chatctl.8"]),
    ("common/tls/", ["suite-tls.8"], [COMMON]),
    ("common/", [COMMON], ["ftpd.8", "chatd.8"]),
    ("chatd/chat/", ["chat.1"]),
    ("chatd/hub/administration", ["chatctl.8"], ["chatd.8"]),
    ("chatd/hub/moderation", ["chatctl.8"]),
    ("chatd/", ["chatd.8"], ["chatd.conf.5"]),
    ("ftpd/fcp/", ["fcp.1"]),
    ("ftpd/", ["ftpd.8"], ["ftpd.conf.5"], ["ftpctl.8"]),
]
ESCAPES = {"\\(dq": '"', "\\(aq": "'", "\\&": "", "\\e": "\\", "\\-": "-", "\\ ": " "}


def plain(page):
    """What stands in a page, on one line, without the macros that only change how words look."""
    text = pathlib.Path("man", page).read_text()
    text = re.sub(r"^\.(?:It|Dl|Ql|Li|Ar|Pa|Xr|Ic|Cm|Fl)\b", "", text, flags=re.M)
    for escape, meant in ESCAPES.items():
        text = text.replace(escape, meant)
    return re.sub(r"\s+", " ", text)


def stands_in(message, text):
    words = [re.escape(part) for part in re.sub(r"\s+", " ", message).split("\N{HORIZONTAL ELLIPSIS}")]
    return re.search(".{0,60}?".join(words), text) is not None


def sources():
    for path in sorted(pathlib.Path(".").glob("[cf]*/**/*.cc")):
        if path.parts[0] in ("common", "chatd", "ftpd"):
            yield path


def main():
    as_list = sys.argv[1:] == ["-l"]
    texts = {page.name: plain(page.name) for page in pathlib.Path("man").glob("*.[1-8]")}
    status = 0
    for path in sources():
        ways = next(ways for head, *ways in PAGES if str(path).startswith(head))
        for message in dict.fromkeys(messages(path)):
            if any(all(stands_in(message, texts[page]) for page in pages) for pages in ways):
                continue
            status = 1
            item = ".It " + message.replace("\n", "\n.br\n").replace('"', "\\(dq")
            print(f"{item}\t{path}" if as_list else f"{path}: {', '.join(ways[0])} does not explain: {message}")
    return status


sys.exit(main())
