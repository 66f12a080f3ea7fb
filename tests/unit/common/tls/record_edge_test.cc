// SPDX-License-Identifier: ISC
#include "common/tls/record_edge.hh"

#include <doctest/doctest.h>
#include <string>

using namespace common;

TEST_SUITE("unit") {
    TEST_CASE("record edge: only whole records end at one however they come") {
        // Of 3, 0 and 258 bytes.
        const std::string all = std::string{"\x17\x03\x03\x00\x03", 5} + "abc" + "\x17\x03\x03" +
                                std::string(2, '\0') + "\x17\x03\x03\x01\x02" + std::string(258, '\x01');
        const auto is_edge = [](std::size_t at) { return at == 0 || at == 8 || at == 13 || at == 276; };
        REQUIRE(all.size() == 276);
        for (std::size_t piece : {1, 2, 5, 7, 276}) {
            RecordEdge edge;
            for (std::size_t at = 0; at < all.size(); at += piece) {
                CHECK(edge.is_between() == is_edge(at));
                edge.pass(std::string_view{all}.substr(at, piece));
            }
            CHECK(edge.is_between());
        }
    }
}
