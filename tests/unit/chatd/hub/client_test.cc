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
        for (int line = 0; line < 20; ++line) REQUIRE(bucket.take(limit, 1, start).count() == 0);
        const auto wait = bucket.take(limit, 1, start);
        CHECK(wait > 0ms);
        CHECK(wait <= 501ms);
        CHECK(bucket.take(limit, 0, start + wait).count() == 0); // that one is paid by then
        CHECK(bucket.take(limit, 1, start + wait).count() > 0);
        CHECK_FALSE(bucket.is_full(limit, start + wait));
        CHECK(bucket.is_full(limit, start + 1h)); // again, and not fuller
        for (int line = 0; line < 20; ++line) REQUIRE(bucket.take(limit, 1, start + 1h).count() == 0);
        CHECK(bucket.take(limit, 1, start + 1h).count() > 0);
    }

    TEST_CASE("who says much at once waits until all of it has come and without a limit nobody ever waits") {
        TokenBucket bucket;
        const FloodLimit limit{20, 10};
        const auto wait = bucket.take(limit, 60, start); // lines that have come together
        CHECK(wait >= 20s);
        CHECK(wait < 21s);
        CHECK(bucket.take(limit, 0, start + wait).count() == 0);
        const FloodLimit none{0, 1};
        CHECK(bucket.take(none, 1e9, start).count() == 0);
        CHECK(bucket.take(none, 1, start).count() == 0);
    }

    TEST_CASE("so many lines go together that one waits for few others") {
        CHECK(FloodLimit{0, 1}.lines_at_once() == 0); // as many as there are
        CHECK(FloodLimit{1, 1}.lines_at_once() == 1);
        CHECK(FloodLimit{20, 10}.lines_at_once() == 2);
        CHECK(FloodLimit{1000, 1}.lines_at_once() == 100);
    }
}
