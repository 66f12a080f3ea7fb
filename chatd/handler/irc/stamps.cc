// SPDX-License-Identifier: ISC
#include "chatd/handler/irc/stamps.hh"

#include "chatd/handler/irc/names.hh"
#include "common/text.hh"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace chatd::irc {
namespace {

using std::chrono::microseconds;
using Instant = std::chrono::sys_time<microseconds>;

// The number of exactly that many digits at the beginning, which is taken off with the sign behind it.
std::optional<int> take_number(std::string_view& rest, std::size_t digits, char behind) {
    const std::string_view word = rest.substr(0, digits);
    const auto number = common::parse_number<unsigned>(word);
    if (word.size() < digits || !number || rest.substr(digits, 1) != std::string_view{&behind, 1}) return {};
    rest.remove_prefix(digits + 1);
    return static_cast<int>(*number);
}

// 120 is 120000 microseconds: the digits of a fraction of a second, of which six count.
std::optional<microseconds> fraction(std::string_view digits) {
    if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) return {};
    int counted = 0;
    for (std::size_t at = 0; at < 6; ++at)
        counted = 10 * counted + (at < digits.size() ? digits[at] - '0' : 0);
    return microseconds{counted};
}

std::string_view take_part(std::string_view& rest) {
    const std::string_view part = rest.substr(0, rest.find('-'));
    rest.remove_prefix(part.size());
    if (!rest.empty()) rest.remove_prefix(1);
    return part;
}

} // namespace

std::string server_time(std::int64_t since_1970) {
    const Instant when{microseconds{since_1970}};
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::milliseconds>(when - day)};
    std::array<char, 64> shown{};
    const int size = std::snprintf(
        shown.data(), shown.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
        static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
    return {shown.data(), static_cast<std::size_t>(size)};
}

std::optional<std::int64_t> parse_server_time(std::string_view text) {
    const auto year = take_number(text, 4, '-');
    const auto month = take_number(text, 2, '-');
    const auto day = take_number(text, 2, 'T');
    const auto hour = take_number(text, 2, ':');
    const auto minute = take_number(text, 2, ':');
    const bool has_fraction = text.size() > 2 && text[2] == '.';
    const auto second = take_number(text, 2, has_fraction ? '.' : 'Z');
    if (!year || !month || !day || !hour || !minute || !second) return {};
    microseconds part{0};
    if (has_fraction) {
        if (text.empty() || text.back() != 'Z') return {};
        const auto known = fraction(text.substr(0, text.size() - 1));
        if (!known) return {};
        part = *known;
    } else if (!text.empty()) {
        return {};
    }
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return {}; // 60: a leap second
    const Instant when = std::chrono::sys_days{date} + std::chrono::hours{*hour} +
                         std::chrono::minutes{*minute} + std::chrono::seconds{*second} + part;
    return when.time_since_epoch().count();
}

std::int64_t now_in_microseconds() {
    return std::chrono::floor<microseconds>(std::chrono::system_clock::now()).time_since_epoch().count();
}

std::string shown(const MessageId& id) {
    std::array<char, 16> birth{};
    const auto end = std::to_chars(birth.data(), birth.data() + birth.size(), id.birth, 16).ptr;
    return common::text(std::string_view{birth.data(), static_cast<std::size_t>(end - birth.data())}, '-',
                        id.line, '-', id.part, '-', channel_of(id.room).substr(1));
}

std::optional<MessageId> parse_message_id(std::string_view text) {
    MessageId id;
    const std::string_view birth = take_part(text);
    const auto [end, error] = std::from_chars(birth.data(), birth.data() + birth.size(), id.birth, 16);
    const auto line = common::parse_number<std::uint64_t>(take_part(text));
    const auto part = common::parse_number<unsigned>(take_part(text));
    if (error != std::errc{} || end != birth.data() + birth.size() || !line || !part || text.empty())
        return {};
    id.line = *line;
    id.part = *part;
    id.room = text;
    return id;
}

} // namespace chatd::irc
