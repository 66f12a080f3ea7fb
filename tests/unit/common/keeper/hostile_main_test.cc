// SPDX-License-Identifier: ISC
// A keeper whose main process was taken over: what it may say costs that process, and nothing of the keeper's
// piles up.
#include "common/errors.hh"
#include "common/keeper/keeper.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/unit/common/in_child.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <poll.h>
#include <unistd.h>

using namespace common;

namespace {

constexpr int in_order = 7; // the status of a main process that has come to its end

// The main process's bare end of its pair.
struct Main {
    void say(const KeeperFrame& frame, int fd = -1) const { say(pack_keeper_frame(frame), fd); }
    void say(const std::string& packet, int fd = -1) const {
        while (send_packet(keeper.get(), packet, fd) == IoState::would_block) wait(POLLOUT);
    }
    // Until it is killed.
    void go_on() const {
        for (;;) wait(0);
    }
    void wait(short events) const {
        pollfd one{keeper.get(), events, 0};
        ::poll(&one, 1, -1);
    }
    // The next word to it that is wanted: one that is not about the start.
    KeeperFrame hear(const std::function<bool(const KeeperFrame&)>& is_wanted) const {
        static std::array<char, max_keeper_packet> packet;
        for (;;) {
            wait(POLLIN);
            Received got = receive_packet(keeper.get(), packet);
            if (got.state == IoState::would_block) continue;
            if (got.state != IoState::done) ::_exit(1);
            const KeeperFrame frame = unpack_keeper_frame(std::span{packet}.first(got.bytes));
            if (frame.label == "helper") helper = std::move(got.passed);
            if (is_wanted(frame)) return frame;
        }
    }
    KeeperFrame hear() const {
        return hear([](const KeeperFrame& frame) {
            return frame.word != KeeperWord::begin && (frame.word != KeeperWord::give || frame.flag);
        });
    }
    // The number of the helper that it is given, whose pair is kept.
    pid_t hear_of_helper() const {
        return static_cast<pid_t>(
            hear([](const KeeperFrame& frame) { return frame.label == "helper"; }).number);
    }
    Fd keeper;
    mutable Fd helper{}; // the pair with the last one that was given
};

struct Outcome {
    int status;
    std::string log;
    std::string helpers; // numbers of those that came to their end, a blank after each
    bool has_logged(std::string_view words) const { return log.find(words) != log.npos; }
};

// What a keeper comes to whose main process does this.
Outcome keep(const std::function<void(const Main&)>& body, std::chrono::seconds patience = Plan{}.patience) {
    const TemporaryFolder folder;
    const std::string log_file = folder / "log";
    const std::string said = in_child([&] {
        Log log{"tester", "keeper", {Log::Target::file, log_file}, Severity::detail};
        const auto make_plan = [&](Keeper::Lines) {
            Plan plan;
            plan.settings.state = folder / "state";
            plan.settings.control = folder / "control";
            plan.settings.log = log_file;
            plan.patience = patience;
            plan.on_request["main file"] = [] { return Fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; };
            plan.processes.push_back({.role = "main", .body = [&](Birth birth) {
                                          body({.keeper = std::move(birth.keeper)});
                                          return in_order;
                                      }});
            plan.processes.push_back(
                {.role = "helper",
                 .body =
                     [&](Birth birth) {
                         pollfd one{birth.main.get(), POLLIN, 0};
                         ::poll(&one, 1, -1); // its end
                         std::ofstream{folder / "helpers", std::ios::app} << ::getpid() << ' ' << std::flush;
                         return 0;
                     },
                 .pause = std::chrono::milliseconds{0}});
            return plan;
        };
        const auto merge = [](Keeper::Lines, Keeper::Lines given, std::vector<std::string>&) {
            return std::vector<ConfigLine>{given.begin(), given.end()};
        };
        const DaemonOptions options;
        Keeper keeper{{"tester", make_plan, merge}, options, {}, log};
        return text("status ", keeper.run(nullptr));
    });
    std::ifstream file{log_file}, helpers{folder / "helpers"};
    CAPTURE(said);
    REQUIRE(said.starts_with("status "));
    return {std::stoi(said.substr(7)),
            {std::istreambuf_iterator<char>{file}, {}},
            {std::istreambuf_iterator<char>{helpers}, {}}};
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("keeper: a main process that says what no such process says is killed for it") {
        struct Case {
            std::string_view name, why;
            std::function<void(const Main&)> body;
        };
        const std::array cases{
            Case{"hold while it serves", "it wants more held than there can be",
                 [](const Main& main) { main.say({.word = KeeperWord::hold}, main.keeper.get()); }},
            Case{"hold without end", "it wants more held than there can be",
                 [](const Main& main) {
                     main.say({.word = KeeperWord::stopping});
                     for (std::size_t i = 0; i <= max_held; ++i)
                         main.say({.word = KeeperWord::hold}, main.keeper.get());
                 }},
            Case{"stop for ever", "it does not stop as it should",
                 [](const Main& main) {
                     main.say({.word = KeeperWord::stopping, .number = std::int64_t{1} << 62});
                 }},
            Case{"stop before now", "it does not stop as it should",
                 [](const Main& main) { main.say({.word = KeeperWord::stopping, .number = -1}); }},
            Case{"stop twice", "it does not stop as it should",
                 [](const Main& main) {
                     main.say({.word = KeeperWord::stopping});
                     main.say({.word = KeeperWord::stopping});
                 }},
            Case{"reload and reload", "it asks for one reload after the other",
                 [](const Main& main) {
                     for (std::size_t i = 0; i <= max_reloads + 1; ++i)
                         main.say({.word = KeeperWord::reload});
                 }},
            Case{"what nobody gave", "it tells of a configuration that it was not given",
                 [](const Main& main) { main.say({.word = KeeperWord::applied, .flag = true}); }},
            Case{"an unknown label", "it wants what is not meant for it",
                 [](const Main& main) { main.say({.word = KeeperWord::want, .label = "/etc/shadow"}); }},
            Case{"a keeper's word", "it sent a packet that is not for the keeper",
                 [](const Main& main) { main.say({.word = KeeperWord::give, .label = "log"}); }},
            Case{"a deposit without a name", "it deposits what is too long",
                 [](const Main& main) { main.say({.word = KeeperWord::deposit}); }},
            Case{"a deposit with a long name", "it deposits what is too long",
                 [](const Main& main) {
                     main.say(
                         {.word = KeeperWord::deposit, .label = std::string(max_deposit_label + 1, 'x')});
                 }},
            Case{"no word", "a packet of the keeper's is malformed",
                 [](const Main& main) { main.say(std::string{"x"}); }},
            Case{"a long packet", "longer than any kind of it",
                 [](const Main& main) { main.say(std::string(max_keeper_packet + 1, 'x')); }},
        };
        for (const Case& one : cases) {
            CAPTURE(one.name);
            const Outcome outcome = keep([&](const Main& main) {
                one.body(main);
                main.go_on();
            });
            CAPTURE(outcome.log);
            CHECK(outcome.status == 1);
            CHECK(outcome.has_logged(" is killed: "));
            CHECK(outcome.has_logged(one.why));
        }
    }

    TEST_CASE("keeper: a main process that wants the same thousands of times gets each in its order") {
        constexpr int times = 5000;
        const Outcome outcome = keep([](const Main& main) {
            int asked = 0;
            const std::string want = pack_keeper_frame({.word = KeeperWord::want, .label = "file"});
            // It reads nothing until there is room for no more questions.
            while (asked < times && send_packet(main.keeper.get(), want) == IoState::done) ++asked;
            for (int i = 0; i < times; ++i) {
                if (i >= asked) main.say(want), ++asked;
                const KeeperFrame frame = main.hear();
                if (frame.word != KeeperWord::give || frame.label != "file") ::_exit(1);
            }
            main.say({.word = KeeperWord::stopping});
            ::_exit(0);
        });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(outcome.log.find("killed") == std::string::npos);
    }

    TEST_CASE("keeper: reloads are read one after the other and each is answered") {
        const Outcome outcome = keep([](const Main& main) {
            for (std::size_t i = 0; i < max_reloads; ++i) main.say({.word = KeeperWord::reload});
            for (std::size_t i = 0; i < max_reloads; ++i) {
                const KeeperFrame frame = main.hear();
                if (frame.word != KeeperWord::apply || !frame.flag) ::_exit(1);
                main.say({.word = KeeperWord::applied, .flag = i % 2 == 0});
            }
            main.say({.word = KeeperWord::stopping, .number = 1});
            for (std::size_t i = 0; i < max_held; ++i)
                main.say({.word = KeeperWord::hold}, main.keeper.get());
            ::_exit(0);
        });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(outcome.log.find("killed") == std::string::npos);
    }

    TEST_CASE("keeper: a main process that was told to end and does not is killed") {
        for (const bool is_signal : {true, false}) {
            CAPTURE(is_signal);
            const auto body = [&](const Main& main) {
                if (is_signal)
                    ::kill(::getppid(), SIGTERM);
                else
                    main.say({.word = KeeperWord::stopping});
                main.go_on();
            };
            const Outcome outcome = keep(body, std::chrono::seconds{0});
            CAPTURE(outcome.log);
            CHECK(outcome.status == 1);
            CHECK(outcome.has_logged(" is killed: it did not end within 0 s"));
        }
    }

    TEST_CASE("keeper: the process that is meant is ended and not the one that has followed it") {
        const TemporaryFolder folder;
        const std::string second_file = folder / "second";
        const Outcome outcome = keep([&](const Main& main) {
            const pid_t first = main.hear_of_helper();
            const auto end_first = [&] {
                main.say({.word = KeeperWord::end, .number = first, .label = "helper"});
            };
            end_first();
            const pid_t second = main.hear_of_helper();
            std::ofstream{second_file} << second << ' ' << std::flush;
            end_first();
            main.say({.word = KeeperWord::want, .label = "file"});
            main.hear(); // the keeper has heard it all
            main.say({.word = KeeperWord::stopping});
            ::_exit(0);
        });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        std::ifstream file{second_file};
        const std::string second{std::istreambuf_iterator<char>{file}, {}};
        CHECK_FALSE(second.empty());
        CHECK(outcome.helpers == second);
    }
}
