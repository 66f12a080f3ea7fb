// SPDX-License-Identifier: ISC
// What only a running chatd tells, and what its manuals say of it.
#include "tests/e2e/chat_client.hh"
#include "tests/manual.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>

using namespace e2e;
using common::split_lines;
using tests::heads;
using tests::Manual;

namespace {

std::string first_words(const std::string& lines) {
    std::string words;
    for (const std::string& line : split_lines(lines)) words += line.substr(0, line.find(' ')) + '\n';
    return words;
}

// The words of a heading, one a line.
std::string columns_of(const std::string& answer) {
    std::string words = answer.substr(0, answer.find('\n') + 1);
    std::replace(words.begin(), words.end(), ' ', '\n');
    const auto both_ends = [](char one, char other) { return one == '\n' && other == '\n'; };
    words.erase(std::unique(words.begin(), words.end(), both_ends), words.end());
    return words;
}

// What stands behind a name in the answer to stats.
std::string stat_of(const std::string& stats, const std::string& name) {
    for (const std::string& line : split_lines(stats))
        if (line.starts_with(name + ' ')) return line.substr(name.size() + 1);
    return {};
}

// "2026-11-21T07:26:00Z 812 ada joined" as the example of room-log(5) prints it.
std::string with_plain_time(std::string line) {
    line.replace(10, 1, " ");
    return line.erase(19, 1);
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("chatctl(8) describes the verbs and columns and counters that chatd has") {
        const Daemon daemon{chatd_with({})};
        const Manual manual{"chatctl.8"};
        const std::vector<std::string> offered = split_lines(chatctl(daemon, {"help"}));
        const std::vector<Manual::Item> verbs = manual.list_behind("The verbs are:");
        REQUIRE(offered.size() == verbs.size());
        for (std::size_t i = 0; i < offered.size(); ++i) {
            CAPTURE(offered[i]);
            CHECK(offered[i].starts_with(verbs[i].head + ' '));
        }
        CHECK(columns_of(chatctl(daemon, {"rooms"})) == heads(manual.list_behind(".It Ic rooms")));
        CHECK(columns_of(chatctl(daemon, {"who"})) == heads(manual.list_behind(".It Ic who")));
        CHECK(first_words(chatctl(daemon, {"stats"})) == heads(manual.list_behind(".It Ic stats")));
    }

    TEST_CASE("select leaves room for fewer clients than chatd was started for and the log says so") {
        const Daemon daemon{chatd_with({"events select", "max-clients 2000"})};
        const std::string most = stat_of(chatctl(daemon, {"stats"}), "max-clients");
        CHECK(daemon.log().find("max-clients is " + most +
                                ", not 2000: select knows only 1024 descriptors") != std::string::npos);
        CHECK(Manual{"chatd.conf.5"}.says("and 1024 under select"));
    }

    TEST_CASE("as many wrong codes as chatd(8) says end the connection") {
        constexpr int most = 3;
        CHECK(Manual{"chatd.8"}.says(common::text("wrong codes ", most, " codes")));
        const Daemon daemon{chatd_with({"room lobby code sesame"})};
        ChatClient client{daemon};
        client.send("ada\n");
        for (int i = 0; i < most; ++i) client.send("wrong\n");
        client.send("sesame\n");
        const std::string heard = client.read_to_end();
        CHECK(heard.find("That was the last try.") != std::string::npos);
        CHECK(heard.find("You are in") == std::string::npos);
    }

    TEST_CASE("the example of room-log(5) prints a log as chatctl history does") {
        Daemon daemon{chatd_with({})};
        {
            ChatClient ada{daemon, "ada"}, eve{daemon, "张三"};
            ada.say("hello");
            eve.wait_for_line("ada say: hello");
            eve.say("你好");
            ada.wait_for_line("张三 say: 你好");
        }
        chatctl(daemon, {"announce", "good night"});
        std::string history;
        wait_until("both have left", [&] {
            history = chatctl(daemon, {"history", "lobby"});
            return history.find("ada left") != history.npos && history.find("张三 left") != history.npos;
        });
        std::string expected;
        for (const std::string& line : split_lines(history)) expected += with_plain_time(line) + '\n';

        const Manual manual{"room-log.5"};
        const std::string room = daemon.state() / "rooms" / "lobby";
        const Path program = daemon.folder() / "example.py";
        write_file(program, manual.display_behind("Print a segment"));
        const Result printed = run_client({"python3", program, room + "/00000001.log"});
        CHECK(printed.status == 0);
        CHECK(split_lines(printed.out).size() == 7);
        CHECK(printed.out.ends_with(expected));

        std::string commands = "cd " + room + '\n';
        for (const std::string& line : split_lines(manual.display_behind("The checksum of the first record")))
            commands += line.substr(2) + '\n'; // behind the prompt
        const std::vector<std::string> sums = split_lines(run_client({"sh", "-c", commands}).out);
        REQUIRE(sums.size() == 2);
        CHECK(std::stoul(sums[0]) == std::stoul(sums[1]));
    }
}
