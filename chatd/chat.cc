// SPDX-License-Identifier: ISC
// chat, a client for chatd and for whatever else speaks lines: options, the connection, and the loop between
// the server and the front (chat_terminal.cc, chat_pipe.cc). A program of whoever runs it, which does not
// trust the server.
#include "chatd/chat_front.hh"
#include "chatd/chat_options.hh"
#include "chatd/words.hh"
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/poller.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <array>
#include <cstdio>
#include <sys/socket.h>
#include <unistd.h>

using namespace common;
using Action = chatd::ChatOptions::Action;

namespace {

constexpr std::chrono::seconds patience{30};   // for a server that does not take the connection
constexpr std::size_t most_unsent = 64 * 1024; // bytes for the server; then nothing more is read for it
constexpr std::size_t piece = 64 * 1024;       // bytes that are read at once

class Conversation {
public:
    Conversation(Fd server, chatd::ChatFront& front) : server_(std::move(server)), front_(front) {}

    // Until the server ends it, or a signal: that one, else 0. Throws PeerError when the connection breaks.
    int run() {
        while (!server_has_ended_) {
            watch();
            for (const Event& event : poller_->wait({}, front_.while_waiting())) {
                if (event.fd != server_.get())
                    read_input();
                else {
                    if (event.writable) send();
                    if (event.readable) hear();
                }
            }
            if (const int signal = front_.obey_signals()) return signal;
        }
        if (is_broken_) throw PeerError("the connection to the server is lost");
        return 0;
    }

    // Whether it was the server that ended it, and not our side first.
    bool was_cut() const { return !input_has_ended_; }

private:
    void watch() {
        if (input_has_ended_ && unsent_.empty() && !std::exchange(is_half_closed_, true))
            ::shutdown(server_.get(), SHUT_WR); // fails when the connection does, which reading tells
        poller_->watch(server_.get(), unsent_.empty() ? Interest::read : Interest::both);
        if (input_has_ended_ || unsent_.size() >= most_unsent)
            poller_->forget(STDIN_FILENO);
        else
            poller_->watch(STDIN_FILENO, Interest::read);
    }

    void read_input() {
        const IoResult got = read_some(STDIN_FILENO, buffer_);
        if (got.state == IoState::would_block) return;
        const bool is_end = got.state != IoState::done;
        const std::string words =
            is_end ? front_.end_input() : front_.take_input({buffer_.data(), got.bytes});
        if (!is_broken_) unsent_ += words;
        input_has_ended_ = is_end || front_.has_ended();
        send();
    }

    void send() {
        if (unsent_.empty()) return;
        const IoResult wrote = write_some(server_.get(), unsent_);
        unsent_.erase(0, wrote.bytes);
        if (wrote.state != IoState::vanished) return;
        // What the server had said before it went can still be read.
        is_broken_ = true;
        unsent_.clear();
    }

    void hear() {
        const IoResult got = read_some(server_.get(), buffer_);
        if (got.state == IoState::done)
            return front_.show({buffer_.data(), got.bytes}, got.bytes < buffer_.size());
        if (got.state == IoState::would_block) return;
        server_has_ended_ = true;
        is_broken_ |= got.state == IoState::vanished;
    }

    Fd server_;
    chatd::ChatFront& front_;
    std::unique_ptr<Poller> poller_ = Poller::make(Backend::poll); // two descriptors, of which one may block
    std::vector<char> buffer_ = std::vector<char>(piece);
    std::string unsent_;
    bool input_has_ended_ = false;
    bool is_half_closed_ = false;
    bool server_has_ended_ = false;
    bool is_broken_ = false;
};

int talk(Fd server) {
    const bool at_terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
    int signal = 0;
    bool was_cut = false;
    {
        const auto front = at_terminal ? chatd::make_terminal_front() : chatd::make_pipe_front();
        Conversation conversation{std::move(server), *front};
        signal = conversation.run();
        was_cut = conversation.was_cut();
    }
    if (signal != 0) ::raise(signal); // the terminal is as it was; the rest is the signal's own
    if (at_terminal && was_cut) std::fprintf(stderr, "chat: the server has closed the connection\n");
    return 0;
}

int run_program(int argc, char** argv) {
    chatd::ChatOptions options;
    const std::vector<Option> table = chatd::chat_options(options);
    const std::vector<std::string> operands = parse_options(argc, argv, table);
    if (options.action == Action::show_version) return std::printf("chat %s\n", SUITE_VERSION), 0;
    if (options.action == Action::show_usage)
        return std::printf("%s", usage_text("chat", table, chatd::chat_operands).c_str()), 0;
    if (operands.size() != 1) throw UsageError("say which server: HOST, HOST:PORT or the PATH of a socket");
    chatd::use_utf8_locale();
    Fd server = connect_to(chatd::server_addresses(operands[0]), std::chrono::steady_clock::now() + patience);
    set_no_delay(server.get());
    set_keepalive(server.get());
    return talk(std::move(server));
}

} // namespace

int main(int argc, char** argv) {
    return report_errors("chat", [&] { return run_program(argc, argv); });
}
