// SPDX-License-Identifier: ISC
// A line of the control connection taken apart: the telnet protocol under FTP (RFC 854, RFC 959
// section 4.1.3) removed, verb and argument told apart. Pure logic.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ftpd {

struct Decoded {
    std::string text;
    bool negotiates = false; // the line held options of telnet: a person's client
    std::string answer;      // refuses the options that it asked for or offered: to be sent before any reply
};
// Telnet commands and options are dropped, IAC IAC is one byte 0xff, CR NUL is CR (RFC 2640, section 3.1).
// CRs at the end that are not CR NUL belong to the line's end: some clients send CR CR LF.
// Every option is refused: DO by WONT, WILL by DONT (RFC 854); RFC 1123, section 4.1.2.12, asks no more.
Decoded decode_telnet(std::string_view line);
// The reverse, for a client: the command as it is sent, its CR LF included. Any byte but NUL may be in a
// path, even a line end, once an earlier line has fixed CR LF as the session's terminator. A command that
// would be taken for HTTP (below) gets a telnet NOP after it.
std::string encode_command(std::string_view line);

struct Command {
    std::string verb;     // in upper case
    std::string argument; // all after the first space: further and trailing ones belong to it
    bool has_argument = false;
};
Command parse_command(std::string_view line);

// An argument of words, as numbers and codes are, without the blanks behind it, which clients send and the
// words cannot mean. Names may end in them.
std::string_view without_trailing_blanks(std::string_view words);

// Whether the line is the first of an HTTP request: it ends in " HTTP/d.d".
bool is_http_request(std::string_view line);
// Whether the verb is one that web clients send and FTP does not have: POST, HEAD, OPTIONS, CONNECT.
bool is_http_verb(std::string_view verb);

} // namespace ftpd
