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
    std::function<void()> copy;
    std::vector<double> milliseconds{};

    void run() {
        const Clock::time_point start = Clock::now();
        copy();
        milliseconds.push_back(Milliseconds{Clock::now() - start}.count());
    }
    double median() const {
        std::vector<double> sorted = milliseconds;
        std::ranges::sort(sorted);
        return sorted[sorted.size() / 2];
    }
};

// The rounds interleaved, so that what else the machine does is shared by all.
void race(const char* way, std::vector<Contender> contenders, const Path& copies) {
    for (std::size_t round = 0; round < rounds; ++round)
        for (Contender& contender : contenders) {
            contender.run();
            std::filesystem::remove_all(copies / contender.name);
        }
    for (const Contender& contender : contenders) {
        std::cout << way << ' ' << contender.name << ": " << contender.median() << " ms\n";
        if (contender.name != contenders[0].name) CHECK(contenders[0].median() < contender.median());
    }
}

} // namespace

TEST_SUITE("e2e slow") {
    TEST_CASE("fcp -r moves five thousand files both ways faster than the mirror of lftp") {
        const Place place;
        const Path local = place.daemon.folder() / "local", served = place.make_served("copies");
        plant(local);
        std::filesystem::create_directory(place.daemon.folder() / "fetched");
        const auto fcp = [&](const Words& operands) { ::run(place.command("fcp", operands)); };
        const auto lftp = [&](const std::string& command) {
            ::run({"lftp", "-c",
                   text("open 127.0.0.1:", place.daemon.port(), "; lcd ", place.daemon.folder().path().native(),
                        "; ", command)});
        };

        fcp({"-r", local, "127.0.0.1:tree"});
        check_same_bytes(local, place.served("tree"));
        race("up",
             {{"fcp",
               [&] {
                   fcp({"-r", local, "127.0.0.1:copies/fcp"});
               }},
              {"lftp", [&] { lftp("mirror -R local copies/lftp"); }},
              {"lftp4", [&] { lftp("mirror -R --parallel=4 local copies/lftp4"); }}},
             served);

        const Path fetched = place.daemon.folder() / "fetched";
        fcp({"-r", "127.0.0.1:tree", place.local / "back"});
        check_same_bytes(local, place.local / "back");
        race("down",
             {{"fcp",
               [&] {
                   fcp({"-r", "127.0.0.1:tree", fetched / "fcp"});
               }},
              {"lftp", [&] { lftp("mirror tree fetched/lftp"); }},
              {"lftp4", [&] { lftp("mirror --parallel=4 tree fetched/lftp4"); }}},
             fetched);
    }
}
