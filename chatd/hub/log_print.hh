// SPDX-License-Identifier: ISC
// A room's log as chatctl prints it: which lines were asked for, and each as text or as JSON. Reads a few
// records at a time, so that the hub, which runs it, is not held up by a long log.
#pragma once

#include "chatd/phrases.hh"
#include "chatd/room_log/log_query.hh"
#include "chatd/room_log/room_log.hh"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

struct PrintOptions {
    std::optional<std::uint64_t> last; // only so many of the last lines; no value: all that are wanted
    std::uint64_t from = 1;            // the first line
    std::int64_t not_before = 0;       // microseconds since 1970
    std::vector<std::string> words;    // as LogQuery has them
    bool as_json = false;
    bool follows = false; // also the lines to come
};

class LogPrint {
public:
    // The log must be there whenever next is called.
    LogPrint(const RoomLog& log, std::string room, const PrintOptions& options);

    // The next line of text. No value: there is none so far, or it has looked at enough for once (is_busy),
    // or there will be none (has_ended). Throws std::system_error.
    std::optional<std::string> next();
    bool is_busy() const { return busy_; }
    bool has_ended() const { return ended_; }

private:
    void open(std::uint32_t segment, std::uint64_t offset);
    std::string format(const Record& record) const;
    std::optional<Record> next_record(std::size_t& records_left);

    const RoomLog& log_;
    std::string room_;
    PrintOptions options_;
    LogQuery query_;
    Catalogues catalogues_;
    std::deque<Record> last_; // the newest ones, when only so many are wanted
    bool busy_ = false;
    bool read_all_ = false;
    bool ended_ = false;
};

// "2026-11-21T07:26:00Z 812 ada say: hello"
std::string record_as_text(const Record& record, const Catalogues& catalogues);
// {"room":"lobby","line":812,"time":"2026-11-21T07:26:00.000000Z","kind":"said","name":"ada","text":"hello"}
std::string record_as_json(const Record& record, std::string_view room);

} // namespace chatd
