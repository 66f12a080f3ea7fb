// SPDX-License-Identifier: ISC
#include "common/secret.hh"

#include <doctest/doctest.h>

using namespace common;

TEST_SUITE("unit") {
    TEST_CASE("secrets are the same when all of their bytes are") {
        CHECK(equal_in_constant_time("", ""));
        CHECK(equal_in_constant_time("sesame", "sesame"));
        CHECK_FALSE(equal_in_constant_time("sesame", "sesamE"));
        CHECK_FALSE(equal_in_constant_time("sesame", "tesame"));
        CHECK_FALSE(equal_in_constant_time("sesame", "sesam"));
        CHECK_FALSE(equal_in_constant_time("", "s"));
        CHECK_FALSE(equal_in_constant_time("s", ""));
        CHECK_FALSE(equal_in_constant_time("sesame", "sesamesesame"));
        CHECK_FALSE(equal_in_constant_time("aa", "a"));
        CHECK_FALSE(equal_in_constant_time("a", std::string(257, 'a')));
        CHECK_FALSE(equal_in_constant_time(std::string_view{"a\0b", 3}, std::string_view{"a\0c", 3}));
    }
}
