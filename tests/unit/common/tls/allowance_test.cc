// SPDX-License-Identifier: ISC
#include "common/tls/allowance.hh"

#include <doctest/doctest.h>

using namespace common;
using namespace std::chrono_literals;

TEST_SUITE("unit") {
    TEST_CASE("allowance: so many at once and then one in each pace") {
        Allowance allowance{{.at_once = 3, .pace = 50ms}};
        const Clock::time_point now = Clock::now();
        for (int i = 0; i < 3; ++i) {
            CHECK(allowance.wait(now).count() == 0);
            allowance.use(now);
        }
        CHECK(allowance.wait(now) == 50ms);
        CHECK(allowance.wait(now + 20ms) == 30ms);
        CHECK(allowance.wait(now + 50ms).count() == 0);
        allowance.use(now + 50ms);
        CHECK(allowance.wait(now + 50ms) == 50ms);
    }

    TEST_CASE("allowance: who has rested may do as much at once as before and not more") {
        Allowance allowance{{.at_once = 3, .pace = 50ms}};
        const Clock::time_point now = Clock::now();
        for (int i = 0; i < 3; ++i) allowance.use(now);
        const Clock::time_point later = now + 1h;
        for (int i = 0; i < 3; ++i) {
            CHECK(allowance.wait(later).count() == 0);
            allowance.use(later);
        }
        CHECK(allowance.wait(later) == 50ms);
    }

    TEST_CASE("signing: a relay gets a twentieth of a processor but never fewer than 20 a second") {
        CHECK(limit_signing(0us).pace == 1ms);
        CHECK(limit_signing(53us).pace == 2ms);    // ECDSA, P-256
        CHECK(limit_signing(1560us).pace == 32ms); // RSA of 2,048 bits
        CHECK(limit_signing(8900us).pace == 50ms); // RSA of 4,096
        CHECK(limit_signing(std::chrono::microseconds::max()).pace == 50ms);
        CHECK(limit_signing(53us).at_once == 16);
    }
}
