// SPDX-License-Identifier: ISC
// The character set of a telnet connection, byte by byte.
#include "chatd/terminal/charset.hh"

#include <doctest/doctest.h>
#include <string>

using chatd::from_latin1;
using chatd::to_latin1;
using namespace chatd::telnet;
using namespace std::string_literals;

namespace {

std::string subnegotiation(const std::string& body) { return "\xff\xfa\x2a" + body + "\xff\xf0"; }

// The answer to a REQUEST for these.
std::string answer_to(const std::string& list) { return hear_charset('\1' + list, false).answer; }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("charset: of a client's list UTF-8 is taken or else Latin-1 under the name that it was given") {
        CHECK(answer_to(";UTF-8") == subnegotiation("\2UTF-8"));
        CHECK(answer_to(" iso-8859-1 utf-8") == subnegotiation("\2utf-8"));
        CHECK(answer_to(";US-ASCII;Latin1;ISO-8859-1") == subnegotiation("\2Latin1"));
        CHECK(answer_to("[TTABLE]\1;KOI8-R;ISO-8859-1") == subnegotiation("\2ISO-8859-1"));
        for (const std::string& none : {";KOI8-R"s, ";"s, ""s, "UTF-8"s, "[TTABLE]"s, ";UTF-8x;ISO-8859-15"s})
            CHECK(answer_to(none) == subnegotiation("\3"));
        CHECK(hear_charset("\1;ISO-8859-1", false).charset == Charset::latin1);
        CHECK(hear_charset("\1;UTF-8", false).charset == Charset::utf8);
        CHECK_FALSE(hear_charset("\1;KOI8-R", false).charset);
    }

    TEST_CASE("charset: what a client says to what it was asked counts and nothing that it was not") {
        CHECK(ask_charset() == subnegotiation("\1;UTF-8;ISO-8859-1"));
        CHECK(hear_charset("\2iso-8859-1", true).charset == Charset::latin1);
        CHECK(hear_charset("\2iso-8859-1", true).answer.empty());
        CHECK_FALSE(hear_charset("\2iso-8859-1", false).charset);
        CHECK_FALSE(hear_charset("\3", true).charset);
        CHECK_FALSE(hear_charset("\2KOI8-R", true).charset);
        const CharsetTalk crossed = hear_charset("\1;ISO-8859-1", true); // each has asked the other
        CHECK_FALSE(crossed.charset);
        CHECK(crossed.answer == subnegotiation("\3"));
        CHECK(hear_charset("\4\1;UTF-8;", true).answer == subnegotiation("\5"));
        for (const std::string& nothing : {""s, "\6"s, "\7"s, "\x63"s})
            CHECK(hear_charset(nothing, true).answer.empty());
    }

    TEST_CASE("charset: all of Latin-1 goes to and fro and what it lacks has a substitute or is ?") {
        std::string all;
        for (int byte = 0x20; byte < 0x100; ++byte)
            if (byte < 0x7f || byte > 0x9f) all += static_cast<char>(byte);
        CHECK(to_latin1(from_latin1(all)) == all);
        CHECK(from_latin1("\xe9\xff") == "éÿ");
        CHECK(to_latin1("“a” – ‘b’ …") == "\"a\" - 'b' .");
        CHECK(to_latin1("张a\U0001f600") == "?a?");
        CHECK(to_latin1("a\xff\xf9") == "a\xff\xf9"); // no UTF-8: as it is
    }
}
