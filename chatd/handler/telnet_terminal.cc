// SPDX-License-Identifier: ISC
#include "chatd/handler/telnet_terminal.hh"

#include <algorithm>
#include <array>

namespace chatd {

using telnet::Option;
using telnet::Side;

namespace {

// Terminals on which nothing can be put above what is being typed, by the names that clients give them.
bool is_dumb(std::string_view type) {
    constexpr std::array<std::string_view, 4> dumb{"dumb", "unknown", "network", "emacs"};
    return std::find(dumb.begin(), dumb.end(), type) != dumb.end();
}

} // namespace

TelnetTerminal::TelnetTerminal() {
    for (const Option option : {Option::echo, Option::suppress_go_ahead, Option::binary})
        options_.allow(Side::ours, option);
    for (const Option option : {Option::suppress_go_ahead, Option::binary, Option::window_size, Option::chat})
        options_.allow(Side::theirs, option);
}

std::string TelnetTerminal::offer() { return options_.turn_on(Side::theirs, Option::terminal_type); }

std::string TelnetTerminal::receive(telnet::Command verb, Option option) {
    const bool was_open = options_.is_open(Side::theirs, Option::terminal_type);
    std::string answer = options_.receive(verb, option);
    if (!was_open || options_.is_open(Side::theirs, Option::terminal_type)) return answer;
    if (options_.is_on(Side::theirs, Option::terminal_type)) return answer + telnet::ask_terminal_type();
    return answer + learn_type({});
}

std::string TelnetTerminal::receive_subnegotiation(Option option, std::string_view bytes) {
    if (option == Option::terminal_type && !knows_type_)
        return learn_type(telnet::read_terminal_type(bytes).value_or(""));
    const auto size =
        option == Option::window_size ? telnet::read_window_size(bytes) : std::optional<telnet::WindowSize>{};
    if (!size) return {};
    window_ = {};
    if (size->columns != 0) window_.columns = size->columns;
    if (size->rows != 0) window_.rows = size->rows;
    return {};
}

std::string TelnetTerminal::learn_type(std::string_view type) {
    knows_type_ = true;
    is_dumb_ = is_dumb(type);
    if (is_dumb_) return hide_echo(false);
    type_ = type;
    return options_.turn_on(Side::ours, Option::echo) +
           options_.turn_on(Side::ours, Option::suppress_go_ahead) +
           options_.turn_on(Side::theirs, Option::window_size) +
           options_.turn_on(Side::theirs, Option::binary); // without, some send characters of 7 bits alone
}

std::string TelnetTerminal::hide_echo(bool hidden) {
    if (!is_dumb_) return {}; // it does so all the time, or has refused to
    return hidden ? options_.turn_on(Side::ours, Option::echo) : options_.turn_off(Side::ours, Option::echo);
}

bool TelnetTerminal::sends_keys() const {
    return knows_type_ && !is_dumb_ && options_.is_on(Side::ours, Option::echo) &&
           options_.is_on(Side::ours, Option::suppress_go_ahead);
}

bool TelnetTerminal::is_settled() const {
    return knows_type_ && !options_.is_open(Side::ours, Option::echo) &&
           !options_.is_open(Side::ours, Option::suppress_go_ahead);
}

std::string TelnetTerminal::encode(std::string_view text) const {
    if (!options_.is_on(Side::ours, Option::binary)) return telnet::encode_text(text);
    std::string lines;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\n' && (at == 0 || text[at - 1] != '\r')) lines += '\r';
        lines += text[at];
    }
    return telnet::encode_data(lines);
}

} // namespace chatd
