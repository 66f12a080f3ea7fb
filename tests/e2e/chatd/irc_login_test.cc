// SPDX-License-Identifier: ISC
// How clients of IRC come in: in every order that is seen in the field, with and without a password, and who
// does not come in.
#include "tests/e2e/irc_client.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <optional>

using namespace e2e;
using common::text;

namespace {

// A server with a user Zoe, whose password is `horse'.
struct Office {
    explicit Office(const Words& more = {}) {
        write_file(users, text("Zoe:", hash_of("horse"), ":-:-\n"));
        std::filesystem::permissions(users.native(), std::filesystem::perms::owner_all);
        Words lines{"users " + users.native(), "room lobby", "login-holdoff 0"};
        lines.insert(lines.end(), more.begin(), more.end());
        daemon.emplace(irc_with(lines));
    }
    TempDir folder;
    Path users = folder / "users";
    std::optional<Daemon> daemon;
};

const std::string zoe_and_horse = "AFpvZQBob3JzZQ==";  // \0Zoe\0horse
const std::string zoe_and_donkey = "AFpvZQBkb25rZXk="; // \0Zoe\0donkey

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("IRC: a password is asked for by SASL only where names may have one") {
        const Daemon without{irc_with()};
        IrcClient ada{without};
        ada.say("CAP LS 302");
        CHECK(ada.read_line().find("sasl") == std::string::npos);
        ada.say("CAP REQ :sasl");
        ada.expect_line(":chatd.local CAP * NAK :sasl");
        const Office office;
        IrcClient zoe{*office.daemon};
        zoe.say("CAP LS");
        CHECK(zoe.read_line().find(" sasl ") != std::string::npos);
    }

    TEST_CASE("IRC: clients come in by whatever order of words they have") {
        const Daemon daemon{irc_with()};
        int count = 0;
        for (
            const std::string_view order :
            {"NICK :%\r\nUSER % 0 * :%\r\n", "USER % 0 * %\nNICK %\n",
             "CAP LS 302\r\nJOIN :\r\nNICK %\r\nUSER % % localhost :%\r\nCAP REQ :server-time\r\nCAP END\r\n",
             "CAP LS 302\r\nPASS :unneeded\r\nNICK %\r\nUSER % 0 * :%\r\nCAP REQ multi-prefix\r\nCAP END\r\n",
             "NICK %\r\nCAP LS\r\nUSER % 0 * :%\r\nCAP LIST\r\nCAP END\r\n"}) {
            const std::string nick = text("someone", ++count);
            std::string lines;
            for (const char byte : order) lines += byte == '%' ? nick : std::string(1, byte);
            IrcClient client{daemon};
            client.send(lines);
            client.wait_for(text(" 001 ", nick, " :"));
            client.wait_for(text(" 005 ", nick, " "));
            client.wait_for(text(" 422 ", nick, " :"));
            client.join("#lobby");
        }
    }

    TEST_CASE("IRC: a client that sends a byte at a time comes in as well") {
        const Daemon daemon{irc_with()};
        IrcClient client{daemon};
        for (const char byte : std::string_view{"NICK ada\r\nUSER u 0 * :x\r\n"}) client.send({&byte, 1});
        client.wait_for(" 001 ada :");
    }

    TEST_CASE("IRC: a name with an account needs its password by SASL or PASS") {
        const Office office;
        const Daemon& daemon = *office.daemon;
        IrcClient without{daemon};
        without.say("NICK zoe");
        without.say("USER u 0 * :x");
        CHECK(without.read_line().starts_with(":chatd.local 433 * zoe :That name has a password"));
        without.say("NICK other");
        without.wait_for(" 001 other ");

        IrcClient wrong{daemon};
        wrong.send("PASS donkey\r\nNICK zoe\r\nUSER u 0 * :x\r\n");
        wrong.expect_line(":chatd.local 464 * PASS :Password incorrect");
        wrong.wait_for(" 433 * zoe ");
        wrong.send("PASS horse\r\nNICK zoe\r\n");
        wrong.wait_for(" 001 Zoe ");
        wrong.say("QUIT");
        wrong.wait_for("ERROR");

        IrcClient sasl{daemon};
        sasl.send("CAP LS 302\r\nNICK zoe\r\nUSER u 0 * :x\r\nCAP REQ :sasl\r\n");
        CHECK(sasl.read_line().find(" sasl=PLAIN") != std::string::npos);
        sasl.wait_for(" ACK ");
        sasl.say("AUTHENTICATE PLAIN");
        sasl.expect_line("AUTHENTICATE +");
        sasl.say("AUTHENTICATE " + zoe_and_donkey);
        sasl.expect_line(":chatd.local 904 * :SASL authentication failed");
        sasl.say("AUTHENTICATE PLAIN");
        sasl.expect_line("AUTHENTICATE +");
        sasl.say("AUTHENTICATE *");
        sasl.expect_line(":chatd.local 906 * :SASL authentication aborted");
        sasl.say("AUTHENTICATE PLAIN");
        sasl.expect_line("AUTHENTICATE +");
        sasl.say("AUTHENTICATE " + zoe_and_horse);
        sasl.wait_for(" 900 * * ");
        sasl.wait_for(" 903 * ");
        sasl.say("CAP END");
        sasl.wait_for(" 001 Zoe ");
    }

    TEST_CASE("IRC: an account takes its name back from its dead connection") {
        const Office office;
        const Daemon& daemon = *office.daemon;
        IrcClient first{daemon};
        first.send("PASS horse\r\nNICK Zoe\r\nUSER u 0 * :x\r\n");
        first.wait_for(" 422 ");
        IrcClient second{daemon};
        SUBCASE("by SASL") {
            second.send(
                text("CAP REQ :sasl\r\nNICK Zoe\r\nUSER u 0 * :x\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE ",
                     zoe_and_horse, "\r\nCAP END\r\n"));
        }
        SUBCASE("by PASS") { second.send("PASS horse\r\nNICK Zoe\r\nUSER u 0 * :x\r\n"); }
        second.wait_for(" 001 Zoe ");
        CHECK(
            first.read_to_end().ends_with("ERROR :Closing link: You have come in again from elsewhere\r\n"));
        second.join("#lobby");
    }

    TEST_CASE("IRC: who does not register in time is sent away and who has may stay in no room") {
        const Daemon daemon{irc_with({"room lobby", "login-timeout 1"})};
        IrcClient inside{daemon, "ada"};
        IrcClient silent{daemon}, negotiating{daemon};
        negotiating.say("CAP LS 302");
        CHECK(silent.read_to_end() == "ERROR :Closing link: Registration took too long\r\n");
        CHECK(negotiating.read_to_end().ends_with("ERROR :Closing link: Registration took too long\r\n"));
        inside.expect_silence();
    }

    TEST_CASE("IRC: a browser is no client") {
        const Daemon daemon{irc_with()};
        IrcClient browser{daemon};
        browser.send("POST /x HTTP/1.1\r\nHost: chat\r\n\r\nNICK ada\r\nUSER u 0 * :x\r\nPRIVMSG ada :x\r\n");
        CHECK(browser.read_to_end() == "ERROR :Closing link: This is no web server\r\n");
    }

    TEST_CASE("IRC: names that cannot be are refused with the reason and another one can be") {
        const Daemon daemon{irc_with()};
        const IrcClient ada{daemon, "ada"};
        IrcClient client{daemon};
        client.say("USER u 0 * :x");
        for (const auto& [nick, number] :
             std::initializer_list<std::pair<std::string_view, std::string_view>>{{"ADA", "433"},
                                                                                  {"a!b", "432"},
                                                                                  {"#lobby", "432"},
                                                                                  {"admin", "432"},
                                                                                  {"a,b", "432"},
                                                                                  {":", "431"}}) {
            client.say(text("NICK ", nick));
            CHECK(client.read_line().starts_with(text(":chatd.local ", number, " * ")));
        }
        client.say("NICK 张三");
        client.wait_for(" 001 张三 ");
        client.say("NICK ada");
        client.wait_for(":chatd.local 433 张三 ada :");
    }
}
