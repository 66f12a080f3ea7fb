// SPDX-License-Identifier: ISC
// A keeper that was executed in the place of another: what becomes of the children that this one had.
#include "common/authd/authd.hh"
#include "tests/unit/common/keeper/kept_main.hh"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

using namespace common;
using namespace kept;
using namespace std::chrono_literals;

namespace {

// A child that is stopped, and one that ends. The first is told of in a pipe, and killed with the test.
class Hanging {
public:
    Hanging() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        reading_ = Fd{ends[0]};
        writing_ = Fd{ends[1]};
    }
    Hanging(const Hanging&) = delete;
    Hanging& operator=(const Hanging&) = delete;
    ~Hanging() {
        if (const pid_t pid = hanging(); lives(pid)) ::kill(pid, SIGKILL);
    }

    // In the keeper.
    std::vector<pid_t> start() {
        const pid_t ends = ::fork();
        if (ends == 0) ::_exit(3);
        hanging_ = ::fork();
        if (hanging_ == 0)
            for (;;) ::raise(SIGSTOP);
        if (::write(writing_.get(), &hanging_, sizeof hanging_) != sizeof hanging_) ::_exit(1);
        return {ends, hanging_};
    }
    // In the main process. False: it has not come to that.
    bool wait_until_gone() const {
        constexpr timespec moment{0, 1'000'000};
        const auto deadline = Clock::now() + 20s;
        while (lives(hanging_) && Clock::now() < deadline) ::nanosleep(&moment, nullptr);
        return !lives(hanging_);
    }
    // In the test.
    pid_t hanging() {
        if (hanging_ == -1 && ::read(reading_.get(), &hanging_, sizeof hanging_) != sizeof hanging_)
            hanging_ = -1;
        return hanging_;
    }
    static bool lives(pid_t pid) { return pid > 0 && ::kill(pid, 0) == 0; }

private:
    Fd reading_, writing_;
    pid_t hanging_ = -1;
};

void stop(const Main& main) {
    main.say({.word = KeeperWord::stopping});
    ::_exit(0);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("former children: one that hangs is killed at the daemon's end as the others are") {
        Hanging one;
        const Outcome outcome = keep(
            [&](const Main& main) {
                main.hear([](const KeeperFrame& frame) { return frame.word == KeeperWord::stay; });
                main.hear_of_helper();
                stop(main);
            },
            [](Plan& plan) { plan.patience = 1s; }, [&] { return one.start(); });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(outcome.has_logged("tester 1.0 goes on in the place of tester 0.9"));
        REQUIRE(one.hanging() > 0);
        CHECK_FALSE(Hanging::lives(one.hanging()));
        CHECK(std::ranges::count(outcome.helpers, ' ') == 1);
    }

    TEST_CASE("former children: one that hangs is killed some time after the upgrade") {
        Hanging one;
        const Outcome outcome = keep(
            [&](const Main& main) {
                main.hear_of_helper();
                if (!one.wait_until_gone()) ::_exit(1);
                stop(main);
            },
            [](Plan& plan) { plan.time_alone = 1s; }, [&] { return one.start(); });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        const std::string killed =
            " of the version before is killed: it did not end within 1 s of the upgrade";
        CHECK(outcome.has_logged(text("process ", one.hanging(), killed)));
    }

    TEST_CASE("former children: an authd may serve as long as it wants to before it is killed") {
        CHECK(Plan{}.time_alone > AuthdSettings{}.time_alone);
    }

    TEST_CASE("former children: what a main process has to do that stays is due until one has done it") {
        const TemporaryFolder folder;
        const std::string lives = folder / "lives";
        const Outcome outcome = keep(
            [&](const Main& main) {
                std::ofstream{lives, std::ios::app} << '.';
                const auto life = std::filesystem::file_size(lives);
                if (life == 1) ::raise(SIGKILL); // before the new keeper runs
                const KeeperFrame begin =
                    main.hear([](const KeeperFrame& frame) { return frame.word == KeeperWord::begin; });
                const bool is_due = (begin.number & Beginning::stay_is_due) != 0;
                if (!begin.flag || (begin.number & Beginning::on_trial) != 0 || is_due != (life < 4))
                    ::_exit(0);
                if (life == 3) main.say({.word = KeeperWord::stayed});
                main.say({.word = KeeperWord::ready});
                if (life < 5) ::raise(SIGKILL);
                std::ofstream{lives, std::ios::app} << '.';
                stop(main);
            },
            [](Plan&) {}, [] { return std::vector<pid_t>{}; });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(std::filesystem::file_size(lives) == 6);
    }
}
