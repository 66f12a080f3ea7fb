// SPDX-License-Identifier: ISC
#include "common/keeper/serving_word.hh"

#include "common/fd.hh"
#include "tests/unit/common/temporary_folder.hh"
#include "tests/unit/common/test_keeper.hh"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <functional>
#include <utility>

using namespace common;

namespace {

const auto nobody = [](ServingWord&) {};

// Main processes, one after the other, between whom stands the page.
struct Lives {
    // What body leaves there is what stands there at its death. Returns whom this life suspects.
    std::uint64_t live(const std::function<void(ServingWord&)>& body, bool was_killed = false) {
        TestKeeper::Left left;
        if (page) left.push_back({"serving", "", duplicate(page.get())});
        TestKeeper keeper{folder / "lock", {}, std::move(left), !was_killed};
        ServingWord word{keeper.link(), folder / ""};
        if (const auto deposit = keeper.heard()) {
            CHECK(deposit->word == KeeperWord::deposit);
            CHECK(deposit->label == "serving");
            CHECK(keeper.held);
            page = std::move(keeper.held);
        }
        body(word);
        return word.suspect();
    }
    std::uint64_t die_serving(std::uint64_t client) {
        return live([&](ServingWord& word) { word.begin(client); });
    }

    TemporaryFolder folder;
    Fd page{};
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("serving word: who stood there at two deaths running is suspected and nobody else") {
        Lives lives;
        CHECK(lives.die_serving(7) == 0);
        CHECK(lives.die_serving(8) == 0); // 7, once
        CHECK(lives.die_serving(8) == 0);
        CHECK(lives.die_serving(9) == 8);
        CHECK(lives.die_serving(9) == 0);
        CHECK(lives.live(nobody) == 9);
        CHECK(lives.live(nobody) == 0);
    }

    TEST_CASE("serving word: a death between two or while nobody was served makes nobody suspect") {
        Lives lives;
        CHECK(lives.die_serving(7) == 0);
        CHECK(lives.live(nobody) == 0);
        CHECK(lives.die_serving(7) == 0);
        CHECK(lives.live([](ServingWord& word) {
            word.begin(7);
            word.end();
        }) == 0);
        CHECK(lives.live(nobody) == 0);
    }

    TEST_CASE("serving word: whoever stood there when somebody killed the process is not suspected") {
        Lives lives;
        const auto serve = [](ServingWord& word) { word.begin(7); };
        for (int life = 0; life < 3; ++life) CHECK(lives.live(serve, true) == 0);
        CHECK(lives.live(serve) == 0); // once by itself
        CHECK(lives.live(serve, true) == 0);
        CHECK(lives.live(serve) == 0);
        CHECK(lives.live(serve) == 7);
    }

    TEST_CASE("serving word: a page that is none is not looked at") {
        Lives lives;
        std::array nones{Fd{}, Fd{::open((lives.folder / "empty").c_str(), O_RDWR | O_CREAT, 0600)},
                         Fd{::open("/dev/null", O_RDWR)}};
        for (Fd& none : nones) {
            lives.page = std::move(none);
            CHECK(lives.die_serving(7) == 0); // has deposited one
            CHECK(lives.die_serving(7) == 0);
            CHECK(lives.live(nobody) == 7);
        }
    }
}
