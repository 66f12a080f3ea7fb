// SPDX-License-Identifier: ISC
// A room as the hub has it: its settings and log, who is in it, and what its operators have decided. Run by
// the hub.
#pragma once

#include "chatd/room_log/room_log.hh"
#include "chatd/settings.hh"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace chatd {

struct Room {
    using Time = std::chrono::steady_clock::time_point;

    std::uint32_t number = 0; // from 1, new at each start
    RoomSettings settings;
    std::unique_ptr<RoomLog> log;
    std::set<std::uint64_t> members;                    // the numbers of clients
    bool is_moderated = false;                          // only those with a voice may speak
    std::set<std::string> voices;                       // folded names
    std::set<std::uint64_t> operators;                  // clients; beside those of the whole server
    std::map<std::string, std::optional<Time>> muted{}; // folded names, until when
    bool is_made_by_client = false;                     // gone when nobody is in it any more

    bool is_muted(const std::string& folded, Time now) const {
        const auto found = muted.find(folded);
        return found != muted.end() && (!found->second || *found->second > now);
    }
    const std::string& topic() const { return log->topic().empty() ? settings.topic : log->topic(); }
    bool is_open() const { return settings.code.empty() && settings.code_hash.empty(); }
    // What was decided about a person goes along with another name.
    void rename(const std::string& from, const std::string& to);
};

inline void Room::rename(const std::string& from, const std::string& to) {
    if (voices.erase(from) != 0) voices.insert(to);
    if (auto decided = muted.extract(from)) {
        decided.key() = to;
        muted.insert(std::move(decided));
    }
}

} // namespace chatd
