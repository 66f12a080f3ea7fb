// SPDX-License-Identifier: ISC
#include "ftpd/parent/parent.hh"

#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "common/tls/tls_process.hh"
#include "ftpd/confinement.hh"
#include "ftpd/frames.hh"
#include "ftpd/parent/start_checks.hh"
#include "ftpd/session/session.hh"

#include <algorithm>
#include <array>
#include <sys/select.h>
#include <sys/stat.h>
#include <system_error>
#include <tuple>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

constexpr std::chrono::seconds farewell_time{3};  // for sessions to end by themselves at a stop
constexpr std::chrono::seconds hand_over_time{3}; // to finish what another parent would not know of

// The keeper may have one that only the configuration before wanted.
Fd take_xferlog(KeeperLink& keeper, const Settings& settings) {
    Fd given = keeper.take(label_of_xferlog).fd;
    return settings.xferlog.empty() ? Fd{} : std::move(given);
}

} // namespace

Parent::Parent(KeeperLink& keeper, Settings settings, std::optional<Identity> identity, Log& log)
    : settings_(std::move(settings)),
      log_(log),
      service_(keeper, settings_, log_),
      identity_(std::move(identity)),
      root_(keeper),
      pages_(keeper, settings_, log_),
      records_(service_.loop(), log_, settings_, take_xferlog(keeper, settings_), pages_.books().journal,
               [&keeper](const std::string& control, Announcer::OnConnection on_connection) {
                   keeper.want(text(label_of_announcement, control), std::move(on_connection));
               }),
      sessions_({keeper, service_.loop(), log_, pages_, records_}, settings_.state,
                {[this](const std::string& who, Severity severity) {
                     acceptor_.log_end(who, sessions_.size(), severity);
                     update_acceptor();
                 },
                 [this] { update_acceptor(); }}),
      acceptor_(service_.loop(), log_,
                {[this](Accepted client) { start_session(std::move(client)); },
                 [this](const std::string& network) { return sessions_.count_from(network); },
                 [this] { return sessions_.size(); },
                 [](std::string_view why, std::string_view) { return text("421 ", why, "\r\n"); },
                 [this] { ++pages_.books().totals.refused; }}) {
    service_.open(duties());
    if (!settings_.users.empty())
        authd_.emplace(service_.loop(), log_, authd_settings(settings_),
                       AuthdLink::StartedElsewhere{[&keeper] { keeper.end(label_of_authd); }});
    if (!settings_.tls.certificates.empty())
        tls_.emplace(service_.loop(), log_, [&keeper] { keeper.end(label_of_tlsd); });
    for (const std::string_view label : {label_of_authd, label_of_tlsd, label_of_sweeper})
        if (Given given = keeper.take(label); given.fd) take(std::move(given));
    if (authd_ && keeper.follows_another()) // the parent before may have told it another, or in part
        authd_->configure(settings_.login_tries, settings_.login_holdoff);
    ::umask(default_umask);
    std::vector<Given> listeners = keeper.take_all(label_of_listener);
    for (Given& inherited : keeper.take_all(label_of_inherited)) listeners.push_back(std::move(inherited));
    acceptor_.open(std::move(listeners), settings_, own_descriptors_of(settings_));
    if (keeper.follows_another()) take_over();
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
            .on_child_end = [this] { sessions_.reap(); },
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
            .on_deposited = [this] { sessions_.on_deposited(); },
            .on_orphan_end = [this](pid_t pid, int status) { sessions_.end_orphan(pid, status); },
            .on_stay = [this] { on_stay(); },
            .reloaded = "configuration read again; existing sessions keep the old one",
            .make_safe = [](const std::string& words) { return escape(words, 2 * max_stop_words); },
            .max_farewell = max_stop_words};
}

// Nothing is heard of sessions that the version before will have to go on with.
void Parent::take_over() {
    KeeperLink& keeper = service_.keeper();
    std::vector<KeeperLink::Left> left = keeper.take_left(label_of_session);
    if (keeper.is_on_trial() && !keeper.is_forced()) why_unable_ = describe_strangers(left, pages_);
    if (why_unable_.empty())
        sessions_.take_over(std::move(left), static_cast<pid_t>(pages_.books().journal.session));
    if (keeper.inherits_stay()) on_stay();
}

// The version before does not come back, nor does its configuration.
void Parent::on_stay() {
    const std::size_t count =
        sessions_.dismiss([this](const std::string& listener) { return acceptor_.has(listener); });
    if (count > 0) log_.notice(text("let go ", count, " sessions of listeners that are no more"));
    service_.keeper().tell_stayed(); // else the next parent does this
}

int Parent::run(bool foreground) {
    if (!why_unable_.empty()) {
        if (authd_) authd_->leave(); // it is the version's before
        if (tls_) tls_->leave();
        service_.keeper().tell_unable(why_unable_);
        return 1;
    }
    // For the sessions: what is inherited costs none of them anything.
    forbid_new_privileges();
    deny_calls(DeniedCalls::usual);
    root_.look(settings_, identity_);
    // Else a start would go well that can serve nobody who wants TLS.
    const bool awaits_tls = tls_ && !service_.keeper().follows_another();
    while ((root_.is_awaited() || (awaits_tls && !tls_->was_ready())) && !service_.is_stopping() &&
           !service_.hands_over())
        service_.wait();
    acceptor_.start(settings_);
    update_acceptor();
    service_.tell_ready(acceptor_.places(), foreground);
    while (!service_.is_stopping() && !service_.hands_over()) {
        service_.wait();
        service_.heed_signals();
    }
    if (service_.is_stopping())
        stop();
    else
        hand_over();
    return 0;
}

void Parent::update_acceptor() {
    using Vacancy = Acceptor::Vacancy;
    if (!sessions_.are_kept()) return acceptor_.set_vacancy(Vacancy::not_now);
    acceptor_.set_vacancy(sessions_.size() < acceptor_.max_clients() ? Vacancy::free : Vacancy::full);
}

void Parent::start_session(Accepted client) {
    root_.renew_if_removed();
    // Where TLS comes first the words would not be understood.
    const auto turn_away = [&](std::string_view why) {
        if (!speaks_tls(client.listener)) acceptor_.turn_away(client, why);
    };
    Fd ours;
    SessionParts parts;
    try {
        std::tie(ours, parts.pair) = make_packet_pair();
        if (authd_) parts.authd = authd_->open_client(client.peer);
        parts.begins_with_tls = speaks_tls(client.listener);
        if (tls_ && (settings_.tls_policy != TlsPolicy::off || parts.begins_with_tls))
            parts.tlsd = tls_->open_client(client.peer, acceptor_.max_clients());
    } catch (const std::system_error&) {
        turn_away("The server has no free descriptor: try again in a moment.");
        throw;
    }
    StatusPages::Lease page{pages_.all()};
    if (!page) return turn_away("The server is full: try again later.");
    // A session of the parent before may have posted there that this one never heard of.
    if (service_.keeper().follows_another()) std::ranges::fill(pages_.all().page(page.number()), std::byte{});
    SessionRecord record{.page = page.number(),
                         .since = Clock::now(),
                         .network = client.peer.network(),
                         .host = client.peer.host(),
                         .peer = client.peer.shown(),
                         .local = address_for_url(client.socket),
                         .listener = client.listener};
    const std::string shown = record.peer;
    const std::optional<pid_t> pid = sessions_.start(std::move(record), std::move(ours), [&]() -> int {
        parts.client = std::move(client.socket);
        run_session(std::move(parts), page.number());
    });
    if (!pid) {
        ++pages_.books().totals.failed_forks;
        turn_away("The server cannot start a process: try again in a moment.");
        return acceptor_.pause("fork failed");
    }
    page.keep();
    ++pages_.books().totals.accepted;
    update_acceptor();
    acceptor_.log_accept(shown, *pid, sessions_.size());
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
void Parent::run_session(SessionParts parts, std::size_t page) {
    parts.page = pages_.all().page(page);
    pages_.all().keep_only(page);
    sessions_.let_go();
    parts.root = root_.take();
    run_session_process(settings_, identity_, std::move(parts));
}

std::vector<std::string> Parent::who() const { return format_who(sessions_.view(), Clock::now()); }

std::vector<std::string> Parent::top() const { return format_top(sessions_.view(), Clock::now()); }

std::vector<std::string> Parent::stats() const {
    Totals now = pages_.books().totals;
    std::array<std::size_t, 2> of_tls{};
    for (const SessionView& session : sessions_.view()) {
        if (!session.activity) continue;
        now.add(*session.activity);
        for (const std::size_t of : {0, 1})
            if (session.activity->tls.starts_with(of == 0 ? "1.2/" : "1.3/")) ++of_tls[of];
    }
    return format_stats({.uptime = pages_.books().uptime(),
                         .clients = sessions_.size(),
                         .max_clients = acceptor_.max_clients(),
                         .clients_of_tls = of_tls,
                         .totals = now,
                         .log_lines_lost = log_.lost()});
}

void Parent::apply(Service::Lines config) {
    Settings settings = make_settings(config);
    settings.tls.certificates = settings_.tls.certificates;
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
    if (given.label == label_of_tlsd && tls_) tls_->adopt(std::move(given.fd), given.pid);
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
    const std::size_t count = sessions_.kick(whom);
    if (count == 0) throw UserError(text("there is no session of '", escape(whom, 64), "': who lists them"));
    log_.notice(text("kick ", escape(whom, 64), " sessions ", count));
    return {text("sessions ", count)};
}

// With `stop-grace': sessions end as their commands do, and the parent goes on serving them meanwhile.
// Whoever asks for the stop once more does not want to wait.
void Parent::let_commands_finish() {
    if (settings_.stop_grace.count() == 0 || sessions_.size() == 0) return;
    sessions_.tell_all(pack_frame(Finish{service_.farewell()}));
    log_.notice(text("waiting up to ", settings_.stop_grace.count(), " s for transfers to finish"));
    service_.expect_another_stop();
    wait_until(settings_.stop_grace, [this] { return sessions_.size() == 0 || service_.is_stopping(); });
}

void Parent::wait_until(std::chrono::seconds limit, const std::function<bool()>& is_enough) {
    const Clock::time_point deadline = Clock::now() + limit;
    service_.loop().at(deadline, [] {}); // ends the last wait
    while (!is_enough() && Clock::now() < deadline) {
        service_.wait();
        service_.heed_signals();
    }
}

// To the sessions it says nothing: what they have to say waits on their pairs for the next parent.
void Parent::hand_over() {
    acceptor_.hand_over();
    wait_until(hand_over_time, [this] {
        return service_.is_stopping() || (sessions_.are_kept() && !records_.are_under_way());
    });
    if (service_.is_stopping()) return stop(); // nobody would follow
    sessions_.hand_over();
    if (authd_) authd_->leave();
    if (tls_) tls_->leave();
    service_.end_hand_over();
}

void Parent::stop() {
    constexpr std::chrono::seconds reserve{30}; // beside the grace
    const bool has_grace = settings_.stop_grace.count() != 0 && sessions_.size() != 0;
    service_.begin_stop(sessions_.size(),
                        has_grace ? settings_.stop_grace + reserve : std::chrono::seconds{});
    acceptor_.close();
    let_commands_finish();
    if (authd_) authd_->stop();
    if (tls_) tls_->stop();
    sessions_.tell_all(pack_frame(Stop{service_.farewell()})); // one that cannot be told ends by the signal
    for (const int signal : {SIGTERM, SIGKILL}) {
        sessions_.signal_all(signal);
        wait_until(farewell_time, [this] { return sessions_.size() == 0; });
    }
    service_.end_stop();
}

} // namespace ftpd
