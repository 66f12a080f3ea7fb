// SPDX-License-Identifier: ISC
// Both daemons together: a file that is stored in a folder of `announce' is shown in a room.
#include "tests/e2e/chat_client.hh"
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using namespace e2e;
using common::text;

TEST_SUITE("e2e") {
    TEST_CASE("people in a room are shown who has shared a file and where to get it") {
        const Daemon chat{chatd_with({"room lobby", "room cellar code sesame"})};
        const std::string control = (chat.state() / "control").native();
        const Daemon files{{.lines = {"anonymous write", text("announce / cellar ", control)}}};
        ChatClient ada{chat, "ada", "sesame"}, bob{chat, "bob", "lobby"};
        FtpClient client = connect_logged_in(files);
        client.store("STOR \xe5\xbc\xa0 1.txt", std::string(1'200'000, 'x'));
        const std::string place = text("ftp://127.0.0.1:", files.port(), "/%E5%BC%A0%201.txt");
        ada.expect_line(text("anonymous shared \xe5\xbc\xa0 1.txt (1.2 MB): ", place));
        const TempDir folder;
        const std::string got = folder / "got";
        CHECK(run_client({"fcp", place, got}).status == 0);
        CHECK(std::filesystem::file_size(got) == 1'200'000);
        CHECK(run_client({"curl", "-s", "-o", "/dev/null", "-w", "%{size_download}", place}).out ==
              "1200000");
        bob.say("anything?");
        ada.say("yes");
        CHECK(chat.log().find("shared") == std::string::npos);
    }

    TEST_CASE("a file that was continued is shared with the size of all of it") {
        const Daemon chat{chatd_with({"room lobby"})};
        const std::string control = (chat.state() / "control").native();
        const Daemon files{{.lines = {"anonymous write", text("announce / lobby ", control)}}};
        ChatClient ada{chat, "ada"};
        const auto place = [&](const char* name) {
            return text("ftp://127.0.0.1:", files.port(), "/", name);
        };
        FtpClient client = connect_logged_in(files);
        client.send(text("ALLO 1200000\r\nPUT parts\r\n", std::string(1'000'000, 'x')));
        client.expect(200);
        client.expect(150);
        client.half_close();
        client.expect(426);
        FtpClient again = connect_logged_in(files);
        again.command("REST 1000000", 350);
        again.put("parts", std::string(200'000, 'x'));
        ada.expect_line("anonymous shared parts (1.2 MB): " + place("parts"));
        again.command("REST 5", 350); // in the middle of what is there
        again.put("parts", "y");
        ada.expect_line("anonymous shared parts (1.2 MB): " + place("parts"));
        again.store("APPE parts", std::string(100'000, 'x'));
        ada.expect_line("anonymous shared parts (1.3 MB): " + place("parts"));
    }

    TEST_CASE(
        "whoever has not logged in has a word in what is shared and a link that leads nowhere is none") {
        const Daemon chat{chatd_with({"room lobby"})};
        const std::string control = (chat.state() / "control").native();
        ChatClient ada{chat, "ada"};
        for (const bool may_read : {true, false}) {
            const Daemon files{{.lines = {may_read ? "anonymous write" : "anonymous upload-only",
                                          text("announce / lobby ", control)}}};
            FtpClient{files}.put("note", "hello");
            const std::string link = may_read ? text("ftp://127.0.0.1:", files.port()) : "";
            ada.expect_line(text("anonymous shared note (5 B): ", link, "/note"));
        }
    }

    TEST_CASE("chat takes a URL that says where and who and which room") {
        const Daemon daemon{chatd_with({"room lobby", "room tea", "room cellar code sesame"})};
        ChatClient ada{daemon, "ada", "tea"};
        const std::string server = text("127.0.0.1:", daemon.port());
        CHECK(run_client({"chat", text("chat://bob@", server, "/tea")}, "hello\n").status == 0);
        ada.expect_line("bob joined");
        ada.expect_line("bob say: hello");
        const Result wrong = run_client({"chat", text("chat://bob:secret@", server)});
        CHECK(wrong.status == 64);
        CHECK(wrong.err == "chat: chat://127.0.0.1: a URL cannot contain a password: it is asked for\n");
        CHECK(run_client({"chat", "chat://127.0.0.1:http"}).err ==
              "chat: chat://127.0.0.1:http: the port is a number of 1 to 65535\n");
    }

    TEST_CASE("a notice wants a room that is there and a text that is not too long") {
        const Daemon chat{chatd_with({"room lobby"})};
        const auto fault_of = [&](const Words& words) {
            Words command{"chatctl", "-s", (chat.state() / "control").native(), "notice"};
            command.insert(command.end(), words.begin(), words.end());
            const Result result = run_client(command);
            CHECK(result.status == 1);
            return result.err;
        };
        CHECK(fault_of({"hello"}).find("say in which room: -r ROOM") != std::string::npos);
        CHECK(fault_of({"-r", "nowhere", "hello"}).find("there is no room 'nowhere'") != std::string::npos);
        CHECK(fault_of({"-r", "lobby"}).find("a notice has 1 to ") != std::string::npos);
        CHECK(fault_of({"-r", "lobby", std::string(2001, 'x')}).find("a notice has 1 to 2000 bytes") !=
              std::string::npos);
        ChatClient ada{chat, "ada"};
        run_client(
            {"chatctl", "-s", (chat.state() / "control").native(), "notice", "-r", "lobby", "a\x1b[31m b"});
        ada.expect_line("a\xef\xbf\xbd[31m b");
    }
}
