// SPDX-License-Identifier: ISC
// The terminal that chatd -d runs in, of which the administrator's lines are read. Run by the hub, which
// trusts its user, and never waits for it: not for the end of a line, not for one that ^C has
// thrown away after it was announced, and not for a terminal that shows nothing.
#pragma once

#include "common/line_reader.hh"
#include "common/loop.hh"

#include <functional>
#include <string>
#include <string_view>

namespace chatd {

// The terminal that is standard input, opened again; none where there is none, or it cannot be opened. Run by
// the keeper: after su(1) it is still another user's.
common::Fd open_console();

class Console {
public:
    struct Events {
        std::function<void(std::string_view line)> on_line; // to be announced; without its end
        std::function<void()> on_quit;                      // asked for and confirmed
    };

    explicit Console(common::Loop& loop) : loop_(loop) {}
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    // terminal: of open_console. Says on it what a typed line does. From then on each line is given to
    // on_line, until the end of input, but for `help' and `?', which are answered, and `quit' and `exit',
    // which ask first. Nothing happens without one. What goes wrong ends it. While the daemon is in the
    // background of a shell with job control, what is typed is left to the shell.
    void start(common::Fd terminal, Events events);

private:
    static constexpr std::size_t max_line = 4096; // bytes; terminals give no more

    void watch();
    void read();
    common::IoState fill();
    void take(std::string_view line);
    void say(std::string_view text);
    void end();

    common::Loop& loop_;
    common::Fd terminal_;
    common::Watch watch_; // of it, but not while the daemon is in the background
    common::LineReader reader_{max_line, common::LineEnds::newline};
    Events events_;
    bool asks_whether_to_quit_ = false;
    std::string unsaid_; // what the terminal has not taken yet
    bool retries_ = false;
};

} // namespace chatd
