// SPDX-License-Identifier: ISC
#include "ftpd/parent/overview.hh"

#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace ftpd;
using namespace std::chrono_literals;
using common::Clock;

namespace {

const Clock::time_point now{1000h};

std::uint64_t began_before(std::chrono::milliseconds age) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch() - age).count());
}

SessionView session_with(Activity activity) {
    return {.pid = 7, .peer = "192.0.2.7:40123", .since = now - 99s, .activity = std::move(activity)};
}

std::string who_line(const SessionView& session) { return format_who(std::vector{session}, now).at(1); }

std::string top_line(const SessionView& session) { return format_top(std::vector{session}, now).at(2); }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("overview: who shows each session below the headings") {
        CHECK(format_who({}, now) ==
              std::vector<std::string>{"PID     CLIENT                USER      AGE  VERB  BYTES             "
                                       "    TLS             PATH"});
        CHECK(who_line(session_with({.user = "ann", .verb = "RETR", .path = "/a", .done = 5, .total = 10})) ==
              "7       192.0.2.7:40123       ann       99s  RETR  5/10                  -               /a");
        CHECK(who_line(session_with({.verb = "idle", .tls = "1.3/AES-256-GCM"})) ==
              "7       192.0.2.7:40123       -         99s  idle  -                     1.3/AES-256-GCM ");
        CHECK(who_line(session_with({.verb = "idle"})) ==
              "7       192.0.2.7:40123       -         99s  idle  -                     -               ");
        SessionView busy = session_with({});
        busy.activity.reset();
        CHECK(who_line(busy) == "7       192.0.2.7:40123       ?         99s  ?     ?                     ?  "
                                "             (busy)");
    }

    TEST_CASE("overview: an age has one unit") {
        const auto age_of = [](std::chrono::seconds age) {
            SessionView session = session_with({});
            session.since = now - age;
            const std::string line = who_line(session);
            return line.substr(40, line.find(' ', 40) - 40);
        };
        CHECK(age_of(0s) == "0s");
        CHECK(age_of(100s) == "1m");
        CHECK(age_of(99min + 59s) == "99m");
        CHECK(age_of(100min) == "1h");
        CHECK(age_of(99h) == "99h");
        CHECK(age_of(100h) == "4d");
    }

    TEST_CASE("overview: what a session makes up is escaped and cut and breaks no line") {
        const std::string line = who_line(session_with(
            {.user = "a\nb", .verb = "\x1b[2J", .path = std::string(999, 'p'), .tls = "\x1b[2J\n"}));
        CHECK(line.find('\n') == line.npos);
        CHECK(line.find('\x1b') == line.npos);
        CHECK(line.size() < 400);
    }

    TEST_CASE("overview: top shows transfers only with what is left of each") {
        const std::vector<SessionView> sessions{
            session_with({.user = "ann",
                          .verb = "RETR",
                          .path = "/a",
                          .done = 4000,
                          .total = 8000,
                          .began = began_before(2s)}),
            session_with({.verb = "idle"}),
            session_with({.verb = "STOR", .path = "/b", .done = 3000, .began = began_before(1s)})};
        const std::vector<std::string> lines = format_top(sessions, now);
        REQUIRE(lines.size() == 4);
        CHECK(lines[0] == "clients 3  transfers 2  5.0 kB/s");
        CHECK(lines[1].substr(0, 3) == "PID");
        CHECK(lines[2] == "7       ann       RETR [#####     ]  50% 4.0 kB   2.0 kB/s   2s   /a");
        CHECK(lines[3] == "7       -         STOR                   3.0 kB   3.0 kB/s   -    /b");
    }

    TEST_CASE("overview: numbers that make no sense are shown and divide by nothing") {
        // More than all of it, begun in the future, with numbers as large as they get.
        const Activity mad{.verb = "RETR", .done = UINT64_MAX, .total = 1, .began = UINT64_MAX};
        CHECK(top_line(session_with(mad)).find("100%") != std::string::npos);
        CHECK(top_line(session_with({.verb = "RETR", .total = UINT64_MAX, .began = began_before(0s)}))
                  .find("  0%") != std::string::npos);
    }

    TEST_CASE("overview: totals add up and stats name each") {
        Totals totals{.accepted = 3, .refused = 1};
        totals.add({.sent = 10, .received = 20, .transfers = 2});
        totals.add({.sent = 1, .transfers = 1});
        const std::vector<std::string> lines = format_stats({.uptime = 90500ms,
                                                             .clients = 1,
                                                             .max_clients = 64,
                                                             .clients_of_tls = {2, 3},
                                                             .totals = totals,
                                                             .log_lines_lost = 4});
        CHECK(lines == std::vector<std::string>{"uptime-seconds 90", "clients 1", "max-clients 64",
                                                "clients-tls-1.2 2", "clients-tls-1.3 3", "accepted 3",
                                                "refused 1", "crashed 0", "failed-forks 0", "transfers 3",
                                                "bytes-sent 11", "bytes-received 20", "log-lines-lost 4"});
    }
}
