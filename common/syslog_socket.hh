// SPDX-License-Identifier: ISC
// Lines for the system's log, sent as syslog(3) sends them (RFC 3164), but never waiting: syslog(3) blocks
// for as long as its daemon does not read. Run by whoever logs; nothing is read from the socket.
#pragma once

#include "common/fd.hh"

#include <string>
#include <string_view>
#include <vector>

namespace common {

class SyslogSocket {
public:
    // program leads each line; places: where the usual systems have it. It is connected with the first line,
    // or by is_heard.
    explicit SyslogSocket(std::string program, std::vector<std::string> places = {"/dev/log", "/var/run/log"})
        : program_(std::move(program)), places_(std::move(places)) {}

    // Whether somebody listens there, or may do so: a busy one counts.
    bool is_heard();
    // False when the line could not be handed over now. priority: of <syslog.h>, without a facility; the
    // facility is that of daemons. After a restart of the system's log it is connected again.
    bool send(int priority, std::string_view line);

private:
    bool connect();
    bool send_once(std::string_view message);

    std::string program_;
    std::vector<std::string> places_;
    Fd socket_;
    bool is_stream_ = false; // then a NUL ends each message
};

} // namespace common
