// SPDX-License-Identifier: ISC
// LS and GET on the control connection itself, and what looks like HTTP there. PUT: put_test.cc.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using common::text;
using e2e::Connection;
using e2e::Daemon;
using e2e::FtpClient;
using namespace std::string_literals;

TEST_SUITE("e2e readiness") {
    TEST_CASE("with anonymous access LS and GET and PUT need no login and without it they do") {
        const Daemon open{{.lines = {"anonymous write"}}};
        const Daemon shut{{.lines = {"anonymous no"}}};
        for (const Daemon* const daemon : {&open, &shut})
            e2e::write_file(daemon->files() / "file", "content");
        for (const std::string prefix : {"", "SITE ", "site "}) {
            FtpClient guest{open}, stranger{shut};
            CHECK(guest.command(prefix + "LS", 213).find(" file\n") != std::string::npos);
            guest.command(prefix + "GET file", 150);
            CHECK(guest.read_exactly(7) == "content");
            CHECK(guest.expect(226) == text("226 ", e2e::cksum_of("content"), " file"));
            guest.send(prefix + "PUT new\r\nbytes");
            guest.expect(150);
            guest.half_close();
            CHECK(guest.expect(226) == text("226 ", e2e::cksum_of("bytes"), " new"));
            CHECK(guest.read_to_end().empty());
            std::filesystem::remove(open.files() / "new");

            stranger.command(prefix + "LS", 530);
            stranger.command(prefix + "GET file", 530);
            stranger.send("ALLO 6\r\n" + prefix + "PUT new\r\nNOOP\r\nNOOP\r\n");
            stranger.expect(200);
            stranger.expect(530);
            stranger.expect(200);
            stranger.command(prefix + "PUT new", 530);
            CHECK(stranger.read_to_end().empty());
        }
        CHECK(e2e::names_in(shut.files()) == e2e::Words{"file"});
    }

    TEST_CASE("SITE takes the three in-band verbs and its own and no other") {
        const Daemon daemon;
        FtpClient client = connect_logged_in(daemon);
        for (const auto* const line : {"SITE SITE LS", "SITE QUIT", "SITE  LS", "SITE LSX", "SITE RETR x",
                                       "SITE EXEC id", "SITE CHMODE 777 x", "SITE SITE CHMOD 644 x"}) {
            CAPTURE(line);
            CHECK(client.code_of(line) == 501);
        }
        CHECK(client.code_of("SITE LS") == 213);
        CHECK(client.code_of("SITE GET") == 501);
    }

    TEST_CASE("LS shows what LIST shows and counts it") {
        const Daemon daemon;
        FtpClient client{daemon};
        CHECK(client.command("LS", 213) == "213-/\n213 0 entries");
        std::filesystem::create_directory(daemon.files() / "sub dir");
        e2e::write_file(daemon.files() / "sub dir" / "one", "1");
        e2e::write_file(daemon.files() / "sub dir" / "two", "2");
        CHECK(client.command("LS sub dir", 213).starts_with("213-/sub dir\n -rw"));
        CHECK(client.command("LS sub dir", 213).ends_with(" two\n213 2 entries"));
        CHECK(client.command("LS /sub dir/one", 213).ends_with(" one\n213 1 entry"));
        client.command("LS missing", 550);
        client.command("LS .ftpd-x", 553);
        client.login();
        client.command("CWD sub dir", 250);
        CHECK(client.command("LS", 213).ends_with("\n213 2 entries"));
        CHECK(client.get("two") == "2");
    }

    TEST_CASE("SITE MLSD lists facts of a folder and of itself and of one file and of what matches") {
        const Daemon daemon;
        std::filesystem::create_directory(daemon.files() / "sub");
        e2e::write_file(daemon.files() / "sub" / "one", "1");
        e2e::write_file(daemon.files() / "sub" / "line\nend\r", "22");
        std::filesystem::create_symlink("sub", daemon.files() / "link");
        FtpClient client{daemon}; // not logged in
        const std::string folder = client.command("SITE MLSD sub", 213);
        CHECK(folder.starts_with("213-/sub\n type=dir;modify="));
        CHECK(folder.find("; .\n") != folder.npos);
        CHECK(folder.find(" type=file;size=1;") != folder.npos);
        CHECK(folder.find("; line\nend\r") != folder.npos); // in type A, too
        CHECK(folder.ends_with("\n213 End"));
        const std::string top = client.command("SITE MLSD", 213);
        CHECK(top.find("\n type=OS.unix=slink:sub;modify=") != top.npos);
        CHECK(top.find("; link\n") != top.npos);
        CHECK(client.command("SITE MLSD link", 213).find("; one\n") != std::string::npos);
        const std::string file = client.command("SITE MLSD sub/one", 213);
        CHECK(file.starts_with("213-/sub/one\n type=file;size=1;"));
        CHECK(file.ends_with("; one\n213 End"));
        CHECK(client.command("SITE MLSD sub/o*", 213).ends_with("; one\n213 End"));
        client.command("SITE MLSD missing", 550);
        client.command("SITE MLSD .ftpd-x", 553);

        Connection person{daemon.port()}; // whose lines end in a bare LF
        person.expect(220);
        person.send("SITE MLSD sub\n");
        const std::string shown = person.expect(213);
        CHECK(shown.find("; line?end?\n") != shown.npos);
        CHECK(shown.find("; one") != shown.npos);
    }

    TEST_CASE("GET sends exactly the announced raw bytes whatever they and the type are") {
        const Daemon daemon;
        std::string bytes = "226 0 0 fake\r\n\xff\xff\0\r\n\n"s + e2e::make_bytes(1'000'000);
        e2e::write_file(daemon.files() / "file", bytes);
        e2e::write_file(daemon.files() / "empty", "");
        FtpClient client{daemon}; // in type A
        CHECK((client.get("file") == bytes));
        CHECK(client.get("empty").empty());
        CHECK(client.command("GET empty", 150) == "150 0 bytes follow");
        client.expect(226);
        client.command("TYPE I", 200);
        CHECK((client.get("file") == bytes));
    }

    TEST_CASE("REST before GET starts there and the sum is of what was sent") {
        const Daemon daemon;
        e2e::write_file(daemon.files() / "file", "0123456789");
        FtpClient client{daemon};
        client.command("REST 4", 350);
        CHECK(client.get("file") == "456789");
        CHECK(client.get("file") == "0123456789");
        client.command("REST 10", 350);
        CHECK(client.get("file").empty());
        client.command("REST 11", 350);
        client.command("GET file", 554);
    }

    TEST_CASE("a file that shrinks under GET ends the connection early and without a sum") {
        const Daemon daemon;
        constexpr std::size_t size = 64 * 1024 * 1024; // more than any socket buffer
        const e2e::Path file = daemon.files() / "file";
        e2e::write_file(file, "");
        std::filesystem::resize_file(file, size);
        FtpClient client{daemon};
        client.send("GET file\r\n");
        client.expect(150);
        client.read_exactly(1);
        std::filesystem::resize_file(file, 1);
        const std::string rest = client.read_to_end();
        CHECK(rest.size() < size - 1);
        CHECK(rest.find("226 ") == std::string::npos);
        daemon.wait_for_log("broke off /file");
    }

    TEST_CASE("a file that grows under GET is sent up to its announced size") {
        const Daemon daemon;
        constexpr std::size_t size = 64 * 1024 * 1024;
        const e2e::Path file = daemon.files() / "file";
        e2e::write_file(file, "");
        std::filesystem::resize_file(file, size);
        FtpClient client{daemon};
        client.command("GET file", 150);
        client.read_exactly(1);
        std::filesystem::resize_file(file, size + 1000);
        client.read_exactly(size - 1);
        CHECK(client.expect(226).find(text(' ', size, " file")) != std::string::npos);
        client.command("NOOP", 200);
    }

    TEST_CASE("an HTTP request ends the connection without an answer and nothing of it is done") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        e2e::write_file(daemon.files() / "file", "content");
        const std::string body = "\r\nALLO 1\r\nPUT planted\r\nx";
        for (const std::string request :
             {"GET /file HTTP/1.1", "GET / HTTP/1.0", "PUT /new HTTP/1.1", "POST / HTTP/1.1",
              "SITE GET / HTTP/1.0", "HEAD /file HTTP/2.0", "NOOP HTTP/1.1", "LS /file HTTP/0.9"}) {
            for (const auto* const end : {"\r\n", "\n"}) {
                CAPTURE(request);
                FtpClient client{daemon};
                client.try_send(request + end + body);
                CHECK_THROWS(client.read_line());
            }
            FtpClient client = connect_logged_in(daemon); // a login changes nothing
            client.try_send("ALLO 5\r\n" + request + body);
            client.expect(200);
            CHECK_THROWS(client.read_line());
        }
        // One that is too long to be a command is still known by its end, wherever the pieces were cut.
        for (std::size_t length = 8160; length < 8240; ++length) {
            CAPTURE(length);
            FtpClient client{daemon};
            const std::string front = "POST /";
            client.try_send(front + std::string(length - front.size() - 9, 'x') + " HTTP/1.1\r\n" + body);
            CHECK_THROWS(client.read_line());
        }
        daemon.wait_until_idle();
        CHECK(e2e::names_in(daemon.files()) == e2e::Words{"file"});
    }

    TEST_CASE("names that only resemble HTTP are names") {
        const Daemon daemon;
        FtpClient client{daemon};
        for (const std::string name :
             {"HTTP/1.1", "a HTTP/1.1x", "a HTTP/11", "a http/1.1", "aHTTP/1.1", "a HTTP/1.1 "}) {
            std::filesystem::create_directories((daemon.files() / name).parent_path());
            e2e::write_file(daemon.files() / name, name);
            CAPTURE(name);
            if (name == "HTTP/1.1") // after the verb, it is what an HTTP line ends in
                CHECK(client.get("./" + name) == name);
            else
                CHECK(client.get(name) == name);
        }
    }
}
