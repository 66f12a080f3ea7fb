// SPDX-License-Identifier: ISC
#include "common/amounts.hh"
#include "common/errors.hh"

#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace common;
using namespace std::chrono_literals;

namespace {

std::string refusal(const std::function<void(Words)>& parse, std::vector<std::string> words) {
    try {
        parse(words);
        return "accepted";
    } catch (const UserError& error) {
        return error.what();
    }
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("amounts: a size is bytes or has a unit that is a power of 1024") {
        CHECK(read_size("0") == 0);
        CHECK(read_size("500") == 500);
        CHECK(read_size("16K") == 16'384);
        CHECK(read_size("16k") == 16'384);
        CHECK(read_size("1M") == 1'048'576);
        CHECK(read_size("2g") == 2'147'483'648);
        CHECK(read_size("1T") == 1'099'511'627'776);
        CHECK(read_size("9223372036854775807") == 9'223'372'036'854'775'807);
        for (const char* const wrong : {"", "K", "-1", "+1", "1.5M", "1 M", " 1", "1MB", "1kk", "M1", "5m5",
                                        "0x10", "9223372036854775808", "8388608T"}) {
            CAPTURE(wrong);
            CHECK_FALSE(read_size(wrong));
        }
    }

    TEST_CASE("amounts: a time is seconds or has a unit") {
        CHECK(read_time("0") == 0s);
        CHECK(read_time("90") == 90s);
        CHECK(read_time("90s") == 90s);
        CHECK(read_time("5m") == 5min);
        CHECK(read_time("2h") == 2h);
        CHECK(read_time("7d") == 168h);
        CHECK(read_time("7", 24h) == 168h);
        CHECK(read_time("7h", 24h) == 7h);
        for (const char* const wrong : {"", "s", "-1", "1.5h", "1 h", "1w", "5M", "1ms", "h1", "5m30s",
                                        "9223372036854775807", "9223372036854775807d", "99999999d"}) {
            CAPTURE(wrong);
            CHECK_FALSE(read_time(wrong));
        }
    }

    TEST_CASE("amounts: a directive's word that is none is refused with the forms") {
        CHECK(refusal(parse_size, {"much"}) ==
              "'much' is not a size: write a number of bytes, or a number followed by K, "
              "M, G or T (powers of 1024), "
              "like 500K or 10M");
        CHECK(refusal(parse_size_or_none, {"0"})
                  .starts_with("'0' is not a size: write none, or a number of bytes"));
        CHECK(refusal(parse_size_or_none, {"none"}) == "accepted");
        CHECK(refusal(parse_size, {"1", "2"}) == "takes one word, a size, not 2");
        const auto to_a_day = [](Words words) { parse_time(words, 1s, 24h); };
        CHECK(refusal(to_a_day, {"0"}) ==
              "'0' is not a length of time from 1 to 1d: write a number of seconds, or a number "
              "followed by s, m, h or d, like 90, 5m or 2h");
        CHECK(refusal(to_a_day, {"25h"}).starts_with("'25h' is not a length of time"));
        CHECK(refusal(to_a_day, {"24h"}) == "accepted");
        const auto days = [](Words words) { parse_days(words, 24h * 36500); };
        CHECK(refusal(days, {"90m"}) ==
              "'90m' is not a number of days: write one from 0 to 36500, or hours like 36h");
        CHECK(refusal(days, {"36501"}).starts_with("'36501' is not a number of days"));
        CHECK(refusal(days, {"36h"}) == "accepted");
    }
}
