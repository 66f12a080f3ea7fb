// SPDX-License-Identifier: ISC
// What a client of IRC sends, cut into lines and taken apart. CR, LF and NUL each end one; what follows the
// last end is never a line. Run by handlers, which trust nothing of it.
#pragma once

#include "chatd/handler/client_socket.hh"
#include "chatd/handler/irc/client_line.hh"
#include "common/line_reader.hh"

#include <optional>
#include <string_view>

namespace chatd::irc {

class IrcInput : public Intake {
public:
    common::IoState fill(int client) override { return reader_.fill(client); }
    bool is_full() const override { return reader_.full(); }
    void end_input(bool) override { has_ended_ = true; }

    // The next line; no value while there is none.
    std::optional<ClientLine> next();
    // The line that was taken last, to be taken again.
    void put_back(ClientLine line) { held_ = std::move(line); }
    bool has_more() const { return held_ || (!has_ended_ ? !reader_.buffered().empty() : has_whole_line()); }

private:
    bool has_whole_line() const { return !reader_.waiting_lines().empty(); }

    static constexpr std::size_t at_once = 8192; // bytes, of a client that sends many lines
    common::LineReader reader_{max_client_tags + max_line - 2, common::LineEnds::any, at_once};
    std::optional<ClientLine> held_;
    bool has_ended_ = false;
};

} // namespace chatd::irc
