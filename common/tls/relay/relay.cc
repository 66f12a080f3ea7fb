// SPDX-License-Identifier: ISC
#include "common/tls/relay/relay.hh"

#include "common/errors.hh"
#include "common/free_memory.hh"
#include "common/signals.hh"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <system_error>
#include <unistd.h>

namespace common {
namespace {

using namespace std::chrono_literals;

constexpr auto first_pause = 1ms, longest_pause = 100ms; // no event tells of an acknowledgement
constexpr auto settling_time = 250ms;                    // what only a handshake needs is free then
constexpr auto max_wait = 6s;                            // for it; longer than anybody who asks waits

} // namespace

Relay::Relay(TlsServer& server, const RelayTerms& terms, Fd process, Channel::Ends control)
    : server_(server), terms_(terms), loop_(Backend::poll) {
    server.begin(terms_);
    process_ = Watch{loop_, std::move(process), Interest::read, [this](const Event&) { read_process(); },
                     [this](const std::exception& error) {
                         std::fprintf(stderr, "relay: its client's process: %s\n", error.what());
                         lose_process();
                     }};
    add(control_connection, RelayDirection::both, std::move(control));
    loop_.at(Clock::now() + settling_time, [] { give_back_free_memory(); });
}

int Relay::run() {
    // They go to every process of the daemon, and are for others to act on.
    Signals signals{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    while (has_process_ || !channels_.empty()) {
        loop_.run_once(signals.while_waiting());
        bury_dead();
    }
    return 0;
}

// All that is there: whoever has closed a stream has said before what that means.
void Relay::read_process() {
    while (has_process_) {
        TlsReceived got =
            receive_tls_frame(process_.fd(), {TlsWord::data, TlsWord::whole, TlsWord::broken_off,
                                              TlsWord::ticket, TlsWord::ask_acknowledged});
        if (got.state == IoState::would_block) return;
        if (got.state == IoState::vanished) continue; // it left words unread: what it has said follows
        if (got.state != IoState::done) return lose_process();
        heed(std::move(got));
    }
}

void Relay::heed(TlsReceived got) {
    const std::uint32_t number = got.frame.number;
    const auto found = channels_.find(number);
    switch (got.frame.word) {
    case TlsWord::data:
        if (number == control_connection || found != channels_.end() || !has_room())
            throw PeerError("it has too many data connections, or two of the same number");
        return add(number, direction_of(got.frame), {std::move(got.first), std::move(got.second)});
    case TlsWord::whole:
        if (found != channels_.end()) found->second->mark_whole(); // else it is over, and was told so
        return;
    case TlsWord::broken_off:
        if (found != channels_.end()) found->second->reset();
        return;
    case TlsWord::ticket:
        if (const auto control = channels_.find(control_connection); control != channels_.end())
            control->second->send_ticket();
        return;
    default:
        question_ = number;
        asked_ = Clock::now();
        pause_ = first_pause;
        return answer_acknowledged();
    }
}

void Relay::add(std::uint32_t number, RelayDirection direction, Channel::Ends ends) {
    set_nonblocking(ends.client.get());
    set_nonblocking(ends.stream.get());
    GnutlsSession session = server_.make_session(ends.client.get());
    channels_[number] = std::make_unique<Channel>(
        loop_, std::move(session), terms_, number, direction, std::move(ends),
        Channel::Callbacks{[this](const TlsFrame& frame) { tell(frame); }, [this] { read_process(); }});
}

// Some clients never end their data connections: the oldest of those makes room.
bool Relay::has_room() {
    const auto is_alive = [](const auto& channel) { return !channel.second->is_over(); };
    if (static_cast<std::size_t>(std::ranges::count_if(channels_, is_alive)) < max_relayed) return true;
    return std::ranges::any_of(channels_, [](const auto& channel) { return channel.second->end_if_sent(); });
}

void Relay::lose_process() {
    if (!std::exchange(has_process_, false)) return;
    process_.reset();
    for (const auto& [number, channel] : channels_) channel->lose_process();
    try {
        send_tls_frame(STDERR_FILENO, {.word = TlsWord::lingers}); // to tlsd
    } catch (const std::system_error&) {
        // Then it is counted like others.
    }
}

// One that hears nothing would have to be kept in mind without an end.
void Relay::tell(const TlsFrame& frame) {
    if (has_process_ && send_tls_frame(process_.fd(), frame) == IoState::would_block)
        throw PeerError("it does not read what it is told");
}

void Relay::answer_acknowledged() {
    const auto found = channels_.find(control_connection);
    const auto all = found == channels_.end() ? std::nullopt : found->second->is_acknowledged();
    const auto answer = [&](Acknowledgement found_out) {
        tell({TlsWord::acknowledged, question_, static_cast<std::uint32_t>(found_out), {}});
    };
    if (!all) return answer(Acknowledgement::lost);
    if (*all) return answer(Acknowledgement::all);
    if (Clock::now() - asked_ >= max_wait) return answer(Acknowledgement::late);
    loop_.at(Clock::now() + pause_, [this, question = question_] {
        if (question == question_ && has_process_) answer_acknowledged(); // else it has asked again
    });
    pause_ = std::min<Clock::duration>(2 * pause_, longest_pause);
}

void Relay::bury_dead() {
    std::erase_if(channels_, [](const auto& channel) { return channel.second->is_over(); });
}

} // namespace common
