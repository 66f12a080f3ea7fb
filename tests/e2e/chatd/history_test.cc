// SPDX-License-Identifier: ISC
// What was said before: in the room by its members, and by chatctl.
#include "tests/e2e/chat_client.hh"

#include "chatd/protocol.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

using namespace e2e;
using common::split_lines;
using common::text;

namespace {

// A room's log of so many bytes, in segments; the last line but one is "the needle".
void write_long_log(const Path& room, std::size_t bytes) {
    std::filesystem::create_directories(room);
    std::uint64_t line = 1;
    const std::string words(40, 'x');
    for (int segment = 1; bytes > 0; ++segment) {
        const std::size_t size = std::min<std::size_t>(bytes, 16 << 20);
        bytes -= size;
        std::string log = chatd::pack_record({chatd::Kind::segment_start, line, 1, 0, "lobby", ""});
        while (log.size() < size) log += chatd::pack_record({chatd::Kind::said, line++, 1, 1, "ada", words});
        if (bytes == 0) log += chatd::pack_record({chatd::Kind::said, line++, 1, 1, "ada", "the needle"});
        log +=
            chatd::pack_record({bytes == 0 ? chatd::Kind::said : chatd::Kind::segment_end, line, 1,
                                bytes == 0 ? 1U : 0U, bytes == 0 ? "ada" : "lobby", bytes == 0 ? "end" : ""});
        std::ofstream{room / text("0000000", segment, ".log"), std::ios::binary} << log;
    }
}

// "line 1" to "line 5" of ada, as the room's lines 2 to 6.
void say_five_lines(ChatClient& ada) {
    for (int line = 1; line <= 5; ++line) ada.say(text("line ", line));
    ada.say("/help me");
    ada.expect_line("  /me TEXT                      say what you do");
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("history and since show earlier lines with their numbers") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        say_five_lines(ada);
        ada.send("/history 2\n/since 5\n/since 1\n/history\n/since 7\n/history x\n/history 0\n/since\n/since "
                 "-1\n");
        for (const int line : {4, 5, 4, 5}) ada.expect_earlier(text("ada say: line ", line));
        for (int times = 0; times < 2; ++times) {
            ada.expect_earlier("ada joined");
            for (int line = 1; line <= 5; ++line) {
                const std::string shown = ada.read_line();
                CHECK(shown.starts_with(text('[', line + 1, " 20")));
                CHECK(shown.ends_with(text("] ada say: line ", line)));
            }
        }
        ada.expect_lines({"There are no such lines.", "Usage: /history [N]", "Usage: /history [N]",
                          "Usage: /since NUMBER", "Usage: /since NUMBER"});
    }

    TEST_CASE("of earlier lines that were removed is said which they are") {
        const TempDir folder;
        const Path conf = folder / "conf";
        write_file(conf, "room lobby code one\n");
        Daemon::Setting setting = chatd_with({});
        setting.options.insert(setting.options.end(), {"-f", conf.native()});
        Daemon daemon{setting};
        ChatClient ada{daemon, "ada", "one"};
        say_five_lines(ada); // the lines 2 to 6
        write_file(conf, "room lobby code two keep-bytes 1\n");
        daemon.signal(SIGHUP);
        daemon.wait_for_log("configuration read again");
        ChatClient bob{daemon, "bob", "two"};
        ada.expect_line("bob joined");
        ada.send("/since 3\n/since 7\n/history 3\n/help me\n");
        ada.expect_line("Lines 3 to 6 are gone.");
        ada.expect_earlier("bob joined");
        ada.expect_earlier("bob joined");
        ada.expect_line("Lines 5 to 6 are gone.");
        ada.expect_earlier("bob joined");
        ada.expect_line("  /me TEXT                      say what you do");
    }

    TEST_CASE("search shows the lines that hold all words in any case and says how many there are") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        ada.send(
            "The Cat sat\non the mat\nthe dog ÉTÉ\n/search cat THE\n/search été\n/search cat dog\n/search\n");
        ada.expect_earlier("ada say: The Cat sat");
        ada.expect_earlier("ada say: the dog ÉTÉ");
        ada.expect_lines({"There are no such lines.", "Usage: /search WORDS"});
        for (int line = 0; line < 60; ++line) ada.say(text("needle ", line));
        ada.say("/search ADA needle");
        for (int line = 10; line < 60; ++line) ada.expect_earlier(text("ada say: needle ", line));
        ada.expect_line("Lines found: 50, the last of 60.");
    }

    TEST_CASE("a search through a long log holds neither its client nor what others say to it") {
        const TempDir place;
        const Path state = place.make_shared("home") / "state";
        write_long_log(state / "rooms" / "lobby", 15 << 20); // one segment
        const Daemon daemon{chatd_with({"state " + state.native(), "history-on-join 0"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        ada.send("/search nowhere\n/help me\nhello\n/search needle\n/help me\n");
        ada.expect_line("  /me TEXT                      say what you do");
        bob.expect_line("ada say: hello");
        bob.say("hello");
        ada.expect_line("bob say: hello");
        ada.expect_line("There are no such lines.");
        ada.expect_line("  /me TEXT                      say what you do");
        ada.expect_earlier("ada say: the needle");
        ada.send("/search nowhere\n/leave\n"); // with the room goes the right to read it
        ada.expect_lines({"There are no such lines.", "You have left lobby."});
        ada.send("/join lobby\n/search nowhere\n/quit\n");
        ada.wait_for_line("There are no such lines.");
        ada.wait_for_end();
    }

    TEST_CASE("what is typed while a search goes on is read and answered before it ends") {
        const TempDir place;
        const Path state = place.make_shared("home") / "state";
        write_long_log(state / "rooms" / "lobby", 15 << 20);
        const Daemon daemon{chatd_with({"state " + state.native(), "history-on-join 0"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        common::set_no_delay(ada.fd()); // what is typed next does not wait for an acknowledgement
        // It may be over before we come to type: that tells nothing, and is tried again.
        for (int round = 0;; ++round) {
            REQUIRE(round < 50);
            ada.send("/search nowhere\nhello\n");
            bob.expect_line("ada say: hello"); // the search goes on in the background
            ada.send("/help me\n");
            const std::string first = ada.read_line(), second = ada.read_line();
            const std::string help = "  /me TEXT                      say what you do";
            CHECK((first == help ? second : first) == "There are no such lines.");
            if (first == help) break;
            CHECK(second == help);
        }
    }

    TEST_CASE("a script's commands after a search wait for what it finds") {
        const TempDir place;
        const Path state = place.make_shared("home") / "state";
        write_long_log(state / "rooms" / "lobby", 8 << 20);
        const Daemon daemon{chatd_with({"state " + state.native(), "history-on-join 0"})};
        ChatClient script{daemon};
        script.send("ada\n\n/search needle\n/help me\n");
        script.half_close();
        script.wait_for_text("ada say: the needle\n  /me TEXT");
        script.wait_for_end();
    }

    TEST_CASE("who is ignored is found in no history") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        bob.say("noise");
        ada.expect_lines({"bob joined", "bob say: noise"});
        ada.send("hello\n/ignore bob\n/history\n/help me\n");
        ada.expect_line("You no longer see what bob says: /ignore bob again ends this.");
        ada.expect_earlier("ada joined");
        ada.expect_earlier("ada say: hello");
        ada.expect_line("  /me TEXT                      say what you do");
    }

    TEST_CASE("a bot is shown no earlier lines and everything that is new") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bot{daemon};
        say_five_lines(ada);
        bot.send("/bot\nrobot\n\n");
        bot.expect_line("Your name: Your name: Room code: " + welcome_to("lobby"));
        bot.expect_token();
        ada.expect_line("robot joined");
        ada.say("new");
        bot.expect_line("ada say: new");
        bot.send("/bot\n/resume 0\n");
        bot.expect_lines(
            {"/bot is only for the prompt for your name.", "/resume is only for the prompt for your name."});
    }

    TEST_CASE("a reader that is behind skips ahead with live and is told how many lines that were") {
        const Daemon daemon{chatd_with({})};
        ChatClient slow{daemon, "slow"}, ada{daemon, "ada"};
        slow.set_receive_buffer(65536); // or the system may hold all of it
        constexpr int lines = 100'000;
        std::string typed;
        for (int line = 0; line < lines; ++line) typed += text(line, std::string(90, '.'), '\n');
        ada.send(typed + "/help me\n");
        ada.expect_line("  /me TEXT                      say what you do");
        slow.send("/live\n/help me\n");
        int seen = 0, skipped = 0;
        for (;;) {
            const std::string line = slow.read_line();
            if (line.starts_with("ada say: ")) ++seen;
            if (line.starts_with("You have skipped ")) skipped = std::stoi(line.substr(17));
            if (line.starts_with("  /me")) break;
        }
        CHECK(skipped > 0);
        CHECK(seen + skipped == lines);
        ada.say("now");
        slow.expect_line("ada say: now");
        slow.send("/live\n");
        slow.expect_line("You have skipped 0 lines.");
    }

    TEST_CASE("chatctl history finds lines by number and age and words and prints them as JSON") {
        const Daemon daemon{chatd_with({"room lobby", "room plans code s3cret"})};
        ChatClient ada{daemon, "ada"};
        say_five_lines(ada);
        ada.say("a \"quoted\\\" word");
        ada.say("/help me");
        ada.expect_line("  /me TEXT                      say what you do");
        const auto history = [&](Words words) {
            words.insert(words.begin(), "history");
            return split_lines(chatctl(daemon, words));
        };
        CHECK(history({"lobby", "--since", "5"}).size() == 3);
        CHECK(history({"lobby", "--since", "1h"}).size() == 7);
        CHECK(history({"lobby", "--since", "1h", "-n", "2"}).size() == 2);
        CHECK(history({"lobby", "--since", "8"}).empty());
        CHECK(history({"lobby", "--search", "LINE 3"}).size() == 1);
        CHECK(history({"lobby", "--search", "line", "-n", "2"}).back().ends_with(" ada say: line 5"));
        CHECK(history({"lobby", "--search", "nothing"}).empty());
        CHECK(history({"plans", "--json"}).empty());
        const auto json = history({"lobby", "--json", "-n", "1"});
        REQUIRE(json.size() == 1);
        CHECK(json[0].starts_with("{\"room\":\"lobby\",\"line\":7,\"time\":\"2"));
        CHECK(json[0].ends_with(
            "Z\",\"kind\":\"said\",\"name\":\"ada\",\"text\":\"a \\\"quoted\\\\\\\" word\"}"));
        const Result parsed =
            run_client({"python3", "-c", "import json,sys\nfor l in sys.stdin: print(json.loads(l)['text'])"},
                       chatctl(daemon, {"history", "lobby", "--json"}));
        CHECK(parsed.out.ends_with("line 5\na \"quoted\\\" word\n"));
        CHECK(run_chatctl(daemon, {"history", "lobby", "--since", "soon"}).status == 1);
        CHECK(run_chatctl(daemon, {"history", "lobby", "--search"}).status == 1);
    }

    TEST_CASE("questions behind a long history are answered after it") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        std::string typed;
        for (int line = 0; line < 20'000; ++line) typed += text(line, std::string(50, '.'), '\n');
        ada.send(typed + "/help me\n");
        ada.expect_line("  /me TEXT                      say what you do");
        const Result answer =
            run_client({"nc", "-N", "-U", daemon.state() / "control"},
                       "history lobby --search .. -n 3\nstats\nhistory lobby -n 20000\nrooms\n");
        const auto lines = split_lines(answer.out);
        REQUIRE(lines.size() > 20'014);
        CHECK(lines[3] == "ok");
        CHECK(lines[4].starts_with(" uptime-seconds "));
        CHECK(lines.back() == "ok");
        CHECK(lines[lines.size() - 2].starts_with(" lobby "));
    }
}

TEST_SUITE("e2e slow") {
    TEST_CASE("who is further behind than max-lag loses what the administrator says and is told how much") {
        const Daemon daemon{chatd_with({"max-lag 1000"})};
        ChatClient slow{daemon, "slow"}, ada{daemon, "ada"};
        slow.expect_line("ada joined");
        constexpr int lines = 600'000; // more than two segments
        for (int piece = 0; piece < lines; piece += 10'000) {
            std::string typed;
            for (int line = piece; line < piece + 10'000; ++line)
                typed += text(line, std::string(40, '.'), '\n');
            ada.send(typed);
        }
        ada.say("/help me");
        ada.expect_line("  /me TEXT                      say what you do"); // who speaks is never behind
        int seen = 0, lost = 0, after = 0;
        for (std::string line; after < lines - 1;) {
            line = slow.read_line();
            if (line.starts_with("You were too far behind: ")) {
                lost += std::stoi(line.substr(25));
                continue;
            }
            after = std::stoi(line.substr(9));
            ++seen;
        }
        CHECK(lost > 0);
        CHECK(seen + lost == lines);
    }
}
