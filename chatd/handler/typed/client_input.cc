// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/client_input.hh"

#include <utility>

using namespace common;

namespace chatd {

bool ClientInput::read() {
    if (!client_.read(output_.dialect())) return false;
    TelnetDialect* const telnet = output_.telnet();
    if (telnet != nullptr && telnet->has_ended() && !client_.has_ended()) client_.end_input(*telnet);
    return true;
}

bool ClientInput::change_dialect() {
    if (!output_.change_dialect()) return false;
    if (client_.has_ended()) client_.end_input(output_.dialect());
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
    client_.set_ready();
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
