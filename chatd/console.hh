// SPDX-License-Identifier: ISC
// The terminal that chatd -d runs in, of which the administrator's lines are read. Run by the hub, which
// trusts whoever sits there, and waits for nobody: not for the end of a line, and not for one that ^C has
// thrown away after it was announced.
#pragma once

#include "common/line_reader.hh"
#include "common/loop.hh"

#include <functional>
#include <string_view>

namespace chatd {

class Console {
public:
    using OnLine = std::function<void(std::string_view line)>;

    explicit Console(common::Loop& loop) : loop_(loop) {}
    ~Console();
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    // From now on each line that is typed is given, without its end; until the end of input. Nothing happens
    // where standard input is no terminal, or cannot be opened again. While the daemon is in the background
    // of a shell with job control, what is typed is left to the shell.
    void start(OnLine on_line);

private:
    static constexpr std::size_t longest_line = 4096; // bytes; terminals give no more

    void watch();
    void read();
    common::IoState fill();

    common::Loop& loop_;
    common::Fd terminal_;
    common::LineReader reader_{longest_line, common::LineEnds::newline};
    OnLine on_line_;
};

} // namespace chatd
