// SPDX-License-Identifier: ISC
// Main processes that die and are followed: what the next one gets, and when there is no next one.
#include "tests/skip.hh"
#include "tests/unit/common/keeper/kept_main.hh"

#include "common/subreaper.hh"

#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <functional>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace common;
using namespace kept;
using namespace std::chrono_literals;

namespace {

// In a main process: its link with the keeper; and what it finds out, which the test reads.
struct Life {
    explicit Life(const Main& main) : link(duplicate(main.keeper.get())) {}
    [[noreturn]] void die() { // all that it has said is there
        link.hold({});
        ::raise(SIGKILL);
        ::_exit(1);
    }
    [[noreturn]] void stop() {
        link.tell_stopping({});
        ::_exit(0);
    }
    // How many lives came before, as each of them has deposited.
    std::size_t count() {
        std::size_t lives = 0;
        for (const KeeperLink::Left& left : link.take_left("lives")) lives = std::stoul(left.bytes);
        link.deposit("lives", text(lives + 1));
        return lives;
    }
    KeeperLink link;
};

ino_t inode_of(int fd) {
    struct stat found {};
    return ::fstat(fd, &found) == 0 ? found.st_ino : 0;
}

Fd some_pipe() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) ::_exit(1);
    ::close(ends[1]);
    return Fd{ends[0]};
}

std::size_t descriptors_of(pid_t pid) {
    const std::filesystem::directory_iterator all{text("/proc/", pid, "/fd")};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

bool have_proc() { return std::filesystem::exists("/proc/self/fd"); }

// Main processes that say in a file what they find.
struct House {
    void tell(std::string_view what) const {
        std::ofstream{folder / "told", std::ios::app} << what << ' ' << std::flush;
    }
    std::string told() const {
        std::ifstream file{folder / "told"};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    TemporaryFolder folder;
};

void limit_descriptors(rlim_t most) {
    rlimit limits{};
    if (::getrlimit(RLIMIT_NOFILE, &limits) != 0) ::_exit(1);
    limits.rlim_cur = most;
    if (::setrlimit(RLIMIT_NOFILE, &limits) != 0) ::_exit(1);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("succession: the next main process gets what was deposited and the others live on") {
        const House house;
        const Outcome outcome = keep([&](const Main& main) {
            Life life{main};
            const Given helper = life.link.take("helper");
            const std::size_t lives = life.count();
            house.tell(text(life.link.follows_another() ? "next" : "first", helper.pid == -1 ? "" : "+"));
            if (lives == 0) {
                const Fd pipe = some_pipe();
                house.tell(text(helper.pid, ':', inode_of(helper.fd.get()), ':', inode_of(pipe.get())));
                life.link.deposit("a", "one", pipe.get());
                life.link.deposit("b", "two", pipe.get());
                life.link.deposit("c", "three");
                life.link.deposit("a", "four");
                life.link.withdraw("b");
                life.link.tell_ready("here");
                life.die();
            }
            std::string all, inode;
            for (const KeeperLink::Left& left : life.link.take_left("")) {
                all += text(left.label, '=', left.bytes, left.fd ? "+," : ",");
                if (left.fd) inode = text(inode_of(left.fd.get()));
            }
            house.tell(text(helper.pid, ':', inode_of(helper.fd.get()), ':', inode));
            house.tell(all);
            life.link.tell_ready("here");
            if (lives < 3) life.die();
            life.stop();
        });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        const std::string told = house.told();
        CAPTURE(told);
        const std::string same = told.substr(7, told.find(' ', 7) - 6);
        std::string expected = "first+ " + same;
        for (int i = 0; i < 3; ++i) expected += "next+ " + same + "a=four+,c=three, ";
        CHECK(told == expected);
        // It saw its end once, at that of all.
        CHECK(outcome.helpers == same.substr(0, same.find(':')) + ' ');
        CHECK(outcome.has_logged(" ended: signal 9 (Killed); starting another"));
    }

    TEST_CASE(
        "succession: what a main process said before it died is heard though it left something unread") {
        const House house;
        const Outcome outcome = keep([&](const Main& main) {
            Life life{main};
            if (life.count() > 0) {
                for (const KeeperLink::Left& left : life.link.take_left("last")) house.tell(left.bytes);
                life.stop();
            }
            life.link.tell_ready("here");
            main.say({.word = KeeperWord::want, .label = "file"});
            main.wait(POLLIN); // the answer is there
            life.link.deposit("last", "words");
            ::raise(SIGKILL);
        });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(house.told() == "words ");
    }

    TEST_CASE("succession: five deaths before it serves are the end of all with the reason in the log") {
        const House house;
        const Outcome outcome = keep([&](const Main& main) {
            Life life{main};
            const std::size_t lives = life.count();
            house.tell(text(lives));
            if (lives < 2) life.link.tell_ready("here");
            life.link.hold({});
            if (lives % 2 == 0) ::_exit(3);
            life.die();
        });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 1);
        CHECK(house.told() == "0 1 2 3 4 ");
        CHECK(
            outcome.has_logged("no other main is started: each of the last ended too early: exit 3, signal 9 "
                               "(Killed), exit 3, signal 9 (Killed), exit 3"));
        CHECK(outcome.helpers.find(' ') == outcome.helpers.size() - 1); // the one helper saw its end
    }

    TEST_CASE("succession: one that dies before any was ready ends the start") {
        const House house;
        const Outcome outcome = keep([&](const Main& main) {
            Life life{main};
            house.tell("start");
            life.die();
        });
        CHECK(outcome.status == 1);
        CHECK(house.told() == "start ");
    }

    TEST_CASE("succession: one that hangs is killed and followed but not while it answers") {
        for (const bool is_ready : {true, false}) {
            CAPTURE(is_ready);
            const House house;
            const Outcome outcome = keep(
                [&](const Main& main) {
                    Life life{main};
                    const std::size_t lives = life.count();
                    if (lives == 0) { // it answers, for longer than the limit
                        Loop loop{Backend::poll};
                        bool is_over = false;
                        life.link.attach(loop, {});
                        life.link.tell_ready("here");
                        loop.at(Clock::now() + 400ms, [&] { is_over = true; });
                        while (!is_over) loop.run_once(nullptr);
                        house.tell("lived");
                        life.link.detach();
                        ::kill(::getpid(), SIGSTOP);
                    }
                    if (lives == 2) life.stop();
                    if (is_ready) life.link.tell_ready("here");
                    main.go_on();
                },
                [](Plan& plan) { plan.life = {.turn = 50ms, .start = 3, .silence = 2}; });
            CAPTURE(outcome.log);
            CHECK(outcome.status == 0);
            CHECK(house.told() == "lived ");
            CHECK(outcome.has_logged(" is killed: it gave no sign of life for 1 s"));
        }
    }

    TEST_CASE("succession: a helper that dies while there is no main process is given to the next") {
        const House house;
        const Outcome outcome = keep([&](const Main& main) {
            Life life{main};
            const std::size_t lives = life.count();
            pid_t helper = life.link.take("helper").pid;
            life.link.tell_ready("here");
            if (lives == 0) {
                life.link.deposit("helper", text(helper));
                ::kill(helper, SIGKILL);
                life.die();
            }
            // It may have been given the dead one first.
            const std::string dead = life.link.take_left("helper").at(0).bytes;
            while (helper == -1 || text(helper) == dead) helper = main.hear_of_helper();
            house.tell(text(helper));
            life.stop();
        });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(house.told().size() > 1);
        CHECK(house.told() == outcome.helpers);
    }

    TEST_CASE("succession: how a process ended that a dead main process had forked is told to the next") {
        if (best_backend() == Backend::poll) return tests::skip("POSIX has no subreapers");
        constexpr int orphans = 400; // more than one pair takes at once
        const House house;
        const Outcome outcome = keep([&](const Main& main) {
            Life life{main};
            if (life.count() == 0) {
                std::array<int, 2> ends{};
                if (::pipe(ends.data()) != 0) ::_exit(1);
                for (int i = 0; i < orphans; ++i) {
                    if (::fork() != 0) continue;
                    ::close(ends[1]);
                    pollfd one{ends[0], POLLIN, 0};
                    ::poll(&one, 1, -1); // the end of the one that has forked it
                    ::_exit(i % 100);
                }
                life.link.tell_ready("here");
                life.die();
            }
            Loop loop{Backend::poll};
            int ended = 0, sum = 0;
            life.link.attach(loop, {.on_orphan_end = [&](pid_t pid, int status) {
                                 if (pid <= 0 || !WIFEXITED(status)) ::_exit(1);
                                 ++ended;
                                 sum += WEXITSTATUS(status);
                             }});
            life.link.tell_ready("here");
            while (ended < orphans) loop.run_once(nullptr);
            house.tell(text(sum));
            life.link.detach();
            life.stop();
        });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(house.told() == text(orphans / 100 * 4950, ' '));
    }

    TEST_CASE("succession: an orphan of the clients' user is killed for main and no other process is") {
        if (!has_subreapers()) return tests::skip("POSIX has no subreapers");
        const bool is_root = ::geteuid() == 0;
        constexpr uid_t clients = 65534;
        const House house;
        const auto fork_orphan = [](uid_t user) {
            std::array<int, 2> ends{};
            if (::pipe(ends.data()) != 0) ::_exit(1);
            const pid_t pid = ::fork();
            ::close(ends[pid == 0 ? 0 : 1]);
            if (pid != 0) {
                char byte{};
                if (::read(ends[0], &byte, 1) != 0) ::_exit(1); // its user is set
                ::close(ends[0]);
                return pid;
            }
            if (user != 0 && ::setuid(user) != 0) ::_exit(1);
            ::close(ends[1]);
            for (;;) ::pause();
        };
        const Outcome outcome = keep(
            [&](const Main& main) {
                Life life{main};
                if (life.count() == 0) {
                    const pid_t other = is_root ? fork_orphan(0) : -1;
                    life.link.deposit("pids", text(fork_orphan(is_root ? clients : 0), ' ', other));
                    life.link.tell_ready("here");
                    life.die();
                }
                std::istringstream pids{life.link.take_left("pids").front().bytes};
                pid_t orphan = -1, other = -1;
                pids >> orphan >> other;
                Loop loop{Backend::poll};
                bool has_ended = false;
                life.link.attach(loop, {.on_orphan_end = [&](pid_t pid, int status) {
                                     if (pid != orphan || !WIFSIGNALED(status)) ::_exit(1);
                                     has_ended = true;
                                 }});
                life.link.tell_ready("here");
                for (const pid_t pid :
                     {other, pid_t{1}, pid_t{0}, pid_t{-1}, ::getppid(), ::getpid(), orphan})
                    life.link.end_left(pid);
                while (!has_ended) loop.run_once(nullptr);
                house.tell(other == -1 || ::kill(other, SIGKILL) == 0 ? "spared" : "killed");
                life.link.detach();
                life.stop();
            },
            [&](Plan& plan) {
                if (is_root) plan.children_user = Identity{clients, clients, "nobody"};
            });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(house.told() == "spared ");
    }

    TEST_CASE("succession: thousands of deposits with descriptors go to the next and are held once") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        constexpr std::size_t many = 3000;
        rlimit limits{};
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &limits) == 0);
        if (limits.rlim_max < many + 200) return tests::skip("there are not so many descriptors here");
        const House house;
        const Outcome outcome = keep([&](const Main& main) {
            Life life{main};
            const std::size_t lives = life.count();
            house.tell(text(life.link.take_left("client ").size()));
            life.link.tell_ready("here");
            if (lives == 0) {
                const Fd pipe = some_pipe();
                for (std::size_t i = 0; i < many; ++i)
                    life.link.deposit(text("client ", i), std::string(200, 'x'), pipe.get());
                life.die();
            }
            if (const std::size_t held = descriptors_of(::getppid()); held < many || held > many + 50)
                house.tell(text("the keeper has ", held));
            if (lives == 1) life.die();
            life.stop();
        });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(house.told() == text("0 ", many, ' ', many, ' '));
    }

    TEST_CASE("succession: a keeper without free descriptors keeps the bytes and can start its children") {
        const House house;
        const Outcome outcome = keep(
            [&](const Main& main) {
                Life life{main};
                if (life.count() == 0) {
                    const Fd pipe = some_pipe();
                    for (int i = 0; i < 300; ++i) life.link.deposit(text("client ", i), "x", pipe.get());
                    const Given helper = life.link.take("helper");
                    life.link.tell_ready("here");
                    life.link.end("helper");
                    life.die();
                }
                std::size_t with = 0, all = 0;
                for (const KeeperLink::Left& left : life.link.take_left("client ")) {
                    ++all;
                    if (left.fd) ++with;
                }
                house.tell(text(all, with > 100 && with < 240 ? " some" : " wrong"));
                life.link.tell_ready("here");
                while (main.helper.get() < 0 && life.link.take("helper").pid == -1) main.hear_of_helper();
                life.stop();
            },
            [](Plan&) {
                const rlimit few{256, 256};
                if (::setrlimit(RLIMIT_NOFILE, &few) != 0) ::_exit(1);
            });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(house.told() == "300 some ");
        CHECK(outcome.has_logged("no descriptor is free for what is deposited as client "));
    }

    TEST_CASE("succession: children start with the limit of descriptors that the daemon was started with") {
        const House house;
        const Outcome outcome = keep(
            [&](const Main& main) {
                Life life{main};
                life.link.take("helper");
                life.link.tell_ready("here");
                life.stop();
            },
            [&](Plan& plan) {
                limit_descriptors(200);
                plan.processes.back().body = [&](Birth birth) {
                    rlimit limits{};
                    ::getrlimit(RLIMIT_NOFILE, &limits);
                    house.tell(text(limits.rlim_cur));
                    pollfd one{birth.main.get(), POLLIN, 0};
                    ::poll(&one, 1, -1);
                    return 0;
                };
            });
        CHECK(outcome.status == 0);
        CHECK(house.told() == "200 ");
    }

    TEST_CASE("succession: a daemon that is told to stop while it has no main process ends in order") {
        const House house;
        const Outcome outcome = keep(
            [&](const Main& main) {
                Life life{main};
                const std::size_t lives = life.count();
                house.tell(text(lives));
                life.link.tell_ready("here");
                const pid_t keeper = ::getppid(), own = ::getpid();
                if (lives == 1 && ::fork() == 0) {
                    constexpr timespec moment{0, 1'000'000};
                    while (::kill(own, 0) == 0) ::nanosleep(&moment, nullptr); // until the keeper knows
                    ::kill(keeper, SIGTERM);
                    ::_exit(0);
                }
                life.die();
            },
            [](Plan& plan) { plan.pace.first_pause = plan.pace.longest_pause = 1h; });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(house.told() == "0 1 ");
        CHECK(outcome.helpers.find(' ') == outcome.helpers.size() - 1);
    }

    TEST_CASE("succession: who deposits too much is killed and the next has what was there") {
        const House house;
        const Outcome outcome = keep([&](const Main& main) {
            Life life{main};
            const std::size_t lives = life.count();
            house.tell(text(life.link.take_left("x").size()));
            life.link.tell_ready("here");
            if (lives == 1) life.stop();
            life.link.deposit("x", "x");
            life.link.hold({});
            main.say({.word = KeeperWord::deposit, .label = std::string(max_deposit_label + 1, 'x')});
            main.go_on();
        });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(house.told() == "0 1 ");
        CHECK(outcome.has_logged(" is killed: it deposits what is too long"));
    }
}
