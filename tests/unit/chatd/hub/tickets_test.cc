// SPDX-License-Identifier: ISC
#include "chatd/hub/tickets.hh"

#include <doctest/doctest.h>
#include <set>
#include <string>
#include <vector>

using namespace chatd;
using namespace std::chrono_literals;

namespace {

const Tickets::Time start{};

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

    TEST_CASE("a person's numbers are those of all its tickets with what it was before") {
        Tickets tickets;
        for (const std::uint64_t client : {7, 8, 9}) tickets.issue(client, "ada");
        tickets.note(7, {.first = 3}, {});
        tickets.note(9, {.first = 3}, {});
        tickets.keep(7, {}, 0, {3, 5}, start + 600s);
        CHECK(tickets.numbers_of({.first = 3}) == std::vector<std::uint64_t>{7, 3, 5, 9});
        CHECK(tickets.numbers_of({.first = 8}) == std::vector<std::uint64_t>{8});
        CHECK(tickets.numbers_of({.first = 4}).empty());
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
        CHECK(ticket->stays.back().shown_from == 20);
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

    TEST_CASE("a ticket knows who somebody is and whom it ignores and its last name until it expires") {
        Tickets tickets;
        const std::string token = tickets.issue(7, "Ada"), other = tickets.issue(8, "bob");
        CHECK(tickets.find(token, start)->person.first == 7); // unless it was somebody before
        tickets.note(7, {5, "chief"}, {{{8, ""}, "bob"}});
        tickets.note(99, {5, "chief"}, {}); // has none: nothing happens
        CHECK(tickets.find(token, start)->person.first == 5);
        CHECK(tickets.find(token, start)->person.account == "chief");
        CHECK(tickets.find(token, start)->ignored.at(0).name == "bob");
        CHECK(tickets.left_under("ada", start).first == 0); // it is still here
        tickets.keep(7, {}, 0, {}, start + 600s);
        CHECK(tickets.left_under("ada", start).first == 5);
        CHECK(tickets.left_under("eve", start).first == 0);
        CHECK(tickets.left_under("ada", start + 600s).first == 0);
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

    TEST_CASE("tokens that begin alike are told apart by the rest of their digits") {
        Tickets tickets;
        const std::string token = tickets.issue(7, "ada");
        std::string other = token;
        other.back() = other.back() == '0' ? '1' : '0';
        CHECK_FALSE(tickets.find(other, start));
        CHECK_FALSE(tickets.find(token.substr(0, 8), start));
        CHECK_FALSE(tickets.find(token + '0', start));
        tickets.forget(7);
        tickets.issue(8, "ada", token); // two clients whose tokens begin with the same digits
        tickets.issue(9, "bob", other);
        CHECK(tickets.find(token, start)->client == 8);
        CHECK(tickets.find(other, start)->client == 9);
        tickets.forget(8);
        CHECK_FALSE(tickets.find(token, start));
        CHECK(tickets.find(other, start)->client == 9);
    }

    TEST_CASE("a ticket that has expired at once can still be had by its client") {
        Tickets tickets;
        const std::string token = tickets.issue(7, "ada");
        tickets.keep(7, {{1, 10}}, 99, {}, start);
        CHECK_FALSE(tickets.find(token, start));
        REQUIRE(tickets.of(7));
        CHECK(tickets.of(7)->counted == 99);
        tickets.forget(7);
        CHECK_FALSE(tickets.of(7));
        CHECK_FALSE(tickets.of(8));
    }

    TEST_CASE("of one network so many tickets are kept and what goes is what would expire first") {
        Tickets tickets;
        const std::string other = tickets.issue(1, "bob");
        tickets.keep(1, {}, 0, {}, start + 1s, "10.0.0.8");
        const std::string local = tickets.issue(2, "eve");
        tickets.keep(2, {}, 0, {}, start + 1s);
        std::vector<std::string> tokens;
        constexpr std::uint64_t first = 100, many = Tickets::max_left_of_network + 10;
        for (std::uint64_t n = 0; n < many; ++n) {
            tokens.push_back(tickets.issue(first + n, "ada"));
            tickets.keep(first + n, {}, 0, {}, start + 10s + std::chrono::seconds{n}, "10.0.0.7");
        }
        CHECK(tickets.size() == Tickets::max_left_of_network + 2);
        CHECK_FALSE(tickets.find(tokens[9], start));
        CHECK(tickets.find(tokens[10], start));
        CHECK(tickets.find(other, start));
        CHECK(tickets.find(local, start));
        tickets.forget(first + 10);
        tickets.issue(5, "ada");
        tickets.keep(5, {}, 0, {}, start + 1h, "10.0.0.7"); // there is room again
        CHECK(tickets.find(tokens[11], start));
        tickets.drop_expired(start + 24h);
        CHECK(tickets.size() == 0);
    }

    TEST_CASE("of all networks so many tickets are kept and what goes is of whoever has the most") {
        Tickets tickets;
        const std::string other = tickets.issue(1, "bob");
        tickets.keep(1, {}, 0, {}, start + 1s, "10.0.0.8");
        for (std::uint64_t client = 2; client < Tickets::max_left + 10; ++client) {
            tickets.put_back(
                {.ticket = {.client = client, .name = "ada", .is_left = true, .expires = start + 10s},
                 .tokens = {std::to_string(client)}}); // of an earlier run: from nobody knows where
        }
        tickets.issue(7, "ada");
        tickets.keep(7, {}, 0, {}, start + 20s);
        CHECK(tickets.size() == Tickets::max_left);
        CHECK(tickets.find(other, start));
    }
}
