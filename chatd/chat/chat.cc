// SPDX-License-Identifier: ISC
// chat, a client for chatd and for whatever else speaks lines: the options, the first connection, and which
// kind of conversation it becomes (chat_talk.cc). A program of whoever runs it, which does not
// trust the server.
#include "chatd/chat/chat_front.hh"
#include "chatd/chat/chat_options.hh"
#include "chatd/chat/chat_talk.hh"
#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <unistd.h>

using namespace common;
using namespace chatd;
using Action = ChatOptions::Action;

namespace {

constexpr std::chrono::seconds patience{30}; // for a server that does not take the connection

// What the user has said on the command line, and what the environment tells.
ChatSession::Profile profile_of(const ChatOptions& options, bool is_plain) {
    ChatSession::Profile profile{.name = options.name, .code = options.code, .language = options.language};
    if (const char* const type = std::getenv("TERM")) profile.terminal_type = type;
    profile.is_plain = is_plain;
    // A pipe that says who it is says so on the command line alone.
    if (is_plain && !profile.name.empty() && !profile.code) profile.code = "";
    return profile;
}

// Restores what the front has changed before a signal does its work, which ends the program.
int end_by(int signal) {
    if (signal != 0) ::raise(signal);
    return 0;
}

// Whether a person sees what is drawn. One at a terminal that cannot draw is served as a pipe is: the
// terminal edits the line, and nothing is asked in so many words.
bool is_at_terminal() {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) return false;
    const char* const type = std::getenv("TERM");
    return type == nullptr || std::string_view{type} != "dumb";
}

// No descriptor: the server has ended the connection before we had seen that it was there, and a pipe tries
// again, as when it is ended a moment later.
Fd connect_first(const std::vector<Address>& addresses, const ChatOptions& options) {
    try {
        Fd server = connect_to(addresses, std::chrono::steady_clock::now() + patience);
        set_no_delay(server.get());
        set_keepalive(server.get());
        return server;
    } catch (const std::system_error& error) {
        const bool tries_again = !options.is_lines_only && !is_at_terminal();
        if (!tries_again || error.code() != std::errc::connection_reset) throw;
        return {};
    }
}

int talk_with(Fd server, const std::vector<Address>& addresses, const ChatOptions& options) {
    const bool at_terminal = is_at_terminal();
    ChatSession session{profile_of(options, !at_terminal)};
    if (!options.is_lines_only) server = make_offer(std::move(server), addresses, session, !at_terminal);
    if (session.is_understood()) {
        int signal = 0;
        {
            const auto front = at_terminal ? make_screen_front() : make_pipe_front();
            signal = talk(std::move(server), addresses, session, *front, !at_terminal);
        }
        if (session.refused() != 0 && !at_terminal)
            throw PeerError(text("the server has refused ", session.refused(), " of the lines"));
        return end_by(signal);
    }
    LinesTalked talked;
    {
        const auto front = at_terminal ? make_terminal_front() : make_pipe_front();
        talked = talk_in_lines(std::move(server), *front, session.take_greeting());
    }
    if (talked.signal != 0) return end_by(talked.signal);
    if (at_terminal && talked.was_cut) std::fprintf(stderr, "chat: the server has closed the connection\n");
    return 0;
}

int run_program(int argc, char** argv) {
    ChatOptions options;
    const std::vector<Option> table = chat_options(options);
    take_operands(parse_options(argc, argv, table), options);
    if (options.action == Action::show_version) return std::printf("chat %s\n", SUITE_VERSION), 0;
    if (options.action == Action::show_usage)
        return std::printf("%s", usage_text("chat", table, chat_operands).c_str()), 0;
    if (options.code) hide_argument(argv[argc - 1]); // what holds it, be it a URL
    const std::vector<Address> addresses = server_addresses(options.server);
    return talk_with(connect_first(addresses, options), addresses, options);
}

} // namespace

int main(int argc, char** argv) {
    return report_errors("chat", [&] { return run_program(argc, argv); });
}
