// SPDX-License-Identifier: ISC
// PUT: a body on the control connection is as long as announced, and never becomes commands.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include "common/text.hh"

#include <doctest/doctest.h>

using common::text;
using e2e::Daemon;
using e2e::FtpClient;
using e2e::names_in;
using e2e::read_file;
using e2e::Words;
using e2e::write_shared;
using namespace std::string_literals;

namespace {

const Daemon::Setting writable{.lines = {"anonymous write"}};
// A body that would do harm if it were taken for commands.
const std::string evil = "DELE victim\r\nMKD planted\r\nALLO 1\r\nPUT planted2\r\nx\nDELE victim\nQUIT\r\n";

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("PUT with ALLO takes exactly the announced bytes and the session goes on") {
        const Daemon daemon{writable};
        FtpClient client{daemon};
        const std::string bytes = "NOOP\r\n\xff\xff\0\r"s + e2e::make_bytes(1'000'000);
        client.put("file", bytes);
        CHECK((read_file(daemon.files() / "file") == bytes));
        CHECK((client.get("file") == bytes));
        client.put("file", "replaced");
        CHECK(read_file(daemon.files() / "file") == "replaced");
        client.put("empty", "");
        CHECK(read_file(daemon.files() / "empty").empty());
        client.send("ALLO 3\r\nPUT a\r\nabcNOOP\r\nALLO 2\r\nSITE PUT b\r\nxyGET b\r\n");
        for (const int code : {200, 150, 226, 200, 200, 150, 226, 150}) client.expect(code);
        CHECK(client.read_exactly(2) == "xy");
        client.expect(226);
        CHECK(names_in(daemon.files()) == Words{"a", "b", "empty", "file"});
    }

    TEST_CASE("ALLO holds for the next transfer only") {
        const Daemon daemon{writable};
        write_shared(daemon.files() / "file", "old");
        FtpClient client = connect_logged_in(daemon);
        client.command("ALLO 5", 200);
        CHECK(client.get("file") == "old");
        client.send("PUT new\r\n12345678");
        client.expect(150);
        client.half_close();
        client.expect(226);
        CHECK(read_file(daemon.files() / "new") == "12345678");
    }

    TEST_CASE("PUT without ALLO takes all up to the end of the input and is the last command") {
        const Daemon daemon{writable};
        for (const auto* const end : {"\r\n", "\n"}) {
            FtpClient client{daemon};
            client.send(text("PUT file", end, evil));
            client.expect(150);
            client.half_close();
            CHECK(client.expect(226) == text("226 ", e2e::cksum_of(evil), " file"));
            CHECK(client.read_to_end().empty());
            CHECK(read_file(daemon.files() / "file") == evil);
            CHECK(names_in(daemon.files()) == Words{"file"});
            std::filesystem::remove(daemon.files() / "file");
        }
    }

    TEST_CASE("PUT without ALLO never replaces a file even one that comes meanwhile") {
        const Daemon daemon{writable};
        write_shared(daemon.files() / "old", "old");
        FtpClient refused{daemon}, late{daemon};
        refused.send("PUT old\r\nnew");
        refused.expect(550);
        refused.wait_for_end();
        late.send("PUT fresh\r\nmine");
        late.expect(150);
        write_shared(daemon.files() / "fresh", "theirs");
        late.half_close();
        late.expect(550);
        late.wait_for_end();
        CHECK(read_file(daemon.files() / "old") == "old");
        CHECK(read_file(daemon.files() / "fresh") == "theirs");
        CHECK(names_in(daemon.files()) == Words{"fresh", "old"});
    }

    TEST_CASE("a body that ends early or is reset leaves the old file and continues at its end") {
        const Daemon daemon{writable};
        write_shared(daemon.files() / "old", "old");
        for (const auto* const name : {"old", "fresh"}) {
            FtpClient client{daemon};
            client.send(text("ALLO 10\r\nPUT ", name, "\r\n01234"));
            client.expect(200);
            client.expect(150);
            client.half_close();
            client.expect(426);
            CHECK(client.read_to_end().empty());
        }
        CHECK(read_file(daemon.files() / "old") == "old");
        FtpClient client = connect_logged_in(daemon);
        CHECK(client.command("SIZE fresh", 213) == "213 5");
        client.command("REST 5", 350);
        client.put("fresh", "56789");
        CHECK(read_file(daemon.files() / "fresh") == "0123456789");
        FtpClient doomed{daemon};
        doomed.send("ALLO 10\r\nPUT old\r\n01234");
        doomed.expect(200);
        doomed.expect(150);
        doomed.reset();
        client.command("QUIT", 221);
        daemon.wait_until_idle();
        CHECK(read_file(daemon.files() / "old") == "old");
    }

    TEST_CASE("a refused PUT discards its announced body and executes none of it") {
        const std::string long_name(9000, 'n');
        const struct {
            std::string access, line;
            int code;
        } cases[] = {
            {"read", "PUT new", 550},
            {"read", "PUT victim", 550},
            {"no", "PUT new", 530},
            {"write", "PUT .ftpd-x", 553},
            {"write", "PUT folder/.ftpd-x", 553},
            {"write", "PUT folder", 550},
            {"write", "PUT /", 550},
            {"write", "PUT missing/x", 550},
            {"write", "PUT fifo", 550},
            {"write", "PUT", 501},
            {"write", "PUT ", 501},
            {"write", "put", 501},
            {"write", "SITE PUT", 501},
            {"write", "PUT a\0b"s, 501},
            {"write", "SITE PUT a\0b"s, 501},
            {"write", "PUT " + long_name, 500},
            {"write", "site put " + long_name, 500},
            {"write", "PUT " + std::string(300, 'n'), 550},
            {"write", "REST 9\r\nPUT victim", 554},
            {"upload-only", "PUT victim", 550},
        };
        for (const auto& wanted : cases) { // clang++ 14 captures no structured binding
            const std::string &access = wanted.access, &line = wanted.line;
            const int code = wanted.code;
            CAPTURE(line.substr(0, 40));
            CAPTURE(access);
            const Daemon daemon{{.lines = {text("anonymous ", access)}}};
            write_shared(daemon.files() / "victim", "victim");
            daemon.folder().make_shared("files/folder");
            if (line == "PUT fifo") e2e::run_client({"mkfifo", daemon.files() / "fifo"});
            const Words before = names_in(daemon.files());
            FtpClient client{daemon};
            if (access != "no") client.login();
            // A small one that comes with the line, and one of more than all buffers.
            for (const std::string& body : {evil, std::string(1'000'000, 'x') + evil}) {
                client.send(text("ALLO ", body.size(), "\r\n", line, "\r\n", body, "SYST\r\n"));
                client.expect(200);
                if (line.starts_with("REST")) client.expect(350);
                CHECK(client.read_reply().code == code);
                client.expect(215);
            }
            // Both announcements are used up.
            client.send(text(line.substr(line.find('\n') + 1), "\r\n", evil));
            CHECK(client.read_reply().code == (code == 554 ? 550 : code));
            client.wait_for_end();
            client.close();
            daemon.wait_until_idle();
            CHECK(names_in(daemon.files()) == before);
            CHECK(read_file(daemon.files() / "victim") == "victim");
        }
    }

    TEST_CASE("a refused PUT without ALLO tells why before it closes however much was sent") {
        const Daemon daemon{writable};
        write_shared(daemon.files() / "old", "old");
        const std::string large(4'000'000, 'x');
        FtpClient client{daemon};
        client.send("PUT old\r\n" + large); // none of it is answered by a reset
        client.half_close();
        client.expect(550);
        CHECK(client.read_to_end().empty());
        const auto nc = e2e::run_client({"nc", "-N", "127.0.0.1", text(daemon.port())}, "PUT old\n" + large);
        CHECK(nc.out.find("\n550 ") != std::string::npos);
        CHECK(read_file(daemon.files() / "old") == "old");
    }
}
