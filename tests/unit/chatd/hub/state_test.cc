// SPDX-License-Identifier: ISC
// What the hub remembers of people: tokens to resume with, bans, and how much each may say.
#include "chatd/hub/bans.hh"
#include "chatd/hub/tickets.hh"
#include "chatd/hub/token_bucket.hh"
#include "common/errors.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <doctest/doctest.h>
#include <fstream>
#include <set>

using namespace chatd;
using namespace std::chrono_literals;

namespace {

const Tickets::Time start{};
const Ban::Time today = std::chrono::system_clock::now();

bool has_both(const Bans& bans) {
    return bans.keeps_out("bob", "", today) && bans.keeps_out("10.0.0.7", "lobby", today);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("tokens are 128 bits in hexadecimal digits and never the same") {
        std::set<std::string> seen;
        for (int i = 0; i < 100; ++i) {
            const std::string token = make_token();
            CHECK(token.size() == 32);
            CHECK(token.find_first_not_of("0123456789abcdef") == std::string::npos);
            CHECK(seen.insert(token).second);
        }
    }

    TEST_CASE("a token is good while its client is connected and until it expires and no longer") {
        Tickets tickets;
        const std::string token = tickets.issue(7, "ada");
        REQUIRE(tickets.find(token, start + 1000h));
        CHECK(tickets.find(token, start)->name == "ada");
        CHECK_FALSE(tickets.find(token, start)->is_left);
        tickets.keep(7, {{1, 10}, {2, 20}}, 99, {5}, start + 600s);
        const auto ticket = tickets.find(token, start + 599s);
        REQUIRE(ticket);
        CHECK(ticket->is_left);
        CHECK(ticket->places.back().shown_from == 20);
        CHECK(ticket->counted == 99);
        CHECK(ticket->formers == std::vector<std::uint64_t>{5});
        CHECK_FALSE(tickets.find(token, start + 600s));
        tickets.drop_expired(start + 599s);
        CHECK(tickets.size() == 1);
        tickets.drop_expired(start + 600s);
        CHECK(tickets.size() == 0);
    }

    TEST_CASE("a token is good for nobody else and not when it was used or given up or replaced") {
        Tickets tickets;
        const std::string first = tickets.issue(7, "ada"), other = tickets.issue(8, "bob");
        CHECK(tickets.find(other, start)->name == "bob");
        CHECK_FALSE(tickets.find("", start));
        CHECK_FALSE(tickets.find(first.substr(1), start));
        CHECK_FALSE(tickets.find(std::string(32, '0'), start));
        const std::string second = tickets.issue(7, "ada");
        CHECK_FALSE(tickets.find(first, start));
        tickets.rename(7, "Ada");
        CHECK(tickets.find(second, start)->name == "Ada");
        tickets.forget(7);
        CHECK_FALSE(tickets.find(second, start));
        CHECK(tickets.find(other, start));
        tickets.rename(7, "nobody"); // it has none: nothing happens
        tickets.keep(7, {}, 0, {}, start);
        tickets.forget(7);
    }

    TEST_CASE("the token that a new one replaces stays good beside it until either is used") {
        Tickets tickets;
        const std::string first = tickets.issue(7, "ada");
        tickets.forget(7); // redeemed
        const std::string second = tickets.issue(8, "ada", first);
        CHECK(tickets.find(first, start)->client == 8);
        CHECK(tickets.find(second, start)->client == 8);
        CHECK(tickets.size() == 1);
        tickets.forget(8);
        const std::string third = tickets.issue(9, "ada", second);
        CHECK_FALSE(tickets.find(first, start));
        CHECK(tickets.find(second, start)->client == 9);
        tickets.keep(9, {}, 0, {}, start);
        tickets.drop_expired(start);
        CHECK_FALSE(tickets.find(second, start));
        CHECK_FALSE(tickets.find(third, start));
        CHECK(tickets.size() == 0);
    }

    TEST_CASE("bans hold for their person and room and time and outlive whoever keeps them") {
        const TemporaryFolder folder;
        const std::string path = folder / "bans";
        {
            Bans bans{path};
            bans.add({"bob", "", {}, ""});
            bans.add({"10.0.0.7", "lobby", today + 1h, "ada"});
            bans.add({"a \"quoted\" name", "", {}, "\\"});
            CHECK(has_both(bans));
        }
        Bans bans{path};
        CHECK(has_both(bans));
        CHECK(bans.keeps_out("a \"quoted\" name", "", today));
        CHECK_FALSE(bans.keeps_out("10.0.0.7", "lobby", today + 2h));
        CHECK_FALSE(bans.keeps_out("10.0.0.7", "", today));
        CHECK_FALSE(bans.keeps_out("bob", "lobby", today)); // of everything is another question
        CHECK_FALSE(bans.keeps_out("bobby", "", today));
        CHECK(bans.all(today).size() == 3);
        CHECK(bans.all(today + 2h).size() == 2);
        bans.add({"bob", "", today + 1h, "eve"}); // instead of the old one
        CHECK(bans.all(today).size() == 3);
        CHECK_FALSE(bans.keeps_out("bob", "", today + 2h));
        CHECK_FALSE(bans.remove("bob", "lobby"));
        CHECK(bans.remove("bob", ""));
        CHECK_FALSE(bans.remove("bob", ""));
        CHECK_FALSE(Bans{path}.keeps_out("bob", "", today));
    }

    TEST_CASE("a line that is no ban is named and bans that cannot be saved are not made") {
        const TemporaryFolder folder;
        const std::string path = folder / "bans";
        std::ofstream{path} << "ban bob \"\" - \"\"\nban eve lobby soon \"\"\n";
        CHECK_THROWS_WITH_AS(Bans{path}, doctest::Contains("bans:2: this is no ban"), common::UserError);
        Bans nowhere{folder / "missing/bans"};
        CHECK_THROWS_AS(nowhere.add({"bob", "", {}, ""}), std::system_error);
        CHECK_FALSE(nowhere.keeps_out("bob", "", today));
    }

    TEST_CASE("a length of time is a number and perhaps a unit") {
        CHECK(parse_duration("90") == 90s);
        CHECK(parse_duration("90s") == 90s);
        CHECK(parse_duration("10m") == 10min);
        CHECK(parse_duration("2h") == 2h);
        CHECK(parse_duration("7d") == 7 * 24h);
        for (const std::string_view wrong :
             {"", "s", "0", "0s", "-1s", "1.5h", "1w", "1 h", "99999999d", "18446744073709551616s"})
            CHECK_FALSE(parse_duration(wrong));
    }

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
