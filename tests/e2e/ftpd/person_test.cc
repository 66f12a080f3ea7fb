// SPDX-License-Identifier: ISC
// A person is helped and a machine is not bothered; and what is no FTP at all ends at once.
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using namespace e2e;
using common::text;

namespace {

// The replies to lines that end in LF, and so come from a person.
std::string ask_as_person(const Daemon& daemon, const std::string& lines) {
    Connection person{daemon.port()};
    person.send(lines + "QUIT\n");
    return person.read_to_end();
}

void check_ends_at_once(const Daemon& daemon, std::string_view bytes, const char* logged) {
    CAPTURE(std::string{bytes});
    const std::size_t before = daemon.log().size();
    FtpClient client{daemon};
    client.send(bytes);
    client.wait_for_end();
    if (logged != nullptr) daemon.wait_for_log(logged, before);
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("a person is told what to type next and a program is not") {
        const Daemon daemon;
        const std::pair<const char*, const char*> hints[]{
            {"FROBNICATE", "Type ? for examples."},
            {"USER anonymous", "Type PASS and any password."},
            {"CWD /", "LS, GET PATH and PUT PATH may work without it."},
        };
        for (const auto& row : hints) {
            const auto [line, hint] = row;
            CAPTURE(row.first);
            CHECK(ask_as_person(daemon, text(line, '\n')).find(hint) != std::string::npos);
            FtpClient program{daemon};
            program.send(text(line, "\r\n"));
            CHECK(program.read_reply().text.find(hint) == std::string::npos);
        }
        const std::string answers = ask_as_person(daemon, "USER ftp\nPASS x\nRETR file\nLIST\n");
        CHECK(answers.find("230 Welcome. LS lists what is here; ? shows more.\r\n") != std::string::npos);
        CHECK(answers.find("425 ") != std::string::npos);
        CHECK(answers.find("LS, GET PATH and PUT PATH need none.\r\n") != std::string::npos);
    }

    TEST_CASE("whoever negotiates telnet options has each refused once and is a person") {
        const Daemon daemon;
        FtpClient client{daemon};
        client.send("\xff\xfb\x1f\xff\xfb\x20\xff\xfd\x03\xff\xfe\x01"
                    "FROBNICATE\r\n");
        CHECK(client.read_exactly(9) == "\xff\xfe\x1f\xff\xfe\x20\xff\xfc\x03");
        CHECK(client.expect(500).ends_with("Type ? for examples."));
        client.send("\xff\xfc\x1f\xff\xfe\x03NOOP\r\n"); // agreed: nothing to say
        CHECK(client.read_reply().code == 200);
        client.send("\xff\xfd\x06\r\n"); // TIMING-MARK, as telnet sends it after Ctrl-C
        CHECK(client.read_exactly(3) == "\xff\xfc\x06");
        client.command("NOOP", 200);
    }

    TEST_CASE("a question mark shows examples that work as they stand") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        write_file(daemon.files() / "README.txt", "read me\n");
        const std::string help = ask_as_person(daemon, "?\n");
        for (const char* const line : {"\n LS ", "\n GET README.txt ", "\n WRITE note.txt ", "\n ALLO 12 ",
                                       "\n PUT hello.txt ", "\n HELP ", "\n QUIT "})
            CHECK(help.find(line) != help.npos);
        const std::string done =
            ask_as_person(daemon, "LS\nGET README.txt\nALLO 12\nPUT hello.txt\nhello world\nSTAT\n");
        CHECK(done.find("README.txt\r\n213 1 entry") != done.npos);
        CHECK(done.find("read me\n226 ") != done.npos);
        CHECK(done.find("\r\n226 ") != done.npos);
        CHECK(done.find("Not logged in") != done.npos);
        CHECK(read_file(daemon.files() / "hello.txt") == "hello world\n");
        FtpClient{daemon}.command("?", 214);
    }

    TEST_CASE("STAT tells who and where one is and lists a path as LS does") {
        const Daemon daemon;
        write_file(daemon.files() / "file", "content");
        FtpClient client{daemon};
        CHECK(client.command("STAT", 211).find("\n Not logged in\n") != std::string::npos);
        client.command("STAT file", 213);
        client.login();
        const std::string answer = client.command("STAT", 211);
        CHECK(answer.find("\n You come from 127.0.0.1; ") != answer.npos);
        CHECK(answer.find("\n Logged in as anonymous, in /\n") != answer.npos);
        CHECK(answer.find("\n Type I (bytes)") != answer.npos);
        client.fetch("RETR file");
        CHECK(client.command("STAT", 211).find("\n Transfers: 1, ") != std::string::npos);
        CHECK(client.command("STAT file", 213) == client.command("LS file", 213));
        client.command("STAT missing", 550);

        const Daemon shut{{.lines = {"anonymous no"}}};
        FtpClient stranger{shut};
        stranger.command("STAT", 211);
        stranger.command("STAT /", 530);
        const Daemon dropping{{.lines = {"anonymous upload-only"}}};
        connect_logged_in(dropping).command("STAT /", 550);
    }

    TEST_CASE("other protocols end at once and nothing of them is done") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        for (const char* const request : {"POST / HTTP/1.1\r\n", "POST /x\r\n", "HEAD /\r\n", "OPTIONS *\r\n",
                                          "CONNECT h:21\r\n", "GET / HTTP/1.0\r\n", "MKD x HTTP/1.1\r\n"})
            check_ends_at_once(daemon, text(request, "Host: x\r\n\r\nMKD planted\r\n"),
                               "an HTTP request: closing");
        // A ClientHello of TLS, which holds no line end that would have to be waited for.
        check_ends_at_once(daemon, std::string_view{"\x16\x03\x01\x02\x00\x01\x00", 7},
                           "a TLS handshake: closing");
        CHECK(names_in(daemon.files()).empty());
        FtpClient client = connect_logged_in(daemon);
        client.command("POST x", 500); // after a login they are only unknown
        client.send("NOOP\r\n\x16");
        client.expect(200);
        client.send("\x03\r\n"); // at the start of a line, in two parts
        client.wait_for_end();
    }

    TEST_CASE("bytes of a handshake inside a body or a long line are bytes") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client{daemon};
        client.put("file", "\x16\x03\x01 no TLS");
        client.send(std::string(20000, 'x') + "\x16\x03");
        client.send(std::string(20000, '\x16') + "\x03\r\n");
        client.expect(500);
        client.command("NOOP", 200);
    }
}
