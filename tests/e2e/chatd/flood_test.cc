// SPDX-License-Identifier: ISC
// Who says too much is slowed down and told, and nothing of it is lost.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/files.hh"

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

    TEST_CASE("all at one address share its limit also on new connections and others do not notice") {
        const TempDir folder;
        const std::string path = folder / "socket";
        auto setting = chatd_with(
            {"flood off", "flood-per-address 6/3600", "listen 127.0.0.1:0", "listen unix:" + path});
        setting.listeners = 2;
        const Daemon daemon{setting};
        const std::string told =
            "All at your address together may say 6 lines in 3600 seconds: further lines "
            "have to wait.";
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"}; // two of the six
        ada.expect_line("bob joined");
        ada.send("1\n/me 2\n/me 3\n/me 4\n");
        for (const std::string line : {"ada say: 1", "* ada 2", "* ada 3", "* ada 4"})
            bob.wait_for_line(line);
        bob.send("waits\n");
        bob.expect_line(told);
        Connection again{daemon.port()};
        again.send("carl\n\n");
        while (again.read_line().find(told) == std::string::npos) continue;

        const auto from = common::resolve_address("127.0.0.2:0").at(0);
        const auto speak = [&](Connection other) {
            other.send("eve\n\nhello\n/quit\n");
            other.wait_for_end();
            ada.expect_lines({"eve joined", "eve say: hello", "eve left"});
        };
        speak(Connection{common::start_connect(daemon.addresses().at(0), &from)});
        speak(Connection{common::Address::of_path(path)});
    }

    TEST_CASE("after ten wrong codes of an address the next one waits and is looked at all the same") {
        const Daemon daemon{chatd_with({"room lobby", "room den code sesame"})};
        constexpr std::string_view told =
            "Too many wrong codes came from your address: this one has to wait.";
        int tries = 0;
        // On a slow machine there are some more, since one more is allowed each six seconds.
        for (bool is_held = false; !is_held; ++tries) {
            Connection guesser{daemon.port()};
            guesser.send(text("eve", tries, "\nwrong\n"));
            for (std::string line; line.find("No room has that code") == line.npos && !is_held;) {
                line = guesser.read_line();
                is_held = line.find(told) != line.npos;
            }
            if (!is_held) continue;
            const auto from = common::resolve_address("127.0.0.2:0").at(0);
            Connection elsewhere{common::start_connect(daemon.addresses().at(0), &from)};
            elsewhere.send("ada\nsesame\n/quit\n");
            CHECK(elsewhere.read_to_end().find("You are in den.") != std::string::npos);
            ChatClient open{daemon, "bob"}; // which needs no code
            guesser.send("sesame\n");
            while (guesser.read_line().find("No room has that code") == std::string::npos) continue;
            while (guesser.read_line().find("You are in den.") == std::string::npos) continue;
        }
        CHECK(tries > 10);
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
