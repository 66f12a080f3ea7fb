// SPDX-License-Identifier: ISC
#include "ftpd/formats.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace ftpd {
namespace {

// A number of exactly so many digits, taken from the front of stamp.
std::optional<unsigned> take_digits(std::string_view& stamp, std::size_t digits) {
    const std::string_view word = stamp.substr(0, digits);
    if (word.size() != digits || !std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; }))
        return {};
    stamp.remove_prefix(digits);
    return common::parse_number<unsigned>(word);
}

std::time_t with_four_digits(std::time_t when) {
    constexpr long long year_one = -62'135'596'800;
    constexpr long long year_9999 = 253'402'300'799; // its last second
    return static_cast<std::time_t>(std::clamp<long long>(when, year_one, year_9999));
}

// A number below 100, as two digits.
void append_two_digits(std::string& out, unsigned number) {
    const std::array digits{static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
    out.append(digits.data(), digits.size());
}

} // namespace

std::tm in_utc(std::time_t when) {
    const std::time_t shown = with_four_digits(when);
    std::tm parts{};
    ::gmtime_r(&shown, &parts);
    return parts;
}

void append_timestamp(std::string& out, std::time_t when) {
    using namespace std::chrono;
    const sys_seconds moment{seconds{with_four_digits(when)}};
    const auto midnight = floor<days>(moment);
    const year_month_day date{midnight};
    const hh_mm_ss time{moment - midnight};
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    for (const unsigned part :
         {year / 100, year % 100, static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
          static_cast<unsigned>(time.hours().count()), static_cast<unsigned>(time.minutes().count()),
          static_cast<unsigned>(time.seconds().count())})
        append_two_digits(out, part);
}

std::string format_timestamp(std::time_t when) {
    std::string stamp;
    append_timestamp(stamp, when);
    return stamp;
}

std::optional<std::time_t> parse_timestamp(std::string_view stamp) {
    using namespace std::chrono;
    const auto year_number = take_digits(stamp, 4), month_number = take_digits(stamp, 2),
               day_number = take_digits(stamp, 2), hour = take_digits(stamp, 2),
               minute = take_digits(stamp, 2);
    if (!year_number || !month_number || !day_number || !hour || !minute) return {};
    const auto second = stamp.empty() ? std::optional{0U} : take_digits(stamp, 2);
    if (!second) return {};
    if (!stamp.empty() && stamp[0] == '.') {
        stamp.remove_prefix(1);
        while (take_digits(stamp, 1)) {
        }
    }
    const year_month_day date{year{static_cast<int>(*year_number)}, month{*month_number}, day{*day_number}};
    // A leap second has the number 60, and no time of its own in POSIX.
    if (!stamp.empty() || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return {};
    const auto moment = sys_days{date} + hours{*hour} + minutes{*minute} + seconds{*second};
    return static_cast<std::time_t>(duration_cast<seconds>(moment.time_since_epoch()).count());
}

std::optional<mode_t> parse_mode(std::string_view digits) {
    unsigned mode = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), mode, 8);
    if (error != std::errc{} || end != digits.data() + digits.size() || mode > 0777) return {};
    return static_cast<mode_t>(mode);
}

std::string format_mode(mode_t mode) {
    std::string digits;
    for (const unsigned shift : {6U, 3U, 0U}) digits += static_cast<char>('0' + ((mode >> shift) & 7));
    return digits;
}

} // namespace ftpd
