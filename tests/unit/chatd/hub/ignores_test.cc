// SPDX-License-Identifier: ISC
// Whom clients do not want to see: how their handlers come to know them.
#include "chatd/hub/ignores.hh"
#include "tests/unit/chatd/hub/hub_house.hh"

#include <doctest/doctest.h>

using namespace chatd;

namespace {

struct Crowd : HubHouse {
    std::string ask(const Client& client, const std::string& name) {
        send(client, IgnoreFrame::make(name));
        const auto frame = next_frame(client.number);
        if (!frame || frame->message != Message::accepted) return frame ? shown(*frame) : "nothing";
        const std::string words = frame->as<AcceptedFrame>().second;
        std::string all = words.substr(0, 1);
        for (const auto& [number] : Former::iter_unpack(std::string_view{words}.substr(1)))
            all += common::text(' ', number - ada.number);
        return all;
    }
    // "1 rob 5": person, name and numbers.
    std::string told(const Client& client) {
        std::string all;
        while (const auto frame = next_frame(client.number)) {
            if (frame->message != Message::known_as) continue;
            const auto [fields, words] = frame->as<KnownAsFrame>();
            const auto [person, size] = fields;
            all += common::text(all.empty() ? "" : ", ", person - ada.number, ' ', words.substr(0, size));
            for (const auto& [number] : Former::iter_unpack(std::string_view{words}.substr(size)))
                all += common::text(' ', number - ada.number);
        }
        return all;
    }
    std::string token_of(Client& client) {
        resumption.give_token(client);
        std::string token;
        while (const auto frame = next_frame(client.number))
            if (frame->message == Message::token) token = frame->as<TokenFrame>().second;
        return token;
    }
    void resume(const Client& client, const std::string& token) {
        send(client, ResumeFrame::make(token, std::uint64_t{0}, std::uint8_t{0},
                                       static_cast<std::uint8_t>(token.size())));
        settle();
    }
    Client& ada = enter("ada");
    Client& bob = enter("bob"); // the next number
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("who is ignored is named by its numbers and again is no longer ignored") {
        Crowd house;
        CHECK(house.ask(house.ada, "nobody1") == HubHouse::refused(Refusal::nobody));
        CHECK(house.ask(house.ada, "BOB") == "+ 1 1");
        CHECK(house.ask(house.ada, "bob") == "- 1");
        CHECK(house.ask(house.ada, "bob") == "+ 1 1");
        const std::string bob = "bob";
        house.departures.end(house.bob);
        house.settle();
        CHECK(house.ask(house.ada, bob) == "- 1"); // also when it is gone
        CHECK(house.ask(house.ada, bob) == HubHouse::refused(Refusal::nobody));
    }

    TEST_CASE("who ignores somebody is told when that one has another name or is back and of no stranger") {
        Crowd house;
        Client& eve = house.enter("eve");
        CHECK(house.ask(house.ada, "bob") == "+ 1 1");
        house.send(house.bob, NickFrame::make("rob"));
        house.settle();
        CHECK(house.told(house.ada) == "1 rob 1");
        CHECK(house.told(eve) == "");
        const std::string token = house.token_of(house.bob);
        house.departures.end(house.bob);
        house.settle();
        Client& stranger = house.arrive(); // number 3
        house.send(stranger, NameFrame::make("rob"));
        house.settle();
        CHECK(house.told(house.ada) == "");
        house.departures.end(stranger);
        Client& back = house.arrive();
        house.resume(back, token);
        CHECK(house.told(house.ada) == "1 rob 4");
        CHECK(house.ask(eve, "rob") == "+ 1 1 4"); // all that it was
    }

    TEST_CASE("the same user is ignored again whoever it came as") {
        Crowd house;
        house.bob.person.account = "chief";
        CHECK(house.ask(house.ada, "bob") == "+ 1 1");
        Client& again = house.arrive();
        again.person.account = "chief";
        house.people.give_name(again, "chief");
        house.ignores.tell_of(again);
        CHECK(house.told(house.ada) == "1 chief 2");
    }

    TEST_CASE("who ignores somebody does so when it is back") {
        Crowd house;
        Client& eve = house.enter("eve");
        CHECK(house.ask(eve, "bob") == "+ 1 1");
        const std::string token = house.token_of(eve);
        house.departures.end(eve);
        const std::string bobs = house.token_of(house.bob);
        house.departures.end(house.bob);
        Client& bob = house.arrive();
        house.resume(bob, bobs);
        Client& back = house.arrive();
        house.resume(back, token);
        CHECK(house.told(back) == "1 bob 1 3");
        CHECK(house.ask(back, "bob") == "- 1");
    }

    TEST_CASE("nobody ignores more people than the hub keeps") {
        Crowd house;
        for (std::size_t one = 0; one <= max_ignored; ++one) house.enter(common::text("guest", one));
        for (std::size_t one = 0; one < max_ignored; ++one)
            REQUIRE(house.ask(house.ada, common::text("guest", one)).substr(0, 1) == "+");
        CHECK(house.ask(house.ada, common::text("guest", max_ignored)) ==
              HubHouse::refused(Refusal::too_many_ignored));
    }
}
