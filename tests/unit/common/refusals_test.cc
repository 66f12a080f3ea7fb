// SPDX-License-Identifier: ISC
#include "common/refusals.hh"

#include <doctest/doctest.h>

using common::Refusals;
using Lines = std::vector<std::string>;

TEST_SUITE("unit") {
    TEST_CASE("refusals: the first of an address has a line and those that follow are summed up") {
        Refusals refusals;
        CHECK(refusals.empty());
        CHECK(refusals.add("a", "too many"));
        for (int more = 0; more < 5; ++more) CHECK_FALSE(refusals.add("a", "too fast"));
        CHECK(refusals.add("b", "too many"));
        CHECK(refusals.take() == Lines{"refuse a: 5 more: too fast"});
        // Of b there was none since: it is as new; a goes on.
        CHECK_FALSE(refusals.add("a", "too many"));
        CHECK(refusals.add("b", "too many"));
        CHECK(refusals.take() == Lines{"refuse a: 1 more: too many"});
        CHECK(refusals.take().empty());
        CHECK(refusals.empty());
    }

    TEST_CASE("refusals: of so many addresses that they cannot be told apart there is one sum") {
        Refusals refusals;
        for (std::size_t number = 0; number < Refusals::max_addresses; ++number)
            CHECK(refusals.add(std::to_string(number), "full"));
        for (int more = 0; more < 3; ++more) CHECK_FALSE(refusals.add("another", "full"));
        CHECK_FALSE(refusals.add("7", "full"));
        CHECK(refusals.take() == Lines{"refuse 7: 1 more: full", "refuse other addresses: 3"});
        CHECK(refusals.add("another", "full"));
    }
}
