// SPDX-License-Identifier: ISC
#include "ftpd/parent/parent.hh"

#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/confinement.hh"
#include "ftpd/frames.hh"
#include "ftpd/session/session.hh"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <tuple>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

constexpr std::chrono::seconds farewell_time{3}; // for sessions to end by themselves at a stop
// What the parent needs beside listeners and clients: 0 to 2, lock, poller, log, the control socket and
// its clients, and what a client takes before its session has it; and with authd its pair and what waits for
// it.
constexpr std::size_t own_descriptors = ControlServer::max_clients + 16;
constexpr std::size_t authd_descriptors = AuthdLink::max_unsent + 4;

} // namespace

Parent::Parent(KeeperLink& keeper, Settings settings, std::optional<Identity> identity, Log& log)
    : settings_(std::move(settings)),
      log_(log),
      service_(keeper, settings_, log_),
      identity_(std::move(identity)),
      root_(keeper.take(label_of_root).fd),
      pages_(settings_.max_clients),
      records_(service_.loop(), log_, settings_, keeper.take(label_of_xferlog).fd,
               [&keeper](std::size_t rule, Announcer::OnConnection on_connection) {
                   keeper.want(text(label_of_announcement, rule), std::move(on_connection));
               }),
      acceptor_(service_.loop(), log_,
                {[this](Accepted client) { start_session(std::move(client)); },
                 [this](const std::string& host) { return children_.count_from(host); },
                 [](std::string_view why) { return text("421 ", why, "\r\n"); }}) {
    service_.open(duties());
    if (!settings_.users.empty())
        authd_.emplace(service_.loop(), log_, authd_settings(settings_), AuthdLink::StartedElsewhere{[&keeper] { keeper.end(label_of_authd); }});
    for (const std::string_view label : {label_of_authd, label_of_sweeper})
        if (Given given = keeper.take(label); given.fd) take(std::move(given));
    ::umask(default_umask);
    std::vector<Given> listeners = keeper.take_all(label_of_listener);
    for (Given& inherited : keeper.take_all(label_of_inherited)) listeners.push_back(std::move(inherited));
    acceptor_.open(std::move(listeners), settings_, own_descriptors + (authd_ ? authd_descriptors : 0));
}

std::vector<ControlVerb> Parent::control_verbs() {
    return {
        {"who", "", "list the sessions and what they do", [this](Words) { return who(); }},
        {"stats", "", "print the totals since the start", [this](Words) { return stats(); }},
        {"top", "", "list the transfers and the progress of each", [this](Words) { return top(); }},
        {"kick", "PID|ADDRESS|USER", "end these sessions",
         [this](Words w) { return kick(only_word(w, "a PID, an address or a user")); }},
    };
}

Service::Duties Parent::duties() {
    return {.verbs = control_verbs(),
            .on_child_end = [this] { reap(); },
            .status =
                [this] {
                    std::vector<std::string> lines = stats();
                    for (std::string& line : who()) lines.push_back(std::move(line));
                    return lines;
                },
            .apply =
                [this](Service::Lines lines) {
                    apply(lines);
                    return std::vector<std::string>{};
                },
            .on_given = [this](Given given) { take(std::move(given)); },
            .on_taken_back = [this](const std::string& label) { acceptor_.remove(label); },
            .reloaded = "configuration read again; existing sessions keep the old one",
            .make_safe = [](const std::string& words) { return escape(words, 2 * max_stop_words); },
            .max_farewell = max_stop_words};
}

int Parent::run(bool foreground) {
    acceptor_.start(settings_);
    update_acceptor();
    service_.tell_ready(acceptor_.places(), foreground);
    while (!service_.is_stopping()) {
        service_.wait();
        service_.heed_signals();
    }
    stop();
    return 0;
}

void Parent::update_acceptor() {
    using Vacancy = Acceptor::Vacancy;
    acceptor_.set_vacancy(sessions_.size() < acceptor_.max_clients() ? Vacancy::free : Vacancy::full);
}

// Where sessions cannot open the served folder themselves: one that was removed may be there again.
void Parent::renew_root() {
    struct stat found {};
    if (!root_ || ::fstat(root_.get(), &found) != 0 || found.st_nlink != 0) return;
    service_.keeper().want(label_of_root, [this](Fd opened, const std::string&) {
        if (opened) root_ = std::move(opened);
    });
}

void Parent::start_session(Accepted client) {
    renew_root();
    Fd ours, theirs, authd;
    try {
        std::tie(ours, theirs) = make_packet_pair();
        if (authd_) authd = authd_->open_client(client.peer);
    } catch (const std::system_error&) {
        acceptor_.turn_away(client.socket, "The server has no free descriptor: try again in a moment.");
        throw;
    }
    const std::optional<std::size_t> page = pages_.take();
    if (!page) return acceptor_.turn_away(client.socket, "The server is full: try again later.");
    Session session{.host = client.peer.host(),
                    .peer = client.peer.shown(),
                    .local = address_for_url(client.socket),
                    .page = *page};
    Child child{.role = "session", .address = session.host};
    const std::optional<pid_t> pid = children_.spawn(std::move(child), [&, &theirs = theirs]() -> int {
        run_session(std::move(client.socket), std::move(theirs), std::move(authd), *page);
    });
    if (!pid) {
        pages_.give_back(*page);
        ++totals_.failed_forks;
        acceptor_.turn_away(client.socket, "The server cannot start a process: try again in a moment.");
        return acceptor_.pause("fork failed");
    }
    Session& started = sessions_.insert_or_assign(*pid, std::move(session)).first->second;
    started.pair = Watch{service_.loop(), std::move(ours), Interest::read,
                         [this, pid](const Event&) { read_packets(*pid); }};
    ++totals_.accepted;
    acceptor_.log_accept(started.peer, *pid, sessions_.size());
    update_acceptor();
}

// Where other clients find what this one stores; empty over a path's socket.
std::string Parent::address_for_url(const Fd& client) const {
    try {
        const Address own = local_address(client.get());
        if (own.family() == AF_UNIX) return {};
        const auto& outside = settings_.data.passive_address;
        return outside ? outside->with_port(own.port()).shown() : own.shown();
    } catch (const std::system_error&) {
        return {}; // it is gone already
    }
}

// In the child.
void Parent::run_session(Fd client, Fd pair, Fd authd, std::size_t page) {
    const std::span<std::byte> own_page = pages_.page(page);
    pages_.keep_only(page);
    run_session_process(settings_, identity_,
                        {std::move(client), std::move(pair), std::move(root_), std::move(authd), own_page});
}

void Parent::read_packets(pid_t pid) {
    const auto found = sessions_.find(pid);
    if (found == sessions_.end()) return;
    Session& session = found->second;
    switch (read_packets_of(pid, session)) {
    case Records::Read::all: return;
    case Records::Read::more: return session.pair.again();
    case Records::Read::ended: return session.pair.reset(); // SIGCHLD follows
    }
}

Records::Read Parent::read_packets_of(pid_t pid, const Session& session) {
    if (!session.pair) return Records::Read::ended;
    try {
        return records_.read(session.pair.fd(), {pid, session.host, session.local});
    } catch (const PeerError& error) {
        log_.error(text("session ", pid, " is killed: ", error.what()));
        if (sessions_.contains(pid)) ::kill(pid, SIGKILL); // else it has ended, and the pid is nobody's
        return Records::Read::ended;
    }
}

void Parent::end_session(const Ended& ended) {
    const auto node = sessions_.extract(ended.pid);
    const Session& session = node.mapped();
    if (const std::optional<Activity> last = read_activity(pages_.page(session.page))) totals_.add(*last);
    if (WIFSIGNALED(ended.status)) ++totals_.crashed;
    while (read_packets_of(ended.pid, session) == Records::Read::more) {
    } // its last words
    pages_.give_back(session.page);
    acceptor_.log_end(text("pid ", ended.pid, ' ', describe_status(ended.status)), sessions_.size(),
                      WIFSIGNALED(ended.status) ? Severity::warning : Severity::notice);
}

void Parent::reap() {
    children_.reap([this](const Ended& ended) { end_session(ended); });
    update_acceptor();
}

std::vector<SessionView> Parent::view_sessions() const {
    std::vector<SessionView> views;
    for (const auto& [pid, session] : sessions_)
        views.push_back({pid, session.peer, session.since, read_activity(pages_.page(session.page))});
    return views;
}

std::vector<std::string> Parent::who() const { return format_who(view_sessions(), Clock::now()); }

std::vector<std::string> Parent::top() const { return format_top(view_sessions(), Clock::now()); }

std::vector<std::string> Parent::stats() const {
    Totals now = totals_;
    now.refused = acceptor_.refused();
    for (const SessionView& session : view_sessions())
        if (session.activity) now.add(*session.activity);
    return format_stats({.uptime = Clock::now() - service_.started(),
                         .clients = sessions_.size(),
                         .max_clients = acceptor_.max_clients(),
                         .totals = now,
                         .log_lines_lost = log_.lost()});
}

void Parent::apply(Service::Lines config) {
    Settings settings = make_settings(config);
    settings.root = settings_.root; // a relative one would be another by now: a daemon leaves its folder
    records_.reload(settings, std::move(xferlog_));
    settings_ = std::move(settings);
    acceptor_.configure(settings_);
    if (authd_) authd_->configure(settings_.login_tries, settings_.login_holdoff);
    update_acceptor();
}

// What the keeper has opened again, and processes that it has started.
void Parent::take(Given given) {
    if (given.label.starts_with(label_of_listener)) return acceptor_.add(std::move(given));
    if (given.label == label_of_root) root_ = std::move(given.fd);
    if (given.label == label_of_xferlog) xferlog_ = std::move(given.fd);
    if (given.label == label_of_authd && authd_) authd_->adopt(std::move(given.fd), given.pid);
    if (given.label != label_of_sweeper) return;
    sweeper_ = Watch{service_.loop(), std::move(given.fd), Interest::read,
                     [this, pid = given.pid](const Event&) { read_sweeper(pid); }};
}

void Parent::read_sweeper(pid_t pid) {
    try {
        const Records::Read read = records_.read(sweeper_.fd(), {pid, {}, {}, "sweeper"});
        if (read == Records::Read::more) sweeper_.again();
        if (read != Records::Read::ended) return;
    } catch (const PeerError& error) {
        log_.error(text("the sweeper: ", error.what()));
    }
    sweeper_.reset();
}

std::vector<std::string> Parent::kick(const std::string& whom) {
    std::size_t count = 0;
    for (const auto& [pid, session] : sessions_) {
        const std::optional<Activity> activity = read_activity(pages_.page(session.page));
        if (text(pid) != whom && session.host != whom && session.peer != whom &&
            !(activity && activity->user == whom))
            continue;
        ++count;
        // A session that cannot be told, since it reads nothing, is not asked.
        if (!session.pair || send_packet(session.pair.fd(), pack_frame(Kick{})) != IoState::done)
            ::kill(pid, SIGKILL);
    }
    if (count == 0) throw UserError(text("there is no session of '", escape(whom, 64), "': who lists them"));
    log_.notice(text("kick ", escape(whom, 64), " sessions ", count));
    return {text("sessions ", count)};
}

// With `stop-grace': sessions end as their commands do, and the parent goes on serving them meanwhile.
// Whoever asks for the stop once more does not want to wait.
void Parent::let_commands_finish() {
    if (settings_.stop_grace.count() == 0 || sessions_.empty()) return;
    const Clock::time_point deadline = Clock::now() + settings_.stop_grace;
    log_.notice(text("waiting up to ", settings_.stop_grace.count(), " s for transfers to finish"));
    for (const auto& [pid, session] : sessions_)
        if (session.pair) send_packet(session.pair.fd(), pack_frame(Finish{service_.farewell()}));
    service_.loop().at(deadline, [] {}); // ends the last wait
    service_.expect_another_stop();
    while (!sessions_.empty() && !service_.is_stopping() && Clock::now() < deadline) {
        service_.wait();
        service_.heed_signals();
    }
}

void Parent::stop() {
    constexpr std::chrono::seconds reserve{30}; // beside the grace
    const bool has_grace = settings_.stop_grace.count() != 0 && !sessions_.empty();
    service_.begin_stop(sessions_.size(), has_grace ? settings_.stop_grace + reserve : std::chrono::seconds{});
    acceptor_.close();
    let_commands_finish();
    const auto on_end = [this](const Ended& ended) { end_session(ended); };
    if (authd_) authd_->stop();
    // A session that cannot be told in words ends by the signal.
    if (const std::string& words = service_.farewell(); !words.empty())
        for (const auto& [pid, session] : sessions_)
            if (session.pair) send_packet(session.pair.fd(), pack_frame(Stop{words}));
    for (const int signal : {SIGTERM, SIGKILL}) {
        children_.signal_all(signal);
        children_.wait_for_all(Clock::now() + farewell_time, on_end);
    }
    service_.end_stop();
}

} // namespace ftpd
