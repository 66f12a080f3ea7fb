#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""screenshot.py BUILD >tests/screenshot/screenshot.svg - starts both daemons of BUILD on ports of the system's choice, lets
some people talk and some files move, and draws two windows of tmux(1) as they are then: a chat, and `ftpctl top'. What is
shown is what a terminal shows; ports, times and amounts are those of the day."""
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
from xml.sax.saxutils import escape

COLUMNS, CHAT_ROWS, TOP_ROWS = 92, 15, 8
CELL_WIDTH, CELL_HEIGHT, MARGIN, BAR = 8.0, 18, 12, 26
PATIENCE = 30  # seconds, for each thing to happen
COLOURS = ["#3b4252", "#bf616a", "#a3be8c", "#ebcb8b", "#81a1c1", "#b48ead", "#88c0d0", "#e5e9f0",
           "#616e88", "#d08770", "#b1d196", "#f0d399", "#8cafd2", "#c895bf", "#93ccdc", "#eceff4"]
INK, PAPER, BAR_PAPER = "#d8dee9", "#242933", "#3b4252"


def wait_until(what, holds):
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        if time.monotonic() > end:
            sys.exit(f"screenshot.py: it never came to pass that {what}")
        os.sched_yield()
    return found


class Daemon:
    def __init__(self, folder, program, lines):
        self.log = folder / f"{program.name}.log"
        options = [word for line in lines for word in ("-o", line)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen([program, "-d", *options], stderr=log, stdout=log)
        found = wait_until(f"{program.name} listens", lambda: re.search(r"listening on .*:(\d+)\n", self.log.read_text()))
        self.port = int(found[1])

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Window:
    """A window of tmux, in which a command runs."""

    def __init__(self, folder, name, rows, command):
        self.tmux = ["env", "-u", "TMUX", "TERM=xterm-256color", "LANG=C.UTF-8", "tmux", "-u", "-S", str(folder / f"{name}.tmux"), "-f", "/dev/null"]
        self.run("new-session", "-d", "-x", str(COLUMNS), "-y", str(rows), command)
        self.run("set", "-g", "status", "off")
        self.run("resize-window", "-x", str(COLUMNS), "-y", str(rows))

    def run(self, *words):
        return subprocess.run([*self.tmux, *words], check=True, capture_output=True, text=True).stdout

    def type(self, text):
        self.run("send-keys", "-l", text)

    def press(self, *keys):
        self.run("send-keys", *keys)

    def wait_for(self, text):
        wait_until(f"a window shows {text}", lambda: text in self.run("capture-pane", "-p"))

    def screen(self):
        column, row = self.run("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return self.run("capture-pane", "-p", "-e").split("\n"), int(column), int(row)

    def end(self):
        self.run("kill-server")


def is_wide(letter):
    return "\u1100" <= letter <= "\u115f" or "\u2e80" <= letter <= "\uffe0" and not "\uff61" <= letter <= "\uffdf"


def runs(line):
    """The pieces of a line that look alike, as (column, text, style)."""
    style, column, found = {}, 0, []
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            codes = [int(code or 0) for code in part[2:-1].split(";")]
            for code in codes:
                if code == 0:
                    style = {}
                elif code in (1, 2, 3, 4, 7):
                    style = {**style, {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse"}[code]: True}
                elif 30 <= code <= 37 or 90 <= code <= 97:
                    style = {**style, "ink": COLOURS[code - 30 if code < 90 else code - 82]}
                elif code == 39:
                    style = {key: value for key, value in style.items() if key != "ink"}
        elif part:
            found.append((column, part, style))
            column += sum(2 if is_wide(letter) else 1 for letter in part)
    return found


def draw(window, title, top):
    lines, cursor_column, cursor_row = window
    while lines and not lines[-1].strip():
        lines.pop()
    height = BAR + 2 * MARGIN + max(len(lines), cursor_row + 1) * CELL_HEIGHT
    width = 2 * MARGIN + COLUMNS * CELL_WIDTH
    out = [f'<rect y="{top}" width="{width:g}" height="{height}" rx="8" fill="{PAPER}"/>',
           f'<path d="M0 {top + BAR}V{top + 8}a8 8 0 0 1 8-8H{width - 8:g}a8 8 0 0 1 8 8V{top + BAR}z" fill="{BAR_PAPER}"/>',
           f'<text x="{width / 2:g}" y="{top + 18}" text-anchor="middle" fill="{INK}" class="t">{escape(title)}</text>']
    for row, line in enumerate(lines):
        y = top + BAR + MARGIN + row * CELL_HEIGHT
        for column, text, style in runs(line):
            cells = sum(2 if is_wide(letter) else 1 for letter in text)
            x, ink = MARGIN + column * CELL_WIDTH, style.get("ink", INK)
            if style.get("reverse"):
                out.append(f'<rect x="{x:g}" y="{y}" width="{cells * CELL_WIDTH:g}" height="{CELL_HEIGHT}" fill="{ink}"/>')
                ink = PAPER
            if not text.strip():
                continue
            looks = "".join(f' {key}="{value}"' for name, key, value in (
                ("bold", "font-weight", "bold"), ("dim", "opacity", "0.65"), ("italic", "font-style", "italic"),
                ("underline", "text-decoration", "underline")) if style.get(name))
            begin = len(text) - len(text.lstrip())
            shown = text.strip()
            cells = sum(2 if is_wide(letter) else 1 for letter in shown)
            out.append(f'<text x="{x + begin * CELL_WIDTH:g}" y="{y + 13}" textLength="{cells * CELL_WIDTH:g}" '
                       f'fill="{ink}"{looks}>{escape(shown)}</text>')
    out.append(f'<rect x="{MARGIN + cursor_column * CELL_WIDTH:g}" y="{top + BAR + MARGIN + cursor_row * CELL_HEIGHT}" '
               f'width="{CELL_WIDTH:g}" height="{CELL_HEIGHT}" fill="{INK}" opacity="0.6"/>')
    return out, width, height


class Person:
    """Somebody with nc in the lobby."""

    def __init__(self, port, name):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(PATIENCE)
        self.socket.sendall(f"{name}\n\n".encode())
        self.wait_for("You are in lobby")

    def wait_for(self, text):
        heard = b""
        while text.encode() not in heard:
            heard += self.socket.recv(4096)

    def say(self, text, heard_by):
        self.socket.sendall(f"{text}\n".encode())
        heard_by.wait_for(text.removeprefix("/me "))


def picture_chat(folder, build):
    chatd = Daemon(folder, build / "chatd", ["listen 127.0.0.1:0", f"state {folder}/chat", 'room lobby topic "Everything else"'])
    zoe, bob = Person(chatd.port, "zoe"), Person(chatd.port, "bob")
    zoe.say("the pictures of Saturday are in pub/lake", bob)
    bob.say("got them, thank you", zoe)
    window = Window(folder, "chat", CHAT_ROWS, f"{build}/chat ada@127.0.0.1:{chatd.port} lobby")
    window.wait_for("got them, thank you")
    window.type("hello, I am late")
    window.press("Enter")
    bob.wait_for("hello, I am late")
    zhang = Person(chatd.port, "张三")
    zhang.say("你好", bob)
    bob.say("/me waves", zoe)
    zhang.say("谁有大厅的照片？", window)
    window.type("pub/lake/hall.j")
    window.wait_for("hall.j")
    screen = window.screen()
    window.end()
    chatd.stop()
    return screen


def picture_top(folder, build):
    served = folder / "served"
    for name, size in (("lake/boat.mp4", 40), ("talks/monday.ogg", 20)):
        (served / "pub" / name).parent.mkdir(parents=True, exist_ok=True)
        (served / "pub" / name).write_bytes(bytes(size << 20))
    ftpd = Daemon(folder, build / "ftpd", ["listen 127.0.0.1:0", f"state {folder}/ftp", f"root {served}", "anonymous write",
                                     "rate-down 1200K", "rate-up 700K"])
    (folder / "notes.tar").write_bytes(bytes(9 << 20))
    if os.geteuid() == 0:  # the sessions are another user's
        (served / "pub").chmod(0o777)
    url = f"ftp://127.0.0.1:{ftpd.port}/pub/"
    transfers = [subprocess.Popen(["curl", "-s", *words])
                 for words in ([url + "lake/boat.mp4", "-o", "/dev/null"], [url + "talks/monday.ogg", "-o", "/dev/null"],
                               ["-T", str(folder / "notes.tar"), url])]
    window = Window(folder, "top", TOP_ROWS, f"{build}/ftpctl -s {folder}/ftp/control top")
    for name in ("boat.mp4", "monday.ogg", "notes.tar"):
        window.wait_for(name)
    wait_until("some have got on", lambda: re.search(r" [2-9][0-9]%", window.run("capture-pane", "-p")))
    screen = window.screen()
    window.end()
    for transfer in transfers:
        transfer.terminate()
        transfer.wait()
    ftpd.stop()
    return screen


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        chat, top = picture_chat(folder, build), picture_top(folder, build)
    first, width, height = draw(chat, "chat ada@localhost", 0)
    second, _, more = draw(top, "ftpctl top", height + MARGIN)
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height + MARGIN + more}" '
          f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13" xml:space="preserve">')
    print("<style>text { white-space: pre } .t { font-family: sans-serif }</style>")
    print("\n".join(first + second))
    print("</svg>")


main()
