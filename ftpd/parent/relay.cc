// SPDX-License-Identifier: ISC
#include "ftpd/parent/relay.hh"

#include "common/fd.hh"

#include <array>
#include <utility>

using namespace common;

namespace ftpd {

Relay::Relay(Loop& loop, int from, int to, std::function<void()> on_end)
    : loop_(loop), from_(from), to_(to), on_end_(std::move(on_end)) {
    watch_source();
    loop_.watch(to_, Interest::none, [this](const Event& event) {
        if (event.hangup && waiting_.empty()) return end(); // nobody reads any more
        pass_on();
    });
}

Relay::~Relay() {
    on_end_ = nullptr;
    end();
}

// Not while something waits for room: a source that has ended says so again and again.
void Relay::watch_source() {
    loop_.watch(from_, Interest::read, [this](const Event&) { take(); });
}

void Relay::take() {
    std::array<char, PIPE_BUF> buffer{};
    const IoResult got = read_some(from_, buffer);
    if (got.state == IoState::would_block) return;
    if (got.state != IoState::done) return end();
    waiting_.assign(buffer.data(), got.bytes);
    loop_.forget(from_);
    loop_.change(to_, Interest::write);
}

void Relay::pass_on() {
    if (waiting_.empty()) return;
    const IoResult wrote = write_some(to_, waiting_);
    if (wrote.state == IoState::vanished) return end();
    waiting_.erase(0, wrote.bytes);
    if (!waiting_.empty()) return;
    loop_.change(to_, Interest::none);
    watch_source();
}

void Relay::end() {
    if (std::exchange(ended_, true)) return;
    if (waiting_.empty()) loop_.forget(from_);
    loop_.forget(to_);
    if (const auto tell = std::exchange(on_end_, nullptr)) tell();
}

} // namespace ftpd
