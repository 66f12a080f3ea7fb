// SPDX-License-Identifier: ISC
// What a client may do in the tree. Every verb that touches it names the right it needs, in the verb table.
#pragma once

#include <initializer_list>
#include <string_view>

namespace ftpd {

enum class Right : unsigned {
    none = 0,
    list = 1,            // LIST, NLST, MLSD, MLST, LS
    read = 2,            // RETR, GET
    create = 4,          // STOR, STOU, APPE, PUT of a name that is not there
    overwrite = 8,       // STOR, APPE, PUT over a file, or into it; its times and mode
    remove = 16,         // DELE, RMD
    make_directory = 32, // MKD
    rename = 64,         // RNFR, RNTO
};

class Rights {
public:
    constexpr Rights() = default;
    constexpr Rights(std::initializer_list<Right> rights) {
        for (const Right right : rights) add(right);
    }
    constexpr bool has(Right right) const {
        return (bits_ & static_cast<unsigned>(right)) == static_cast<unsigned>(right);
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

// The rights of a line of the user file, suite-users(5). A word that is none means none.
Rights parse_rights(std::string_view field);

} // namespace ftpd
