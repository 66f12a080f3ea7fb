// SPDX-License-Identifier: ISC
// The text that a person types after WRITE: lines up to a line with a single dot. A line that begins with two
// dots loses one, so any text can be sent; the telnet protocol is removed, as from commands. Pure logic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ftpd {

class TypedLines {
public:
    // What ends a line, as the session's first line has decided.
    enum class Ends {
        newline, // LF; one CR before it is not part of the line
        crlf,    // CR LF only: else what is one line to the sender could be two here, one of them a dot
    };
    // is_telnet: the client is known to be one, so that Ctrl-D at the start of a line ends the text, too.
    TypedLines(Ends ends, bool is_telnet) : ends_(ends), is_telnet_(is_telnet) {}

    // Takes bytes up to the end of the text, and appends to out what they are in a file, each line with LF;
    // how many it has taken. It holds back no more than a byte.
    std::size_t take(std::string_view bytes, std::string& out);
    bool has_ended() const { return has_ended_; }
    // The client has shown options, and so is telnet.
    bool is_telnet() const { return is_telnet_; }
    // What refuses them, to be sent; and forgets it.
    std::string take_answer() { return std::exchange(answer_, {}); }

private:
    enum class LinePosition { start, behind_dot, inside }; // of a line
    enum class Protocol { none, command, option, parameters, parameters_command };
    void take_byte(char c, std::string& out);
    bool take_protocol(char c);
    void take_content(char c, std::string& out);
    void end_line(std::string& out);

    Ends ends_;
    bool is_telnet_;
    LinePosition position_ = LinePosition::start;
    Protocol protocol_ = Protocol::none;
    unsigned char command_ = 0; // of telnet, whose option comes next
    bool after_return_ = false;
    bool has_ended_ = false;
    std::string answer_;
};

} // namespace ftpd
