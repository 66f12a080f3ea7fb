// SPDX-License-Identifier: ISC
#include "tests/e2e/irc_client.hh"

#include "common/text.hh"

namespace e2e {

using common::text;

Daemon::Setting irc_with(Words lines) {
    lines.insert(lines.begin(), {"listen 127.0.0.1:0", "listen 127.0.0.1:0 irc"});
    Daemon::Setting setting = chatd_with(std::move(lines));
    setting.listeners = 2;
    return setting;
}

std::uint16_t irc_port(const Daemon& daemon) { return daemon.addresses().at(1).port(); }

IrcClient::IrcClient(const Daemon& daemon, Seconds limit) : Connection(irc_port(daemon), limit) {}

IrcClient::IrcClient(const Daemon& daemon, std::string_view nick, std::string_view channel,
                     std::string_view capabilities)
    : IrcClient(daemon) {
    if (!capabilities.empty()) {
        say(text("CAP REQ :", capabilities));
        wait_for(" ACK :");
        say("CAP END");
    }
    enter(nick);
    if (!channel.empty()) join(channel);
}

void IrcClient::expect_line(std::string_view line) {
    const std::string found = read_line();
    if (found != line) throw Failure{text("expected `", line, "', got `", found, "'")};
}

void IrcClient::expect_lines(std::initializer_list<std::string_view> lines) {
    for (const std::string_view line : lines) expect_line(line);
}

std::string IrcClient::wait_for(std::string_view part) {
    for (;;) {
        std::string line = read_line();
        if (line.find(part) != line.npos) return line;
    }
}

void IrcClient::enter(std::string_view nick) {
    say(text("NICK ", nick));
    say("USER u 0 * :A real name");
    wait_for(" 422 ");
}

void IrcClient::join(std::string_view channel, std::string_view key) {
    say(text("JOIN ", channel, key.empty() ? "" : " ", key));
    wait_for(" 366 ");
}

void IrcClient::expect_silence() {
    say("PING silence");
    expect_line(":chatd.local PONG chatd.local :silence");
}

} // namespace e2e
