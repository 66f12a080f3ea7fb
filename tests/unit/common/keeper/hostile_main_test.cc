// SPDX-License-Identifier: ISC
// A keeper whose main process was taken over: what it may say costs that process, and nothing of the keeper's
// piles up.
#include "tests/unit/common/keeper/kept_main.hh"

#include <array>
#include <chrono>
#include <csignal>
#include <doctest/doctest.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <unistd.h>

using namespace common;
using namespace kept;

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

    TEST_CASE("keeper: a main process that stops is not upgraded") {
        const Outcome outcome = keep([](const Main& main) {
            main.say({.word = KeeperWord::stopping, .number = 60});
            main.say({.word = KeeperWord::upgrade});
            const KeeperFrame frame = main.hear();
            ::_exit(frame.word == KeeperWord::upgrade_told && frame.flag && frame.number == 1 ? 0 : 1);
        });
        CAPTURE(outcome.log);
        CHECK(outcome.status == 0);
        CHECK(outcome.has_logged("upgrade: the daemon stops"));
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
            const Outcome outcome = keep(body, [](Plan& plan) { plan.patience = std::chrono::seconds{0}; });
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
