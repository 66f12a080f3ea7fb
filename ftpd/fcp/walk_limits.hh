// SPDX-License-Identifier: ISC
// What keeps a walk through folders from going on without end: links may lead back, out, or to one folder by
// many ways. For trees on either side. Run by fcp and fls.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace ftpd {

// Bytes of a path: what open(2) takes of one on the usual systems, so that what can be sent can be fetched.
inline constexpr std::size_t max_path_length = 4096;

inline constexpr std::string_view link_left_out = "is a symbolic link: left out (-L follows it)";
inline constexpr std::string_view leads_back = "leads back to a folder that contains it: skipped";
inline constexpr std::string_view not_told_apart =
    "leads to a folder that the server does not tell from others, and so perhaps in a circle: skipped";
inline constexpr std::string_view met_too_often = "is met too often by way of links: skipped";

// How often a walk that follows links has come by each folder: ways through a few links can multiply without
// any circle.
class Visits {
public:
    static constexpr unsigned most = 100; // of one folder

    // folder: what tells it from all others. False when it has been entered as often as it may be.
    bool enter(const std::string& folder) { return ++counts_[folder] <= most; }

private:
    std::map<std::string, unsigned> counts_;
};

} // namespace ftpd
