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
// What the parent needs beside listeners and clients: 0 to 2, lock, root, poller, log, the control socket and
// its clients, and what a client takes before its session has it; and with authd its pair and what waits for
// it.
constexpr std::size_t own_descriptors = ControlServer::max_clients + 16;
constexpr std::size_t authd_descriptors = AuthdLink::most_unsent + 4;

std::vector<ControlVerb> control_verbs(Parent& parent) {
    return {
        {"who", "", "list the sessions and what they do", [&](Words) { return parent.who(); }},
        {"stats", "", "print the totals since the start", [&](Words) { return parent.stats(); }},
        {"top", "", "list the transfers, with what is done and left of each",
         [&](Words) { return parent.top(); }},
        {"kick", "PID|ADDRESS|USER", "end these sessions",
         [&](Words w) { return parent.kick(only_word(w, "a PID, an address or a user")); }},
        {"reload", "", "read the configuration again, as SIGHUP does",
         [&](Words) { return ControlAnswer{parent.reload()}; }},
        {"shutdown", "[MESSAGE]", "stop, with a message to those who are here",
         [&](Words w) { return parent.shut_down(unquote(w[0])), ControlAnswer{}; }, true},
    };
}

} // namespace

Parent::Parent(const DaemonOptions& options, std::vector<ConfigLine> config, Settings settings, Log& log)
    : options_(options),
      config_(std::move(config)),
      settings_(std::move(settings)),
      log_(log),
      state_(settings_.state),
      root_(open_root(settings_)),
      identity_(find_identity(settings_)),
      signals_{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD},
      loop_(settings_.events),
      pages_(settings_.max_clients),
      records_(loop_, log_, settings_),
      control_(loop_, settings_.control, control_verbs(*this)),
      acceptor_(loop_, log_,
                {[this](Accepted client) { start_session(std::move(client)); },
                 [this](const std::string& host) { return sessions_.count_from(host); },
                 [](std::string_view why) { return text("421 ", why, "\r\n"); }}),
      sweeper_(loop_, log_, records_, settings_, [this] { pages_.keep_none(); }) {
    if (!settings_.users.empty())
        authd_.emplace(loop_, log_, authd_settings(settings_), [this] { pages_.keep_none(); });
    ::umask(default_umask);
    acceptor_.open(settings_.listen);
    capacity_.emplace(pages_.size(), settings_.events,
                      own_descriptors + (authd_ ? authd_descriptors : 0) + acceptor_.listeners());
}
int Parent::run(const OnReady& on_ready) {
    acceptor_.start(settings_.per_address);
    report_capacity();
    update_acceptor();
    sweeper_.sweep();
    notify_service_manager("READY=1");
    on_ready(acceptor_.places());
    while (!stopping_) {
        loop_.run_once(signals_.while_waiting());
        handle_signals();
    }
    stop();
    return 0;
}

std::size_t Parent::max_clients_now() const { return capacity_->clients(settings_.max_clients); }

void Parent::report_capacity() {
    if (const auto shortage = capacity_->explain(settings_.max_clients)) log_.warning(*shortage);
}

void Parent::update_acceptor() { acceptor_.set_room(sessions_.size() < max_clients_now()); }

void Parent::start_session(Accepted client) {
    Fd ours, theirs, authd;
    try {
        std::tie(ours, theirs) = make_packet_pair();
        if (authd_) authd = authd_->open_client(client.peer);
    } catch (const std::system_error&) {
        acceptor_.turn_away(client.socket, "The server has no descriptor to spare: try again in a moment.");
        throw;
    }
    const std::optional<std::size_t> page = pages_.take();
    if (!page) return acceptor_.turn_away(client.socket, "The server is full: try again later.");
    const int pair = ours.get();
    const std::string peer = client.peer.shown();
    Child child{.role = "session",
                .address = client.peer.host(),
                .peer = peer,
                .local = address_for_url(client.socket),
                .page = *page,
                .pair = std::move(ours)};
    const std::optional<pid_t> pid = sessions_.spawn(std::move(child), [&, &theirs = theirs]() -> int {
        run_session(std::move(client.socket), std::move(theirs), std::move(authd), *page);
    });
    if (!pid) {
        pages_.give_back(*page);
        ++totals_.failed_forks;
        acceptor_.turn_away(client.socket, "The server has no process to spare: try again in a moment.");
        return acceptor_.pause("fork failed");
    }
    loop_.watch(pair, Interest::read, [this, pid](const Event&) { read_packets(*pid); });
    ++totals_.accepted;
    log_.notice(text("accept ", peer, " pid ", *pid, " clients ", sessions_.size(), '/', max_clients_now()));
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
    Child* const session = sessions_.find(pid);
    if (session == nullptr || !session->pair) return;
    const int pair = session->pair.get();
    switch (read_packets_of(pid, *session)) {
    case Records::Read::all: return;
    case Records::Read::more: return loop_.again(pair);
    case Records::Read::ended: return loop_.forget(pair); // SIGCHLD follows
    }
}

Records::Read Parent::read_packets_of(pid_t pid, const Child& session) {
    try {
        return records_.read(session.pair.get(), {pid, session.address, session.local});
    } catch (const PeerError& error) {
        log_.error(text("session ", pid, " is killed: ", error.what()));
        ::kill(pid, SIGKILL);
        return Records::Read::ended;
    }
}

void Parent::end_session(Ended ended) {
    if (const std::optional<Activity> last = read_activity(pages_.page(ended.child.page))) totals_.add(*last);
    if (WIFSIGNALED(ended.status)) ++totals_.crashed;
    while (read_packets_of(ended.pid, ended.child) == Records::Read::more) {
    } // its last words
    loop_.forget(ended.child.pair.get());
    pages_.give_back(ended.child.page);
    log_.write(WIFSIGNALED(ended.status) ? Severity::warning : Severity::notice,
               text("end pid ", ended.pid, ' ', describe_status(ended.status), " clients ", sessions_.size(),
                    '/', max_clients_now()));
}

void Parent::end_other(pid_t pid, int status) {
    if (!sweeper_.note_end(pid, status) && authd_) authd_->note_end(pid, status);
}

void Parent::handle_signals() {
    if (signals_.take(SIGCHLD)) {
        sessions_.reap([this](Ended ended) { end_session(std::move(ended)); },
                       [this](pid_t pid, int status) { end_other(pid, status); });
        update_acceptor();
    }
    if (signals_.take(SIGUSR1)) report_status();
    if (signals_.take(SIGHUP)) reload_as_told();
    if (signals_.take(SIGTERM) || signals_.take(SIGINT)) stopping_ = true;
}

std::vector<SessionView> Parent::view_sessions() const {
    std::vector<SessionView> views;
    for (const auto& [pid, session] : sessions_.all())
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
    return format_stats({.uptime = Clock::now() - started_,
                         .clients = sessions_.size(),
                         .max_clients = max_clients_now(),
                         .totals = now,
                         .log_lines_lost = log_.lost()});
}

void Parent::report_status() {
    for (const std::string& line : stats()) log_.notice(line);
    for (const std::string& line : who()) log_.notice(line);
}

std::vector<std::string> Parent::reload() {
    log_.reopen();
    const std::vector<ConfigLine> given = read_config(options_.file, options_.lines);
    std::vector<std::string> ignored;
    Settings scratch;
    std::vector<ConfigLine> merged = merge_for_reload(config_, given, directive_table(scratch), ignored);
    make_settings(given); // so that what only a start can change is checked, too
    Settings settings = make_settings(merged);
    records_.reload(settings);
    settings_ = std::move(settings);
    acceptor_.set_limits(settings_.per_address);
    if (authd_) authd_->configure(settings_.login_tries, settings_.login_holdoff);
    config_ = std::move(merged);
    std::vector<std::string> told;
    for (const std::string& name : ignored) {
        told.push_back(text("a change of '", name, "' waits for the next start"));
        log_.warning(told.back());
    }
    report_capacity();
    log_.notice("configuration read again; sessions that are there keep theirs");
    log_.set_least(settings_.log_level);
    update_acceptor();
    return told;
}

// Whoever sends a signal sees no answer but the log.
void Parent::reload_as_told() {
    try {
        reload();
    } catch (const std::exception& error) {
        log_.error(text("configuration not read again, the old one stays: ", error.what()));
    }
}

std::vector<std::string> Parent::kick(const std::string& whom) {
    std::size_t count = 0;
    for (const auto& [pid, session] : sessions_.all()) {
        const std::optional<Activity> activity = read_activity(pages_.page(session.page));
        if (text(pid) != whom && session.address != whom && session.peer != whom &&
            !(activity && activity->user == whom))
            continue;
        ++count;
        // A session that cannot be told, since it reads nothing, is not asked.
        if (send_packet(session.pair.get(), pack_frame(Kick{})) != IoState::done) ::kill(pid, SIGKILL);
    }
    if (count == 0) throw UserError(text("there is no session of '", escape(whom, 64), "': who lists them"));
    log_.notice(text("kick ", escape(whom, 64), " sessions ", count));
    return {text("sessions ", count)};
}

void Parent::shut_down(const std::string& words) {
    std::string safe = escape(words, 2 * max_stop_words);
    if (safe.size() > max_stop_words)
        throw UserError(text("that is too long: ", max_stop_words, " bytes at most"));
    farewell_ = std::move(safe);
    log_.notice("shutdown by administrator");
    stopping_ = true;
}

void Parent::stop() {
    log_.notice(text("stopping, clients ", sessions_.size()));
    notify_service_manager("STOPPING=1");
    acceptor_.close();
    const auto on_end = [this](Ended ended) { end_session(std::move(ended)); };
    const auto on_other = [this](pid_t pid, int status) { end_other(pid, status); };
    if (authd_) authd_->stop();
    // A session that cannot be told in words ends by the signal.
    if (!farewell_.empty())
        for (const auto& [pid, session] : sessions_.all())
            if (session.pair) send_packet(session.pair.get(), pack_frame(Stop{farewell_}));
    for (const int signal : {SIGTERM, SIGKILL}) {
        sessions_.signal_all(signal);
        sessions_.wait_for_all(Clock::now() + farewell_time, on_end, on_other);
    }
    if (authd_) authd_->wait();
    control_connections_ = control_.close();
    log_.notice("stopped");
}

} // namespace ftpd
