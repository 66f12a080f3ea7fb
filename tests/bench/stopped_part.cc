// SPDX-License-Identifier: ISC
// What one reader who has stopped reading costs the others of a chat room, and whether it gets everything
// when it goes on. Two rooms of one server, alike but for that reader, speak in turn, so that the machine's
// own ups and downs fall on both.
#include "tests/bench/connection.hh"
#include "tests/bench/contest.hh"
#include "tests/bench/crowd.hh"
#include "tests/bench/lineup.hh"
#include "tests/bench/memory.hh"
#include "tests/bench/parts.hh"
#include "tests/bench/rows.hh"
#include "tests/bench/statistics.hh"

#include "common/errors.hh"

#include <algorithm>

namespace bench {
namespace {

constexpr unsigned listeners = 20, speakers = 4;
constexpr std::uint64_t lines_at_once = 100'000, lines_in_all = 1'000'000;
constexpr std::uint64_t lines_before = 10'000; // in both rooms, with all reading

// The process that came with what was done.
pid_t process_of(pid_t server, const std::function<void()>& doing) {
    const std::set<pid_t> before = family_of(server);
    doing();
    for (const pid_t pid : family_of(server))
        if (!before.contains(pid)) return pid;
    throw Failure{"no process came with the client"};
}

class StoppedReader {
public:
    StoppedReader(std::uint16_t port, const std::string& room) : connection_(port) {
        connection_.send(chatd_lines.enter("stopped", room));
        while (connection_.read_line().find(chatd_lines.entered) == std::string_view::npos) {
        }
    }
    // Reads until so many lines were all right, one after the other.
    std::uint64_t read_all(std::uint64_t lines) {
        Witness witness;
        std::vector<char> piece(256 * 1024);
        while (witness.lines() < lines) {
            const std::size_t got = connection_.receive(piece);
            if (got == 0) break;
            witness.hear({piece.data(), got});
        }
        return witness.lines();
    }

private:
    Connection connection_;
};

} // namespace

void measure_stopped_reader(const Setting& setting, Samples& samples) {
    Setting judged = setting;
    std::erase_if(judged.builds, [](const auto& build) { return build.first != suite; });
    Lineup servers{judged, {}};
    servers.add_suite("chatd", {"room free", "room stalled"});
    const Running& server = servers.all()[0];
    const pid_t hub = server.server->pid();

    Crowd free{server.port(), chatd_lines, "free", {listeners, speakers}, "f"};
    Crowd stalled{server.port(), chatd_lines, "stalled", {listeners, speakers}, "t"};
    free.flood(lines_before);
    std::optional<StoppedReader> reader;
    const pid_t handler = process_of(hub, [&] { reader.emplace(server.port(), "stalled"); });
    stalled.hear_until_quiet(); // that it has come
    const double hub_before = private_kib(hub), handler_before = private_kib(handler);

    const std::string subject{suite};
    const auto value = [&](std::string_view row, const std::function<double()>& measure) {
        return Contender{row, subject, measure};
    };
    measure_once(
        samples,
        {value("chat-stopped-rate",
               [&] {
                   std::vector<double> ratios;
                   for (std::uint64_t said = 0; said < lines_in_all; said += lines_at_once) {
                       const double alone = free.flood(lines_at_once);
                       ratios.push_back(stalled.flood(lines_at_once) / alone);
                   }
                   return median(ratios);
               }),
         value("chat-stopped-hub", [&] { return private_kib(hub) - hub_before; }),
         value("chat-stopped-handler", [&] { return private_kib(handler) - handler_before; }),
         value("chat-stopped-lines", [&] { return static_cast<double>(reader->read_all(lines_in_all)); })});
}

} // namespace bench
