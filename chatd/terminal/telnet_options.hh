// SPDX-License-Identifier: ISC
// Which telnet options are on, for either side, negotiated by the method of RFC 1143: only changes of state
// are answered, so no two ends talk in circles; and what the subnegotiations of NAWS (RFC 1073) and
// TERMINAL-TYPE (RFC 1091) hold. Used by handlers and by chat. Works on bytes, without descriptors.
#pragma once

#include "chatd/terminal/telnet.hh"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd::telnet {

enum class Side { ours, theirs }; // who does what the option is about: WILL and DO

class Options {
public:
    // The other side may turn it on: it is agreed to. Everything else is refused, once for each option.
    void allow(Side side, telnet::Option option) { end(side, option).is_allowed = true; }

    // What is to be sent so that the option will be on, or off; empty when that is under way or done. What is
    // asked for is allowed from then on, what is ended is not.
    std::string turn_on(Side side, Option option);
    std::string turn_off(Side side, Option option);

    // Takes a WILL, WONT, DO or DONT and returns the answer, which may be empty. TIMING-MARK has no state:
    // each DO is answered, with WONT, which nobody answers in turn.
    std::string receive(Command verb, Option option);

    bool is_on(Side side, telnet::Option option) const { return end(side, option).state == State::on; }
    // Whether the other side has said no to what it was asked for last.
    bool has_refused(Side side, telnet::Option option) const { return end(side, option).has_refused; }
    // Whether an answer is awaited.
    bool is_open(Side side, telnet::Option option) const {
        const State state = end(side, option).state;
        return state != State::on && state != State::off;
    }

private:
    // WANTNO and WANTYES of RFC 1143, and the same with the opposite in the queue.
    enum class State : std::uint8_t { off, on, want_off, want_off_then_on, want_on, want_on_then_off };
    struct Half { // one option on one side
        State state = State::off;
        bool is_allowed = false;
        bool was_refused = false; // by us
        bool has_refused = false; // the other side
        std::uint8_t agreed = 0;  // how often
    };
    static constexpr std::uint8_t max_agreed = 32; // times for one option: more are a game

    Half& end(Side side, Option option) {
        return ends_[static_cast<std::size_t>(side)][static_cast<std::size_t>(option)];
    }
    const Half& end(Side side, Option option) const {
        return ends_[static_cast<std::size_t>(side)][static_cast<std::size_t>(option)];
    }
    std::string hear_on(Side side, Option option);
    std::string hear_off(Side side, Option option);

    std::array<std::array<Half, 256>, 2> ends_{};
};

struct WindowSize {
    std::uint16_t columns = 0; // 0: not known
    std::uint16_t rows = 0;
    bool operator==(const WindowSize&) const = default;
};
std::string tell_window_size(WindowSize size);
// Of a subnegotiation's bytes; no value when they are malformed.
std::optional<WindowSize> read_window_size(std::string_view bytes);

inline constexpr std::size_t max_terminal_type = 40; // RFC 1091
std::string ask_terminal_type();
std::string tell_terminal_type(std::string_view name);
bool asks_terminal_type(std::string_view bytes); // SEND
// In lower case; no value when it is malformed, or is not a name: the bytes are a stranger's.
std::optional<std::string> read_terminal_type(std::string_view bytes);

} // namespace chatd::telnet
