// SPDX-License-Identifier: ISC
// A look into the log of a room, for /history, /since and /search: what is found is shown while the client
// takes it. Meanwhile the rooms wait. Run by handlers.
#pragma once

#include "chatd/handler/client_output.hh"
#include "chatd/handler/hub_talk.hh"
#include "chatd/room_log/log_query.hh"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace chatd {

class Lookup {
public:
    static constexpr std::size_t max_found = 50; // lines of a search that are shown: the last ones

    Lookup(ClientOutput& output, HubTalk& hub) : output_(output), hub_(hub) {}

    // Looks through the room's lines from `from' to the one before until. words: of a search; none: all
    // lines.
    void start(std::uint32_t room, std::uint64_t from, std::uint64_t until, std::vector<std::string> words);
    bool is_running() const { return running_.has_value(); }
    // Goes on as far as it can without waiting; whether anything was done.
    bool go_on();
    // The log goes on in this segment.
    void open(std::uint32_t segment, common::Fd log, std::uint64_t offset);
    // There is no more; the client is told what was found.
    void finish();

private:
    struct Running {
        LogQuery log;
        std::uint32_t room;
        bool is_search;
        std::uint64_t found = 0;
        std::deque<std::string> last{}; // of a search: what was found last
    };

    ClientOutput& output_;
    HubTalk& hub_;
    std::optional<Running> running_;
};

} // namespace chatd
