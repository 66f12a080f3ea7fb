// SPDX-License-Identifier: ISC
// What clients send that is no chat costs at most the one that sends it.
#include "tests/e2e/chat_client.hh"
#include "tests/skip.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <signal.h>

using namespace e2e;
using common::text;

namespace {

void check_serves(const Daemon& daemon, ChatClient& listener, std::string_view name) {
    ChatClient client{daemon, name};
    listener.wait_for_line(text(name, " joined"));
    client.say("hello");
    listener.expect_line(text(name, " say: hello"));
    client.close();
    listener.wait_for_line(text(name, " left"));
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a mebibyte without a line's end is one over-long line") {
        const Daemon daemon{chatd_with({"history-on-join 0"})};
        ChatClient ada{daemon, "ada"}, bob{daemon};
        const std::string much(1 << 20, 'x');
        bob.send(much + "\n");
        bob.expect_line("Your name: That name is too long: 32 columns at most.");
        bob.send("bob\n" + much + "\n" + much); // a code; and half a line at the end
        bob.half_close();
        bob.expect_line("Your name: Room code: No room has that code. Tries left: 2.");
        CHECK(bob.read_to_end() == "Room code: No room has that code. Tries left: 1.\nRoom code: ");
        check_serves(daemon, ada, "bob");
        bob = ChatClient{daemon, "bob"};
        bob.send(much);
        if (!is_sanitized()) CHECK(resident_bytes(handler_of(daemon, bob)) < (16 << 20));
        bob.send("\nhello\n");
        bob.expect_line("That line is too long and was not sent: 2000 bytes at most.");
        ada.wait_for_line("bob say: hello");
    }

    TEST_CASE("bytes that are no text are made harmless or refused and nobody else is hurt") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        for (unsigned seed = 1; seed <= 4; ++seed) {
            ChatClient client{daemon, "binary"};
            client.try_send(make_bytes(256 * 1024, seed));
            client.half_close();
            client.wait_for_end();
            for (std::string line; line != "binary left"; line = ada.read_line())
                for (const char c : line) REQUIRE((static_cast<unsigned char>(c) >= ' ' && c != '\x7f'));
        }
        Connection raw{daemon.port()};
        raw.try_send(make_bytes(256 * 1024, 5)); // where a name is asked for
        raw.half_close();
        raw.wait_for_end();
        check_serves(daemon, ada, "bob");
    }

    TEST_CASE("what comes after the last line's end is a line when the input ends in order and else none") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        bob.send("whole\n/who\nlast");
        bob.half_close();
        ada.expect_lines({"bob joined", "bob say: whole", "bob say: last", "bob left"});
        bob.expect_lines({"ada", "bob"});
        CHECK(bob.read_to_end().empty());
        ChatClient carl{daemon, "carl"};
        carl.send(std::string(2001, 'x') + "\n" + std::string(9000, 'x')); // each is refused, and once
        carl.half_close();
        const std::string refused = "That line is too long and was not sent: 2000 bytes at most.\n";
        CHECK(carl.read_to_end().ends_with(refused + refused));
        ada.expect_lines({"carl joined", "carl left"});
        for (const std::string end : {"\n", "\r\n", "\r", ""}) {
            Connection script{daemon.port()};
            script.send("eve\n\nhello" + end);
            script.half_close();
            script.wait_for_end();
            ada.expect_lines({"eve joined", "eve say: hello", "eve left"});
        }
        for (const std::string typed : {"", "n", "name\n", "name\ncode"}) {
            Connection nobody{daemon.port()};
            nobody.send(typed);
            nobody.half_close();
            CHECK(nobody.read_to_end().starts_with("Your name: "));
        }
        ChatClient cut{daemon, "cut"};
        cut.send("whole\nhalf");
        ada.expect_lines({"cut joined", "cut say: whole"});
        cut.reset();
        ada.expect_line("cut left");
        Connection telnet{daemon.port()};
        telnet.send("\xff\xfb\x1ftess\r\n\r\nwhole\r\ndraft"); // WILL NAWS
        telnet.half_close();
        telnet.wait_for_end();
        ada.expect_lines({"tess joined", "tess say: whole", "tess left"});
        check_serves(daemon, ada, "name");
    }

    TEST_CASE("a client that dies in the middle of a line or of its login is gone and its name is free") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        for (int round = 0; round < 3; ++round) {
            ChatClient bob{daemon, "bob"};
            bob.send("one\nhalf of a li");
            ada.expect_lines({"bob joined", "bob say: one"});
            bob.reset();
            ada.expect_line("bob left");
            ChatClient naming{daemon};
            naming.say("bob");
            naming.wait_for_text("Room code: ");
            const std::string end = text("end ", naming.local().shown(), ' ');
            naming.reset();
            daemon.wait_for_log(end);
        }
        check_serves(daemon, ada, "bob");
    }

    TEST_CASE("lines that came before a reset are said") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"}, bob{daemon, "bob"};
        ada.expect_line("bob joined");
        bob.send("one\ntwo\n/who\n");
        bob.read_line(); // the answer comes after both
        bob.reset();
        ada.expect_lines({"bob say: one", "bob say: two", "bob left"});
    }

    TEST_CASE("a request of a browser does no harm") {
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        Connection browser{daemon.port()};
        browser.send("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n");
        browser.half_close();
        CHECK(browser.read_to_end().find("HTTP") == std::string::npos);
        check_serves(daemon, ada, "bob");
    }
}

TEST_SUITE("e2e slow") {
    TEST_CASE("after ten thousand connects and closes chatd is as it was") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        constexpr int times = 10'000;
        const Daemon daemon{chatd_with({})};
        ChatClient ada{daemon, "ada"};
        check_serves(daemon, ada, "bob");
        const pid_t spawner = spawner_of(daemon);
        const auto descriptors = [&] {
            return descriptors_of(daemon.main_pid()).size() + descriptors_of(spawner).size();
        };
        const auto wait_for_all = [&] {
            wait_until("all of them are gone", [&] {
                return chatctl(daemon, {"stats"}).find("clients 1\n") != std::string::npos &&
                       children_of(spawner).size() == 1;
            });
        };
        const std::size_t before = descriptors();
        const std::size_t memory = resident_bytes(daemon.main_pid()) + resident_bytes(spawner);
        for (int i = 0; i < times; ++i) {
            if (i % 200 == 0) { // more at a time, and there would be no room for more from one address
                ChatClient{daemon, text("guest", i)};
                wait_for_all();
            }
            Connection client{daemon.port()};
            if (i % 3 == 1) client.try_send("half a na");
            if (i % 3 == 2) client.reset();
        }
        wait_for_all();
        CHECK(descriptors() == before);
        CHECK(resident_bytes(daemon.main_pid()) + resident_bytes(spawner) < memory + (4 << 20));
        CHECK(spawner_of(daemon) == spawner);
        check_serves(daemon, ada, "carl");
    }
}
