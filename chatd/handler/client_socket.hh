// SPDX-License-Identifier: ISC
// The socket of a handler's client: when it is read, what waits to be written to it, and its end, also under
// TLS. What the bytes mean is up to the conversation. Run by handlers, which trust nothing the client sends.
// What waits grows no further than has_room and the hub's caps allow, so a slow client costs little memory.
#pragma once

#include "chatd/handler/client_tls.hh"
#include "common/fd.hh"

#include <cstddef>
#include <string>

namespace chatd {

// Thrown when the client or the hub is gone: nothing can be said any more.
struct Gone {};

// What takes in the bytes that a client sends, as its conversation understands them.
class Intake {
public:
    virtual ~Intake() = default;

    // One read from its socket, not when is_full().
    virtual common::IoState fill(int client) = 0;
    virtual bool is_full() const = 0; // what has come has to be taken first
    // The client has ended its input, in order. is_whole: what stands behind the last end of a line is a
    // line, too; else it may have been cut off.
    virtual void end_input(bool is_whole) = 0;

protected:
    Intake() = default;
    Intake(const Intake&) = default;
    Intake& operator=(const Intake&) = default;
};

class ClientSocket {
public:
    // Bytes that wait; then nothing more is taken from logs and client.
    static constexpr std::size_t max_waiting = 32768;

    explicit ClientSocket(common::Fd client) : client_(std::move(client)) {}

    int fd() const { return client_.get(); }
    ClientTls& tls() { return tls_; }

    // --- What the client sends.
    // One read, if there is something to read and room for what may come of it; whether anything came, the
    // end included. Throws Gone.
    bool read(Intake& intake);
    bool wants_more(const Intake& intake) const; // nothing is read while what came of it could not be shown
    void set_ready() { is_ready_ = true; }
    bool has_ended() const { return has_ended_; } // what came before may still wait to be taken
    // The client has ended its input; also where it said so by a word of its own.
    void end_input(Intake& intake);

    // --- What it is sent.
    std::string& waiting() { return waiting_; } // to append to
    void append(std::string_view bytes) { waiting_ += bytes; }
    bool has_room() const { return waiting_.size() < max_waiting; }
    bool is_empty() const { return waiting_.empty(); }
    std::size_t size() const { return waiting_.size(); } // bytes that wait
    // Writes as much as the client takes; whether that was anything. Throws Gone.
    bool write();

    // Nothing more is taken in; what waits is still written.
    void finish() { is_ending_ = true; }
    bool is_ending() const { return is_ending_; }

private:
    ClientTls tls_; // outlives the socket: the relay hears what that's end means before it
    common::Fd client_;
    std::string waiting_;
    bool is_ready_ = true; // what the last wait said, until a read has found nothing
    bool has_ended_ = false;
    bool is_ending_ = false;
};

} // namespace chatd
