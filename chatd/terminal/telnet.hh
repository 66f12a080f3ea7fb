// SPDX-License-Identifier: ISC
// Telnet on the wire (RFC 854, RFC 855): taking bytes apart into data, commands, options and subnegotiations,
// and putting them together. Used by handlers and by chat, neither of which trusts the other side. Works on
// bytes, without descriptors; which options are on is telnet_options.hh's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatd::telnet {

enum class Command : std::uint8_t {
    end_of_record = 239, // RFC 885
    se = 240,
    nop = 241,
    data_mark = 242,
    break_key = 243,
    interrupt = 244, // IP: ^C
    abort_output = 245,
    are_you_there = 246,
    erase_character = 247,
    erase_line = 248,
    go_ahead = 249,
    sb = 250,
    will = 251,
    wont = 252,
    do_it = 253, // DO
    dont = 254,
    iac = 255,
};

enum class Option : std::uint8_t {
    binary = 0,            // RFC 856
    echo = 1,              // RFC 857
    suppress_go_ahead = 3, // RFC 858
    timing_mark = 6,       // RFC 860
    terminal_type = 24,    // RFC 1091
    end_of_record = 25,    // RFC 885
    window_size = 31,      // RFC 1073
    linemode = 34,         // RFC 1184
    charset = 42,          // RFC 2066
    chat = 213,            // between chat(1) and chatd, see chatd-protocol(7); not assigned to anybody
};

struct Event {
    enum class Kind { data, command, option, subnegotiation };
    Kind kind{};
    Command command{};        // also of an option: will, wont, do_it or dont
    Option option{};          // also of a subnegotiation
    std::string_view bytes{}; // the data, or the subnegotiation's; until the next call
};

class Decoder {
public:
    static constexpr std::size_t max_subnegotiation = 1024; // bytes; a longer one is passed over

    // Takes bytes from the front of input until they make an event; none when input is used up. What has
    // begun is kept, so reads may cut anywhere. Data may come in several pieces, which are parts of input.
    // What is malformed within a subnegotiation ends it without an event, and is then what it is outside.
    std::optional<Event> next(std::string_view& input);

private:
    enum class State { data, command, option, sub_option, sub_data, sub_command };
    std::optional<Event> take(unsigned char byte);
    std::optional<Event> take_command(unsigned char byte);
    void keep(unsigned char byte);

    State state_ = State::data;
    Command verb_{};
    Option option_{};
    std::string kept_; // of a subnegotiation
    bool is_too_long_ = false;
};

// Reads the keys of a telnet client: Enter, which comes as CR LF, CR NUL, CR or LF, becomes one LF.
class EnterKeys {
public:
    std::string normalise(std::string_view data);

private:
    bool after_return_ = false;
};

// Data with its bytes 0xff doubled.
std::string encode_data(std::string_view data);
// Text for an NVT, also doubled: LF and CR LF become CR LF, any other CR becomes CR NUL. Each call begins
// anew.
std::string encode_text(std::string_view text);
std::string encode(Command command);
std::string encode(Command verb, Option option);
std::string encode_subnegotiation(Option option, std::string_view data);

} // namespace chatd::telnet
