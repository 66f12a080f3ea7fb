// SPDX-License-Identifier: ISC
#include "common/capacity.hh"

#include <doctest/doctest.h>
#include <sys/select.h>

using namespace common;

TEST_SUITE("unit") {
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
