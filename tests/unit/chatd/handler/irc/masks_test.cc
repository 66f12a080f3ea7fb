// SPDX-License-Identifier: ISC
// Masks of names, and what LIST is to tell of.
#include "chatd/handler/irc/masks.hh"

#include <doctest/doctest.h>
#include <string>

using namespace chatd::irc;

TEST_SUITE("unit") {
    TEST_CASE("irc: a mask is of the whole name in any case of letters") {
        CHECK(matches("ada", "ADA"));
        CHECK(matches("*", ""));
        CHECK(matches("", ""));
        CHECK(matches("a*a", "aa"));
        CHECK(matches("*d*", "ada"));
        CHECK(matches("a?a", "ada"));
        CHECK(matches("*ab", "aab"));
        CHECK(matches("a**b*", "a-b"));
        CHECK_FALSE(matches("", "a"));
        CHECK_FALSE(matches("ad", "ada"));
        CHECK_FALSE(matches("a?", "a"));
        CHECK_FALSE(matches("?", ""));
        CHECK_FALSE(matches("*ab", "aba"));
        CHECK(has_wildcards("a?"));
        CHECK_FALSE(has_wildcards("ada"));
    }

    TEST_CASE("irc: a mask of many stars is soon done with") {
        std::string mask, name(400, 'a');
        for (int i = 0; i < 200; ++i) mask += "*a";
        CHECK_FALSE(matches(mask + "*b", name));
        CHECK(matches(mask, name));
    }

    TEST_CASE("irc: LIST tells of channels by masks and by how many are there") {
        CHECK(ListFilter{""}.lets_pass("#lobby", 0));
        CHECK(ListFilter{"#LOBBY,#den"}.lets_pass("#den", 1));
        CHECK_FALSE(ListFilter{"#lobby,#den"}.lets_pass("#plans", 1));
        CHECK(ListFilter{"*an*,!#plan?"}.lets_pass("#banana", 1));
        CHECK_FALSE(ListFilter{"*an*,!#plan?"}.lets_pass("#plans", 1));
        CHECK(ListFilter{">2,<5"}.lets_pass("#lobby", 3));
        CHECK_FALSE(ListFilter{">2,<5"}.lets_pass("#lobby", 2));
        CHECK_FALSE(ListFilter{">2,<5"}.lets_pass("#lobby", 5));
        CHECK_FALSE(ListFilter{"<0"}.lets_pass("#lobby", 0));
        CHECK_FALSE(ListFilter{">x"}.lets_pass("#lobby", 3)); // a mask
        CHECK_FALSE(ListFilter{">99999999999999999999999"}.lets_pass("#lobby", 3));
    }
}
