// SPDX-License-Identifier: ISC
// AUTHENTICATE: the mechanism PLAIN, in pieces.
#include "chatd/handler/irc/sasl_plain.hh"

#include <doctest/doctest.h>
#include <string>

using namespace chatd::irc;
using namespace std::string_literals;
using Step = SaslPlain::Step;

namespace {

std::string base64(const std::string& bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        unsigned group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = group << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j)
            out += i + j > bytes.size() ? '=' : digits[group >> (18 - 6 * j) & 63U];
    }
    return out;
}

Step say(SaslPlain& sasl, const std::string& message) {
    sasl.take("PLAIN");
    return sasl.take(base64(message));
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("irc: SASL PLAIN tells a name and a password") {
        SaslPlain sasl;
        CHECK(sasl.take("plain") == Step::begun);
        CHECK(sasl.is_running());
        CHECK(sasl.take("AGFkYQBob3JzZQ==") == Step::complete);
        CHECK(sasl.name() == "ada");
        CHECK(sasl.take_password().view() == "horse");
        CHECK_FALSE(sasl.is_running());
        CHECK(say(sasl, "bob\0bob\0a b:c"s) == Step::complete);
        CHECK(sasl.name() == "bob");
        CHECK(sasl.take_password().view() == "a b:c");
    }

    TEST_CASE("irc: SASL comes in pieces of 400 bytes") {
        const std::string password(400, 'p');
        const std::string all = base64("\0ada\0"s + password);
        REQUIRE(all.size() == 540);
        SaslPlain sasl;
        sasl.take("PLAIN");
        CHECK(sasl.take(all.substr(0, 400)) == Step::more);
        CHECK(sasl.take(all.substr(400)) == Step::complete);
        CHECK(sasl.take_password().view() == password);
    }

    TEST_CASE("irc: a plus ends SASL whose pieces are full") {
        const std::string all = base64("\0ada\0"s + std::string(295, 'p'));
        REQUIRE(all.size() == 400);
        SaslPlain sasl;
        sasl.take("PLAIN");
        CHECK(sasl.take(all) == Step::more);
        CHECK(sasl.take("+") == Step::complete);
        CHECK(sasl.take_password().view().size() == 295);
    }

    TEST_CASE("irc: SASL that is too long ends") {
        SaslPlain sasl;
        sasl.take("PLAIN");
        CHECK(sasl.take(std::string(401, 'A')) == Step::too_long);
        CHECK_FALSE(sasl.is_running());
        sasl.take("PLAIN");
        for (int i = 0; i < 3; ++i) CHECK(sasl.take(std::string(400, 'A')) == Step::more);
        CHECK(sasl.take("AAAA") == Step::too_long);
    }

    TEST_CASE("irc: SASL is given up with a star and has one mechanism") {
        SaslPlain sasl;
        CHECK(sasl.take("SCRAM-SHA-256") == Step::unknown);
        CHECK_FALSE(sasl.is_running());
        CHECK(sasl.take("*") == Step::aborted);
        sasl.take("PLAIN");
        CHECK(sasl.take("*") == Step::aborted);
        CHECK_FALSE(sasl.is_running());
    }

    TEST_CASE("irc: SASL that says no name and password is refused") {
        SaslPlain sasl;
        for (const std::string& message : {"ada\0horse"s, "\0ada\0"s, "\0\0horse"s, "bob\0ada\0horse"s,
                                           "\0ada\0horse\0"s, ""s, "\0ada\0\xff"s})
            CHECK(say(sasl, message) == Step::malformed);
        for (const std::string_view text :
             {"A", "AGFkYQBob3JzZQ=", "AGFkYQBob3JzZQ",
              "AGFkYQBob3JzZR==", "AGFk YQBob3JzZQ=", "AGFkYQBob3JzZ===", "====", "AGFkYQBob3Jz=Q=="}) {
            sasl.take("PLAIN");
            CHECK(sasl.take(text) == Step::malformed);
        }
    }
}
