// SPDX-License-Identifier: ISC
#include "common/secret.hh"

#include <array>
#include <doctest/doctest.h>
#include <exception>
#include <sys/resource.h>

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

    TEST_CASE("random bytes take no descriptor once their source is open") {
        open_random_source();
        rlimit limit{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
        rlimit none = limit;
        none.rlim_cur = 0;
        std::array<char, 32> one{}, other{};
        bool failed = false; // asked when there are descriptors again: a sanitizer needs one to look at it
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
        try {
            fill_random(one);
            fill_random(other);
        } catch (const std::exception&) {
            failed = true;
        }
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
        CHECK_FALSE(failed);
        CHECK(one != other);
    }
}
