// SPDX-License-Identifier: ISC
// What HUP and USR1 do to a running chatd.
#include "tests/e2e/chat_client.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <signal.h>

using namespace e2e;
using common::split_lines;
using common::text;

namespace {

// A configuration file that a test changes.
class Config {
public:
    explicit Config(std::string_view lines) { write(lines); }
    void write(std::string_view lines) const { write_file(path(), lines); }
    Daemon::Setting setting() const { return {.options = {"-f", path()}, .program = "chatd"}; }

private:
    std::string path() const { return folder_ / "chatd.conf"; }
    TempDir folder_;
};

// HUP, and what came of it.
void reload(Daemon& daemon, std::string_view outcome) {
    const std::size_t before = daemon.log().size();
    daemon.signal(SIGHUP);
    daemon.wait_for_log(outcome, before);
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("chatctl reload says what is wrong and what waits for the next start") {
        const Config config{"room lobby\n"};
        const Daemon daemon{config.setting()};
        config.write("room lobby history off\nnice 1\n");
        CHECK(chatctl(daemon, {"reload"}) == "a change of 'history' of room lobby waits for the next start\n"
                                             "a change of 'nice' waits for an upgrade or the next start\n");
        config.write("room lobby\nno-such-thing\n");
        const Result refused = run_chatctl(daemon, {"reload"});
        CHECK(refused.status == 1);
        CHECK(refused.err.find("chatd.conf:2: ") != std::string::npos);
        config.write("room lobby\n");
        CHECK(chatctl(daemon, {"reload"}) == "");
    }

    TEST_CASE("HUP opens new rooms and changes codes and lets nobody in with an old one") {
        const Config config{"room lobby\nroom plans code old\n"};
        Daemon daemon{config.setting()};
        ChatClient ada{daemon, "ada", "old"};
        ada.send("before\n/who\n");
        ada.expect_line("ada");
        config.write("room lobby\nroom plans code new\nroom attic\nhistory-on-join 0\n");
        reload(daemon, "configuration read again");
        ada.say("after"); // who is there stays
        ChatClient late{daemon};
        late.send("late\nold\nnew\n");
        late.expect_lines({"Your name: Room code: No room has that code. Tries left: 2.",
                           "Room code: " + welcome_to("plans")});
        ada.expect_line("late joined");
        late.say("hello");
        ada.expect_line("late say: hello");
        const Path folder = daemon.state() / "rooms" / "plans";
        CHECK(read_file(folder / "00000001.log").find("before") != std::string::npos);
        CHECK(read_file(folder / "00000001.log").find("after") == std::string::npos);
        CHECK(read_file(folder / "00000002.log").find("after") != std::string::npos);
        CHECK(chatctl(daemon, {"history", "plans"}).find("say: before\n") != std::string::npos);
        ChatClient bob{daemon, "bob", "attic"};
    }

    TEST_CASE("a bad configuration on HUP leaves all as it was") {
        const Config config{"room lobby\nroom plans code old\n"};
        Daemon daemon{config.setting()};
        config.write("room lobby\nroom plans code lobby\n");
        reload(daemon, "configuration not read again, the old one stays: ");
        ChatClient ada{daemon, "ada", "old"};
        config.write("room lobby\n"); // a room that is gone is entered no more, and who is in it stays
        reload(daemon, "room plans was removed from the configuration");
        ChatClient bob{daemon};
        bob.send("bob\nold\n");
        bob.expect_line("Your name: Room code: No room has that code. Tries left: 2.");
        chatctl(daemon, {"announce", "still here"});
        ada.expect_line("administrator say: still here");
    }

    TEST_CASE("a room that cannot be made leaves all other rooms as they were") {
        const Config config{"room lobby\nroom plans code old\n"};
        Daemon daemon{config.setting()};
        write_file(daemon.state() / "rooms" / "attic", "not a folder");
        config.write("room lobby\nroom cellar\nroom plans code new\nroom attic\n");
        reload(daemon, "configuration not read again, the old one stays: ");
        ChatClient ada{daemon, "ada", "old"};
        CHECK(chatctl(daemon, {"rooms"}).find("cellar") == std::string::npos);
    }

    TEST_CASE("a code stays when no new segment can be begun for the new one") {
        const Config config{"room plans code old\n"};
        Daemon daemon{config.setting()};
        write_file(daemon.state() / "rooms" / "plans" / "00000002.log", "in the way");
        config.write("room plans code new\n");
        reload(daemon, "room plans keeps its code: no new segment can be created");
        ChatClient ada{daemon, "ada", "old"};
        std::filesystem::remove(daemon.state() / "rooms" / "plans" / "00000002.log");
        reload(daemon, "configuration read again");
        ChatClient bob{daemon, "bob", "new"};
    }

    TEST_CASE("HUP changes a room's topic and limits at once and says what has to wait") {
        const Config config{"room lobby\n"};
        Daemon daemon{config.setting()};
        config.write("room lobby topic tea max 1 moderated keep-bytes 1 history off\nflood 1/3600\n");
        reload(daemon, "a change of 'history' of room lobby waits for the next start");
        ChatClient ada{daemon};
        ada.send("ada\n\nhello\n");
        ada.expect_lines({"Your name: Room code: " + welcome_to("lobby"), "The topic of lobby: tea"});
        ada.expect_token();
        ada.expect_line("You may say 1 lines in 3600 seconds: further lines have to wait.");
        ChatClient bob{daemon};
        bob.send("bob\n\n");
        bob.expect_line("Your name: Room code: That room is full: try again later.");
    }

    TEST_CASE("USR1 prints to the log what chatctl prints") {
        Daemon daemon{chatd_with({"room lobby", "room plans code s3cret"})};
        ChatClient ada{daemon, "ada", "s3cret"};
        const std::size_t before = daemon.log().size();
        daemon.signal(SIGUSR1);
        const std::string prefix = text("hub[", daemon.main_pid(), "]: ");
        for (const std::string verb : {"rooms", "stats"})
            for (const std::string& line : split_lines(chatctl(daemon, {verb})))
                daemon.wait_for_log(prefix + (line.starts_with("uptime-") ? "uptime-" : line + "\n"), before);
        CHECK(daemon.log().find("s3cret") == std::string::npos);
    }
}
