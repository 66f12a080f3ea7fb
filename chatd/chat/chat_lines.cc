// SPDX-License-Identifier: ISC
#include "chatd/chat/chat_lines.hh"

#include "common/errors.hh"
#include "common/poller.hh"

#include <sys/socket.h>
#include <unistd.h>
#include <vector>

using namespace common;

namespace chatd {
namespace {

constexpr std::size_t most_unsent = 64 * 1024; // bytes for the server; then nothing more is read for it
constexpr std::size_t piece = 64 * 1024;       // bytes that are read at once

class Conversation {
public:
    Conversation(Fd server, ChatFront& front) : server_(std::move(server)), front_(front) {}

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
    ChatFront& front_;
    std::unique_ptr<Poller> poller_ = Poller::make(Backend::poll); // two descriptors, of which one may block
    std::vector<char> buffer_ = std::vector<char>(piece);
    std::string unsent_;
    bool input_has_ended_ = false;
    bool is_half_closed_ = false;
    bool server_has_ended_ = false;
    bool is_broken_ = false;
};

} // namespace

LinesTalked talk_in_lines(Fd server, ChatFront& front, std::string_view greeting) {
    if (!greeting.empty()) front.show(greeting, true);
    Conversation conversation{std::move(server), front};
    const int signal = conversation.run();
    return {signal, conversation.was_cut()};
}

} // namespace chatd
