// SPDX-License-Identifier: ISC
// The client's socket, byte for byte, and the one place where a session waits: whatever it waits for, it also
// notices what the client sends (into a fixed buffer), that the client or the parent is gone, and that it
// should stop. Run by the session; trusts nothing the client sends.
#pragma once

#include "common/fd.hh"
#include "common/line_reader.hh"
#include "common/loop.hh"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace common {
class RelayLink;
struct RelayTerms;
} // namespace common

namespace ftpd {

class ParentLink;

inline constexpr std::size_t max_line = 8190; // bytes of a command; holds any path and its verb
inline constexpr std::size_t max_at_once =
    65536; // bytes of commands, and of bodies between them, read together

// Every function that waits throws SessionOver when the client or the parent is gone, or the session should
// end.
class ClientSocket {
public:
    using Deadline = std::optional<common::Clock::time_point>; // none: for ever

    // socket: of the client, not blocking. stall_limit: how long the client may take none of what we write,
    // or send none of what it announced; then SessionOver (stalled).
    ClientSocket(common::Backend events, std::chrono::seconds stall_limit, common::Fd socket,
                 ParentLink& parent);

    // What is said is collected and written in one piece: before anything but the parent is waited for,
    // before more of the client's input is read for a next command, when there is much of it, and by flush().
    void say(std::string_view bytes);
    // The same for what may be long, which is then not copied.
    void send(std::string_view bytes);
    // Writes all that was said; where it matters that the client has it now. Waits for the client.
    void flush();
    // The same and this, with one try and without waiting: the session ends.
    void flush_at_last(std::string_view last = {});
    // Nothing more will be said: the client has all, sees the end, and may go on sending.
    void end_output();

    // One read into the buffer; false when nothing is there now.
    bool read_once();
    // Fills the buffer as far as it goes; true when there is something new to look at.
    bool take_input();
    // Bytes of a body from the client, at least one; none at the end of its input.
    std::size_t receive(std::span<char> into);
    // For a body whose end must be looked for: waits until more than that many bytes are buffered, and shows
    // all that are; no more at the end of the input. The buffer holds max_at_once bytes.
    std::string_view wait_for_input(std::size_t more_than = 0);
    // What has been read and not been taken yet, to take lines or bytes of it.
    common::LineReader& buffer() { return buffer_; }
    const common::LineReader& buffer() const { return buffer_; }
    // True once the client has closed its sending side; looks at the socket.
    bool input_ended();
    // The same, as far as it has been noticed.
    bool saw_end_of_input() const { return input_ended_; }

    // Asked when the connection is found to be dead both ways: whether what the session does goes on all the
    // same. What the client sent before that can still be read, to its end, and what is said is dropped.
    using Survives = std::function<bool()>;
    // Asks that until the end of its life, instead of throwing; afterwards nothing goes on with a connection
    // that was lost meanwhile.
    class Survival {
    public:
        Survival(ClientSocket& client, Survives survives) : client_(client) {
            client_.survives_ = std::move(survives);
        }
        ~Survival() { client_.survives_ = nullptr; }
        Survival(const Survival&) = delete;
        Survival& operator=(const Survival&) = delete;

    private:
        ClientSocket& client_;
    };

    // Waits until fd is ready; false at the deadline.
    bool wait_for(int fd, common::Interest interest, Deadline deadline);
    // The same, once: it also returns when only others had something to say.
    enum class Woken { ready, by_others, deadline };
    Woken wait_once(int fd, common::Interest interest, Deadline deadline);
    // Must be called before fd, which was waited for, is closed.
    void forget(int fd);
    // From then on every wait throws SessionOver (late), whatever it is for and the client does; none: no
    // more.
    void set_time_limit(Deadline limit) { time_limit_ = limit; }

    // Says these words, the last in the clear: from the answer to them on the client speaks TLS, and what it
    // has sent before is thrown away. link must outlive this. Waits until all that was said is written.
    // Throws std::system_error when there is no relay to be had: nothing more reaches the client then.
    void begin_tls(std::string_view words, common::RelayLink& link, const common::RelayTerms& terms);
    // The same from the client's first byte on, so that there are no words, and nothing is thrown away.
    void begin_with_tls(common::RelayLink& link, const common::RelayTerms& terms);
    // How much of what was written the client's system has not acknowledged, as unacknowledged_bytes(); under
    // TLS 1 stands for any amount, or that the answer has not come yet.
    std::optional<std::size_t> unacknowledged();
    // After that: the connection was reset.
    bool was_reset();
    // At the end of its input under TLS: the client did not end it itself (close_notify). trusts_ends: the
    // end of TCP alone will do.
    bool was_cut(bool trusts_ends);

    int fd() const { return socket_.get(); }
    std::chrono::seconds stall_limit() const { return stall_limit_; }

private:
    void lose();
    void write_all(std::string_view bytes);
    void watch_client(common::Interest interest);
    void watch_other(int fd, common::Interest interest);

    common::Fd socket_;                  // under TLS a stream, whose other end the relay has
    common::RelayLink* relay_ = nullptr; // under TLS
    ParentLink& parent_;
    std::unique_ptr<common::Poller> poller_;
    common::LineReader buffer_{max_line, common::LineEnds::first_decides, max_at_once};
    common::Interest client_interest_ = common::Interest::none;
    int other_ = -1; // the one other descriptor that is watched
    common::Interest other_interest_ = common::Interest::none;
    std::string unsent_; // what was said
    std::chrono::seconds stall_limit_;
    Deadline time_limit_;
    bool input_ended_ = false;
    bool lost_ = false; // dead both ways, and survived
    bool was_reset_ = false;
    Survives survives_;
};

} // namespace ftpd
