// SPDX-License-Identifier: ISC
// The dialect of a person with telnet. Where the client agrees that its keys are sent as they are pressed
// (ECHO and SGA, RFC 857 and 858) and its terminal is not a dumb one, the line is edited here (LineEditor),
// and what arrives is shown above it. Else the client edits, and is shown what nc is shown.
//
// Whether the other side speaks telnet is known when it answers. It is sent one offer for that, IAC DO
// TERMINAL-TYPE, and a CR, with which the next words cover on a terminal what it makes of the two bytes that
// are no text (nc -C; the third is CAN, which shows nothing). Its first line waits for the answer, 300 ms at
// most. An answer that comes later is understood, too.
#pragma once

#include "chatd/handler/dialect.hh"

namespace chatd {

// How far things have come when the client turns out to speak telnet.
struct TelnetStart {
    std::string question;               // the words that it was asked for its name with
    std::string bytes;                  // what it has sent
    std::optional<common::Line> answer; // or the one line that it has sent
};
std::unique_ptr<Dialect> make_telnet_dialect(const TelnetStart& start);

} // namespace chatd
