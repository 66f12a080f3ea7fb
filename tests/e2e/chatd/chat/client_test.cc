// SPDX-License-Identifier: ISC
// chat, the client, with servers that speak lines and do what chatd never would.
#include "tests/e2e/harness.hh"

#include "common/socket.hh"
#include "tests/screen.hh"

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>

using namespace e2e;

namespace {

// A server that does what the test says, for one client.
class FakeServer {
public:
    std::string operand() const { return common::local_address(listener_.get()).shown(); }
    Connection accept() {
        pollfd waiting{listener_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, 1000 * static_cast<int>(patience.count())) != 1)
            throw Failure{"no client connects"};
        return Connection{std::move(common::accept_from(listener_).value().socket)};
    }

private:
    common::Fd listener_ = common::listen_on(common::resolve_address("127.0.0.1:0").at(0));
};

// A person at a terminal who talks with one.
struct Talk {
    explicit Talk(const Words& environment = {})
        : terminal({"chat", "-p", server.operand()}, environment), client(server.accept()) {
        terminal.wait_for("> "); // from here on keys are chat's and not the terminal's own
    }
    FakeServer server;
    Pty terminal;
    Connection client;
};

// chat needs no locale to know what a character is.
const Words plain_locale{"LC_ALL=C"};

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a line that arrives leaves the typed line whole") {
        auto [server, terminal, client] = Talk{};
        const std::string first(77, 'a'); // with the prompt a row
        terminal.type(first + "你好");
        terminal.wait_for("好");
        client.send("eve say: hello\n");
        // In one piece: to the left edge, up the row, erase, the message, prompt and line. A line's end
        // within that is made a CR LF by the terminal.
        terminal.wait_for("\r\x1b[1A\x1b[Jeve say: hello\r\n> " + first + "\r\r\n你好");
        terminal.type("\x7f");
        terminal.wait_for("\r\x1b[1A\x1b[J> " + first + "\r\r\n你");
        terminal.type("\r");
        CHECK(client.read_line() == first + "你");
    }

    TEST_CASE("Chinese is typed and erased by characters") {
        auto [server, terminal, client] = Talk{plain_locale};
        terminal.type("张三李\x7f\x7f四\r");
        CHECK(client.read_line() == "张四");
        terminal.wait_for("张四\r\n> ");
        tests::Screen screen{80};
        screen.write(terminal.screen());
        CHECK(screen.text() == "> 张四\n>\n");
        CHECK(screen.cursor() == "1:2");
    }

    TEST_CASE("a paste of several lines sends several lines") {
        auto [server, terminal, client] = Talk{};
        terminal.type("one\rtwo\nthree\r\nfour");
        CHECK(client.read_line() == "one");
        CHECK(client.read_line() == "two");
        CHECK(client.read_line() == "three");
        client.send("x\n");
        terminal.wait_for("x\r\n> four");
        CHECK(!client.has_input());
    }

    TEST_CASE("the server's prompt stands before the line until it is answered") {
        auto [server, terminal, client] = Talk{};
        client.send("Your name: ");
        terminal.wait_for("\r\x1b[JYour name: ");
        terminal.type("ad");
        terminal.wait_for("Your name: ad");
        client.send("\n* look out\nYour name: "); // asked again
        terminal.wait_for("Your name: \r\n* look out\r\nYour name: ad");
        terminal.type("a\r");
        CHECK(client.read_line() == "ada");
        terminal.wait_for("Your name: ada\r\n> ");
        client.send("hel"); // half a line is no prompt
        client.send("lo\n");
        terminal.wait_for("\r\x1b[Jhello\r\n> ");
    }

    TEST_CASE("nothing that a server sends reaches the terminal or a pipe as a control character") {
        const std::string hostile = "a\x1b]0;title\x07 \x1b[2J\x0e\x9b"
                                    "1m\xc2\x9b"
                                    "2m\xe2\x80\xae\r\x08\x7f end\n\x1b[31mask: ";
        const std::string harmless =
            "a\ufffd]0;title\ufffd \ufffd[2J\ufffd\ufffd1m\ufffd2m\ufffd\ufffd\ufffd\ufffd end";
        auto [server, terminal, client] = Talk{};
        client.send(hostile);
        terminal.wait_for(harmless + "\r\n\ufffd[31mask: ");

        FakeServer other;
        Process pipe{{"chat", "-p", other.operand()}};
        Connection second = other.accept();
        second.send(hostile);
        second.close();
        CHECK(pipe.wait() == 0);
        CHECK(pipe.out().text() == harmless + "\n\ufffd[31mask: ");
    }

    TEST_CASE("^D on an empty line ends the input and what still comes is shown") {
        auto [server, terminal, client] = Talk{};
        terminal.type("bye\r");
        terminal.type("\x04");
        CHECK(client.read_to_end() == "bye\n");
        client.send("still here\n");
        terminal.wait_for("still here\r\n");
        client.close();
        CHECK(terminal.wait() == 0);
        CHECK(terminal.screen().ends_with("still here\r\n")); // and no prompt
    }

    TEST_CASE("a server that goes is told and what was typed stays to be seen") {
        auto [server, terminal, client] = Talk{};
        terminal.type("unsent");
        terminal.wait_for("> unsent");
        SUBCASE("in order") {
            client.close();
            CHECK(terminal.wait() == 0);
            CHECK(terminal.screen().ends_with("> unsent\r\nchat: the server has closed the connection\r\n"));
        }
        SUBCASE("by a reset") {
            client.reset();
            CHECK(terminal.wait() == 1);
            CHECK(terminal.screen().ends_with("> unsent\r\nchat: the connection to the server is lost\r\n"));
        }
    }

    TEST_CASE("the terminal has its modes again however chat ends") {
        FakeServer server;
        // The shell that says them has ignored the signals of the keys.
        const std::string script =
            "trap : INT; stty -a; sh -c 'echo \"pid $$,\"; exec \"$0\" -p \"$1\"' \"$0\" \"$1\";"
            "echo \"status $?\"; stty -a; echo done";
        Pty terminal{{"sh", "-c", script, find_program("chat"), server.operand()}};
        Connection client = server.accept();
        terminal.wait_for("> ");
        const auto pid = [&] {
            const std::string screen = terminal.screen();
            return static_cast<pid_t>(std::stol(screen.substr(screen.find("pid ") + 4)));
        };
        std::string status = "0";
        SUBCASE("by the server") { client.close(); }
        SUBCASE("by ^D") {
            terminal.type("\x04");
            client.read_to_end();
            client.close();
        }
        SUBCASE("by ^C") {
            terminal.type("\x03");
            status = "130";
        }
        SUBCASE("by SIGTERM") {
            ::kill(pid(), SIGTERM);
            status = "143";
        }
        SUBCASE("by SIGHUP") {
            ::kill(pid(), SIGHUP);
            status = "129";
        }
        terminal.wait_for("status " + status + "\r\n");
        terminal.wait_for("done");
        const std::string screen = terminal.screen();
        const std::string before = screen.substr(0, screen.find("pid "));
        const std::size_t modes = screen.find("status " + status + "\r\n") + status.size() + 9;
        CHECK(before.find(" icanon") != before.npos);
        CHECK(screen.substr(modes, screen.rfind("done") - modes) == before);
    }

    TEST_CASE("a shell can stop chat and continue and end it") {
        FakeServer server;
        Pty terminal{{"sh", "-i"}, {"PS1=ready: ", "ENV="}};
        terminal.wait_for("ready: ");
        terminal.type("'" + find_program("chat") + "' -p " + server.operand() + '\r');
        terminal.wait_for("> ");
        Connection client = server.accept();
        terminal.type("half");
        terminal.wait_for("half");
        const auto stop = [&] {
            terminal.type("\x1a");
            terminal.wait_for("\r\x1b[J"); // no typed line is left in the shell's way
            terminal.wait_for("ready: ");
        };
        stop();
        terminal.type("stty -a\r");
        terminal.wait_for(" icanon");
        client.send("meanwhile\n");
        terminal.wait_for("ready: ");
        SUBCASE("in the foreground") {
            terminal.type("fg\r");
            terminal.wait_for("meanwhile\r\n> half");
            terminal.type(" a line\r");
            CHECK(client.read_line() == "half a line");
        }
        SUBCASE("in the background") {
            terminal.type("bg; kill %1; kill -CONT %1\r");
            client.wait_for_end();
        }
    }

    TEST_CASE("a server that refuses the offer or does not answer it is spoken to in lines") {
        const std::string offer = "\xff\xfb\xd5";
        FakeServer server;
        Pty terminal{{"chat", server.operand()}};
        Connection client = server.accept();
        CHECK(client.read_exactly(3) == offer);
        client.send("Your name: ");
        SUBCASE("refused") { client.send("\xff\xfe\xd5"); }
        SUBCASE("no answer") {}
        terminal.wait_for("Your name: ");
        terminal.type("ada\r");
        CHECK(client.read_line() == "ada");
    }

    TEST_CASE("in a pipe more than any buffer goes both ways and in order") {
        FakeServer server;
        const std::string much = [] {
            std::string lines;
            for (int i = 0; i < 200'000; ++i) lines += "line " + std::to_string(i) + '\n';
            return lines;
        }();
        Process pipe{{"chat", "-p", server.operand()}, make_unlinked_file(much)};
        Connection client = server.accept();
        client.send(much);
        CHECK(client.read_to_end() == much);
        client.close();
        CHECK(pipe.wait() == 0);
        CHECK(pipe.out().text() == much);
    }

    TEST_CASE("a connection that fails ends with status 1 and wrong usage with 64") {
        std::string nobody;
        {
            FakeServer gone;
            nobody = gone.operand();
        }
        const Result refused = run_client({"chat", nobody});
        CHECK(refused.status == 1);
        CHECK(refused.err == "chat: connect to " + nobody + ": Connection refused\n");

        FakeServer server;
        Process pipe{{"chat", "-p", server.operand()}};
        Connection client = server.accept();
        client.send("hello\n");
        pipe.out().wait_for("hello\n");
        client.reset();
        CHECK(pipe.wait() == 1);
        CHECK(pipe.err().text() == "chat: the connection to the server is lost\n");

        for (const Words& command : {Words{"chat"}, Words{"chat", "one", "two", "three"}}) {
            const Result usage = run_client(command);
            CHECK(usage.status == 64);
            CHECK(
                usage.err ==
                "chat: say which server: [NAME@]HOST, [NAME@]HOST:PORT, chat://[NAME@]HOST[:PORT][/ROOM] or "
                "the PATH of a socket, followed by the code of a room\n");
        }
    }
}
