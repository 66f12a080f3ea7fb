// SPDX-License-Identifier: ISC
// Taking one's place again after a broken connection.
#include "tests/e2e/chat_client.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

const Words two_rooms{"room lobby", "room plans code s3cret"};

// A client that says /resume, and what it is answered.
ChatClient resume(const Daemon& daemon, std::string_view words) {
    ChatClient client{daemon};
    client.send(text("/resume ", words, '\n'));
    return client;
}

const std::string no_good = "Your name: That token is no longer valid. Tries left: 2.";

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("with the last line seen nothing is missed and nothing comes twice") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        std::optional<ChatClient> bob{std::in_place, daemon, "bob"};
        const std::string token = bob->token();
        ada.say("one");
        bob->expect_line("ada say: one"); // line 3
        bob->close();
        ada.expect_lines({"bob joined", "bob left"}); // lines 2 and 4
        ada.say("two");
        ada.say("three");
        ada.say("/help me");
        ada.expect_line("  /me TEXT                      say what you do"); // it is in the log
        ChatClient again = resume(daemon, token + " 3");
        again.expect_lines({"Your name: Welcome back, bob.", welcome_to("lobby")});
        again.expect_token();
        again.expect_earlier("bob left");
        again.expect_earlier("ada say: two");
        again.expect_earlier("ada say: three");
        ada.expect_line("bob joined");
        ada.say("four");
        again.expect_line("ada say: four");
        again.say("hello");
        ada.expect_line("bob say: hello");
    }

    TEST_CASE("without the last line all is shown again since the first connection entered") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        ada.say("before");
        wait_until("it is in the log", [&] {
            return chatctl(daemon, {"history", "lobby"}).find("before") != std::string::npos;
        });
        std::optional<ChatClient> bob{std::in_place, daemon, "bob"};
        bob->expect_earlier("ada say: before");
        ada.expect_line("bob joined");
        ada.say("one");
        bob->expect_line("ada say: one");
        std::string token = bob->token();
        bob->close();
        ada.expect_line("bob left");
        for (int times = 0; times < 2; ++times) {
            ChatClient again = resume(daemon, token);
            again.expect_lines({"Your name: Welcome back, bob.", welcome_to("lobby")});
            token = again.expect_token();
            again.expect_earlier("bob joined");
            again.expect_earlier("ada say: one");
            again.expect_earlier("bob left");
            ada.expect_line("bob joined");
            again.close();
            ada.expect_line("bob left");
        }
    }

    TEST_CASE("a place is taken from a connection that is dead and does not know it") {
        const Daemon daemon{chatd_with(two_rooms)};
        ChatClient ada{daemon, "ada"}, ghost{daemon, "bob"};
        ghost.send("/join plans s3cret\n");
        ghost.wait_for_line(welcome_to("plans"));
        ChatClient thief{daemon};
        thief.send("bob\n");
        thief.expect_line("Your name: Somebody here has that name: choose another.");
        ada.expect_line("bob joined");
        ada.say("one"); // line 3 of the lobby
        ghost.expect_line("[lobby] ada say: one");
        ChatClient bob = resume(daemon, ghost.token());
        bob.expect_lines({"Your name: Welcome back, bob.", welcome_to("lobby")});
        bob.expect_token();
        bob.wait_for_line(welcome_to("plans")); // the current one
        ghost.wait_for_line("Your place was taken over by another connection.");
        CHECK(ghost.read_to_end().empty());
        ada.expect_lines({"bob left", "bob joined"});
        bob.say("in plans");
        wait_until("that is said in the current room", [&] {
            return chatctl(daemon, {"history", "plans", "-n", "1"}).ends_with("bob say: in plans\n");
        });
        ada.say("two");
        bob.wait_for_line("[lobby] ada say: two");
    }

    TEST_CASE("a token is good once and not when its owner has quit or was thrown out or it is wrong") {
        const Daemon daemon{chatd_with({})};
        ChatClient watcher{daemon, "watcher"}, ada{daemon, "ada"}, eve{daemon, "eve"};
        watcher.expect_lines({"ada joined", "eve joined"});
        const std::string quitter = ada.token(), kicked = eve.token();
        ada.send("/quit\n");
        watcher.expect_line("ada left");
        chatctl(daemon, {"kick", "eve"});
        watcher.expect_lines({"administrator kicked eve", "eve left"});
        for (const std::string& token :
             {quitter, kicked, std::string{"0"}, std::string(32, 'a'), watcher.token().substr(0, 31)})
            resume(daemon, token).expect_line(no_good);
        ChatClient first = resume(daemon, watcher.token());
        first.expect_line("Your name: Welcome back, watcher.");
        resume(daemon, watcher.token()).expect_line(no_good);
    }

    TEST_CASE("wrong tokens may be tried three times and then the connection ends") {
        const Daemon daemon{chatd_with({})};
        ChatClient client{daemon};
        client.send("/resume\n/resume x y\n/resume 1\n/resume 2\n/resume 3\nada\n\n");
        client.expect_lines({"Your name: Usage: /resume TOKEN [LAST-LINE]",
                             "Your name: Usage: /resume TOKEN [LAST-LINE]", no_good,
                             "Your name: That token is no longer valid. Tries left: 1.",
                             "Your name: That token is no longer valid. That was the last try."});
        CHECK(client.read_to_end().empty());
    }

    TEST_CASE("a token expires and without resume-time there is none") {
        const Daemon daemon{chatd_with({"resume-time 1"})};
        ChatClient watcher{daemon, "watcher"};
        ChatClient ada{daemon, "ada"};
        ada.close();
        watcher.expect_lines({"ada joined", "ada left"});
        wait_until("it has expired", [&] {
            ChatClient again{daemon};
            again.send("/resume " + ada.token() + "\n");
            return again.read_line() == no_good;
        });
        const Daemon without{chatd_with({"resume-time 0"})};
        ChatClient bob{without};
        bob.send("bob\n\n/help me\n");
        bob.expect_lines({"Your name: Room code: " + welcome_to("lobby"),
                          "  /me TEXT                      say what you do"});
    }

    TEST_CASE("a name that somebody else has meanwhile is theirs and the token stays good") {
        const Daemon daemon{chatd_with({})};
        ChatClient watcher{daemon, "watcher"};
        ChatClient ada{daemon, "ada"};
        ada.close();
        watcher.expect_lines({"ada joined", "ada left"});
        ChatClient other{daemon, "Ada"};
        ChatClient again = resume(daemon, ada.token());
        again.expect_line("Your name: Somebody here has that name: choose another.");
        other.close();
        watcher.expect_lines({"Ada joined", "Ada left"});
        again.send("/resume " + ada.token() + "\n");
        again.expect_line("Your name: Welcome back, ada.");
    }

    TEST_CASE("no token stands in any log or in the hub's memory beyond its hash") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        CHECK(daemon.log().find(ada.token()) == std::string::npos);
        CHECK(chatctl(daemon, {"history", "lobby"}).find(ada.token()) == std::string::npos);
        CHECK(ada.token() != bob.token());
    }
}
