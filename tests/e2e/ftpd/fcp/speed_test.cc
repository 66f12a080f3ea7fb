// SPDX-License-Identifier: ISC
// fcp -r against lftp's mirror: the same tree of a thousand files, the same daemon, turn by turn. The figures
// are in the README of tests/bench.
#include "tests/e2e/clients.hh"
#include "tests/e2e/ftpd/fcp/fcp_place.hh"

#include "common/text.hh"

#include <array>
#include <chrono>
#include <doctest/doctest.h>
#include <functional>
#include <iostream>

using namespace e2e;
using common::text;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t files = 1000, files_in_folder = 50, most_rounds = 5;

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

void run(const Words& command) {
    const Result result = run_client(command, {}, Seconds{300});
    INFO(result.err);
    CHECK(result.status == 0);
}

using Make = std::function<void(const std::string& copy)>;

std::chrono::duration<double> time_of(const Make& make, const std::string& copy) {
    const Clock::time_point start = Clock::now();
    make(copy);
    return Clock::now() - start;
}

// What needs a fifth of the time loses a round only when the machine has held it up; one that has become
// slower loses all. Nothing is removed in between: ext4 is slow to make files where many have just gone.
void race(const char* way, const Make& by_fcp, const Make& by_lftp) {
    for (std::size_t round = 0; round < most_rounds; ++round) {
        const auto fcp = time_of(by_fcp, text("fcp", round)), lftp = time_of(by_lftp, text("lftp", round));
        std::cout << way << ": fcp " << fcp.count() << " s, lftp " << lftp.count() << " s\n";
        if (fcp < lftp) return;
    }
    FAIL_CHECK(way << ": lftp was faster each time");
}

} // namespace

TEST_SUITE("e2e slow") {
    TEST_CASE("fcp -r moves a thousand files both ways faster than the mirror of lftp") {
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
        race(
            "up", [&](const std::string& copy) { fcp(local, "127.0.0.1:copies/" + copy); },
            [&](const std::string& copy) { lftp("-R local copies/" + copy); });
        check_same_bytes(local, place.served("copies/fcp0"));
        race(
            "down", [&](const std::string& copy) { fcp("127.0.0.1:copies/fcp0", fetched / copy); },
            [&](const std::string& copy) { lftp("copies/fcp0 fetched/" + copy); });
        check_same_bytes(local, fetched / "fcp0");
    }
}
