// SPDX-License-Identifier: ISC
#include "common/helper_process.hh"

#include "common/errors.hh"
#include "common/peek.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <csignal>
#include <exception>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace common {
namespace {

constexpr int packets_at_once = 64; // in one round
constexpr int last_rounds = 64;     // of one that has ended: far more than a pair holds

} // namespace

bool HelperProcess::start() {
    auto [ours, theirs] = make_packet_pair();
    started_ = Clock::now();
    const auto pid = children_.spawn({.role = duties_.role}, [this, &pair = theirs] {
        if (duties_.has_errors_logged) point_errors_at(pair.get());
        return duties_.body(std::move(pair));
    });
    if (!pid) return false;
    errors_ = {};
    pid_ = *pid;
    pair_ = std::move(ours);
    is_faulty_ = is_doubted_ = false;
    if (loop_ != nullptr) watch();
    return true;
}

void HelperProcess::adopt(Fd pair, pid_t pid) {
    // What the last one has said is all there, and then its end, of which no event has told yet. Whatever it
    // did, it is not to be ended: that would be the new one.
    is_adopted_ = is_replaced_ = true;
    loop_->attempt(
        [this] {
            for (int rounds = last_rounds; pair_ && rounds > 0; --rounds) read_packets();
        },
        [this](const std::exception& error) {
            log_->error(text(called(), ": its last words: ", error.what()));
        });
    loop_->attempt([this] { lose(); }, nullptr);
    errors_.end(*log_, {duties_.role, pid_});
    errors_ = {};
    const bool is_first = pid_ < 0;
    is_replaced_ = false;
    pid_ = pid;
    pair_ = std::move(pair);
    is_faulty_ = is_doubted_ = false;
    watch();
    if (!is_first && duties_.on_restart) duties_.on_restart();
}

std::optional<pid_t> HelperProcess::adopted() const {
    if (!pair_ || !is_adopted_ || pid_ <= 0 || has_hung_up(pair_.get())) return {};
    return pid_;
}

void HelperProcess::attach(Loop& loop, Log& log) {
    loop_ = &loop;
    log_ = &log;
    buffer_.resize(duties_.max_packet);
    if (pair_) watch();
}

void HelperProcess::watch() {
    loop_->watch(
        pair_.get(), Interest::read,
        [this](const Event& event) {
            if (event.writable) flush(true);
            if (event.writable && unsent_.empty() && duties_.on_sent) duties_.on_sent();
            if (pair_) read_packets();
        },
        [this](const std::exception& error) {
            fault(error);
            lose();
        });
    flush();
}

void HelperProcess::send(std::string packet, Fd first, Fd second) {
    unsent_.push_back({std::move(packet), std::move(first), std::move(second)});
    flush();
}

// Whoever sends something is not told of an error, and may be in the middle of others: the pair's end and
// SIGCHLD follow. has_room: as the system says.
void HelperProcess::flush(bool has_room) {
    if (!runs() || loop_ == nullptr || pauses_) return;
    try {
        while (!unsent_.empty()) {
            const Unsent& next = unsent_.front();
            const IoState state = send_packet(pair_.get(), next.packet, next.first.get(), next.second.get());
            if (state == IoState::vanished) return doubt();
            if (state != IoState::done && has_room) return pause();
            if (state != IoState::done) break;
            unsent_.pop_front();
            has_room = false;
        }
    } catch (const std::system_error& error) {
        return fault(error);
    }
    loop_->change(pair_.get(), unsent_.empty() ? Interest::read : Interest::both);
}

void HelperProcess::read_packets() {
    for (int budget = packets_at_once; pair_; --budget) {
        if (budget == 0) return loop_->again(pair_.get());
        const Tolerated more = duties_.has_errors_logged ? Tolerated::longer : Tolerated::nothing;
        const Received got = receive_packet(pair_.get(), buffer_, 0, more);
        if (got.state == IoState::would_block) return;
        if (got.state == IoState::vanished) misuse();
        if (got.state != IoState::done) return lose();
        const auto packet = std::span{buffer_}.first(got.bytes);
        if (duties_.has_errors_logged && is_text_byte(packet[0]))
            errors_.add(packet, got.is_cut, *log_, {duties_.role, pid_});
        else if (got.is_cut)
            throw PeerError("a packet between processes is longer than any kind of it");
        else
            duties_.on_packet(packet);
    }
}

// There is room, and yet the system does not let the packet through: too many descriptors of this user are on
// their way (unix(7), ETOOMANYREFS). The pair would be ready again at once, and again.
void HelperProcess::pause() {
    constexpr std::chrono::milliseconds time{20};
    pauses_ = true;
    loop_->change(pair_.get(), Interest::read);
    loop_->at(Clock::now() + time, [this] {
        pauses_ = false; // and the event that there is room does the rest
        if (pair_) loop_->change(pair_.get(), unsent_.empty() ? Interest::read : Interest::both);
    });
}

// Its end of the pair is gone: reading tells, too, and acts on it, after its last words. If it does not, the
// helper is no use any more.
void HelperProcess::doubt() {
    constexpr std::chrono::seconds patience{1};
    if (std::exchange(is_doubted_, true)) return;
    loop_->at(Clock::now() + patience, [this, pid = pid_] {
        if (!pair_ || pid != pid_) return;
        fault(std::runtime_error("its pair takes nothing more"));
        lose();
    });
}

void HelperProcess::fault(const std::exception& error) {
    is_faulty_ = true;
    children_.signal_all(SIGKILL);
    misuse();
    log_->error(text(called(), " is killed: ", error.what()));
}

void HelperProcess::misuse() {
    if (is_adopted_ && !is_replaced_ && duties_.on_misuse) duties_.on_misuse();
}

std::string HelperProcess::called() const {
    return duties_.called.empty() ? text(duties_.role, ' ', pid_) : duties_.called;
}

void HelperProcess::kill() {
    children_.signal_all(SIGKILL);
    misuse();
    lose();
}

// Its end: SIGCHLD says how. One that is there still, since it was only the pair that failed, does nothing
// more on its own.
void HelperProcess::lose() {
    if (!pair_) return;
    if (!stopping_) children_.signal_all(SIGKILL);
    if (loop_ != nullptr) loop_->forget(pair_.get());
    pair_.reset();
    if (!stopping_ && duties_.on_lost) duties_.on_lost();
}

bool HelperProcess::end(pid_t pid, int status) {
    return children_.end(pid, status, [this](const Ended& ended) {
        loop_->attempt(
            [this] {
                if (runs()) read_packets();
            },
            [this](const std::exception& error) {
                log_->error(text(called(), ": its last words: ", error.what()));
            });
        loop_->attempt([this] { lose(); }, nullptr);
        if (log_ != nullptr) errors_.end(*log_, {duties_.role, ended.pid});
        if (stopping_) return;
        log_->warning(text(duties_.role, ' ', ended.pid, " ended: ", describe_status(ended.status),
                           "; starting another"));
        start_again();
    });
}

void HelperProcess::start_again() {
    if (stopping_) return;
    const auto earliest = started_ + duties_.restart_pause;
    if (Clock::now() < earliest) return start_later(earliest);
    try {
        if (!start()) return start_later(Clock::now() + duties_.restart_pause);
        if (duties_.on_restart) duties_.on_restart();
    } catch (const std::exception& error) {
        log_->error(text("no ", duties_.role, " can be started: ", error.what()));
        // One that was forked is not fit to be worked with: its end comes back to here.
        if (children_.size() > 0) return kill();
        start_later(Clock::now() + duties_.restart_pause);
    }
}

void HelperProcess::start_later(Clock::time_point when) {
    loop_->cancel(restart_);
    restart_ = loop_->at(when, [this] { start_again(); });
}

void HelperProcess::stop() {
    stopping_ = true;
    if (loop_ != nullptr) loop_->cancel(restart_);
    if (is_adopted_ && pair_) // it sees the end, and its own is seen by wait
        ::shutdown(pair_.get(), SHUT_WR);
    else
        lose();
}

void HelperProcess::leave() {
    stopping_ = true;
    lose();
}

// Of one that is another's child only the pair tells.
void HelperProcess::wait_for_pair() {
    const auto deadline = Clock::now() + duties_.patience;
    while (pair_) {
        if (!wait_for_input(pair_.get(), deadline)) return lose();
        loop_->attempt([this] { read_packets(); }, [this](const std::exception&) { lose(); });
    }
    errors_.end(*log_, {duties_.role, pid_});
}

void HelperProcess::wait(const Children::OnOther& on_other) {
    if (is_adopted_) return wait_for_pair();
    const auto patience = duties_.patience;
    const auto on_end = [](const Ended&) {};
    children_.wait_for_all(Clock::now() + patience, on_end, on_other);
    if (children_.size() == 0) return;
    log_->error(text(called(), " is killed: it did not end within ", patience.count(), " s"));
    children_.signal_all(SIGKILL);
    children_.wait_for_all(Clock::now() + patience, on_end, on_other);
}

} // namespace common
