// SPDX-License-Identifier: ISC
#include "ftpd/session/connection.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/frames.hh"

#include <algorithm>
#include <array>
#include <cassert>
#include <sys/socket.h>

using namespace common;

namespace ftpd {
namespace {

using Reason = SessionOver::Reason;
constexpr std::size_t most_unsent = 16384; // bytes that are written together
constexpr unsigned lines_before_look = 64; // of a client that never lets us wait
constexpr std::string_view tls_handshake =
    "\x16\x03"; // how a TLS record with a ClientHello begins (RFC 8446 5.1)

Interest operator|(Interest one, Interest other) {
    return static_cast<Interest>(static_cast<unsigned>(one) | static_cast<unsigned>(other));
}

// What the telnet protocol under FTP asks of bytes that stand for themselves (RFC 854): a name may hold them.
void append_in_telnet(std::string& out, std::string_view bytes) {
    for (const char c : bytes) {
        out += c;
        if (c == '\xff') out += c;
        if (c == '\r') out += '\0';
    }
}

std::string format_line(int code, char separator, std::string_view text_of_line) {
    std::string line = text(code, separator);
    append_in_telnet(line, text_of_line);
    return line += "\r\n";
}

} // namespace

Connection::Connection(Backend events, std::chrono::seconds stall_limit, Fd client, Fd pair)
    : client_(std::move(client)),
      pair_(std::move(pair)),
      signals_{SIGTERM, SIGINT},
      poller_(Poller::make(events)),
      stall_limit_(stall_limit) {
    poller_->watch(pair_.get(), Interest::read);
}

std::optional<Line> Connection::next_line(Deadline deadline) {
    if (ahead_) return std::exchange(ahead_, {});
    if (++lines_since_wait_ >= lines_before_look) look_around();
    for (;;) {
        if (reader_.at_line_start() && reader_.buffered().substr(0, tls_handshake.size()) == tls_handshake)
            throw SessionOver{Reason::protocol, "a TLS handshake: closing"};
        if (std::optional<Line> line = reader_.next()) return line;
        if (input_ended_) return {};
        // Bytes without a line's end keep nobody alive.
        if (deadline && Clock::now() >= *deadline) throw SessionOver{Reason::idle};
        flush();
        // One read; another follows before anything is waited for.
        switch (reader_.fill(client_.get())) {
        case IoState::done: continue;
        case IoState::would_block: break;
        case IoState::ended: input_ended_ = true; continue;
        case IoState::vanished: throw SessionOver{Reason::client_gone};
        }
        if (!wait_for(client_.get(), Interest::read, deadline)) throw SessionOver{Reason::idle};
    }
}

// Fills the buffer as far as it goes; true when there is something new to look at.
bool Connection::take_input() {
    bool anything = false;
    while (!input_ended_ && !reader_.full()) {
        switch (reader_.fill(client_.get())) {
        case IoState::done: anything = true; break;
        case IoState::would_block: return anything;
        case IoState::ended: input_ended_ = anything = true; break;
        case IoState::vanished: throw SessionOver{Reason::client_gone};
        }
    }
    return anything;
}

bool Connection::input_ended() {
    take_input();
    return input_ended_;
}

bool Connection::wait_for(int fd, Interest interest, Deadline deadline) {
    for (;;) {
        const Woken woken = wait_once(fd, interest, deadline);
        if (woken != Woken::by_others) return woken == Woken::ready;
    }
}

bool Connection::wait_for_data(int fd, Interest interest, Deadline deadline) {
    for (;;) {
        attend();
        const Woken woken = wait_once(fd, interest, deadline);
        if (woken != Woken::by_others) return woken == Woken::ready;
    }
}

void Connection::look_around() {
    wait_once(client_.get(), Interest::none, Clock::now());
    attend();
}

void Connection::pause_until(Clock::time_point when) {
    while (Clock::now() < when) {
        wait_once(client_.get(), Interest::none, when);
        attend();
    }
}

// Lets the attendant have the commands that are there, in their order. It may wait for the client in turn.
void Connection::attend() {
    if (!attendant_ || attending_) return;
    const struct Attending {
        bool& flag;
        explicit Attending(bool& given) : flag(given) { flag = true; }
        ~Attending() { flag = false; }
    } attending{attending_};
    while (!ahead_) {
        std::optional<Line> line = reader_.next();
        if (!line) return;
        if (!attendant_(*line)) ahead_ = std::move(line);
    }
}

Connection::Woken Connection::wait_once(int fd, Interest interest, Deadline deadline) {
    flush();
    lines_since_wait_ = 0;
    if (signals_.take(SIGTERM) || signals_.take(SIGINT)) throw SessionOver{Reason::stopped};
    const bool is_client = fd == client_.get();
    const Interest own = !input_ended_ && !reader_.full() ? Interest::read : Interest::none;
    watch_client(is_client ? own | interest : own);
    if (!is_client) watch_other(fd, interest);

    std::optional<std::chrono::milliseconds> left;
    if (deadline) {
        left = std::max(std::chrono::milliseconds{0},
                        std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now()));
    }
    bool ready = false;
    for (const Event& event : poller_->wait(left, signals_.while_waiting())) {
        if (event.fd == pair_.get()) handle_parent_event();
        if (event.fd == fd) ready = true;
        if (event.fd != client_.get()) continue;
        take_input();
        // Nothing more can be read, so a connection that is dead both ways has nothing more to say.
        if (event.hangup && (input_ended_ || reader_.full())) throw SessionOver{Reason::client_gone};
    }
    if (ready) return Woken::ready;
    return deadline && Clock::now() >= *deadline ? Woken::deadline : Woken::by_others;
}

void Connection::handle_parent_event() {
    std::array<char, 1 + max_stop_words> packet; // not filled: it is seldom read
    const Received got = receive_packet(pair_.get(), packet);
    if (got.state == IoState::would_block) return;
    if (got.state != IoState::done) throw SessionOver{Reason::parent_gone};
    const std::string_view order{packet.data(), got.bytes};
    if (order.front() != stop_head) throw SessionOver{Reason::kicked};
    last_words_ = order.substr(1);
    throw SessionOver{Reason::stopped};
}

const std::string& Connection::last_words() {
    try {
        handle_parent_event(); // the signal to end may have come before them
    } catch (const SessionOver&) {
    }
    return last_words_;
}

void Connection::watch_client(Interest interest) {
    if (interest == client_interest_) return;
    poller_->watch(client_.get(), interest);
    client_interest_ = interest;
}

void Connection::watch_other(int fd, Interest interest) {
    if (other_ == fd && other_interest_ == interest) return;
    if (other_ != fd) forget(other_);
    poller_->watch(fd, interest);
    other_ = fd;
    other_interest_ = interest;
}

void Connection::forget(int fd) {
    if (fd < 0 || fd != other_) return;
    poller_->forget(fd);
    other_ = -1;
}

void Connection::reply(int code, std::string_view given, std::string_view protocol) {
    std::string line = format_line(code, ' ', given);
    line.insert(line.size() - 2, protocol);
    say(line);
}

void Connection::begin_lines(int code, std::string_view first) { say(format_line(code, '-', first)); }

void Connection::add_line(std::string_view line) {
    unsent_ += ' ';
    append_in_telnet(unsent_, line);
    say("\r\n");
}

void Connection::end_lines(int code, std::string_view last) { say(format_line(code, ' ', last)); }

void Connection::send_body(std::string_view bytes) {
    if (bytes.size() < most_unsent) return say(bytes);
    flush();
    write_all(bytes);
}

void Connection::say(std::string_view bytes) {
    unsent_ += bytes;
    if (unsent_.size() >= most_unsent) flush();
}

void Connection::flush() {
    if (!unsent_.empty()) write_all(std::exchange(unsent_, {}));
}

void Connection::flush_at_last() {
    try {
        write_some(client_.get(), std::exchange(unsent_, {}));
    } catch (const std::system_error&) {
        // The session ends anyway.
    }
}

void Connection::say_last(int code, std::string_view given) {
    unsent_ += format_line(code, ' ', given);
    flush_at_last();
}

void Connection::write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        const IoResult wrote = write_some(client_.get(), bytes);
        if (wrote.state == IoState::vanished) throw SessionOver{Reason::client_gone};
        if (wrote.state == IoState::would_block &&
            !wait_for(client_.get(), Interest::write, Clock::now() + stall_limit_))
            throw SessionOver{Reason::stalled};
        bytes.remove_prefix(wrote.bytes);
    }
}

std::size_t Connection::receive_body(std::span<char> into) {
    const std::string_view before = reader_.buffered();
    if (!before.empty()) {
        const std::size_t taken = before.copy(into.data(), into.size());
        reader_.consume(taken);
        return taken;
    }
    const Deadline deadline = Clock::now() + stall_limit_;
    for (;;) {
        if (!reader_.buffered().empty()) return receive_body(into); // read while waiting
        if (input_ended_) return 0;
        const IoResult got = read_some(client_.get(), into);
        if (got.state == IoState::done) return got.bytes;
        if (got.state == IoState::vanished) throw SessionOver{Reason::client_gone};
        if (got.state == IoState::ended)
            input_ended_ = true;
        else if (!wait_for(client_.get(), Interest::read, deadline))
            throw SessionOver{Reason::stalled};
    }
}

std::string_view Connection::wait_for_input(std::size_t more_than) {
    const Deadline deadline = Clock::now() + stall_limit_;
    while (reader_.buffered().size() <= more_than && !take_input() && !input_ended_)
        if (!wait_for(client_.get(), Interest::read, deadline)) throw SessionOver{Reason::stalled};
    return reader_.buffered();
}

void Connection::end_output() {
    flush();
    ::shutdown(client_.get(), SHUT_WR); // fails only where the client is gone
}

void Connection::tell_parent(std::span<const char> packet) {
    for (;;) {
        const IoState state = send_packet(pair_.get(), packet);
        if (state == IoState::done) return;
        if (state == IoState::vanished) throw SessionOver{Reason::parent_gone};
        // The parent reads in its own time; room on the pair is one more readiness. The client has to wait.
        watch_client(Interest::none);
        poller_->watch(pair_.get(), Interest::both);
        poller_->wait(std::nullopt, signals_.while_waiting());
        poller_->watch(pair_.get(), Interest::read);
        if (signals_.take(SIGTERM) || signals_.take(SIGINT)) throw SessionOver{Reason::stopped};
    }
}

} // namespace ftpd
