// SPDX-License-Identifier: ISC
// Commands given to a session that serves a folder, and what it says to them on the other end of its socket.
#include "ftpd/session/dispatch.hh"

#include "common/socket.hh"
#include "common/status_pages.hh"
#include "ftpd/confinement.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/settings.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>
#include <vector>

using namespace ftpd;
using common::Fd;
using Reason = SessionOver::Reason;

namespace {

std::pair<Fd, Fd> stream_pair() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    for (const int fd : ends) common::set_nonblocking(fd);
    return {Fd{ends[0]}, Fd{ends[1]}};
}

struct Scene {
    TemporaryFolder folder;
    Settings settings;
    common::StatusPages pages{1};
    std::pair<Fd, Fd> client_pair = stream_pair();
    std::pair<Fd, Fd> parent_pair = common::make_packet_pair();
    Fd peer = std::move(client_pair.first);
    Session session;

    explicit Scene(const std::string& line = "anonymous read")
        : settings(make_settings(common::read_config("", std::vector{"root " + (folder / "."), line}))),
          session(settings, {.client = std::move(client_pair.second),
                             .pair = std::move(parent_pair.second),
                             .root = open_root(settings),
                             .authd = {},
                             .page = pages.page(0)}) {}

    void send(std::string_view bytes) { CHECK(common::write_some(peer.get(), bytes).bytes == bytes.size()); }
    // What is said to the line.
    std::string say(std::string line) {
        execute(session, {std::move(line)});
        return heard();
    }
    std::string heard() {
        session.client.flush();
        std::string all(65536, '\0');
        all.resize(common::read_some(peer.get(), all).bytes);
        return all;
    }
    std::string code_of(std::string line) { return say(std::move(line)).substr(0, 3); }
    Reason end_of(std::string line) {
        try {
            execute(session, {std::move(line)});
        } catch (const SessionOver& end) {
            return end.reason;
        }
        FAIL("the session goes on");
        return {};
    }
    void log_in() {
        CHECK(code_of("USER ftp") == "331");
        CHECK(code_of("PASS x") == "230");
    }
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE(
        "dispatch: who has logged in or done something in band has come in and who was refused has not") {
        Scene first, second;
        for (const std::string line : {"NOOP", "HELP", "GET missing", "USER ftp", "RETR x"}) {
            first.say(line);
            CHECK_FALSE(first.session.has_come_in);
        }
        first.say("PASS x");
        CHECK(first.session.has_come_in);
        first.say("REIN");
        CHECK(first.session.has_come_in);
        second.say("LS");
        CHECK(second.session.has_come_in);
    }

    TEST_CASE("dispatch: a line is refused by what is wrong with it first") {
        Scene scene;
        CHECK(scene.code_of("") == "500");
        CHECK(scene.code_of("FLY") == "500");
        CHECK(scene.code_of("AUTH TLS") == "502"); // of the standards, but not here
        CHECK(scene.code_of("TYPE") == "501");
        CHECK(scene.code_of("SYST now") == "501");
        CHECK(scene.code_of(std::string{"TYPE I\0", 7}) == "501");
        CHECK(scene.code_of("PWD") == "530");
        CHECK(scene.code_of("syst") == "215"); // in any case
        execute(scene.session, {.text = "NOOP", .too_long = true});
        CHECK(scene.heard().substr(0, 3) == "500");
    }

    TEST_CASE("dispatch: rights decide once somebody is logged in") {
        Scene reader{"anonymous read"};
        reader.log_in();
        CHECK(reader.code_of("PWD") == "257");
        CHECK(reader.code_of("MKD d") == "550");
        Scene writer{"anonymous write"};
        writer.log_in();
        CHECK(writer.code_of("MKD d") == "257");
        CHECK(std::filesystem::is_directory(writer.folder / "d"));
        Scene nobody{"anonymous no"};
        CHECK(nobody.code_of("LS") == "530");
        CHECK(reader.code_of("LS") == "213");
    }

    TEST_CASE("dispatch: who speaks HTTP is no client") {
        CHECK(Scene{}.end_of("GET / HTTP/1.1") == Reason::protocol);
        CHECK(Scene{}.end_of("POST x") == Reason::protocol);
        Scene scene;
        scene.log_in();
        CHECK(scene.code_of("POST x") == "500"); // somebody who types
        CHECK(scene.end_of("GET / HTTP/1.1") == Reason::protocol);
    }

    TEST_CASE("dispatch: too many unknown commands before the login end the session and after it not") {
        Scene stranger;
        for (int tried = 1; tried < 10; ++tried) CHECK(stranger.code_of("FLY") == "500");
        CHECK(stranger.end_of("FLY") == Reason::protocol);
        Scene scene;
        scene.log_in();
        for (int tried = 0; tried < 20; ++tried) CHECK(scene.code_of("FLY") == "500");
    }

    TEST_CASE("dispatch: what RNFR says holds for the next command only and NOOP is none") {
        Scene scene{"anonymous write"};
        scene.log_in();
        std::ofstream{scene.folder / "a"};
        CHECK(scene.code_of("RNFR a") == "350");
        CHECK(scene.code_of("NOOP") == "200");
        CHECK(scene.code_of("RNTO b") == "250");
        CHECK(scene.code_of("RNFR b") == "350");
        CHECK(scene.code_of("PWD") == "257");
        CHECK(scene.code_of("RNTO c") == "503");
    }

    TEST_CASE("dispatch: REST and ALLO are used up by the next transfer whatever becomes of it") {
        Scene scene;
        scene.log_in();
        CHECK(scene.code_of("REST 5") == "350");
        CHECK(scene.code_of("ALLO 0") == "200");
        CHECK(scene.code_of("SIZE a") == "550");
        CHECK(scene.session.memory.restart == 5);
        CHECK(scene.session.memory.announced == 0);
        CHECK(scene.code_of("RETR a") == "550");
        CHECK(scene.session.memory.restart == 0);
        CHECK_FALSE(scene.session.memory.announced);
    }

    TEST_CASE("dispatch: the body of an upload that is refused is never taken for commands") {
        Scene scene{"anonymous read"};
        scene.send("QUIT\nnext");
        CHECK(scene.code_of("ALLO 5") == "200");
        CHECK(scene.code_of("PUT a") == "550");
        CHECK(scene.session.client.wait_for_input() == "next");
        CHECK_FALSE(scene.session.over);
        // Without a length all that comes is the body, and the session's end.
        scene.send("\r\nDELE x\r\n");
        ::shutdown(scene.peer.get(), SHUT_WR);
        try {
            execute(scene.session, {"PUT a"});
        } catch (const SessionOver&) {
            // With both directions closed there is nobody any more, as the system may tell at once.
        }
        CHECK(scene.heard().substr(0, 4) == "550 ");
        CHECK(scene.session.over);
    }

    TEST_CASE("dispatch: lines behind a WRITE that is refused are thrown away up to the dot") {
        Scene scene{"anonymous read"};
        scene.send("DELE x\r\n.\r\nNOOP\r\n");
        const std::string said = scene.say("WRITE a");
        CHECK(said.substr(0, 13) == "150 Refused: ");
        CHECK(said.find("\r\n550 ") != said.npos);
        CHECK(scene.session.client.wait_for_input() == "NOOP\r\n");
    }

    TEST_CASE("dispatch: SITE leads to its own verbs and to those of this connection only") {
        Scene scene;
        scene.log_in();
        CHECK(scene.code_of("SITE HELP") == "214");
        CHECK(scene.code_of("SITE LS") == "213");
        CHECK(scene.code_of("SITE UMASK 888") == "501");
        CHECK(scene.code_of("SITE PWD") == "501");
        CHECK(scene.code_of("SITE") == "501");
        CHECK(scene.code_of("SITE CHMOD 644 a") == "550"); // no right to
    }

    TEST_CASE("dispatch: options of telnet are refused before the reply and show a person") {
        Scene scene;
        CHECK(scene.say("\xff\xfb\x18NOOP") == "\xff\xfe\x18"
                                               "200 Nothing done.\r\n");
        CHECK(scene.session.control.is_person());
        CHECK(scene.say("").empty()); // Enter alone
    }
}
