// SPDX-License-Identifier: ISC
#include "ftpd/limits.hh"

#include "common/authd/user_file.hh"

#include <doctest/doctest.h>

using namespace ftpd;

TEST_SUITE("unit") {
    TEST_CASE("limits: a user's take the place of the usual ones and the rest stays") {
        const Limits usual{.rate_up = 1, .rate_down = 2, .max_upload = 3};
        const Limits own = parse_limits("rate-down=2000,max-upload=0", usual);
        CHECK(own.rate_up == 1);
        CHECK(own.rate_down == 2000);
        CHECK(own.max_upload == 0); // none for this one
        CHECK(parse_limits("", usual).rate_up == 1);
        CHECK(parse_limits("-", usual).max_upload == 3);
    }

    TEST_CASE("limits: each that the user file takes is known here") {
        for (const std::string_view key : common::user_table("ftpd").limits) {
            const Limits limits = parse_limits(std::string{key} + "=77", {});
            CHECK(limits.rate_up + limits.rate_down + limits.max_upload == 77);
        }
    }
}
