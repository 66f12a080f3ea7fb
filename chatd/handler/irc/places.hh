// SPDX-License-Identifier: ISC
// The rooms that a client of IRC is in, by the names of their channels. Run by handlers. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chatd::irc {

struct Place {
    std::uint32_t room = 0;
    std::string name{};
    std::uint64_t birth = 0; // of its log: microseconds since 1970; 0: not known
};

class Places {
public:
    void add(std::uint32_t room, const std::string& name) { all_.push_back({room, name}); }
    void remove(std::uint32_t room);
    void remove(const std::string& name);

    // By its channel's name, whose case does not count, as the hub has it; nullptr: it is in none of that
    // name. Until the next change.
    Place* find(std::string_view channel);
    Place* find(std::uint32_t room);
    const std::vector<Place>& all() const { return all_; }

private:
    std::vector<Place> all_;
};

} // namespace chatd::irc
