// SPDX-License-Identifier: ISC
#include "common/tls/tls_wish.hh"

#include "common/errors.hh"

#include <doctest/doctest.h>

using namespace common;

TEST_SUITE("unit") {
    TEST_CASE("a fingerprint is read as it is shown or with other letters and less between them") {
        std::string digest(32, '\x0f');
        digest[0] = '\xab';
        const std::string shown = show_fingerprint(digest), hex = hex_of(digest);
        CHECK(shown.substr(0, 19) == "SHA-256 AB:0F:0F:0F");
        CHECK(shown.size() == 8 + 32 * 3 - 1);
        CHECK(hex.substr(0, 6) == "ab0f0f");
        CHECK(read_fingerprint(shown) == hex);
        CHECK(read_fingerprint(shown.substr(8)) == hex);
        CHECK(read_fingerprint(hex) == hex);
        for (const std::string& wrong :
             {std::string{}, hex.substr(1), hex + "0", "x" + hex.substr(1), hex + ' '})
            CHECK(read_fingerprint(wrong).empty());
    }

    TEST_CASE("--pin and --ca-file take what can be used and nothing else") {
        TlsWish wish;
        const std::vector<Option> options = tls_options(wish);
        const auto set = [&](std::string_view word, std::string_view argument) {
            for (const Option& option : options)
                if (option.word == word) option.set(argument);
        };
        set("ca-file", "x.pem");
        CHECK(wish.issuers == "x.pem");
        set("pin", "new");
        CHECK(wish.pin == pin_new);
        set("pin", std::string(64, 'A'));
        CHECK(wish.pin == std::string(64, 'a'));
        CHECK_THROWS_AS(set("ca-file", ""), UsageError);
        for (const char* const wrong : {"", "New", "old", "AB:CD"})
            CHECK_THROWS_AS(set("pin", wrong), UsageError);
    }
}
