// SPDX-License-Identifier: ISC
#include "chatd/chat/terminal.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace common;

namespace chatd {

void Terminal::enter() {
    if (!entered_)
        checked("ask for the modes of the terminal", {}, [&] { return ::tcgetattr(fd_, &found_); });
    termios wanted = found_;
    wanted.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
    wanted.c_iflag &= ~static_cast<tcflag_t>(ICRNL | INLCR | IGNCR | ISTRIP | IXON);
    if (keys_ == Keys::all) {
        wanted.c_lflag &= ~static_cast<tcflag_t>(ISIG);
        wanted.c_oflag &= ~static_cast<tcflag_t>(OPOST);
    } else {
        wanted.c_lflag |= ISIG;
        wanted.c_oflag |= OPOST | ONLCR;
    }
    wanted.c_cc[VMIN] = 1;
    wanted.c_cc[VTIME] = 0;
    // What has been typed ahead stays.
    checked("set the modes of the terminal", {}, [&] { return ::tcsetattr(fd_, TCSADRAIN, &wanted); });
    entered_ = true;
}

void Terminal::leave() {
    // In the background it is another's: the shell has set its modes already, and we would be stopped.
    if (entered_ && is_ours()) retry([&] { return ::tcsetattr(fd_, TCSADRAIN, &found_); });
    entered_ = false;
}

bool Terminal::is_ours() const {
    const pid_t group = ::tcgetpgrp(fd_);
    return group == -1 || group == ::getpgrp();
}

telnet::WindowSize Terminal::size() const {
#ifdef TIOCGWINSZ
    winsize found{};
    if (::ioctl(fd_, TIOCGWINSZ, &found) == 0) return {found.ws_col, found.ws_row};
#endif
    return {};
}

std::size_t Terminal::width() const {
    if (const std::size_t columns = size().columns; columns > 0) return columns;
    const char* const columns = std::getenv("COLUMNS");
    return parse_number<std::size_t>(columns ? columns : "", 1, 10'000).value_or(80);
}

void stop_as_by(int signal, const sigset_t* mask) {
    struct sigaction by_default {};
    struct sigaction before {};
    by_default.sa_handler = SIG_DFL;
    ::sigemptyset(&by_default.sa_mask);
    ::sigaction(signal, &by_default, &before);
    ::raise(signal); // pending, if it is blocked
    sigset_t blocked;
    ::sigprocmask(SIG_SETMASK, mask, &blocked); // here, then
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
    ::sigaction(signal, &before, nullptr);
}

} // namespace chatd
