// SPDX-License-Identifier: ISC
#include "chatd/terminal/telnet_options.hh"

#include "common/pack/pack.hh"

namespace chatd::telnet {
namespace {

using Window = pack::Struct<"!HH">;

constexpr char type_is = 0;
constexpr char type_send = 1;

std::string say(Side side, Option option, bool on) {
    if (side == Side::ours) return encode(on ? Command::will : Command::wont, option);
    return encode(on ? Command::do_it : Command::dont, option);
}

} // namespace

std::string Options::turn_on(Side side, Option option) {
    Half& asked = end(side, option);
    asked.is_allowed = true;
    switch (asked.state) {
    case State::off: asked.state = State::want_on; return say(side, option, true);
    case State::want_off: asked.state = State::want_off_then_on; return {};
    case State::want_on_then_off: asked.state = State::want_on; return {};
    default: return {};
    }
}

std::string Options::turn_off(Side side, Option option) {
    Half& asked = end(side, option);
    asked.is_allowed = false;
    switch (asked.state) {
    case State::on: asked.state = State::want_off; return say(side, option, false);
    case State::want_on: asked.state = State::want_on_then_off; return {};
    case State::want_off_then_on: asked.state = State::want_off; return {};
    default: return {};
    }
}

std::string Options::receive(Command verb, Option option) {
    if (option == Option::timing_mark)
        return verb == Command::do_it ? encode(Command::wont, option) : std::string{};
    switch (verb) {
    case Command::will: return hear_on(Side::theirs, option);
    case Command::wont: return hear_off(Side::theirs, option);
    case Command::do_it: return hear_on(Side::ours, option);
    case Command::dont: return hear_off(Side::ours, option);
    default: return {};
    }
}

std::string Options::hear_on(Side side, Option option) {
    Half& heard = end(side, option);
    heard.has_refused = false;
    switch (heard.state) {
    case State::on: return {};
    case State::off:
        if (heard.is_allowed && heard.agreed < max_agreed) {
            ++heard.agreed;
            heard.state = State::on;
            return say(side, option, true);
        }
        if (heard.was_refused) return {};
        heard.was_refused = true;
        return say(side, option, false);
    case State::want_off: heard.state = State::off; return {}; // a wrong answer to no
    case State::want_off_then_on:
    case State::want_on: heard.state = State::on; return {};
    case State::want_on_then_off: heard.state = State::want_off; return say(side, option, false);
    }
    return {};
}

std::string Options::hear_off(Side side, Option option) {
    Half& heard = end(side, option);
    switch (heard.state) {
    case State::on: heard.state = State::off; return say(side, option, false);
    case State::want_off_then_on: heard.state = State::want_on; return say(side, option, true);
    case State::want_on:
    case State::want_on_then_off: heard.has_refused = true; break;
    default: break;
    }
    heard.state = State::off;
    return {};
}

std::string tell_window_size(WindowSize size) {
    const auto bytes = Window::pack(size.columns, size.rows);
    return encode_subnegotiation(Option::window_size, {bytes.data(), bytes.size()});
}

std::optional<WindowSize> read_window_size(std::string_view bytes) {
    if (bytes.size() != Window::size) return {};
    const auto [columns, rows] = Window::unpack(bytes);
    return WindowSize{columns, rows};
}

std::string ask_terminal_type() { return encode_subnegotiation(Option::terminal_type, {&type_send, 1}); }

std::string tell_terminal_type(std::string_view name) {
    return encode_subnegotiation(Option::terminal_type,
                                 std::string{type_is}.append(name.substr(0, max_terminal_type)));
}

bool asks_terminal_type(std::string_view bytes) { return bytes == std::string_view{&type_send, 1}; }

std::optional<std::string> read_terminal_type(std::string_view bytes) {
    if (bytes.size() < 2 || bytes.size() > 1 + max_terminal_type || bytes[0] != type_is) return {};
    std::string name;
    for (const char byte : bytes.substr(1)) {
        if (byte <= ' ' || byte > '~') return {};
        name += byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
    }
    return name;
}

} // namespace chatd::telnet
