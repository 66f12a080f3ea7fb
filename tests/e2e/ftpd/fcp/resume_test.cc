// SPDX-License-Identifier: ISC
// fcp -c: what is there already is not copied again, and never believed without its checksum.
#include "tests/e2e/clients.hh"
#include "tests/e2e/fake_server.hh"
#include "tests/e2e/ftpd/fcp/fcp_place.hh"
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <doctest/doctest.h>
#include <signal.h>

using namespace e2e;
using common::text;

namespace {

const std::string bytes = make_bytes(1'000'000);

std::size_t count_in(std::string_view log, std::string_view words) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = log.find(words, at)) != log.npos; ++at) ++count;
    return count;
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("fcp -c fetches only what is missing behind a beginning that is right") {
        const Place place;
        write_file(place.served("file"), bytes);
        const Path target = place.local / "file";
        for (const char* const name : {"file", ".file.fcp-part"}) {
            CAPTURE(name);
            std::filesystem::remove(target);
            write_file(place.local / name, bytes.substr(0, 600'000));
            const std::size_t before = place.daemon.log().size();
            CHECK(is_silent_success(place.fcp({"-c", "127.0.0.1:file", target})));
            CHECK((read_file(target) == bytes));
            CHECK(names_in(place.local.path()) == Words{"file"});
            place.daemon.wait_for_log("400000 bytes", before);
        }
    }

    TEST_CASE("fcp -c fetches anew what begins otherwise or is too long") {
        const Place place;
        write_file(place.served("file"), bytes);
        const Path target = place.local / "file";
        for (const std::string& there :
             {std::string(600'000, 'x'), std::string(1'000'000, 'x'), bytes + "more", std::string{}}) {
            write_file(target, there);
            CHECK(is_silent_success(place.fcp({"-c", "127.0.0.1:file", target})));
            CHECK((read_file(target) == bytes));
            CHECK(names_in(place.local.path()) == Words{"file"});
        }
    }

    TEST_CASE("fcp -c leaves alone what is the same already both ways") {
        const Place place;
        plant_odd_tree(place.local / "tree", 50);
        const Words send{"-rc", (place.local / "tree/.").string(), "127.0.0.1:up"};
        const Words fetch{"-rc", "127.0.0.1:up/.", place.local / "back"};
        const auto moved = [&](const Words& words) {
            const std::size_t before = place.daemon.log().size();
            CHECK(is_silent_success(place.fcp(words)));
            place.daemon.wait_for_log("end pid", before);
            const std::string since = place.daemon.log().substr(before);
            return count_in(since, " bytes in /up/") + count_in(since, " bytes of /up/");
        };
        CHECK(moved(send) == 50);
        CHECK(moved(send) == 0);
        CHECK(moved(fetch) == 50);
        CHECK(moved(fetch) == 0);
        check_same_bytes(place.local / "tree", place.served("up"));
    }

    TEST_CASE("fcp -c keeps what it has of a file when it is interrupted and goes on from there") {
        const TempDir folder;
        const Path target = folder / "file";
        write_file(target, "old");
        FakeServer server{[](Connection& client) {
            FakeServer::greet(client);
            client.read_line(); // SITE MLSD
            client.send("550 No.\r\n");
            CHECK(client.read_line() == "SITE CKSUM x");
            client.send("213 1 1000000 x\r\n");
            CHECK(client.read_line() == "REST 3");
            CHECK(client.read_line() == "GET x");
            client.send("350 At 3.\r\n150 999997 bytes follow\r\n" + std::string(500'000, 'x'));
            client.wait_for_end();
        }};
        Pty fcp{{"fcp", "-c", "-P", std::to_string(server.port()), "127.0.0.1:x", target}};
        const Path part = folder / ".file.fcp-part";
        wait_until("bytes have been written",
                   [&] { return std::filesystem::exists(part) && std::filesystem::file_size(part) > 3; });
        fcp.type("\x03");
        CHECK(fcp.wait() == 128 + SIGINT);
        CHECK(read_file(target) == "old");
        CHECK(read_file(part).starts_with("oldxxx"));
    }

    TEST_CASE("fcp -c sends only what is missing behind a beginning that is right") {
        const Place place;
        const Path file = place.local / "file";
        write_file(file, bytes);
        for (const char* const name : {"file", ".ftpd-file"}) {
            CAPTURE(name);
            std::filesystem::remove(place.served("file"));
            write_shared(place.served(name), bytes.substr(0, 600'000));
            const std::size_t before = place.daemon.log().size();
            CHECK(is_silent_success(place.fcp({"-c", file, "127.0.0.1:"})));
            CHECK((read_file(place.served("file")) == bytes));
            place.daemon.wait_for_log("400000 bytes", before);
            CHECK(names_in(place.daemon.files()) == Words{"file"});
        }
    }

    TEST_CASE("fcp -c completes an upload that lacks nothing but its end") {
        const Place place;
        write_file(place.local / "file", bytes);
        write_shared(place.served(".ftpd-file"), bytes);
        CHECK(is_silent_success(place.fcp({"-c", place.local / "file", "127.0.0.1:"})));
        CHECK((read_file(place.served("file")) == bytes));
        CHECK(names_in(place.daemon.files()) == Words{"file"});
    }

    TEST_CASE("fcp -c sends anew what begins otherwise or is too long") {
        const Place place;
        write_file(place.local / "file", bytes);
        for (const std::string& there :
             {std::string(600'000, 'x'), std::string(1'000'000, 'x'), bytes + "more", std::string{}}) {
            write_shared(place.served("file"), there);
            CHECK(is_silent_success(place.fcp({"-c", place.local / "file", "127.0.0.1:"})));
            CHECK((read_file(place.served("file")) == bytes));
        }
        std::filesystem::remove(place.served("file"));
        write_shared(place.served(".ftpd-file"), std::string(600'000, 'x'));
        CHECK(is_silent_success(place.fcp({"-c", place.local / "file", "127.0.0.1:"})));
        CHECK((read_file(place.served("file")) == bytes));
    }
}
