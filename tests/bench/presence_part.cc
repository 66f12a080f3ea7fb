// SPDX-License-Identifier: ISC
// What a crowd in other rooms costs a chat server: the time until a newcomer is in, the time of a line, and
// the memory that each client holds. Two servers of the suite are measured in turn, one with 100 clients
// present, one with 8,000 or 16,000.
#include "tests/bench/connection.hh"
#include "tests/bench/contest.hh"
#include "tests/bench/crowd.hh"
#include "tests/bench/lineup.hh"
#include "tests/bench/memory.hh"
#include "tests/bench/parts.hh"
#include "tests/bench/rows.hh"
#include "tests/bench/statistics.hh"
#include "tests/bench/system_limits.hh"
#include "tests/bench/system_memory.hh"

#include "common/text.hh"

#include <chrono>
#include <iostream>
#include <list>

namespace bench {
namespace {

using common::text;
using std::chrono::steady_clock;

constexpr unsigned few = 100, many = 8000, very_many = 16000, of_irc = 1000;
constexpr unsigned room_size = 100;
constexpr std::uint32_t first_address = INADDR_LOOPBACK + 1; // each comes from one of its own: of the last
                                                             // tenth of chatd's places an address has three
constexpr unsigned newcomers = 200, lines = 200;             // of which the median is taken
const std::string hall = "hall";                             // where nobody is

std::string room_name(unsigned number) { return text("room", number); }

Lineup judged_alone(const Setting& setting, unsigned servers, unsigned rooms,
                    std::string_view configuration) {
    Words words{"room " + hall};
    for (unsigned number = 0; number < rooms; ++number) words.push_back("room " + room_name(number));
    Setting judged = setting;
    std::erase_if(judged.builds, [](const auto& build) { return build.first != suite; });
    Lineup lineup{judged, {}};
    for (unsigned i = 0; i < servers; ++i) lineup.add_suite("chatd", words, configuration);
    return lineup;
}

// In the first room, one speaks.
std::list<Crowd> fill(const Running& server, unsigned clients, const ChatDialect& dialect = chatd_lines) {
    std::list<Crowd> rooms;
    for (unsigned number = 0; number < clients / room_size; ++number)
        rooms.emplace_back(server.port(), dialect, room_name(number),
                           number == 0 ? Crowd::Size{room_size - 1, 1} : Crowd::Size{room_size, 0},
                           text('r', number, '-'), first_address + number * room_size);
    return rooms;
}

double milliseconds_since(steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(steady_clock::now() - start).count();
}

// Milliseconds from connect(2) to being in.
double admission(std::uint16_t port) {
    std::vector<double> times;
    for (unsigned i = 0; i < newcomers; ++i) {
        const auto start = steady_clock::now();
        Connection newcomer{port};
        newcomer.send(chatd_lines.enter("newcomer", hall));
        while (newcomer.read_line().find(chatd_lines.entered) == std::string_view::npos) {
        }
        times.push_back(milliseconds_since(start));
        newcomer.send("/quit\n"); // so that the name is free for the next
        newcomer.discard();
    }
    return median(times);
}

// Milliseconds until all others of a room have a line.
double line(Crowd& room) {
    std::vector<double> times;
    for (unsigned i = 0; i < lines; ++i) {
        const auto start = steady_clock::now();
        room.flood(std::uint64_t{1});
        times.push_back(milliseconds_since(start));
    }
    return median(times);
}

// Two servers of the suite with few and many present.
struct Presence {
    Presence(const Setting& setting, unsigned clients)
        : servers(judged_alone(setting, 2, clients / room_size, "chatd")),
          lively(servers.all()[0]),
          crowded(servers.all()[1]),
          few_present(fill(lively, few)),
          of_processes(crowded.server->pid()),
          many_present(fill(crowded, clients)) {}

    Lineup servers;
    const Running &lively, &crowded;
    std::list<Crowd> few_present;
    const MemoryPerClient of_processes;
    const SystemMemory of_all{};
    std::list<Crowd> many_present;
};

} // namespace

void measure_presence(const Setting& setting, Samples& samples) {
    Presence present{setting, many};
    const std::string subject{suite};
    hold_contest(samples,
                 {{"chat-admit-100", subject, [&] { return admission(present.lively.port()); }},
                  {"chat-admit-8000", subject, [&] { return admission(present.crowded.port()); }}},
                 setting.rounds);
    measure_once(samples, {{"chat-memory", subject, [&] { return present.of_processes.kib(many); }}});
}

void measure_large_presence(const Setting& setting, Samples& samples) {
    const std::string subject{suite};
    try {
        require_limits(very_many);
        Presence present{setting, very_many};
        const double kib = present.of_all.kib(very_many); // before anything else is done
        const std::string kinds = present.of_all.describe(very_many);
        hold_contest(samples,
                     {{"chat-crowd-admit-100", subject, [&] { return admission(present.lively.port()); }},
                      {"chat-crowd-admit-16000", subject, [&] { return admission(present.crowded.port()); }},
                      {"chat-crowd-line-100", subject, [&] { return line(present.few_present.front()); }},
                      {"chat-crowd-line-16000", subject, [&] { return line(present.many_present.front()); }}},
                     setting.rounds);
        measure_once(samples, {{"chat-crowd-memory", subject, [&] { return kib; }}});
        samples.note("chat-crowd-memory", subject, kinds);
    } catch (const std::exception& error) {
        std::cerr << "  chat-crowd is left out: " << error.what() << '\n';
        samples.note("chat-crowd-admit-16000", subject, error.what());
    }
    samples.save();
}

void measure_irc_memory(const Setting& setting, Samples& samples) {
    const Lineup servers = judged_alone(setting, 1, of_irc / room_size, "chatd-irc");
    const Running& server = servers.all().front();
    const MemoryPerClient memory{server.server->pid()};
    const std::list<Crowd> present = fill(server, of_irc, irc);
    measure_once(samples, {{"chat-irc-memory", std::string{suite}, [&] { return memory.kib(of_irc); }}});
}

} // namespace bench
