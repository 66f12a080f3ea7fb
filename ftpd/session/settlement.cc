// SPDX-License-Identifier: ISC
#include "ftpd/session/settlement.hh"

#include "common/text.hh"
#include "ftpd/session/dispatch.hh"
#include "ftpd/session/session.hh"
#include "ftpd/session/transfer.hh"

#include <algorithm>
#include <system_error>
#include <utility>

using namespace common;
using namespace std::chrono_literals;

namespace ftpd {
namespace {

// A killed client's connections end within moments of each other: who is there so long after its 226 was
// written, and has acknowledged it, is alive.
constexpr auto silence = 2s;
constexpr auto max_wait = 5s;                            // for the acknowledgement of a client that has ended
constexpr auto max_wait_without_signs = 1s;              // where the system does not tell of it
constexpr auto first_pause = 1ms, longest_pause = 100ms; // no event tells of it

} // namespace

void Settlement::begin(Replacement replacement, Transfer transfer) {
    session_.relay.forget_question(); // whose answer would be of an earlier reply
    open_.emplace(Open{std::move(replacement), std::move(transfer), session_.control.waiting_lines().size()});
}

void Settlement::heed_command() {
    if (!open_) return;
    if (open_->early_lines == 0) return settle();
    // A body may have taken some of them.
    open_->early_lines = std::min(open_->early_lines - 1, session_.control.waiting_lines().size());
}

void Settlement::settle() {
    if (!open_) return;
    Open settled = *std::exchange(open_, {});
    settled.replacement.settle();
    TransferRecord::tell(session_, settled.transfer);
}

void Settlement::take_back() {
    if (!open_) return;
    Open taken = *std::exchange(open_, {});
    try {
        taken.transfer.complete = !taken.replacement.take_back();
    } catch (const std::system_error& error) {
        session_.log(Severity::warning,
                     text("not taken back: ", escape(taken.transfer.path), ": ", error.what()));
    }
    if (!taken.transfer.complete) taken.transfer.size = 0;
    TransferRecord::tell(session_, taken.transfer);
}

void Settlement::await_command(ClientSocket::Deadline deadline) {
    while (open_) {
        const auto look = std::min(deadline.value_or(Clock::time_point::max()), Clock::now() + silence);
        if (session_.control.wait_for_input(look) || deadline == look) return;
        if (session_.client.unacknowledged().value_or(0) == 0) settle();
    }
}

void Settlement::await_acknowledgement() {
    if (!open_) return;
    session_.client.flush();
    session_.relay.forget_question(); // which may be old, so that the relay looks seldom
    const int client = session_.client.fd();
    const auto began = Clock::now();
    for (Clock::duration pause = first_pause;; pause = std::min<Clock::duration>(2 * pause, longest_pause)) {
        const std::optional<std::size_t> left = session_.client.unacknowledged();
        if (session_.client.was_reset()) return take_back();
        if (left == 0) return settle();
        if (Clock::now() - began >= (left ? max_wait : max_wait_without_signs))
            return left ? take_back() : settle();
        session_.client.wait_once(client, Interest::none, Clock::now() + pause); // for orders, too
    }
}

void Settlement::await_sign_of_life() {
    if (!open_) return;
    ClientSocket& client = session_.client;
    client.flush();
    for (const auto latest = Clock::now() + max_wait; open_;) {
        if (client.input_ended() || client.buffer().full()) return await_acknowledgement();
        if (session_.control.waiting_lines().size() > open_->early_lines) return settle();
        const auto look = std::min(latest, Clock::now() + silence);
        if (client.wait_for(client.fd(), Interest::read, look)) continue;
        if (client.unacknowledged().value_or(0) == 0) return settle();
        if (Clock::now() >= latest) return take_back();
    }
}

void Settlement::conclude(SessionOver::Reason reason) {
    using Reason = SessionOver::Reason;
    if (!open_) return;
    const bool is_gone = reason == Reason::client_gone || reason == Reason::stalled;
    try {
        session_.client.input_ended(); // what it sent before a reset can still be read
    } catch (const SessionOver&) {
    }
    try {
        if (is_gone && !has_said_quit(session_))
            take_back();
        else
            settle();
    } catch (const SessionOver&) {
        // The parent is gone, too.
    }
}

} // namespace ftpd
