// SPDX-License-Identifier: ISC
// One connection that a relay carries: TLS with the client on one side, a stream of plain bytes to the
// client's process on the other; in a client's relay, a server takes the client's place, and the client
// program that of the process. Each end of one side becomes the same kind of end on the other: a stream
// that ended without the word that it is whole resets the client's connection, so that half a file never
// looks whole. Run by the relay. Trusts nothing the client sends.
#pragma once

#include "common/fd.hh"
#include "common/loop.hh"
#include "common/tls/gnutls/gnutls_handle.hh"
#include "common/tls/record_edge.hh"
#include "common/tls/relay/outbox.hh"
#include "common/tls/tls_frames.hh"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace common {

class Channel {
public:
    struct Callbacks {
        std::function<void(const TlsFrame&)> tell; // the client's process: secured, ended, sent
        // Hears what the client's process has said before what was just read of the stream, which may be its
        // end: to mark_whole, or to send_ticket.
        std::function<void()> hear_process;
        // In a client's relay: the handshake is done, and nothing is carried before go_on.
        std::function<void(gnutls_session_t)> on_server{};
    };
    struct Ends {
        Fd client, stream;
    };

    // session: a new one, of either side of TLS. loop and terms must outlive this.
    Channel(Loop& loop, GnutlsSession session, const RelayTerms& terms, std::uint32_t number,
            RelayDirection direction, Ends ends, Callbacks callbacks);
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    void mark_whole() { is_whole_ = true; }
    // After on_server: that is the right one.
    void go_on() { is_right_ = true, work(); }
    // What is not sent yet is not to be: the client sees its connection reset, at once.
    void reset();
    // Nobody is at the other end of the stream any more: what was not whole is cut, and the rest may take so
    // long as a stall may, and some minutes in all.
    void lose_process();
    // Under TLS 1.3, for the client's next connection.
    void send_ticket();
    // Whether the client has acknowledged all that came through the stream; no value if it cannot any more.
    std::optional<bool> is_acknowledged() const;
    // Waits for nothing but the client's own end: then it ends without.
    bool end_if_sent();
    // Both sides have ended, and nothing is left to do: to be destroyed.
    bool is_over() const { return state_ == State::over; }

private:
    enum class State { handshake, doubtful, open, over };
    struct Buffer { // of one direction
        std::unique_ptr<char[]> bytes;
        std::size_t begin = 0, end = 0;
        bool is_empty() const { return begin == end; }
        std::string_view rest() const { return {bytes.get() + begin, end - begin}; }
        std::span<char> make_room(std::size_t size); // of an empty one: for so many bytes
    };

    static ssize_t push(gnutls_transport_ptr_t own, const giovec_t* pieces, int count);
    static ssize_t pull(gnutls_transport_ptr_t own, void* into, std::size_t most);
    void work();
    bool shake_hands();
    bool carry_up();
    bool carry_down();
    bool owes_end() const;
    bool send_end();
    void end_up(RelayEnd how, std::string_view why);
    void break_off(std::string_view why);
    void fail_down(std::string_view why);
    bool is_blocked() const { return !out_.is_empty(); } // the client takes nothing just now
    bool flush();
    void end_stream();
    void finish(bool resets);
    void set_interests(bool moved = false);
    void watch_time();
    std::optional<Clock::duration> time_limit() const;
    void advance() { last_advance_ = Clock::now(); }

    Loop& loop_;
    const RelayTerms& terms_;
    std::uint32_t number_;
    RelayDirection direction_;
    std::size_t capacity_; // of each buffer, bytes
    Callbacks callbacks_;
    Fd client_, stream_;
    Watch client_watch_, stream_watch_; // of these, while there is something to wait for
    GnutlsSession session_;
    State state_ = State::handshake;
    Buffer in_; // from the client, as it came
    Buffer up_, down_;
    Outbox out_;                  // to the client, as it goes
    std::optional<ssize_t> held_; // what the library said behind what stands in up_
    Loop::TimerId timer_{};
    Clock::time_point last_advance_ = Clock::now();
    Clock::time_point lost_process_{}; // unless it is there
    std::size_t barren_bytes_ = 0;     // that came since the last that are for the process
    RecordEdge edge_;                  // of those
    unsigned renegotiations_ = 0;
    bool up_ended_ = false;     // nothing more comes from the client
    bool down_ended_ = false;   // nothing more comes from the stream
    bool is_whole_ = false;     // what stands in the stream before its end
    bool is_end_made_ = false;  // TLS's own end
    bool is_end_sent_ = false;  // that, too
    bool is_up_whole_ = false;  // the client has sent its own
    bool has_bare_end_ = false; // it has ended TCP's side alone
    bool is_right_ = false;     // the server, where the client's relay has one
    int broken_ = 0;            // the system's error: it was reset, no packets get through, or too many
    bool has_process_ = true;
};

} // namespace common
