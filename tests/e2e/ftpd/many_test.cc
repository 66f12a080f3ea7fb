// SPDX-License-Identifier: ISC
// Many clients at once, and files of a size that no buffer hides.
#include "tests/e2e/ftp_client.hh"
#include "tests/e2e/harness.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <fstream>
#include <thread>

using common::text;
using e2e::Connection;
using e2e::Daemon;
using e2e::FtpClient;
using e2e::Path;

namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

// A file of no pattern that a wrong offset could hide in, yet made in a moment: each block is a rotation.
void write_large(const Path& path, std::size_t size) {
    const std::string block = e2e::make_bytes(mebibyte);
    std::ofstream file{path, std::ios::binary};
    for (std::size_t i = 0; i < size / mebibyte; ++i) {
        const std::size_t cut = i * 1009 % block.size();
        file.write(block.data() + cut, static_cast<std::streamsize>(block.size() - cut));
        file.write(block.data(), static_cast<std::streamsize>(cut));
    }
    file.close();
    REQUIRE(std::filesystem::file_size(path) == size);
}

void run_or_fail(const std::string& script) {
    const e2e::Result result = e2e::run_client({"sh", "-ec", script}, {}, e2e::Seconds{200});
    if (result.status != 0) throw e2e::Failure{text(script, ": status ", result.status, ": ", result.err)};
}

// What one client of many does, all of it checked.
void use_daemon(const Daemon& daemon, unsigned number) {
    const std::string name = text("file-", number), mine = e2e::make_bytes(200'000 + number, number);
    const auto check = [](bool ok, const char* what) {
        if (!ok) throw e2e::Failure{what};
    };
    FtpClient client = connect_logged_in(daemon);
    client.store("STOR " + name, mine);
    check(client.fetch("RETR " + name) == mine, "RETR differs");
    check(client.get(name) == mine, "GET differs");
    client.put(name, mine.substr(7));
    check(client.fetch("RETR shared") == client.get("shared"), "the shared file differs");
    check(client.fetch("NLST").find(name + "\r\n") != std::string::npos, "not in the list");
    client.command("QUIT", 221);
    check(client.read_to_end().empty(), "more after QUIT");
}

} // namespace

TEST_SUITE("e2e readiness") {
    TEST_CASE("fifty clients at once list and get and put and each gets its own") {
        // The default limits of clients and of clients per address hold here.
        const Daemon daemon{{.lines = {"anonymous write", "max-per-address 100"}}};
        e2e::write_file(daemon.files() / "shared", e2e::make_bytes(300'000));
        constexpr unsigned clients = 50;
        std::vector<std::string> failures(clients);
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < clients; ++i) {
            threads.emplace_back([&, i] {
                try {
                    use_daemon(daemon, i);
                } catch (const std::exception& error) {
                    failures[i] = error.what();
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        for (const std::string& failure : failures) CHECK(failure == "");
        CHECK(e2e::names_in(daemon.files()).size() == clients + 1);
        daemon.wait_until_idle();
    }

    TEST_CASE("fifty clients sit there together and the first is served as before") {
        const Daemon daemon{{.lines = {"max-per-address 100"}}};
        std::vector<FtpClient> clients;
        for (int i = 0; i < 50; ++i) clients.emplace_back(daemon);
        for (FtpClient& client : clients) client.send("LS\r\n");
        for (FtpClient& client : clients) client.expect(213);
    }
}

TEST_SUITE("e2e slow") {
    TEST_CASE("a gibibyte arrives identical over data connections both ways") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        const Path local = daemon.folder() / "local";
        write_large(local, 1024 * mebibyte);
        const std::string url = text("ftp://127.0.0.1:", daemon.port(), "/large");
        run_or_fail(text("curl -sS -T ", local.native(), ' ', url));
        run_or_fail(text("cmp ", local.native(), ' ', (daemon.files() / "large").native()));
        std::filesystem::remove(daemon.files() / "large");
        std::filesystem::rename(local, daemon.files() / "large");
        run_or_fail(text("curl -sS ", url, " | cmp - ", (daemon.files() / "large").native()));
    }

    TEST_CASE("256 MiB arrive identical in band both ways") {
        const Daemon daemon{{.lines = {"anonymous write"}}};
        const Path local = daemon.folder() / "local";
        constexpr std::size_t size = 256 * mebibyte;
        write_large(local, size);
        const std::string port = text(daemon.port());
        run_or_fail(text("sum=$(cksum <", local.native(), "); { printf 'ALLO ", size,
                         "\\nPUT large\\n'; cat ", local.native(), "; } | nc -N 127.0.0.1 ", port,
                         " | grep \"^226 $sum large\""));
        run_or_fail(text("cmp ", local.native(), ' ', (daemon.files() / "large").native()));
        run_or_fail(text("printf 'GET large\\n' | nc -N 127.0.0.1 ", port, " | tail -n +3 | head -c ", size,
                         " | cmp - ", local.native()));
    }
}
