// SPDX-License-Identifier: ISC
// A person with nc at chatd, as tests play one; and chatctl.
#pragma once

#include "tests/e2e/observe.hh"

namespace e2e {

class ChatClient : public Connection {
public:
    explicit ChatClient(const Daemon& daemon, Seconds limit = patience) : Connection(daemon.port(), limit) {}
    // And enters; what comes next is the room's history.
    ChatClient(const Daemon& daemon, std::string_view name, std::string_view code = "") : ChatClient(daemon) {
        enter(name, code);
    }

    // Types the name and the code, and throws Failure unless they are taken.
    void enter(std::string_view name, std::string_view code = "");
    void say(std::string_view line) { send(std::string{line} + '\n'); }
    // Throws Failure unless the next line is this.
    void expect_line(std::string_view line);
    void expect_lines(std::initializer_list<std::string_view> lines);
    // Waits for a line, whatever comes before it.
    void wait_for_line(std::string_view line);
    // Up to this text, which may be a prompt; what came before it and the text.
    std::string wait_for_text(std::string_view text);
    // Throws Failure unless the next line is this one with a number and a time before it.
    void expect_earlier(std::string_view line);
    // The next line is the one with the token; what to resume with. enter has read it already.
    std::string expect_token();
    const std::string& token() const { return token_; }

private:
    std::string token_;
};

// chatd with these configuration lines; without flood control, unless they say something of it.
Daemon::Setting chatd_with(Words lines);
// Where it finds its message catalogues, for NLSPATH.
std::string catalogues();

Result run_chatctl(const Daemon& daemon, const Words& words);
// Its answer; throws Failure unless it succeeds.
std::string chatctl(const Daemon& daemon, const Words& words);

// The process that serves a client, once the hub has told it.
pid_t handler_of(const Daemon& daemon, const Connection& client);
// The hub's only child (Linux); waits until there is one.
pid_t spawner_of(const Daemon& daemon);

// What everybody is told who enters.
std::string welcome_to(std::string_view room);

} // namespace e2e
