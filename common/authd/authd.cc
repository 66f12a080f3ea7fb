// SPDX-License-Identifier: ISC
#include "common/authd/authd.hh"

#include "common/errors.hh"
#include "common/sandbox.hh"
#include "common/signals.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace common {
namespace {

// How a worker ends. Any other status, and a signal, is a check that was not made.
constexpr int none_matched = 2;
constexpr int unusable_hash = 3;
constexpr int first_matched = 100; // and so on: max_secrets of them fit

std::size_t usual_workers() {
    constexpr unsigned most = 4; // each may need 16 MB and more
    return std::clamp(std::thread::hardware_concurrency(), 1U, most);
}

// In the worker. All hashes are tried, whichever is right.
int run_check(const Secret& password, const std::vector<std::string>& hashes) {
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
    restrict_files(-1, TreeAccess::none);
    int result = none_matched;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        const PasswordCheck check = check_password(password, hashes[i]);
        if (check == PasswordCheck::right) result = first_matched + static_cast<int>(i);
        if (check == PasswordCheck::unusable && result == none_matched) result = unusable_hash;
    }
    return result;
}

Verdict accept(const User& user) {
    return {.kind = Verdict::Kind::accepted,
            .name = user.name,
            .home = user.home,
            .rights = user.rights,
            .limits = user.limits};
}

Verdict accept(const StoredSecret& secret) { return {.kind = Verdict::Kind::accepted, .name = secret.name}; }

// For the log, where fail2ban(1) looks for the address: what somebody has typed comes behind it. The name of
// a refused user may be a password that was typed too early; it is shown all the same, as every login program
// does.
std::string describe(LoginKind kind, std::string_view name, std::string_view address) {
    const std::string shown = escape(name, 64);
    return text(kind == LoginKind::user ? "login from " : "code from ", address, ": ",
                shown.empty() ? "-" : shown);
}

} // namespace

Authd::Authd(AuthdSettings settings, Fd parent)
    : settings_(std::move(settings)),
      parent_(std::move(parent)),
      loop_(settings_.events),
      users_(settings_.users, *settings_.table, settings_.strangers, settings_.open_users) {
    if (settings_.workers == 0) settings_.workers = usual_workers();
}

int Authd::run() {
    try {
        serve();
        return has_failed_ ? 1 : 0;
    } catch (const std::exception& error) {
        note(Severity::error, error.what()); // the parent's log is ours
        return 1;
    }
}

void Authd::serve() {
    // A terminal's INT and a service manager's TERM go to every process of the daemon, and are for the parent
    // to act on: when it ends, so do we.
    Signals signals{SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    note(users_.refresh());
    loop_.survive(
        [this](const std::exception& error) { note(Severity::error, text("passed over: ", error.what())); });
    loop_.watch(
        parent_.get(), Interest::read, [this](const Event&) { read_parent(); },
        [this](const std::exception& error) { pause_parent(error); });
    while (!over_) {
        loop_.run_once(signals.while_waiting());
        for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) signals.take(signal);
        if (signals.take(SIGCHLD))
            workers_.reap([this](const Ended& ended) { loop_.attempt([&] { end_check(ended); }, nullptr); });
        loop_.attempt([this] { start_checks(); }, nullptr);
    }
    stop_workers();
}

// --- the parent ---

void Authd::read_parent() {
    std::array<char, max_authd_packet> packet{};
    for (int budget = 64; !over_; --budget) {
        if (budget == 0) return loop_.again(parent_.get());
        Received got = receive_packet(parent_.get(), packet, 1, Tolerated::lack_of_descriptors);
        if (got.state != IoState::vanished) patience_.succeed();
        if (got.state == IoState::would_block) return;
        if (got.state == IoState::vanished) fail_with(ECONNRESET, "receive a packet"); // its end follows
        if (got.state != IoState::done) return lose_parent();
        if (got.lacks_descriptors)
            note(Severity::warning, "a client's pair could not be taken: its logins will be refused");
        else
            handle_parent(std::span{packet}.first(got.bytes), std::move(got.passed));
    }
}

// Its pair stays, to which notes may go still.
void Authd::lose_parent() {
    has_parent_ = false;
    over_ = clients_.empty();
    loop_.forget(parent_.get());
    loop_.at(Clock::now() + settings_.time_alone, [this] { over_ = true; });
}

// A call that failed has taken nothing. If it fails for too long, or the parent says what makes no sense,
// another authd is better.
void Authd::pause_parent(const std::exception& error) {
    const auto time = patience_.fail(Clock::now());
    if (!time || dynamic_cast<const std::system_error*>(&error) == nullptr) {
        note(Severity::error, error.what());
        over_ = has_failed_ = true;
        return;
    }
    loop_.change(parent_.get(), Interest::none);
    loop_.at(Clock::now() + *time, [this] {
        if (has_parent_) loop_.change(parent_.get(), Interest::read);
    });
}

void Authd::handle_parent(std::span<const char> packet, Fd passed) {
    switch (number_of(packet)) {
    case AuthdPacket::client: return add_client(unpack_client(packet), std::move(passed));
    case AuthdPacket::configure: {
        const Configuration given = unpack_configuration(packet);
        settings_.tries = settings_.holdoff.free_failures = given.tries;
        settings_.holdoff.max_wait = given.holdoff;
        coming_.clear();
        coming_count_ = given.secrets;
        break;
    }
    case AuthdPacket::secret: coming_.push_back(unpack_secret(packet)); break;
    default: throw std::logic_error("the parent sent a packet that is not for authd");
    }
    if (coming_.size() == coming_count_) settings_.secrets = coming_;
}

void Authd::add_client(std::string address, Fd pair) {
    if (!pair) return;
    const std::uint64_t number = next_client_++;
    try {
        Watch watch{loop_, std::move(pair), Interest::read,
                    [this, number](const Event& event) { serve_client(number, event); },
                    [this, number](const std::exception& error) { cut_off(number, error.what()); }};
        clients_.emplace(number, Client{std::move(watch), std::move(address), 0, {}});
    } catch (const std::exception& error) { // a number too high for select(2), say
        note(Severity::warning, error.what());
    }
}

// --- clients ---

// One question at a time: the pair is read again when its verdict has been sent.
void Authd::serve_client(std::uint64_t number, const Event& event) {
    Client& client = clients_.at(number);
    if (!event.readable) return drop(number); // it has gone
    std::array<char, max_authd_packet> packet{};
    const Received got = receive_packet(client.pair.fd(), packet, 0);
    if (got.state == IoState::would_block) return;
    if (got.state != IoState::done) return drop(number);
    client.question = unpack_question(std::span{packet}.first(got.bytes));
    erase_bytes(packet);
    client.pair.change(Interest::none);
    turns_.push(client.address, number);
}

void Authd::drop(std::uint64_t number) {
    clients_.erase(number);
    if (!has_parent_ && clients_.empty()) over_ = true;
}

void Authd::cut_off(std::uint64_t number, std::string_view why) {
    const auto found = clients_.find(number);
    if (found == clients_.end()) return;
    const std::string words =
        text("the process of a client from ", found->second.address, " is cut off: ", why);
    drop(number);
    note(Severity::error, words);
}

void Authd::send(std::uint64_t number, const Verdict& verdict) {
    const auto found = clients_.find(number);
    if (found == clients_.end()) return;
    Watch& pair = found->second.pair;
    const bool is_last = verdict.kind != Verdict::Kind::accepted && found->second.failures >= settings_.tries;
    const auto tell = [&] {
        if (send_packet(pair.fd(), pack_verdict(verdict)) != IoState::done || is_last) return drop(number);
        pair.change(Interest::read);
    };
    loop_.attempt(tell, [&](const std::exception& error) { cut_off(number, error.what()); });
}

// --- checks ---

void Authd::start_checks() {
    while (workers_.size() < settings_.workers) {
        const std::optional<std::uint64_t> number = turns_.pop();
        if (!number) return;
        const auto found = clients_.find(*number);
        if (found == clients_.end() || !found->second.question) continue; // gone meanwhile
        Question question = *std::exchange(found->second.question, std::nullopt);
        const auto work = [&, &client = found->second] { answer(*number, client, std::move(question)); };
        loop_.attempt(work, [&](const std::exception& error) { cut_off(*number, error.what()); });
    }
}

// Also of one who cannot log in: the name is not free.
void Authd::tell_whether_known(std::uint64_t number, const std::string& name) {
    note(users_.refresh());
    Verdict verdict;
    verdict.kind = Verdict::Kind::refused;
    verdict.tries_left = settings_.tries;
    for (const auto* const form : {&settings_.fold_name, &settings_.likeness}) {
        if (!*form || verdict.kind == Verdict::Kind::accepted) continue;
        const std::string asked = (*form)(name);
        const auto users = users_.all();
        const auto found = std::find_if(users.begin(), users.end(),
                                        [&](const User* user) { return (*form)(user->name) == asked; });
        if (found == users.end()) continue;
        verdict.kind = Verdict::Kind::accepted;
        verdict.name = (*found)->name;
    }
    send(number, verdict);
}

void Authd::answer(std::uint64_t number, Client& client, Question question) {
    if (question.kind == LoginKind::known) return tell_whether_known(number, question.name);
    const auto left = hold_off_.time_left(client.address, Clock::now());
    if (left.count() > 0)
        return send(number, {.kind = Verdict::Kind::held_off,
                             .tries_left = use_up_try(client),
                             .wait = std::chrono::ceil<std::chrono::seconds>(left)});
    note(users_.refresh());
    Check check = prepare(number, client, question);
    const std::optional<pid_t> worker =
        workers_.spawn({.role = "authd"}, [&] { return run_check(question.password, check.hashes); });
    if (!worker) {
        note(Severity::warning, "no process can be forked to check a password");
        return send(number, {});
    }
    check.limit = loop_.at(Clock::now() + settings_.max_check_time,
                           [this, worker] { workers_.signal(*worker, SIGKILL); });
    checks_.emplace(*worker, std::move(check));
}

// Whatever is asked, a check is made: for a name that there is not, with a decoy.
Authd::Check Authd::prepare(std::uint64_t number, const Client& client, const Question& question) {
    Check check{number, client.address, question.kind, question.name, {}, {}, {}};
    if (question.kind == LoginKind::secret) {
        for (const StoredSecret& secret : settings_.secrets) {
            if (!question.name.empty() && question.name != secret.name) continue;
            check.hashes.push_back(secret.hash);
            check.verdicts.push_back(accept(secret));
        }
    } else if (const User* const user = users_.find(question.name)) {
        check.hashes.push_back(user->hash);
        check.verdicts.push_back(accept(*user));
    }
    if (check.hashes.empty()) check.hashes.push_back(users_.decoy_for(question.name));
    return check;
}

void Authd::end_check(const Ended& ended) {
    const auto found = checks_.extract(ended.pid);
    if (found.empty()) return;
    const Check& check = found.mapped();
    loop_.cancel(check.limit);
    const int status = WIFEXITED(ended.status) ? WEXITSTATUS(ended.status) : 0;
    const auto matched = static_cast<std::size_t>(status - first_matched);
    if (status >= first_matched && matched < check.verdicts.size())
        return send(check.client, check.verdicts[matched]);
    if (status >= none_matched && status != unusable_hash) return count_failure(check);
    if (status == unusable_hash) {
        note(Severity::error, text(describe(check.kind, check.name, check.address),
                                   ": this system does not know the method of the hash"));
        return count_failure(check);
    }
    note(Severity::error, text("a password could not be checked: ", describe_status(ended.status)));
    send(check.client, {});
}

// Counted for the address whether or not the client waits for its verdict, which comes later.
void Authd::count_failure(const Check& check) {
    const std::chrono::seconds wait = hold_off_.note_failure(check.address, Clock::now(), settings_.holdoff);
    note(Severity::notice, text("refuse ", describe(check.kind, check.name, check.address)));
    if (wait.count() > 0)
        note(Severity::warning, text("hold off ", check.address, " for ", wait.count(), " s"));
    const auto found = clients_.find(check.client);
    if (found == clients_.end()) return;
    const unsigned left = use_up_try(found->second);
    loop_.at(Clock::now() + settings_.failure_delay, [this, number = check.client, left] {
        send(number, {.kind = Verdict::Kind::refused, .tries_left = left});
    });
}

// How many are left. tries may have become fewer.
unsigned Authd::use_up_try(Client& client) const {
    ++client.failures;
    return settings_.tries - std::min(client.failures, settings_.tries);
}

// --- the rest ---

void Authd::note(Severity severity, std::string_view line) {
    // A parent that does not read loses notes, and keeps nobody waiting. That it has gone, its pair tells.
    try {
        send_packet(parent_.get(), pack_note(severity, line));
    } catch (const std::system_error&) {
        // Lost, too.
    }
}

void Authd::note(const std::vector<Note>& told) {
    for (const Note& one : told) note(one.severity, one.text);
}

void Authd::stop_workers() {
    workers_.signal_all(SIGKILL);
    workers_.wait_for_all(Clock::now() + settings_.max_check_time, [](const Ended&) {});
}

} // namespace common
