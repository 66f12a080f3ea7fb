// SPDX-License-Identifier: ISC
// WRITE: lines up to one that is a dot, for whoever types; and PUT from telnet, which cannot end its input.
#include "tests/e2e/clients.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/pty.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using namespace e2e;
using common::text;
using namespace std::string_literals;

namespace {

const Daemon::Setting writes{.lines = {"anonymous write"}};

// Telnet's answer to the options that stand at the end of a reply.
std::string refuse_options(std::string_view reply) {
    std::string answer;
    for (std::size_t at = reply.find("\xff\xfd"); at != reply.npos; at = reply.find("\xff\xfd", at + 1))
        answer += "\xff\xfc"s + reply[at + 2];
    return answer;
}

std::string pipe_through_nc(const Daemon& daemon, const std::string& input) {
    return run_client({"nc", "-N", "127.0.0.1", text(daemon.port())}, input).out;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("WRITE stores lines up to a dot and the session goes on") {
        const Daemon daemon{writes};
        for (const std::string end : {"\n", "\r\n"}) {
            FtpClient client{daemon};
            client.send(text("WRITE file", end, "one", end, "..", end, ".x", end, end, "three", end, '.', end,
                             "GET file", end, "site write other", end, '.', end, "NOOP", end));
            client.expect(150);
            const std::string stored = "one\n.\n.x\n\nthree\n";
            CHECK(client.expect(226) == text("226 ", cksum_of(stored), " file"));
            client.expect(150);
            CHECK(client.read_exactly(stored.size()) == stored);
            for (const int code : {226, 150, 226, 200}) client.expect(code);
            CHECK(read_file(daemon.files() / "file") == stored);
            CHECK(read_file(daemon.files() / "other").empty());
        }
        CHECK(names_in(daemon.files()) == Words{"file", "other"});
    }

    TEST_CASE("WRITE takes lines of any length and pieces of any size") {
        const Daemon daemon{writes};
        const std::string line(3'000'000, 'x');
        FtpClient client{daemon};
        client.send("WRITE long\n" + line + "\nshort\n.\n");
        client.expect(150);
        client.expect(226);
        CHECK((read_file(daemon.files() / "long") == line + "\nshort\n"));
        client.send("WRITE slow\n");
        client.expect(150);
        for (const char c : "a.\n..b\n.\n"s) client.send({&c, 1});
        client.expect(226);
        CHECK(read_file(daemon.files() / "slow") == "a.\n.b\n");
    }

    TEST_CASE("WRITE replaces a file at the dot and an end of input before it replaces nothing") {
        const Daemon daemon{writes};
        write_shared(daemon.files() / "file", "old");
        FtpClient client{daemon}, looker{daemon};
        client.send("WRITE file\r\nnew\r\n");
        client.expect(150);
        CHECK(looker.get("file") == "old");
        client.send(".\r\n");
        client.expect(226);
        CHECK(looker.get("file") == "new\n");
        for (const char* const name : {"file", "fresh"}) {
            FtpClient early{daemon};
            early.send(text("WRITE ", name, "\r\nhalf\r\n."));
            early.expect(150);
            early.half_close();
            CHECK(early.expect(426).find("before a lone dot") != std::string::npos);
            CHECK(early.read_to_end().empty());
        }
        CHECK(read_file(daemon.files() / "file") == "new\n");
        CHECK_FALSE(std::filesystem::exists(daemon.files() / "fresh"));
        client.login();
        client.command("SIZE fresh", 213);
        client.command("REST 5", 350);
        client.send("WRITE fresh\r\nmore\r\n.\r\n");
        client.expect(150);
        client.expect(226);
        CHECK(read_file(daemon.files() / "fresh") == "half\nmore\n");
        FtpClient doomed{daemon};
        doomed.send("WRITE file\r\nlost\r\n");
        doomed.expect(150);
        doomed.reset();
        client.command("QUIT", 221);
        looker.close();
        daemon.wait_until_idle();
        CHECK(read_file(daemon.files() / "file") == "new\n");
    }

    TEST_CASE("the lines behind a refused WRITE never become commands") {
        const std::string evil =
            "DELE victim\r\nMKD planted\r\n..\r\n.x\r\nALLO 1\r\nPUT planted\r\nQUIT\r\n";
        const struct {
            std::string access, line;
            int code;
        } cases[] = {
            {"read", "WRITE new", 550},
            {"no", "WRITE new", 530},
            {"write", "WRITE", 501},
            {"write", "site write", 501},
            {"write", "WRITE a\0b"s, 501},
            {"write", "WRITE " + std::string(9000, 'n'), 500},
            {"write", "SITE WRITE " + std::string(9000, 'n'), 500},
            {"write", "WRITE folder", 550},
            {"write", "WRITE missing/x", 550},
            {"write", "WRITE .ftpd-x", 553},
            {"write", "REST 9\r\nWRITE victim", 554},
            {"upload-only", "WRITE victim", 550},
        };
        for (const auto& wanted : cases) {
            CAPTURE(wanted.line.substr(0, 40));
            CAPTURE(wanted.access);
            const Daemon daemon{{.lines = {text("anonymous ", wanted.access)}}};
            write_shared(daemon.files() / "victim", "victim");
            daemon.folder().make_shared("files/folder");
            const Words before = names_in(daemon.files());
            FtpClient client{daemon};
            if (wanted.access != "no") client.login();
            for (const std::string& body : {evil, std::string(1'000'000, 'x') + "\r\n" + evil}) {
                client.send(text(wanted.line, "\r\n", body, ".\r\nSYST\r\n"));
                if (wanted.line.starts_with("REST")) client.expect(350);
                CHECK(client.expect(150).starts_with("150 Refused: "));
                CHECK(client.read_reply().code == wanted.code);
                client.expect(215);
            }
            client.send(text(wanted.line, "\r\n", evil));
            client.half_close();
            client.wait_for_end();
            daemon.wait_until_idle();
            CHECK(names_in(daemon.files()) == before);
            CHECK(read_file(daemon.files() / "victim") == "victim");
        }
    }

    TEST_CASE("a bare line feed before a dot ends no text of a session with CR LF") {
        const Daemon daemon{writes};
        write_shared(daemon.files() / "victim", "victim");
        FtpClient client = connect_logged_in(daemon);
        client.send("WRITE file\r\na\n.\nDELE victim\r\n.\r\nNOOP\r\n");
        for (const int code : {150, 226, 200}) client.expect(code);
        CHECK(read_file(daemon.files() / "file") == "a\n.\nDELE victim\n");
        CHECK(read_file(daemon.files() / "victim") == "victim");
    }

    TEST_CASE("a person who types commands behind a refused WRITE is told the way out each time") {
        const Daemon daemon;
        Connection person{daemon.port()};
        CHECK(person.read_line().starts_with("220 "));
        person.send("WRITE new\n");
        CHECK(person.read_line().find("150 Refused: /new: you may not create") == 0);
        for (const char* const line : {"LS\n", "help\n"}) {
            person.send(line);
            CHECK(person.read_line() ==
                  "150 Not done: all lines are discarded up to a line with a single dot.");
        }
        person.send(".\n");
        CHECK(person.read_line().starts_with("550 "));
        person.send("NOOP\n");
        CHECK(person.read_line().starts_with("200 "));
    }

    TEST_CASE("a text that is too long is refused at its dot and the session goes on") {
        const Daemon daemon{{.lines = {"anonymous write", "max-upload 1000"}}};
        write_shared(daemon.files() / "old", "old");
        FtpClient client = connect_logged_in(daemon);
        client.send("WRITE old\r\n" + std::string(2000, 'x') + "\r\nDELE old\r\n.\r\nNOOP\r\n");
        for (const int code : {150, 552, 200}) client.expect(code);
        CHECK(read_file(daemon.files() / "old") == "old");
        CHECK(names_in(daemon.files()) == Words{"old"});
    }

    TEST_CASE("lines with dots arrive byte for byte through a pipe to PUT") {
        const Daemon daemon{writes};
        const std::string dots = "a\n.\n.x\n..\nLS\n\x04\n\xff\xfc\x40\r\n.\r\nDELE piped\r\n";
        for (const char* const end : {"\n", "\r\n"}) {
            CHECK(pipe_through_nc(daemon, text("PUT piped", end, dots)).find("\r\n226 ") !=
                  std::string::npos);
            CHECK(read_file(daemon.files() / "piped") == dots);
            CHECK(pipe_through_nc(daemon,
                                  text("ALLO ", dots.size(), end, "PUT announced", end, dots, "QUIT", end))
                      .find("\r\n221 ") != std::string::npos);
            CHECK(read_file(daemon.files() / "announced") == dots);
            std::filesystem::remove(daemon.files() / "piped");
        }
    }

    TEST_CASE("a program that leaves telnet's question unanswered stores its bytes as they are") {
        const Daemon daemon{writes};
        const std::string bytes = "\xff\xfc\x41\xff\xfc.\r\n.\r\n\x04LS\r\n";
        for (std::size_t at_first = 0; at_first <= bytes.size(); ++at_first) {
            CAPTURE(at_first);
            FtpClient client{daemon};
            client.send("PUT file\r\n");
            const std::string told = client.expect(150);
            CHECK(refuse_options(told).size() == 18);
            client.send(bytes.substr(0, at_first));
            client.send(bytes.substr(at_first));
            client.half_close();
            client.expect(226);
            CHECK(read_file(daemon.files() / "file") == bytes);
            std::filesystem::remove(daemon.files() / "file");
        }
        // The first half of the very answer is no answer.
        FtpClient client{daemon};
        client.send("PUT half\r\n");
        const std::string half = refuse_options(client.expect(150)).substr(0, 9);
        client.send(half);
        client.half_close();
        client.expect(226);
        CHECK(read_file(daemon.files() / "half") == half);
    }

    TEST_CASE("PUT from a client that has shown to be telnet is WRITE") {
        const Daemon daemon{writes};
        write_shared(daemon.files() / "old", "old");
        FtpClient shown{daemon}; // before
        shown.send("\xff\xfd\x06PUT old\r\nnew\r\n\x04NOOP\r\n");
        CHECK(shown.read_exactly(3) == "\xff\xfc\x06");
        CHECK(shown.expect(150).find("Ctrl-D") != std::string::npos);
        shown.expect(226);
        shown.expect(200);
        CHECK(read_file(daemon.files() / "old") == "new\n");
        FtpClient asked{daemon}; // or when asked
        asked.send("PUT fresh\r\n");
        const std::string answer = refuse_options(asked.expect(150));
        for (const char c : answer) asked.send({&c, 1});
        asked.send("one\r\n..\r\n.\r\nPUT fresh\r\ntwo\r\n\x04NOOP\r\n");
        for (const int code : {226, 150, 226, 200}) asked.expect(code);
        CHECK(read_file(daemon.files() / "fresh") == "two\n");
    }

    TEST_CASE("a person at telnet ends what PUT and WRITE store with a dot or Ctrl-D and goes on") {
        const Daemon daemon{writes};
        Pty terminal{{"telnet", "127.0.0.1", text(daemon.port())}};
        terminal.wait_for("220 This is ftpd");
        terminal.type("PUT first\r");
        terminal.wait_for("150 Send");
        terminal.wait_for("WRITE");
        terminal.type("one\r");
        terminal.type(".x\r");
        terminal.type("\x04");
        terminal.wait_for(text("226 ", cksum_of("one\n.x\n"), " first"));
        terminal.type("LS\r");
        terminal.wait_for("213 1 entry");
        terminal.type("PUT second\r");
        terminal.wait_for("Ctrl-D");
        terminal.type("two\r.\r");
        terminal.wait_for("226 ");
        terminal.type("LS\r");
        terminal.wait_for("213 2 entries");
        terminal.type("WRITE second\r");
        terminal.wait_for("150 Send lines");
        terminal.type("three\r\x04");
        terminal.wait_for("226 ");
        terminal.type("LS\r");
        terminal.wait_for("213 2 entries");
        terminal.type("QUIT\r");
        terminal.wait_for("221 ");
        terminal.wait();
        CHECK(read_file(daemon.files() / "first") == "one\n.x\n");
        CHECK(read_file(daemon.files() / "second") == "three\n");
        CHECK(names_in(daemon.files()) == Words{"first", "second"});
    }

    TEST_CASE("a person at telnet whose first text is written by WRITE ends it with a dot or Ctrl-D") {
        const Daemon daemon{writes};
        for (const char* const end : {".\r", "\x04"}) {
            Pty terminal{{"telnet", "127.0.0.1", text(daemon.port())}};
            terminal.wait_for("220 This is ftpd");
            terminal.type("WRITE file\r");
            terminal.wait_for("150 Send lines");
            terminal.type("typed\r");
            terminal.type(end);
            terminal.wait_for("226 ");
            terminal.type("LS\r");
            terminal.wait_for("213 1 entry");
            terminal.type("QUIT\r");
            terminal.wait_for("221 ");
            terminal.wait();
            CHECK(read_file(daemon.files() / "file") == "typed\n");
        }
    }

    TEST_CASE("a person with nc at a terminal types a file with WRITE and goes on") {
        const Daemon daemon{writes};
        Pty terminal{{"nc", "127.0.0.1", text(daemon.port())}};
        terminal.wait_for("or ? for more");
        terminal.type("?\r");
        terminal.wait_for("WRITE ");
        terminal.wait_for("214 ");
        terminal.type("WRITE note.txt\r");
        terminal.wait_for("150 Send lines");
        terminal.type("typed\r.\r");
        terminal.wait_for("226 ");
        terminal.type("LS\r");
        terminal.wait_for("213 1 entry");
        terminal.type("QUIT\r");
        terminal.wait_for("221 ");
        CHECK(read_file(daemon.files() / "note.txt") == "typed\n");
    }
}
