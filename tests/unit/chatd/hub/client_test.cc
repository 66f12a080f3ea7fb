// SPDX-License-Identifier: ISC
// How much a client may say.
#include "chatd/hub/client.hh"

#include <doctest/doctest.h>

using namespace chatd;
using namespace std::chrono_literals;

namespace {

const TokenBucket::Time start{};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a bucket lets as much through as its limit says and then as fast as it fills") {
        TokenBucket bucket;
        const FloodLimit limit{20, 10};
        for (int line = 0; line < 20; ++line) {
            REQUIRE(bucket.wait(limit, start).count() == 0);
            bucket.take(limit, 1);
        }
        const auto wait = bucket.wait(limit, start);
        CHECK(wait > 0ms);
        CHECK(wait <= 501ms);
        CHECK(bucket.wait(limit, start + wait).count() == 0);
        bucket.take(limit, 1);
        CHECK(bucket.wait(limit, start + wait).count() > 0);
        CHECK(bucket.wait(limit, start + 1h).count() == 0); // full again, and not fuller
        CHECK(bucket.is_full(limit));
        for (int line = 0; line < 20; ++line) bucket.take(limit, 1);
        CHECK(bucket.wait(limit, start + 1h).count() > 0);
    }

    TEST_CASE("who says much at once is in debt and without a limit nobody ever waits") {
        TokenBucket bucket;
        const FloodLimit limit{20, 10};
        CHECK(bucket.wait(limit, start).count() == 0);
        bucket.take(limit, 60); // lines that have come together
        const auto wait = bucket.wait(limit, start);
        CHECK(wait >= 20s);
        CHECK(wait < 21s);
        const FloodLimit none{0, 1};
        CHECK(bucket.wait(none, start).count() == 0);
        bucket.take(none, 1e9);
        CHECK(bucket.wait(none, start).count() == 0);
    }
}
