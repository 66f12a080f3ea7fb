// SPDX-License-Identifier: ISC
// A client of IRC at chatd, byte by byte, as tests play one.
#pragma once

#include "tests/e2e/chat_client.hh"

namespace e2e {

// chatd with these lines, with a listener for people who type, the first, and one for IRC, the second.
Daemon::Setting irc_with(Words lines = {"room lobby"});
std::uint16_t irc_port(const Daemon& daemon);

class IrcClient : public Connection {
public:
    explicit IrcClient(const Daemon& daemon, Seconds limit = patience);
    // And registers, without capabilities, or with these; then joins the channel, if there is one. What comes
    // next is what is said there.
    IrcClient(const Daemon& daemon, std::string_view nick, std::string_view channel = "",
              std::string_view capabilities = "");

    void say(std::string_view line) { send(std::string{line} + "\r\n"); }
    // Throws Failure unless the next line is this.
    void expect_line(std::string_view line);
    void expect_lines(std::initializer_list<std::string_view> lines);
    // Waits for a line that has this in it, whatever comes before it; the line.
    std::string wait_for(std::string_view part);
    // NICK and USER, and all up to the end of what a newcomer is told.
    void enter(std::string_view nick);
    // JOIN, and all up to the end of the names.
    void join(std::string_view channel, std::string_view key = "");
    // Throws Failure if anything was sent before the answer to a PING.
    void expect_silence();
};

} // namespace e2e
