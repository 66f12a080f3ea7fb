// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/places.hh"

#include "chatd/handler/irc/names.hh"
#include "chatd/words.hh"

#include <algorithm>

namespace chatd::irc {

void Places::remove(std::uint32_t room) {
    std::erase_if(all_, [&](const Place& place) { return place.room == room; });
}

void Places::remove(const std::string& name) {
    std::erase_if(all_, [&](const Place& place) { return place.name == name; });
}

Place* Places::find(std::uint32_t room) {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const Place& p) { return p.room == room; });
    return found == all_.end() ? nullptr : &*found;
}

Place* Places::find(std::string_view channel) {
    if (!is_channel(channel)) return nullptr;
    auto found = std::find_if(all_.begin(), all_.end(),
                              [&](const Place& place) { return channel_of(place.name) == channel; });
    if (found != all_.end()) return &*found;
    const std::string folded = fold_name(room_of(channel));
    found = std::find_if(all_.begin(), all_.end(),
                         [&](const Place& place) { return fold_name(place.name) == folded; });
    return found == all_.end() ? nullptr : &*found;
}

} // namespace chatd::irc
