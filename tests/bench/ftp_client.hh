// SPDX-License-Identifier: ISC
// An FTP client as the measurements need it: it waits for each reply, and a refusal is a Failure.
#pragma once

#include "tests/bench/connection.hh"

#include <functional>

namespace bench {

class FtpClient {
public:
    explicit FtpClient(std::uint16_t port);           // until 220
    void log_in(std::string_view user = "anonymous"); // the password is bench@
    void quit();                                      // until the server has closed

    // Sends a line; the reply's code must begin with the digit expected.
    void command(std::string_view line, std::string_view expected);
    Connection open_data(); // EPSV (RFC 2428)

    // RETR, LIST, ...: how many bytes came.
    std::size_t receive(std::string_view line);
    std::size_t count_lines(std::string_view line); // of what comes
    // STOR of what send sends.
    void store(std::string_view name, const std::function<void(Connection& data)>& send);

    Connection& control() { return control_; }

private:
    char read_reply(std::string_view expected); // one of these first digits; returns which

    Connection control_;
    std::string last_; // line of the reply read last
};

} // namespace bench
