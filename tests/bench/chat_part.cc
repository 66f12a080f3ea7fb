// SPDX-License-Identifier: ISC
// The chat rows in which the suite is measured against others: floods, and delays under an even load. Each
// server has its room full of clients all the time; they are measured in turn, so all but one are silent.
#include "tests/bench/contest.hh"
#include "tests/bench/crowd.hh"
#include "tests/bench/lineup.hh"
#include "tests/bench/parts.hh"
#include "tests/bench/rows.hh"
#include "tests/bench/statistics.hh"

#include <iostream>
#include <list>

namespace bench {
namespace {

constexpr unsigned speakers = 4;
constexpr double offered = 40'000, calm = 4'000; // deliveries a second
constexpr int calm_durations = 6;      // one is not enough for a 99th percentile: two lines of 1,000 members
constexpr unsigned most_of_ncat = 900; // it waits with select(2)
const std::string room = "hall";

const ChatDialect& dialect_of(std::string_view subject) {
    if (subject == "ngircd") return irc;
    if (subject == "ncat --chat") return ncat_lines;
    return subject.starts_with(suite) ? chatd_lines : floor_lines;
}

using Measure = std::function<double(Crowd&)>;

// Each in its own manner, or all that speak IRC by that.
enum class Language { own, irc };

void contest(const Setting& setting, Samples& samples, std::string_view row, Language language,
             unsigned listeners, const Measure& measure) {
    if (!setting.wants(row)) return;
    Lineup servers{setting, {}};
    servers.add_suite("chatd", {"room " + room}, language == Language::irc ? "chatd-irc" : "chatd");
    servers.add_peer("ngircd", "ngircd", "ngircd", {"-n", "-f", "@CONF@"});
    if (language == Language::own) {
        if (listeners < most_of_ncat)
            servers.add_peer("ncat --chat", "ncat", "",
                             {"--chat", "-m", "1010", "-l", "127.0.0.1", "@PORT@"});
        servers.add_floor("floor: a write each", {"fan-out", "@PORT@"});
        servers.add_floor("floor: a process each", {"processes", "@PORT@", setting.scratch + "/floor-log"});
    }

    std::list<Crowd> crowds;
    std::vector<Contender> contenders;
    for (const Running& server : servers.all()) {
        try {
            const ChatDialect& dialect = language == Language::irc ? irc : dialect_of(server.subject);
            Crowd& crowd =
                crowds.emplace_back(server.port(), dialect, room, Crowd::Size{listeners, speakers});
            contenders.push_back({row, server.subject, [&] { return measure(crowd); }});
        } catch (const std::exception& error) {
            std::cerr << "  " << row << ", " << server.subject << ": " << error.what() << '\n';
            samples.note(row, server.subject, error.what());
        }
    }
    hold_contest(samples, contenders, setting.rounds);
}

} // namespace

void measure_chat(const Setting& setting, Samples& samples) {
    const Measure flood = [&](Crowd& crowd) { return crowd.flood(setting.duration); };
    const Measure delay = [&](Crowd& crowd) {
        return quantile(crowd.offer(offered, setting.duration), 0.99);
    };
    contest(setting, samples, "chat-flood-100", Language::own, 100, flood);
    contest(setting, samples, "chat-flood-500", Language::own, 500, flood);
    contest(setting, samples, "chat-delay-200", Language::own, 200, delay);
    contest(setting, samples, "chat-delay-1000", Language::own, 1000, delay);
    const Measure calm_delay = [&](Crowd& crowd) {
        return quantile(crowd.offer(calm, setting.duration * calm_durations), 0.99);
    };
    contest(setting, samples, "chat-calm-200", Language::own, 200, calm_delay);
    contest(setting, samples, "chat-calm-1000", Language::own, 1000, calm_delay);
    contest(setting, samples, "chat-irc-flood-100", Language::irc, 100, flood);
    contest(setting, samples, "chat-irc-flood-500", Language::irc, 500, flood);
    contest(setting, samples, "chat-irc-delay-200", Language::irc, 200, delay);
    contest(setting, samples, "chat-irc-delay-1000", Language::irc, 1000, delay);
    if (setting.wants("chat-admit") || setting.wants("chat-memory")) measure_presence(setting, samples);
    if (setting.wants("chat-irc-memory")) measure_irc_memory(setting, samples);
    if (setting.wants("chat-crowd")) measure_large_presence(setting, samples);
    if (setting.wants("chat-stopped")) measure_stopped_reader(setting, samples);
    if (setting.wants("chat-takeover")) measure_takeover(setting, samples);
    if (setting.wants("chat-upgrade")) measure_upgrade(setting, samples);
}

} // namespace bench
