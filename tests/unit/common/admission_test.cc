// SPDX-License-Identifier: ISC
#include "common/admission.hh"

#include <doctest/doctest.h>

using namespace common;
using namespace std::chrono_literals;

namespace {

const Admission::Time start = Admission::Time{} + 1000s;

bool comes_in(Admission& admission, const std::string& address, std::size_t present, Admission::Time now,
              const AddressLimits& limits) {
    return !admission.refuse(address, present, now, limits);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("admission: at the limit of clients from one address no more come in") {
        Admission admission;
        const AddressLimits limits{.max_per_address = 2, .connect_rate = 0};
        CHECK(comes_in(admission, "a", 0, start, limits));
        CHECK(comes_in(admission, "a", 1, start, limits));
        CHECK(admission.refuse("a", 2, start, limits) ==
              "Too many connections from a (limit 2): close one and try again.");
        CHECK(comes_in(admission, "b", 0, start, limits));
        CHECK(comes_in(admission, "a", 1, start, limits));
    }

    TEST_CASE("admission: so many a second from one address and then a new second") {
        Admission admission;
        const AddressLimits limits{.max_per_address = 0, .connect_rate = 3};
        for (int i = 0; i < 3; ++i) CHECK(comes_in(admission, "a", 0, start + i * 300ms, limits));
        CHECK(admission.refuse("a", 0, start + 999ms, limits) ==
              "Too many connections a second from a (limit 3): wait a second and try again.");
        CHECK(comes_in(admission, "b", 0, start + 999ms, limits));
        for (int i = 0; i < 3; ++i) CHECK(comes_in(admission, "a", 0, start + 1s, limits));
        CHECK_FALSE(comes_in(admission, "a", 0, start + 1s, limits));
        CHECK(comes_in(admission, "a", 0, start + 100s, limits));
    }

    TEST_CASE("admission: the first clients of all come in even when the clock has just begun") {
        Admission admission;
        const AddressLimits limits{.max_per_address = 1, .connect_rate = 1};
        CHECK(comes_in(admission, "a", 0, Admission::Time{}, limits));
        CHECK_FALSE(comes_in(admission, "a", 0, Admission::Time{}, limits));
    }

    TEST_CASE("admission: who is refused for being too many counts as an arrival") {
        Admission admission;
        const AddressLimits limits{.max_per_address = 1, .connect_rate = 2};
        CHECK_FALSE(comes_in(admission, "a", 1, start, limits));
        CHECK_FALSE(comes_in(admission, "a", 1, start, limits));
        CHECK(admission.refuse("a", 0, start, limits)->find("a second") != std::string::npos);
    }

    TEST_CASE("admission: zero is no limit") {
        Admission admission;
        const AddressLimits none{.max_per_address = 0, .connect_rate = 0};
        for (int i = 0; i < 1000; ++i) REQUIRE(comes_in(admission, "a", 1'000'000, start, none));
    }
}
