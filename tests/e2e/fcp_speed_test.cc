// SPDX-License-Identifier: ISC
// fcp -r against lftp's mirror: the same tree of 5,000 files, the same daemon, turn by turn.
#include "tests/e2e/clients.hh"
#include "tests/e2e/fcp_place.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>
#include <chrono>
#include <doctest/doctest.h>
#include <functional>
#include <iostream>

using namespace e2e;
using common::text;

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::size_t files = 5000, files_in_folder = 50, rounds = 3;

void plant(const Path& top) {
    const std::string bytes = make_bytes(20'000);
    constexpr std::array<std::size_t, 6> sizes{0, 10, 100, 1000, 4000, 20'000};
    for (std::size_t file = 0; file < files; ++file) {
        const Path folder =
            top / text("d", file / files_in_folder / 10) / text("e", file / files_in_folder % 10);
        if (file % files_in_folder == 0) std::filesystem::create_directories(folder);
        write_file(folder / text("file", file), bytes.substr(0, sizes[file % sizes.size()]));
    }
}

// Both may take long on a machine that is busy.
void run(const Words& command) {
    const Result result = run_client(command, {}, Seconds{120});
    INFO(result.err);
    CHECK(result.status == 0);
}

struct Contender {
    const char* name;
    std::function<void(const std::string& copy)> make;
    std::vector<double> milliseconds{};

    void run(std::size_t round) {
        const Clock::time_point start = Clock::now();
        make(text(name, round));
        milliseconds.push_back(Milliseconds{Clock::now() - start}.count());
    }
    double median() const {
        std::vector<double> sorted = milliseconds;
        std::ranges::sort(sorted);
        return sorted[sorted.size() / 2];
    }
};

// The rounds interleaved, so that what else the machine does is shared by all. Nothing is removed in between:
// ext4 is slow to make files where many have just gone.
void race(const char* way, std::vector<Contender> contenders) {
    const Clock::time_point enough = Clock::now() + std::chrono::seconds{60}; // on a machine that is busy
    for (std::size_t round = 0; round < rounds && Clock::now() < enough; ++round)
        for (Contender& contender : contenders) contender.run(round);
    for (const Contender& contender : contenders) {
        std::cout << way << ' ' << contender.name << ": " << contender.median() << " ms\n";
        if (contender.name != contenders[0].name) CHECK(contenders[0].median() < contender.median());
    }
}

} // namespace

TEST_SUITE("e2e slow") {
    TEST_CASE("fcp -r moves five thousand files both ways faster than the mirror of lftp") {
        const Place place;
        const Path local = place.daemon.folder() / "local", fetched = place.daemon.folder() / "fetched";
        place.make_served("copies");
        std::filesystem::create_directory(fetched);
        plant(local);
        const auto fcp = [&](const std::string& from, const std::string& to) {
            ::run(place.command("fcp", {"-r", from, to}));
        };
        const auto lftp = [&](const std::string& command) {
            ::run({"lftp", "-c",
                   text("open 127.0.0.1:", place.daemon.port(), "; lcd ",
                        place.daemon.folder().path().native(), "; mirror ", command)});
        };

        race("up",
             {{"fcp", [&](const std::string& copy) { fcp(local, "127.0.0.1:copies/" + copy); }},
              {"lftp", [&](const std::string& copy) { lftp("-R local copies/" + copy); }},
              {"parallel", [&](const std::string& copy) { lftp("-R --parallel=4 local copies/" + copy); }}});
        check_same_bytes(local, place.served("copies/fcp0"));

        race("down", {{"fcp", [&](const std::string& copy) { fcp("127.0.0.1:copies/fcp0", fetched / copy); }},
                      {"lftp", [&](const std::string& copy) { lftp("copies/fcp0 fetched/" + copy); }},
                      {"parallel",
                       [&](const std::string& copy) { lftp("--parallel=4 copies/fcp0 fetched/" + copy); }}});
        check_same_bytes(local, fetched / "fcp0");
    }
}
