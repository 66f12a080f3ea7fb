// SPDX-License-Identifier: ISC
// APPE, which goes on with a file or an upload, and STOU, which finds a name that is free.
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <sstream>
#include <thread>
#include <vector>

using namespace e2e;
using common::text;

namespace {

const Daemon::Setting writable{.lines = {"anonymous write"}};

// STOU, and the name that its 150 tells.
std::string store_unique(FtpClient& client, std::string_view line, std::string_view bytes) {
    Connection data = client.open_data();
    const std::string reply = client.command(line, 150);
    REQUIRE(reply.starts_with("150 FILE: "));
    data.send(bytes);
    data.close();
    client.expect(226);
    return reply.substr(10);
}

} // namespace

TEST_SUITE("e2e") {
    TEST_CASE("APPE adds to the end of a file and creates one that is not there") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        client.store("APPE file", "one ");
        client.store("APPE file", "two ");
        client.store("APPE file", "three");
        CHECK(read_file(daemon.files() / "file") == "one two three");
        client.command("TYPE A", 200);
        client.store("APPE file", "\r\nfour\r\n");
        CHECK(read_file(daemon.files() / "file") == "one two three\nfour\n");
        CHECK(names_in(daemon.files()) == Words{"file"});
    }

    TEST_CASE("APPE goes on with an unfinished upload and after REST writes there") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon);
        Connection data = begin_transfer(client, "STOR file");
        data.send("first half");
        wait_until("the bytes are there",
                   [&] { return client.command("STAT", 211).find(": 10 bytes") != std::string::npos; });
        data.reset();
        client.expect(426);
        client.store("APPE file", ", second half");
        CHECK(read_file(daemon.files() / "file") == "first half, second half");
        client.command("REST 6", 350);
        client.store("APPE file", "HALF");
        CHECK(read_file(daemon.files() / "file") == "first HALF, second half");
        client.command("REST 1000", 350);
        client.open_data();
        client.command("APPE file", 554);
    }

    TEST_CASE("APPE is refused to whoever may not write and onto what is no file") {
        const Daemon reading;
        write_file(reading.files() / "file", "content");
        FtpClient reader = connect_logged_in(reading);
        reader.command("APPE file", 425);
        reader.open_data();
        reader.command("APPE file", 550);
        reader.command("APPE new", 550);
        const Daemon dropping{{.lines = {"anonymous upload-only"}}};
        write_shared(dropping.files() / "file", "content");
        FtpClient dropper = connect_logged_in(dropping);
        dropper.open_data();
        dropper.command("APPE file", 550);
        dropper.command("APPE /", 550);
        dropper.command("APPE .ftpd-file", 553);
        dropper.command("APPE", 501);
        dropper.store("APPE new", "content");
        CHECK(read_file(dropping.files() / "file") == "content");
        CHECK(read_file(dropping.files() / "new") == "content");
    }

    TEST_CASE("two sessions cannot append to the same file at once") {
        const Daemon daemon{writable};
        write_shared(daemon.files() / "file", "content");
        FtpClient one = connect_logged_in(daemon), two = connect_logged_in(daemon);
        Connection data = begin_transfer(one, "APPE file");
        two.open_data();
        two.command("APPE file", 450);
        data.send(" and more");
        data.close();
        one.expect(226);
        two.store("APPE file", " and yet more");
        CHECK(read_file(daemon.files() / "file") == "content and more and yet more");
    }

    TEST_CASE("every append that many sessions were told is stored is there once and whole") {
        const Daemon daemon{writable};
        constexpr int sessions = 6, rounds = 50;
        std::vector<Words> stored(sessions);
        std::vector<std::string> faults(sessions);
        std::vector<std::thread> threads;
        for (int i = 0; i < sessions; ++i)
            threads.emplace_back([&, i] {
                const auto mine = static_cast<std::size_t>(i);
                try {
                    FtpClient client = connect_logged_in(daemon);
                    for (int round = 0; round < rounds; ++round) {
                        Connection data = client.open_data();
                        const int begun = client.code_of("APPE log");
                        if (begun == 450) continue; // another is at it
                        if (begun != 150) throw Failure{text("APPE: ", begun)};
                        const std::string line = text(i, '-', round);
                        data.send(line + '\n');
                        data.close();
                        client.expect(226);
                        stored[mine].push_back(line);
                    }
                } catch (const std::exception& error) {
                    faults[mine] = error.what();
                }
            });
        for (std::thread& thread : threads) thread.join();
        Words all;
        for (const Words& lines : stored) all.insert(all.end(), lines.begin(), lines.end());
        for (const std::string& fault : faults) CHECK(fault == "");
        std::istringstream log{read_file(daemon.files() / "log")};
        Words found;
        for (std::string line; std::getline(log, line);) found.push_back(line);
        std::ranges::sort(all);
        std::ranges::sort(found);
        CHECK(all.size() >= rounds); // somebody always goes on
        CHECK(found == all);
        CHECK(names_in(daemon.files()) == Words{"log"});
    }

    TEST_CASE("STOU never takes a name that is taken or about to be") {
        const Daemon daemon{writable};
        FtpClient client = connect_logged_in(daemon), other = connect_logged_in(daemon);
        CHECK(store_unique(client, "STOU", "1") == "upload");
        CHECK(store_unique(client, "STOU", "2") == "upload.1");
        // The name that is told works from here.
        client.command("MKD here", 257);
        client.command("MKD there", 257);
        client.command("CWD here", 250);
        for (const std::string name : {"../there/x", "../there/x.1"}) {
            CHECK(store_unique(client, "STOU ../there/x", "7") == name);
            client.command("SIZE " + name, 213);
        }
        CHECK(store_unique(client, "STOU back\\slash", "7") == "back\\slash");
        CHECK(store_unique(client, "STOU ../there/", "7") == "/there.1");
        for (const char* const name : {"../there/x", "../there/x.1", "back\\slash", "/there.1"})
            client.command(std::string{"DELE "} + name, 250);
        client.command("CWD /", 250);
        for (const char* const folder : {"RMD here", "RMD there"}) client.command(folder, 250);
        CHECK(store_unique(client, "STOU notes.txt", "3") == "notes.txt");
        CHECK(store_unique(client, "STOU notes.txt", "4") == "notes.txt.1");
        Connection data = begin_transfer(other, "STOR notes.txt.2");
        CHECK(store_unique(client, "STOU notes.txt", "5") == "notes.txt.3");
        data.reset();
        other.expect(426);
        CHECK(store_unique(client, "STOU notes.txt", "6") ==
              "notes.txt.4"); // what can be continued is not lost
        CHECK(read_file(daemon.files() / "upload") == "1");
        CHECK(read_file(daemon.files() / "notes.txt") == "3");
        client.command("REST 1", 350);
        client.open_data();
        client.command("STOU", 554);
        client.command("STOU .ftpd-x", 553);
        client.command("ABOR", 226);
        client.command("STOU", 425);
    }

    TEST_CASE("STOU of many at once gives each a file of its own") {
        const Daemon daemon{{.lines = {"anonymous upload-only"}}};
        std::vector<FtpClient> clients;
        std::vector<Connection> data;
        for (int i = 0; i < 10; ++i) {
            clients.push_back(connect_logged_in(daemon));
            data.push_back(begin_transfer(clients.back(), "STOU"));
        }
        for (int i = 0; i < 10; ++i) {
            data[static_cast<std::size_t>(i)].send(text(i));
            data[static_cast<std::size_t>(i)].close();
            clients[static_cast<std::size_t>(i)].expect(226);
        }
        std::string all;
        for (const std::string& name : names_in(daemon.files())) all += read_file(daemon.files() / name);
        std::ranges::sort(all);
        CHECK(all == "0123456789");
        const Daemon reading;
        FtpClient reader = connect_logged_in(reading);
        reader.open_data();
        reader.command("STOU", 550);
    }
}
