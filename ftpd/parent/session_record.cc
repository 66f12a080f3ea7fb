// SPDX-License-Identifier: ISC
#include "ftpd/parent/session_record.hh"

#include "common/errors.hh"
#include "common/pack/pack.hh"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

using namespace common;

namespace ftpd {
namespace {

// frames pid page, ticks of since and of kill_at (0: none), bytes of network host peer local listener, which
// follow
using Head = pack::Struct<"=BiIqqHHHHH">;

PeerError malformed() { return PeerError{"what the parent before has left of a session is malformed"}; }

std::int64_t ticks_of(Clock::time_point when) { return when.time_since_epoch().count(); }

Clock::time_point time_of(std::int64_t ticks) { return Clock::time_point{Clock::duration{ticks}}; }

} // namespace

std::string SessionRecord::pack() const {
    const auto fitting = [](const std::string& one) { return std::string_view{one}.substr(0, max_text); };
    const auto size = [&](const std::string& one) { return static_cast<std::uint16_t>(fitting(one).size()); };
    const auto head = Head::pack(frames, pid, static_cast<std::uint32_t>(page), ticks_of(since),
                                 kill_at ? ticks_of(*kill_at) : 0, size(network), size(host), size(peer),
                                 size(local), size(listener));
    std::string bytes{head.data(), head.size()};
    for (const std::string* const one : {&network, &host, &peer, &local, &listener}) bytes += fitting(*one);
    return bytes;
}

SessionRecord SessionRecord::unpack(std::string_view bytes) {
    if (bytes.size() < Head::size) throw malformed();
    const auto [frames, pid, page, since, kill_at, network, host, peer, local, listener] =
        Head::unpack_from(std::span{bytes.data(), bytes.size()});
    SessionRecord record{.pid = pid, .page = page, .since = time_of(since), .frames = frames};
    if (pid <= 1 || since < 0 || kill_at < 0) throw malformed();
    if (kill_at != 0) record.kill_at = time_of(kill_at);
    bytes.remove_prefix(Head::size);
    const std::array sizes{network, host, peer, local, listener};
    const std::array texts{&record.network, &record.host, &record.peer, &record.local, &record.listener};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        if (sizes.at(i) > max_text || sizes.at(i) > bytes.size()) throw malformed();
        *texts.at(i) = bytes.substr(0, sizes.at(i));
        bytes.remove_prefix(sizes.at(i));
    }
    return record;
}

} // namespace ftpd
