// SPDX-License-Identifier: ISC
// What a parent leaves with the keeper of each session, for the next parent. Packed bytes, that are read no
// more trustingly than a session's: whatever killed the parent may have been at them. The next parent may be
// of the version that follows or of the one before: what a version adds stands at the end, where the one
// before does not look.
#pragma once

#include "common/loop.hh"
#include "ftpd/frames.hh"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace ftpd {

struct SessionRecord {
    static constexpr std::size_t max_text = 512; // bytes of each

    pid_t pid = -1;
    std::size_t page = 0; // its status page
    common::Clock::time_point since{};
    std::optional<common::Clock::time_point> kill_at{}; // it was told to end, and has until then
    std::string network{};                              // of its client, for counting; empty: none
    std::string host{}, peer{};                         // its client's address, and that with the port
    std::string local{};                                // ours that the client has connected to
    std::string listener{};                             // by which it came, as the keeper calls that
    std::uint8_t frames = frames_version;               // that the session speaks

    // A text that is too long is cut.
    std::string pack() const;
    // Throws common::PeerError for what no parent leaves.
    static SessionRecord unpack(std::string_view bytes);
};

} // namespace ftpd
