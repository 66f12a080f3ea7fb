// SPDX-License-Identifier: ISC
// With which servers a client goes on, by the certificates that they show.
#include "common/tls/server_trust.hh"

#include "common/errors.hh"
#include "common/whole_file.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>

using namespace common;

namespace {

ServerCertificate shown(char key, std::string doubt = "it has expired") {
    return {std::string(32, static_cast<char>(key + 1)), std::string(32, key), std::move(doubt)};
}

struct Place {
    TemporaryFolder folder;
    KnownServers known{folder / "known"};
    std::string asked; // all of it
    bool answer = true;

    ServerTrust trust(TlsWish wish = {}) {
        return {std::move(wish), "host:21", known, [this](std::string_view words) {
                    asked += words;
                    return answer;
                }};
    }
    ServerTrust alone(TlsWish wish = {}) const { return {std::move(wish), "host:21", known, nullptr}; }
};

std::string refusal(ServerTrust trust, const ServerCertificate& certificate) {
    try {
        trust.judge(certificate);
        return "accepted";
    } catch (const PeerError& error) {
        return error.what();
    }
}

bool has(const std::string& whole, std::string_view part) { return whole.find(part) != whole.npos; }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("server trust: a certificate that proves its server is accepted without a word") {
        Place place;
        CHECK(refusal(place.trust(), shown('a', "")) == "accepted");
        CHECK(place.asked.empty());
        CHECK(place.known.find("host:21").line == 0);
        place.known.add("host:21", hex_of(std::string(32, 'x'))); // of a day when it had none
        CHECK(refusal(place.trust(), shown('a', "")) == "accepted");
    }

    TEST_CASE("server trust: one that is accepted once is known from then on by its key") {
        Place place;
        CHECK(refusal(place.trust(), shown('a')) == "accepted");
        CHECK(has(place.asked, "The certificate of host:21 proves nothing: it has expired."));
        CHECK(has(place.asked, show_fingerprint(std::string(32, 'b'))));
        place.asked.clear();
        CHECK(refusal(place.trust(), shown('a')) == "accepted");
        CHECK(refusal(place.alone(), shown('a', "it is for another name")) == "accepted");
        ServerCertificate renewed = shown('a');
        renewed.fingerprint = std::string(32, 'z');
        CHECK(refusal(place.alone(), renewed) == "accepted");
        CHECK(place.asked.empty());
    }

    TEST_CASE("server trust: another one than before is refused and nobody is asked") {
        Place place;
        place.known.add("other:21", "aa");
        CHECK(refusal(place.trust(), shown('a')) == "accepted");
        place.asked.clear();
        for (const std::string& pin : {std::string{}, std::string{pin_new}}) {
            const std::string why = refusal(place.trust({.pin = pin}), shown('c'));
            CHECK(has(why, "HAS CHANGED"));
            CHECK(has(why, "line 2 of " + place.known.path()));
            CHECK(has(why, "sed -i 2d '" + place.known.path() + "'"));
        }
        CHECK(place.asked.empty());
        CHECK(read_whole_file(place.known.path()).find(hex_of(std::string(32, 'c'))) == std::string::npos);
    }

    TEST_CASE("server trust: who says no keeps nothing") {
        Place place;
        place.answer = false;
        CHECK(refusal(place.trust(), shown('a')) == "its certificate was not accepted");
        CHECK(place.known.find("host:21").line == 0);
    }

    TEST_CASE("server trust: where nobody can be asked only --pin accepts a new one") {
        Place place;
        const std::string why = refusal(place.alone(), shown('a'));
        const std::string fingerprint = show_fingerprint(std::string(32, 'b'));
        CHECK(has(why, fingerprint));
        CHECK(has(why, "--pin='" + fingerprint.substr(8) + "'"));
        CHECK(refusal(place.alone({.pin = hex_of(std::string(32, 'b'))}), shown('a')) == "accepted");
        CHECK(place.known.find("host:21").line == 0);
        CHECK(refusal(place.alone({.pin = std::string{pin_new}}), shown('a')) == "accepted");
        CHECK(refusal(place.alone(), shown('a')) == "accepted");
    }

    TEST_CASE("server trust: a fingerprint that was given goes before all else") {
        Place place;
        const TlsWish wish{.pin = hex_of(std::string(32, 'x'))};
        CHECK(has(refusal(place.trust(wish), shown('a', "")), "another than --pin says"));
        CHECK(refusal(place.trust(wish), shown('w', "")) == "accepted");
    }

    TEST_CASE("server trust: what cannot be kept is accepted for as long as the program runs") {
        Place place;
        unsigned asked = 0;
        ServerTrust trust{
            {}, "host:21", KnownServers{std::string{}}, [&](std::string_view) { return ++asked; }};
        CHECK_NOTHROW(trust.judge(shown('a')));
        trust.ask_nobody();
        CHECK_NOTHROW(trust.judge(shown('a')));
        CHECK_THROWS_AS(trust.judge(shown('b')), PeerError);
        CHECK(asked == 1);
    }

    TEST_CASE("server trust: another key than at the first connection is refused if it proves nothing") {
        for (const std::string doubt : {"it has expired", ""}) {
            CAPTURE(doubt);
            ServerTrust trust{{.pin = std::string{pin_new}}, "host:21", KnownServers{std::string{}}, nullptr};
            CHECK_NOTHROW(trust.judge(shown('a', doubt)));
            CHECK_NOTHROW(trust.judge(shown('a', doubt)));
            CHECK_THROWS_WITH_AS(trust.judge(shown('b')),
                                 doctest::Contains("HAS CHANGED since the first connection"), PeerError);
            CHECK_NOTHROW(trust.judge(shown('c', ""))); // a new one that proves who it is
        }
    }
}
