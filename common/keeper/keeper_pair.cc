// SPDX-License-Identifier: ISC
#include "common/keeper/keeper_pair.hh"

#include "common/errors.hh"
#include "common/peek.hh"
#include "common/socket.hh"

#include <algorithm>
#include <array>
#include <ctime>
#include <exception>
#include <poll.h>
#include <system_error>
#include <utility>

namespace common {
namespace {

constexpr int packets_at_once = 64;        // in one round
constexpr int most_last_words = 64 * 1024; // of one that has ended: far more than a pair holds
constexpr std::chrono::milliseconds retry_pause{100}, rest_time{10};

} // namespace

void KeeperPair::open(Fd pair, OnFrame on_frame) {
    close();
    fd_ = std::move(pair);
    on_frame_ = std::move(on_frame);
}

void KeeperPair::attach(Loop& loop, std::function<void()> on_end, Loop::OnError on_error,
                        std::function<void()> on_sent) {
    loop_ = &loop;
    on_end_ = std::move(on_end);
    on_error_ = std::move(on_error);
    on_sent_ = std::move(on_sent);
    watch_ = Watch{loop, fd_.get(), Interest::read,
                   [this](const Event& event) {
                       if (event.writable) flush(true);
                       if (event.writable && unsent_.empty()) end_wait();
                       hear_some();
                   },
                   on_error_};
    update();
}

// All is sent; only the loop says so, never the call that sends.
void KeeperPair::end_wait() {
    room_ = 0;
    if (std::exchange(owes_word_, false) && on_sent_) on_sent_();
}

void KeeperPair::detach() {
    watch_.reset();
    if (std::exchange(pauses_, false)) loop_->cancel(again_);
}

Fd KeeperPair::release() {
    Fd pair = std::move(fd_);
    close();
    return pair;
}

void KeeperPair::close() {
    detach();
    fd_.reset();
    unsent_.clear();
    room_ = 0;
    owes_word_ = false;
}

void KeeperPair::send(const KeeperFrame& frame, Fd fd, int borrowed) {
    send(Unsent{pack_keeper_frame(frame), std::move(fd), borrowed});
}

void KeeperPair::share(const KeeperFrame& frame, std::shared_ptr<const Fd> fd) {
    send(Unsent{pack_keeper_frame(frame), {}, -1, std::move(fd)});
}

void KeeperPair::lend(const KeeperFrame& frame, int fd) {
    Fd kept;
    if (fd >= 0 && !unsent_.empty()) kept = duplicate(fd);
    send(frame, std::move(kept), fd);
    if (unsent_.size() != 1 || fd < 0) return;
    try {
        unsent_.back().fd = duplicate(fd);
    } catch (const std::system_error&) {
        unsent_.pop_back();
        update();
        throw;
    }
}

// What waits already is sent before it, as soon as there is room.
void KeeperPair::send(Unsent packet) {
    if (!fd_) return;
    if (unsent_.size() >= caps_.unsent + room_) {
        close();
        return on_error_(PeerError("it takes nothing of what it is sent"));
    }
    unsent_.push_back(std::move(packet));
    if (watch_ && unsent_.size() > 1) return;
    flush(false);
    owes_word_ |= !unsent_.empty();
}

// has_room: as the system says.
void KeeperPair::flush(bool has_room) {
    while (!unsent_.empty()) {
        const Unsent& next = unsent_.front();
        IoState state = IoState::vanished;
        try {
            state = send_packet(fd_.get(), next.packet, next.descriptor());
        } catch (const std::system_error&) {
        }
        if (state == IoState::done) {
            unsent_.pop_front();
            has_room = false;
            continue;
        }
        // What a failed call says of the other side may be untrue.
        if (state == IoState::vanished ? !has_hung_up(fd_.get()) : has_room) pause(retry_pause);
        break; // of one that has hung up, hearing tells
    }
    if (unsent_.empty() && !watch_) owes_word_ = false; // who waits without a loop sees it
    update();
}

KeeperPair::Heard KeeperPair::hear_one() {
    static std::array<char, max_keeper_packet> packet; // not on the stack, which every child inherits
    if (!fd_) return Heard::end;
    Received got{.state = IoState::vanished};
    // Of one that has ended without having heard all, the first call tells just that: what it said is there.
    for (int tries = 2; tries > 0 && got.state == IoState::vanished; --tries) {
        try {
            got = receive_packet(fd_.get(), packet, 1, Tolerated::lack_of_descriptors);
        } catch (const std::system_error&) {
        }
    }
    if (got.state == IoState::would_block) return Heard::nothing;
    if (got.state == IoState::vanished && !has_hung_up(fd_.get())) return Heard::failure;
    if (got.state != IoState::done) {
        close();
        return Heard::end;
    }
    on_frame_(unpack_keeper_frame(std::span{packet}.first(got.bytes)), std::move(got.passed));
    return Heard::packet;
}

void KeeperPair::hear_some() {
    for (int budget = packets_at_once; watch_ && unsent_.size() < caps_.unanswered; --budget) {
        if (budget == 0) return watch_.again();
        Heard heard{};
        try {
            heard = hear_one();
        } catch (const std::exception&) {
            if (watch_) watch_.again(); // what is there still, no edge may tell of
            throw;
        }
        if (heard == Heard::nothing && std::exchange(will_rest_, false)) return pause(rest_time);
        if (heard == Heard::nothing) return;
        if (heard == Heard::failure) return pause(retry_pause);
        if (heard == Heard::end && on_end_) return on_end_();
    }
    update();
}

void KeeperPair::hear_all() {
    for (int left = most_last_words; left > 0 && hear_one() == Heard::packet; --left) {
    }
}

void KeeperPair::hear_rest() {
    try {
        hear_all();
    } catch (const std::exception& error) {
        on_error_(error);
    }
}

void KeeperPair::update() {
    if (!watch_ || pauses_) return;
    const bool hears = unsent_.size() < caps_.unanswered;
    if (unsent_.empty() && !owes_word_)
        watch_.change(Interest::read);
    else
        watch_.change(hears ? Interest::both : Interest::write);
}

// A call has failed, and the other side is there; or it will say more.
void KeeperPair::pause(std::chrono::milliseconds time) {
    if (!watch_ || std::exchange(pauses_, true)) return;
    watch_.change(Interest::none);
    again_ = loop_->at(Clock::now() + time, [this] {
        pauses_ = false;
        update();
    });
}

bool KeeperPair::wait(Clock::time_point deadline, bool for_packet) {
    constexpr timespec moment{0, 10'000'000};
    for (bool was_ready = false;;) {
        const std::size_t before = unsent_.size();
        if (fd_) flush(false);
        if (!for_packet && unsent_.empty()) return true;
        const Heard heard = for_packet ? hear_one() : Heard::nothing;
        if (heard == Heard::packet) return true;
        if (was_ready && unsent_.size() == before) ::nanosleep(&moment, nullptr); // a call has failed
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (!fd_ || left.count() <= 0) return false;
        pollfd one{fd_.get(), 0, 0};
        if (for_packet) one.events |= POLLIN;
        if (!unsent_.empty()) one.events |= POLLOUT;
        was_ready = ::poll(&one, 1, static_cast<int>(left.count())) != 0;
        if (!for_packet && (one.revents & POLLHUP) != 0) return false;
    }
}

} // namespace common
