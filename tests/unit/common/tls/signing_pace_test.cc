// SPDX-License-Identifier: ISC
#include "common/tls/signing_pace.hh"

#include <doctest/doctest.h>

using namespace common;
using namespace std::chrono_literals;

TEST_SUITE("unit") {
    TEST_CASE("signing: a relay gets a twentieth of a processor but never fewer than 20 a second") {
        CHECK(limit_signing(0us).pace == 1ms);
        CHECK(limit_signing(53us).pace == 2ms);    // ECDSA, P-256
        CHECK(limit_signing(1560us).pace == 32ms); // RSA of 2,048 bits
        CHECK(limit_signing(8900us).pace == 50ms); // RSA of 4,096
        CHECK(limit_signing(std::chrono::microseconds::max()).pace == 50ms);
        CHECK(limit_signing(53us).at_once == 16);
    }
}
