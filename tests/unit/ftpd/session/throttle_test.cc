// SPDX-License-Identifier: ISC
#include "ftpd/session/throttle.hh"

#include <doctest/doctest.h>

using ftpd::Throttle;
using namespace std::chrono_literals;

namespace {

const common::Clock::time_point start{std::chrono::hours{1000}};

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
}
