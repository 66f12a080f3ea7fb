// SPDX-License-Identifier: ISC
#include "common/amounts.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <array>
#include <limits>

namespace common {
namespace {

struct Unit {
    std::string_view letters; // each means it
    std::int64_t factor;
};
constexpr std::array size_units{Unit{"kK", 1LL << 10}, Unit{"mM", 1LL << 20}, Unit{"gG", 1LL << 30},
                                Unit{"tT", 1LL << 40}};
constexpr std::array time_units{Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600}, Unit{"d", 86400}};
constexpr std::int64_t max_seconds = 100LL * 366 * 86400;

// A number and perhaps a unit's letter; plain: the factor without one.
std::optional<std::int64_t> read_amount(std::string_view word, std::span<const Unit> units,
                                        std::int64_t plain, std::int64_t most) {
    std::int64_t factor = plain;
    for (const Unit& unit : units)
        if (!word.empty() && unit.letters.find(word.back()) != unit.letters.npos) {
            factor = unit.factor;
            word.remove_suffix(1);
            break;
        }
    const auto number = parse_number<std::int64_t>(word, 0, most / factor);
    if (!number) return {};
    return *number * factor;
}

// "5m", "2h", "90": the longest unit that leaves no remainder.
std::string spell(std::chrono::seconds time) {
    constexpr std::int64_t readable = 100; // rather 90 than 1m30s, and 300 than 5m
    for (auto unit = time_units.rbegin(); unit != time_units.rend(); ++unit)
        if (unit->factor > 1 && time.count() >= readable && time.count() % unit->factor == 0)
            return text(time.count() / unit->factor, unit->letters);
    return text(time.count());
}

} // namespace

std::optional<std::uint64_t> read_size(std::string_view word) {
    const auto bytes = read_amount(word, size_units, 1, std::numeric_limits<std::int64_t>::max());
    if (!bytes) return {};
    return static_cast<std::uint64_t>(*bytes);
}

std::optional<std::chrono::seconds> read_time(std::string_view word, std::chrono::seconds plain) {
    const auto seconds = read_amount(word, time_units, plain.count(), max_seconds);
    if (!seconds) return {};
    return std::chrono::seconds{*seconds};
}

std::uint64_t parse_size(Words words) {
    const std::string& word = only_word(words, "a size");
    const auto bytes = read_size(word);
    if (!bytes) throw UserError(text("'", escape(word, 64), "' is no size: write ", size_forms));
    return *bytes;
}

std::uint64_t parse_size_or_none(Words words) {
    const std::string& word = only_word(words, "a size");
    if (word == "none") return 0;
    const auto bytes = read_size(word);
    if (!bytes || *bytes == 0)
        throw UserError(text("'", escape(word, 64), "' is no size: write none, or ", size_forms));
    return *bytes;
}

std::chrono::seconds parse_time(Words words, std::chrono::seconds least, std::chrono::seconds most) {
    const std::string& word = only_word(words, "a length of time");
    const auto time = read_time(word);
    if (!time || *time < least || *time > most)
        throw UserError(text("'", escape(word, 64), "' is no length of time from ", spell(least), " to ",
                             spell(most), ": write ", time_forms));
    return *time;
}

std::chrono::hours parse_days(Words words, std::chrono::hours most) {
    const std::string& word = only_word(words, "a number of days");
    const auto time = read_time(word, std::chrono::hours{24});
    if (!time || *time > most || *time % std::chrono::hours{1} != std::chrono::seconds{0})
        throw UserError(text("'", escape(word, 64), "' is no number of days: write one from 0 to ",
                             most / std::chrono::hours{24}, ", or hours like 36h"));
    return std::chrono::duration_cast<std::chrono::hours>(*time);
}

} // namespace common
