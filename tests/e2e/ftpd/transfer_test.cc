// SPDX-License-Identifier: ISC
// RETR, and what TYPE and REST make of a transfer.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <sys/stat.h>

using common::text;
using e2e::Connection;
using e2e::Daemon;
using e2e::FtpClient;

TEST_SUITE("e2e readiness") {
    TEST_CASE("RETR sends a file as it is and tells its size") {
        const Daemon daemon;
        const std::string bytes = e2e::make_bytes(3'000'000);
        e2e::write_file(daemon.files() / "file", bytes);
        e2e::write_file(daemon.files() / "empty", "");
        FtpClient client = connect_logged_in(daemon);
        Connection data = client.open_data();
        CHECK(client.command("RETR file", 150) == "150 Here comes /file (3000000 bytes).");
        CHECK((data.read_to_end() == bytes));
        CHECK(client.expect(226) == "226 Sent 3000000 bytes.");
        CHECK(client.fetch("RETR empty").empty());
    }

    TEST_CASE("RETR of what is no readable regular file is refused at once") {
        const Daemon daemon;
        std::filesystem::create_directory(daemon.files() / "folder");
        ::mkfifo((daemon.files() / "fifo").c_str(), 0666);
        std::filesystem::create_symlink("/dev/zero", daemon.files() / "outside");
        std::filesystem::create_symlink("loop", daemon.files() / "loop");
        e2e::write_file(daemon.files() / "secret", "x");
        std::filesystem::permissions(daemon.files() / "secret", std::filesystem::perms::none);
        if (::geteuid() == 0) ::mknod((daemon.files() / "zero").c_str(), S_IFCHR | 0666, 1 << 8 | 5);
        FtpClient client = connect_logged_in(daemon);
        const Connection data = client.open_data();
        for (const auto* const name :
             {"missing", "folder", "/", "fifo", "outside", "loop", "secret", "zero", "missing/x", "fifo/x"}) {
            CAPTURE(name);
            CHECK(client.code_of(text("RETR ", name)) == 550);
            CHECK(client.code_of(text("GET ", name)) == 550);
        }
        client.command("RETR .ftpd-x", 553);
    }

    TEST_CASE("TYPE A turns line ends into CRLF on the way out and doubles none") {
        const Daemon daemon;
        e2e::write_file(daemon.files() / "unix", "one\n\ntwo");
        e2e::write_file(daemon.files() / "dos", "one\r\n\r\ntwo\r");
        e2e::write_file(daemon.files() / "mixed", "\n\r\r\n\r");
        std::string long_lines;
        for (int i = 0; i < 100'000; ++i) long_lines.append(static_cast<std::size_t>(i % 17), 'x') += '\n';
        e2e::write_file(daemon.files() / "long", long_lines);
        FtpClient client = connect_logged_in(daemon);
        client.command("TYPE A", 200);
        CHECK(client.fetch("RETR unix") == "one\r\n\r\ntwo");
        CHECK(client.fetch("RETR dos") == "one\r\n\r\ntwo\r");
        CHECK(client.fetch("RETR mixed") == "\r\n\r\r\n\r");
        std::string expected;
        for (const char c : long_lines) expected.append(c == '\n' ? "\r" : "") += c;
        CHECK((client.fetch("RETR long") == expected));
        client.command("TYPE I", 200);
        CHECK(client.fetch("RETR dos") == "one\r\n\r\ntwo\r");
    }

    TEST_CASE("TYPE A turns CRLF into LF on the way in and leaves a lone CR") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        FtpClient client = connect_logged_in(daemon);
        client.command("TYPE A", 200);
        client.store("STOR text", "one\r\n\r\ntwo\nthree\r\r\nfour\r");
        CHECK(e2e::read_file(daemon.files() / "text") == "one\n\ntwo\nthree\r\nfour\r");
        // A line end cut in two.
        Connection data = client.open_data();
        client.command("STOR cut", 150);
        data.send("one\r");
        client.command("NOOP", 200); // answered at once, in the midst of the transfer
        data.send("\ntwo\r\n");
        data.close();
        client.expect(226);
        CHECK(e2e::read_file(daemon.files() / "cut") == "one\ntwo\n");
    }

    TEST_CASE("a session starts in type A as the standard says") {
        const Daemon daemon;
        e2e::write_file(daemon.files() / "file", "line\n");
        FtpClient client{daemon};
        client.command("USER anonymous", 331);
        client.command("PASS x", 230);
        CHECK(client.fetch("RETR file") == "line\r\n");
    }

    TEST_CASE("default-type is the type of a client that never sends TYPE") {
        const Daemon daemon{{.lines = {"anonymous write", "default-type binary"}}};
        e2e::write_file(daemon.files() / "file", "line\n");
        FtpClient client{daemon};
        const auto log_in = [&] {
            client.command("USER anonymous", 331);
            client.command("PASS x", 230);
        };
        log_in();
        CHECK(client.fetch("RETR file") == "line\n");
        client.store("STOR picture", "a\r\nb\r");
        CHECK(e2e::read_file(daemon.files() / "picture") == "a\r\nb\r");
        client.command("REST 2", 350);
        CHECK(client.fetch("RETR file") == "ne\n");
        CHECK(client.command("STAT", 211).find("Type I") != std::string::npos);
        client.command("TYPE A", 200);
        CHECK(client.fetch("RETR file") == "line\r\n");
        client.command("REIN", 220);
        log_in();
        CHECK(client.fetch("RETR file") == "line\n");
    }

    TEST_CASE("REST starts the next transfer there and only that one") {
        const Daemon daemon;
        e2e::write_file(daemon.files() / "file", "0123456789");
        FtpClient client = connect_logged_in(daemon);
        client.command("REST 4", 350);
        CHECK(client.fetch("RETR file") == "456789");
        CHECK(client.fetch("RETR file") == "0123456789");
        client.command("REST 10", 350);
        CHECK(client.fetch("RETR file").empty());
        client.command("REST 4", 350);
        client.command("RETR missing", 550);
        CHECK(client.fetch("RETR file") == "0123456789");
        client.command("REST 4", 350);
        client.command("REST x", 501);
        CHECK(client.fetch("LIST file").find("file") != std::string::npos);
        CHECK(client.fetch("RETR file") == "0123456789");
    }

    TEST_CASE("REST beyond the end of a file is refused with 554 by the transfer") {
        const Daemon daemon;
        e2e::write_file(daemon.files() / "file", "0123456789");
        FtpClient client = connect_logged_in(daemon);
        const Connection data = client.open_data();
        for (const auto* const beyond : {"11", "9223372036854775807"}) {
            client.command(text("REST ", beyond), 350);
            client.command("RETR file", 554);
            client.command(text("REST ", beyond), 350);
            client.command("GET file", 554);
        }
    }

    TEST_CASE("a data connection that the client breaks off is 426 and the session goes on") {
        const Daemon daemon;
        e2e::write_file(daemon.files() / "file", std::string(20'000'000, 'x'));
        FtpClient client = connect_logged_in(daemon);
        Connection data = client.open_data();
        client.command("RETR file", 150);
        data.read_exactly(1000);
        data.reset();
        client.expect(426);
        client.command("NOOP", 200);
        CHECK(client.fetch("RETR file").size() == 20'000'000);
    }

    TEST_CASE("a file that shrinks under RETR ends in 451 and a data connection that was reset") {
        const Daemon daemon;
        constexpr std::size_t size = 64 * 1024 * 1024; // more than any socket buffer
        const e2e::Path file = daemon.files() / "file";
        FtpClient client = connect_logged_in(daemon);
        std::size_t logged = 0;
        for (const auto* const type : {"TYPE I", "TYPE A"}) {
            CAPTURE(type);
            e2e::write_file(file, "x");
            std::filesystem::resize_file(file, size);
            client.command(type, 200);
            Connection data = client.open_data();
            client.command("RETR file", 150);
            data.read_exactly(1);
            std::filesystem::resize_file(file, 1);
            CHECK_THROWS_AS(data.read_to_end(), e2e::Failure);
            CHECK(client.expect(451) == text("451 The file has fewer than its ", size, " bytes by now."));
            client.command("NOOP", 200);
            logged = daemon.wait_for_log(" s, broken off", logged);
        }
    }

    TEST_CASE("a file that grows under RETR ends at the size that it had at its 150") {
        const Daemon daemon;
        constexpr std::size_t size = 64 * 1024 * 1024; // more than any socket buffer
        const e2e::Path file = daemon.files() / "file";
        FtpClient client = connect_logged_in(daemon);
        for (const auto* const type : {"TYPE I", "TYPE A"}) {
            CAPTURE(type);
            e2e::write_file(file, "x");
            std::filesystem::resize_file(file, size);
            client.command(type, 200);
            Connection data = client.open_data();
            client.command("RETR file", 150);
            data.read_exactly(1);
            std::filesystem::resize_file(file, 2 * size);
            CHECK(data.read_to_end().size() == size - 1);
            data.close();
            CHECK(client.expect(226) == text("226 Sent ", size, " bytes."));
        }
    }

    TEST_CASE("REST and ALLO outlive NOOP and STAT and are forgotten by ABOR") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        e2e::write_file(daemon.files() / "file", "0123456789");
        FtpClient client = connect_logged_in(daemon);
        const auto keep_alive = [&] {
            client.command("NOOP", 200);
            client.command("STAT", 211);
            client.command("STAT /file", 213);
            client.command("PWD", 257);
        };
        client.command("REST 4", 350);
        keep_alive();
        CHECK(client.fetch("RETR file") == "456789");
        client.command("REST 5", 350);
        keep_alive();
        CHECK(client.get("file") == "56789");
        client.command("ALLO 6", 200);
        keep_alive();
        client.send("PUT new\r\nNOOP\r\nPWD\r\n");
        client.expect(150);
        client.expect(226);
        client.expect(257);
        CHECK(e2e::read_file(daemon.files() / "new") == "NOOP\r\n");

        client.command("REST 4", 350);
        client.command("ABOR", 226);
        CHECK(client.fetch("RETR file") == "0123456789");
        client.command("REST 4", 350);
        client.command("ALLO 3", 200);
        client.send(text("PUT ", std::string(9000, 'x'), "\r\nabc"));
        client.expect(500); // its body is passed over, and what stood before it is used up
        CHECK(client.get("file") == "0123456789");
        client.command("ALLO 6", 200);
        client.command("ABOR", 226);
        client.send("PUT other\r\nNOOP\r\nPWD\r\n");
        client.half_close();
        client.expect(150);
        client.expect(226);
        CHECK(e2e::read_file(daemon.files() / "other") == "NOOP\r\nPWD\r\n");
    }

    TEST_CASE("REST counts bytes as they are and is refused under TYPE A") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        e2e::write_file(daemon.files() / "file", "0\n23\n56789");
        e2e::write_shared(daemon.files() / "target", "0123456789");
        FtpClient client = connect_logged_in(daemon);
        client.command("TYPE A", 200);
        CHECK(client.command("REST 4", 501).find("TYPE I") != std::string::npos);
        CHECK(client.fetch("RETR file") == "0\r\n23\r\n56789");
        client.command("REST 0", 350);
        CHECK(client.fetch("RETR file") == "0\r\n23\r\n56789");
        for (const std::string_view line : {"RETR file", "STOR target", "APPE target"}) {
            CAPTURE(line);
            client.command("TYPE I", 200);
            client.command("REST 4", 350);
            client.command("TYPE A", 200);
            Connection data = client.open_data();
            CHECK(client.command(line, 550).find("TYPE I") != std::string::npos);
            data.close();
        }
        CHECK(e2e::read_file(daemon.files() / "target") == "0123456789");
        CHECK(client.fetch("RETR file") == "0\r\n23\r\n56789");
        client.command("TYPE I", 200);
        client.command("REST 4", 350);
        CHECK(client.fetch("RETR file") == "\n56789");
        // Types are nothing to the verbs of this connection.
        client.command("REST 2", 350);
        client.command("TYPE A", 200);
        CHECK(client.get("file") == "23\n56789");
        FtpClient silent{daemon};
        silent.command("USER anonymous", 331);
        silent.command("PASS x", 230);
        silent.command("REST 2", 350);
        CHECK(silent.get("file") == "23\n56789");
        silent.command("REST 2", 350);
        Connection data = silent.open_data();
        silent.command("RETR file", 550);
    }

    TEST_CASE("QUIT behind a transfer lets it end first") {
        const Daemon daemon;
        e2e::write_file(daemon.files() / "file", std::string(20'000'000, 'x'));
        FtpClient client = connect_logged_in(daemon);
        Connection data = client.open_data();
        client.send("RETR file\r\nQUIT\r\n");
        client.expect(150);
        CHECK(data.read_to_end().size() == 20'000'000);
        client.expect(226);
        client.expect(221);
        CHECK(client.read_to_end().empty());
    }
}
