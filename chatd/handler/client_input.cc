// SPDX-License-Identifier: ISC
#include "chatd/handler/client_input.hh"

#include <utility>

using namespace common;

namespace chatd {

bool ClientInput::wants_more() const {
    return !has_ended_ && !output_.is_ending() && !output_.dialect().is_full() && output_.has_room();
}

bool ClientInput::read() {
    if (!is_ready_ || !wants_more()) return false;
    const IoState state = output_.dialect().fill(output_.fd());
    if (state == IoState::vanished) throw Gone{};
    is_ready_ = state != IoState::would_block;
    if (!is_ready_) return false;
    has_ended_ = state == IoState::ended || (output_.telnet() != nullptr && output_.telnet()->has_ended());
    if (state == IoState::ended && output_.tls().was_cut()) throw Gone{};
    if (has_ended_) end_input();
    return true;
}

void ClientInput::end_input() { output_.dialect().end_input(output_.tls().is_input_whole()); }

bool ClientInput::change_dialect() {
    if (!output_.change_dialect()) return false;
    if (has_ended_) end_input();
    return true;
}

std::optional<Line> ClientInput::next_line() {
    const bool was_held = held_.has_value();
    std::optional<Line> line = was_held ? std::exchange(held_, std::nullopt) : output_.dialect().next_line();
    if (!line) return {};
    dealt_before_ = std::exchange(dealt_with_, was_held ? held_end_ : taken());
    return line;
}

void ClientInput::put_back(Line line) {
    held_ = std::move(line);
    held_end_ = std::exchange(dealt_with_, dealt_before_);
}

bool ClientInput::drop() {
    constexpr int most_reads = 64; // of a client that sends without a pause something is left
    bool any = std::exchange(held_, std::nullopt).has_value();
    any |= output_.dialect().drop_input();
    is_ready_ = true;
    for (int reads = most_reads; reads > 0 && read(); --reads) any |= output_.dialect().drop_input();
    dealt_before_ = dealt_with_ = taken();
    return any;
}

// Of the client's bytes, those up to the end of the line that the dialect gave last; only chat counts them.
std::uint64_t ClientInput::taken() const {
    return output_.telnet() == nullptr ? 0 : output_.telnet()->taken();
}

void ClientInput::settle_count() {
    if (!held_) dealt_with_ = taken();
    settled_ = dealt_with();
}

void ClientInput::count_from(std::uint64_t bytes) {
    if (TelnetDialect* const telnet = output_.telnet()) telnet->count_from(bytes);
    dealt_with_ = settled_ = bytes;
}

} // namespace chatd
