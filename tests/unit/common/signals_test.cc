// SPDX-License-Identifier: ISC
#include "common/signals.hh"
#include "tests/unit/common/each_backend.hh"

#include <sys/time.h>
#include <sys/wait.h>

using namespace common;
using namespace waiting;

namespace {

using Clock = std::chrono::steady_clock;

bool is_blocked(int signal) {
    sigset_t now;
    REQUIRE(::sigprocmask(SIG_SETMASK, nullptr, &now) == 0);
    return ::sigismember(&now, signal) == 1;
}

bool has_default_action(int signal) {
    struct sigaction now {};
    REQUIRE(::sigaction(signal, nullptr, &now) == 0);
    return now.sa_handler == SIG_DFL;
}

// A child that runs body, ends, and is reaped by wait_for_exit.
template <class Body>
pid_t fork_child(Body body) {
    const pid_t child = ::fork();
    REQUIRE(child != -1);
    if (child == 0) ::_exit(body());
    return child;
}

int wait_for_exit(pid_t child) {
    int status = 0;
    REQUIRE(retry([&] { return ::waitpid(child, &status, 0); }) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// Waits until the signal is taken; false when that takes longer than the deadline.
bool wait_and_take(Poller& poller, Signals& signals, int signal) {
    const auto end = Clock::now() + deadline;
    while (Clock::now() < end) {
        poller.wait(deadline, signals.while_waiting());
        if (signals.take(signal)) return true;
    }
    return false;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("signals: a signal that came before the wait ends the wait at once and is taken once") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::read);
            Signals signals{SIGTERM, SIGUSR1};
            ::raise(SIGUSR1);
            ::raise(SIGUSR1);
            CHECK_FALSE(signals.take(SIGUSR1)); // blocked outside the wait
            const auto begin = Clock::now();
            CHECK(poller->wait(deadline, signals.while_waiting()).empty());
            CHECK(Clock::now() - begin < deadline / 2);
            CHECK(signals.take(SIGUSR1));
            CHECK_FALSE(signals.take(SIGUSR1));
            CHECK_FALSE(signals.take(SIGTERM));
            CHECK(
                poller->wait(no_wait, signals.while_waiting()).empty()); // and no wait after it is cut short
            const auto again = Clock::now();
            CHECK(poller->wait(20ms, signals.while_waiting()).empty());
            CHECK(Clock::now() - again >= 19ms);
        });
    }

    TEST_CASE("signals: a signal that comes during the wait ends it") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::read);
            Signals signals{SIGALRM};
            const itimerval soon{{}, {0, 20'000}};
            REQUIRE(::setitimer(ITIMER_REAL, &soon, nullptr) == 0);
            const auto begin = Clock::now();
            CHECK(poller->wait(deadline, signals.while_waiting()).empty());
            CHECK(Clock::now() - begin < deadline / 2);
            CHECK(signals.take(SIGALRM));
        });
    }

    TEST_CASE("signals: descriptors that are ready all the time do not hold up a signal") {
        each_backend([](Backend backend) {
            Pair busy, quiet;
            const auto poller = Poller::make(backend);
            Signals signals{SIGTERM};
            poller->watch(quiet.near.get(), Interest::read);
            poller->again(quiet.near.get()); // work left undone: the wait does not sleep
            ::raise(SIGTERM);
            CHECK(poller->wait(deadline, signals.while_waiting()).size() == 1);
            CHECK(signals.take(SIGTERM));

            poller->watch(busy.near.get(), Interest::write); // there is always room
            ::raise(SIGTERM);
            CHECK(poller->wait(deadline, signals.while_waiting()).size() == 1);
            CHECK(signals.take(SIGTERM));
            CHECK(is_blocked(SIGTERM));
        });
    }

    TEST_CASE("signals: bytes that come together with a signal are reported") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::read);
            Signals signals{SIGUSR1};
            send_text(pair.far, "x");
            ::raise(SIGUSR1);
            std::size_t found = 0;
            for (int round = 0; round < 2 && found == 0; ++round)
                found = poller->wait(deadline, signals.while_waiting()).size();
            CHECK(found == 1);
            CHECK(signals.take(SIGUSR1));
        });
    }

    TEST_CASE("signals: a wait without a mask lets no signal in") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            Signals signals{SIGUSR1};
            ::raise(SIGUSR1);
            CHECK(poller->wait(no_wait).empty());
            CHECK_FALSE(signals.take(SIGUSR1));
        });
    }

    TEST_CASE("signals: whichever moment a signal comes its wait does not sleep through it") {
        each_backend([](Backend backend) {
            constexpr int rounds = 2'000;
            Pair pair;
            const auto poller = Poller::make(backend);
            Signals signals{SIGUSR1};
            const pid_t parent = ::getpid();
            set_nonblocking(pair.far.get());
            const pid_t child = fork_child([&] { // sends one signal for each byte
                pair.near.reset();
                const auto turns = Poller::make(Backend::poll);
                turns->watch(pair.far.get(), Interest::read);
                for (int round = 0; round < rounds; ++round) {
                    if (turns->wait(deadline).empty()) return 1;
                    std::array<char, 1> byte{};
                    if (read_some(pair.far.get(), byte).state != IoState::done) return 2;
                    ::kill(parent, SIGUSR1);
                }
                return 0;
            });
            const auto begin = Clock::now();
            for (int round = 0; round < rounds; ++round) {
                send_text(pair.near, "x");
                REQUIRE(wait_and_take(*poller, signals, SIGUSR1));
            }
            CHECK(Clock::now() - begin < deadline);
            CHECK(wait_for_exit(child) == 0);
        });
    }

    TEST_CASE("signals: ten thousand rapid signals leave the flag and the later signal behind") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            poller->watch(pair.near.get(), Interest::read);
            Signals signals{SIGUSR1, SIGCHLD};
            const pid_t parent = ::getpid();
            const pid_t child = fork_child([&] {
                for (int i = 0; i < 10'000; ++i) ::kill(parent, SIGUSR1);
                return 0;
            });
            int taken = 0;
            const auto end = Clock::now() + deadline;
            bool child_ended = false;
            while (!child_ended && Clock::now() < end) {
                poller->wait(deadline, signals.while_waiting());
                taken += signals.take(SIGUSR1);
                child_ended = signals.take(SIGCHLD);
            }
            poller->wait(no_wait, signals.while_waiting());
            taken += signals.take(SIGUSR1);
            CHECK(child_ended);
            CHECK(taken >= 1);
            CHECK(taken <= 10'000);
            CHECK(wait_for_exit(child) == 0);
        });
    }

    TEST_CASE("signals: a forked child waits for its own signals and leaves its parent's alone") {
        each_backend([](Backend backend) {
            const auto poller = Poller::make(backend);
            Signals signals{SIGUSR1, SIGUSR2};
            ::raise(SIGUSR1);
            poller->wait(deadline, signals.while_waiting());
            const pid_t child = fork_child([&] {
                Signals own{SIGUSR1};
                if (own.take(SIGUSR1)) return 1; // the parent's flag
                const auto own_poller = Poller::make(backend);
                ::raise(SIGUSR1);
                ::raise(SIGUSR2); // only the parent wants it: stays blocked
                if (!wait_and_take(*own_poller, own, SIGUSR1)) return 2;
                return own.take(SIGUSR2) ? 3 : 0;
            });
            CHECK(wait_for_exit(child) == 0);
            CHECK(signals.take(SIGUSR1));
            CHECK(poller->wait(no_wait, signals.while_waiting()).empty());
            CHECK_FALSE(signals.take(SIGUSR1));
            CHECK_FALSE(signals.take(SIGUSR2));
        });
    }

    TEST_CASE("signals: what comes to a forked child does not cut its parent's wait short") {
        each_backend([](Backend backend) {
            Pair pair;
            const auto poller = Poller::make(backend);
            Signals signals{SIGUSR1};
            poller->wait(no_wait, signals.while_waiting());
            const pid_t child = fork_child([&] { // signals itself until the parent has waited
                pair.near.reset();
                Signals own{SIGUSR1};
                const auto own_poller = Poller::make(backend);
                own_poller->watch(pair.far.get(), Interest::read);
                send_text(pair.far, "ready");
                for (;;) {
                    ::raise(SIGUSR1);
                    if (!own_poller->wait(deadline, own.while_waiting()).empty()) return 0;
                    if (!own.take(SIGUSR1)) return 1;
                }
            });
            poller->watch(pair.near.get(), Interest::read);
            REQUIRE(poller->wait(deadline, signals.while_waiting()).size() == 1);
            drain(pair.near.get());
            const auto begin = Clock::now();
            CHECK(poller->wait(30ms, signals.while_waiting()).empty());
            CHECK(Clock::now() - begin >= 29ms);
            pair.near.reset();
            CHECK(wait_for_exit(child) == 0);
        });
    }

    TEST_CASE("signals: the end of the object restores default actions and drops what is pending") {
        {
            Signals signals{SIGTERM, SIGHUP};
            CHECK(is_blocked(SIGTERM));
            CHECK(::sigismember(signals.while_waiting(), SIGTERM) == 0);
            ::raise(SIGTERM);
        }
        for (const int signal : {SIGTERM, SIGHUP}) {
            CHECK_FALSE(is_blocked(signal));
            CHECK(has_default_action(signal));
        }
    }

    TEST_CASE("signals: a new object starts with clear flags and keeps what others have blocked") {
        sigset_t other;
        ::sigemptyset(&other);
        ::sigaddset(&other, SIGUSR2);
        REQUIRE(::sigprocmask(SIG_BLOCK, &other, nullptr) == 0);
        const auto poller = Poller::make(Backend::poll);
        {
            Signals first{SIGUSR1};
            ::raise(SIGUSR1);
            poller->wait(deadline, first.while_waiting());
        }
        Signals second{SIGUSR1};
        CHECK_FALSE(second.take(SIGUSR1));
        CHECK(::sigismember(second.while_waiting(), SIGUSR2) == 1);
        REQUIRE(::sigprocmask(SIG_UNBLOCK, &other, nullptr) == 0);
    }

    TEST_CASE("signals: a write into a broken pipe says so and kills nobody") {
        const Signals signals{SIGTERM};
        Pipe pipe;
        pipe.reader.reset();
        CHECK(write_some(pipe.writer.get(), "x").state == IoState::vanished);
    }
}
