// SPDX-License-Identifier: ISC
#include "chatd/console.hh"

#include <chrono>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

using namespace common;

namespace chatd {
namespace {

// Not standard input itself: whether that blocks is decided for the shell and all others that share it, too.
Fd open_terminal() {
    if (::isatty(STDIN_FILENO) == 0) return {};
    constexpr int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const char* const name = ::ttyname(STDIN_FILENO);
    Fd terminal{name == nullptr ? -1 : ::open(name, flags)};
    // After su(1) it is still another user's.
    if (!terminal && ::tcgetpgrp(STDIN_FILENO) != -1) terminal.reset(::open("/dev/tty", flags));
    return terminal;
}

bool is_in_background(int terminal) {
    const pid_t foreground = ::tcgetpgrp(terminal); // -1: it has no job control for us
    return foreground != -1 && foreground != ::getpgrp();
}

} // namespace

Console::~Console() {
    if (terminal_) loop_.forget(terminal_.get());
}

void Console::start(OnLine on_line) {
    terminal_ = open_terminal();
    on_line_ = std::move(on_line);
    if (terminal_) watch();
}

void Console::watch() {
    loop_.watch(terminal_.get(), Interest::read, [this](const Event&) { read(); });
}

IoState Console::fill() {
    try {
        return reader_.fill(terminal_.get());
    } catch (const std::system_error&) { // EIO: the terminal is gone, or whoever shared it with us
        return IoState::ended;
    }
}

void Console::read() {
    if (is_in_background(terminal_.get())) { // to read would stop the process (SIGTTIN)
        constexpr std::chrono::seconds pause{1};
        loop_.forget(terminal_.get());
        loop_.at(Clock::now() + pause, [this] { watch(); });
        return;
    }
    IoState state = IoState::done;
    while (state == IoState::done) {
        state = fill();
        while (const std::optional<Line> line = reader_.next())
            if (!line->text.empty()) on_line_(line->text);
    }
    if (state == IoState::would_block) return;
    loop_.forget(terminal_.get());
    terminal_.reset();
}

} // namespace chatd
