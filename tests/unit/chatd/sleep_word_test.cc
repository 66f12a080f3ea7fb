// SPDX-License-Identifier: ISC
// Who sleeps is woken once, and nobody sleeps through a line.
#include "chatd/sleep_word.hh"

#include <array>
#include <atomic>
#include <doctest/doctest.h>
#include <semaphore>
#include <thread>

using chatd::SleepWord;

TEST_SUITE("unit") {
    TEST_CASE("sleep word: a handler is woken once until it has looked again") {
        alignas(std::uint32_t) std::array<std::byte, 4096> page{};
        const SleepWord handler{page}, hub{page};
        CHECK_FALSE(hub.tell_news()); // it was not asleep
        handler.begin_to_look();
        REQUIRE(handler.fall_asleep());
        CHECK(handler.fall_asleep()); // woken by its client it may go on sleeping
        CHECK(hub.tell_news());
        CHECK_FALSE(hub.tell_news());
        CHECK_FALSE(hub.tell_news());
        handler.begin_to_look();
        CHECK_FALSE(hub.tell_news());
    }

    TEST_CASE("sleep word: a handler does not fall asleep on news that came while it looked") {
        alignas(std::uint32_t) std::array<std::byte, 4096> page{};
        const SleepWord handler{page}, hub{page};
        handler.begin_to_look();
        CHECK_FALSE(hub.tell_news());
        CHECK_FALSE(handler.fall_asleep());
        CHECK_FALSE(handler.fall_asleep()); // until it has looked
        handler.begin_to_look();
        CHECK(handler.fall_asleep());
    }

    TEST_CASE("sleep word: nothing is slept through however writing and looking meet") {
        constexpr unsigned lines = 200'000;
        alignas(std::uint32_t) std::array<std::byte, 4096> page{};
        std::atomic<unsigned> log = 0; // in place of a file
        std::counting_semaphore<> wakes{0};
        std::jthread writer{[&] {
            for (unsigned line = 1; line <= lines; ++line) {
                log.store(line, std::memory_order_relaxed);
                std::atomic_thread_fence(std::memory_order_seq_cst);
                if (SleepWord{page}.tell_news()) wakes.release();
            }
        }};
        const SleepWord handler{page};
        unsigned seen = 0;
        bool is_woken = true;
        while (seen < lines && is_woken) {
            handler.begin_to_look();
            seen = log.load(std::memory_order_relaxed);
            if (seen < lines && handler.fall_asleep())
                is_woken = wakes.try_acquire_for(std::chrono::seconds{60});
        }
        CHECK(seen == lines);
    }
}
