// SPDX-License-Identifier: ISC
// The rows of the table: what is measured, in which unit, how exactly, and what the suite is held to.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bench {

// Who is measured. The suite's first build is judged; a subject whose name begins with `floor' is a bare loop
// that does no more than the kernel's part of the work; all others are peers.
inline constexpr std::string_view suite = "suite";
bool is_peer(std::string_view subject);

struct Row {
    std::string_view name; // its beginning up to the dash is the part: ftp, chat, pack, poller
    std::string_view work; // a few words
    std::string_view unit;
    bool more_is_better;
    std::string_view definition; // what exactly is counted
};
std::span<const Row> all_rows();
const Row& find_row(std::string_view name); // throws std::logic_error for an unknown one
std::string_view part_of(std::string_view row);

// The suite's median in a row must be at least (at most) factor times the reference's.
struct Target {
    std::string_view row;
    std::string_view text; // as the table shows it
    enum class Relation { at_least, at_most } relation;
    double factor;
    std::string_view subject; // of the reference; "best peer"; empty: the factor is the limit itself
    std::string_view reference_row = {}; // if it is another
    std::string_view judged = suite;
};
std::span<const Target> all_targets();

} // namespace bench
