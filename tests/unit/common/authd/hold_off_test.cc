// SPDX-License-Identifier: ISC
// Who has to wait how long for a login, and whose turn it is.
#include "common/authd/authd.hh"
#include "common/authd/hold_off.hh"
#include "common/text.hh"
#include "tests/manual.hh"

#include <doctest/doctest.h>
#include <string>

using namespace common;
using namespace std::chrono_literals;

namespace {

const HoldOff::Policy policy{.free_failures = 3, .first = 4s, .max_wait = 60s};
const HoldOff::Time start{1000h};

std::string turns(FairQueue<std::string, int>& queue) {
    std::string order;
    while (const auto item = queue.pop()) order += std::to_string(*item) + ' ';
    return order;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("hold off: the first failures are free and then the wait doubles up to its limit") {
        HoldOff book;
        HoldOff::Time now = start;
        for (const auto wanted : {0s, 0s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}) {
            CHECK(book.time_left("a", now) == 0s);
            CHECK(book.note_failure("a", now, policy) == wanted);
            CHECK(book.time_left("a", now) == wanted);
            now += wanted;
        }
    }

    TEST_CASE("hold off: another address does not wait") {
        HoldOff book;
        for (int i = 0; i < 5; ++i) book.note_failure("a", start, policy);
        CHECK(book.time_left("a", start) > 0s);
        CHECK(book.time_left("b", start) == 0s);
    }

    TEST_CASE("hold off: an address is forgotten after as long as the longest wait without a failure") {
        HoldOff book;
        for (int i = 0; i < 3; ++i) book.note_failure("a", start, policy);
        CHECK(book.note_failure("a", start + 4s + 59s, policy) == 8s);
        const auto later = start + 4s + 59s + 8s + 60s;
        CHECK(book.note_failure("a", later, policy) == 0s);
        CHECK(book.note_failure("a", later, policy) == 0s);
        CHECK(book.note_failure("a", later, policy) == 4s);
    }

    TEST_CASE("hold off: it can be turned off and no number of failures overflows") {
        HoldOff book;
        HoldOff::Policy none = policy;
        none.max_wait = 0s;
        for (int i = 0; i < 100; ++i) CHECK(book.note_failure("a", start, none) == 0s);
        CHECK(book.size() == 0);
        for (int i = 0; i < 100'000; ++i) book.note_failure("a", start, policy);
        CHECK(book.time_left("a", start) == 60s);
    }

    TEST_CASE("hold off: of too many addresses those are forgotten that would be first anyway") {
        HoldOff book;
        for (int i = 0; i < 3; ++i) book.note_failure("stubborn", start, policy);
        for (std::size_t i = 0; i < HoldOff::max_addresses + 10; ++i)
            book.note_failure(std::to_string(i), start, policy);
        CHECK(book.size() == HoldOff::max_addresses);
        CHECK(book.time_left("stubborn", start) == 4s);
    }

    TEST_CASE("hold off: the manuals of both daemons tell the times that authd keeps") {
        const AuthdSettings authd;
        const auto first = text("The first wait is ", authd.holdoff.first.count(), " seconds;");
        for (const char* const page : {"ftpd.conf.5", "chatd.conf.5"}) CHECK(tests::Manual{page}.says(first));
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(authd.max_check_time);
        CHECK(tests::Manual{"ftpd.8"}.says(text("took longer than ", seconds.count(), " seconds")));
        CHECK(authd.failure_delay == 1s);
        CHECK(tests::Manual{"ftpd.conf.5"}.says("Each is answered after a second,"));
    }

    TEST_CASE("fair queue: keys take turns and each keeps its order") {
        FairQueue<std::string, int> queue;
        CHECK(queue.empty());
        for (int i = 1; i <= 5; ++i) queue.push("flooder", i);
        queue.push("guest", 10);
        queue.push("other", 20);
        queue.push("guest", 11);
        CHECK(!queue.empty());
        CHECK(turns(queue) == "1 10 20 2 11 3 4 5 ");
        CHECK(queue.empty());
        CHECK(!queue.pop());
    }

    TEST_CASE("fair queue: who comes again does not get before those who wait") {
        FairQueue<std::string, int> queue;
        for (int i = 1; i <= 3; ++i) queue.push("a", i);
        queue.push("b", 10);
        CHECK(queue.pop() == 1);
        queue.push("a", 4);
        queue.push("b", 11);
        CHECK(turns(queue) == "10 2 11 3 4 ");
    }
}
