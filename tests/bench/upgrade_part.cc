// SPDX-License-Identifier: ISC
// How long nobody hears anything when another program takes chatd's place: one line is said after the other
// all the while, and the one that took longest is what counts.
#include "tests/bench/connection.hh"
#include "tests/bench/contest.hh"
#include "tests/bench/crowd.hh"
#include "tests/bench/lineup.hh"
#include "tests/bench/parts.hh"
#include "tests/bench/rows.hh"
#include "tests/bench/statistics.hh"
#include "tests/e2e/proc.hh"

#include "common/text.hh"

#include <algorithm>
#include <array>
#include <chrono>
#include <list>
#include <set>
#include <signal.h>

namespace bench {
namespace {

using std::chrono::steady_clock;

constexpr unsigned upgrades = 10; // of each size
constexpr unsigned hall_size = 10, room_size = 90;
constexpr std::chrono::seconds first{3}; // by then the new hub serves; looking at processes takes time
constexpr std::chrono::seconds patience{60};

struct Size {
    unsigned clients;
    std::string_view median, worst; // rows
};
constexpr std::array sizes{Size{10, "chat-upgrade-10", "chat-upgrade-10-max"},
                           Size{1000, "chat-upgrade-1000", "chat-upgrade-1000-max"}};

std::string room_name(unsigned number) { return common::text("room", number); }

// Spawners, and the handlers that they have forked: nobody comes, so that a new one is a spawner.
std::set<pid_t> spawned_by(pid_t keeper) {
    std::set<pid_t> found;
    for (const e2e::ProcessStatus& process : e2e::below(keeper))
        if (e2e::command_line_of(process.pid).starts_with("chatd-spawner")) found.insert(process.pid);
    return found;
}

// Milliseconds of the line that took longest until all of the hall had it. Returns when the upgrade is done.
double silence(pid_t keeper, Crowd& hall) {
    const std::set<pid_t> before = spawned_by(keeper);
    const auto is_done = [&] {
        const std::set<pid_t> now = spawned_by(keeper);
        return !std::ranges::includes(before, now);
    };
    const auto begin = steady_clock::now();
    double longest = 0;
    ::kill(keeper, SIGUSR2);
    for (auto looked = begin + first;;) {
        const auto said = steady_clock::now();
        hall.flood(std::uint64_t{1});
        const auto heard = steady_clock::now();
        longest = std::max(longest, std::chrono::duration<double, std::milli>(heard - said).count());
        if (heard < looked + std::chrono::milliseconds{200}) continue;
        looked = heard;
        if (is_done()) return longest;
        if (heard > begin + patience) throw Failure{"the upgrade has no end"};
    }
}

} // namespace

void measure_upgrade(const Setting& setting, Samples& samples) {
    Setting judged = setting;
    std::erase_if(judged.builds, [](const auto& build) { return build.first != suite; });
    Words lines{"room hall"};
    constexpr unsigned rooms = (sizes.back().clients - hall_size) / room_size;
    for (unsigned number = 0; number < rooms; ++number) lines.push_back("room " + room_name(number));
    Lineup servers{judged, {}};
    servers.add_suite("chatd", lines);
    const Server& server = *servers.all()[0].server;

    Crowd hall{server.port(), chatd_lines, "hall", {hall_size - 1, 1}};
    std::list<Crowd> others;
    for (const Size& size : sizes) {
        if (!setting.wants(size.median)) continue;
        while (hall_size + (others.size() + 1) * room_size <= size.clients) {
            const auto number = static_cast<unsigned>(others.size());
            others.emplace_back(server.port(), chatd_lines, room_name(number), Crowd::Size{room_size, 0},
                                common::text('r', number, '-'));
        }
        std::vector<double> times;
        const auto measure = [&] {
            while (times.size() < upgrades) times.push_back(silence(server.pid(), hall));
            for (Crowd& other : others) other.hear_until_quiet(); // or they were disconnected
            return median(times);
        };
        const auto worst = [&] {
            if (times.size() < upgrades) throw Failure{"there were not so many upgrades"};
            return std::ranges::max(times);
        };
        measure_once(samples,
                     {{size.median, std::string{suite}, measure}, {size.worst, std::string{suite}, worst}});
    }
}

} // namespace bench
