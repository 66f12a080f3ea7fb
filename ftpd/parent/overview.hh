// SPDX-License-Identifier: ISC
// What the parent tells of itself and its sessions: `who', `top' and `stats' of the control socket, and USR1.
// What sessions posted is shown escaped, and not trusted. Text from values: nothing here looks at a
// process.
#pragma once

#include "common/loop.hh"
#include "ftpd/frames.hh"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace ftpd {

// A session as its parent sees it.
struct SessionView {
    pid_t pid = 0;
    std::string peer; // the client's address with port
    common::Clock::time_point since;
    std::optional<Activity> activity; // none: it is in the middle of posting
};

// Totals since the start. Those of sessions come from what they last posted.
struct Totals {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
    std::uint64_t crashed = 0; // ended by a signal
    std::uint64_t failed_forks = 0;
    std::uint64_t transfers = 0;
    std::uint64_t sent = 0; // bytes
    std::uint64_t received = 0;

    void add(const Activity& activity);
};

// A line for each session, below one of headings.
std::vector<std::string> format_who(std::span<const SessionView> sessions, common::Clock::time_point now);
// A line for each transfer, with what is done and left of it, below their sum and headings.
std::vector<std::string> format_top(std::span<const SessionView> sessions, common::Clock::time_point now);

struct Stats {
    common::Clock::duration uptime{};
    std::size_t clients = 0;
    std::size_t max_clients = 0;
    std::array<std::size_t, 2> clients_of_tls{}; // 1.2 and 1.3
    Totals totals;                               // of all sessions, also of the running ones
    std::uint64_t log_lines_lost = 0;
};
// "NAME NUMBER", a line each.
std::vector<std::string> format_stats(const Stats& stats);

} // namespace ftpd
