// SPDX-License-Identifier: ISC
// How long nobody hears anything when chatd's hub is killed and another follows it: with few clients present,
// and with many in rooms whose logs are as large as they may become.
#include "tests/bench/connection.hh"
#include "tests/bench/contest.hh"
#include "tests/bench/crowd.hh"
#include "tests/bench/lineup.hh"
#include "tests/bench/parts.hh"
#include "tests/bench/rows.hh"
#include "tests/bench/statistics.hh"
#include "tests/e2e/proc.hh"

#include "common/text.hh"

#include <array>
#include <chrono>
#include <list>
#include <signal.h>
#include <thread>

namespace bench {
namespace {

using std::chrono::steady_clock;

constexpr unsigned kills = 40; // of each size, for a median and a 99th percentile
constexpr std::chrono::milliseconds life{
    1200}; // a hub that dies within a second counts as one that cannot live
constexpr unsigned hall_size = 10, room_size = 100;
constexpr std::uint64_t hall_bytes = 256 << 20,
                        room_bytes = 16 << 20; // of their logs; the first is what is usual
constexpr std::uint64_t record_size = 85;      // of a line of the crowd's, at least

struct Size {
    unsigned clients;
    std::string_view median, worst; // rows
};
constexpr std::array sizes{Size{10, "chat-takeover-10", "chat-takeover-10-p99"},
                           Size{1000, "chat-takeover-1000", "chat-takeover-1000-p99"},
                           Size{8000, "chat-takeover-8000", "chat-takeover-8000-p99"}};
constexpr unsigned rooms = sizes.back().clients / room_size;

std::string room_name(unsigned number) { return common::text("room", number); }

// The keeper's child that has the logs open.
pid_t hub_of(pid_t keeper) {
    for (const e2e::ProcessStatus& child : e2e::children_of(keeper))
        for (const auto& [fd, name] : e2e::descriptors_of(child.pid))
            if (name.find("/rooms/") != std::string::npos) return child.pid;
    throw Failure{"there is no hub"};
}

void fill_log(const Server& server, const std::string& room, std::uint64_t bytes) {
    Crowd{server.port(), chatd_lines, room, {1, 4}, "filling"}.flood(bytes / record_size);
}

// Milliseconds from a hub's death until all of the hall have heard a line that is said right after it.
double silence(pid_t keeper, Crowd& hall) {
    const pid_t hub = hub_of(keeper);
    const auto begin = steady_clock::now();
    ::kill(hub, SIGKILL);
    hall.flood(std::uint64_t{1});
    const double time = std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count();
    std::this_thread::sleep_for(life);
    return time;
}

} // namespace

void measure_takeover(const Setting& setting, Samples& samples) {
    Setting judged = setting;
    std::erase_if(judged.builds, [](const auto& build) { return build.first != suite; });
    Words lines{common::text("room hall keep-bytes ", hall_bytes)};
    for (unsigned number = 0; number < rooms; ++number)
        lines.push_back(common::text("room ", room_name(number), " keep-bytes ", room_bytes));
    Lineup servers{judged, {}};
    servers.add_suite("chatd", lines);
    const Server& server = *servers.all()[0].server;

    fill_log(server, "hall", hall_bytes);
    Crowd hall{server.port(), chatd_lines, "hall", {hall_size - 1, 1}};
    std::list<Crowd> others;
    for (const Size& size : sizes) {
        if (!setting.wants(size.median)) continue;
        while (hall_size + (others.size() + 1) * room_size <= size.clients) {
            const auto number = static_cast<unsigned>(others.size());
            fill_log(server, room_name(number), room_bytes);
            others.emplace_back(server.port(), chatd_lines, room_name(number), Crowd::Size{room_size, 0},
                                common::text('r', number, '-'));
        }
        std::vector<double> times;
        const auto measure = [&] {
            while (times.size() < kills) times.push_back(silence(server.pid(), hall));
            for (Crowd& other : others) other.hear_until_quiet(); // or they were disconnected
            return median(times);
        };
        const auto worst = [&] {
            if (times.size() < kills) throw Failure{"it was not killed so often"};
            return quantile(times, 0.99);
        };
        measure_once(samples,
                     {{size.median, std::string{suite}, measure}, {size.worst, std::string{suite}, worst}});
    }
}

} // namespace bench
