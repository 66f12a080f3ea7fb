// SPDX-License-Identifier: ISC
// One end of the pair between a keeper and a process that it has started. Run by both. A call that fails for
// once costs nobody anything: it is tried again, and the order of the packets stays.
#pragma once

#include "common/fd.hh"
#include "common/keeper/keeper_frames.hh"
#include "common/loop.hh"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <string>

namespace common {

class KeeperPair {
public:
    // How many packets may wait for room. The keeper trusts no child to read: where so many are unanswered it
    // hears no more of that one, and beyond unsent the child is at fault.
    struct Caps {
        std::size_t unanswered = std::numeric_limits<std::size_t>::max();
        std::size_t unsent = std::numeric_limits<std::size_t>::max();
    };
    // What the other side says, with the descriptor that came along: none, too, where this process had no
    // room for one.
    using OnFrame = std::function<void(KeeperFrame frame, Fd passed)>;

    KeeperPair() = default;
    explicit KeeperPair(Caps caps) : caps_(caps) {}
    KeeperPair(const KeeperPair&) = delete;
    KeeperPair& operator=(const KeeperPair&) = delete;
    ~KeeperPair() { close(); }

    // In place of an earlier one, of which nothing is left.
    void open(Fd pair, OnFrame on_frame);
    // From now on loop, which must outlive this, serves it. on_end: the other side has ended, and all that it
    // said was heard. on_error: a packet is malformed, on_frame has thrown this, or too much waits. on_sent:
    // what had to wait for room is sent, all of it.
    void attach(Loop& loop, std::function<void()> on_end, Loop::OnError on_error,
                std::function<void()> on_sent = nullptr);
    // Nothing is heard any more; sending is left.
    void detach();
    void close();
    bool is_open() const { return static_cast<bool>(fd_); }
    int fd() const { return fd_.get(); }
    // The caller's from now on; nothing may wait for room.
    Fd release();

    // In the order of the calls; what finds no room waits. borrowed: a descriptor that stays open, instead of
    // fd. Throws PeerError for a frame that is too long; one to a closed pair goes nowhere.
    void send(const KeeperFrame& frame, Fd fd = {}, int borrowed = -1);
    // With a descriptor that others may have, too; none: nullptr.
    void share(const KeeperFrame& frame, std::shared_ptr<const Fd> fd);
    // With one that is borrowed for this call: it is duplicated if it has to wait. Throws std::system_error
    // where that fails; then nothing is sent.
    void lend(const KeeperFrame& frame, int fd);
    // The system has taken everything; nothing waits for room.
    bool has_sent_all() const { return unsent_.empty() && !owes_word_; }
    // So many packets follow that belong together: they may wait beside caps.unsent.
    void make_room(std::size_t packets) { room_ = std::max(room_, unsent_.size() + packets); }

    // Without the loop: hears one packet, or, not for_packet, waits until all is sent. False when the
    // deadline has passed or the other side has ended, which closes this. Throws as on_error is told.
    bool wait(Clock::time_point deadline, bool for_packet);
    // Once all that waits is heard, nothing is for a moment: what comes often is then heard in one round of
    // the loop, and not each by itself.
    void rest() { will_rest_ = true; }
    // What was said by now, also in a rest. What goes wrong is told as on_error.
    void hear_rest();
    // Of a process that has ended: all that it said last. Throws as on_error is told.
    void hear_all();

private:
    struct Unsent {
        std::string packet;
        Fd fd;
        int borrowed;
        std::shared_ptr<const Fd> shared{};

        int descriptor() const { return fd ? fd.get() : shared ? shared->get() : borrowed; }
    };
    enum class Heard { packet, nothing, failure, end };

    void send(Unsent packet);
    void flush(bool has_room);
    void end_wait();
    Heard hear_one();
    void hear_some();
    void update();
    void pause(std::chrono::milliseconds time);

    Caps caps_{};
    Fd fd_;
    Watch watch_; // of it
    Loop* loop_ = nullptr;
    OnFrame on_frame_;
    std::function<void()> on_end_;
    Loop::OnError on_error_;
    std::function<void()> on_sent_;
    std::deque<Unsent> unsent_;
    std::size_t room_ = 0;
    Loop::TimerId again_{};
    bool pauses_ = false, will_rest_ = false;
    bool owes_word_ = false; // to on_sent_
};

} // namespace common
