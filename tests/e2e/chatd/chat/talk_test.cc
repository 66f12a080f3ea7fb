// SPDX-License-Identifier: ISC
// chat, the client, with chatd: what a person at a terminal and what a script sees.
#include "tests/e2e/chat_client.hh"

#include "common/socket.hh"
#include "common/text.hh"
#include "tests/screen.hh"

#include <doctest/doctest.h>
#include <signal.h>

using namespace e2e;
using common::text;

namespace {

Daemon::Setting chat_server(Words lines = {}) {
    lines.emplace_back("history-on-join 0");
    return chatd_with(std::move(lines));
}

std::string address_of(const Daemon& daemon, std::string_view name = {}) {
    return text(name, name.empty() ? "" : "@", "127.0.0.1:", daemon.port());
}

// Without colours; and chat needs no locale to know what a character is.
const Words plain_locale{"LC_ALL=C", "TERM="};

std::string shown_on(const Pty& terminal) {
    tests::Screen screen{80};
    screen.write(terminal.screen());
    return screen.text();
}

// A person at a terminal who is in the room.
struct Person {
    Person(const Daemon& daemon, const std::string& name)
        : terminal({"chat", address_of(daemon)}, plain_locale) {
        terminal.wait_for("Your name: ");
        terminal.type(name + "\r");
        terminal.wait_for("Room code: ");
        terminal.type("\r");
        terminal.wait_for("/help lists what you can do.\r\n");
        terminal.wait_for("> ");
    }
    Pty terminal;
};

const std::string in_room =
    "Enter alone: lobby\nRoom code:\nYou are in lobby. /help lists what you can do.\n";

// The shell that runs chat, and what the terminal's modes are before and behind it.
struct Shell {
    explicit Shell(const Words& command, const std::string& more = "") {
        std::string script = "TERM=xterm; export TERM; trap : INT QUIT; stty -a; sh -c 'echo \"pid $$,\"; "
                             "exec \"$0\" \"$@\"' '" +
                             find_program("chat") + "'";
        for (const std::string& word : command) script += " '" + word + "'";
        terminal.emplace(Words{"sh", "-c", script + "; echo \"status $?\"; stty -a; echo done" + more});
    }
    pid_t pid() const {
        const std::string screen = terminal->screen();
        return static_cast<pid_t>(std::stol(screen.substr(screen.find("pid ") + 4)));
    }
    void check_modes(const std::string& status) {
        terminal->wait_for("status " + status + "\r\n");
        terminal->wait_for("done");
        const std::string screen = terminal->screen();
        const std::string before = screen.substr(0, screen.find("pid "));
        const std::size_t modes = screen.find("status " + status + "\r\n") + status.size() + 9;
        CHECK(before.find(" icanon") != before.npos);
        CHECK(screen.substr(modes, screen.rfind("done") - modes) == before);
        // Bracketed paste was switched on, and its last word is off.
        CHECK(screen.find("\x1b[?2004h") != screen.npos);
        CHECK(screen.rfind("\x1b[?2004l") > screen.rfind("\x1b[?2004h"));
        CHECK(screen.rfind("\x1b[0m") < screen.find("status "));
    }
    std::optional<Pty> terminal;
};

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("people with chat and nc talk and each screen is right") {
        const Daemon daemon{chat_server()};
        Person ada{daemon, "ada"};
        Person zhang{daemon, "张三"};
        ada.terminal.wait_for("张三 joined");
        ChatClient eve{daemon, "eve"};
        zhang.terminal.wait_for("eve joined");
        ada.terminal.wait_for("eve joined");

        ada.terminal.type("hello\r");
        zhang.terminal.wait_for("ada say: hello");
        ada.terminal.type("half a li");
        ada.terminal.wait_for("half a li");
        zhang.terminal.type("你好\r");
        ada.terminal.wait_for("张三 say: 你好\r\n> half a li");
        ada.terminal.type("ne\r");
        eve.expect_lines({"ada say: hello", "张三 say: 你好", "ada say: half a line"});
        eve.say("I use nc");
        zhang.terminal.wait_for("eve say: I use nc\r\n> ");
        ada.terminal.wait_for("eve say: I use nc\r\n> ");

        CHECK(shown_on(ada.terminal) ==
              "Your name: ada\n" + in_room +
                  "Nobody else is here.\n张三 joined\neve joined\n> hello\n张三 say: 你好\n> half a line\n"
                  "eve say: I use nc\n>\n");
        CHECK(shown_on(zhang.terminal) ==
              "Your name: 张三\n" + in_room +
                  "Here with you: ada\neve joined\nada say: hello\n> 你好\nada say: half a line\n"
                  "eve say: I use nc\n>\n");
    }

    TEST_CASE(
        "name and code on the command line answer what is asked and a refused one is asked of the person") {
        const Daemon daemon{chat_server({"room lobby", "room plans code s3cret"})};
        ChatClient taken{daemon, "ada"};
        Pty terminal{{"chat", address_of(daemon, "ada"), "s3cret"}};
        terminal.wait_for("Somebody here has that name");
        terminal.wait_for("Your name: ");
        terminal.type("bob\r");
        terminal.wait_for("You are in plans."); // the code was for the code's question
        terminal.wait_for("> ");
        terminal.type("/quit\r");
        CHECK(terminal.wait() == 0);
        CHECK(terminal.screen().find("s3cret") == std::string::npos);

        Pty wrong{{"chat", address_of(daemon, "bob"), "wrong"}};
        wrong.wait_for("No room has that code.");
        wrong.wait_for("Room code: ");
        wrong.type("s3cret\r");
        wrong.wait_for("You are in plans.");
    }

    TEST_CASE("the room's code is not to be seen among the processes") {
        const Daemon daemon{chat_server({"room plans code s3cret"})};
        Pty terminal{{"chat", address_of(daemon, "ada"), "s3cret"}};
        terminal.wait_for("You are in plans.");
        const std::string words = read_file("/proc/" + std::to_string(terminal.pid()) + "/cmdline");
        CHECK(words.find("ada@") != words.npos);
        CHECK(words.find("s3cret") == words.npos);
    }

    TEST_CASE("chat speaks the language that it is asked for") {
        const Daemon daemon{chat_server()};
        Pty terminal{{"chat", "-l", "zh", address_of(daemon, "ada"), ""}, plain_locale};
        terminal.wait_for("/help");
        CHECK(terminal.screen().find("lobby") != std::string::npos);
        CHECK(terminal.screen().find("You are in") == std::string::npos);
        Pty unknown{{"chat", "-l", "tlh", address_of(daemon, "eve"), ""}};
        unknown.wait_for("There is no language tlh");
        unknown.wait_for("You are in lobby.");
    }

    TEST_CASE("no token is shown to a person with chat") {
        const Daemon daemon{chat_server()};
        Person ada{daemon, "ada"};
        ada.terminal.type("/help quit\r");
        ada.terminal.wait_for("/quit [TEXT]");
        CHECK(ada.terminal.screen().find("/resume") == std::string::npos);
    }

    TEST_CASE("the window's size and its changes reach the server") {
        const Daemon daemon{chat_server()};
        Person ada{daemon, "ada"};
        ada.terminal.resize(20, 24);
        const std::string most(16, 'a'); // with the prompt one column is left, before the last
        ada.terminal.type(most + "bcd");
        ada.terminal.wait_for("b");
        ada.terminal.type("\x01!");
        ada.terminal.wait_for("> !");
        tests::Screen screen{20};
        const std::string all = ada.terminal.screen();
        screen.write(all.substr(all.rfind("else is here.\r\n") + 15));
        CHECK(screen.text() == "> !" + most + "\nbcd\n");
        CHECK(screen.cursor() == "0:3");
        ada.terminal.resize(60, 24); // without a key
        ada.terminal.wait_for("\r\x1b[J> !" + most + "bcd\r> !");
    }

    TEST_CASE("a signal that the window has changed changes nothing on the screen when it has not") {
        const Daemon daemon{chat_server()};
        Person ada{daemon, "ada"};
        ada.terminal.type("draft");
        ada.terminal.wait_for("draft");
        for (const char key : std::string{"123"}) { // each comes behind what the signal did
            ada.terminal.signal(SIGWINCH);
            ada.terminal.type({&key, 1});
            ada.terminal.wait_for({&key, 1});
        }
        ChatClient bob{daemon, "bob"};
        ada.terminal.wait_for("bob joined\r\n> draft123");
        CHECK(shown_on(ada.terminal) ==
              "Your name: ada\n" + in_room + "Nobody else is here.\nbob joined\n> draft123\n");
    }

    TEST_CASE("in a pipe chat logs in and speaks and prints the answers and ends") {
        const Daemon daemon{chat_server()};
        ChatClient ada{daemon, "ada"};
        const Result script = run_client({"chat", address_of(daemon)}, "eve\n\nhello\n/who");
        CHECK(script.status == 0);
        CHECK(script.out.starts_with("You are in lobby. /help lists what you can do.\n"));
        CHECK(script.out.find("ada") != script.out.npos); // the last line needs no end
        CHECK(script.out.find('\x1b') == script.out.npos);
        CHECK(script.out.find("> ") == script.out.npos);
        CHECK(script.out.find("Your name") == script.out.npos);
        ada.expect_lines({"eve joined", "eve say: hello", "eve left"});
    }

    TEST_CASE("with -p chat speaks to chatd as nc does") {
        const Daemon daemon{chat_server()};
        const Result script = run_client({"chat", "-p", address_of(daemon)}, "eve\n\n/quit");
        CHECK(script.status == 0);
        CHECK(script.out.starts_with("Your name: Room code: You are in lobby."));
        CHECK(script.out.find("/resume") != script.out.npos);
    }

    TEST_CASE("a pipe's lines are said as they are also where they look like commands") {
        const Daemon daemon{chat_server()};
        ChatClient ada{daemon, "ada"};
        const Result build = run_client({"chat", address_of(daemon, "ci")},
                                        "cc -o x x.c\n/usr/bin/ld: cannot find -lm\n\nmake: *** Error 1\n");
        CHECK(build.status == 0);
        ada.expect_lines({"ci joined", "ci say: cc -o x x.c", "ci say: /usr/bin/ld: cannot find -lm",
                          "ci say: make: *** Error 1", "ci left"});
    }

    TEST_CASE("a pipe is told in its status what the server did not take") {
        const Daemon daemon{chat_server({"room lobby", "room plans code s3cret"})};
        ChatClient ada{daemon, "ada"};
        const auto check_fault = [&](const Words& command, std::string_view input, std::string_view fault) {
            const Result result = run_client(command, input);
            CHECK(result.status == 1);
            CHECK(result.err == text("chat: ", fault, '\n'));
        };
        check_fault({"chat", address_of(daemon, "ada")}, "hello\n",
                    "the server does not accept the name ada: Somebody here has that name: choose another.");
        check_fault({"chat", address_of(daemon, "eve"), "wrong"}, "hello\n",
                    "the server does not accept the room's code: No room has that code. Tries left: 2.");
        check_fault({"chat", address_of(daemon)}, "",
                    "the server asks for a name: give one, as in NAME@HOST");
        check_fault({"chat", address_of(daemon, "eve")}, std::string(3000, 'x') + "\nhello\n",
                    "the server has refused 1 of the lines");
        ada.wait_for_line("eve say: hello");
    }

    TEST_CASE("what a pipe says is said to the end when the server throws it out") {
        const Daemon daemon{chat_server()};
        ChatClient ada{daemon, "ada"};
        Process pipe{{"chat", address_of(daemon, "ci")}};
        pipe.write("one\n");
        ada.expect_lines({"ci joined", "ci say: one"});
        chatctl(daemon, {"mute", "-r", "lobby", "ci"});
        ada.expect_line("administrator muted ci");
        pipe.write("two\n");
        pipe.out().wait_for("muted");
        chatctl(daemon, {"kick", "ci"});
        CHECK(pipe.wait() == 1);
    }

    TEST_CASE("a socket in the file system is a server too") {
        Daemon::Setting setting = chat_server();
        const TempDir folder;
        const std::string path = folder / "chat.sock";
        setting.lines.push_back("listen unix:" + path);
        const Daemon daemon{setting};
        for (const std::string& operand : {path, "unix:" + path, "eve@" + path}) {
            const Result result = run_client({"chat", operand}, operand[0] == 'e' ? "" : "eve\n\n");
            CHECK(result.status == 0);
            CHECK(result.out.find("You are in lobby.") != result.out.npos);
        }
    }

    TEST_CASE("the terminal is as it was however a talk with chatd ends") {
        std::optional<Daemon> daemon{chat_server()};
        Shell shell{{address_of(*daemon, "ada"), ""}};
        Pty& terminal = *shell.terminal;
        terminal.wait_for("You are in lobby.");
        terminal.wait_for("> ");
        std::string status = "0";
        SUBCASE("by /quit") { terminal.type("/quit\r"); }
        SUBCASE("by ^D") { terminal.type("\x04"); }
        SUBCASE("by being thrown out in mid line") {
            terminal.type("half");
            terminal.wait_for("half");
            chatctl(*daemon, {"kick", "ada"});
        }
        SUBCASE("by ^\\") {
            terminal.type("\x1c");
            status = "131";
        }
        SUBCASE("by ^C when the server is gone") {
            daemon.reset();
            terminal.wait_for("trying again");
            terminal.type("\x03");
            status = "130";
        }
        SUBCASE("by SIGTERM") {
            ::kill(shell.pid(), SIGTERM);
            status = "143";
        }
        SUBCASE("by SIGHUP in mid line") {
            terminal.type("half");
            terminal.wait_for("half");
            ::kill(shell.pid(), SIGHUP);
            status = "129";
        }
        SUBCASE("by SIGINT") {
            ::kill(shell.pid(), SIGINT);
            status = "130";
        }
        shell.check_modes(status);
    }

    TEST_CASE("a shell can stop chat in a talk with chatd and the line is there again when it continues") {
        const Daemon daemon{chat_server()};
        Pty terminal{{"sh", "-i"}, {"PS1=ready: ", "ENV="}};
        terminal.wait_for("ready: ");
        terminal.type("TERM=xterm '" + find_program("chat") + "' " + address_of(daemon, "ada") + " lobby\r");
        terminal.wait_for("You are in lobby.");
        terminal.wait_for("> ");
        ChatClient bob{daemon, "bob"};
        terminal.wait_for(" joined"); // the name has a colour
        terminal.type("half");
        terminal.wait_for("half");
        terminal.type("\x1a");
        terminal.wait_for("\x1b[?2004l");
        terminal.wait_for("ready: ");
        terminal.type("stty -a\r");
        terminal.wait_for(" icanon");
        terminal.wait_for("ready: ");
        bob.say("meanwhile");
        terminal.type("fg\r");
        terminal.wait_for("\x1b[?2004h");
        terminal.wait_for(" say: meanwhile\r\n");
        terminal.wait_for("> half");
        terminal.type(" a line\r");
        bob.expect_line("ada say: half a line");
    }
}
