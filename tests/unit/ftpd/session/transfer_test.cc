// SPDX-License-Identifier: ISC
#include "ftpd/session/transfer.hh"

#include <doctest/doctest.h>
#include <random>
#include <string>
#include <vector>

using namespace ftpd;
using namespace std::chrono_literals;

namespace {

const common::Clock::time_point start{std::chrono::hours{1000}};

std::string random_bytes(std::size_t count) {
    std::mt19937 random{static_cast<unsigned>(count) + 1};
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

std::string to_network(std::string_view bytes, std::vector<std::size_t> cuts) {
    ToNetwork converter;
    std::string out;
    cuts.push_back(bytes.size());
    for (std::size_t from = 0; const std::size_t to : cuts) {
        converter.convert(bytes.substr(from, to - from), out);
        from = to;
    }
    return out;
}

std::string from_network(std::string_view bytes, std::vector<std::size_t> cuts) {
    FromNetwork converter;
    std::string out;
    cuts.push_back(bytes.size());
    for (std::size_t from = 0; const std::size_t to : cuts) {
        converter.convert(bytes.substr(from, to - from), out);
        from = to;
    }
    converter.finish(out);
    return out;
}

// The same whole, at every cut in two and three, and with empty pieces.
void check_every_cut(std::string (*convert)(std::string_view, std::vector<std::size_t>),
                     std::string_view given, std::string_view expected) {
    for (std::size_t one = 0; one <= given.size(); ++one)
        for (std::size_t two = one; two <= given.size(); ++two) {
            CAPTURE(one);
            CAPTURE(two);
            CHECK(convert(given, {one, two}) == expected);
        }
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("throttle: without a rate nothing is small and nothing waits") {
        Throttle throttle{0};
        CHECK_FALSE(throttle.limits());
        CHECK(throttle.piece(1 << 30) == 1 << 30);
        CHECK(throttle.pay(1 << 30, start) == start);
    }

    TEST_CASE("throttle: bytes take as long as the rate says however they are cut") {
        for (const std::size_t piece : {1, 7, 1000, 5000, 10000}) {
            CAPTURE(piece);
            Throttle throttle{10000};
            auto now = start;
            for (std::size_t sent = 0; sent < 50000; sent += piece)
                now = std::max(now, throttle.pay(piece, now));
            CHECK(now - start >= 4900ms); // a tenth of a second may be ahead
            CHECK(now - start <= 6000ms);
        }
    }

    TEST_CASE("throttle: a pause is not saved up for a burst") {
        Throttle throttle{1000};
        throttle.pay(100, start);
        const auto later = start + 1h;
        CHECK(throttle.pay(1000, later) - later >= 900ms);
    }

    TEST_CASE("throttle: pieces come at least ten times a second and are never empty") {
        CHECK(Throttle{1000}.piece(5000) == 100);
        CHECK(Throttle{1000}.piece(50) == 50);
        CHECK(Throttle{1}.piece(50) == 1);
    }

    TEST_CASE("ascii: LF becomes CR LF and what is CR LF already stays") {
        check_every_cut(to_network, "", "");
        check_every_cut(to_network, "a\nb\n", "a\r\nb\r\n");
        check_every_cut(to_network, "\n\n", "\r\n\r\n");
        check_every_cut(to_network, "a\r\nb\r\r\n\rc\r", "a\r\nb\r\r\n\rc\r");
        check_every_cut(to_network, std::string_view{"\0\xff\n", 3}, std::string_view{"\0\xff\r\n", 4});
    }

    TEST_CASE("ascii: CR LF becomes LF and any other CR stays") {
        check_every_cut(from_network, "", "");
        check_every_cut(from_network, "a\r\nb\r\n", "a\nb\n");
        check_every_cut(from_network, "a\nb", "a\nb");
        check_every_cut(from_network, "\r", "\r");
        check_every_cut(from_network, "\r\r\n\rx\r\r", "\r\n\rx\r\r");
        check_every_cut(from_network, "\r\n\r\n\n\r", "\n\n\n\r");
    }

    TEST_CASE("ascii: text without CR comes back as it was") {
        std::string text = random_bytes(3000);
        for (char& c : text)
            if (c == '\r' || c < 0) c = '\n';
        CHECK(from_network(to_network(text, {1000}), {777}) == text);
    }
}
