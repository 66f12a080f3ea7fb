// SPDX-License-Identifier: ISC
// What a loop does with what goes wrong: in a callback, in a watch that the system refuses, in the wait.
#include "common/loop.hh"
#include "tests/unit/common/each_backend.hh"

#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

using namespace common;
using namespace waiting;
using LoopClock = common::Clock;

namespace {

// Its system refuses what the test wants it to.
class FaultyPoller final : public Poller {
public:
    int failing_updates = 0, failing_waits = 0;
    std::vector<Event> ready;   // reported by every wait, as a level-triggered one does
    std::vector<Interest> seen; // the updates that were taken

private:
    void update(int, Interest now, bool) override {
        if (failing_updates > 0) {
            --failing_updates;
            fail_with(ENOMEM, "epoll_ctl");
        }
        seen.push_back(now);
    }
    void remove(int) override {}
    void collect(int, const sigset_t*, std::vector<Event>& events) override {
        if (failing_waits > 0) {
            --failing_waits;
            fail_with(EINVAL, "epoll_pwait");
        }
        events = ready;
    }
};

struct FaultyLoop {
    explicit FaultyLoop(Patience::Limits limits)
        : made(std::make_unique<FaultyPoller>()), poller(*made), loop(std::move(made), limits) {}
    std::unique_ptr<FaultyPoller> made;
    FaultyPoller& poller;
    Loop loop;
};

constexpr Patience::Limits long_ones{1ms, 4ms, 600s};
constexpr Patience::Limits short_ones{1ms, 2ms, 20ms};

void throw_one_of_each(std::size_t which) {
    switch (which % 5) {
    case 0: fail_with(EIO, "read");
    case 1: throw PeerError("nonsense");
    case 2: throw UserError("use another");
    case 3: throw std::bad_alloc();
    default: throw std::logic_error("our own fault");
    }
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("loop: whatever a callback throws is charged to its owner and the other events come") {
        each_backend([](Backend backend) {
            constexpr std::size_t many = 10;
            std::vector<Pair> pairs(many);
            Loop loop{backend};
            std::map<std::size_t, std::string> charged;
            std::size_t served = 0;
            for (std::size_t i = 0; i < many; ++i) {
                loop.watch(
                    pairs[i].near.get(), Interest::read,
                    [&, i](const Event& event) {
                        drain(event.fd);
                        if (i % 2 == 0) throw_one_of_each(i / 2);
                        ++served;
                    },
                    [&, i](const std::exception& error) { charged[i] = error.what(); });
                send_text(pairs[i].far, "x");
            }
            loop.run_once(nullptr);
            CHECK(served == many / 2);
            REQUIRE(charged.size() == many / 2);
            CHECK(charged[0] == "read: Input/output error");
            CHECK(charged[2] == "nonsense");
            CHECK(charged[4] == "use another");
            CHECK(charged[8] == "our own fault");
            for (Pair& pair : pairs) send_text(pair.far, "x"); // all are still watched
            loop.run_once(nullptr);
            CHECK(served == many);
        });
    }

    TEST_CASE("loop: whatever a timer throws is charged to its owner and the timers after it run") {
        Loop loop{Backend::poll};
        std::string order;
        const auto past = LoopClock::now();
        for (std::size_t i = 0; i < 5; ++i) {
            loop.at(
                past, [i] { throw_one_of_each(i); }, [&](const std::exception&) { order += '!'; });
            loop.at(past, [&] { order += '.'; });
        }
        loop.run_once(nullptr);
        CHECK(order == "!.!.!.!.!.");
    }

    TEST_CASE("loop: an owner may end its watch when it is charged") {
        each_backend([](Backend backend) {
            Pair pair;
            Loop loop{backend};
            Watch watch;
            int charged = 0;
            watch = Watch{loop, std::move(pair.near), Interest::read,
                          [](const Event&) { throw PeerError("nonsense"); },
                          [&, held = std::string(100, 'h')](const std::exception&) {
                              watch.reset();
                              if (held == std::string(100, 'h')) ++charged;
                          }};
            send_text(pair.far, "x");
            loop.run_once(nullptr);
            loop.run_once(nullptr, false);
            CHECK(charged == 1);
        });
    }

    TEST_CASE("loop: what nobody is charged with is told and lived through where that was asked for") {
        Loop loop{Backend::poll};
        const auto past = LoopClock::now();
        const auto fails = [] { throw std::runtime_error("one"); };
        loop.at(past, fails);
        CHECK_THROWS_WITH(loop.run_once(nullptr), "one"); // nobody has asked

        std::string told;
        loop.survive([&](const std::exception& error) { told += error.what(); });
        loop.at(past, fails);
        loop.at(past, fails, [](const std::exception&) { throw std::runtime_error(" two"); });
        loop.at(past, [&] { told += " three"; });
        loop.run_once(nullptr);
        CHECK(told == "one two three");
        loop.survive([](const std::exception&) { throw std::bad_alloc(); });
        loop.at(past, fails);
        loop.run_once(nullptr);
        loop.attempt(fails, nullptr);
        told.clear();
        loop.attempt(fails, [&](const std::exception& error) { told = error.what(); });
        CHECK(told == "one");
    }

    TEST_CASE("loop: a wait that fails is tried again and timers have their turn meanwhile") {
        FaultyLoop faulty{long_ones};
        faulty.poller.failing_waits = 5;
        faulty.poller.ready = {{7, true, false, false}};
        int events = 0, times = 0;
        faulty.loop.watch(7, Interest::read, [&](const Event&) { ++events; });
        faulty.loop.at(LoopClock::now(), [&] { ++times; });
        faulty.loop.run_once(nullptr);
        CHECK(times == 1);
        CHECK(events == 0);
        while (events == 0) faulty.loop.run_once(nullptr);
        CHECK(faulty.poller.failing_waits == 0);
    }

    TEST_CASE("loop: a wait that fails for too long ends the loop with the reason") {
        FaultyLoop faulty{short_ones};
        faulty.loop.survive([](const std::exception&) {}); // this is nobody's, and not lived through
        faulty.poller.failing_waits = 1'000'000;
        const auto start = LoopClock::now();
        std::string why;
        while (why.empty()) {
            try {
                faulty.loop.run_once(nullptr);
            } catch (const std::system_error& error) {
                why = error.what();
            }
        }
        CHECK(why == "epoll_pwait: Invalid argument");
        CHECK(LoopClock::now() - start >= short_ones.all);
    }

    TEST_CASE("loop: a watch that the system refuses leaves nothing behind") {
        FaultyLoop faulty{long_ones};
        faulty.poller.failing_updates = 1;
        int events = 0;
        faulty.poller.ready = {{7, true, false, false}};
        CHECK_THROWS_AS(faulty.loop.watch(7, Interest::read, [](const Event&) { FAIL("not watched"); }),
                        std::system_error);
        CHECK_THROWS_AS(faulty.loop.change(7, Interest::read), std::logic_error);
        faulty.loop.run_once(nullptr);
        faulty.loop.watch(7, Interest::read, [&](const Event&) { ++events; });
        faulty.loop.run_once(nullptr);
        CHECK(events == 1);
    }

    TEST_CASE("loop: a change that the system refuses is made later and is in force at once") {
        FaultyLoop faulty{long_ones};
        faulty.poller.ready = {{7, true, true, false}};
        std::string events;
        faulty.loop.watch(7, Interest::read, [&](const Event& event) {
            if (event.readable) events += 'r';
            if (event.writable) events += 'w';
        });
        faulty.loop.run_once(nullptr);
        CHECK(events == "r");
        faulty.poller.failing_updates = 3;
        faulty.loop.change(7, Interest::none);
        faulty.loop.run_once(nullptr);
        CHECK(events == "r");
        while (faulty.poller.seen.back() != Interest::none) faulty.loop.run_once(nullptr);
        CHECK(faulty.poller.failing_updates == 0);
        faulty.poller.failing_updates = 1;
        faulty.loop.change(7, Interest::both);
        faulty.loop.change(7, Interest::write); // the later one counts
        CHECK(faulty.poller.seen.back() == Interest::write);
        faulty.loop.run_once(nullptr);
        CHECK(events == "rw");
        const std::size_t before = faulty.poller.seen.size();
        faulty.poller.failing_updates = 1;
        faulty.loop.change(7, Interest::read);
        faulty.loop.forget(7); // and of what is forgotten nothing is changed
        bool is_over = false;
        faulty.loop.at(LoopClock::now() + 10ms, [&] { is_over = true; });
        while (!is_over) faulty.loop.run_once(nullptr);
        CHECK(faulty.poller.seen.size() == before);
    }

    TEST_CASE("loop: a change that is refused for too long is charged to the owner") {
        FaultyLoop faulty{short_ones};
        std::string why;
        faulty.loop.watch(
            7, Interest::read, [](const Event&) {}, [&](const std::exception& error) { why = error.what(); });
        faulty.poller.failing_updates = 1'000'000;
        faulty.loop.change(7, Interest::both);
        while (why.empty()) faulty.loop.run_once(nullptr);
        CHECK(why == "epoll_ctl: Cannot allocate memory");
    }

    TEST_CASE("loop: who closes a descriptor that is watched is charged and the others are served") {
        for (const Backend backend : {Backend::select, Backend::poll}) {
            Pair closed, good;
            Loop loop{backend, long_ones};
            std::string why;
            std::size_t read = 0;
            loop.watch(
                closed.near.get(), Interest::read, [](const Event&) {},
                [&](const std::exception& error) { why = error.what(); });
            loop.watch(good.near.get(), Interest::read, [&](const Event& event) { read += drain(event.fd); });
            closed.near.reset();
            send_text(good.far, "hello");
            while (read == 0) loop.run_once(nullptr);
            CHECK(why == "wait: Bad file descriptor");
        }
    }

    TEST_CASE("loop: what fails is tried again after longer and longer pauses up to a limit") {
        Patience patience{{10ms, 50ms, 1000ms}};
        const LoopClock::time_point start{};
        CHECK_FALSE(patience.is_failing());
        CHECK(patience.fail(start) == 10ms);
        CHECK(patience.fail(start + 10ms) == 20ms);
        CHECK(patience.fail(start + 30ms) == 40ms);
        CHECK(patience.fail(start + 70ms) == 50ms);
        CHECK(patience.fail(start + 999ms) == 50ms);
        CHECK_FALSE(patience.fail(start + 1000ms));
        patience.succeed();
        CHECK(patience.fail(start + 2000ms) == 10ms);
    }
}
