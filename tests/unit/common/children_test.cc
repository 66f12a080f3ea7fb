// SPDX-License-Identifier: ISC
#include "common/children.hh"
#include "common/errors.hh"
#include "tests/unit/common/in_child.hh"

#include <algorithm>
#include <csignal>
#include <doctest/doctest.h>
#include <map>
#include <sys/resource.h>
#include <vector>

using namespace common;
using namespace std::chrono_literals;

namespace {

using Time = std::chrono::steady_clock;
constexpr auto long_enough = 60s;

pid_t spawn(Children& children, const std::function<int()>& body, std::string address = {}) {
    const std::optional<pid_t> pid = children.spawn({.role = "tester", .address = std::move(address)}, body);
    REQUIRE(pid);
    return *pid;
}

int wait_for_ever() {
    for (;;) ::pause();
}

// How each child ended, in words.
std::map<pid_t, std::string> wait_for_all(Children& children) {
    std::map<pid_t, std::string> ends;
    children.wait_for_all(Time::now() + long_enough,
                          [&](const Ended& ended) { ends[ended.pid] = describe_status(ended.status); });
    CHECK(children.size() == 0);
    return ends;
}

bool is_blocked(int signal) {
    sigset_t mask;
    ::sigprocmask(SIG_SETMASK, nullptr, &mask);
    return ::sigismember(&mask, signal) == 1;
}

void ignore_nothing(int) {}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("children: a signal goes to a child of the set and to no other process") {
        Children children, others;
        const pid_t ours = spawn(children, wait_for_ever), other = spawn(others, wait_for_ever);
        children.signal(other, SIGKILL); // as if its number had been that of a child that was reaped
        children.signal(ours, SIGKILL);
        int status = 0;
        CHECK(retry([&] { return ::waitpid(ours, &status, 0); }) == ours);
        std::vector<pid_t> ended;
        children.end(ours, status, [&](const Ended& one) { ended.push_back(one.pid); });
        CHECK(ended == std::vector{ours});
        CHECK(::waitpid(other, &status, WNOHANG) == 0); // it lives
        children.signal(ours, SIGKILL);                 // nobody's now
        children.signal_all(SIGKILL);
        CHECK(::waitpid(other, &status, WNOHANG) == 0);
        others.signal_all(SIGKILL);
        CHECK(wait_for_all(others).at(other) == "signal 9 (Killed)");
    }

    TEST_CASE("children: how a child ended is told in words") {
        Children children;
        const pid_t good = spawn(children, [] { return 0; });
        const pid_t bad = spawn(children, [] { return 7; });
        const pid_t killed = spawn(children, wait_for_ever);
        CHECK(children.size() == 3);
        CHECK(children.find(killed) != nullptr);
        ::kill(killed, SIGKILL);
        const auto ends = wait_for_all(children);
        CHECK(ends.at(good) == "exit 0");
        CHECK(ends.at(bad) == "exit 7");
        CHECK(ends.at(killed) == "signal 9 (Killed)");
        CHECK(children.find(killed) == nullptr);
    }

    TEST_CASE("children: what a child throws is its last word and exit status 1") {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        const Fd reading{ends[0]};
        Fd writing{ends[1]};
        Children children;
        const auto body = [&](auto error) {
            return [&, error]() -> int {
                ::dup2(writing.get(), STDERR_FILENO);
                throw error;
            };
        };
        const pid_t one = spawn(children, body(std::runtime_error("something broke")));
        CHECK(wait_for_all(children).at(one) == "exit 1");
        const pid_t two = spawn(children, body(UsageError("no such option")));
        CHECK(wait_for_all(children).at(two) == "exit 64");
        writing.reset();
        std::string said(200, '\0');
        said.resize(read_some(reading.get(), said).bytes);
        CHECK(said == "tester: something broke\ntester: no such option\n");
    }

    TEST_CASE("children: a child never unwinds its parent's stack nor flushes its files") {
        struct Witness {
            int fd;
            ~Witness() { (void)!::write(fd, "x", 1); }
        };
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        const Fd reading{ends[0]}, writing{ends[1]};
        set_nonblocking(reading.get());
        {
            Children children;
            const Witness witness{writing.get()};
            spawn(children, [] { return 0; });
            spawn(children, []() -> int { throw std::runtime_error("expected in this test"); });
            wait_for_all(children);
            std::array<char, 8> bytes{};
            CHECK(read_some(reading.get(), bytes).state == IoState::would_block);
        }
        std::array<char, 8> bytes{};
        CHECK(read_some(reading.get(), bytes).bytes == 1); // the parent's own, once
    }

    TEST_CASE("children: they are counted per address and the unnamed are not") {
        Children children;
        CHECK(children.count_from("10.0.0.7") == 0);
        const pid_t first = spawn(children, wait_for_ever, "10.0.0.7");
        spawn(children, wait_for_ever, "10.0.0.7");
        spawn(children, wait_for_ever, "10.0.0.8");
        spawn(children, wait_for_ever);
        CHECK(children.count_from("10.0.0.7") == 2);
        CHECK(children.count_from("10.0.0.8") == 1);
        CHECK(children.count_from("") == 0);
        ::kill(first, SIGKILL);
        int ended = 0;
        while (ended == 0)
            children.reap([&](const Ended& end) {
                CHECK(end.child.address == "10.0.0.7");
                CHECK(children.count_from("10.0.0.7") == 1); // it is no longer counted when it is told
                ++ended;
            });
        CHECK(children.size() == 3);
        children.signal_all(SIGKILL);
        wait_for_all(children);
        CHECK(children.count_from("10.0.0.7") == 0);
        CHECK(children.count_from("10.0.0.8") == 0);
    }

    TEST_CASE("children: a child that is not ours is reaped and not told") {
        Children children;
        const pid_t stranger = ::fork();
        if (stranger == 0) ::_exit(3);
        REQUIRE(stranger > 0);
        siginfo_t ended{};
        REQUIRE(::waitid(P_PID, static_cast<id_t>(stranger), &ended, WEXITED | WNOWAIT) == 0);
        children.reap([](const Ended&) { FAIL("nobody of ours"); });
        CHECK(::waitpid(stranger, nullptr, 0) == -1);
    }

    TEST_CASE("children: waiting ends at the deadline with those that are left") {
        Children children;
        const pid_t stubborn = spawn(children, wait_for_ever);
        const pid_t quick = spawn(children, [] { return 0; });
        std::vector<pid_t> ended;
        const auto note = [&](const Ended& end) { ended.push_back(end.pid); };
        siginfo_t info{};
        REQUIRE(::waitid(P_PID, static_cast<id_t>(quick), &info, WEXITED | WNOWAIT) == 0);
        children.wait_for_all(Time::now() + 50ms, note);
        CHECK(ended == std::vector{quick});
        children.wait_for_all(Time::now() - 1s, note);
        CHECK(children.size() == 1);
        ::kill(stubborn, SIGKILL);
        CHECK(wait_for_all(children).size() == 1);
        children.wait_for_all(Time::time_point::max(), note); // nobody is left: returns at once
    }

    TEST_CASE("children: waiting is right whether SIGCHLD is pending or was taken already") {
        // In a process of its own: it changes what SIGCHLD does.
        CHECK(in_child([] {
                  struct sigaction action {};
                  action.sa_handler = ignore_nothing;
                  ::sigaction(SIGCHLD, &action, nullptr);
                  sigset_t child_died;
                  ::sigemptyset(&child_died);
                  ::sigaddset(&child_died, SIGCHLD);
                  for (const bool blocked : {true, false})
                      for (const bool taken : {true, false}) {
                          ::sigprocmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &child_died, nullptr);
                          Children children;
                          const auto pid = children.spawn({.role = "tester"}, [] { return 0; });
                          siginfo_t ended{};
                          ::waitid(P_PID, static_cast<id_t>(*pid), &ended, WEXITED | WNOWAIT);
                          if (blocked && taken) {
                              const timespec at_most{60, 0};
                              if (::sigtimedwait(&child_died, nullptr, &at_most) != SIGCHLD)
                                  return "SIGCHLD did not come";
                          }
                          const auto start = Time::now();
                          children.wait_for_all(start + long_enough, [](const Ended&) {});
                          if (children.size() != 0 || Time::now() > start + long_enough / 2)
                              return "the end was not seen";
                          if (is_blocked(SIGCHLD) != blocked) return "the mask was changed";
                      }
                  return "";
              }) == "");
    }

    TEST_CASE("children: a fork that is refused for now gives no child and counts none") {
        CHECK(in_child([] {
                  if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return "setuid";
                  const rlimit none{0, 0};
                  if (::setrlimit(RLIMIT_NPROC, &none) != 0) return "setrlimit";
                  Children children;
                  const auto pid =
                      children.spawn({.role = "tester", .address = "10.0.0.7"}, [] { return 0; });
                  if (pid) return "there was a fork";
                  return children.size() == 0 && children.count_from("10.0.0.7") == 0 ? "" : "it was counted";
              }) == "");
    }

    TEST_CASE("children: the parent's end of a pair is there until its child has been told") {
        Children children;
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        const Fd reading{ends[0]};
        const auto pid =
            children.spawn({.role = "tester", .number = 5, .pair = Fd{ends[1]}}, [] { return 0; });
        REQUIRE(pid);
        children.wait_for_all(Time::now() + long_enough, [&](const Ended& end) {
            CHECK(end.child.number == 5);
            CHECK(write_some(end.child.pair.get(), "x").bytes == 1);
        });
        std::array<char, 2> bytes{};
        CHECK(read_some(reading.get(), bytes).bytes == 1);
        CHECK(read_some(reading.get(), bytes).state == IoState::ended);
    }

    TEST_CASE("children: one that another process has forked is counted and reached and its end is told") {
        Children children;
        std::vector<int> signals;
        const auto adopted = [&] {
            return Child{
                .role = "tester", .address = "10.0.0.7", .reach = [&](int one) { signals.push_back(one); }};
        };
        constexpr pid_t pid = 0x3fff'fff0; // nobody's
        CHECK(children.adopt(pid, adopted()));
        CHECK_FALSE(children.adopt(pid, adopted()));
        CHECK(children.count_from("10.0.0.7") == 1);
        CHECK(children.size() == 1);
        children.signal(pid, SIGTERM);
        children.signal_all(SIGKILL);
        CHECK(signals == std::vector{SIGTERM, SIGKILL});
        const pid_t own = spawn(
            children, [] { return 3; }, "10.0.0.7");
        std::vector<pid_t> ended;
        const auto on_end = [&](const Ended& one) { ended.push_back(one.pid); };
        children.wait_for_all(Time::now() + 50ms, on_end); // this one it does not see
        CHECK(children.end(pid, 0, on_end));
        CHECK_FALSE(children.end(pid, 0, on_end));
        children.wait_for_all(Time::now() + long_enough, on_end);
        std::ranges::sort(ended);
        CHECK(ended == std::vector{own, pid});
        CHECK(children.count_from("10.0.0.7") == 0);
    }
}
