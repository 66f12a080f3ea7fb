// SPDX-License-Identifier: ISC
#include "ftpd/parent/overview.hh"

#include "common/text.hh"

#include <algorithm>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t max_path_shown = 200; // bytes

// "42s", "7m", "3h", "12d".
std::string human_age(std::chrono::seconds age) {
    const long long seconds = age.count();
    if (seconds < 100) return text(seconds, 's');
    if (seconds < 100 * 60) return text(seconds / 60, 'm');
    if (seconds < 100 * 3600) return text(seconds / 3600, 'h');
    return text(seconds / 86400, 'd');
}

std::string progress_of(const Activity& activity) {
    if (activity.done == 0 && activity.total == 0) return "-";
    if (activity.total == 0) return text(activity.done);
    return text(activity.done, '/', activity.total);
}

std::string row(const std::string& pid, const std::string& client, const std::string& user,
                const std::string& age, const std::string& verb, const std::string& bytes,
                const std::string& tls, const std::string& path) {
    return text(padded(pid, 8), padded(client, 22), padded(user, 10), padded(age, 5), padded(verb, 5), ' ',
                padded(bytes, 22), padded(tls, 16), path);
}

// "[#####     ]  50%"; blank when the end is not known.
std::string bar_of(const Activity& activity) {
    constexpr std::uint64_t width = 10;
    if (activity.total == 0) return std::string(width + 7, ' ');
    const double share =
        std::min(1.0, static_cast<double>(activity.done) / static_cast<double>(activity.total));
    const auto signs = static_cast<std::size_t>(share * width);
    const std::string percent = text(static_cast<unsigned>(share * 100), '%');
    return text('[', std::string(signs, '#'), std::string(width - signs, ' '), ']',
                std::string(5 - percent.size(), ' '), percent);
}

// Bytes a second since the command began, which a session may have made up.
std::uint64_t rate_of(const Activity& activity, Clock::time_point now) {
    using namespace std::chrono;
    const auto at = static_cast<std::uint64_t>(duration_cast<milliseconds>(now.time_since_epoch()).count());
    const std::uint64_t spent = at > activity.began ? at - activity.began : 1;
    return activity.done / spent * 1000 + activity.done % spent * 1000 / spent;
}

} // namespace

void Totals::add(const Activity& activity) {
    transfers += activity.transfers;
    sent += activity.sent;
    received += activity.received;
}

std::vector<std::string> format_who(std::span<const SessionView> sessions, Clock::time_point now) {
    std::vector<std::string> lines{row("PID", "CLIENT", "USER", "AGE", "VERB", "BYTES", "TLS", "PATH")};
    for (const SessionView& session : sessions) {
        const std::string age =
            human_age(std::chrono::duration_cast<std::chrono::seconds>(now - session.since));
        const std::optional<Activity>& activity = session.activity;
        if (!activity) {
            lines.push_back(row(text(session.pid), session.peer, "?", age, "?", "?", "?", "(busy)"));
            continue;
        }
        lines.push_back(row(text(session.pid), session.peer, escape(activity->user, 32), age,
                            escape(activity->verb, 8), progress_of(*activity),
                            activity->tls.empty() ? "-" : escape(activity->tls, 32),
                            escape(activity->path, max_path_shown)));
    }
    return lines;
}

std::vector<std::string> format_top(std::span<const SessionView> sessions, Clock::time_point now) {
    std::vector<std::string> lines;
    std::uint64_t all = 0;
    for (const SessionView& session : sessions) {
        const std::optional<Activity>& activity = session.activity;
        if (!activity || (activity->done == 0 && activity->total == 0)) continue;
        const std::uint64_t rate = rate_of(*activity, now);
        all += rate;
        const std::string left =
            activity->total > activity->done && rate > 0
                ? human_age(std::chrono::seconds{(activity->total - activity->done) / rate})
                : "-";
        lines.push_back(text(padded(text(session.pid), 8), padded(escape(activity->user, 32), 10),
                             padded(escape(activity->verb, 8), 5), bar_of(*activity), ' ',
                             padded(human_size(activity->done), 9), padded(human_size(rate) + "/s", 11),
                             padded(left, 4), ' ', escape(activity->path, max_path_shown)));
    }
    lines.insert(
        lines.begin(),
        {text("clients ", sessions.size(), "  transfers ", lines.size(), "  ", human_size(all), "/s"),
         text(padded("PID", 8), padded("USER", 10), padded("VERB", 5), padded("PROGRESS", 18),
              padded("DONE", 9), padded("RATE", 11), "LEFT PATH")});
    return lines;
}

std::vector<std::string> format_stats(const Stats& stats) {
    return {
        text("uptime-seconds ", std::chrono::duration_cast<std::chrono::seconds>(stats.uptime).count()),
        text("clients ", stats.clients),
        text("max-clients ", stats.max_clients),
        text("clients-tls-1.2 ", stats.clients_of_tls[0]),
        text("clients-tls-1.3 ", stats.clients_of_tls[1]),
        text("accepted ", stats.totals.accepted),
        text("refused ", stats.totals.refused),
        text("crashed ", stats.totals.crashed),
        text("failed-forks ", stats.totals.failed_forks),
        text("transfers ", stats.totals.transfers),
        text("bytes-sent ", stats.totals.sent),
        text("bytes-received ", stats.totals.received),
        text("log-lines-lost ", stats.log_lines_lost),
    };
}

} // namespace ftpd
