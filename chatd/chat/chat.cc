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
#include <optional>
#include <span>
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

// None: the server has ended the connection before we had seen that it was there, and a pipe tries again, as
// when it is ended a moment later.
Connection connect_first(const Server& server, const ChatOptions& options) {
    const bool tries_again = !options.is_lines_only && !is_at_terminal();
    try {
        return connect_to_server(server, patience);
    } catch (const std::system_error& error) {
        if (!tries_again || error.code() != std::errc::connection_reset) throw;
    } catch (const TlsFailure& failure) {
        if (!tries_again || !failure.may_come_back) throw;
    }
    return {};
}

int talk_with(Connection connection, const Server& server, const ChatOptions& options) {
    const bool at_terminal = is_at_terminal();
    ChatSession session{profile_of(options, !at_terminal)};
    if (!options.is_lines_only) connection = make_offer(std::move(connection), server, session, !at_terminal);
    if (session.is_understood()) {
        int signal = 0;
        {
            const auto front = at_terminal ? make_screen_front() : make_pipe_front();
            signal = talk(std::move(connection), server, session, *front, !at_terminal);
        }
        if (session.refused() != 0 && !at_terminal)
            throw PeerError(text("the server has refused ", session.refused(), " of the lines"));
        return end_by(signal);
    }
    LinesTalked talked;
    {
        const auto front = at_terminal ? make_terminal_front() : make_pipe_front();
        talked = talk_in_lines(std::move(connection), *front, session.take_greeting());
    }
    if (talked.signal != 0) return end_by(talked.signal);
    if (at_terminal && talked.was_cut) std::fprintf(stderr, "chat: the server has closed the connection\n");
    return 0;
}

// No value: all goes in the clear.
std::optional<TlsClient> client_for(const ChatOptions& options, std::uint16_t port,
                                    std::span<char* const> arguments) {
    const TlsWish& wish = options.tls;
    if (wish.mode == TlsWish::Mode::off && (!wish.pin.empty() || !wish.issuers.empty()))
        throw UsageError("--pin and --ca-file are for TLS: say --tls, too, or chats://HOST");
    if (wish.mode == TlsWish::Mode::off) return {};
    const std::string host = server_host(options.server);
    if (host.empty()) throw UsageError("a socket of this machine has no TLS: leave --tls out");
    return TlsClient{arguments, wish, RelayTerms::Protocol::irc, host, port};
}

int run_program(int argc, char** argv) {
    ChatOptions options;
    const std::vector<Option> table = chat_options(options);
    take_operands(parse_options(argc, argv, table), options);
    if (options.action == Action::show_version) return std::printf("chat %s\n", SUITE_VERSION), 0;
    if (options.action == Action::show_usage)
        return std::printf("%s", usage_text("chat", table, chat_operands).c_str()), 0;
    if (options.code) hide_argument(argv[argc - 1]); // what holds it, be it a URL
    const bool has_tls = options.tls.mode != TlsWish::Mode::off;
    Server server{server_addresses(options.server, has_tls ? default_tls_port : default_port)};
    std::optional<TlsClient> tls =
        client_for(options, server.addresses.front().port(), {argv, static_cast<std::size_t>(argc)});
    if (tls) server.tls = &*tls;
    Connection connection = connect_first(server, options);
    if (tls) tls->ask_nobody(); // the terminal is the conversation's from now on
    return talk_with(std::move(connection), server, options);
}

} // namespace

int main(int argc, char** argv) {
    return report_errors("chat", [&] { return run_program(argc, argv); });
}
