// SPDX-License-Identifier: ISC
// A server that is measured: started on a free port of loopback, in a process group of its own, its output in
// a file; ended by its pid.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bench {

using Words = std::vector<std::string>;

// A port of 127.0.0.1 that nobody listens on.
std::uint16_t find_free_port();

class Server {
public:
    // The command's first word is a path. Returns when the port takes connections; throws Failure, with the
    // end of the output, when it does not within 10 s.
    Server(const Words& command, std::uint16_t port, const std::string& output,
           const Words& environment = {}); // NAME=VALUE, on top of our own
    ~Server() { end(); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    pid_t pid() const { return pid_; }
    std::uint16_t port() const { return port_; }

private:
    bool has_ended() const; // it stays a zombie, so that its pid and its group's number stay its own
    void end();

    pid_t pid_ = -1;
    std::uint16_t port_;
};

} // namespace bench
