// SPDX-License-Identifier: ISC
// What a crowd in other rooms costs a chat server: the time until a newcomer is in, and the memory that each
// client holds. Two servers of the suite are measured in turn, one with 100 clients present, one with 8,000.
#include "tests/bench/connection.hh"
#include "tests/bench/contest.hh"
#include "tests/bench/crowd.hh"
#include "tests/bench/lineup.hh"
#include "tests/bench/memory.hh"
#include "tests/bench/parts.hh"
#include "tests/bench/rows.hh"
#include "tests/bench/statistics.hh"

#include "common/text.hh"

#include <chrono>
#include <list>

namespace bench {
namespace {

constexpr unsigned few = 100, many = 8000;
constexpr unsigned room_size = 100;
constexpr unsigned newcomers = 200; // of whom the median is taken
const std::string hall = "hall";    // where nobody is

std::string room_name(unsigned number) { return common::text("room", number); }

std::list<Crowd> fill(const Server& server, unsigned clients) {
    std::list<Crowd> rooms;
    for (unsigned number = 0; number < clients / room_size; ++number)
        rooms.emplace_back(server.port(), chatd_lines, room_name(number), Crowd::Size{room_size, 0},
                           common::text('r', number, '-'));
    return rooms;
}

// Milliseconds from connect(2) to being in.
double admission(std::uint16_t port) {
    std::vector<double> times;
    for (unsigned i = 0; i < newcomers; ++i) {
        const auto start = std::chrono::steady_clock::now();
        Connection newcomer{port};
        newcomer.send(chatd_lines.enter("newcomer", hall));
        while (newcomer.read_line().find(chatd_lines.entered) == std::string_view::npos) {
        }
        times.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
        newcomer.send("/quit\n"); // so that the name is free for the next
        newcomer.discard();
    }
    return median(times);
}

} // namespace

void measure_presence(const Setting& setting, Samples& samples) {
    Setting judged = setting;
    std::erase_if(judged.builds, [](const auto& build) { return build.first != suite; });
    Words rooms{"room " + hall};
    for (unsigned number = 0; number < many / room_size; ++number)
        rooms.push_back("room " + room_name(number));
    Lineup servers{judged, {}};
    servers.add_suite("chatd", rooms);
    servers.add_suite("chatd", rooms);
    const Running &lively = servers.all()[0], &crowded = servers.all()[1];

    const std::list<Crowd> few_present = fill(*lively.server, few);
    const MemoryPerClient memory{crowded.server->pid()};
    const std::list<Crowd> many_present = fill(*crowded.server, many);
    const std::string subject{suite};
    hold_contest(samples,
                 {{"chat-admit-100", subject, [&] { return admission(lively.port()); }},
                  {"chat-admit-8000", subject, [&] { return admission(crowded.port()); }}},
                 setting.rounds);
    measure_once(samples, {{"chat-memory", subject, [&] { return memory.kib(many); }}});
}

} // namespace bench
