// SPDX-License-Identifier: ISC
#include "common/loop.hh"
#include "common/signals.hh"
#include "tests/unit/common/each_backend.hh"

#include <vector>

using namespace common;
using namespace waiting;

namespace {

// So that a failing test ends: a timer that every later wait runs into.
void end_by_deadline(Loop& loop) {
    loop.at(common::Clock::now() + deadline, [] { throw std::runtime_error("the deadline has passed"); });
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("loop: the callback of a ready descriptor runs and others do not") {
        each_backend([](Backend backend) {
            Pair busy, quiet;
            Loop loop{backend};
            end_by_deadline(loop);
            std::size_t read = 0;
            loop.watch(busy.near.get(), Interest::read, [&](const Event& event) { read += drain(event.fd); });
            loop.watch(quiet.near.get(), Interest::read, [](const Event&) { FAIL("nothing came"); });
            send_text(busy.far, "hello");
            loop.run_once(nullptr);
            CHECK(read == 5);
        });
    }

    TEST_CASE("loop: a round that may not wait takes what is there and returns") {
        each_backend([](Backend backend) {
            Pair pair;
            Loop loop{backend};
            std::size_t read = 0;
            bool is_late = false;
            loop.at(common::Clock::now() + deadline, [&] { is_late = true; });
            loop.watch(pair.near.get(), Interest::read, [&](const Event& event) { read += drain(event.fd); });
            loop.run_once(nullptr, false);
            CHECK(read == 0);
            send_text(pair.far, "hello");
            loop.run_once(nullptr, false);
            CHECK(read == 5);
            CHECK_FALSE(is_late);
        });
    }

    TEST_CASE("loop: a callback that forgets another keeps it from running in the same round") {
        each_backend([](Backend backend) {
            Pair one, two;
            Loop loop{backend};
            end_by_deadline(loop);
            int calls = 0;
            const auto forget_both = [&](const Event&) {
                ++calls;
                loop.forget(one.near.get());
                loop.forget(two.near.get());
            };
            loop.watch(one.near.get(), Interest::read, forget_both);
            loop.watch(two.near.get(), Interest::read, forget_both);
            send_text(one.far, "x");
            send_text(two.far, "x");
            loop.run_once(nullptr);
            CHECK(calls == 1);
            loop.at(common::Clock::now(), [] {});
            loop.run_once(nullptr);
            CHECK(calls == 1);
        });
    }

    TEST_CASE("loop: an old event is not given to the new owner of its descriptor number") {
        each_backend([](Backend backend) {
            Pair one, two, fresh;
            Loop loop{backend};
            end_by_deadline(loop);
            int replaced = 0, stale = 0;
            const auto replace = [&](Pair& other) { // what close and accept do in one round
                ++replaced;
                loop.forget(other.near.get());
                REQUIRE(::dup2(fresh.near.get(), other.near.get()) != -1);
                loop.watch(other.near.get(), Interest::read, [&](const Event&) { ++stale; });
            };
            loop.watch(one.near.get(), Interest::read, [&](const Event& event) {
                drain(event.fd);
                replace(two);
            });
            loop.watch(two.near.get(), Interest::read, [&](const Event& event) {
                drain(event.fd);
                replace(one);
            });
            send_text(one.far, "x");
            send_text(two.far, "x");
            loop.run_once(nullptr);
            CHECK(replaced == 1);
            CHECK(stale == 0);
            send_text(fresh.far, "x"); // but its own event comes
            loop.run_once(nullptr);
            CHECK(stale == 1);
        });
    }

    TEST_CASE("loop: what a descriptor is no longer watched for is not reported in the same round") {
        each_backend([](Backend backend) {
            Pair one, two;
            Loop loop{backend};
            end_by_deadline(loop);
            int calls = 0;
            const auto pause_both = [&](const Event&) {
                ++calls;
                loop.change(one.near.get(), Interest::none);
                loop.change(two.near.get(), Interest::none);
            };
            loop.watch(one.near.get(), Interest::read, pause_both);
            loop.watch(two.near.get(), Interest::read, pause_both);
            send_text(one.far, "x");
            send_text(two.far, "x");
            loop.run_once(nullptr);
            CHECK(calls == 1);
            loop.change(one.near.get(), Interest::read); // nothing was read: it is reported again
            loop.run_once(nullptr);
            CHECK(calls == 2);
            CHECK_THROWS_AS(loop.change(one.far.get(), Interest::read), std::logic_error);
        });
    }

    TEST_CASE("loop: a callback may forget itself and use what it holds until it returns") {
        each_backend([](Backend backend) {
            Pair pair;
            Loop loop{backend};
            end_by_deadline(loop);
            std::string seen;
            const std::string held(100, 'h');
            loop.watch(pair.near.get(), Interest::read, [&, held](const Event& event) {
                loop.forget(event.fd);
                seen = held;
            });
            send_text(pair.far, "x");
            loop.run_once(nullptr);
            CHECK(seen == held);
        });
    }

    TEST_CASE("loop: a descriptor with work left comes again without new bytes") {
        each_backend([](Backend backend) {
            Pair pair;
            Loop loop{backend};
            end_by_deadline(loop);
            std::string read;
            loop.watch(pair.near.get(), Interest::read, [&](const Event& event) {
                std::array<char, 1> byte{};
                if (read_some(event.fd, byte).state != IoState::done) return;
                read += byte[0];
                loop.again(event.fd);
            });
            send_text(pair.far, "hello");
            while (read != "hello") loop.run_once(nullptr);
            CHECK(read == "hello");
        });
    }

    TEST_CASE("loop: timers run in the order of their moments and not before them") {
        each_backend([](Backend backend) {
            Loop loop{backend};
            std::string order;
            const auto start = common::Clock::now();
            loop.at(start + 20ms, [&] { order += 'c'; });
            loop.at(start + 10ms, [&] { order += 'a'; });
            loop.at(start + 10ms, [&] { order += 'b'; });
            while (order.size() < 3) loop.run_once(nullptr);
            CHECK(order == "abc");
            CHECK(common::Clock::now() - start >= 20ms);
        });
    }

    TEST_CASE("loop: a cancelled timer does not run even if it was due in the same round") {
        Loop loop{Backend::poll};
        const auto past = common::Clock::now();
        int runs = 0;
        Loop::TimerId second{};
        const Loop::TimerId first = loop.at(past, [&] {
            ++runs;
            loop.cancel(second);
        });
        second = loop.at(past, [&] { ++runs; });
        loop.run_once(nullptr);
        CHECK(runs == 1);
        loop.cancel(first); // has run: nothing
        loop.cancel({});
    }

    TEST_CASE("loop: a timer that sets itself again at once lets descriptors have their turn") {
        each_backend([](Backend backend) {
            Pair pair;
            Loop loop{backend};
            const auto past = common::Clock::now();
            int runs = 0;
            std::size_t read = 0;
            Loop::OnTime repeat = [&] {
                ++runs;
                loop.at(past, repeat);
            };
            loop.at(past, repeat);
            loop.watch(pair.near.get(), Interest::read, [&](const Event& event) { read += drain(event.fd); });
            loop.run_once(nullptr);
            CHECK(runs == 1);
            send_text(pair.far, "x");
            loop.run_once(nullptr);
            CHECK(runs == 2);
            CHECK(read == 1);
        });
    }

    TEST_CASE("loop: a descriptor's callback runs before a timer that is due at the same time") {
        each_backend([](Backend backend) {
            Pair pair;
            Loop loop{backend};
            std::string order;
            loop.at(common::Clock::now(), [&] { order += "timer"; });
            loop.watch(pair.near.get(), Interest::read, [&](const Event&) { order += "bytes "; });
            send_text(pair.far, "x");
            loop.run_once(nullptr);
            CHECK(order == "bytes timer");
        });
    }

    TEST_CASE("watch: what it ends is forgotten before it is closed and its number can be another's") {
        each_backend([](Backend backend) {
            Pair one, two;
            Loop loop{backend};
            end_by_deadline(loop);
            const int number = one.near.get();
            Watch watch{loop, std::move(one.near), Interest::read,
                        [](const Event&) { FAIL("it has ended"); }};
            CHECK(watch.fd() == number);
            send_text(one.far, "x");
            watch.reset();
            CHECK_FALSE(watch);
            CHECK(watch.fd() == -1);
            std::array<char, 1> byte{};
            CHECK(read_some(one.far.get(), byte).state != IoState::would_block); // closed, with a byte unread
            std::size_t read = 0;
            const Fd same{::dup2(two.near.get(), number)};
            Watch next{loop, same.get(), Interest::read,
                       [&](const Event& event) { read += drain(event.fd); }};
            send_text(two.far, "hello");
            loop.run_once(nullptr);
            CHECK(read == 5);
        });
    }

    TEST_CASE("watch: another that takes its place ends it first") {
        each_backend([](Backend backend) {
            Pair old, fresh;
            Loop loop{backend};
            end_by_deadline(loop);
            std::string heard;
            Watch watch{loop, std::move(old.near), Interest::read, [&](const Event&) { heard += "old "; }};
            send_text(old.far, "x");
            watch = Watch{loop, std::move(fresh.near), Interest::read, [&](const Event& event) {
                              drain(event.fd);
                              heard += "fresh ";
                          }};
            send_text(fresh.far, "x");
            loop.run_once(nullptr);
            CHECK(heard == "fresh ");
            Watch moved = std::move(watch);
            CHECK_FALSE(watch); // NOLINT(bugprone-use-after-move): it watches nothing, and may be asked
            send_text(fresh.far, "x");
            loop.run_once(nullptr);
            CHECK(heard == "fresh fresh ");
        });
    }

    TEST_CASE("watch: a callback may end its own watch and use what it holds until it returns") {
        each_backend([](Backend backend) {
            Pair pair;
            Loop loop{backend};
            end_by_deadline(loop);
            std::string seen;
            Watch watch;
            watch = Watch{loop, std::move(pair.near), Interest::read,
                          [&, held = std::string(100, 'h')](const Event&) {
                              watch.reset();
                              seen = held;
                          }};
            send_text(pair.far, "x");
            loop.run_once(nullptr);
            CHECK(seen == std::string(100, 'h'));
        });
    }

    TEST_CASE("watch: a borrowed descriptor stays open and an owned one is given back") {
        Pair pair;
        Loop loop{Backend::poll};
        {
            const Watch watch{loop, pair.near.get(), Interest::read, [](const Event&) {}};
        }
        send_text(pair.near, "x");
        Watch borrowed{loop, pair.near.get(), Interest::read, [](const Event&) {}};
        CHECK_FALSE(borrowed.release());
        const int number = pair.near.get();
        Watch owner{loop, std::move(pair.near), Interest::read, [](const Event&) {}};
        const Fd back = owner.release();
        CHECK(back.get() == number);
        CHECK_FALSE(owner);
        send_text(back, "x");
        CHECK_THROWS_AS(loop.change(number, Interest::both), std::logic_error); // nobody watches it
    }

    TEST_CASE("watch: another of the same borrowed descriptor goes on when it takes its place") {
        each_backend([](Backend backend) {
            Pair pair;
            Loop loop{backend};
            end_by_deadline(loop);
            Watch watch{loop, pair.near.get(), Interest::read, [](const Event&) { FAIL("it has ended"); }};
            std::size_t read = 0;
            watch = Watch{loop, pair.near.get(), Interest::read,
                          [&](const Event& event) { read += drain(event.fd); }};
            send_text(pair.far, "hello");
            loop.run_once(nullptr);
            CHECK(read == 5);
        });
    }

    TEST_CASE("watch: what cannot be watched is not") {
        Loop loop{Backend::poll};
        CHECK_THROWS_AS((Watch{loop, -1, Interest::read, [](const Event&) {}}), std::logic_error);
    }

    TEST_CASE("loop: a signal ends the round so that its flag can be taken") {
        each_backend([](Backend backend) {
            Loop loop{backend};
            end_by_deadline(loop);
            Signals signals{SIGHUP};
            ::raise(SIGHUP);
            loop.run_once(signals.while_waiting());
            CHECK(signals.take(SIGHUP));
        });
    }
}
