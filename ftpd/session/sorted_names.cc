// SPDX-License-Identifier: ISC
#include "ftpd/session/sorted_names.hh"

#include <algorithm>

namespace ftpd {

void SortedNames::add(std::string_view name, mode_t type) {
    const auto begin = static_cast<std::uint32_t>(bytes_.size());
    bytes_.append(name) += '\0';
    rows_.push_back({0, begin, static_cast<std::uint32_t>(name.size()), type});
    const std::string_view first = name_of(rows_.front()).substr(0, rows_.size() == 1 ? name.npos : common_);
    common_ = static_cast<std::size_t>(std::ranges::mismatch(first, name).in1 - first.begin());
}

void SortedNames::clear() {
    bytes_.clear();
    rows_.clear();
}

// Names in one directory often begin alike, and most that do not differ in the next bytes.
void SortedNames::sort() {
    for (Row& row : rows_) row.key = key_of(name_of(row));
    std::ranges::sort(rows_, [this](const Row& a, const Row& b) {
        return a.key != b.key ? a.key < b.key : name_of(a) < name_of(b);
    });
}

std::uint64_t SortedNames::key_of(std::string_view name) const {
    const std::string_view part = name.substr(common_, sizeof(std::uint64_t));
    std::uint64_t key = 0;
    for (std::size_t i = 0; i < sizeof key; ++i)
        key = key << 8 | (i < part.size() ? static_cast<unsigned char>(part[i]) : 0U);
    return key;
}

} // namespace ftpd
