// SPDX-License-Identifier: ISC
#include "chatd/hub/console.hh"

#include <chrono>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

using namespace common;

namespace chatd {
namespace {

constexpr std::string_view greeting =
    "A line typed here is announced to everybody, in every room. `help' says more; `quit' stops chatd.\n";
constexpr std::string_view help =
    "A line typed here is announced to everybody, in every room, except:\n"
    "  help, ?     show this\n"
    "  quit, exit  stop chatd; asks first\n"
    "chatctl(8) announces any words, and has all that an administrator can do.\n";
constexpr std::string_view question = "Stop chatd and disconnect everybody? Type yes, or Enter to go on: ";

bool is_in_background(int terminal) {
    const pid_t foreground = ::tcgetpgrp(terminal); // -1: it has no job control for us
    return foreground != -1 && foreground != ::getpgrp();
}

} // namespace

// Not standard input itself: whether that blocks is decided for the shell and all others that share it, too.
Fd open_console() {
    if (::isatty(STDIN_FILENO) == 0) return {};
    constexpr int flags = O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    const char* const name = ::ttyname(STDIN_FILENO);
    Fd terminal{name == nullptr ? -1 : ::open(name, flags)};
    // After su(1) it is still another user's.
    if (!terminal && ::tcgetpgrp(STDIN_FILENO) != -1) terminal.reset(::open("/dev/tty", flags));
    return terminal;
}

void Console::start(Fd terminal, Events events) {
    terminal_ = std::move(terminal);
    events_ = std::move(events);
    if (!terminal_) return;
    if (!is_in_background(terminal_.get())) say(greeting); // or `stty tostop' would stop the process
    watch();
}

void Console::watch() {
    const auto close = [this](const std::exception&) { end(); };
    watch_ = Watch{loop_, terminal_.get(), Interest::read, [this](const Event&) { read(); }, close};
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
        watch_.reset();
        loop_.at(
            Clock::now() + pause, [this] { watch(); }, [this](const std::exception&) { end(); });
        return;
    }
    IoState state = IoState::done;
    while (state == IoState::done) {
        state = fill();
        while (const std::optional<Line> line = reader_.next()) take(line->text);
    }
    if (state != IoState::would_block) end();
}

void Console::end() {
    watch_.reset();
    terminal_.reset();
}

void Console::take(std::string_view line) {
    if (std::exchange(asks_whether_to_quit_, false)) {
        if (line == "yes" || line == "y") return events_.on_quit();
        say("chatd goes on; nothing was announced.\n");
    } else if (line == "help" || line == "?") {
        say(help);
    } else if (line == "quit" || line == "exit") {
        asks_whether_to_quit_ = true;
        say(question);
    } else if (!line.empty()) {
        events_.on_line(line);
    }
}

// EAGAIN is also what somebody gets who writes at the same moment as others, and of that poll(2) tells
// nothing.
void Console::say(std::string_view text) {
    if (unsaid_.size() < max_line) unsaid_ += text;
    if (retries_) return;
    try {
        unsaid_.erase(0, write_some(terminal_.get(), unsaid_).bytes);
    } catch (const std::system_error&) { // as when reading
        unsaid_.clear();
    }
    if (unsaid_.empty()) return;
    constexpr std::chrono::milliseconds pause{100};
    retries_ = true;
    const auto retry = [this] {
        retries_ = false;
        if (terminal_) say({});
    };
    loop_.at(Clock::now() + pause, retry, [this](const std::exception&) { end(); });
}

} // namespace chatd
