// SPDX-License-Identifier: ISC
#include "tests/e2e/pty.hh"

#include "common/errors.hh"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace e2e {

using common::checked;
using common::Fd;

Pty::Pty(const Words& command, const Words& environment)
    : keyboard_(checked("posix_openpt", {}, [] { return ::posix_openpt(O_RDWR | O_NOCTTY); })) {
    const int master = keyboard_.get();
    common::set_close_on_exec(master);
    checked("grantpt", {}, [&] { return ::grantpt(master); });
    checked("unlockpt", {}, [&] { return ::unlockpt(master); });
    const std::string terminal = ::ptsname(master);
    // Held until the program has it open too: a terminal that nobody has open reads as ended.
    const Fd held{checked("open", terminal, [&] { return ::open(terminal.c_str(), O_RDWR | O_NOCTTY); })};
    common::set_close_on_exec(held.get());
    const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    ::ioctl(held.get(), TIOCSWINSZ, &size);

    Words all = environment;
    const auto is_type = [](const std::string& word) { return word.starts_with("TERM="); };
    if (std::ranges::none_of(all, is_type)) all.emplace_back("TERM=vt100");
    child_.emplace(command, Child::Setting{.descriptors = {}, .environment = all, .terminal = terminal});
    Fd screen{checked("dup", terminal, [&] { return ::dup(master); })};
    common::set_close_on_exec(screen.get());
    screen_.emplace(std::move(screen), "terminal");
}

void Pty::type(std::string_view keys) {
    while (!keys.empty()) { // non-blocking, and far below what a terminal takes
        const auto written = common::write_some(keyboard_.get(), keys);
        if (written.state != common::IoState::done) throw Failure{"the terminal takes no more keys"};
        keys.remove_prefix(written.bytes);
    }
}

void Pty::resize(unsigned short columns, unsigned short rows) {
    const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    checked("change the window of a terminal", {},
            [&] { return ::ioctl(keyboard_.get(), TIOCSWINSZ, &size); });
}

void Pty::wait_for(std::string_view text, Seconds limit) { seen_ = screen_->wait_for(text, seen_, limit); }

int Pty::wait(Seconds limit) {
    const int status = child_->wait(limit);
    screen_->finish();
    return status;
}

} // namespace e2e
