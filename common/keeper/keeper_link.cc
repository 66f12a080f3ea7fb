// SPDX-License-Identifier: ISC
#include "common/keeper/keeper_link.hh"

#include "common/errors.hh"
#include "common/socket.hh"

#include <algorithm>
#include <poll.h>
#include <utility>

namespace common {
namespace {

constexpr std::chrono::milliseconds start_limit{30'000}, answer_limit{3000}; // the keeper answers at once

bool has_hung_up(int fd) {
    pollfd one{fd, POLLIN, 0};
    return retry([&] { return ::poll(&one, 1, 0); }) == 1 && (one.revents & POLLHUP) != 0;
}

} // namespace

KeeperLink::KeeperLink(Fd pair) : pair_(std::move(pair)) {
    while (!has_begun_) {
        if (!wait(POLLIN, start_limit)) throw PeerError("the keeper gives nothing");
        Received got = receive_packet(pair_.get(), packet_);
        if (got.state == IoState::would_block) continue;
        if (got.state != IoState::done) throw PeerError("the keeper has ended");
        heed(unpack_keeper_frame(std::span{packet_}.first(got.bytes)), std::move(got.passed));
    }
}

Given KeeperLink::take(std::string_view label) {
    for (Given& given : given_)
        if (given.label == label && given.fd) return std::exchange(given, {});
    return {};
}

std::vector<Given> KeeperLink::take_all(std::string_view begin) {
    std::vector<Given> all;
    for (Given& given : given_)
        if (given.label.starts_with(begin) && given.fd) all.push_back(std::exchange(given, {}));
    return all;
}

void KeeperLink::attach(Loop& loop, Callbacks callbacks) {
    callbacks_ = std::move(callbacks);
    loop_ = &loop;
    watch_ = Watch{loop, pair_.get(), Interest::read, [this](const Event& event) {
                       if (event.writable) flush();
                       read();
                   }};
    flush();
}

void KeeperLink::detach() {
    watch_.reset();
    loop_ = nullptr;
}

void KeeperLink::want(std::string_view label, OnAnswer on_answer) {
    awaited_.push_back(std::move(on_answer));
    tell({.word = KeeperWord::want, .label = std::string{label}});
}

Fd KeeperLink::want_now(std::string_view label) {
    bool is_answered = false;
    Fd given;
    std::string why = "no answer from the keeper";
    want(label, [&](Fd fd, const std::string& reason) {
        is_answered = true;
        given = std::move(fd);
        why = reason;
    });
    while (!is_answered && wait(POLLIN, answer_limit)) {
        Received got = receive_packet(pair_.get(), packet_);
        if (got.state == IoState::would_block) continue;
        if (got.state != IoState::done) break;
        heed(unpack_keeper_frame(std::span{packet_}.first(got.bytes)), std::move(got.passed));
    }
    if (!is_answered) awaited_.back() = [](Fd, const std::string&) {}; // it may still come
    if (!given) throw UserError(why);
    return given;
}

void KeeperLink::hold(Fd fd) {
    while (!unsent_.empty() && wait(POLLOUT, answer_limit)) flush();
    const std::string packet = pack_keeper_frame({.word = KeeperWord::hold});
    while (send_packet(pair_.get(), packet, fd.get()) == IoState::would_block &&
           wait(POLLOUT, answer_limit)) {
    }
}

void KeeperLink::send(std::string packet) {
    unsent_.push_back(std::move(packet));
    flush();
}

void KeeperLink::flush() {
    while (!unsent_.empty()) {
        const IoState state = send_packet(pair_.get(), unsent_.front());
        if (state == IoState::vanished) return; // reading tells, too
        if (state != IoState::done) break;
        unsent_.pop_front();
    }
    if (loop_ != nullptr) watch_.change(unsent_.empty() ? Interest::read : Interest::both);
}

void KeeperLink::read() {
    for (int budget = 64; watch_; --budget) {
        if (budget == 0) return watch_.again();
        Received got = receive_packet(pair_.get(), packet_);
        if (got.state == IoState::would_block) return;
        if (got.state == IoState::vanished && !has_hung_up(pair_.get())) return pause();
        if (got.state != IoState::done) {
            detach();
            return callbacks_.on_lost();
        }
        heed(unpack_keeper_frame(std::span{packet_}.first(got.bytes)), std::move(got.passed));
    }
}

// The call failed, and the keeper is there.
void KeeperLink::pause() {
    constexpr std::chrono::milliseconds time{100};
    watch_.change(Interest::none);
    loop_->at(Clock::now() + time, [this] {
        if (watch_) watch_.change(unsent_.empty() ? Interest::read : Interest::both);
    });
}

bool KeeperLink::wait(short events, std::chrono::milliseconds limit) {
    pollfd one{pair_.get(), events, 0};
    return retry([&] { return ::poll(&one, 1, static_cast<int>(limit.count())); }) == 1;
}

void KeeperLink::heed(KeeperFrame frame, Fd passed) {
    const auto answer = [&](const std::string& why) {
        const OnAnswer on_answer = std::move(awaited_.front());
        awaited_.pop_front();
        on_answer(std::move(passed), why);
    };
    switch (frame.word) {
    case KeeperWord::begin: has_begun_ = true; return;
    case KeeperWord::give:
        if (frame.flag && !awaited_.empty()) return answer({});
        if (!has_begun_)
            return given_.push_back(
                {std::move(frame.label), std::move(passed), static_cast<pid_t>(frame.number)});
        return callbacks_.on_given(
            {std::move(frame.label), std::move(passed), static_cast<pid_t>(frame.number)});
    case KeeperWord::cannot:
        if (!awaited_.empty()) answer(frame.text);
        return;
    case KeeperWord::take_back: return callbacks_.on_taken_back(frame.label);
    case KeeperWord::line: return lines_.push_back(line_of(frame));
    case KeeperWord::told:
        return told_.push_back({static_cast<Severity>(frame.number), std::move(frame.text)});
    case KeeperWord::apply:
        return callbacks_.on_config(frame.flag, std::exchange(lines_, {}), std::exchange(told_, {}));
    case KeeperWord::refuse: return callbacks_.on_refusal(frame.flag, frame.text);
    case KeeperWord::signal: return callbacks_.on_signal(static_cast<int>(frame.number));
    default: throw PeerError("the keeper sent a packet that is not for its child");
    }
}

} // namespace common
