// SPDX-License-Identifier: ISC
// What the parent tells of itself and its sessions: `who' and `stats' of the control socket, and USR1. What
// sessions posted is shown escaped, and believed by nobody.
#include "ftpd/frames.hh"
#include "ftpd/parent.hh"

#include "common/text.hh"

#include <algorithm>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t longest_path_shown = 200; // bytes

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(text.size(), width), ' ');
    return text;
}

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
                const std::string& path) {
    return text(padded(pid, 8), padded(client, 22), padded(user, 10), padded(age, 5), padded(verb, 5), ' ',
                padded(bytes, 22), path);
}

} // namespace

std::vector<std::string> Parent::who() const {
    std::vector<std::string> lines{row("PID", "CLIENT", "USER", "AGE", "VERB", "BYTES", "PATH")};
    for (const auto& [pid, session] : sessions_.all()) {
        const std::string age =
            human_age(std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - session.since));
        const std::optional<Activity> activity = read_activity(pages_.page(session.page));
        if (!activity) {
            lines.push_back(row(text(pid), session.peer, "?", age, "?", "?", "(busy)"));
            continue;
        }
        lines.push_back(row(text(pid), session.peer, escape(activity->user, 32), age,
                            escape(activity->verb, 8), progress_of(*activity),
                            escape(activity->path, longest_path_shown)));
    }
    return lines;
}

std::vector<std::string> Parent::stats() const {
    Totals now = totals_;
    for (const auto& [pid, session] : sessions_.all()) {
        if (const std::optional<Activity> activity = read_activity(pages_.page(session.page))) {
            now.transfers += activity->transfers;
            now.sent += activity->sent;
            now.received += activity->received;
        }
    }
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_);
    return {
        text("uptime-seconds ", uptime.count()),
        text("clients ", sessions_.size()),
        text("max-clients ", most_clients_now()),
        text("accepted ", now.accepted),
        text("refused ", acceptor_.refused()),
        text("crashed ", now.crashed),
        text("failed-forks ", now.failed_forks),
        text("transfers ", now.transfers),
        text("bytes-sent ", now.sent),
        text("bytes-received ", now.received),
    };
}

} // namespace ftpd
