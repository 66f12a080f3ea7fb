// SPDX-License-Identifier: ISC
// A line of a listing for programs (SITE MLSD; RFC 3659, section 7.2), as a client reads it. Pure logic, on
// bytes that a server sent: nothing in them is believed to be a name that leads anywhere else.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace ftpd {

struct RemoteEntry {
    enum class Type { file, folder, other };
    Type type = Type::other;
    std::string name;
    std::uint64_t size = 0; // bytes; of a file
    std::optional<std::time_t> modified;
    std::optional<mode_t> mode; // the nine bits of permissions
    std::string unique;         // tells whether two names are one file; empty: not known
};

// "type=file;size=5;modify=20261121072600; NAME". Facts that nobody knows are left out. Throws PeerError for
// what is no such line.
RemoteEntry parse_remote_entry(std::string_view line);

// Whether a name that a server sent is one component of a path below: not empty, `.' or `..', no slash, no
// NUL.
bool is_plain_name(std::string_view name);

} // namespace ftpd
