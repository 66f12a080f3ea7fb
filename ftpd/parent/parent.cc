// SPDX-License-Identifier: ISC
#include "ftpd/parent/parent.hh"

#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/confinement.hh"
#include "ftpd/frames.hh"
#include "ftpd/parent/start_checks.hh"
#include "ftpd/session/session.hh"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <memory>
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
constexpr std::chrono::seconds kick_time{10};    // and after a kick

// Whether a session was told; one that was not is told by a signal.
template <class Frame>
bool tell(const Watch& pair, const Frame& frame) {
    try {
        return pair && send_packet(pair.fd(), pack_frame(frame)) == IoState::done;
    } catch (const std::system_error&) {
        return false;
    }
}

} // namespace

Parent::Parent(KeeperLink& keeper, Settings settings, std::optional<Identity> identity, Log& log)
    : settings_(std::move(settings)),
      log_(log),
      service_(keeper, settings_, log_),
      identity_(std::move(identity)),
      root_(keeper),
      pages_(settings_.max_clients),
      records_(service_.loop(), log_, settings_, keeper.take(label_of_xferlog).fd,
               [&keeper](std::size_t rule, Announcer::OnConnection on_connection) {
                   keeper.want(text(label_of_announcement, rule), std::move(on_connection));
               }),
      acceptor_(service_.loop(), log_,
                {[this](Accepted client) { start_session(std::move(client)); },
                 [this](const std::string& network) { return children_.count_from(network); },
                 [this] { return sessions_.size(); },
                 [](std::string_view why) { return text("421 ", why, "\r\n"); }}) {
    service_.open(duties());
    if (!settings_.users.empty())
        authd_.emplace(service_.loop(), log_, authd_settings(settings_),
                       AuthdLink::StartedElsewhere{[&keeper] { keeper.end(label_of_authd); }});
    for (const std::string_view label : {label_of_authd, label_of_sweeper})
        if (Given given = keeper.take(label); given.fd) take(std::move(given));
    ::umask(default_umask);
    std::vector<Given> listeners = keeper.take_all(label_of_listener);
    for (Given& inherited : keeper.take_all(label_of_inherited)) listeners.push_back(std::move(inherited));
    acceptor_.open(std::move(listeners), settings_, own_descriptors_of(settings_));
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
    // For the sessions: what is inherited costs none of them anything.
    forbid_new_privileges();
    deny_calls(DeniedCalls::usual);
    root_.look(settings_, identity_);
    while (root_.is_awaited() && !service_.is_stopping()) service_.wait();
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

void Parent::start_session(Accepted client) {
    root_.renew_if_removed();
    Fd ours, theirs, authd;
    try {
        std::tie(ours, theirs) = make_packet_pair();
        if (authd_) authd = authd_->open_client(client.peer);
    } catch (const std::system_error&) {
        acceptor_.turn_away(client.socket, "The server has no free descriptor: try again in a moment.");
        throw;
    }
    StatusPages::Lease page{pages_};
    if (!page) return acceptor_.turn_away(client.socket, "The server is full: try again later.");
    Session session{.host = client.peer.host(),
                    .peer = client.peer.shown(),
                    .local = address_for_url(client.socket),
                    .page = page.number()};
    // Watched before there is a child, which would be left without one.
    const auto number = std::make_shared<pid_t>(-1);
    session.pair = Watch{service_.loop(), std::move(ours), Interest::read,
                         [this, number](const Event&) { read_packets(*number); },
                         [this, number](const std::exception& error) { punish(*number, error.what()); }};
    std::map<pid_t, Session> known;
    auto node = known.extract(known.emplace(-1, std::move(session)).first);
    Child child{.role = "session", .address = client.peer.network()};
    const std::optional<pid_t> pid = children_.spawn(std::move(child), [&, &theirs = theirs]() -> int {
        run_session(std::move(client.socket), std::move(theirs), std::move(authd), page.number());
    });
    if (!pid) {
        ++totals_.failed_forks;
        acceptor_.turn_away(client.socket, "The server cannot start a process: try again in a moment.");
        return acceptor_.pause("fork failed");
    }
    page.keep();
    *number = *pid;
    node.key() = *pid;
    const Session& started = sessions_.insert(std::move(node)).position->second;
    ++totals_.accepted;
    update_acceptor();
    acceptor_.log_accept(started.peer, *pid, sessions_.size());
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
                        {std::move(client), std::move(pair), root_.take(), std::move(authd), own_page});
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

Records::Read Parent::read_packets_of(pid_t pid, Session& session) {
    if (!session.pair) return Records::Read::ended;
    return records_.read(session.pair.fd(), {pid, session.host, session.local}, session.errors);
}

// Whatever went wrong with its packets. SIGCHLD follows.
void Parent::punish(pid_t pid, std::string_view why) {
    const auto found = sessions_.find(pid);
    if (found == sessions_.end()) return; // it has ended, and the pid is nobody's
    children_.signal(pid, SIGKILL);
    found->second.pair.reset();
    log_.error(text("session ", pid, " is killed: ", why));
}

void Parent::hear_last_words(pid_t pid, Session& session) {
    const auto read_all = [&] {
        while (read_packets_of(pid, session) == Records::Read::more) {
        }
    };
    service_.loop().attempt(read_all, [&](const std::exception& error) {
        log_.error(text("the last words of session ", pid, ": ", error.what()));
    });
}

void Parent::end_session(const Ended& ended) {
    auto node = sessions_.extract(ended.pid);
    Session& session = node.mapped();
    if (const std::optional<Activity> last = read_activity(pages_.page(session.page))) totals_.add(*last);
    if (WIFSIGNALED(ended.status)) ++totals_.crashed;
    hear_last_words(ended.pid, session);
    session.errors.end(log_, {"session", ended.pid});
    service_.loop().cancel(session.kill_at);
    pages_.give_back(session.page);
    acceptor_.log_end(text("pid ", ended.pid, ' ', describe_status(ended.status)), sessions_.size(),
                      WIFSIGNALED(ended.status) ? Severity::warning : Severity::notice);
}

void Parent::reap() {
    // Whatever goes wrong with one that has ended, the others have ended, too.
    children_.reap([this](const Ended& ended) { service_.attempt([&] { end_session(ended); }); });
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
    root_.renew();
    update_acceptor();
}

// What the keeper has opened again, and processes that it has started.
void Parent::take(Given given) {
    if (given.label.starts_with(label_of_listener)) return acceptor_.add(std::move(given));
    if (given.label == label_of_xferlog) xferlog_ = std::move(given.fd);
    if (given.label == label_of_authd && authd_) authd_->adopt(std::move(given.fd), given.pid);
    if (given.label != label_of_sweeper) return;
    sweeper_errors_ = {};
    sweeper_ = Watch{service_.loop(), std::move(given.fd), Interest::read,
                     [this, pid = given.pid](const Event&) {
                         const Records::Source source{pid, {}, {}, label_of_sweeper};
                         const auto read = records_.read(sweeper_.fd(), source, sweeper_errors_);
                         if (read == Records::Read::more) sweeper_.again();
                         if (read != Records::Read::ended) return;
                         sweeper_errors_.end(log_, {source.role, pid});
                         sweeper_.reset();
                     },
                     [this](const std::exception& error) {
                         log_.error(text("the sweeper: ", error.what()));
                         sweeper_.reset();
                     }};
}

std::vector<std::string> Parent::kick(const std::string& whom) {
    std::size_t count = 0;
    for (auto& [pid, session] : sessions_) {
        const std::optional<Activity> activity = read_activity(pages_.page(session.page));
        if (text(pid) != whom && session.host != whom && session.peer != whom &&
            !(activity && activity->user == whom))
            continue;
        ++count;
        // A session that cannot be told, since it reads nothing, is not asked.
        if (tell(session.pair, Kick{}))
            kill_later(pid, session);
        else
            children_.signal(pid, SIGKILL);
    }
    if (count == 0) throw UserError(text("there is no session of '", escape(whom, 64), "': who lists them"));
    log_.notice(text("kick ", escape(whom, 64), " sessions ", count));
    return {text("sessions ", count)};
}

// One that was told to end and does not. To be told so again gives it no more time.
void Parent::kill_later(pid_t pid, Session& session) {
    if (session.kill_at != Loop::TimerId{}) return;
    session.kill_at = service_.loop().at(Clock::now() + kick_time, [this, pid] {
        log_.warning(text("session ", pid, " is killed: it did not end within ", kick_time.count(), " s"));
        children_.signal(pid, SIGKILL);
    });
}

// With `stop-grace': sessions end as their commands do, and the parent goes on serving them meanwhile.
// Whoever asks for the stop once more does not want to wait.
void Parent::let_commands_finish() {
    if (settings_.stop_grace.count() == 0 || sessions_.empty()) return;
    const Clock::time_point deadline = Clock::now() + settings_.stop_grace;
    for (const auto& [pid, session] : sessions_) tell(session.pair, Finish{service_.farewell()});
    log_.notice(text("waiting up to ", settings_.stop_grace.count(), " s for transfers to finish"));
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
    service_.begin_stop(sessions_.size(),
                        has_grace ? settings_.stop_grace + reserve : std::chrono::seconds{});
    acceptor_.close();
    let_commands_finish();
    const auto on_end = [this](const Ended& ended) { end_session(ended); };
    if (authd_) authd_->stop();
    // A session that cannot be told in words ends by the signal.
    if (const std::string& words = service_.farewell(); !words.empty())
        for (const auto& [pid, session] : sessions_) tell(session.pair, Stop{words});
    for (const int signal : {SIGTERM, SIGKILL}) {
        children_.signal_all(signal);
        children_.wait_for_all(Clock::now() + farewell_time, on_end);
    }
    service_.end_stop();
}

} // namespace ftpd
