// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/places.hh"

#include "chatd/handler/irc/names.hh"
#include "chatd/words.hh"

#include <algorithm>

namespace chatd::irc {

void Places::remove(std::uint32_t room) {
    if (Place* const place = find(room)) end_earlier(*place);
    std::erase_if(all_, [&](const Place& place) { return place.room == room; });
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

void Places::show_earlier(Place& place, const std::vector<ServerLine>& lines) {
    if (lines.empty()) return;
    if (place.earlier_batch.empty())
        place.earlier_batch = replies_.begin_batch("chathistory", channel_of(place.name));
    for (const ServerLine& line : lines) replies_.batch_event(place.earlier_batch, line);
}

void Places::end_earlier(Place& place) {
    replies_.end_batch(place.earlier_batch);
    place.earlier_batch.clear();
}

} // namespace chatd::irc
