// SPDX-License-Identifier: ISC
// What a client may do in the tree, what its transfers may cost, and which names it may see and use. Logic on
// bytes alone. Run by the session, which decides by it, and by the parent, which reads it from the
// configuration.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ftpd {

// Every verb that touches the tree names the right it needs, in the verb table.
enum class Right : unsigned {
    none = 0,
    list = 1,                   // LIST, NLST, MLSD, MLST, LS
    read = 2,                   // RETR, GET
    create = 4,                 // STOR, STOU, APPE, PUT of a new name
    overwrite = 8,              // STOR, APPE, PUT over a file, or into it; the times and mode of any file
    remove = 16,                // DELE, RMD
    make_directory = 32,        // MKD
    rename = 64,                // RNFR, RNTO
    store = create | overwrite, // one of the two: which, the file decides. STOR, APPE, PUT, and the times and
                                // mode of a file, which who has just stored it may set, too
};

class Rights {
public:
    constexpr Rights() = default;
    constexpr Rights(std::initializer_list<Right> rights) {
        for (const Right right : rights) add(right);
    }
    // Of several in one (Right::store), any.
    constexpr bool has(Right right) const {
        return right == Right::none || (bits_ & static_cast<unsigned>(right)) != 0;
    }
    constexpr bool may_write() const {
        return has(Right::create) || has(Right::overwrite) || has(Right::remove) || has(Right::rename) ||
               has(Right::make_directory);
    }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr void add(Right right) { bits_ |= static_cast<unsigned>(right); }

private:
    unsigned bits_ = 0;
};

// The rights of a line of the user file, suite-users(5). A word that is not a right grants none.
Rights parse_rights(std::string_view field);

// Of the configuration, or of a user's line in suite-users(5).
struct Limits {                   // 0: no limit
    std::uint64_t rate_up = 0;    // bytes per second
    std::uint64_t rate_down = 0;  // bytes per second
    std::uint64_t max_upload = 0; // bytes of a file
};

// Of "rate-up=1000,max-upload=5000", as authd has checked it; usual: those that are not named.
Limits parse_limits(std::string_view field, const Limits& usual);

// Clients cannot use the names that are reserved for the server (ftpd/path.hh), hidden ones with
// `hidden-files no', and those of `deny'.
struct NamePolicy {
    bool hidden_files = true;        // names that begin with a dot are names like others
    std::vector<std::string> denied; // patterns of fnmatch(3)

    // Why this name, one component of a path, cannot be used; no value: it can.
    std::optional<std::string> refuse(std::string_view name) const;
    // The same for any component of an absolute path.
    std::optional<std::string> refuse_path(std::string_view path) const;
};

} // namespace ftpd
