// SPDX-License-Identifier: ISC
#include "common/tls/keyd/keyd.hh"

#include "common/errors.hh"
#include "common/signals.hh"
#include "common/text.hh"

#include <algorithm>
#include <csignal>
#include <cstdio>

namespace common {
namespace {

Allowance::Limits limit(const std::vector<PrivateKey>& keys) {
    std::chrono::microseconds most{};
    for (const PrivateKey& key : keys) most = std::max(most, key.measure_cost());
    return limit_signing(most);
}

} // namespace

Keyd::Keyd(std::vector<PrivateKey> keys, Fd tlsd)
    : keys_(std::move(keys)), limits_(limit(keys_)), tlsd_(std::move(tlsd)), loop_(best_backend()) {}

int Keyd::run() {
    // They go to every process of the daemon, and are for others to act on: when those end, so does this.
    Signals signals{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    loop_.survive(
        [](const std::exception& error) { std::fprintf(stderr, "keyd: passed over: %s\n", error.what()); });
    loop_.watch(
        tlsd_.get(), Interest::read, [this](const Event&) { read_tlsd(); },
        [this](const std::exception& error) {
            std::fprintf(stderr, "keyd: tlsd: %s\n", error.what());
            has_failed_ = true;
        });
    while (!has_failed_ && (has_tlsd_ || !relays_.empty())) loop_.run_once(signals.while_waiting());
    return has_failed_ ? 1 : 0;
}

void Keyd::read_tlsd() {
    TlsReceived got = receive_tls_frame(tlsd_.get(), {TlsWord::signer}, Complaints::refused, Lack::is_told);
    if (got.state == IoState::would_block) return;
    if (got.state != IoState::done) return lose_tlsd();
    loop_.again(tlsd_.get());
    if (got.lacks_descriptors) {
        if (lacks_.wait(Clock::now()).count() != 0) return;
        lacks_.use(Clock::now());
        std::fprintf(stderr, "no descriptor is free for the relay of a client from %s\n",
                     got.frame.bytes.c_str());
        return;
    }
    add_relay(std::move(got.frame.bytes), std::move(got.first));
}

void Keyd::lose_tlsd() {
    has_tlsd_ = false;
    loop_.forget(tlsd_.get());
}

void Keyd::add_relay(std::string peer, Fd pair) {
    const std::uint64_t number = next_++;
    Watch watch{loop_, std::move(pair), Interest::read, [this, number](const Event&) { read_relay(number); },
                [this, number](const std::exception& error) { cut_off(number, error.what()); }};
    relays_.emplace(number, Relay{std::move(watch), std::move(peer), Allowance{limits_}, {}});
}

// One question at a time: while it waits for its turn, no other is read.
void Keyd::read_relay(std::uint64_t number) {
    Relay& relay = relays_.at(number);
    TlsReceived got = receive_tls_frame(relay.pair.fd(), {TlsWord::sign});
    if (got.state == IoState::would_block) return;
    if (got.state != IoState::done) return drop(number);
    const auto wait = relay.allowance.wait(Clock::now());
    if (wait.count() == 0) return sign(number, got.frame);
    relay.pair.change(Interest::none);
    relay.waiting = std::move(got.frame);
    loop_.at(
        Clock::now() + wait,
        [this, number] {
            const auto found = relays_.find(number);
            if (found == relays_.end()) return;
            found->second.pair.change(Interest::read);
            sign(number, *std::exchange(found->second.waiting, std::nullopt));
        },
        [this, number](const std::exception& error) { cut_off(number, error.what()); });
}

void Keyd::sign(std::uint64_t number, const TlsFrame& question) {
    Relay& relay = relays_.at(number);
    relay.allowance.use(Clock::now());
    TlsFrame answer{.word = TlsWord::signature};
    try {
        if (question.number >= keys_.size()) throw PeerError("there is no such key");
        answer.bytes = keys_[question.number].sign(question.detail, question.bytes);
    } catch (const std::exception& error) {
        answer.detail = 1;
        answer.bytes = std::string{error.what()}.substr(0, max_tls_text);
    }
    // It has asked nothing else, so there is room.
    if (send_tls_frame(relay.pair.fd(), answer) != IoState::done) return drop(number);
    relay.pair.again();
}

void Keyd::cut_off(std::uint64_t number, const std::string& why) {
    const auto found = relays_.find(number);
    if (found == relays_.end()) return;
    std::fprintf(stderr, "keyd: the relay of a client from %s is cut off: %s\n", found->second.peer.c_str(),
                 why.c_str());
    drop(number);
}

void Keyd::drop(std::uint64_t number) { relays_.erase(number); }

} // namespace common
