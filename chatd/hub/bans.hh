// SPDX-License-Identifier: ISC
// The bans: from one room or from all, by name or by address, for how long and by whom; in a file of the
// state directory, so that it outlives the daemon. Run by the hub.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatd {

struct Ban {
    using Time = std::chrono::system_clock::time_point;
    std::string whom; // a folded name, or the host of an address
    std::string room; // empty: everywhere
    std::optional<Time> until;
    std::string by; // a name; empty: the administrator
};

// Of a ban or a mute, common/amounts.hh: "90s", "10m", "2h"; no value if it is not a duration, or 0, or more
// than ten years.
std::optional<std::chrono::seconds> parse_duration(std::string_view word);

// What a typed word stands for: an address in the one way that hosts are written here, else a folded name.
std::string whom_of(const std::string& word);

class Bans {
public:
    // Reads the file, if it exists. Throws common::UserError, naming file and line, for a line that is not
    // a ban.
    explicit Bans(std::string path);

    // Replaces a ban of the same person from the same room. Throws std::system_error when the file cannot be
    // written; then nothing has changed.
    void add(Ban ban);
    // False if there is no such ban.
    bool remove(std::string_view whom, std::string_view room);
    // Whether this name or address is banned from the room (empty: from the server).
    bool keeps_out(std::string_view whom, std::string_view room, Ban::Time now) const;
    // The room of a ban of this person that still holds, empty for a ban from everywhere; no value if there
    // is none.
    std::optional<std::string> room_of_ban(std::string_view whom, Ban::Time now) const;
    // Those that still hold.
    std::vector<Ban> all(Ban::Time now) const;

private:
    void save(const std::vector<Ban>& bans) const;

    std::string path_;
    std::vector<Ban> bans_;
};

} // namespace chatd
