// SPDX-License-Identifier: ISC
#include "common/tls/tlsd/tlsd.hh"

#include "common/child_rights.hh"
#include "common/error_lines.hh"
#include "common/errors.hh"
#include "common/free_memory.hh"
#include "common/sandbox.hh"
#include "common/signals.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "common/tls/relay/relay.hh"
#include "common/tls/relay/signer.hh"
#include "common/tls/tls_process.hh"

#include <algorithm>
#include <array>
#include <csignal>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace common {
namespace {

constexpr std::size_t reserve = 16;       // relays beside those of max-clients, and an eighth of that
constexpr std::size_t max_lingering = 32; // of clients from one address
constexpr std::chrono::seconds patience{1};

} // namespace

Tlsd::Tlsd(Certificates& certificates, Parts parts)
    : certificates_(certificates),
      server_(certificates),
      keeper_(parts.keeper),
      loop_(best_backend()),
      identity_(std::move(parts.relays)),
      check_(certificates, children_) {
    main_ = Watch{loop_, std::move(parts.main), Interest::read, [this](const Event&) { read_main(); },
                  [this](const std::exception& error) { fail(error.what()); }};
    take({.label = std::string{label_of_keyd}, .fd = std::move(parts.keyd)});
    keeper_.attach(loop_, {.on_given = [this](Given given) { take(std::move(given)); },
                           .on_taken_back = [](const std::string&) {},
                           .on_signal = [](int) {},
                           .on_lost =
                               [this] {
                                   keeper_.detach();
                                   has_keeper_ = false;
                                   if (!keyd_) lose_keyd();
                               }});
}

int Tlsd::run() {
    // The others go to every process of the daemon, and are for others to act on: when those end, so does
    // this.
    Signals signals{SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    loop_.survive(
        [this](const std::exception& error) { note(Severity::error, text("passed over: ", error.what())); });
    server_.warm_up();
    certificates_.set_signer(nullptr); // from now on only relays have keyd sign
    send_tls_frame(main_.fd(), {.word = TlsWord::ready});
    use_up_free_memory();
    while (!has_failed_ && (has_main_ || !clients_.empty() || children_.size() > 0)) {
        loop_.run_once(signals.while_waiting());
        for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) signals.take(signal);
        if (signals.take(SIGCHLD)) loop_.attempt([this] { reap(); }, nullptr);
    }
    return has_failed_ ? 1 : 0;
}

// --- the main process and its clients' processes ---

// Many come at once, and while their pairs wait the next find none.
void Tlsd::read_main() {
    constexpr int at_once = 64;
    for (int budget = at_once; budget > 0; --budget) {
        TlsReceived got =
            receive_tls_frame(main_.fd(), {TlsWord::client}, Complaints::refused, Lack::is_told);
        if (got.state == IoState::would_block) return;
        if (got.state != IoState::done) return lose_main();
        max_clients_ = got.frame.number;
        if (got.lacks_descriptors) {
            if (lacks_.wait(Clock::now()).count() == 0) {
                lacks_.use(Clock::now());
                note(Severity::warning, text("no descriptor is free for TLS with ", got.frame.bytes));
            }
            continue;
        }
        add_client(std::move(got.frame.bytes), std::move(got.first));
    }
    main_.again();
}

// Who is there goes on.
void Tlsd::lose_main() {
    has_main_ = false;
    main_.reset();
    give_keyd_to_all();
}

void Tlsd::add_client(std::string peer, Fd pair) {
    const std::uint64_t number = next_++;
    Watch watch{loop_, std::move(pair), Interest::read, [this, number](const Event&) { read_client(number); },
                [this, number](const std::exception& error) {
                    const auto found = clients_.find(number);
                    if (found == clients_.end()) return;
                    note(Severity::error, text("the process of a client from ", found->second.peer,
                                               " is cut off: ", error.what()));
                    clients_.erase(found);
                }};
    clients_.emplace(number, Client{std::move(watch), std::move(peer)});
}

// From then on its relay has the pair.
void Tlsd::read_client(std::uint64_t number) {
    Client& client = clients_.at(number);
    TlsReceived got = receive_tls_frame(client.pair.fd(), {TlsWord::begin});
    if (got.state == IoState::would_block) return;
    if (got.state == IoState::done) start_relay(client, std::move(got));
    clients_.erase(number);
}

// --- relays ---

void Tlsd::start_relay(const Client& client, TlsReceived begin) {
    const RelayTerms terms = unpack_terms(begin.frame.bytes);
    if (!make_room()) return;
    auto [ours, guard] = make_packet_pair();
    Fd keyd = is_keyd_right_ ? make_keyd_pair(client.peer) : Fd{};
    const auto pid = children_.spawn({.role = "relay"}, [&, &guard = guard, &keyd = keyd] {
        return run_relay(terms, duplicate(client.pair.fd()), std::move(keyd), std::move(guard),
                         std::move(begin));
    });
    if (!pid) return note(Severity::warning, text("no relay can be forked for ", client.peer));
    Watch watch{loop_, std::move(ours), Interest::read, [this, pid = *pid](const Event&) { read_relay(pid); },
                [this, pid = *pid](const std::exception& error) {
                    note(Severity::error, text("relay ", pid, " is killed: ", error.what()));
                    children_.signal(pid, SIGKILL);
                    relays_.erase(pid);
                }};
    relays_.emplace(*pid, Relay{std::move(watch), client.peer, keyd ? keyd_number_ : 0});
}

// Those whose client's process has gone are no client of the daemon's any more, and make room.
bool Tlsd::make_room() {
    const std::size_t most = max_clients_ + max_clients_ / 8 + reserve;
    if (max_clients_ == 0 || relays_.size() < most) {
        was_full_ = was_full_ && relays_.size() > max_clients_;
        return true;
    }
    const std::size_t many = relays_.size();
    const bool has_one = end_lingering({});
    if (!std::exchange(was_full_, true))
        note(Severity::warning,
             text("there are ", many, " relays, as many as there may be: ",
                  has_one ? "those end whose clients have left and do not end their connection"
                          : "further clients get none"));
    return has_one;
}

// Who has lingered longest, of all, or of those for clients from that address. Whether there was one.
bool Tlsd::end_lingering(std::string_view peer) {
    auto oldest = relays_.end();
    for (auto one = relays_.begin(); one != relays_.end(); ++one)
        if (one->second.lingers_since && (peer.empty() || one->second.peer == peer) &&
            (oldest == relays_.end() || *one->second.lingers_since < *oldest->second.lingers_since))
            oldest = one;
    if (oldest == relays_.end()) return false;
    children_.find(oldest->first)->role = "relay that makes room";
    children_.signal(oldest->first, SIGKILL);
    relays_.erase(oldest);
    return true;
}

// In the child.
int Tlsd::run_relay(const RelayTerms& terms, Fd process, Fd keyd, Fd guard, TlsReceived begin) {
    close_other_descriptors(std::array{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, process.get(), keyd.get(),
                                       guard.get(), begin.first.get(), begin.second.get()});
    point_errors_at(guard.get());
    if (identity_) {
        become(*identity_);
        give_up_childrens_rights();
    }
    hide_memory();
    limit_resources({});
    restrict_files(-1, TreeAccess::none); // once more: it may not signal other relays
    deny_calls(DeniedCalls::also_both);
    Signer signer{std::move(keyd), guard.get()};
    certificates_.set_signer([&](std::uint32_t key, std::uint32_t algorithm, std::string_view bytes) {
        return signer.sign(key, algorithm, bytes);
    });
    common::Relay relay{
        server_, terms, std::move(process), {std::move(begin.first), std::move(begin.second)}};
    ::_exit(relay.run());
}

void Tlsd::read_relay(pid_t pid) {
    Relay& relay = relays_.at(pid);
    const TlsReceived got =
        receive_tls_frame(relay.pair.fd(), {TlsWord::want_signer, TlsWord::lingers}, Complaints::taken);
    if (got.state == IoState::would_block) return;
    const auto tell = [&](const std::string& line) {
        note(Severity::warning, text("relay ", pid, " for ", relay.peer, ": ", line));
    };
    if (got.state == IoState::ended) {
        relay.complaints.end(tell);
        relays_.erase(pid); // its end follows
        return;
    }
    relay.pair.again();
    if (got.state == IoState::vanished) return; // it left words unread: what it has said follows
    if (!got.said.empty()) return relay.complaints.add(got.said, false, tell);
    if (got.frame.word == TlsWord::lingers) {
        if (!relay.lingers_since) relay.lingers_since = Clock::now();
        // The main process limits those that an address has, and has forgotten these.
        const auto is_one = [peer = relay.peer](const auto& other) {
            return other.second.lingers_since && other.second.peer == peer;
        };
        if (static_cast<std::size_t>(std::ranges::count_if(relays_, is_one)) > max_lingering)
            end_lingering(std::string{relay.peer});
        return;
    }
    relay.wants_keyd = true;
    give_keyd(pid, relay);
}

// Of each keyd one pair: with many it could ask for more signatures than one relay may. Where the main
// process has let go of this, the keeper starts no other keyd, which the relay hears by the pair's end.
void Tlsd::give_keyd(pid_t pid, Relay& relay) {
    if (!relay.wants_keyd || (keyd_ && relay.keyd == keyd_number_)) return;
    if (!keyd_) {
        if (!has_main_) ::shutdown(relay.pair.fd(), SHUT_WR);
        return;
    }
    if (!is_keyd_right_) return; // that is not known yet
    const Fd pair = make_keyd_pair(relay.peer);
    if (!pair) return try_again();
    relay.wants_keyd = false;
    relay.keyd = keyd_number_;
    if (send_tls_frame(relay.pair.fd(), {.word = TlsWord::signer}, pair.get()) != IoState::done)
        note(Severity::warning, text("relay ", pid, " could not be given a pair with keyd"));
}

void Tlsd::give_keyd_to_all() {
    for (auto& [pid, relay] : relays_) give_keyd(pid, relay);
}

// keyd is there and has no room for a pair, or this process has none.
void Tlsd::try_again() {
    constexpr std::chrono::milliseconds moment{20};
    if (!std::exchange(tries_again_, true))
        loop_.at(Clock::now() + moment, [this] {
            tries_again_ = false;
            give_keyd_to_all();
        });
}

// --- keyd ---

// The relay's end; none: there is none to be had now, and the relay will ask.
Fd Tlsd::make_keyd_pair(const std::string& peer) {
    if (!keyd_) return {};
    try {
        std::pair<Fd, Fd> ends = make_packet_pair();
        const TlsFrame frame{.word = TlsWord::signer, .bytes = peer};
        if (send_tls_frame(keyd_.fd(), frame, ends.second.get()) == IoState::done)
            return std::move(ends.first);
    } catch (const std::system_error&) {
        // No descriptor is free.
    }
    return {};
}

void Tlsd::take(Given given) {
    if (given.label != label_of_keyd || !given.fd) return;
    ++keyd_number_;
    keyd_ = Watch{loop_, std::move(given.fd), Interest::read, [this](const Event&) { read_keyd(); },
                  [this](const std::exception& error) { fail(text("keyd: ", error.what())); }};
    is_keyd_right_ = keyd_number_ <= 2; // the first was tried at the start
    if (!is_keyd_right_) return try_keyd();
    give_keyd_to_all();
}

// The keeper gives another when it has one. One that has gone by a fault gives none; in order it goes, and
// the main process with it, when others start in the place of both.
void Tlsd::lose_keyd() {
    keyd_.reset();
    give_keyd_to_all();
    if (has_keeper_) return;
    loop_.at(Clock::now() + patience, [this] {
        if (has_main_ && !keyd_) fail("keyd has gone, and the keeper has, which would give another");
    });
}

// It has read the keys anew, and the files may be others by now: then the certificates are others, too, and
// the next tlsd reads them. Until that is known no relay gets a pair with it.
void Tlsd::try_keyd() {
    Fd pair = make_keyd_pair(std::string{label_of_tlsd});
    if (!pair || !check_.begin(std::move(pair))) try_keyd_later();
}

void Tlsd::try_keyd_later() {
    loop_.at(Clock::now() + patience, [this, number = keyd_number_] {
        if (keyd_ && number == keyd_number_) try_keyd();
    });
}

// It says nothing but what is wrong.
void Tlsd::read_keyd() {
    const TlsReceived got = receive_tls_frame(keyd_.fd(), {}, Complaints::taken);
    if (got.state == IoState::would_block) return;
    if (got.state != IoState::done) return lose_keyd();
    for (const std::string& line : split_lines(got.said))
        if (!line.empty()) note(Severity::warning, text(label_of_keyd, ": ", escape(line, max_tls_text / 2)));
    keyd_.again();
}

// --- the rest ---

void Tlsd::reap() {
    using Found = KeydCheck::Found;
    children_.reap([this](const Ended& ended) {
        if (ended.child.role == "relay") {
            relays_.erase(ended.pid);
            if (ended.status != 0)
                note(Severity::warning, text("relay ", ended.pid, " ended: ", describe_status(ended.status)));
            return;
        }
        const std::optional<Found> found = check_.end(ended);
        if (!found || !keyd_) return; // it was of one before
        if (*found == Found::others) return fail("the keys are others by now");
        is_keyd_right_ = *found == Found::right;
        if (is_keyd_right_) return give_keyd_to_all();
        note(Severity::warning, "keyd could not be tried, and is tried again");
        try_keyd_later();
    });
}

// Another one is better, which the keeper starts.
void Tlsd::fail(std::string_view why) {
    note(Severity::error, why);
    has_failed_ = true;
}

// A main process that does not read loses notes, and keeps nobody waiting.
void Tlsd::note(Severity severity, std::string_view line) {
    if (!main_) return;
    const TlsFrame frame{.word = TlsWord::note,
                         .number = static_cast<std::uint32_t>(severity),
                         .bytes = std::string{line.substr(0, max_tls_text)}};
    try {
        send_tls_frame(main_.fd(), frame);
    } catch (const std::system_error&) {
        // Lost, too.
    }
}

} // namespace common
