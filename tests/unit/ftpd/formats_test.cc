// SPDX-License-Identifier: ISC
#include "ftpd/formats.hh"

#include <doctest/doctest.h>

using namespace ftpd;

TEST_SUITE("unit") {
    TEST_CASE("time stamp: what was written is read back as the same moment") {
        for (const std::time_t when :
             {0L, 951'782'400L, 1'795'249'570L, 253'402'300'799L, -1L, -62'135'596'800L}) {
            CAPTURE(when);
            CHECK(parse_timestamp(format_timestamp(when)) == when);
        }
    }

    TEST_CASE("time stamp: a fraction is left out and seconds may be missing") {
        CHECK(parse_timestamp("20261121082610") == 1'795'249'570);
        CHECK(parse_timestamp("20261121082610.999") == 1'795'249'570);
        CHECK(parse_timestamp("20261121082610.") == 1'795'249'570);
        CHECK(parse_timestamp("202611210826") == 1'795'249'560);
        CHECK(parse_timestamp("20161231235960") == 1'483'228'800); // a leap second
    }

    TEST_CASE("time stamp: what no calendar has is none") {
        for (const char* const wrong : {"",
                                        "2026",
                                        "20261121",
                                        "2026112108",
                                        "20261121082",
                                        "2026112108261",
                                        "202611210826100",
                                        "20261321082610",
                                        "20260021082610",
                                        "20261100082610",
                                        "20261131082610",
                                        "20260229082610",
                                        "20261121242610",
                                        "20261121086010",
                                        "20261121082661",
                                        "20261121082610x",
                                        "20261121082610.5x",
                                        " 20261121082610",
                                        "+0261121082610",
                                        "-0261121082610",
                                        "2026-11-21",
                                        "noon"}) {
            CAPTURE(wrong);
            CHECK_FALSE(parse_timestamp(wrong));
        }
    }
}
