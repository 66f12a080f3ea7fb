// SPDX-License-Identifier: ISC
#include "common/helper_process.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <csignal>
#include <utility>

namespace common {
namespace {

constexpr int packets_at_once = 64; // in one round
constexpr int last_rounds = 64;     // of one that has ended: far more than a pair holds

} // namespace

bool HelperProcess::start() {
    auto [ours, theirs] = make_packet_pair();
    started_ = Clock::now();
    const auto pid = children_.spawn({.role = duties_.role},
                                     [this, &pair = theirs] { return duties_.body(std::move(pair)); });
    if (!pid) return false;
    pid_ = *pid;
    pair_ = std::move(ours);
    if (loop_ != nullptr) watch();
    return true;
}

void HelperProcess::adopt(Fd pair, pid_t pid) {
    // What it said last is all there, and then the end, of which no event has told yet.
    for (int rounds = last_rounds; pair_ && rounds > 0; --rounds) read_packets();
    lose();
    const bool is_first = pid_ == -1;
    pid_ = pid;
    pair_ = std::move(pair);
    watch();
    if (!is_first && duties_.on_restart) duties_.on_restart();
}

void HelperProcess::attach(Loop& loop, Log& log) {
    loop_ = &loop;
    log_ = &log;
    buffer_.resize(duties_.max_packet);
    if (pair_) watch();
}

void HelperProcess::watch() {
    loop_->watch(pair_.get(), Interest::read, [this](const Event& event) {
        if (event.writable) flush();
        if (event.writable && unsent_.empty() && duties_.on_sent) duties_.on_sent();
        if (pair_) read_packets();
    });
    flush();
}

void HelperProcess::send(std::string packet, Fd first, Fd second) {
    unsent_.push_back({std::move(packet), std::move(first), std::move(second)});
    flush();
}

void HelperProcess::flush() {
    if (!pair_ || loop_ == nullptr) return;
    while (!unsent_.empty()) {
        const Unsent& next = unsent_.front();
        const IoState state = send_packet(pair_.get(), next.packet, next.first.get(), next.second.get());
        if (state == IoState::vanished) return; // reading tells, too, and acts on it
        if (state != IoState::done) break;
        unsent_.pop_front();
    }
    loop_->change(pair_.get(), unsent_.empty() ? Interest::read : Interest::both);
}

void HelperProcess::read_packets() {
    for (int budget = packets_at_once; pair_; --budget) {
        if (budget == 0) return loop_->again(pair_.get());
        try {
            const Received got = receive_packet(pair_.get(), buffer_, 0);
            if (got.state == IoState::would_block) return;
            if (got.state != IoState::done) return lose();
            duties_.on_packet(std::span{buffer_}.first(got.bytes));
        } catch (const PeerError& error) {
            log_->error(text(called(), " is killed: ", error.what()));
            return kill();
        }
    }
}

std::string HelperProcess::called() const {
    return duties_.called.empty() ? text(duties_.role, ' ', pid_) : duties_.called;
}

void HelperProcess::kill() {
    children_.signal_all(SIGKILL);
    if (children_.size() == 0 && duties_.on_misuse) duties_.on_misuse();
    lose();
}

// Its end: SIGCHLD says how.
void HelperProcess::lose() {
    if (!pair_) return;
    if (loop_ != nullptr) loop_->forget(pair_.get());
    pair_.reset();
    if (!stopping_ && duties_.on_lost) duties_.on_lost();
}

bool HelperProcess::end(pid_t pid, int status) {
    return children_.end(pid, status, [this](const Ended& ended) {
        if (pair_) read_packets();
        lose();
        if (stopping_) return;
        log_->warning(text(duties_.role, ' ', ended.pid, " ended: ", describe_status(ended.status),
                           "; starting another"));
        start_again();
    });
}

void HelperProcess::start_again() {
    if (stopping_) return;
    const auto earliest = started_ + duties_.restart_pause;
    if (Clock::now() < earliest || !start()) {
        const auto next = std::max(earliest, Clock::now() + duties_.restart_pause);
        restart_ = loop_->at(next, [this] { start_again(); });
        return;
    }
    if (duties_.on_restart) duties_.on_restart();
}

void HelperProcess::stop() {
    stopping_ = true;
    if (loop_ != nullptr) loop_->cancel(restart_);
    lose();
}

void HelperProcess::wait(const Children::OnOther& on_other) {
    constexpr std::chrono::seconds patience{3};
    const auto on_end = [](const Ended&) {};
    children_.wait_for_all(Clock::now() + patience, on_end, on_other);
    if (children_.size() == 0) return;
    log_->error(text(called(), " is killed: it did not end within ", patience.count(), " s"));
    children_.signal_all(SIGKILL);
    children_.wait_for_all(Clock::now() + patience, on_end, on_other);
}

} // namespace common
