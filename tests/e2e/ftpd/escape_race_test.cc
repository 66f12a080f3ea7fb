// SPDX-License-Identifier: ISC
// Others rename things in the tree as fast as they can, so that a path leads inside at one moment and outside
// at the next: still nothing outside is read or written. That the race is on is shown by both outcomes.
#include "tests/e2e/observe.hh"

#include "common/text.hh"

#include <array>
#include <atomic>
#include <cstdio>
#include <doctest/doctest.h>
#include <functional>
#include <set>
#include <thread>

using namespace e2e;
using common::text;
namespace fs = std::filesystem;

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
constexpr auto race_length = 10s;

const std::string secret = "THE-SECRET-OUTSIDE", inside = "the file inside";

struct Place {
    explicit Place(const Path& folder) : root(folder / "root"), outside(folder / "outside") {
        for (const Path& made : {root / "way/folder", outside / "folder"}) fs::create_directories(made);
        for (const Path& file : {root / "file", root / "way/name", root / "way/folder/name"})
            write_file(file, inside);
        for (const Path& file : {outside / "name", outside / "folder/name"}) write_file(file, secret);
        fs::create_symlink("../outside", root / "way.link");
        fs::create_symlink(outside / "name", root / "file.link");
        for (const Path& made : {root, root / "way", root / "way/folder", outside, outside / "folder"})
            fs::permissions(made, fs::perms::all);
    }

    std::set<std::string> names_outside() const {
        std::set<std::string> names;
        for (const auto& entry : fs::recursive_directory_iterator{outside}) names.insert(entry.path());
        return names;
    }

    Path root, outside;
};

// Puts a link in the place of a folder or file and back, over and over.
void swap_once(const Path& real) {
    const std::string name = real, link = name + ".link", parked = name + ".parked";
    std::rename(name.c_str(), parked.c_str());
    std::rename(link.c_str(), name.c_str());
    std::rename(name.c_str(), link.c_str());
    std::rename(parked.c_str(), name.c_str());
}

// What the clients found, from all of them.
struct Findings {
    std::atomic<unsigned> got_inside = 0, refused = 0;
    std::atomic<bool> got_secret = false;
    std::atomic<bool> failed = false;

    void add(const std::string& answer) {
        if (answer.find(secret) != answer.npos) got_secret = true;
        ++(answer.starts_with("5") ? refused : got_inside);
    }
};

void check_race(const Daemon& daemon, const Place& place) {
    const auto names_before = place.names_outside();
    const std::function<std::string(FtpClient&)> steps[] = {
        [](FtpClient& client) { return answer_to(client, "GET way/name"); },
        [](FtpClient& client) { return answer_over_data(client, "RETR way/folder/name"); },
        [](FtpClient& client) { return answer_to(client, "GET file"); },
        [](FtpClient& client) { return answer_over_data(client, "MLSD way"); },
        [](FtpClient& client) { return answer_over_data(client, "STOR way/new", "evil"); },
        [](FtpClient& client) { return answer_to_put(client, "PUT way/folder/new", "evil"); },
        [](FtpClient& client) {
            client.send("MKD way/made\r\nRMD way/made\r\nDELE way/folder/new\r\n");
            client.read_reply(), client.read_reply();
            return client.read_reply().text;
        },
    };
    constexpr std::size_t step_count = std::size(steps);
    std::array<Findings, step_count> findings;
    std::atomic<bool> over = false;
    std::vector<std::thread> threads;
    for (const char* name : {"way", "file"})
        threads.emplace_back([&, path = place.root / name] {
            while (!over) swap_once(path);
        });
    for (std::size_t i = 0; i < step_count; ++i)
        threads.emplace_back([&, i] {
            try {
                FtpClient client = connect_logged_in(daemon);
                for (const auto end = Clock::now() + race_length; Clock::now() < end;)
                    findings[i].add(steps[i](client));
            } catch (const std::exception& failure) {
                std::printf("client %zu: %s\n", i, failure.what());
                findings[i].failed = true;
            }
        });
    for (std::size_t i = 2; i < threads.size(); ++i) threads[i].join();
    over = true;
    threads[0].join();
    threads[1].join();

    for (std::size_t i = 0; i < step_count; ++i) {
        INFO("client " << i);
        CHECK_FALSE(findings[i].failed.load());
        CHECK_FALSE(findings[i].got_secret.load());
        CHECK(findings[i].got_inside.load() > 0);
        CHECK(findings[i].refused.load() > 0);
        MESSAGE("client " << i << ": inside " << findings[i].got_inside << ", refused "
                          << findings[i].refused);
    }
    CHECK(place.names_outside() == names_before);
    for (const char* name : {"name", "folder/name"}) CHECK(read_file(place.outside / name) == secret);
}

} // namespace

TEST_SUITE("e2e slow") {
    TEST_CASE("no rename in the tree opens a way out of it for a daemon that root started") {
        const TempDir folder;
        const Place place{folder.make_shared("place")};
        const Daemon daemon{{.lines = {"anonymous write", "root " + place.root.native()}}};
        check_race(daemon, place);
    }

    TEST_CASE("no rename in the tree opens a way out of it for an ordinary user's daemon") {
        const TempDir folder, home;
        const Place place{folder.make_shared("place")};
        const Daemon daemon{as_ordinary_user(home, {"anonymous write", "root " + place.root.native()})};
        check_race(daemon, place);
    }
}
