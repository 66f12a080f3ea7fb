// SPDX-License-Identifier: ISC
// Whom a client does not want to hear: what the hub says of it.
#include "chatd/handler/ignored_people.hh"

#include "chatd/protocol.hh"

#include <doctest/doctest.h>
#include <initializer_list>
#include <string>

using namespace chatd;

namespace {

std::string answer(char sign, std::initializer_list<std::uint64_t> numbers) {
    std::string words(1, sign);
    for (const std::uint64_t number : numbers) {
        const auto packed = Former::pack(number);
        words.append(packed.data(), packed.size());
    }
    return words;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("ignored people: a person is ignored as each of its clients until it no longer is") {
        IgnoredPeople people;
        CHECK_FALSE(people.ignores_anybody());
        CHECK(people.take(answer('+', {4, 7}), "eve"));
        CHECK(people.take(answer('+', {5}), "bob"));
        for (const std::uint64_t client : {4, 5, 7}) CHECK(people.ignores(client));
        CHECK_FALSE(people.ignores(6));
        CHECK(people.ignored_names() == "eve, bob");
        CHECK_FALSE(people.take(answer('-', {4}), "eve"));
        CHECK_FALSE(people.ignores(7));
        CHECK(people.ignored_names() == "bob");
        people.show_again(5);
        CHECK_FALSE(people.ignores_anybody());
    }
}
