// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/telnet_terminal.hh"

#include "chatd/terminal/charset.hh"

#include <algorithm>
#include <array>
#include <utility>

namespace chatd {

using telnet::Command;
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
    for (const Option option :
         {Option::echo, Option::suppress_go_ahead, Option::binary, Option::end_of_record, Option::charset})
        options_.allow(Side::ours, option);
    for (const Option option :
         {Option::suppress_go_ahead, Option::binary, Option::window_size, Option::chat, Option::charset})
        options_.allow(Side::theirs, option);
}

std::string TelnetTerminal::offer() { return options_.turn_on(Side::theirs, Option::terminal_type); }

std::string TelnetTerminal::receive(Command verb, Option option) {
    const bool asked_theirs = options_.is_open(Side::theirs, option);
    const bool asked_ours = options_.is_open(Side::ours, option);
    const bool was_on = options_.is_on(Side::ours, option);
    std::string answer = options_.receive(verb, option);
    const bool turned_on = !was_on && options_.is_on(Side::ours, option);
    const bool is_answer = asked_theirs && !options_.is_open(Side::theirs, option);
    if (option == Option::terminal_type && is_answer)
        return answer + (options_.is_on(Side::theirs, option) ? telnet::ask_terminal_type() : learn_type({}));
    if (option == Option::charset && turned_on && !asks_charset_) {
        asks_charset_ = true;
        answer += telnet::ask_charset();
    }
    if (!knows_type_ || is_dumb_) return answer;
    // Who wants us to echo, unasked, is to send its keys, too.
    if (option == Option::echo && turned_on && !asked_ours) answer += offer_keys();
    if (option == Option::suppress_go_ahead) answer += obey_about_keys(verb, turned_on);
    // Asked behind it, and answered: what SGA is it does not know, nor say (KildClient).
    if (option == Option::window_size && is_answer) answer += settle();
    return answer;
}

std::string TelnetTerminal::obey_about_keys(Command verb, bool turned_on) {
    if (verb == Command::dont && !is_hidden_) return give_back_echo();
    const bool is_late = turned_on && std::exchange(ignores_keys_, false);
    return is_late ? options_.turn_on(Side::ours, Option::echo) : std::string{};
}

std::string TelnetTerminal::receive_subnegotiation(Option option, std::string_view bytes) {
    switch (option) {
    case Option::terminal_type:
        return knows_type_ ? std::string{} : learn_type(telnet::read_terminal_type(bytes).value_or(""));
    case Option::window_size: take_window(telnet::read_window_size(bytes)); return {};
    case Option::charset: return agree_on_charset(bytes);
    default: return {};
    }
}

void TelnetTerminal::take_window(std::optional<telnet::WindowSize> size) {
    if (!size) return;
    window_ = {};
    if (size->columns != 0) window_.columns = size->columns;
    if (size->rows != 0) window_.rows = size->rows;
}

std::string TelnetTerminal::agree_on_charset(std::string_view bytes) {
    const bool is_agreed =
        options_.is_on(Side::ours, Option::charset) || options_.is_on(Side::theirs, Option::charset);
    if (!is_agreed || charset_changes_ == max_charset_changes) return {};
    ++charset_changes_;
    telnet::CharsetTalk talk = telnet::hear_charset(bytes, asks_charset_);
    const bool is_request = !talk.answer.empty();
    if (!is_request) asks_charset_ = false;
    if (talk.charset) is_latin1_ = talk.charset == telnet::Charset::latin1;
    return std::move(talk.answer);
}

std::string TelnetTerminal::learn_type(std::string_view type) {
    knows_type_ = true;
    is_dumb_ = is_dumb(type);
    const std::string charset = is_chat() ? std::string{} : options_.turn_on(Side::ours, Option::charset);
    if (is_dumb_) return hide_echo(is_hidden_) + charset;
    type_ = type;
    return options_.turn_on(Side::ours, Option::echo) + offer_keys() +
           options_.turn_on(Side::theirs, Option::window_size) +
           options_.turn_on(Side::theirs, Option::binary) + // without, some send characters of 7 bits alone
           charset;
}

std::string TelnetTerminal::offer_keys() { return options_.turn_on(Side::ours, Option::suppress_go_ahead); }

// The client may want it again later, with its keys.
std::string TelnetTerminal::give_back_echo() {
    std::string words = options_.turn_off(Side::ours, Option::echo);
    if (!is_dumb_) options_.allow(Side::ours, Option::echo);
    return words;
}

std::string TelnetTerminal::settle() {
    if (knows_type_ && !options_.is_open(Side::ours, Option::suppress_go_ahead)) return {};
    ignores_keys_ = knows_type_;
    return is_hidden_ ? std::string{} : give_back_echo();
}

std::string TelnetTerminal::hide_echo(bool hidden) {
    is_hidden_ = hidden;
    if (!knows_type_ || may_send_keys()) return {}; // it does so all the time, or will
    if (!hidden) return give_back_echo();
    return options_.has_refused(Side::ours, Option::echo) ? std::string{}
                                                          : options_.turn_on(Side::ours, Option::echo);
}

bool TelnetTerminal::may_send_keys() const {
    return !is_dumb_ && (options_.is_on(Side::ours, Option::suppress_go_ahead) ||
                         (options_.is_open(Side::ours, Option::suppress_go_ahead) && !ignores_keys_));
}

bool TelnetTerminal::sends_keys() const {
    return knows_type_ && !is_dumb_ && options_.is_on(Side::ours, Option::echo) &&
           options_.is_on(Side::ours, Option::suppress_go_ahead);
}

// Also of ECHO that is given back: it could not be asked for again before, for a secret.
bool TelnetTerminal::is_settled() const {
    return knows_type_ && !options_.is_open(Side::ours, Option::echo) &&
           (ignores_keys_ || !options_.is_open(Side::ours, Option::suppress_go_ahead));
}

std::string TelnetTerminal::prompt_end() const {
    if (options_.is_on(Side::ours, Option::end_of_record)) return telnet::encode(Command::end_of_record);
    if (options_.is_on(Side::ours, Option::suppress_go_ahead)) return {};
    return telnet::encode(Command::go_ahead);
}

std::string TelnetTerminal::shown(const std::string& text) const {
    return is_latin1_ ? from_latin1(to_latin1(text)) : text;
}

std::string TelnetTerminal::decode(std::string_view data) {
    if (is_chat()) return std::string{data}; // it counts its bytes
    std::string keys;
    keys.reserve(data.size());
    for (const char byte : data)
        if (const char last = std::exchange(last_byte_, byte); byte != '\0' || last == '\r') keys += byte;
    return is_latin1_ ? from_latin1(keys) : keys;
}

void TelnetTerminal::translate(std::string& words, std::size_t from) const {
    if (!is_latin1_) return;
    const std::string bytes = telnet::encode_data(to_latin1(std::string_view{words}.substr(from)));
    words.replace(from, words.npos, bytes);
}

std::string TelnetTerminal::encode(std::string_view text) const {
    const std::string latin1 = is_latin1_ ? to_latin1(text) : std::string{};
    if (is_latin1_) text = latin1;
    if (!options_.is_on(Side::ours, Option::binary)) return telnet::encode_text(text);
    std::string lines;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\n' && (at == 0 || text[at - 1] != '\r')) lines += '\r';
        lines += text[at];
    }
    return telnet::encode_data(lines);
}

} // namespace chatd
