// SPDX-License-Identifier: ISC
#include "ftpd/session/parent_link.hh"

#include "common/ppoll.hh"
#include "common/socket.hh"
#include "ftpd/frames.hh"
#include "ftpd/session/refusal.hh"

#include <array>
#include <poll.h>
#include <string_view>

using namespace common;

namespace ftpd {

using Reason = SessionOver::Reason;

void ParentLink::wait_to_begin() {
    for (take_orders(); !has_begun_; take_orders()) {
        pollfd order{pair_.get(), POLLIN, 0};
        poll_with_mask({&order, 1}, -1, signals_.while_waiting());
        check_signals();
    }
}

void ParentLink::tell(std::span<const char> packet) {
    for (;;) {
        const IoState state = send_packet(pair_.get(), packet);
        if (state == IoState::done) return;
        if (state == IoState::vanished) throw SessionOver{Reason::parent_gone};
        // The parent reads in its own time. The client has to wait.
        pollfd room{pair_.get(), POLLOUT, 0};
        poll_with_mask({&room, 1}, -1, signals_.while_waiting());
        check_signals();
    }
}

// All that are there: an edge tells of them once.
void ParentLink::take_orders() {
    std::array<char, max_order> packet; // not filled: it is seldom read
    for (;;) {
        const Received got = receive_packet(pair_.get(), packet);
        if (got.state == IoState::would_block) return;
        if (got.state != IoState::done) throw SessionOver{Reason::parent_gone};
        obey({packet.data(), got.bytes});
    }
}

void ParentLink::obey(std::span<const char> packet) {
    const Order order = unpack_order(packet);
    if (std::holds_alternative<Begin>(order)) {
        has_begun_ = true; // said twice where a parent has died between
        return;
    }
    if (std::holds_alternative<Kick>(order)) throw SessionOver{Reason::kicked};
    const Finish* const finish = std::get_if<Finish>(&order);
    const Leave* const leave = std::get_if<Leave>(&order);
    leaves_alone_ = leave != nullptr;
    last_words_ = finish ? finish->words : leave ? leave->words : std::get<Stop>(order).words;
    should_finish_ = should_finish_ || finish || leave;
    if ((finish || leave) && !is_in_pause_) return;
    throw SessionOver{Reason::stopped};
}

void ParentLink::begin_pause() {
    is_in_pause_ = true;
    if (should_finish_) throw SessionOver{Reason::stopped};
}

void ParentLink::check_signals() {
    if (signals_.take(SIGTERM)) throw SessionOver{Reason::stopped};
}

const std::string& ParentLink::last_words() {
    try {
        take_orders(); // the signal to end may have come before them
    } catch (const SessionOver&) {
    }
    return last_words_;
}

} // namespace ftpd
