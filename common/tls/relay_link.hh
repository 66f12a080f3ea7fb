// SPDX-License-Identifier: ISC
// A client's process's end of its relay: hands sockets over, says what is whole, and hears how connections
// end. Before begin tlsd is at the other end, which makes the relay. Run by processes for clients; trusts
// both with what concerns the client. Nothing here waits, unless whoever calls allows it.
#pragma once

#include "common/fd.hh"
#include "common/tls/tls_frames.hh"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace common {

class RelayLink {
public:
    // What the relay has told of a connection.
    struct Connection {
        std::optional<RelaySecurity> security; // once its handshake is done
        std::string cipher;
        std::optional<RelayEnd> end; // of what the client sends; told before the stream's end can be read
        std::string why;             // it was cut, or cannot be sent
        bool is_sent = false;        // all that was whole, with TLS's own end
        bool has_failed = false;     // it cannot be sent
    };
    struct Data {
        std::uint32_t number;
        Fd stream; // in the socket's place: plain bytes, never blocking
    };

    // pair: with tlsd, as the main process made it; none: there is no TLS.
    explicit RelayLink(Fd pair) : pair_(std::move(pair)) {}
    // The pair, once another process has begun.
    struct Begun {};
    RelayLink(Fd pair, Begun)
        : pair_(std::move(pair)), connections_{{control_connection, {}}}, has_begun_(true) {}
    // The pair, for the client's process, which goes on with it in a link of its own.
    Fd release() { return std::move(pair_); }

    // Whether begin may be called: there is a tlsd, and it was not called before.
    bool is_ready() const;
    bool has_begun() const { return has_begun_; }
    int fd() const { return pair_.get(); } // readable when hear has something to hear; -1: it has ended

    // Hands over the client's socket; the stream comes in its place. Throws std::system_error when tlsd has
    // ended: then the socket is gone, too. patience: how long this, and all that is said later, may wait
    // while the system lets no more descriptors of this user be on their way.
    Fd begin(const RelayTerms& terms, Fd client, std::chrono::milliseconds patience = {});
    // The same for a data connection. One that cannot be handed over has failed, and its stream has ended.
    Data add(RelayDirection direction, Fd socket);
    // All that was written to its stream, and what is in it by its end, is all that there is: without this
    // the end of the stream resets the client's connection. To be said before that.
    void say_whole(std::uint32_t number);
    // What is not sent of one yet is not to be: the client sees it reset, also if it takes nothing just now.
    // To be said before its stream ends, where it is not whole; forgets it.
    void break_off(std::uint32_t number) noexcept;
    // The client is about to be told how to open a data connection.
    void say_ticket();

    // Takes what the relay has said.
    void hear();
    // As heard so far, of one that is not forgotten.
    const Connection& connection(std::uint32_t number) const { return connections_.at(number); }
    void forget(std::uint32_t number) { connections_.erase(number); }

    // Whether the client has acknowledged all that was written to the control connection's stream. The first
    // call asks, and so does the first after an answer; no value until that is heard, and as long as it has
    // not. False: it was reset.
    std::optional<bool> is_acknowledged();
    // No answer to what was asked so far counts any more.
    void forget_question() { has_asked_ = false; }

private:
    bool say(const TlsFrame& frame, int first = -1, int second = -1);
    void take_answer(Acknowledgement answer);

    Fd pair_;
    std::map<std::uint32_t, Connection> connections_;
    std::uint32_t next_ = control_connection + 1;
    std::chrono::milliseconds patience_{};
    bool has_begun_ = false;
    bool has_asked_ = false;
    std::uint32_t question_ = 0; // the last one
    std::optional<bool> acknowledged_;
};

} // namespace common
