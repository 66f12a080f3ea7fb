// SPDX-License-Identifier: ISC
#include "ftpd/session/sorted_names.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace ftpd;

namespace {

using Named = std::vector<std::pair<std::string, mode_t>>;

Named sorted(SortedNames& names, const Named& given) {
    for (const auto& [name, type] : given) names.add(name, type);
    Named got;
    names.for_each([&](std::string_view name, mode_t type) {
        CHECK(name.data()[name.size()] == '\0'); // it can be handed to a system call
        got.emplace_back(name, type);
    });
    return got;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("names are sorted by their bytes and each keeps its type") {
        SortedNames names;
        CHECK(sorted(names, {}) == Named{});
        CHECK(sorted(names, {{"b", 1}}) == Named{{"b", 1}});
        names.clear();
        CHECK(sorted(names, {{"\xff", 1}, {"a", 2}, {"\x7f", 3}, {"A", 4}, {"\x80", 5}}) ==
              Named{{"A", 4}, {"a", 2}, {"\x7f", 3}, {"\x80", 5}, {"\xff", 1}});
    }

    TEST_CASE("names that begin alike are sorted by what follows") {
        SortedNames names;
        CHECK(sorted(names, {{"photo-00000000-b", 1}, {"photo-00000000", 2}, {"photo-00000000-a", 3}}) ==
              Named{{"photo-00000000", 2}, {"photo-00000000-a", 3}, {"photo-00000000-b", 1}});
        names.clear();
        CHECK(sorted(names, {{"other", 1}, {"photo", 2}, {"p", 3}, {"pho", 4}}) ==
              Named{{"other", 1}, {"p", 3}, {"pho", 4}, {"photo", 2}});
    }

    TEST_CASE("any names are sorted as the standard library sorts them") {
        std::mt19937 random{1};
        SortedNames names;
        for (int round = 0; round < 200; ++round) {
            CAPTURE(round);
            Named given;
            const std::string front(random() % 12, 'f');
            for (std::size_t count = random() % 60; count > 0; --count) {
                std::string name = front;
                for (std::size_t length = random() % 20; length > 0; --length)
                    name += static_cast<char>(random() % 3 == 0 ? 1 + random() % 255 : 'a');
                given.emplace_back(name, static_cast<mode_t>(count));
            }
            names.clear();
            Named got = sorted(names, given);
            std::ranges::sort(given);
            CHECK(std::ranges::is_sorted(got, {}, &Named::value_type::first));
            std::ranges::sort(got); // those of one name have no order
            CHECK(got == given);
        }
    }
}
