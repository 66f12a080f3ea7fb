// SPDX-License-Identifier: ISC
// What was said before, as clients of IRC ask for it: CHATHISTORY by each selector; and what they are shown
// on joining.
#include "tests/e2e/irc_client.hh"

#include "chatd/handler/irc/stamps.hh"
#include "chatd/protocol.hh"
#include "common/text.hh"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

using namespace e2e;
using chatd::irc::MessageId;
using chatd::irc::server_time;
using common::text;

namespace {

constexpr std::string_view all_of_it = "draft/chathistory batch server-time message-tags";

struct Message {
    std::string id, time, words;
};

std::string tag_of(const std::string& line, std::string_view key) {
    const std::string_view tags = std::string_view{line}.substr(0, line.find(' '));
    for (const std::string_view tag : common::split(tags.substr(1), ';'))
        if (tag.substr(0, tag.find('=')) == key) return std::string{tag.substr(tag.find('=') + 1)};
    return {};
}

// What is in the next batch, of a room.
std::vector<Message> read_batch(IrcClient& client, std::string_view channel) {
    const std::string first = client.read_line();
    const std::size_t at = first.find("BATCH +");
    REQUIRE_MESSAGE(at != first.npos, first);
    const std::string begin = first.substr(at + 7);
    const std::string name = begin.substr(0, begin.find(' '));
    CHECK(begin == text(name, " chathistory ", channel));
    std::vector<Message> messages;
    for (;;) {
        const std::string line = client.read_line();
        if (line == text(":chatd.local BATCH -", name)) return messages;
        CHECK(tag_of(line, "batch") == name);
        const std::string lead = text(" PRIVMSG ", channel, " :");
        REQUIRE_MESSAGE(line.find(lead) != line.npos, line);
        messages.push_back(
            {tag_of(line, "msgid"), tag_of(line, "time"), line.substr(line.find(lead) + lead.size())});
    }
}

std::vector<Message> ask(IrcClient& client, std::string_view what, std::string_view channel = "#lobby") {
    client.say(text("CHATHISTORY ", what));
    return read_batch(client, channel);
}

std::string words_of(const std::vector<Message>& messages) {
    std::string all;
    for (const Message& message : messages) all += text(all.empty() ? "" : ",", message.words);
    return all;
}

// "6,7,8" for the first and the last.
std::string count(int from, int to) {
    std::string all;
    for (int number = from; number <= to; ++number) all += text(all.empty() ? "" : ",", number);
    return all;
}

// --- A log of before, in several segments: each line says its number, a second after the other, but that
// every tenth is of somebody who comes in.

constexpr std::uint64_t birth = 1'700'000'000'000'000;
constexpr std::uint64_t last_old_line = 9000;

std::int64_t time_of(std::uint64_t line) { return static_cast<std::int64_t>(birth + line * 1'000'000); }
std::string id_of(std::uint64_t line) { return text("msgid=", shown(MessageId{birth, line, 0, "lobby"})); }
std::string stamp_of(std::uint64_t line, std::int64_t more = 0) {
    return text("timestamp=", server_time(time_of(line) + more));
}

void write_old_log(const Path& room) {
    using chatd::Kind;
    std::filesystem::create_directories(room);
    std::uint64_t line = 1;
    for (const std::uint64_t last : {std::uint64_t{3000}, std::uint64_t{6000}, last_old_line}) {
        std::string log = chatd::pack_record({Kind::segment_start, line, time_of(line), birth, "lobby", ""});
        for (; line <= last; ++line)
            log +=
                line % 10 == 0
                    ? chatd::pack_record({Kind::joined, line, time_of(line), 2, "bob", ""})
                    : chatd::pack_record({Kind::said, line, time_of(line), 1, "eve", std::to_string(line)});
        if (last != last_old_line)
            log += chatd::pack_record({Kind::segment_end, line, time_of(line), 0, "lobby", ""});
        std::ofstream{room / text("0000000", last / 3000, ".log"), std::ios::binary} << log;
    }
}

Daemon::Setting with_old_log(const TempDir& folder) {
    write_old_log(folder / "state" / "rooms" / "lobby");
    return irc_with({"room lobby", text("state ", (folder / "state").string())});
}

// --- A room where the words 1 to 9 were said, and who has heard them.

struct Heard {
    Heard() {
        for (int number = 1; number <= 9; ++number) {
            typed.say(std::to_string(number));
            const std::string line = ada.read_line();
            ids.push_back(text("msgid=", tag_of(line, "msgid")));
        }
    }
    const std::string& id(std::size_t number) const { return ids.at(number - 1); }

    Daemon daemon{irc_with()};
    ChatClient typed{daemon, "typed"};
    IrcClient ada{daemon, "ada", "#lobby", all_of_it};
    std::vector<std::string> ids;
};

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("IRC history: each selector finds what was said by its id") {
        Heard at;
        const auto found = [&](const std::string& what) { return words_of(ask(at.ada, what)); };
        CHECK(found("LATEST #lobby * 3") == "7,8,9");
        CHECK(found("LATEST #lobby * 50") == count(1, 9));
        CHECK(found("latest #LOBBY * 1") == "9");
        CHECK(found(text("LATEST #lobby ", at.id(7), " 50")) == "8,9");
        CHECK(found(text("LATEST #lobby ", at.id(3), " 2")) == "8,9");
        CHECK(found(text("LATEST #lobby ", at.id(9), " 2")) == "");
        CHECK(found(text("BEFORE #lobby ", at.id(5), " 2")) == "3,4");
        CHECK(found(text("BEFORE #lobby ", at.id(5), " 50")) == count(1, 4));
        CHECK(found(text("BEFORE #lobby ", at.id(1), " 50")) == "");
        CHECK(found(text("AFTER #lobby ", at.id(5), " 2")) == "6,7");
        CHECK(found(text("AFTER #lobby ", at.id(5), " 50")) == count(6, 9));
        CHECK(found(text("AFTER #lobby ", at.id(9), " 50")) == "");
        CHECK(found(text("AROUND #lobby ", at.id(5), " 5")) == "3,4,5,6,7");
        CHECK(found(text("AROUND #lobby ", at.id(5), " 1")) == "5");
        CHECK(found(text("AROUND #lobby ", at.id(1), " 4")) == "1,2");
        CHECK(found(text("BETWEEN #lobby ", at.id(2), " ", at.id(6), " 50")) == "3,4,5");
        CHECK(found(text("BETWEEN #lobby ", at.id(2), " ", at.id(6), " 2")) == "3,4");
        CHECK(found(text("BETWEEN #lobby ", at.id(6), " ", at.id(2), " 2")) == "4,5");
        CHECK(found(text("BETWEEN #lobby ", at.id(6), " ", at.id(6), " 2")) == "");
        at.ada.expect_silence();
    }

    TEST_CASE("IRC history: what is found has the id and the time that it had") {
        Heard at;
        at.typed.say("now");
        const std::string live = at.ada.read_line();
        const std::vector<Message> found = ask(at.ada, "LATEST #lobby * 1");
        REQUIRE(found.size() == 1);
        CHECK(found[0].id == tag_of(live, "msgid"));
        CHECK(found[0].time == tag_of(live, "time"));
        CHECK(found[0].words == "now");
        const IrcClient bob{at.daemon, "bob", "#lobby"}; // his joining has an id as well
        const std::string joining = tag_of(at.ada.read_line(), "msgid");
        CHECK(words_of(ask(at.ada, text("BEFORE #lobby msgid=", joining, " 2"))) == "9,now");
    }

    TEST_CASE("IRC history: an account that comes back after a restart fills its gap") {
        const TempDir folder;
        const Daemon::Setting setting = irc_with({"room lobby", text("state ", (folder / "state").string())});
        std::string last;
        {
            const Daemon daemon{setting};
            ChatClient typed{daemon, "typed"};
            IrcClient ada{daemon, "ada", "#lobby", all_of_it};
            typed.say("heard");
            last = tag_of(ada.read_line(), "msgid");
            ada.close();
            typed.wait_for_line("ada left");
            typed.say("missed 1");
            typed.say("/help me");
            typed.wait_for_text("/me TEXT");
        }
        const Daemon daemon{setting};
        ChatClient typed{daemon, "typed"};
        typed.say("missed 2");
        typed.say("/help me");
        typed.wait_for_text("/me TEXT");
        IrcClient ada{daemon, "ada", "#lobby", all_of_it};
        const auto missed = ask(ada, text("AFTER #lobby msgid=", last, " 50"));
        CHECK(words_of(missed) == "missed 1,missed 2");
        REQUIRE(missed.size() == 2);
        CHECK(words_of(ask(ada, text("BEFORE #lobby msgid=", missed[1].id, " 2"))) == "heard,missed 1");
        ada.expect_silence();
    }

    TEST_CASE("IRC history: it survives the death of the hub") {
        Heard at;
        ::kill(at.daemon.main_pid(), SIGKILL);
        CHECK(words_of(ask(at.ada, text("AFTER #lobby ", at.id(7), " 50"))) == "8,9");
        at.typed.say("after");
        CHECK(tag_of(at.ada.read_line(), "msgid").starts_with(at.id(1).substr(6, 10)));
    }

    TEST_CASE("IRC history: times and ids find what is in any segment") {
        const TempDir folder;
        const Daemon daemon{with_old_log(folder)};
        IrcClient ada{daemon, "ada", "#lobby", all_of_it};
        const auto found = [&](const std::string& what) { return words_of(ask(ada, what)); };
        CHECK(found("LATEST #lobby * 3") == "8997,8998,8999");
        for (const std::uint64_t line : {15U, 2998U, 3005U, 6003U, 8995U}) {
            CAPTURE(line);
            const int number = static_cast<int>(line);
            for (const std::string& point : {id_of(line), stamp_of(line)}) {
                CAPTURE(point);
                // In every ten lines is one that says nothing.
                const auto before = ask(ada, text("BEFORE #lobby ", point, " 12"));
                REQUIRE(before.size() == 12);
                CHECK(before.back().words == std::to_string(number - 1));
                CHECK(std::stoi(before.front().words) <= number - 13);
                const auto after = ask(ada, text("AFTER #lobby ", point, " 3"));
                REQUIRE(after.size() == 3);
                CHECK(after.front().words == std::to_string(number % 10 == 9 ? number + 2 : number + 1));
                const auto around = ask(ada, text("AROUND #lobby ", point, " 3"));
                REQUIRE(around.size() == 3);
                CHECK(around[1].words == std::to_string(number));
                CHECK(around[1].time == server_time(time_of(line)));
                CHECK(text("msgid=", around[1].id) == id_of(line));
            }
        }
        // Between two seconds, and beyond both ends.
        CHECK(found(text("AFTER #lobby ", stamp_of(4501, 500'000), " 2")) == "4502,4503");
        CHECK(found(text("BEFORE #lobby ", stamp_of(4503, -1'000), " 2")) == "4501,4502");
        CHECK(found(text("BETWEEN #lobby ", stamp_of(5995), " ", stamp_of(6005), " 50")) ==
              "5996,5997,5998,5999,6001,6002,6003,6004");
        CHECK(found(text("BETWEEN #lobby ", stamp_of(6005), " ", stamp_of(5995), " 2")) == "6003,6004");
        CHECK(found(text("BETWEEN #lobby ", id_of(1), " ", stamp_of(4), " 9")) == "2,3");
        CHECK(found(text("BETWEEN #lobby ", stamp_of(4), " ", id_of(1), " 9")) == "2,3");
        CHECK(found(text("LATEST #lobby ", stamp_of(8996), " 50")) == "8997,8998,8999");
        CHECK(found(text("LATEST #lobby ", stamp_of(100), " 2")) == "8998,8999");
        CHECK(found("AFTER #lobby timestamp=2001-01-01T00:00:00.000Z 2") == "1,2");
        CHECK(found("BEFORE #lobby timestamp=2001-01-01T00:00:00.000Z 2") == "");
        CHECK(found("AFTER #lobby timestamp=2999-01-01T00:00:00.000Z 2") == "");
        CHECK(found("BEFORE #lobby timestamp=2999-01-01T00:00:00.000Z 2") == "8998,8999");
        CHECK(found(text("AFTER #lobby ", id_of(1'000'000), " 2")) == "");
        ada.expect_silence();
    }

    TEST_CASE("IRC history: whoever goes back page by page comes to the beginning") {
        const TempDir folder;
        const Daemon daemon{with_old_log(folder)};
        IrcClient ada{daemon, "ada", "#lobby", all_of_it};
        std::vector<Message> page = ask(ada, "LATEST #lobby * 4000"); // more than there may be
        std::size_t all = 0;
        int expected = 8999;
        for (; !page.empty(); page = ask(ada, text("BEFORE #lobby msgid=", page.front().id, " 100"))) {
            CHECK(page.size() <= 100);
            all += page.size();
            std::reverse(page.begin(), page.end());
            for (const Message& message : page) {
                if (expected % 10 == 0) --expected;
                CHECK(message.words == std::to_string(expected--));
            }
            std::reverse(page.begin(), page.end());
        }
        CHECK(all == last_old_line - last_old_line / 10);
    }

    TEST_CASE("IRC history: the parts of a long line count and have ids of their own") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        IrcClient ada{daemon, "ada", "#lobby", all_of_it};
        std::string words;
        for (int word = 0; word < 300; ++word) words += text("word", word % 10, ' ');
        typed.say(words + "end");
        typed.say("more");
        std::vector<std::string> parts, ids;
        do {
            const std::string line = ada.read_line();
            ids.push_back(text("msgid=", tag_of(line, "msgid")));
            parts.push_back(line.substr(line.find(" :", line.find("PRIVMSG")) + 2));
        } while (parts.back() != "more");
        REQUIRE(parts.size() == 5);
        const auto joined = [&](std::size_t from, std::size_t to) {
            std::string all;
            for (std::size_t part = from; part < to; ++part)
                all += text(part == from ? "" : ",", parts.at(part));
            return all;
        };
        CHECK(words_of(ask(ada, "LATEST #lobby * 2")) == joined(3, 5));
        CHECK(words_of(ask(ada, "LATEST #lobby * 50")) == joined(0, 5));
        CHECK(words_of(ask(ada, text("AFTER #lobby ", ids[1], " 50"))) == joined(2, 5));
        CHECK(words_of(ask(ada, text("AFTER #lobby ", ids[1], " 1"))) == joined(2, 3));
        CHECK(words_of(ask(ada, text("BEFORE #lobby ", ids[2], " 50"))) == joined(0, 2));
        CHECK(words_of(ask(ada, text("BETWEEN #lobby ", ids[0], " ", ids[3], " 50"))) == joined(1, 3));
        CHECK(words_of(ask(ada, text("AROUND #lobby ", ids[2], " 3"))) == joined(1, 4));
    }

    TEST_CASE("IRC history: what cannot be asked for is refused in words that name it") {
        Heard at;
        const auto refused = [&](std::string_view what, std::string_view code) {
            at.ada.say(text("CHATHISTORY ", what));
            const std::string line = at.ada.read_line();
            CHECK_MESSAGE(line.starts_with(text(":chatd.local FAIL CHATHISTORY ", code, " :")), line);
        };
        refused("", "NEED_MORE_PARAMS *");
        refused("LATEST #lobby", "NEED_MORE_PARAMS LATEST");
        refused("EARLIEST #lobby * 5", "UNKNOWN_COMMAND EARLIEST");
        refused("LATEST #lobby * 0", "INVALID_PARAMS LATEST #lobby *");
        refused("BEFORE #lobby * 5", "INVALID_PARAMS BEFORE #lobby *");
        refused("BEFORE #lobby msgid=strange 5", "INVALID_PARAMS BEFORE #lobby msgid=strange");
        refused("LATEST #nowhere * 5", "INVALID_TARGET LATEST #nowhere");
        refused("LATEST typed * 5", "INVALID_TARGET LATEST typed");
        refused(text("AFTER #lobby ", id_of(5), " 5"), "MESSAGE_ERROR AFTER #lobby");
        std::string of_another = at.id(1);
        of_another.replace(of_another.find("lobby"), 5, "plans");
        refused(text("AFTER #lobby ", of_another, " 5"), "MESSAGE_ERROR AFTER #lobby");
        at.ada.say("PART #lobby");
        at.ada.expect_line(":ada!u@chat PART #lobby");
        refused("LATEST #lobby * 5", "INVALID_TARGET LATEST #lobby");
    }

    TEST_CASE("IRC history: a room with a code is read only by who is in it") {
        const Daemon daemon{irc_with({"room lobby", "room plans code s3cret"})};
        ChatClient typed{daemon, "typed", "s3cret"};
        typed.say("secret");
        IrcClient ada{daemon, "ada", "#lobby", all_of_it};
        ada.say("CHATHISTORY LATEST #plans * 5");
        CHECK(ada.read_line().starts_with(":chatd.local FAIL CHATHISTORY INVALID_TARGET LATEST #plans :"));
        ada.say(
            "CHATHISTORY TARGETS timestamp=2001-01-01T00:00:00.000Z timestamp=2999-01-01T00:00:00.000Z 5");
        CHECK(ada.read_line().ends_with(" draft/chathistory-targets"));
        CHECK(ada.read_line().starts_with(":chatd.local BATCH -"));
        ada.join("#plans", "s3cret");
        CHECK(words_of(ask(ada, "LATEST #plans * 5", "#plans")) == "secret");
    }

    TEST_CASE("IRC history: targets are the rooms whose last words are of that time") {
        const TempDir folder;
        write_old_log(folder / "state" / "rooms" / "lobby");
        const Daemon daemon{irc_with(
            {"room lobby", "room attic", "room empty", text("state ", (folder / "state").string())})};
        IrcClient ada{daemon, "ada", "#lobby", all_of_it};
        ada.join("#attic");
        ada.join("#empty");
        ada.say("PRIVMSG #attic :up here");
        ada.expect_silence();
        const auto targets = [&](std::string_view times) {
            ada.say(text("CHATHISTORY TARGETS ", times));
            std::string all;
            REQUIRE(ada.read_line().ends_with(" draft/chathistory-targets"));
            for (std::string line; line = ada.read_line(), line.find("BATCH -") == line.npos;)
                all += line.substr(line.find(" CHATHISTORY TARGETS ") + 20);
            return all;
        };
        const std::string early = "timestamp=2001-01-01T00:00:00.000Z";
        const std::string late = "timestamp=2999-01-01T00:00:00.000Z";
        const std::string lobby = text(" #lobby ", server_time(time_of(8999)));
        const std::string both = targets(text(early, ' ', late, " 5"));
        CHECK_MESSAGE(both.starts_with(lobby + " #attic 20"), both);
        const std::string back = targets(text(late, ' ', early, " 5"));
        CHECK_MESSAGE(back.ends_with(lobby), back);
        CHECK(targets(text(early, ' ', late, " 1")) == lobby);
        CHECK(targets(text(stamp_of(8998), ' ', stamp_of(9000), " 5")) == lobby);
        CHECK(targets(text(stamp_of(8999), ' ', stamp_of(9000), " 5")).empty());
        CHECK(targets(text(early, ' ', stamp_of(8000), " 5")).empty());
    }

    TEST_CASE("IRC history: the answer has the label of the question") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        IrcClient ada{daemon, "ada", "#lobby", text(all_of_it, " labeled-response")};
        typed.say("words");
        ada.read_line();
        ada.say("@label=abc CHATHISTORY LATEST #lobby * 5");
        const std::string first = ada.read_line();
        CHECK_MESSAGE(first.starts_with("@label=abc :chatd.local BATCH +"), first);
        CHECK(ada.read_line().find("label") == std::string::npos);
        CHECK(ada.read_line().starts_with(":chatd.local BATCH -"));
        ada.say("@label=def CHATHISTORY LATEST #nowhere * 5");
        CHECK(ada.read_line().starts_with("@label=def :chatd.local FAIL CHATHISTORY INVALID_TARGET "));
        ada.expect_silence();
    }

    TEST_CASE("IRC history: what was said before is shown on joining as the client can take it") {
        const Daemon daemon{irc_with()};
        ChatClient typed{daemon, "typed"};
        typed.say("words");
        typed.say("/me waves");
        typed.say("/help me");
        typed.wait_for_text("/me TEXT");
        SUBCASE("in a batch with its times") {
            IrcClient ada{daemon, "ada", "#lobby", "batch server-time message-tags"};
            const auto found = read_batch(ada, "#lobby");
            CHECK(words_of(found) == text("words,\x01", "ACTION waves\x01"));
            REQUIRE(found.size() == 2);
            CHECK(found[0].time.ends_with("Z"));
            CHECK_FALSE(found[0].id.empty());
            typed.say("now");
            const std::string now = ada.read_line();
            CHECK(tag_of(now, "batch").empty());
            CHECK(tag_of(now, "msgid").starts_with(found[0].id.substr(0, 10)));
        }
        SUBCASE("with its times") {
            IrcClient ada{daemon, "ada", "#lobby", "server-time"};
            const std::string line = ada.read_line();
            CHECK(line.starts_with("@time=20"));
            CHECK(line.ends_with("Z :typed!u@chat PRIVMSG #lobby :words"));
            ada.read_line();
            ada.expect_silence();
        }
        SUBCASE("as notices with a stamp") {
            IrcClient ada{daemon, "ada", "#lobby"};
            const std::string line = ada.read_line();
            CHECK(line.starts_with(":typed!u@chat NOTICE #lobby :[20"));
            CHECK(line.ends_with(" UTC] words"));
            CHECK(ada.read_line().ends_with(" UTC] * waves"));
            ada.expect_silence();
        }
        SUBCASE("not to who asks for it") {
            IrcClient ada{daemon, "ada", "#lobby", all_of_it};
            ada.expect_silence();
            CHECK(ask(ada, "LATEST #lobby * 5").size() == 2);
        }
        SUBCASE("and by who has no capability asked for in words alone") {
            IrcClient ada{daemon, "ada", "#lobby"};
            ada.read_line();
            ada.read_line();
            ada.say("CHATHISTORY LATEST #lobby * 1");
            ada.expect_line(text(":typed!u@chat PRIVMSG #lobby :\x01", "ACTION waves\x01"));
            ada.say("CHATHISTORY LATEST #nowhere * 1");
            ada.expect_line(":chatd.local NOTICE ada :There is history only of channels that you are in");
        }
    }
}
