// SPDX-License-Identifier: ISC
// People with telnet at chatd: the real client under a terminal, and bytes where it matters which.
#include "tests/e2e/chat_client.hh"

#include "tests/e2e/pty.hh"
#include "tests/e2e/tmux.hh"
#include "tests/screen.hh"

#include <doctest/doctest.h>

using namespace e2e;
using namespace std::string_literals;

namespace {

Daemon::Setting telnet_server() {
    return chatd_with({"history-on-join 0", "resume-time 0", "room lobby", "room plans code s3cret"});
}

Words telnet_to(const Daemon& daemon) { return {"telnet", "127.0.0.1", std::to_string(daemon.port())}; }

const Words xterm{"TERM=xterm", "LC_ALL=C"};

// A person with telnet, in the lobby.
struct Person {
    Person(const Daemon& daemon, const std::string& name, const Words& environment = xterm)
        : terminal(telnet_to(daemon), environment) {
        terminal.wait_for("Your name: ");
        terminal.type(name + '\r');
        terminal.wait_for("Room code: ");
        terminal.type("\r");
        terminal.wait_for(welcome_to("lobby"));
        terminal.wait_for("> ");
    }
    std::string screen() const {
        tests::Screen screen{80};
        const std::string all = terminal.screen();
        screen.write(std::string_view{all}.substr(all.find("Your name: ")));
        return screen.text();
    }
    Pty terminal;
};

// A person with nc, in the lobby.
struct Neighbour : ChatClient {
    Neighbour(const Daemon& daemon, std::string_view name) : ChatClient(daemon) {
        send(std::string{name} + "\n\n");
        wait_for_line("Your name: Room code: " + welcome_to("lobby"));
    }
};

std::string telnet_command(const Daemon& daemon) {
    return "telnet 127.0.0.1 " + std::to_string(daemon.port());
}

std::string entered(const std::string& name) {
    return "Your name: " + name + "\nEnter alone: lobby\nRoom code:\n" + welcome_to("lobby") +
           "\nNobody else is here.\n";
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("Chinese is typed at telnet while another talks and each screen is exactly right") {
        const Daemon daemon{telnet_server()};
        Person zhang{daemon, "张三"};
        Neighbour bob{daemon, "bob"};
        zhang.terminal.wait_for(" joined\r\n> ");
        zhang.terminal.type("你好");
        zhang.terminal.wait_for("你好");
        bob.say("hello, 张三");
        zhang.terminal.wait_for("\r\n> 你好");
        zhang.terminal.type("，吗\x7f世界\x1b[D\x1b[D!");
        zhang.terminal.wait_for("你好，!世界");
        bob.say("two");
        zhang.terminal.wait_for("two\r\n> 你好，!世界");
        zhang.terminal.type("\r");
        bob.wait_for_line("张三 say: 你好，!世界");
        bob.say("three");
        zhang.terminal.wait_for("three\r\n> ");
        CHECK(zhang.screen() == entered("张三") +
                                    "bob joined\nbob say: hello, 张三\nbob say: two\n> 你好，!世界\n"
                                    "bob say: three\n>\n");
    }

    TEST_CASE("at telnet codes and passwords are not to be seen") {
        const Daemon daemon{telnet_server()};
        Pty terminal{telnet_to(daemon), xterm};
        terminal.wait_for("Your name: ");
        terminal.type("ada\r");
        terminal.wait_for("Room code: ");
        terminal.type("s3cret\r");
        terminal.wait_for(welcome_to("plans"));
        terminal.type("\x10\x1b[A"); // the history has neither
        terminal.wait_for("\a");
        CHECK(terminal.screen().find("s3cret") == std::string::npos);
    }

    TEST_CASE("at telnet Tab completes commands and rooms and names") {
        const Daemon daemon{telnet_server()};
        Neighbour bob{daemon, "robert"};
        Person ada{daemon, "ada"};
        ada.terminal.type("/to\tx\r");
        ada.terminal.wait_for("/topic x");
        ada.terminal.wait_for(" set the topic: ");
        ada.terminal.type("/swi\t");
        ada.terminal.wait_for("/switch ");
        ada.terminal.type("lo\t");
        ada.terminal.wait_for("lobby ");
        ada.terminal.type("\x15ro\t");
        ada.terminal.wait_for("robert: ");
        ada.terminal.type("hi\r");
        bob.wait_for_line("ada say: robert: hi");
        ada.terminal.type("/m\t");
        ada.terminal.wait_for("me  moderate  msg  mute\r\n> /m");
    }

    TEST_CASE("at telnet lines are called back and cleared and ^D leaves with the terminal as it was") {
        const Daemon daemon{telnet_server()};
        Person ada{daemon, "ada"};
        Neighbour bob{daemon, "bob"};
        ada.terminal.type("one\r");
        bob.wait_for_line("ada say: one");
        ada.terminal.type("half\x03\x1b[A\x7f\x7f\x7ftwo\r");
        bob.wait_for_line("ada say: two");
        ada.terminal.type("\x04");
        ada.terminal.wait_for("\x1b[?2004l");
        ada.terminal.wait();
        bob.wait_for_line("ada left");
    }

    TEST_CASE("at telnet a paste of several lines is said as one block when Enter is pressed") {
        const Daemon daemon{telnet_server()};
        Person ada{daemon, "ada"};
        Neighbour bob{daemon, "bob"};
        ada.terminal.wait_for("joined");
        ada.terminal.type("\x1b[200~int main() {\r\r    /quit\r}\x1b[201~");
        ada.terminal.wait_for("int main() {\u21b5\u21b5    /quit\u21b5}");
        CHECK(!bob.has_input());
        ada.terminal.type("\r");
        bob.expect_lines({"ada say: int main() {", "ada say:  ", "ada say:     /quit", "ada say: }"});
    }

    TEST_CASE("at telnet names have colours unless they are turned off or the terminal is dumb") {
        const Daemon daemon{telnet_server()};
        Person ada{daemon, "ada"};
        Person plain{daemon, "plain"};
        plain.terminal.type("/colour off\r");
        plain.terminal.wait_for("Names have no colours.");
        Pty dumb{telnet_to(daemon), {"TERM=dumb"}};
        dumb.wait_for("Your name: ");
        dumb.type("dumb\r");
        dumb.wait_for("Room code: ");
        dumb.type("\r");
        dumb.wait_for(welcome_to("lobby") + "\r\n");
        Neighbour bob{daemon, "bob"};
        bob.say("hello ADA");
        ada.terminal.wait_for("bob\x1b[39m say: hello \x1b[1mADA\x1b[22m\r\n> ");
        plain.terminal.wait_for("bob say: hello ADA\r\n> ");
        dumb.wait_for("bob say: hello ADA\r\n");
        CHECK(dumb.screen().find('\x1b') == std::string::npos);
        CHECK(dumb.screen().find("> ") == std::string::npos); // nothing is redrawn there
    }

    TEST_CASE("at telnet the window may become narrower and ^C in its line mode loses no output") {
        const Daemon daemon{telnet_server()};
        Person ada{daemon, "ada"};
        Neighbour bob{daemon, "bob"};
        ada.terminal.wait_for("joined");
        ada.terminal.type(std::string(36, 'x'));
        ada.terminal.wait_for(std::string(36, 'x'));
        ada.terminal.resize(20, 24);
        ada.terminal.wait_for("\r\x1b[J> " + std::string(17, 'x') + "\r\n" + std::string(19, 'x'));
        bob.say("hi");
        ada.terminal.wait_for("\r\x1b[1A\x1b[J");
        ada.terminal.type("\x03\x1d");
        ada.terminal.wait_for("telnet> ");
        ada.terminal.type("mode line\r");
        ada.terminal.wait_for("\x1b[?2004l");
        bob.say("before");
        ada.terminal.wait_for("before");
        ada.terminal.type("\x03"); // IP, and DO TIMING-MARK: the client shows nothing before it is answered
        ada.terminal.type("ping\r");
        bob.wait_for_line("ada say: ping"); // and so it is
        bob.say("after");
        ada.terminal.wait_for("after");
    }

    TEST_CASE("who sends CR LF and answers no offer is asked on as a person with nc") {
        const Daemon daemon{telnet_server()};
        ChatClient client{daemon};
        client.send("ada\r\n");
        CHECK(client.wait_for_text("Room code: ") ==
              "Your name: \xff\xfd\x18\rEnter alone: lobby\r\nRoom code: ");
        client.send("\r\n");
        CHECK(client.wait_for_text("here.\r\n") == welcome_to("lobby") + "\r\nNobody else is here.\r\n");
        Neighbour bob{daemon, "bob"};
        CHECK(client.read_exactly(12) == "bob joined\r\n");
        client.send("late\r\n\xff\xfc\x18"); // and after all it is telnet
        CHECK(client.read_exactly(12) == "\xff\xfb\x01\xff\xfb\x03\xff\xfd\x1f\xff\xfd\x00"s);
        bob.wait_for_line("ada say: late");
    }

    TEST_CASE("nc is sent no byte that is not text in whatever way it is used") {
        const Daemon daemon{telnet_server()};
        for (const Words& command : {Words{"nc"}, Words{"nc", "-C"}}) {
            Words words = command;
            words.insert(words.end(), {"-N", "127.0.0.1", std::to_string(daemon.port())});
            const Result result = run_client(words, "ada\n\nhello\n");
            CHECK(result.out.starts_with("Your name: Room code: You are in lobby."));
            CHECK(result.out.find('\xff') == std::string::npos);
        }
        Process person{{"nc", "127.0.0.1", std::to_string(daemon.port())}};
        person.write("eve\n");
        person.out().wait_for("Your name: Enter alone: lobby\nRoom code: ");
        person.write("\n");
        person.out().wait_for(welcome_to("lobby"));
        CHECK(person.out().text().find('\xff') == std::string::npos);
    }

    TEST_CASE("a telnet client is asked whether it is there and answered") {
        const Daemon daemon{telnet_server()};
        Person ada{daemon, "ada"};
        ada.terminal.type("half");
        ada.terminal.wait_for("half");
        ada.terminal.type("\x1d");
        ada.terminal.wait_for("telnet> ");
        ada.terminal.type("send ayt\r");
        ada.terminal.wait_for("The server is here.\r\n> half");
    }

    TEST_CASE("tmux shows a person who types Chinese while another talks exactly what there is") {
        const Daemon daemon{telnet_server()};
        Tmux tmux{40, 16, "env TERM=screen-256color LC_ALL=C " + telnet_command(daemon)};
        tmux.wait_for_rows("Your name:");
        tmux.type("张三");
        tmux.press({"Enter"});
        tmux.wait_for_rows("Room code:");
        tmux.press({"Enter"});
        tmux.wait_for_rows(">");
        Neighbour bob{daemon, "bob"};
        tmux.wait_for_rows("bob joined");
        tmux.type("你好，世界！我在用中文打字，一行写不下的时候 e\u0301"); // more than a row
        tmux.wait_for_rows("下的时候 e\u0301");
        bob.say("hello");
        tmux.wait_for_rows("bob say: hello");
        tmux.press({"BSpace", "BSpace", "Left", "Left", "Left"});
        tmux.type("\U0001f600");
        tmux.wait_for_rows("下\U0001f600的时候");
        bob.say("再见");
        tmux.wait_for_rows("bob say: 再见\n> 你好，世界！我在用中文打字，一行写不\n下\U0001f600的时候");
        const std::string screen = tmux.screen();
        CHECK(screen.substr(screen.find("Your name")) ==
              "Your name: 张三\nEnter alone: lobby\nRoom code:\nYou are in lobby. /help lists what you c\nan "
              "do.\n"
              "Nobody else is here.\nbob joined\n"
              "bob say: hello\nbob say: 再见\n> 你好，世界！我在用中文打字，一行写不\n下\U0001f600的时候\n" +
                  std::string(2, '\n'));
        tmux.press({"Enter"});
        bob.wait_for_line("张三 say: 你好，世界！我在用中文打字，一行写不下\U0001f600的时候");
    }

    TEST_CASE("on a dumb terminal what follows a code that was not to be seen has a row of its own") {
        const Daemon daemon{telnet_server()};
        Pty terminal{telnet_to(daemon), {"TERM=dumb"}};
        terminal.wait_for("Your name: ");
        terminal.type("ada\r");
        terminal.wait_for("Room code: ");
        terminal.type("wrong\r");
        terminal.wait_for("\r\nNo room has that code.");
        terminal.wait_for("Room code: ");
        terminal.type("s3cret\r");
        terminal.wait_for("\r\n" + welcome_to("plans") + "\r\n");
        const std::string screen = terminal.screen();
        CHECK(screen.find("wrong") == screen.npos);
        CHECK(screen.find("s3cret") == screen.npos);
        CHECK(screen.find("Room code: \r\n" + welcome_to("plans")) != screen.npos);
        terminal.type("seen\r");
        terminal.wait_for("seen\r\n");
    }

    TEST_CASE("a client with Latin-1 and people with UTF-8 understand each other") {
        const Daemon daemon{telnet_server()};
        ChatClient ada{daemon};
        ada.send("j\xfcrgen\r\n"); // not agreed on yet, and so no text
        ada.wait_for_text("\xff\xfd\x18\r");
        ada.send("\xff\xfc\x18\xff\xfe\x01\xff\xfe\x03\xff\xfb\x2a");
        ada.wait_for_text("\xff\xfd\x2a");
        ada.send("\xff\xfa\x2a\x01 ISO-8859-1\xff\xf0");
        ada.wait_for_text("\xff\xfa\x2a\x02ISO-8859-1\xff\xf0");
        ada.send("\r\nj\xfcrgen\r\n");
        ada.wait_for_text("Room code: \xff\xf9");
        ada.send("\r\n");
        ada.wait_for_text(welcome_to("lobby"));
        Neighbour bob{daemon, "bob"};
        ada.wait_for_text("bob joined\r\n");
        ada.send("Gr\xfc\xdf Gott \xff\xff\r\n");
        bob.wait_for_line("jürgen say: Grüß Gott ÿ");
        bob.say("schön, 张三");
        CHECK(ada.wait_for_text("\r\n") == "bob say: sch\xf6n, ??\r\n");
    }

    TEST_CASE("on a terminal that cuts its rows a narrow window and a wide one leave every message") {
        const Daemon daemon{telnet_server()};
        Person ada{daemon, "ada"};
        Neighbour bob{daemon, "bob"};
        ada.terminal.wait_for("joined");
        bob.say("one");
        bob.say("two");
        ada.terminal.wait_for("two\r\n> ");
        const std::string draft = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
        ada.terminal.type(draft);
        ada.terminal.wait_for(draft);
        tests::Screen screen{80};
        std::size_t written = ada.terminal.screen().find("Your name: ");
        const auto catch_up = [&] { // the screen has all that was written up to now
            const std::string all = ada.terminal.screen();
            screen.write(std::string_view{all}.substr(written));
            written = all.size();
        };
        const auto resize = [&](unsigned short columns, const std::string& last_row) {
            catch_up();
            screen.resize(columns, tests::Screen::Lines::cut);
            ada.terminal.resize(columns, 24);
            ada.terminal.wait_for("\r\n" + last_row);
            catch_up();
        };
        resize(20, "klmnopqrstuvwxyz");
        std::string all = screen.text();
        CHECK(all.substr(all.find("bob joined")) ==
              "bob joined\nbob say: one\nbob say: two\n> abcdefghijklmnopq\n"
              "rstuvwxyzabcdefghij\nklmnopqrstuvwxyz\n");
        bob.say("three");
        ada.terminal.wait_for("klmnopqrstuvwxyz");
        resize(40, "lmnopqrstuvwxyz");
        all = screen.text();
        CHECK(all.substr(all.find("bob joined")) == "bob joined\nbob say: one\nbob say: two\nbob say: "
                                                    "three\n> abcdefghijklmnopqrstuvwxyzabcdefghijk\n"
                                                    "lmnopqrstuvwxyz\n");
    }

    TEST_CASE("in tmux a window that changes and changes leaves every message and one whole line") {
        const Daemon daemon{telnet_server()};
        Tmux tmux{60, 20, "env TERM=screen-256color LC_ALL=C.UTF-8 " + telnet_command(daemon)};
        tmux.wait_for_rows("Your name:");
        tmux.type("ada");
        tmux.press({"Enter"});
        tmux.wait_for_rows("Room code:");
        tmux.press({"Enter"});
        tmux.wait_for_rows(">");
        Neighbour bob{daemon, "bob"};
        bob.say("one");
        bob.say("two");
        tmux.wait_for_rows("bob say: two\n>");
        tmux.type("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789");
        tmux.wait_for_rows("56789");
        tmux.resize(30);
        tmux.wait_for_rows("> abcdefghijklmnopqrstuvwxyza\nbcdefghijklmnopqrstuvwxyz0123\n456789");
        std::string all = tmux.screen();
        CHECK(all.find("bob joined\nbob say: one\nbob say: two\n>") != all.npos);
        bob.say("three");
        tmux.wait_for_rows(
            "bob say: three\n> abcdefghijklmnopqrstuvwxyza\nbcdefghijklmnopqrstuvwxyz0123\n456789");
        tmux.resize(60);
        tmux.wait_for_rows(
            "bob say: three\n> abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz01234\n56789");
        all = tmux.screen();
        CHECK(all.find("bob joined\nbob say: one\nbob say: two\n") != all.npos);
    }
}
