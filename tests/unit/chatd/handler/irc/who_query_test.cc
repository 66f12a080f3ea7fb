// SPDX-License-Identifier: ISC
// What a WHO asks for, and its lines.
#include "chatd/handler/irc/who_query.hh"

#include <doctest/doctest.h>

using namespace chatd::irc;

namespace {

const PersonRow ada = parse_person("ada\tov\tcountess\t70\t7\tov:lobby\t\t\tAda L.\t");
const PersonRow bot = parse_person("b,t\tOab\t\t70\t7\t\t\t[::1]:4\t\ttea");

std::string line_of(std::string_view query, const PersonRow& person, bool all_marks = false) {
    const FoundIn where{"#lobby", person.flags};
    const std::string line = who_line(parse_who_query(query), "me", person, where, all_marks).str();
    return line.substr(0, line.size() - 2);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("irc: the words of WHO are flags and fields and a token of digits") {
        const WhoQuery query = parse_who_query("o%tnz,042");
        CHECK(query.only_operators);
        CHECK(query.is_extended);
        CHECK(query.fields == "tnz");
        CHECK(query.token == "042");
        CHECK(parse_who_query("%n,1234").token.empty());
        CHECK(parse_who_query("%n,x").token.empty());
        CHECK_FALSE(parse_who_query("o").is_extended);
        CHECK_FALSE(parse_who_query("").only_operators);
        CHECK_FALSE(parse_who_query("%no").only_operators);
        CHECK(parse_who_query("%").is_extended);
    }

    TEST_CASE("irc: a line of WHO has no address and one word as host") {
        CHECK(line_of("", ada) == ":chatd.local 352 me #lobby u chat chatd.local ada H@ :0 Ada L.");
        CHECK(line_of("", ada, true) == ":chatd.local 352 me #lobby u chat chatd.local ada H@+ :0 Ada L.");
        CHECK(line_of("o", bot) == ":chatd.local 352 me #lobby u chat chatd.local b_t G*B :0 ");
    }

    TEST_CASE("irc: a line of WHOX has what is asked for in the order of its document") {
        CHECK(line_of("%cuhsnfdar", ada) ==
              ":chatd.local 354 me #lobby u chat chatd.local ada H@ 0 countess :Ada L.");
        CHECK(line_of("%oaldfnshiuct,9", ada) ==
              ":chatd.local 354 me 9 #lobby u 255.255.255.255 chat chatd.local ada H@ 0 7 countess n/a");
        CHECK(line_of("%tia", bot) == ":chatd.local 354 me 0 0::1 0");
    }
}
