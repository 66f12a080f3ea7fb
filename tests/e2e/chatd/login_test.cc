// SPDX-License-Identifier: ISC
// Names, rooms and operators with passwords, which authd checks for the hub.
#include "tests/e2e/chat_client.hh"

#include "common/text.hh"
#include "tests/e2e/files.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/e2e/pty.hh"
#include "tests/skip.hh"

#include <csignal>
#include <doctest/doctest.h>
#include <unistd.h>

using namespace e2e;
using namespace std::string_literals;
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

pid_t authd_of(const Daemon& daemon) {
    pid_t found = -1;
    const pid_t spawner = spawner_of(daemon);
    wait_until("authd is there", [&] {
        for (const ProcessStatus& child : children_of(daemon.pid()))
            if (child.pid != daemon.main_pid() && child.pid != spawner && is_alive(child.pid))
                found = child.pid;
        return found != -1;
    });
    return found;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a name in the user file needs its password in whatever case it is typed") {
        Office office;
        ChatClient zoe{*office.daemon};
        zoe.send("ZOE\nwrong\npass-Zoe\n\n");
        zoe.expect_lines({"Your name: Password: That is not the password.", "Enter alone: another name.",
                          "Password: Room code: " + welcome_to("lobby")});
        zoe.expect_token();
        ChatClient guest{*office.daemon, "guest"};
        zoe.expect_line("guest joined");
        zoe.say("hello");
        guest.expect_line("Zoe say: hello"); // as the file spells it
        guest.send("/nick zoe\n/nick GONE\n/nick guest2\n");
        guest.expect_lines({"Somebody here has that name: choose another.",
                            "That name has a password: give it at the prompt for your name."});
        zoe.expect_line("guest is now guest2");
        ChatClient locked{*office.daemon};
        locked.send("gone\n*\n");
        locked.expect_line("Your name: Password: That is not the password.");
    }

    TEST_CASE("an operator who has logged in and is in no room yet is one when another hub lets it in") {
        Office office;
        const Daemon& daemon = *office.daemon;
        ChatClient guest{daemon, "guest"}, chief{daemon};
        chief.send("chief\npass-chief\n");
        chief.wait_for_text("Room code: ");
        ::kill(daemon.main_pid(), SIGKILL);
        daemon.wait_for_log("going on after a hub");
        chief.send("\n/mute guest\n");
        guest.wait_for_line("chief muted guest");
        ChatClient zoe{daemon}; // authd knows what it has to by this hub, too
        zoe.send("Zoe\npass-Zoe\n\n");
        guest.wait_for_line("Zoe joined");
    }

    TEST_CASE("a name that looks like one of the user file needs its password and becomes that") {
        Office office;
        ChatClient fake{*office.daemon};
        fake.send("g0ne\n\nZ0e\npass-Zoe\n\n");
        fake.expect_line("Your name: Password: Your name: Password: Room code: " + welcome_to("lobby"));
        fake.expect_token();
        ChatClient guest{*office.daemon, "guest"};
        fake.send("hello\n");
        guest.expect_line("Zoe say: hello");
        guest.send("/nick ch1ef\n");
        guest.expect_line("That name has a password: give it at the prompt for your name.");
    }

    TEST_CASE("what is typed at a password prompt is never a name and never shown or kept") {
        Office office;
        ChatClient guest{*office.daemon, "guest"}, zoe{*office.daemon};
        zoe.send("Zoe\n");
        zoe.wait_for_text("Password: ");
        zoe.send("mistyped-secret\n");
        zoe.wait_for_text("Enter alone: another name.\nPassword: ");
        CHECK(chatctl(*office.daemon, {"who"}).find("secret") == std::string::npos);
        zoe.send("mistyped-secret-2\n");
        zoe.wait_for_text("Enter alone: another name.\nPassword: ");
        zoe.send("pass-Zoe\n\n");
        guest.expect_line("Zoe joined");
        chatctl(*office.daemon, {"stats"});
        const std::string who = chatctl(*office.daemon, {"who"});
        for (const std::string_view secret : {"mistyped-secret", "pass-Zoe"}) {
            CHECK(who.find(secret) == std::string::npos);
            CHECK(office.daemon->log().find(secret) == std::string::npos);
            for (const auto& entry : std::filesystem::recursive_directory_iterator(office.daemon->state()))
                if (entry.is_regular_file()) CHECK(read_file(entry.path()).find(secret) == std::string::npos);
        }
    }

    TEST_CASE("Enter alone at the password goes back to the name") {
        Office office;
        ChatClient eve{*office.daemon};
        eve.send("zoe\nno\n\neve\n\n");
        eve.expect_lines({"Your name: Password: That is not the password.", "Enter alone: another name.",
                          "Password: Your name: Room code: " + welcome_to("lobby")});
        ChatClient mallory{*office.daemon}; // for whom a password that is not asked for is a name like others
        mallory.send("zoe\n\n\n");
        mallory.expect_line("Your name: Password: Your name: A name cannot be empty.");
    }

    TEST_CASE("at telnet and chat a password is asked for again without being shown") {
        Office office;
        ChatClient guest{*office.daemon, "guest"};
        const std::string port = text(office.daemon->port());
        for (const Words& command : {Words{"telnet", "127.0.0.1", port}, Words{"chat", "127.0.0.1:" + port}})
            for (const std::string_view type : {"TERM=xterm", "TERM=dumb"}) {
                if (command[0] == "chat" && type == "TERM=dumb") continue; // a pipe to it
                Pty zoe{command, {std::string{type}, "LC_ALL=C"}};
                zoe.wait_for("Your name: ");
                zoe.type("Zoe\r");
                zoe.wait_for("Password: ");
                zoe.type("mistyped\r");
                zoe.wait_for("Enter alone: another name.");
                zoe.wait_for("Password: ");
                zoe.type("\r");
                zoe.wait_for("Your name: ");
                zoe.type("zoe\r");
                zoe.wait_for("Password: ");
                zoe.type("pass-Zoe\r");
                zoe.wait_for("Room code: ");
                zoe.type("\r");
                zoe.wait_for(welcome_to("lobby"));
                guest.wait_for_line("Zoe joined");
                zoe.type("/quit\r");
                zoe.wait_for("Goodbye.");
                guest.expect_line("Zoe left");
                CHECK(zoe.screen().find("mistyped") == std::string::npos);
                CHECK(zoe.screen().find("pass-Zoe") == std::string::npos);
            }
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
        ghost.wait_for_line("Your place was taken over by another connection.");
        ghost.wait_for_end();
        guest.expect_lines({"Zoe left", "Zoe joined"});
    }

    TEST_CASE("wrong passwords end the connection after login-tries") {
        Office office;
        ChatClient zoe{*office.daemon};
        zoe.send("zoe\na\n/help\n" + std::string(5000, 'x') + "\npass-Zoe\n");
        zoe.expect_lines({"Your name: Password: That is not the password.", "Enter alone: another name.",
                          "Password: That is not the password.", "Enter alone: another name.",
                          "Password: That was the last try."});
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
                            "Usage: /oper NAME PASSWORD", "You are an operator now.", "guest muted other"});
        guest.send(
            "/join plans s3cret\n/moderate on\n/oper day sun\n/moderate on\n"); // night is of the lobby only
        guest.expect_lines({welcome_to("plans"), "Only an operator can do that.", "You are an operator now.",
                            "guest lets only those with a voice speak"});
        CHECK(office.daemon->log().find("operator night is guest") != std::string::npos);
        CHECK(office.daemon->log().find("owl") == std::string::npos);
    }

    TEST_CASE("an operator's name of any length is only a wrong one") {
        Office office;
        for (const std::size_t size : {119, 120, 128, 129, 500}) {
            CAPTURE(size);
            ChatClient guest{*office.daemon, text("guest", size)};
            guest.send(text("/oper ", std::string(size, 'n'), " owl\n/topic\n"));
            guest.wait_for_line("That is not the password.");
            guest.wait_for_line("lobby has no topic.");
        }
    }

    TEST_CASE("a user who is banned is no operator under any other name") {
        Office office;
        CHECK(chatctl(*office.daemon, {"ban", "chief"}).empty());
        ChatClient chief{*office.daemon};
        chief.send("chief\npass-chief\n");
        chief.expect_line("Your name: Password: That name is banned here.");
        chief.send("other\n");
        chief.expect_line("Your name: That name is banned here.");
        CHECK(chatctl(*office.daemon, {"unban", "chief"}).empty());
        ChatClient guest{*office.daemon, "guest"};
        chief.send("other\n\n/mute guest\n/kick guest\n");
        chief.expect_line("Your name: Room code: " + welcome_to("lobby"));
        chief.wait_for_line("Only an operator can do that.");
        chief.expect_line("Only an operator can do that.");
        chief.send("/who\n");
        chief.expect_lines({"guest", "other"});
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
                          "There is no such room, or you may not see it: /rooms lists the rooms."});
        ChatClient eve{*office.daemon, "eve"};
        eve.send("/join vault open-sesame\n");
        eve.expect_line(welcome_to("vault"));
        ada.wait_for_line("eve joined");
        eve.send("/rooms\n");
        eve.wait_for_line("vault (code, you are in it) 2 here");
    }

    TEST_CASE("when authd dies before it knows a name what was sent ahead is thrown away and never a name") {
        if (!have_proc()) return tests::skip("only /proc shows it");
        Office office;
        const Daemon& daemon = *office.daemon;
        ChatClient guest{daemon, "guest"};
        for (const std::string& end : {"\n"s, "\r\n"s}) { // nc and telnet
            ChatClient zoe{daemon};
            zoe.wait_for_text("Your name: ");
            const pid_t authd = authd_of(daemon);
            const std::size_t held = descriptors_of(daemon.main_pid()).size();
            REQUIRE(::kill(authd, SIGSTOP) == 0);
            if (end == "\n")
                zoe.send("Zoe\npass-Zoe\ns3cret\n");
            else
                zoe.send("\xff\xfc\x18\xff\xfe\x01\xff\xfe\x03Zoe\r\npass-Zoe\r\ns3cret\r\n");
            wait_until("the hub has asked authd", [&] { // on a pair of its own
                return descriptors_of(daemon.main_pid()).size() > held;
            });
            REQUIRE(::kill(authd, SIGKILL) == 0);
            zoe.wait_for_text(text("That cannot be done now.", end,
                                   "What you had sent ahead was thrown away.", end, "Your name: "));
            zoe.send("Zoe" + end);
            zoe.wait_for_text("Password: "); // of the next authd
            zoe.send(text("pass-Zoe", end, end));
            zoe.wait_for_text(welcome_to("lobby"));
            guest.expect_line("Zoe joined");
            zoe.send("/quit" + end);
            guest.expect_line("Zoe left");
        }
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
        first.send("zoe\n1\n2\n");
        first.expect_lines({"Your name: Password: That is not the password.", "Enter alone: another name.",
                            "Password: That was the last try."});
        second.send("zoe\nright\n");
        second.expect_line(
            "Your name: Password: Too many wrong passwords came from your address: try again later.");
    }
}
