// SPDX-License-Identifier: ISC
#include "tests/e2e/chat_client.hh"

#include "common/text.hh"
#include "tests/e2e/roles.hh"

#include <algorithm>

namespace e2e {

using common::text;

void ChatClient::enter(std::string_view name, std::string_view code) {
    send(text(name, '\n', code, '\n'));
    const std::string told = read_line();
    if (!told.starts_with("Your name: Room code: You are in ")) throw Failure{"not let in: " + told};
    expect_token();
}

std::string ChatClient::expect_token() {
    std::string told = read_line();
    if (told.starts_with("The topic of ")) told = read_line();
    const std::string_view lead = "If the connection breaks, take your place again with /resume ";
    if (!told.starts_with(lead)) throw Failure{"no token: " + told};
    return token_ = told.substr(lead.size());
}

void ChatClient::expect_earlier(std::string_view line) {
    const std::string found = read_line(); // [812 2026-11-21 07:26 UTC] ada say: hello
    if (!found.starts_with('[') || found.substr(found.find("] ") + 2) != line)
        throw Failure{text("expected the earlier line `", line, "', got `", found, "'")};
}

void ChatClient::expect_line(std::string_view line) {
    const std::string found = read_line();
    if (found != line) throw Failure{text("expected `", line, "', got `", found, "'")};
}

void ChatClient::expect_lines(std::initializer_list<std::string_view> lines) {
    for (const std::string_view line : lines) expect_line(line);
}

void ChatClient::wait_for_line(std::string_view line) {
    while (read_line() != line) {
    }
}

std::string ChatClient::wait_for_text(std::string_view text) {
    std::string told;
    while (!told.ends_with(text)) told += read_exactly(1);
    return told;
}

Daemon::Setting chatd_with(Words lines) {
    // Tests say more at once than people do, unless they are about that.
    const bool is_about_flood =
        std::any_of(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("flood "); });
    if (!is_about_flood) lines.emplace_back("flood off");
    return {.lines = std::move(lines), .environment = {"NLSPATH=" + catalogues()}, .program = "chatd"};
}

std::string catalogues() {
    const std::string program = find_program("chatd");
    return program.substr(0, program.rfind('/') + 1) + "%N.cat";
}

Result run_chatctl(const Daemon& daemon, const Words& words) {
    Words command{"chatctl", "-s", daemon.state() / "control"};
    command.insert(command.end(), words.begin(), words.end());
    return run_client(command);
}

std::string chatctl(const Daemon& daemon, const Words& words) {
    const Result result = run_chatctl(daemon, words);
    if (result.status != 0) throw Failure{"chatctl: " + result.err};
    return result.out;
}

pid_t handler_of(const Daemon& daemon, const Connection& client) { return session_of(daemon, client); }

pid_t spawner_of(const Daemon& daemon) {
    pid_t found = -1;
    wait_until("there is a spawner", [&] {
        for (const pid_t child : others_of(daemon))
            if (command_line_of(child).starts_with("chatd-spawner")) found = child;
        return found != -1;
    });
    return found;
}

std::string welcome_to(std::string_view room) {
    return text("You are in ", room, ". /help lists what you can do.");
}

} // namespace e2e
