// SPDX-License-Identifier: ISC
// What a client asks of history: the words of CHATHISTORY, as the draft of IRCv3 has them, taken apart. Run
// by handlers. Pure.
#pragma once

#include "chatd/handler/irc/stamps.hh"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace chatd::irc {

// The time of a line, in microseconds since 1970, or its id; `*' is neither.
using HistoryPoint = std::variant<std::monostate, std::int64_t, MessageId>;

struct HistoryQuery {
    enum class Kind {
        latest,  // the last lines, after `from' if that is one
        before,  // the last lines before `from'
        after,   // the first lines after it
        around,  // lines on both sides of it
        between, // the first lines after `from' and before `until', or, where that is earlier, the last ones
        targets  // the rooms with lines between two times
    };
    Kind kind{};
    std::string target; // empty for targets
    HistoryPoint from;
    HistoryPoint until;
    unsigned limit = 0; // lines, 1 to most_history
};

// For FAIL CHATHISTORY: its code, the words of the command that it is about, and what to do about it.
struct HistoryFault {
    std::string_view code;
    std::vector<std::string> context;
    std::string_view words;
};

// params: of the CHATHISTORY. A limit beyond most_history is that.
std::variant<HistoryQuery, HistoryFault> parse_history_query(const std::vector<std::string>& params);

} // namespace chatd::irc
