// SPDX-License-Identifier: ISC
#include "chatd/terminal/telnet.hh"

namespace chatd::telnet {
namespace {

constexpr char iac = '\xff';

std::uint8_t number(Command command) { return static_cast<std::uint8_t>(command); }

} // namespace

std::optional<Event> Decoder::next(std::string_view& input) {
    while (!input.empty()) {
        if (state_ == State::data && input[0] != iac) {
            const std::string_view run = input.substr(0, input.find(iac));
            input.remove_prefix(run.size());
            return Event{.bytes = run};
        }
        const std::string_view first = input.substr(0, 1);
        input.remove_prefix(1);
        if (std::optional<Event> event = take(static_cast<unsigned char>(first[0]))) {
            if (event->kind == Event::Kind::data) event->bytes = first; // the second of two IAC
            return event;
        }
    }
    return {};
}

std::optional<Event> Decoder::take(unsigned char byte) {
    switch (state_) {
    case State::data: state_ = State::command; return {}; // next() has left nothing else than IAC
    case State::command: return take_command(byte);
    case State::option: state_ = State::data; return Event{Event::Kind::option, verb_, Option{byte}, {}};
    case State::sub_option:
        option_ = Option{byte};
        kept_.clear();
        is_too_long_ = false;
        state_ = State::sub_data;
        return {};
    case State::sub_data:
        if (byte == number(Command::iac))
            state_ = State::sub_command;
        else
            keep(byte);
        return {};
    case State::sub_command: break;
    }
    if (byte == number(Command::iac)) {
        keep(byte);
        state_ = State::sub_data;
        return {};
    }
    if (byte != number(Command::se)) return take_command(byte);
    state_ = State::data;
    if (is_too_long_) return {};
    return Event{Event::Kind::subnegotiation, Command::sb, option_, kept_};
}

// What follows an IAC outside of a subnegotiation. What is not a command is passed over.
std::optional<Event> Decoder::take_command(unsigned char byte) {
    state_ = State::data;
    verb_ = Command{byte};
    switch (verb_) {
    case Command::iac: return Event{};
    case Command::sb: state_ = State::sub_option; return {};
    case Command::will:
    case Command::wont:
    case Command::do_it:
    case Command::dont: state_ = State::option; return {};
    case Command::se: return {};
    default: break;
    }
    if (byte < number(Command::se)) return {};
    return Event{Event::Kind::command, verb_, {}, {}};
}

void Decoder::keep(unsigned char byte) {
    is_too_long_ = is_too_long_ || kept_.size() == max_subnegotiation;
    if (!is_too_long_) kept_ += static_cast<char>(byte);
}

std::string EnterKeys::normalise(std::string_view data) {
    std::string keys;
    for (const char byte : data) {
        const bool belongs_to_return = after_return_ && (byte == '\n' || byte == '\0');
        after_return_ = byte == '\r';
        if (!belongs_to_return) keys += byte == '\r' ? '\n' : byte;
    }
    return keys;
}

std::string encode_data(std::string_view data) {
    std::string out;
    for (const char byte : data) out.append(byte == iac ? 2 : 1, byte);
    return out;
}

std::string encode_text(std::string_view text) {
    std::string lines;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_return = text[i] == '\r';
        if (is_return && text.substr(i + 1, 1) == "\n") continue;
        if (text[i] == '\n') lines += '\r';
        lines += text[i];
        if (is_return) lines += '\0';
    }
    return encode_data(lines);
}

std::string encode(Command command) { return {iac, static_cast<char>(command)}; }

std::string encode(Command verb, Option option) {
    return {iac, static_cast<char>(verb), static_cast<char>(option)};
}

std::string encode_subnegotiation(Option option, std::string_view data) {
    return encode(Command::sb, option) + encode_data(data) + encode(Command::se);
}

} // namespace chatd::telnet
