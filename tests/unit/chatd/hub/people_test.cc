// SPDX-License-Identifier: ISC
#include "chatd/hub/people.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>

using namespace chatd;

TEST_SUITE("unit") {
    TEST_CASE("every client has a number of its own that no earlier one had") {
        People people;
        const common::Address address = common::resolve_address("10.0.0.7:1").front();
        const ClientNumber first = people.add(address).number, second = people.add(address).number;
        CHECK(first != second);
        people.remove(*people.find(second));
        CHECK(people.find(second) == nullptr);
        CHECK(people.add(address).number > second);
        CHECK(people.find(first)->peer == "10.0.0.7:1");
        CHECK(people.count() == 2);
        CHECK(people.added() == 3);
    }

    TEST_CASE("clients are counted by network and a network that nobody is from is none") {
        HubHouse house;
        CHECK(house.people.count_from("10.0.0.7") == 0);
        const ClientNumber first = house.arrive("10.0.0.7").number;
        house.arrive("10.0.0.7");
        house.arrive("::1");
        CHECK(house.people.count_from("10.0.0.7") == 2);
        CHECK(house.people.count_from("::/64") == 1);
        house.people.remove(*house.people.find(first));
        CHECK(house.people.count_from("10.0.0.7") == 1);
    }

    TEST_CASE("a name is found in any case and is another's until it goes or takes another") {
        HubHouse house;
        People& people = house.people;
        Client &ada = house.arrive(), &bob = house.arrive();
        people.give_name(ada, "Ada");
        people.give_name(bob, "bob");
        CHECK(people.find("ADA") == &ada);
        CHECK(people.find("eve") == nullptr);
        CHECK(people.find("") == nullptr);
        CHECK(people.refuse("aDa") == Refusal::name_taken);
        CHECK(people.refuse("ada", bob.number) == Refusal::name_taken);
        CHECK_FALSE(people.refuse("ada", ada.number)); // it may write it otherwise
        people.give_name(ada, "Countess");
        CHECK_FALSE(people.refuse("ada"));
        CHECK(people.find("countess") == &ada);
        CHECK(ada.folded == "countess");
        people.remove(bob);
        CHECK_FALSE(people.refuse("bob"));
        CHECK(people.find("countess") == &ada);
    }

    TEST_CASE("a name is not free either while somebody has one that looks like it") {
        HubHouse house;
        People& people = house.people;
        Client &bill = house.arrive(), &bob = house.arrive();
        people.give_name(bill, "Bill");
        CHECK(people.refuse("BIll", bob.number) == Refusal::name_taken);
        CHECK(people.refuse("BiIl", bob.number) == Refusal::name_alike);
        CHECK(people.refuse("bi11", bob.number) == Refusal::name_alike);
        CHECK_FALSE(people.refuse("bi11", bill.number));
        CHECK(people.find("bi11") == nullptr); // who is meant by it is another
        people.give_name(bill, "bi11");
        CHECK(people.refuse("bill", bob.number) == Refusal::name_alike);
        people.remove(bill);
        CHECK_FALSE(people.refuse("bill", bob.number));
    }

    TEST_CASE("clients of one network of IPv6 are counted together and those of IPv4 by their addresses") {
        HubHouse house;
        Client& one = house.arrive("2001:db8:1:2::1");
        house.arrive("2001:db8:1:2:ffff::1");
        house.arrive("2001:db8:1:3::1");
        house.arrive("10.0.0.7");
        house.arrive("10.0.0.8");
        CHECK(house.people.count_from("2001:db8:1:2::/64") == 2);
        CHECK(house.people.count_from("2001:db8:1:3::/64") == 1);
        CHECK(house.people.count_from("10.0.0.7") == 1);
        house.people.remove(one);
        CHECK(house.people.count_from("2001:db8:1:2::/64") == 1);
    }

    TEST_CASE("somebody is found in a room only when in it") {
        HubHouse house;
        Client& ada = house.enter("ada");
        CHECK(house.people.find_in(&house.room(), "Ada") == &ada);
        CHECK(house.people.find_in(&house.room("cellar"), "ada") == nullptr);
        CHECK(house.people.find_in(nullptr, "ada") == &ada);
        CHECK(house.people.find_in(nullptr, "bob") == nullptr);
    }
}
