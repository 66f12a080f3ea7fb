// SPDX-License-Identifier: ISC
#include "ftpd/parent/session_record.hh"

#include "common/errors.hh"

#include <doctest/doctest.h>
#include <string>

using namespace ftpd;
using common::Clock;

namespace {

const SessionRecord full{.pid = 4711,
                         .page = 16384,
                         .since = Clock::time_point{Clock::duration{123'456'789'012}},
                         .kill_at = Clock::time_point{Clock::duration{123'456'789'013}},
                         .network = "2001:db8::/64",
                         .host = "2001:db8::7",
                         .peer = "[2001:db8::7]:40123",
                         .local = "[2001:db8::1]:21",
                         .listener = "listen [::]:21",
                         .frames = 200};

void check_equal(const SessionRecord& got, const SessionRecord& wanted) {
    CHECK(got.pid == wanted.pid);
    CHECK(got.page == wanted.page);
    CHECK(got.since == wanted.since);
    CHECK(got.kill_at == wanted.kill_at);
    CHECK(got.network == wanted.network);
    CHECK(got.host == wanted.host);
    CHECK(got.peer == wanted.peer);
    CHECK(got.local == wanted.local);
    CHECK(got.listener == wanted.listener);
    CHECK(got.frames == wanted.frames);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("session record: it comes out as it went in and what is too long is cut") {
        check_equal(SessionRecord::unpack(full.pack()), full);
        const SessionRecord bare{.pid = 2};
        check_equal(SessionRecord::unpack(bare.pack()), bare);
        SessionRecord wide = full;
        wide.host = std::string(SessionRecord::max_text + 1, 'h');
        const SessionRecord got = SessionRecord::unpack(wide.pack());
        CHECK(got.host.size() == SessionRecord::max_text);
        CHECK(got.peer == full.peer);
    }

    TEST_CASE("session record: what a later version adds behind it is passed over") {
        check_equal(SessionRecord::unpack(full.pack() + std::string(700, 'x')), full);
    }

    TEST_CASE("session record: what no parent leaves is refused") {
        const std::string bytes = full.pack();
        for (std::size_t size = 0; size < bytes.size(); ++size)
            CHECK_THROWS_AS(SessionRecord::unpack(bytes.substr(0, size)), common::PeerError);
        for (const pid_t pid : {-1, 0, 1}) {
            SessionRecord odd = full;
            odd.pid = pid;
            CHECK_THROWS_AS(SessionRecord::unpack(odd.pack()), common::PeerError);
        }
        SessionRecord early = full;
        early.since = Clock::time_point{Clock::duration{-1}};
        CHECK_THROWS_AS(SessionRecord::unpack(early.pack()), common::PeerError);
        early = full;
        early.kill_at = Clock::time_point{Clock::duration{-1}};
        CHECK_THROWS_AS(SessionRecord::unpack(early.pack()), common::PeerError);
        // Lengths that claim more than there is, or than there may be.
        for (std::size_t at = 25; at < 35; ++at) {
            std::string odd = bytes;
            odd[at] = '\xff';
            CHECK_THROWS_AS(SessionRecord::unpack(odd), common::PeerError);
        }
    }
}
