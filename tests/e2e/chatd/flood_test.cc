// SPDX-License-Identifier: ISC
// Who says too much is slowed down and told, and nothing of it is lost.
#include "tests/e2e/chat_client.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

const std::string slowed = "You may say 5 lines in 1 seconds: further lines have to wait.";

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("who floods is told once and slowed and all of it arrives in order") {
        const Daemon daemon{chatd_with({"flood 5/1"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        const auto start = std::chrono::steady_clock::now();
        for (int line = 0; line < 15; ++line) ada.send(text("/me ", line, '\n')); // each on its own
        ada.send("/help me\n");
        for (int line = 0; line < 15; ++line) bob.expect_line(text("* ada ", line));
        CHECK(std::chrono::steady_clock::now() - start > std::chrono::milliseconds{1500});
        ada.expect_lines({slowed, "  /me TEXT                      say what you do"});
        bob.say("I am not slowed");
        ada.expect_line("bob say: I am not slowed");
    }

    TEST_CASE("a paste counts as one line and a pipe's lines that come together as many") {
        const Daemon daemon{chatd_with({"flood 5/1"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        std::string paste = "/paste\n";
        for (int line = 0; line < 100; ++line) paste += text(line, '\n');
        ada.send(paste + ".\n/help me\n");
        ada.expect_lines({"Everything up to a line with one dot is one block.",
                          "  /me TEXT                      say what you do"});
        for (int line = 0; line < 100; ++line) bob.expect_line(text("ada say: ", line));
        bob.send("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n/me is done\n");
        bob.wait_for_line(slowed);
        ada.wait_for_line("* bob is done");
    }

    TEST_CASE("lines that come together are let through as fast as others and no faster") {
        const Daemon daemon{chatd_with({"flood 20/2"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        std::string lines;
        for (int line = 0; line < 60; ++line) lines += text("line ", line, '\n');
        const auto start = std::chrono::steady_clock::now();
        bob.send(lines);
        for (int line = 0; line < 60; ++line) {
            ada.expect_line(text("bob say: line ", line));
            const auto passed = std::chrono::steady_clock::now() - start;
            CHECK(passed > std::chrono::milliseconds{100} * (line - 20)); // twenty at once, ten more a second
        }
        bob.expect_line("You may say 20 lines in 2 seconds: further lines have to wait.");
    }

    TEST_CASE("flood 20/10 is the default and off ends it") {
        const Daemon daemon{{.lines = {"resume-time 0"}, .program = "chatd"}};
        ChatClient ada{daemon};
        ada.send("ada\n\n");
        ada.wait_for_line("Your name: Room code: " + welcome_to("lobby"));
        for (int line = 0; line < 25; ++line) ada.send(text("/me ", line, '\n'));
        ada.expect_line("You may say 20 lines in 10 seconds: further lines have to wait.");
    }

    TEST_CASE("a client that leaves while it is slowed holds up nobody") {
        const Daemon daemon{chatd_with({"flood 1/3600"})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        bob.send("/me one\n/me two\n/me three\n");
        bob.wait_for_line("You may say 1 lines in 3600 seconds: further lines have to wait.");
        common::set_reset_on_close(bob.fd()); // else what it has sent would be done first
        bob.close();
        ada.wait_for_line("bob left");
        ChatClient next{daemon, "bob"};
    }
}
