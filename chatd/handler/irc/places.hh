// SPDX-License-Identifier: ISC
// The rooms that a client of IRC is in, by the names of their channels. What was said in one before the
// client came is shown in a batch, to who knows those. Run by handlers. Pure.
#pragma once

#include "chatd/handler/irc/replies.hh"
#include "chatd/handler/irc/server_line.hh"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::irc {

struct Place {
    std::uint32_t room = 0;
    std::string name{};
    std::uint64_t birth = 0;     // of its log: microseconds since 1970; 0: not known
    bool is_hidden = false;      // no list shows it
    std::string earlier_batch{}; // of what was said before; empty: none is under way
};

class Places {
public:
    explicit Places(Replies& replies) : replies_(replies) {}

    void add(std::uint32_t room, const std::string& name) { all_.push_back({room, name}); }
    void remove(std::uint32_t room);

    // By its channel's name, whose case does not count, as the hub has it; nullptr: it is in none of that
    // name. Until the next change.
    Place* find(std::string_view channel);
    Place* find(std::uint32_t room);
    const std::vector<Place>& all() const { return all_; }

    // Lines of what was said before the client came.
    void show_earlier(Place& place, const std::vector<ServerLine>& lines);
    // There are no more of them; also where there were none.
    void end_earlier(Place& place);
    // The same for all rooms of which has_passed(room) says so.
    template <class HasPassed>
    void end_earlier_where(const HasPassed& has_passed) {
        for (Place& place : all_)
            if (!place.earlier_batch.empty() && has_passed(place.room)) end_earlier(place);
    }

private:
    Replies& replies_;
    std::vector<Place> all_;
};

} // namespace chatd::irc
