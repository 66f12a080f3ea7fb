// SPDX-License-Identifier: ISC
// chatd's settings and the table of its directives, which parses them and is held against chatd.conf(5) by a
// test. Run by the hub alone: the spawner and its handlers are told the few that they need.
#pragma once

#include "chatd/phrases.hh"
#include "chatd/protocol.hh"
#include "common/authd/authd.hh"
#include "common/daemon_settings.hh"
#include "common/keeper/group_sockets.hh"
#include "common/tls/tls_settings.hh"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

inline constexpr std::string_view main_user_directive = "hub-user";

struct RoomSettings {
    std::string name;
    std::string code;                     // empty: open, entered by its name
    std::string code_hash;                // instead of the code: what authd checks it against
    std::string topic;                    // until somebody sets another
    unsigned max_members = 0;             // 0: no limit
    bool moderated = false;               // at the start only those with a voice may speak
    bool hidden = false;                  // from the lists of those who are not in it
    bool history = true;                  // off: nothing of it stays when chatd ends
    std::uint64_t keep_bytes = 256 << 20; // of old lines
    std::chrono::hours keep_age{0};       // 0: for ever
};

struct OperatorSettings {
    std::string name;
    std::string hash;
    std::vector<std::string> rooms; // none: of all
};

// What one client, or all from one address, may say.
struct FloodLimit {
    unsigned lines = 20;   // that may be said at once; 0: no limit
    unsigned seconds = 10; // in which the bucket fills

    // As many lines as a handler may send together, which are let through together: a tenth, so that a line
    // waits for few others. 0: no limit.
    unsigned lines_at_once() const { return lines == 0 ? 0 : std::max(1U, lines / 10); }
};

struct Settings : common::DaemonSettings {
    std::vector<RoomSettings> rooms;
    std::vector<OperatorSettings> operators;
    unsigned history_on_join = 20; // lines
    std::uint64_t max_lag = 0;     // lines; 0: no limit
    bool create_rooms = false;
    FloodLimit flood;
    std::optional<FloodLimit> flood_per_address; // where it is given
    std::chrono::seconds resume_time{};          // 0: nobody is given a token
    Language language{};
    common::TlsSettings tls;
    std::optional<common::GroupPlace> notices;

    // What all clients from one address may do together.
    FloodLimit address_limit() const {
        return flood_per_address.value_or(FloodLimit{10 * flood.lines, flood.seconds});
    }
    // As many lines as a handler may send together; 0: no limit.
    unsigned lines_at_once() const;
};

// What authd keeps the hashes of, by names that are no room's and no operator's alone.
inline constexpr std::string_view room_secret = "room:";
inline constexpr std::string_view operator_secret = "operator:";
inline constexpr std::size_t max_operator_name = common::max_user_name - operator_secret.size(); // bytes
static_assert(room_secret.size() + max_room_name <= common::max_user_name);
std::vector<common::StoredSecret> secrets_of(const Settings& settings);
// What authd works with; none where nothing is kept as a hash and there are no users.
std::optional<common::AuthdSettings> authd_settings(const Settings& settings);

inline constexpr std::uint64_t segment_bytes = 16 << 20; // of their logs
// Of all rooms of the configuration: one of each, and where no history is kept one for each file of its log.
inline constexpr std::size_t max_parts_of_rooms = 24'000;

bool may_name_room(std::string_view name);

// The rows fill settings, which must outlive the table.
std::vector<common::Directive> directive_table(Settings& settings);

// What clients that speak IRC cannot do by this configuration, where some may come.
std::vector<common::Note> notes_on_irc(const Settings& settings);

// Settings from lines (and defaults for the rest). Throws common::UserError, also when two rooms could be
// entered with the same word.
Settings make_settings(std::span<const common::ConfigLine> lines);

} // namespace chatd
