// SPDX-License-Identifier: ISC
#include "chatd/hub/client.hh"

#include "chatd/hub/room.hh"
#include "common/errors.hh"
#include "common/keeper/keeper_link.hh"

#include <algorithm>

namespace chatd {

std::chrono::milliseconds TokenBucket::take(const FloodLimit& limit, double tokens, Time now) {
    const auto time = time_until(limit, tokens, now);
    if (limit.lines != 0) tokens_ -= tokens;
    return time;
}

std::chrono::milliseconds TokenBucket::time_until(const FloodLimit& limit, double tokens, Time now) {
    if (limit.lines == 0) return {};
    fill(limit, now);
    const double missing = tokens - tokens_;
    constexpr double nothing = 1e-6; // what sums of fractions lose
    if (missing <= nothing) return {};
    const double seconds = missing * limit.seconds / limit.lines;
    return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
}

bool TokenBucket::is_full(const FloodLimit& limit, Time now) {
    fill(limit, now);
    return tokens_ >= limit.lines;
}

void TokenBucket::fill(const FloodLimit& limit, Time now) {
    const double full = limit.lines;
    if (!begun_) tokens_ = full;
    const std::chrono::duration<double> passed = now - filled_;
    if (begun_) tokens_ = std::min(full, tokens_ + passed.count() * full / limit.seconds);
    filled_ = now;
    begun_ = true;
}

bool Client::speaks_irc() const { return common::speaks_irc(listener); }

bool Client::is_in(const Room& room) const {
    return std::any_of(rooms.begin(), rooms.end(), [&](const Membership& in) { return in.room == &room; });
}

Room& Client::room(std::uint32_t wanted) const {
    for (const Membership& in : rooms)
        if (in.room->number() == wanted) return *in.room;
    if (std::find(closed.begin(), closed.end(), wanted) != closed.end()) throw RoomIsClosed{};
    throw common::PeerError("a room that it is not in");
}

} // namespace chatd
