// SPDX-License-Identifier: ISC
// Where lines end and bodies begin on a control connection, however the bytes arrive.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include "common/socket.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <random>

using common::text;
using e2e::Connection;
using e2e::Daemon;
using e2e::FtpClient;
using e2e::names_in;
using e2e::Words;
using namespace std::string_literals;

namespace {

const Daemon::Setting writable{.lines = {"anonymous write"}};

// Sends the pieces, ends the input, and returns all that comes back. Between pieces it waits for nothing, but
// they leave in packets of their own.
std::string talk(const Daemon& daemon, const std::vector<std::string_view>& pieces) {
    Connection client{daemon.addresses().at(0)};
    common::set_no_delay(client.fd());
    for (const std::string_view piece : pieces) client.send(piece);
    client.half_close();
    return client.read_to_end();
}

std::string with_sum(std::string_view bytes, std::string_view name) {
    return text("226 ", e2e::cksum_of(bytes), ' ', name, "\r\n");
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("after a first line that LF ends any LF ends a line") {
        const Daemon daemon{writable};
        e2e::write_file(daemon.files() / "file", "content");
        FtpClient client{daemon};
        client.send("NOOP\nNOOP\r\nSYST\n\n\r\nGET file\n");
        for (const int code : {200, 200, 215, 150}) client.expect(code);
        CHECK(client.read_exactly(7) == "content");
        client.expect(226);
        CHECK(!client.has_input()); // a person's empty lines are not worth a word
        client.send("ALLO 2\nPUT new\n\n\nNOOP\n");
        for (const int code : {200, 150, 226, 200}) client.expect(code);
        CHECK(e2e::read_file(daemon.files() / "new") == "\n\n");
    }

    TEST_CASE("after a first line that CRLF ends an LF is part of a name") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.send("MKD a\nMKD b\r\n");
        CHECK(client.expect(257) == "257 \"/a?MKD b\" is made.");
        client.put("line\nbreak", "content");
        CHECK(client.get("line\nbreak") == "content");
        CHECK(client.command("SIZE line\nbreak", 213) == "213 7");
        CHECK(client.command("MLST line\nbreak", 250).ends_with("; /line?break\n250 End"));
        CHECK(client.command("LS", 213).find("line?break") != std::string::npos);
        client.command("DELE line\nbreak", 250);
        CHECK(names_in(daemon.files()) == Words{"a\nMKD b"});
    }

    TEST_CASE("CR NUL is a CR in a name and a lone CR stays one and NUL is refused") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.send("MKD a\r\0b\r\n"s);
        client.expect(257);
        client.send("MKD c\rd\r\n"s);
        client.expect(257);
        client.send("MKD e\r\0\r\n"s);
        client.expect(257);
        client.send("MKD f\r\0\n\r\n"s); // not the end of a line, but its two bytes
        CHECK(client.expect(257) == "257 \"/f??\" is made.");
        for (const std::string& line : {"MKD x\0y\r\n"s, "\0\r\n"s, "NO\0OP\r\n"s, "MKD \0\r\n"s}) {
            client.send(line);
            client.expect(501);
        }
        CHECK(names_in(daemon.files()) == Words{"a\rb", "c\rd", "e\r", "f\r\n"});
    }

    TEST_CASE("telnet commands are left out of a line and IAC IAC is one byte of a name") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.send("\xff\xfb\x01\xff\xfd\x03NO\xff\xf1OP\r\n"); // WILL, DO: refused before the reply
        CHECK(client.read_exactly(6) == "\xff\xfe\x01\xff\xfc\x03");
        client.expect(200);
        client.send("\xff\xf4\xff\xf2NOOP\r\n");
        client.expect(200);
        client.send("\xff\xfa\x18\x01xterm\xff\xf0NOOP\xff\xf9\r\n");
        client.expect(200);
        client.send("MKD \xff\xff\xf0\x9f\x98\x80\r\n");
        CHECK(client.read_line() == "257 \"/\xff\xff\xf0\x9f\x98\x80\" is made.");
        CHECK(names_in(daemon.files()) == Words{"\xff\xf0\x9f\x98\x80"});
        client.send("PUT \xff\r\nNOOP\r\n.\r\n"); // cut off; from telnet it has lines behind it
        client.expect(150);
        client.expect(501);
        client.command("NOOP", 200);
    }

    TEST_CASE("the end of input executes no half line") {
        const Daemon daemon{writable};
        for (const auto* const first : {"NOOP\r\n", "NOOP\n"}) {
            for (const std::string half : {"MKD planted", "MKD planted\r", "ALLO 1\r\nPUT planted", "QUIT"}) {
                const std::string answers = talk(daemon, {first, half});
                CHECK(answers.find("\r\n200 ") != std::string::npos);
                CHECK(answers.find("257") == std::string::npos);
                CHECK(answers.find("221") == std::string::npos);
            }
        }
        CHECK(talk(daemon, {"MKD planted"}).ends_with("? for more.\r\n")); // the greeting alone
        CHECK(names_in(daemon.files()).empty());
    }

    TEST_CASE("commands that came before the end of input are all answered") {
        const Daemon daemon;
        std::string lines;
        for (int i = 0; i < 5000; ++i) lines += "NOOP\r\n";
        const std::string answers = talk(daemon, {lines + "QUIT\r\n"});
        CHECK(answers.size() > 5000 * "200 x\r\n"s.size());
        CHECK(answers.ends_with("221 Goodbye.\r\n"));
        std::size_t count = 0;
        for (std::size_t at = 0; (at = answers.find("\r\n200 ", at)) != answers.npos; ++at) ++count;
        CHECK(count == 5000);
    }

    TEST_CASE("a line of the longest length is taken and one byte more is refused once") {
        const Daemon daemon;
        FtpClient client = connect_logged_in(daemon);
        constexpr std::size_t most = 8190;
        for (const std::size_t length : {most, most + 1, most + 2, 3 * most, 100 * most}) {
            CAPTURE(length);
            const int code = client.code_of("NOOP " + std::string(length - 5, 'x'));
            CHECK(code == (length > most ? 500 : 200));
            client.command("SYST", 215);
        }
    }

    TEST_CASE("a short dialogue goes the same way wherever its bytes are cut") {
        const Daemon daemon{writable};
        e2e::write_file(daemon.files() / "file", "con\r\ntent");
        for (const std::string end : {"\r\n", "\n"}) {
            const std::string dialogue =
                text("LS none", end, "ALLO 7", end, "PUT n", end, "x\r\nQUITGET file", end, "ALLO 3", end,
                     "PUT .ftpd-", end, "LS\nREST 4", end, "GET n", end, "QUIT", end);
            const std::string whole = talk(daemon, {dialogue});
            CHECK(whole.find(text("150 9 bytes follow\r\ncon\r\ntent", with_sum("con\r\ntent", "file"))) !=
                  whole.npos);
            CHECK(whole.find(text("150 3 bytes follow\r\nUIT", with_sum("UIT", "n"))) != whole.npos);
            CHECK(whole.ends_with("221 Goodbye.\r\n"));
            const std::string_view bytes = dialogue;
            for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
                CAPTURE(cut);
                REQUIRE(talk(daemon, {bytes.substr(0, cut), bytes.substr(cut)}) == whole);
            }
            std::vector<std::string_view> single;
            for (std::size_t at = 0; at < bytes.size(); ++at) single.push_back(bytes.substr(at, 1));
            CHECK(talk(daemon, single) == whole);
        }
    }

    TEST_CASE("two hundred pipelined commands with bodies go the same way under random cuts") {
        const Daemon daemon{writable};
        std::minstd_rand random{7};
        const auto pick = [&](std::size_t limit) { return static_cast<std::size_t>(random()) % limit; };
        std::string dialogue, expected;
        std::map<std::string, std::string> files;
        for (int i = 0; i < 200; ++i) {
            const std::string name = text("f", pick(10));
            // Mostly short, sometimes longer than the buffer of the session.
            const std::string body =
                e2e::make_bytes(pick(10) == 0 ? pick(40'000) : pick(50), static_cast<unsigned>(i) + 1);
            switch (pick(4)) {
            case 0:
                dialogue += text("ALLO ", body.size(), "\r\nPUT ", name, "\r\n", body);
                expected += text("200 The next upload has ", body.size(), " bytes.\r\n150 Send ", body.size(),
                                 " bytes.\r\n", with_sum(body, name));
                files[name] = body;
                break;
            case 1:
                dialogue += text("ALLO ", body.size(), "\r\nPUT .ftpd-x\r\n", body);
                expected +=
                    text("200 The next upload has ", body.size(),
                         " bytes.\r\n553 Names that begin with .ftpd- are reserved for the server.\r\n");
                break;
            case 2:
                dialogue += "SYST\r\n";
                expected += "215 UNIX Type: L8\r\n";
                break;
            default:
                if (!files.contains(name)) break;
                dialogue += text("GET ", name, "\r\n");
                expected += text("150 ", files[name].size(), " bytes follow\r\n", files[name],
                                 with_sum(files[name], name));
            }
        }
        for (int round = 0; round < 10; ++round) {
            CAPTURE(round);
            std::vector<std::string_view> pieces;
            for (std::string_view left = dialogue; !left.empty();) {
                const std::size_t length = std::min(left.size(), 1 + pick(round < 5 ? 100 : 20'000));
                pieces.push_back(left.substr(0, length));
                left.remove_prefix(length);
            }
            const std::string answers = talk(daemon, pieces);
            REQUIRE(answers.size() > expected.size());
            CHECK((answers.substr(answers.find('\n') + 1) == expected));
        }
    }
}
