// SPDX-License-Identifier: ISC
#include "common/admission.hh"

#include <doctest/doctest.h>
#include <sys/select.h>

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
              "Too many connections per second from a (limit 3): wait a second and try again.");
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

    TEST_CASE("admission: the last tenth of the places is for addresses with fewer than three clients") {
        CHECK_FALSE(refuse_last_places("a", 99, 899, 1000));
        CHECK(refuse_last_places("a", 3, 900, 1000) ==
              "Nearly full (limit 1000): there is no room for more than 3 connections from a: close one or "
              "try again later.");
        CHECK(refuse_last_places("a", 100, 999, 1000));
        CHECK_FALSE(refuse_last_places("a", 2, 900, 1000));
        CHECK_FALSE(refuse_last_places("a", 2, 999, 1000));
        CHECK_FALSE(refuse_last_places("a", 8, 8, 9)); // of so few there is no tenth
        CHECK(refuse_last_places("a", 9, 9, 10));
    }

    TEST_CASE("capacity: as many clients as there were to be at the start") {
        const Capacity capacity{100, Backend::poll, 1000, 50};
        CHECK(capacity.clients(10) == 10);
        CHECK(capacity.clients(100) == 100);
        CHECK(capacity.clients(101) == 100);
        CHECK_FALSE(capacity.explain(100));
        CHECK(capacity.explain(200) == "max-clients is 100, not 200: more wait for the next start");
    }

    TEST_CASE("capacity: no more clients than descriptors that are not our own") {
        const Capacity capacity{1000, Backend::epoll, 256, 56};
        CHECK(capacity.clients(1000) == 200);
        CHECK_FALSE(capacity.explain(200));
        CHECK(capacity.explain(1000) ==
              "max-clients is 200, not 1000: this process may have only 256 descriptors");
    }

    TEST_CASE("capacity: select knows no descriptor beyond its set") {
        const Capacity capacity{16384, Backend::select, 1'000'000, 24};
        CHECK(capacity.clients(16384) == FD_SETSIZE - 24);
        CHECK(capacity.explain(16384)->find("select knows only ") != std::string::npos);
    }

    TEST_CASE("capacity: one client even where there seems to be room for none") {
        CHECK(Capacity{10, Backend::poll, 20, 40}.clients(10) == 1);
    }
}
