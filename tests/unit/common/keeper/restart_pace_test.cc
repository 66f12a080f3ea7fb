// SPDX-License-Identifier: ISC
// When a main process that died is started again, and whether one that runs still lives.
#include "common/keeper/life_watch.hh"
#include "common/keeper/restart_pace.hh"

#include <chrono>
#include <doctest/doctest.h>
#include <string>

using namespace common;
using namespace std::chrono_literals;

TEST_SUITE("unit") {
    TEST_CASE(
        "restart pace: the first death costs no pause and those that follow at once longer and longer ones") {
        RestartPace pace{{.deaths = 9, .first_pause = 100ms, .longest_pause = 500ms}};
        const Clock::time_point now{};
        CHECK(pace.die(now, "a") == 0ms);
        for (const auto pause : {100ms, 200ms, 400ms, 500ms, 500ms, 500ms})
            CHECK(pace.die(now, "b") == pause);
    }

    TEST_CASE("restart pace: five early deaths in a row are enough and the reason names how each came") {
        RestartPace pace;
        Clock::time_point now{};
        const auto die = [&](const char* how) { return pace.die(now, how); };
        CHECK(die("exit 1"));
        for (int i = 0; i < 2; ++i) {
            pace.tell_ready(now);
            now += 999ms; // too early still
            CHECK(die("signal 9"));
        }
        CHECK(die("exit 2"));
        CHECK_FALSE(die("exit 3"));
        CHECK(pace.early_ends() == "exit 1, signal 9, signal 9, exit 2, exit 3");
    }

    TEST_CASE("restart pace: one that has served for a second makes the early deaths before it forgotten") {
        RestartPace pace;
        Clock::time_point now{};
        for (int i = 0; i < 4; ++i) CHECK(pace.die(now, "early"));
        pace.tell_ready(now);
        now += 500ms;
        pace.tell_ready(now); // it says it twice
        now += 500ms;
        CHECK(pace.die(now, "late") == 0ms);
        CHECK(pace.early_ends().empty());
        CHECK(pace.die(now, "early") == 0ms);
        for (int i = 0; i < 3; ++i) CHECK(pace.die(now, "early"));
        CHECK_FALSE(pace.die(now, "early"));
    }

    TEST_CASE("restart pace: the end of one that is excused counts for nothing and is followed by a pause") {
        RestartPace pace{{.deaths = 2, .excused_pause = 7ms}};
        CHECK(pace.die({}, "early") == 0ms);
        for (int i = 0; i < 9; ++i) {
            pace.excuse();
            CHECK(pace.die({}, "excused") == 7ms);
        }
        CHECK_FALSE(pace.die({}, "early"));
        CHECK(pace.early_ends() == "early, early");
    }

    TEST_CASE("life watch: who answers is asked again and who does not is told of once") {
        struct Case {
            bool is_ready;
            int answers, asked;
        };
        for (const Case& one : {Case{true, 0, 3}, Case{true, 5, 8}, Case{false, 0, 0}}) {
            CAPTURE(one.answers);
            Loop loop{Backend::poll};
            int asked = 0, told = 0;
            std::chrono::milliseconds silent{};
            LifeWatch* watch = nullptr;
            LifeWatch life{loop,
                           {.turn = 1ms, .start = 6, .silence = 3},
                           {[&] {
                                if (++asked <= one.answers) watch->hear();
                            },
                            [&](std::chrono::milliseconds time) {
                                ++told;
                                silent = time;
                            }}};
            watch = &life;
            life.begin(false);
            if (one.is_ready) life.tell_ready();
            while (told == 0) loop.run_once(nullptr);
            CHECK(asked == one.asked);
            CHECK(silent == (one.is_ready ? 3ms : 6ms));
            loop.at(Clock::now() + 20ms, [&] { told += 10; });
            while (told < 10) loop.run_once(nullptr);
            CHECK(told == 11);
        }
    }

    TEST_CASE("life watch: nobody is asked or told of once it has ended") {
        Loop loop{Backend::poll};
        bool is_over = false;
        {
            LifeWatch life{loop,
                           {.turn = 1ms, .start = 1, .silence = 1},
                           {[] { FAIL("asked"); }, [](auto) { FAIL("told"); }}};
            life.begin(true);
            life.end();
            loop.at(Clock::now() + 20ms, [&] { is_over = true; });
            while (!is_over) loop.run_once(nullptr);
            life.begin(true);
        }
        loop.at(Clock::now() + 20ms, [&] { is_over = false; });
        while (is_over) loop.run_once(nullptr);
    }
}
