// SPDX-License-Identifier: ISC
// Names, rooms and operators with passwords, which authd checks for the hub.
#include "tests/e2e/chat_client.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <unistd.h>

using namespace e2e;
using common::text;

namespace {

// A server with users chief (an operator) and Zoe, whose passwords are pass-NAME.
struct Office {
    Office() {
        write_file(users, text("chief:", hash_of("pass-chief"), ":-:operator\nZoe:", hash_of("pass-Zoe"),
                               ":-:-\ngone:*:-:-\n"));
        std::filesystem::permissions(users.native(), std::filesystem::perms::owner_all);
        daemon.emplace(chatd_with({"users " + users.native(), "room lobby", "login-holdoff 0",
                                   "room vault code-hash " + hash_of("open-sesame"),
                                   "operator night " + hash_of("owl") + " lobby",
                                   "operator day " + hash_of("sun"), "room plans code s3cret"}));
    }
    TempDir folder;
    Path users = folder / "users";
    std::optional<Daemon> daemon;
};

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a name in the user file needs its password in whatever case it is typed") {
        Office office;
        ChatClient zoe{*office.daemon};
        zoe.send("ZOE\nwrong\nzoe\npass-Zoe\n\n");
        zoe.expect_lines({"Your name: Password: That is not the password.",
                          "Your name: Password: Room code: " + welcome_to("lobby")});
        zoe.expect_token();
        ChatClient guest{*office.daemon, "guest"};
        zoe.expect_line("guest joined");
        zoe.say("hello");
        guest.expect_line("Zoe say: hello"); // as the file spells it
        guest.send("/nick zoe\n/nick GONE\n/nick guest2\n");
        guest.expect_lines({"Somebody here has that name: choose another.",
                            "That name has a password: it is taken at the question for your name."});
        zoe.expect_line("guest is now guest2");
        ChatClient locked{*office.daemon};
        locked.send("gone\n*\n");
        locked.expect_line("Your name: Password: That is not the password.");
    }

    TEST_CASE("who has the password displaces a connection that is dead") {
        Office office;
        ChatClient guest{*office.daemon, "guest"}, ghost{*office.daemon};
        ghost.send("Zoe\npass-Zoe\n\n");
        ghost.wait_for_line("Your name: Password: Room code: " + welcome_to("lobby"));
        guest.expect_line("Zoe joined");
        ChatClient zoe{*office.daemon};
        zoe.send("zoe\npass-Zoe\n\n");
        zoe.wait_for_line("Your name: Password: Room code: " + welcome_to("lobby"));
        ghost.wait_for_line("Your place was taken again from another connection.");
        ghost.wait_for_end();
        guest.expect_lines({"Zoe left", "Zoe joined"});
    }

    TEST_CASE("wrong passwords end the connection after login-tries") {
        Office office;
        ChatClient zoe{*office.daemon};
        zoe.send("zoe\na\nzoe\nb\nzoe\nc\nzoe\npass-Zoe\n");
        const std::string wrong = "Your name: Password: That is not the password.";
        zoe.expect_lines({wrong, wrong, "Your name: Password: That was the last try."});
        CHECK(zoe.read_to_end().empty());
    }

    TEST_CASE("a user with the right operator is one and so is who knows an operator's password") {
        Office office;
        ChatClient chief{*office.daemon}, guest{*office.daemon, "guest"}, other{*office.daemon, "other"};
        chief.send("chief\npass-chief\n\n/mute guest 1h\n/unmute guest\n");
        chief.wait_for_line("chief muted guest 1h");
        chief.wait_for_line("chief unmuted guest");
        guest.wait_for_line("chief unmuted guest");
        guest.send("/oper night sun\n/oper nobody1 owl\n/oper night\n/oper night owl\n/mute other\n");
        guest.expect_lines({"That is not the password.", "That is not the password.",
                            "Like this: /oper NAME PASSWORD", "You are an operator now.",
                            "guest muted other"});
        guest.send(
            "/join plans s3cret\n/moderate on\n/oper day sun\n/moderate on\n"); // night is of the lobby only
        guest.expect_lines({welcome_to("plans"), "Only an operator can do that.", "You are an operator now.",
                            "guest lets only those with a voice speak"});
        CHECK(office.daemon->log().find("operator night is guest") != std::string::npos);
        CHECK(office.daemon->log().find("owl") == std::string::npos);
    }

    TEST_CASE("a code that is kept as a hash leads into its room at the prompt and with join") {
        Office office;
        ChatClient ada{*office.daemon};
        ada.send("ada\nwrong\nopen-sesame\n");
        ada.expect_lines({"Your name: Room code: No room has that code. Tries left: 2.",
                          "Room code: " + welcome_to("vault")});
        ada.expect_token();
        ChatClient bob{*office.daemon, "bob"};
        bob.send("/join vault wrong\n/join vault owl\n/join vault\n/join owl\n/who vault\n");
        const std::string_view no_code = "No room has that code.";
        bob.expect_lines({no_code, no_code, no_code, no_code,
                          "There is no such room, or it is not for you: /rooms lists them."});
        ChatClient eve{*office.daemon, "eve"};
        eve.send("/join vault open-sesame\n");
        eve.expect_line(welcome_to("vault"));
        ada.wait_for_line("eve joined");
        eve.send("/rooms\n");
        eve.wait_for_line("vault (code, you are in it) 2 here");
    }

    TEST_CASE("a HUP changes hashes and operators and brings an authd where there was none") {
        const TempDir folder;
        const std::string config = folder / "chatd.conf";
        write_file(config, "room lobby\n");
        Daemon::Setting setting = chatd_with({});
        setting.options = {"-f", config};
        const Daemon daemon{setting};
        ChatClient ada{daemon, "ada"};
        ada.send("/oper day sun\n");
        ada.expect_line("That cannot be done now.");
        std::size_t seen = 0;
        for (const std::string_view password : {"sun", "moon"}) {
            write_file(config, text("room lobby\noperator day ", hash_of(password), '\n'));
            ::kill(daemon.pid(), SIGHUP);
            seen = daemon.wait_for_log("configuration read again", seen);
            ChatClient next{daemon, text("next-", password)};
            next.send(text("/oper day dark\n/oper day ", password, '\n'));
            next.wait_for_line("That is not the password.");
            next.wait_for_line("You are an operator now.");
        }
    }

    TEST_CASE("an address from which too many wrong passwords came has to wait") {
        const TempDir folder;
        write_file(folder / "users", text("zoe:", hash_of("right"), ":-:-\n"));
        const Daemon daemon{chatd_with({text("users ", (folder / "users").native()), "login-tries 2"})};
        ChatClient first{daemon}, second{daemon};
        first.send("zoe\n1\nzoe\n2\n");
        first.expect_lines({"Your name: Password: That is not the password.",
                            "Your name: Password: That was the last try."});
        second.send("zoe\nright\n");
        second.expect_line(
            "Your name: Password: Too many wrong passwords came from your address: try again later.");
    }
}
