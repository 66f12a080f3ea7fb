// SPDX-License-Identifier: ISC
#include "ftpd/parent/sessions.hh"

#include "common/errors.hh"
#include "common/far_process.hh"
#include "common/peek.hh"
#include "common/socket.hh"
#include "common/subreaper.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <memory>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

constexpr std::chrono::seconds kick_time{10}; // to end after a kick
constexpr std::chrono::seconds end_time{1};   // for a process to end behind its pair

// What nobody here understands.
Records::Read drop_packets(int pair) {
    constexpr int max_packets = 16; // in one round
    std::array<char, 1> nothing{};
    for (int count = 0; count < max_packets; ++count) {
        const Received got = receive_packet(pair, nothing, 0, Tolerated::longer);
        if (got.state == IoState::would_block) return Records::Read::all;
        if (got.state != IoState::done) return Records::Read::ended;
    }
    return Records::Read::more;
}

// Whether it was told; one that was not is told by a signal.
bool tell(const Watch& pair, std::string_view order) {
    try {
        return pair && send_packet(pair.fd(), order) == IoState::done;
    } catch (const std::system_error&) {
        return false;
    }
}

} // namespace

Sessions::Sessions(Parts parts, const std::string& state, Callbacks callbacks)
    : parts_(parts),
      callbacks_(std::move(callbacks)),
      serving_(parts_.keeper, state),
      box_(parts_.keeper, parts_.loop, parts_.log, parts_.pages) {}

// --- those of the parent before ---

void Sessions::take_over(std::vector<KeeperLink::Left> left, pid_t first) {
    std::map<pid_t, Session> known;
    std::map<pid_t, Fd> pairs;
    std::vector<std::size_t> pages;
    for (auto& [pid, one] : box_.open(std::move(left))) {
        pages.push_back(one.record.page);
        known[pid] = Session{.record = std::move(one.record)};
        pairs[pid] = std::move(one.pair);
    }
    parts_.pages.take_those(std::move(pages));
    sessions_ = std::move(known);
    for (auto& [pid, pair] : pairs)
        parts_.loop.attempt([&, pid = pid, &pair = pair] { adopt(sessions_.at(pid), std::move(pair)); },
                            [this, pid = pid](const std::exception& error) { punish(pid, error.what()); });
    if (const std::uint64_t suspect = serving_.suspect(); suspect != 0)
        punish(static_cast<pid_t>(suspect), "two parents have died while they worked for it");
    if (first > 0)
        parts_.loop.attempt([&] { read_packets(first); },
                            [this, first](const std::exception& error) { punish(first, error.what()); });
    // The one that was let in last may still wait for the word.
    const auto last =
        std::ranges::max_element(sessions_, {}, [](const auto& one) { return one.second.record.since; });
    if (last != sessions_.end()) tell(last->second.pair, pack_frame(Begin{}));
    if (!pairs.empty()) parts_.log.notice(text("sessions of the parent before ", sessions_.size()));
}

void Sessions::adopt(Session& session, Fd pair) {
    const pid_t pid = session.record.pid;
    children_.adopt(pid, {.role = "session",
                          .address = session.record.network,
                          .reach = [this, pid](int signal) { reach(pid, signal); }});
    session.is_adopted = true;
    session.was_seen = !has_hung_up(pair.get());
    session.pair = watch(std::move(pair), [pid] { return pid; });
    const bool is_stranger = !is_spoken(session.record.frames);
    if (is_stranger) tell(session.pair, pack_frame(Stop{"another version goes on: connect again."}));
    if (is_stranger && !session.record.kill_at) {
        session.record.kill_at = Clock::now() + kick_time;
        box_.put(session.record);
    }
    if (session.record.kill_at) kill_later(session, *session.record.kill_at);
}

// Nobody reaps it unseen, so its number is its own as long as its end of the pair is there. Where there is no
// hold on a process, the end of its pair makes it end.
void Sessions::reach(pid_t pid, int signal) {
    const auto found = sessions_.find(pid);
    if (found == sessions_.end() || !found->second.pair) return;
    const int pair = found->second.pair.fd();
    const Fd process = hold_process(pid);
    if (!process)
        ::shutdown(pair, SHUT_WR);
    else if (!has_hung_up(pair))
        signal_held(process, signal);
}

// One whose pair has ended, just now if it was there before. The keeper tells of its end, if it can, and
// kills it if it lives: whether it is the process that is meant only the keeper knows, whose child it is by
// now.
void Sessions::await_end(Session& session) {
    if (!session.is_adopted) return; // SIGCHLD follows
    const pid_t pid = session.record.pid;
    if (session.was_seen) session.process = hold_process(pid);
    parts_.loop.cancel(session.lost_at);
    session.lost_at = parts_.loop.at(Clock::now() + end_time, [this, pid] {
        Session& lost = sessions_.at(pid);
        if (lost.process) signal_held(lost.process, SIGKILL);
        const auto give_up = [this, pid] {
            children_.end(pid, 0, [this](const Ended& ended) { end(ended.pid, {}); });
        };
        if (!has_subreapers()) return give_up();
        parts_.keeper.end_left(pid);
        lost.lost_at = parts_.loop.at(Clock::now() + end_time, give_up);
    });
}

// --- from start to end ---

Watch Sessions::watch(Fd pair, const std::function<pid_t()>& pid) {
    return Watch{parts_.loop, std::move(pair), Interest::read,
                 [this, pid](const Event&) { read_packets(pid()); },
                 [this, pid](const std::exception& error) { punish(pid(), error.what()); }};
}

std::optional<pid_t> Sessions::start(SessionRecord record, Fd ours, const std::function<int()>& body) {
    // Watched before there is a child, which would be left without one.
    const auto number = std::make_shared<pid_t>(-1);
    Session session{.record = std::move(record)};
    session.pair = watch(std::move(ours), [number] { return *number; });
    Child child{.role = "session", .address = session.record.network};
    std::map<pid_t, Session> known;
    auto node = known.extract(known.emplace(-1, std::move(session)).first);
    const std::optional<pid_t> pid = children_.spawn(std::move(child), body);
    if (!pid) return {};
    *number = *pid;
    if (sessions_.contains(*pid)) end(*pid, {}); // of a parent before, which the keeper has not told of yet
    node.key() = node.mapped().record.pid = *pid;
    const Session& started = sessions_.insert(std::move(node)).position->second;
    parts_.loop.attempt(
        [&] {
            box_.put(started.record, started.pair.fd());
            if (are_kept())
                greet(*pid);
            else
                ungreeted_.push_back(*pid);
        },
        [&](const std::exception& error) { punish(*pid, error.what()); });
    return pid;
}

// Its client hears nothing before that.
void Sessions::greet(pid_t pid) {
    const auto found = sessions_.find(pid);
    if (found != sessions_.end() && found->second.pair && !tell(found->second.pair, pack_frame(Begin{})))
        punish(pid, "it cannot be told to begin");
}

void Sessions::on_deposited() {
    for (const pid_t pid : std::exchange(ungreeted_, {})) greet(pid);
    callbacks_.on_kept();
}

void Sessions::read_packets(pid_t pid) {
    const auto found = sessions_.find(pid);
    if (found == sessions_.end()) return;
    Session& session = found->second;
    serving_.begin(static_cast<std::uint64_t>(pid));
    const Records::Read read = read_packets_of(session);
    serving_.end();
    if (read == Records::Read::more) session.pair.again();
    if (read != Records::Read::ended) return;
    session.pair.reset();
    await_end(session);
}

Records::Read Sessions::read_packets_of(Session& session) {
    if (!session.pair) return Records::Read::ended;
    const SessionRecord& record = session.record;
    if (!is_spoken(record.frames)) return drop_packets(session.pair.fd());
    return parts_.records.read(session.pair.fd(), {record.pid, record.host, record.local}, session.errors);
}

// Whatever went wrong with its packets. Its end follows.
void Sessions::punish(pid_t pid, std::string_view why) {
    const auto found = sessions_.find(pid);
    if (found == sessions_.end()) return; // it has ended, and the pid is nobody's
    serving_.end();
    children_.signal(pid, SIGKILL);
    Session& session = found->second;
    if (session.pair) ::shutdown(session.pair.fd(), SHUT_RDWR);
    session.pair.reset();
    session.was_seen = false; // that its pair has ended says nothing of its number
    parts_.log.error(text("session ", pid, " is killed: ", why));
    await_end(session);
}

void Sessions::hear_last_words(Session& session) {
    const auto read_all = [&] {
        while (read_packets_of(session) == Records::Read::more) {
        }
    };
    parts_.loop.attempt(read_all, [&](const std::exception& error) {
        parts_.log.error(text("the last words of session ", session.record.pid, ": ", error.what()));
    });
}

void Sessions::end(pid_t pid, std::optional<int> status) {
    auto node = sessions_.extract(pid);
    if (node.empty()) return;
    Session& session = node.mapped();
    const std::size_t page = session.record.page;
    hear_last_words(session);
    session.errors.end(parts_.log, {"session", pid});
    for (const Loop::TimerId timer : {session.kill_at, session.lost_at}) parts_.loop.cancel(timer);
    const bool has_crashed = status && WIFSIGNALED(*status);
    Totals& totals = parts_.pages.books().totals;
    if (has_crashed) ++totals.crashed;
    if (const std::optional<Activity> last = read_activity(parts_.pages.all().page(page))) totals.add(*last);
    parts_.pages.set_live(page, false);
    parts_.pages.all().give_back(page);
    box_.take_back_later();
    callbacks_.on_end(text("pid ", pid, ' ', status ? describe_status(*status) : "unseen"),
                      has_crashed ? Severity::warning : Severity::notice);
}

void Sessions::reap() {
    // Whatever goes wrong with one that has ended, the others have ended, too.
    children_.reap(
        [this](const Ended& ended) { parts_.loop.attempt([&] { end(ended.pid, ended.status); }, nullptr); });
}

void Sessions::end_orphan(pid_t pid, int status) {
    const auto found = sessions_.find(pid);
    if (found != sessions_.end() && found->second.is_adopted)
        children_.end(pid, status, [this](const Ended& ended) { end(ended.pid, ended.status); });
}

// --- orders ---

std::vector<SessionView> Sessions::view() const {
    std::vector<SessionView> views;
    views.reserve(sessions_.size());
    for (const auto& [pid, session] : sessions_)
        views.push_back({pid, session.record.peer, session.record.since,
                         read_activity(parts_.pages.all().page(session.record.page))});
    return views;
}

std::size_t Sessions::kick(const std::string& whom) {
    std::size_t count = 0;
    for (auto& [pid, session] : sessions_) {
        const SessionRecord& record = session.record;
        const std::optional<Activity> activity = read_activity(parts_.pages.all().page(record.page));
        if (text(pid) != whom && record.host != whom && record.peer != whom &&
            !(activity && activity->user == whom))
            continue;
        ++count;
        // A session that cannot be told, since it reads nothing, is not asked.
        if (!tell(session.pair, pack_frame(Kick{}))) {
            children_.signal(pid, SIGKILL);
        } else if (!record.kill_at) { // to be told so again gives it no more time
            session.record.kill_at = Clock::now() + kick_time;
            box_.put(session.record);
            kill_later(session, *session.record.kill_at);
        }
    }
    return count;
}

// One that was told to end and does not.
void Sessions::kill_later(Session& session, Clock::time_point when) {
    session.kill_at = parts_.loop.at(when, [this, pid = session.record.pid] {
        parts_.log.warning(
            text("session ", pid, " is killed: it did not end within ", kick_time.count(), " s"));
        children_.signal(pid, SIGKILL);
    });
}

std::size_t Sessions::dismiss(const std::function<bool(const std::string& listener)>& is_there) {
    const std::string order = pack_frame(Leave{"The server does not listen at this address any more."});
    std::size_t count = 0;
    for (const auto& [pid, session] : sessions_) {
        if (session.record.listener.empty() || is_there(session.record.listener)) continue;
        ++count;
        if (!tell(session.pair, order)) children_.signal(pid, SIGTERM);
    }
    return count;
}

void Sessions::hand_over() {
    for (auto& [pid, session] : sessions_) session.errors.end(parts_.log, {"session", pid});
}

void Sessions::tell_all(std::string_view order) const {
    for (const auto& [pid, session] : sessions_) tell(session.pair, order);
}

} // namespace ftpd
