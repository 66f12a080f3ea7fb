// SPDX-License-Identifier: ISC
// What an address may do: under the default a class behind one is not slowed, a crowd that floods is, and no
// number of addresses takes more memory than there is for them.
#include "chatd/hub/budgets.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>

using namespace chatd;
using namespace std::chrono_literals;

namespace {

const Budgets::Time start = Budgets::Time{} + 1000h;

struct Crowd : HubHouse {
    Crowd() { settings.flood = FloodLimit{}; }
    Client& from(const std::string& host) { return arrive(host); }
    Client& over_a_path() { return people.add(common::Address::of_path((folder / "socket"))); }
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE(
        "budgets: under the default all at one address say two hundred lines at once and twenty a second") {
        Crowd house;
        Client &one = house.from("10.0.0.7"), &two = house.from("10.0.0.7"), &other = house.from("10.0.0.8");
        for (int line = 0; line < 100; ++line) {
            REQUIRE(house.budgets.take(one, 1, start).count() == 0);
            REQUIRE(house.budgets.take(two, 1, start).count() == 0);
        }
        CHECK(house.budgets.take(two, 1, start) == 50ms);
        CHECK(house.budgets.take(one, 1, start) == 100ms);
        CHECK(house.budgets.take(other, 1, start).count() == 0);
        CHECK_FALSE(house.budgets.is_untouched(one, start));
        CHECK(house.budgets.take(one, 1, start + 10s).count() == 0);
        CHECK(house.budgets.is_untouched(one, start + 21s));
    }

    TEST_CASE("budgets: what an address has used up is not had again by coming anew") {
        Crowd house;
        for (int connection = 0; connection < 10; ++connection) {
            Client& one = house.from("10.0.0.7");
            REQUIRE(house.budgets.take(one, 20, start).count() == 0);
            house.people.remove(one);
        }
        CHECK(house.budgets.take(house.from("10.0.0.7"), 20, start) == 1s);
    }

    TEST_CASE("budgets: a class of a hundred behind one address is never slowed under the default") {
        Crowd house;
        std::vector<Client*> pupils;
        for (int number = 0; number < 100; ++number) pupils.push_back(&house.from("10.0.0.7"));
        auto now = start;
        const auto do_one = [&](Client& pupil) { return house.budgets.take(pupil, 1, now).count(); };
        for (Client* const pupil : pupils) { // all come in within two seconds, and greet
            REQUIRE(do_one(*pupil) == 0);
            now += 20ms;
        }
        for (Client* const pupil : pupils) REQUIRE(do_one(*pupil) == 0);
        for (int line = 0; line < 1000; ++line) { // each says something every seven seconds
            REQUIRE(do_one(*pupils[static_cast<std::size_t>(line) % pupils.size()]) == 0);
            now += 70ms;
        }
        for (Client* const pupil : pupils) REQUIRE(do_one(*pupil) == 0); // and all leave at once
    }

    TEST_CASE("budgets: clients of one network of IPv6 share one and those of a path have none") {
        Crowd house;
        house.settings.flood_per_address = FloodLimit{1, 10};
        Client& local = house.over_a_path();
        CHECK(house.budgets.take(house.from("2001:db8::1"), 1, start).count() == 0);
        CHECK(house.budgets.take(house.from("2001:db8::ffff:1"), 1, start) == 10s);
        CHECK(house.budgets.take(house.from("2001:db8:0:1::1"), 1, start).count() == 0);
        for (int line = 0; line < 100; ++line) CHECK(house.budgets.take(local, 1, start).count() == 0);
        for (int code = 0; code < 100; ++code) house.budgets.take_wrong_code(local, start);
        CHECK(house.budgets.until_code(local, start).count() == 0);
    }

    TEST_CASE("budgets: flood-per-address off or flood off without it holds off nobody") {
        Crowd house;
        Client& one = house.from("10.0.0.7");
        house.settings.flood_per_address = FloodLimit{0, 1};
        CHECK(house.budgets.take(one, 1e6, start).count() == 0);
        house.settings.flood_per_address.reset();
        house.settings.flood.lines = 0;
        CHECK(house.budgets.take(one, 1e6, start).count() == 0);
        CHECK(house.budgets.size() == 0);
    }

    TEST_CASE("budgets: ten wrong codes of an address are looked at at once and then one in six seconds") {
        Crowd house;
        Client &one = house.from("127.0.0.1"), &other = house.from("127.0.0.2");
        for (int code = 0; code < 10; ++code) {
            REQUIRE(house.budgets.until_code(one, start).count() == 0);
            house.budgets.take_wrong_code(one, start);
        }
        CHECK(house.budgets.until_code(one, start) == 6s);
        CHECK(house.budgets.until_code(other, start).count() == 0);
        CHECK(house.budgets.until_code(one, start + 6s).count() ==
              0); // also a right one, which takes nothing
        CHECK(house.budgets.until_code(one, start + 6s).count() == 0);
        house.budgets.take_wrong_code(one, start + 6s);
        CHECK(house.budgets.until_code(one, start + 6s) == 6s);
        CHECK(house.budgets.until_code(one, start + 66s).count() == 0);
    }

    TEST_CASE("budgets: an address that has all of its own again is forgotten and there are never too many") {
        Crowd house;
        Client& one = house.from("10.0.0.7");
        const auto come = [&](std::size_t number, Budgets::Time now) {
            one.host = common::text("network ", number);
            house.budgets.take(one, 200, now);
        };
        for (std::size_t number = 0; number < 1000; ++number) come(number, start);
        CHECK(house.budgets.size() == 1000);
        for (std::size_t number = 1000; number < 2100; ++number) come(number, start + 1min);
        CHECK(house.budgets.size() < 2000);
        for (std::size_t number = 0; number < Budgets::max_addresses + 100; ++number)
            come(number, start + 1h + 10ms * (number / 100));
        CHECK(house.budgets.size() == Budgets::max_addresses);
        // Those that were forgotten had most of it again: the first.
        come(Budgets::max_addresses + 99, start + 1h + 2s);
        CHECK_FALSE(house.budgets.is_untouched(one, start + 1h + 2s));
        one.host = "network 0";
        CHECK(house.budgets.is_untouched(one, start + 1h + 2s));
    }
}
