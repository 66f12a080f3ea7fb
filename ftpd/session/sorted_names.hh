// SPDX-License-Identifier: ISC
// The names of a directory on the way from readdir(3) to a listing: held in one piece of memory, and sorted.
// Run by the session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace ftpd {

class SortedNames {
public:
    // type: what readdir(3) says of it (common/entry_type.hh); 0: nothing.
    void add(std::string_view name, mode_t type);
    std::size_t size() const { return rows_.size(); }
    void clear(); // keeps the memory

    // Calls on_name(name, type) for each, in the order of their bytes. The name ends in a zero.
    template <class OnName>
    void for_each(OnName on_name) {
        sort();
        for (const Row& row : rows_)
            on_name(std::string_view{bytes_}.substr(row.begin, row.length), row.type);
    }

private:
    struct Row {
        std::uint64_t key; // eight bytes behind what all begin with, the first in front; zeros behind the end
        std::uint32_t begin, length;
        mode_t type;
    };

    void sort();
    std::string_view name_of(const Row& row) const { return {bytes_.data() + row.begin, row.length}; }
    std::uint64_t key_of(std::string_view name) const;

    std::string bytes_;
    std::vector<Row> rows_;
    std::size_t common_ = 0; // length of what all names begin with
};

} // namespace ftpd
